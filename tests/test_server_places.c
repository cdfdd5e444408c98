/* What hellos do to a server that somebody else wants to talk to, or that expects somebody else. */
#include <string.h>

#include "visit.h"
#include "wire/handshake.h"
#include "wire/record.h"

enum {
    MESSAGE = RG_RECORD_HEADER + RG_HANDSHAKE_HEADER /* where a forged message's body begins */
};

/* Another hello each `interval`, until `until`. */
static void send_hellos(uint64_t first, uint64_t until, uint64_t interval) {
    uint8_t fill = 1;
    for (uint64_t delay = first; delay < until; delay += interval) {
        struct sim_forged hello = sim_forge_client_hello(fill++, 0);
        sim_link_inject(visit.link, SIM_SERVER, hello.bytes, hello.length, ELSEWHERE, delay);
    }
}

static void input(const struct sim_forged *datagram, uint64_t path, uint64_t now) {
    ck_assert_int_eq(
        rtpgate_session_input(visit.server.session, datagram->bytes, datagram->length, path, now),
        0);
}

/* Until a hello that nothing lies behind is answered. */
static void wait(uint64_t now) {
    ck_assert_int_eq(rtpgate_session_expire(visit.server.session, now + 10000), 0);
}

/* Where the server's next datagram goes. */
static uint64_t next_path(void) {
    uint8_t buffer[2000];
    uint64_t path = 99;
    ck_assert_int_gt(rtpgate_session_output(visit.server.session, buffer, sizeof(buffer), &path),
                     0);
    return path;
}

static void send_nothing_more(void) {
    rg_queue_clear(&visit.server.session->outbox.queue);
}

/* A stock client would see what is sent elsewhere. */
static void keep_from_client(void *context, struct sim_link *link, struct sim_passing *passing) {
    (void)context;
    (void)link;
    passing->drop = passing->from == SIM_SERVER && passing->path != HERE;
}

START_TEST(a_path_that_has_several_places_gives_one_to_a_path_that_has_none) {
    invite((enum kind)_i);
    expect_visitor();
    sim_link_tap(visit.link, keep_from_client, NULL);
    send_hellos(1000, 29 * SIM_SECOND, 100000);
    sim_link_run(visit.link, 950000);
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        ck_assert_uint_eq(visit.server.session->candidates[i]->from, ELSEWHERE);
    }
    come(5 * SIM_SECOND);
    assert_met_by(1050000);
}
END_TEST

/* An earlier page's hello keeps the first place; the client's own has one that rotates. */
START_TEST(a_path_with_one_place_that_rotates_keeps_it) {
    invite(OURS);
    const struct rtpgate_session_stats *stats = &visit.server.session->stats;
    for (uint8_t i = 0; i < RG_CANDIDATES; i++) {
        struct sim_forged hello = sim_forge_client_hello((uint8_t)(i + 1), 0);
        input(&hello, i == 2 ? 6 : HERE, i * UINT64_C(310000));
        wait(i * UINT64_C(310000));
    }
    ck_assert_uint_eq(stats->candidates, RG_CANDIDATES);
    struct sim_forged another = sim_forge_client_hello(9, 0);
    input(&another, 7, 1200000);
    wait(1200000);
    ck_assert_uint_eq(stats->candidates, RG_CANDIDATES);
    input(&another, 7, 320000 + RG_CANDIDATE_AGE);
    wait(320000 + RG_CANDIDATE_AGE);
    ck_assert_uint_eq(stats->candidates, RG_CANDIDATES + 1);
}
END_TEST

static struct sim_forged part_of_hello(const struct sim_forged *hello, uint32_t from, uint32_t to) {
    uint32_t total = (uint32_t)(hello->length - MESSAGE);
    return sim_forge_fragment(RG_CLIENT_HELLO, 0, total, from, hello->bytes + MESSAGE + from,
                              to - from, 9);
}

START_TEST(whoever_repeats_a_hello_without_its_random_gets_no_answer) {
    static const struct {
        uint32_t from;
        uint32_t to;
    } parts[] = {{0, 1}, {0, 2 + RG_RANDOM - 1}, {3, 2 + RG_RANDOM + 2}, {34, 60}};
    struct sim_forged hello = sim_forge_client_hello(1, 0);
    invite(OURS);
    input(&hello, HERE, 0);
    send_nothing_more(); /* flight 4 is lost */
    for (uint64_t i = 0; i < 4; i++) {
        struct sim_forged part = part_of_hello(&hello, parts[i].from, parts[i].to);
        input(&part, ELSEWHERE, 20000 + i * 5000);
    }
    ck_assert_uint_eq(sim_ours_stats(&visit.server).answers, 0);
    ck_assert_uint_eq(sim_ours_stats(&visit.server).answers_refused, 0);
    ck_assert_int_eq(rtpgate_session_expire(visit.server.session, SIM_SECOND), 0);
    ck_assert_uint_eq(next_path(), HERE);
}
END_TEST

START_TEST(a_hello_that_moved_is_answered_to_where_it_came_from) {
    struct sim_forged hello = sim_forge_client_hello(1, 0);
    invite(OURS);
    input(&hello, HERE, 0);
    send_nothing_more();
    struct sim_forged random = part_of_hello(&hello, 2, 2 + RG_RANDOM);
    input(&random, 3, 40000);
    ck_assert_uint_eq(next_path(), 3);
}
END_TEST

START_TEST(a_hello_that_waited_is_answered_to_where_it_was_repeated_from) {
    struct sim_forged first = sim_forge_client_hello(1, 0);
    struct sim_forged hello = sim_forge_client_hello(2, 0);
    invite(OURS);
    input(&first, HERE, 0);
    input(&hello, HERE, 50000);
    ck_assert_uint_eq(sim_ours_stats(&visit.server).candidates, 1); /* it waits */
    send_nothing_more();
    input(&hello, 3, 51000);
    ck_assert_uint_eq(sim_ours_stats(&visit.server).candidates, 2);
    ck_assert_uint_eq(next_path(), 3);
}
END_TEST

/* What the client sent that waits in the socket of a server that comes late. */
static struct {
    struct sim_forged datagrams[8];
    size_t count;
} waiting;

static void keep_flight5(void *context, struct sim_link *link, struct sim_passing *passing) {
    keep_from_client(context, link, passing);
    bool hello = passing->bytes[RG_RECORD_HEADER] == RG_CLIENT_HELLO;
    if (passing->from == SIM_CLIENT && !hello && waiting.count < 8) {
        passing->drop = true;
        struct sim_forged *kept = &waiting.datagrams[waiting.count++];
        ck_assert_uint_le(*passing->length, sizeof(kept->bytes));
        memcpy(kept->bytes, passing->bytes, *passing->length);
        kept->length = *passing->length;
    }
}

START_TEST(a_late_server_reads_what_lies_behind_a_hello_before_it_answers) {
    const uint64_t late = 400000;
    struct sim_forged forged = sim_forge_client_hello(9, 0);
    invite((enum kind)_i);
    expect_visitor();
    waiting.count = 0;
    sim_link_tap(visit.link, keep_flight5, NULL);
    come(100000);
    ck_assert_uint_gt(waiting.count, 0);
    input(&forged, HERE, late);
    for (size_t i = 0; i < waiting.count; i++) {
        input(&waiting.datagrams[i], HERE, late);
    }
    ck_assert_uint_eq(sim_ours_stats(&visit.server).candidates, 1);
    assert_state(&visit.server, RTPGATE_STATE_READY);
}
END_TEST

/* A flood from elsewhere leaves no place and no room, and does not last longer for that. */
START_TEST(a_flood_of_hellos_from_elsewhere_does_not_shut_the_client_out) {
    invite((enum kind)_i);
    expect_visitor();
    sim_link_tap(visit.link, keep_from_client, NULL);
    send_hellos(1000, 4 * SIM_SECOND, 1000);
    sim_link_run(visit.link, 950000);
    come(5 * SIM_SECOND);
    assert_met_by(1050000);
}
END_TEST

START_TEST(a_hello_that_nothing_lies_behind_is_answered_soon) {
    struct sim_forged first = sim_forge_client_hello(1, 0);
    struct sim_forged hello = sim_forge_client_hello(2, 0);
    invite(OURS);
    input(&first, HERE, 0);
    input(&hello, HERE, 400000);
    ck_assert_uint_eq(sim_ours_stats(&visit.server).candidates, 1);
    ck_assert_uint_le(rtpgate_session_deadline(visit.server.session), 410000);
    wait(400000);
    ck_assert_uint_eq(sim_ours_stats(&visit.server).candidates, 2);
}
END_TEST

/* OpenSSL ends when a flight 4 comes whose last message has the number of the Finished that it
 * waits for. */
START_TEST(of_hellos_that_wait_those_with_message_seq_1_come_last) {
    invite(OURS);
    for (uint8_t i = 0; i < 3; i++) {
        struct sim_forged hello = sim_forge_client_hello((uint8_t)(i + 1), 0);
        hello.bytes[RG_RECORD_HEADER + 5] = i == 1; /* message_seq */
        input(&hello, HERE, i == 0 ? 0 : UINT64_C(400000) + i);
    }
    wait(400001);
    ck_assert_uint_eq(sim_ours_stats(&visit.server).candidates, 2);
    ck_assert_uint_eq(visit.server.session->candidates[1]->first, 0);
}
END_TEST

START_TEST(a_hello_that_gnutls_refuses_costs_two_engines) {
    struct sim_forged hello = sim_forge_renegotiating_hello(7);
    invite((enum kind)_i);
    expect_visitor();
    for (uint64_t i = 0; i < 20; i++) {
        input(&hello, i % 3, i * 150000);
    }
    ck_assert_uint_eq(sim_ours_stats(&visit.server).candidates, 2);
    ck_assert_uint_eq(sim_ours_stats(&visit.server).dropped_hello, 2);
    assert_state(&visit.server, RTPGATE_STATE_NEW);
    sim_link_run(visit.link, 4 * SIM_SECOND);
    come(10 * SIM_SECOND);
    assert_met_by(4 * SIM_SECOND + 80000);
}
END_TEST

static enum rg_engine_status fail_once(struct rg_engine *engine, struct rg_bytes message) {
    visit.server.session->engine = &rg_engine_gnutls;
    return message.length > 0 && engine != NULL ? RG_ENGINE_FAILED : RG_ENGINE_HANDSHAKE;
}

START_TEST(an_engine_that_fails_once_gets_another_chance) {
    struct rg_engine_ops failing = rg_engine_gnutls;
    failing.message = fail_once;
    invite((enum kind)_i);
    expect_visitor();
    visit.server.session->engine = &failing;
    come(5 * SIM_SECOND);
    assert_met_by(2 * SIM_SECOND);
}
END_TEST

/* Of flight 5 only Finished is lost, so often. */
static void lose_finished(void *context, struct sim_link *link, struct sim_passing *passing) {
    unsigned *left = context;
    struct rg_reader records = rg_reader_make(passing->bytes, *passing->length);
    struct rg_record record;
    (void)link;
    while (*left > 0 && passing->from == SIM_CLIENT && rg_record_next(&records, &record)) {
        if (record.epoch > 0) {
            *passing->length = (size_t)(record.whole.at - passing->bytes);
            passing->drop = *passing->length == 0;
            --*left;
            return;
        }
    }
}

/* The client repeats its flight after 1 s and more. */
START_TEST(hellos_do_not_push_out_a_client_that_has_proven_itself) {
    static const struct {
        uint64_t delay;
        uint64_t interval;
        unsigned losses;
    } cases[] = {{25000, 50000, 2}, {25000, 30000, 1}, {100000, 100000, 1}};
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    const struct sim_conditions conditions = {.delay = cases[_i % CASES].delay};
    unsigned left = cases[_i % CASES].losses;
    invite(_i / CASES == 0 ? OPENSSL : GNUTLS);
    sim_link_set_conditions(visit.link, &conditions);
    sim_link_tap(visit.link, lose_finished, &left);
    send_hellos(conditions.delay + 5000, 4 * SIM_SECOND, cases[_i % CASES].interval);
    come(5 * SIM_SECOND);
    ck_assert_uint_eq(left, 0);
    assert_state(&visit.server, RTPGATE_STATE_UNVERIFIED);
    expect_visitor();
    assert_met_by(5 * SIM_SECOND);
}
END_TEST

/* It repeats its hello, and that is no reason not to tell it. */
START_TEST(a_client_that_is_not_expected_is_told_soon) {
    struct rtpgate_fingerprint wrong = sim_fingerprint(2);
    invite(OURS);
    ck_assert_int_eq(rtpgate_session_set_remote(visit.server.session, &wrong, 1, 0), 0);
    come(10 * SIM_SECOND);
    assert_failed(&visit.server, RTPGATE_ERR_FINGERPRINT);
    assert_failed(&visit.ours, RTPGATE_ERR_ALERT);
    ck_assert_uint_le(visit.server.failed_at, 4 * SIM_SECOND);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("server_places");
    TCase *tests = suite_case(suite, "hellos from elsewhere");
    tcase_add_checked_fixture(tests, NULL, part);
    tcase_add_loop_test(tests, a_path_that_has_several_places_gives_one_to_a_path_that_has_none, 0,
                        KINDS);
    tcase_add_test(tests, whoever_repeats_a_hello_without_its_random_gets_no_answer);
    tcase_add_test(tests, a_hello_that_moved_is_answered_to_where_it_came_from);
    tcase_add_test(tests, a_hello_that_waited_is_answered_to_where_it_was_repeated_from);
    tcase_add_loop_test(tests, a_late_server_reads_what_lies_behind_a_hello_before_it_answers, 0,
                        KINDS);
    tcase_add_loop_test(tests, a_flood_of_hellos_from_elsewhere_does_not_shut_the_client_out, 0,
                        KINDS);
    tcase_add_test(tests, a_hello_that_nothing_lies_behind_is_answered_soon);
    tcase_add_test(tests, of_hellos_that_wait_those_with_message_seq_1_come_last);
    tcase_add_loop_test(tests, a_hello_that_gnutls_refuses_costs_two_engines, 0, KINDS);
    tcase_add_loop_test(tests, an_engine_that_fails_once_gets_another_chance, 0, KINDS);
    tcase_add_test(tests, a_path_with_one_place_that_rotates_keeps_it);
    tcase_add_loop_test(tests, hellos_do_not_push_out_a_client_that_has_proven_itself, 0, 6);
    tcase_add_test(tests, a_client_that_is_not_expected_is_told_soon);
    int failed = suite_run(suite);
    finish_visits();
    return failed;
}
