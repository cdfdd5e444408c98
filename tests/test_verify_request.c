/* HelloVerifyRequests, which anybody can forge. */
#include "base/alloc.h"
#include "dtls/association.h"
#include "flight4.h"
#include "wire/handshake.h"
#include "wire/record.h"

/* The ClientHello that leaves now: its message_seq and the length of its cookie. */
static void assert_hello(unsigned message_seq, size_t cookie) {
    uint8_t buffer[2000];
    uint64_t path;
    int length = rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path);
    ck_assert_int_gt(length, 0);
    struct rg_reader records = rg_reader_make(buffer, (size_t)length);
    struct rg_record record;
    struct rg_fragment fragment;
    struct rg_client_hello hello;
    ck_assert(rg_record_next(&records, &record));
    struct rg_reader fragments = rg_reader_make(record.body.at, record.body.length);
    ck_assert(rg_fragment_next(&fragments, &fragment));
    ck_assert(rg_client_hello_parse(fragment.body, &hello));
    ck_assert_uint_eq(fragment.sequence, message_seq);
    ck_assert_uint_eq(hello.cookie.length, cookie);
    ck_assert_mem_eq(hello.random.at, pair.client.session->candidates[0]->random, RG_RANDOM);
}

static void assert_silent(void) {
    uint8_t buffer[2000];
    uint64_t path;
    ck_assert_int_eq(rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path), 0);
}

/* A server that wants a cookie asks for it each time our hello comes. */
static void ask_twice(const struct sim_forged *request) {
    give(request);
    assert_silent();
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND / 10), 0);
    assert_hello(0, 0);
    give(request);
}

START_TEST(a_hello_verify_request_is_obeyed_when_our_hello_brings_it_again) {
    struct sim_forged request = sim_forge_verify_request(7);
    ask_twice(&request);
    assert_hello(1, 16);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND), 0);
    assert_hello(1, 16);
}
END_TEST

/* Some servers make another cookie each time. */
START_TEST(it_may_come_again_with_another_cookie) {
    struct sim_forged first = sim_forge_verify_request(7);
    struct sim_forged second = sim_forge_verify_request(8);
    give(&first);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND / 10), 0);
    assert_hello(0, 0);
    give(&second);
    assert_hello(1, 16);
    ck_assert_uint_eq(pair.client.session->candidates[0]->request[RG_HANDSHAKE_HEADER + 3], 8);
}
END_TEST

START_TEST(a_hello_verify_request_that_nobody_repeats_is_not_obeyed) {
    struct sim_forged request = sim_forge_verify_request(7);
    give(&request);
    give(&request); /* our hello was not sent again in between */
    assert_silent();
    for (uint64_t turn = 1; turn <= 8; turn++) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, turn * 3 * SIM_SECOND), 0);
        assert_hello(0, 0);
    }
}
END_TEST

START_TEST(what_comes_before_our_hello_is_dropped) {
    struct sim_forged request = sim_forge_verify_request(7);
    sim_ours_clear(&pair.client);
    sim_ours_init(&pair.client, sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    give(&request);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_early, 1);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    assert_hello(0, 0);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND), 0);
    assert_hello(0, 0);
    give(&request);
    assert_silent();
}
END_TEST

/* GnuTLS takes 32 bytes; an engine is not bothered with more. */
START_TEST(a_cookie_that_is_too_long_is_dropped) {
    static const uint8_t body[3 + 33] = {0xfe, 0xff, 33};
    struct sim_forged request =
        sim_forge_fragment(RG_HELLO_VERIFY_REQUEST, 0, sizeof(body), 0, body, sizeof(body), 0);
    ask_twice(&request);
    assert_silent();
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_malformed, 2);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_forged, 0);
}
END_TEST

START_TEST(a_hello_verify_request_for_which_there_is_no_memory_is_obeyed_later) {
    struct sim_forged request = sim_forge_verify_request(7);
    struct rg_candidate *candidate = pair.client.session->candidates[0];
    give(&request);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND / 10), 0);
    assert_hello(0, 0);
    for (unsigned long n = 1; candidate->request == NULL || !candidate->cookie; n++) {
        ck_assert_uint_lt(n, 100);
        rg_alloc_fail_from(n);
        give(&request);
        rg_alloc_fail_from(0);
    }
    rg_queue_clear(&pair.client.session->outbox.queue); /* what found memory */
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND), 0);
    assert_hello(1, 16);
}
END_TEST

START_TEST(a_forged_hello_verify_request_does_not_hide_flight_4) {
    struct sim_forged request = sim_forge_verify_request(7);
    if (_i == 0) {
        give(&request);
    }
    for (unsigned i = 0; i < FLIGHT4; i++) {
        give_genuine(i);
        if (_i == 1 && i == 2) {
            give(&request);
        }
    }
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 2);
    assert_ends_well();
}
END_TEST

START_TEST(another_hello_verify_request_waits_for_our_timer) {
    struct sim_forged first = sim_forge_verify_request(7);
    struct sim_forged second = sim_forge_verify_request(8);
    ask_twice(&first);
    assert_hello(1, 16);
    give(&second);
    assert_silent();
    for (uint64_t turn = 1; turn <= 5; turn++) { /* four losses, then the other one */
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, turn * 2 * SIM_SECOND), 0);
        assert_hello(1, 16);
    }
    ck_assert_mem_eq(pair.client.session->candidates[0]->request, second.bytes + RG_RECORD_HEADER,
                     12 + 19);
}
END_TEST

/* A cookie server keeps nothing: without our hello nothing would ever happen again. */
/* One that comes once, while the answer to the first may be on its way. */
START_TEST(another_hello_verify_request_waits_though_our_timer_has_fired) {
    struct sim_forged first = sim_forge_verify_request(7);
    struct sim_forged second = sim_forge_verify_request(8);
    rtpgate_session *session = pair.client.session;
    ask_twice(&first);
    assert_hello(1, 16);
    while (session->candidates[0]->flight.losses < 4) {
        ck_assert_int_eq(rtpgate_session_expire(session, rtpgate_session_deadline(session)), 0);
        assert_hello(1, 16);
    }
    give(&second);
    assert_silent();
}
END_TEST

/* Whoever asks for the cookie that he has been sent gets it, each time as slowly as before. */
START_TEST(a_server_that_does_not_take_its_cookie_gets_no_storm) {
    struct sim_forged request = sim_forge_verify_request(7);
    rtpgate_session *session = pair.client.session;
    uint8_t buffer[2000];
    uint64_t path;
    unsigned sent = 0;
    ask_twice(&request);
    for (uint64_t due; (due = rtpgate_session_deadline(session)) < 29 * SIM_SECOND;) {
        ck_assert_int_eq(rtpgate_session_expire(session, due), 0);
        while (rtpgate_session_output(session, buffer, sizeof(buffer), &path) > 0) {
            sent++;
            (void)rtpgate_session_input(session, request.bytes, request.length, 0, due);
        }
    }
    ck_assert_uint_le(sent, 60);
}
END_TEST

START_TEST(an_engine_that_found_no_memory_is_opened_again) {
    struct sim_forged first = sim_forge_verify_request(7);
    struct sim_forged second = sim_forge_verify_request(8);
    const struct rg_candidate *candidate = pair.client.session->candidates[0];
    uint64_t turn = 1;
    ask_twice(&first);
    assert_hello(1, 16);
    give(&second);
    rg_alloc_fail_from(1);
    while (turn < 10 && candidate->engine != NULL) { /* until the other one gets its chance */
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 2 * SIM_SECOND * turn++), 0);
    }
    rg_alloc_fail_from(0);
    ck_assert_ptr_null(candidate->engine);
    rg_queue_clear(&pair.client.session->outbox.queue);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 25 * SIM_SECOND), 0);
    ck_assert_uint_eq(pair.client.session->outbox.queue.count, 1);
}
END_TEST

/* The genuine server repeats its request, since it does not know the cookie of the forged one. */
START_TEST(a_repeated_hello_verify_request_gets_another_chance) {
    struct sim_forged genuine_one = sim_forge_verify_request(7);
    struct sim_forged forged_one = sim_forge_verify_request(8);
    struct rg_candidate *candidate = pair.client.session->candidates[0];
    ask_twice(&genuine_one);
    give(&forged_one);
    uint64_t now = SIM_SECOND;
    for (int turn = 0; turn < 6; turn++, now += 2 * SIM_SECOND) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, now), 0);
        if (candidate->request[RG_HANDSHAKE_HEADER + 3] == 8) {
            break;
        }
    }
    ck_assert_uint_eq(candidate->request[RG_HANDSHAKE_HEADER + 3], 8);
    give(&genuine_one);
    for (int turn = 0; turn < 6; turn++, now += 2 * SIM_SECOND) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, now), 0);
    }
    ck_assert_uint_eq(candidate->request[RG_HANDSHAKE_HEADER + 3], 7);
    ck_assert_uint_lt(pair.client.session->slowness, SIM_SECOND); /* it was not the server's */
}
END_TEST

/* Which cookies the hellos of 200 timers have, while all these requests come again and again: one
 * bit each; bit 0: none. */
static unsigned tried(const uint8_t *cookies, size_t count) {
    unsigned seen = 0;
    pair.client.session->deadline = RTPGATE_NEVER;
    for (uint64_t turn = 0; turn < 200; turn++) {
        const struct rg_candidate *candidate = pair.client.session->candidates[0];
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND + turn * 400000),
                         0);
        rg_queue_clear(&pair.client.session->outbox.queue);
        seen |= candidate->cookie ? 1U << candidate->request[RG_HANDSHAKE_HEADER + 3] : 1U;
        for (size_t i = 0; i < count; i++) {
            struct sim_forged request = sim_forge_verify_request(cookies[i]);
            give(&request);
        }
    }
    return seen;
}

/* Nothing tells which was forged, nor whether the server has asked for a cookie at all. */
START_TEST(among_several_each_gets_its_turn_and_no_cookie_as_well) {
    static const uint8_t cookies[] = {7, 8, 9};
    struct sim_forged request = sim_forge_verify_request(cookies[0]);
    ask_twice(&request);
    ck_assert_uint_eq(tried(cookies, (size_t)_i + 1),
                      1U | ((1U << (8 + _i)) - (1U << 7))); /* 7 and so many more */
}
END_TEST

/* The one request was forged; the server comes late and takes the first hello that has no cookie.
 */
START_TEST(a_server_that_never_asked_for_a_cookie_is_reached) {
    struct sim_forged request = sim_forge_verify_request(7);
    ask_twice(&request);
    assert_hello(1, 16);
    for (uint64_t turn = 1; turn <= 4; turn++) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, turn * SIM_SECOND), 0);
        assert_hello(1, 16);
    }
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 5 * SIM_SECOND), 0);
    assert_hello(0, 0);
    for (unsigned i = 0; i < FLIGHT4; i++) {
        give_genuine(i);
    }
    assert_ends_well();
}
END_TEST

/* As far away or as busy as its request has shown. */
START_TEST(a_slow_server_gets_no_hello_without_its_cookie) {
    const uint64_t took = 4 * SIM_SECOND / 10;
    struct sim_forged request = sim_forge_verify_request(7);
    rtpgate_session *session = pair.client.session;
    give(&request);
    ck_assert_int_eq(rtpgate_session_expire(session, took), 0);
    assert_hello(0, 0);
    give(&request);
    assert_hello(1, 16);
    for (uint64_t due; (due = rtpgate_session_deadline(session)) < 3 * took;) {
        ck_assert_int_eq(rtpgate_session_expire(session, due), 0);
        assert_hello(1, 16);
    }
    ck_assert_int_eq(rtpgate_session_expire(session, 4 * SIM_SECOND), 0);
    assert_hello(0, 0);
}
END_TEST

/* It was silent for so long that the hello was sent without the cookie, too. */
START_TEST(a_server_that_asks_for_the_cookie_that_we_have_gets_it_at_once) {
    struct sim_forged request = sim_forge_verify_request(7);
    ask_twice(&request);
    assert_hello(1, 16);
    for (uint64_t turn = 1; turn <= 5; turn++) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, turn * SIM_SECOND), 0);
        assert_hello(turn == 5 ? 0 : 1, turn == 5 ? 0 : 16);
    }
    ck_assert_int_eq(rtpgate_session_input(pair.client.session, request.bytes, request.length, 0,
                                           5 * SIM_SECOND + 100000),
                     0);
    assert_hello(1, 16);
}
END_TEST

/* The first request came before an answer of a server that wants no cookie could be there. */
START_TEST(a_hello_verify_request_is_not_obeyed_before_the_rtt_has_passed) {
    struct sim_forged request = sim_forge_verify_request(7);
    ck_assert_int_eq(rtpgate_session_set_rtt(pair.client.session, 4 * SIM_SECOND / 10, 20000), 0);
    for (uint64_t turn = 1; turn <= 3; turn++) { /* at 0.1, 0.2 and 0.3 s */
        give(&request);
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, turn * SIM_SECOND / 10), 0);
        assert_hello(0, 0);
    }
    give(&request);
    assert_silent();
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND), 0);
    assert_hello(0, 0);
    give(&request);
    assert_hello(1, 16);
}
END_TEST

/* The rest of it may be lost, and a server's timer be slow; but it may be forged, too. */
START_TEST(a_piece_of_flight_4_delays_a_hello_verify_request_by_seven_timers) {
    struct sim_forged request = sim_forge_verify_request(7);
    give_genuine(FLIGHT4 - 1);
    for (uint64_t turn = 1; turn <= 7; turn++) {
        give(&request);
        assert_silent();
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 3 * turn * SIM_SECOND), 0);
        assert_hello(0, 0);
    }
    give(&request);
    assert_hello(1, 16);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("verify_request");
    TCase *tests = suite_case(suite, "HelloVerifyRequests");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_hello_verify_request_is_obeyed_when_our_hello_brings_it_again);
    tcase_add_test(tests, it_may_come_again_with_another_cookie);
    tcase_add_test(tests, a_hello_verify_request_that_nobody_repeats_is_not_obeyed);
    tcase_add_test(tests, what_comes_before_our_hello_is_dropped);
    tcase_add_test(tests, a_cookie_that_is_too_long_is_dropped);
    tcase_add_test(tests, a_hello_verify_request_for_which_there_is_no_memory_is_obeyed_later);
    tcase_add_loop_test(tests, a_forged_hello_verify_request_does_not_hide_flight_4, 0, 2);
    tcase_add_test(tests, another_hello_verify_request_waits_for_our_timer);
    tcase_add_test(tests, another_hello_verify_request_waits_though_our_timer_has_fired);
    tcase_add_test(tests, a_server_that_does_not_take_its_cookie_gets_no_storm);
    tcase_add_test(tests, an_engine_that_found_no_memory_is_opened_again);
    tcase_add_test(tests, a_repeated_hello_verify_request_gets_another_chance);
    tcase_add_loop_test(tests, among_several_each_gets_its_turn_and_no_cookie_as_well, 0, 3);
    tcase_add_test(tests, a_server_that_never_asked_for_a_cookie_is_reached);
    tcase_add_test(tests, a_slow_server_gets_no_hello_without_its_cookie);
    tcase_add_test(tests, a_server_that_asks_for_the_cookie_that_we_have_gets_it_at_once);
    tcase_add_test(tests, a_hello_verify_request_is_not_obeyed_before_the_rtt_has_passed);
    tcase_add_test(tests, a_piece_of_flight_4_delays_a_hello_verify_request_by_seven_timers);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
