/* Handshakes over bad networks, in virtual time. */
#include "sim/pair.h"
#include "suite.h"

#include <stdlib.h>

enum {
    HANDSHAKES = 10000,
    LOSS_MAX = 300,
    /* Both sides together, on the worst of these networks; a storm would be far beyond it. */
    DATAGRAMS_MAX = 150,
};

static struct sim_conditions conditions_of(uint64_t seed) {
    return (struct sim_conditions){
        .loss = (unsigned)(seed * (LOSS_MAX + 1) / HANDSHAKES),
        .duplicate = seed % 3 == 0 ? 100 : 0,
        .reorder = seed % 2 == 0 ? 200 : 0,
        .delay = 5000 + seed % 7 * 15000,
        .jitter = seed % 5 * 4000,
    };
}

static rtpgate_config *config_with_mtu(size_t which, size_t mtu) {
    rtpgate_config *config = sim_config(which);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, mtu), 0);
    return config;
}

static size_t sent(const struct sim_pair *pair) {
    return sim_link_sent(pair->link, SIM_CLIENT) + sim_link_sent(pair->link, SIM_SERVER);
}

START_TEST(ten_thousand_handshakes_end_in_equal_keys) {
    static const size_t mtus[] = {1200, 1200, 548, 300};
    enum { SHARES = 10 };
    for (uint64_t n = 0; n < HANDSHAKES / SHARES; n++) {
        uint64_t seed = n * SHARES + (uint64_t)_i;
        struct sim_conditions conditions = conditions_of(seed);
        size_t mtu = mtus[seed % 4];
        struct sim_pair pair;
        sim_pair_init_with(&pair, seed, &conditions, config_with_mtu(0, mtu),
                           config_with_mtu(1, mtu));
        sim_pair_run(&pair, 60 * SIM_SECOND);
        ck_assert_msg(sim_ours_agree(&pair.client, &pair.server),
                      "seed %lu (loss %u/1000, MTU %zu): client: %s; server: %s",
                      (unsigned long)seed, conditions.loss, mtu,
                      rtpgate_session_error(pair.client.session, NULL),
                      rtpgate_session_error(pair.server.session, NULL));
        ck_assert_msg(sent(&pair) <= DATAGRAMS_MAX, "seed %lu: %zu datagrams", (unsigned long)seed,
                      sent(&pair));
        sim_pair_clear(&pair);
    }
}
END_TEST

START_TEST(without_loss_a_handshake_is_four_datagrams) {
    struct sim_pair pair;
    sim_pair_ready(&pair);
    const struct rtpgate_session_stats stats[] = {sim_ours_stats(&pair.client),
                                                  sim_ours_stats(&pair.server)};
    ck_assert_uint_eq(sim_link_sent(pair.link, SIM_CLIENT), 2);
    ck_assert_uint_eq(sim_link_sent(pair.link, SIM_SERVER), 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(stats[i].flights_sent, 2);
        ck_assert_uint_eq(stats[i].retransmissions + stats[i].answers, 0);
        ck_assert_uint_eq(stats[i].candidates, 1);
    }
    ck_assert_uint_eq(stats[0].handshake_time, 40000);
    sim_pair_clear(&pair);
}
END_TEST

/* Drops exactly the datagram number `number` of one side. */
struct dropped {
    size_t from;
    size_t number;
};

static void drop_one(void *context, struct sim_link *link, struct sim_passing *passing) {
    const struct dropped *dropped = context;
    passing->drop =
        passing->from == dropped->from && sim_link_sent(link, passing->from) == dropped->number + 1;
}

START_TEST(each_datagram_lost_once_costs_one_retransmission) {
    struct dropped dropped = {.from = (size_t)_i / 2, .number = (size_t)_i % 2};
    struct sim_pair pair;
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_set_rtt(pair.client.session, 20000, 0), 0);
    ck_assert_int_eq(rtpgate_session_set_rtt(pair.server.session, 20000, 0), 0);
    sim_link_tap(pair.link, drop_one, &dropped);
    sim_pair_run(&pair, 60 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    /* One loss costs one timer, which the RTT has seeded. */
    ck_assert_uint_le(pair.client.ready_at, 40000 + 30000);
    ck_assert_uint_le(pair.server.ready_at, 40000 + 30000);
    ck_assert_uint_le(sent(&pair), 7);
    sim_pair_clear(&pair);
}
END_TEST

/* A client with small datagrams repeats its flight 5, of which only the last datagram arrives,
 * smaller than our final flight: it is answered, since the whole flight arrived before. */
static void lose_final_and_all_but_finished(void *context, struct sim_link *link,
                                            struct sim_passing *passing) {
    size_t *repetitions = context;
    bool first_final = passing->from == SIM_SERVER && passing->bytes[0] == 20 && *repetitions == 0;
    bool finished = *passing->length < 75;
    *repetitions += passing->from == SIM_CLIENT && sim_link_sent(link, SIM_CLIENT) > 3 && finished;
    passing->drop = first_final || (passing->from == SIM_CLIENT &&
                                    sim_link_sent(link, SIM_CLIENT) > 3 && !finished);
}

START_TEST(a_lone_repeated_finished_is_answered) {
    size_t repetitions = 0;
    struct sim_pair pair;
    sim_pair_init_with(&pair, 1, &sim_calm, config_with_mtu(0, 500), NULL);
    sim_link_tap(pair.link, lose_final_and_all_but_finished, &repetitions);
    sim_pair_run(&pair, 60 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_uint_eq(repetitions, 1);
    sim_pair_clear(&pair);
}
END_TEST

/* A path that swallows everything above 576 bytes of IPv4. */
START_TEST(datagrams_shrink_until_they_pass_a_576_byte_path) {
    const struct sim_conditions conditions = {.delay = 10000, .mtu = 548};
    struct sim_pair pair;
    sim_pair_init(&pair, 1, &conditions);
    sim_pair_run(&pair, 60 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    sim_pair_clear(&pair);
}
END_TEST

static void count_large(void *context, struct sim_link *link, struct sim_passing *passing) {
    size_t *largest = context;
    (void)link;
    *largest = *passing->length > *largest ? *passing->length : *largest;
}

START_TEST(no_datagram_is_larger_than_the_mtu) {
    static const size_t mtus[] = {RTPGATE_MTU_MIN, 300, 548, 1200, 1500, RTPGATE_MTU_MAX};
    size_t largest = 0;
    struct sim_pair pair;
    size_t mtu = mtus[_i];
    sim_pair_init_with(&pair, 1, &sim_calm, config_with_mtu(0, mtu), config_with_mtu(1, mtu));
    sim_link_tap(pair.link, count_large, &largest);
    sim_pair_run(&pair, 60 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_uint_le(largest, mtu);
    ck_assert_uint_gt(largest, mtu < 700 ? mtu - 100 : 600);
    sim_pair_clear(&pair);
}
END_TEST

START_TEST(a_silent_peer_ends_in_a_timeout_after_few_datagrams) {
    const struct sim_conditions dead = {.loss = 1000, .delay = 10000};
    struct sim_pair pair;
    int cause = 0;
    sim_pair_init(&pair, 1, &dead);
    sim_pair_run(&pair, 60 * SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_FAILED);
    ck_assert_str_ne(rtpgate_session_error(pair.client.session, &cause), "");
    ck_assert_int_eq(cause, RTPGATE_ERR_TIMEOUT);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_NEW);
    ck_assert_uint_le(sim_link_sent(pair.link, SIM_CLIENT), 20);
    ck_assert_uint_eq(rtpgate_session_deadline(pair.client.session), RTPGATE_NEVER);
    sim_pair_clear(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("loss");
    TCase *tests = suite_case(suite, "networks");
    tcase_set_timeout(tests, 280);
    tcase_add_loop_test(tests, ten_thousand_handshakes_end_in_equal_keys, 0, 10);
    tcase_add_test(tests, without_loss_a_handshake_is_four_datagrams);
    tcase_add_loop_test(tests, each_datagram_lost_once_costs_one_retransmission, 0, 4);
    tcase_add_test(tests, a_lone_repeated_finished_is_answered);
    tcase_add_test(tests, datagrams_shrink_until_they_pass_a_576_byte_path);
    tcase_add_loop_test(tests, no_datagram_is_larger_than_the_mtu, 0, 6);
    tcase_add_test(tests, a_silent_peer_ends_in_a_timeout_after_few_datagrams);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
