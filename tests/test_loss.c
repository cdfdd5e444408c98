/* Single losses, holes and narrow paths, in virtual time; thousands of bad networks: soak.c. */
#include "sim/pair.h"
#include "suite.h"

static rtpgate_config *config_with_mtu(size_t which, size_t mtu) {
    rtpgate_config *config = sim_config(which);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, mtu), 0);
    return config;
}

static size_t sent(const struct sim_pair *pair) {
    return sim_link_sent(pair->link, SIM_CLIENT) + sim_link_sent(pair->link, SIM_SERVER);
}

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

/* Everything vanishes for seven seconds, from each moment of a handshake on, in one direction or
 * both. */
START_TEST(a_hole_delays_the_end_by_one_timer_at_most) {
    const uint64_t wide = 7 * SIM_SECOND;
    for (uint64_t when = 0; when <= 40000; when += 1000) {
        struct sim_conditions conditions = sim_calm;
        conditions.hole =
            (struct sim_hole){.from = when, .until = when + wide, .ways = (enum sim_ways)_i};
        struct sim_pair pair;
        sim_pair_init(&pair, when, &conditions);
        sim_pair_run(&pair, 60 * SIM_SECOND);
        if (!sim_ours_agree(&pair.client, &pair.server)) {
            sim_link_trace(pair.link, stderr);
            ck_abort_msg("a hole from %lu on", (unsigned long)when);
        }
        ck_assert_uint_le(pair.client.ready_at, when + wide + 3 * SIM_SECOND + 40000);
        sim_pair_clear(&pair);
    }
}
END_TEST

START_TEST(an_mtu_may_drop_during_the_handshake) {
    for (uint64_t when = 0; when <= 40000; when += 1000) {
        struct sim_conditions conditions = sim_calm;
        conditions.later = when;
        conditions.later_mtu = 548;
        struct sim_pair pair;
        sim_pair_init(&pair, when, &conditions);
        sim_pair_run(&pair, 60 * SIM_SECOND);
        if (!sim_ours_agree(&pair.client, &pair.server)) {
            sim_link_trace(pair.link, stderr);
            ck_abort_msg("a narrow path from %lu on", (unsigned long)when);
        }
        ck_assert_uint_le(sent(&pair), 24);
        sim_pair_clear(&pair);
    }
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
    tcase_add_test(tests, without_loss_a_handshake_is_four_datagrams);
    tcase_add_loop_test(tests, each_datagram_lost_once_costs_one_retransmission, 0, 4);
    tcase_add_test(tests, a_lone_repeated_finished_is_answered);
    tcase_add_test(tests, datagrams_shrink_until_they_pass_a_576_byte_path);
    tcase_add_loop_test(tests, no_datagram_is_larger_than_the_mtu, 0, 6);
    tcase_add_loop_test(tests, a_hole_delays_the_end_by_one_timer_at_most, 0, 3);
    tcase_add_test(tests, an_mtu_may_drop_during_the_handshake);
    tcase_add_test(tests, a_silent_peer_ends_in_a_timeout_after_few_datagrams);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
