/* A client whose flight 5 nobody answers: it tries something else beside what it has. */
#include "attempts.h"

static void setup(void) {
    rtpgate_config *config = sim_config(0);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, HOUR), 0);
    sim_pair_init_with(&pair, 1, &sim_calm, config, NULL);
    answer();
}

START_TEST(silence_sends_the_hello_again) {
    struct datagram last;
    unsigned hellos;
    (void)be_silent(SIM_SECOND * 7 / 20, &last, &hellos);
    ck_assert_uint_eq(hellos, 0);
    ck_assert_uint_eq(attempts(), 1);
    (void)be_silent(SIM_SECOND / 2, &last, &hellos);
    ck_assert_uint_ge(hellos, 1);
    ck_assert_uint_eq(attempts(), 2);
    /* It goes on as slowly as the first had become. */
    ck_assert_uint_ge(pair.client.session->candidates[1]->flight.rto, SIM_SECOND / 5);
}
END_TEST

static void forge(const struct sim_message *message, uint16_t message_seq, uint64_t now) {
    struct sim_forged forged = sim_forge_message(message, message_seq);
    ck_assert_int_eq(
        rtpgate_session_input(pair.client.session, forged.bytes, forged.length, 0, now), 0);
}

START_TEST(silence_means_more_where_somebody_forges) {
    struct datagram last;
    unsigned hellos;
    struct sim_message request = genuine[3];
    request.body[request.length - 3] = 1;
    forge(&request, 3, 1000);
    (void)be_silent(3 * SIM_SECOND / 10, &last, &hellos);
    ck_assert_uint_eq(attempts(), 2);
}
END_TEST

/* The server answers at that time; the client was told that RTT. */
static void answer_at(uint64_t when, uint64_t rtt) {
    struct datagram last;
    unsigned hellos;
    sim_pair_clear(&pair);
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_set_rtt(pair.client.session, rtt, 0), 0);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    hello = next(pair.client.session);
    (void)be_silent(when, &last, &hellos);
    give(pair.server.session, &hello, when);
    flight4 = next(pair.server.session);
    give(pair.client.session, &flight4, when);
}

/* It may be that it came late, or that the caller is wrong. */
START_TEST(silence_means_something_after_some_seconds) {
    const uint64_t answered = _i == 0 ? 3 * SIM_SECOND : 1000;
    struct datagram last;
    unsigned hellos;
    answer_at(answered, _i == 0 ? 0 : 10 * SIM_SECOND);
    (void)be_silent(answered + SIM_SECOND, &last, &hellos);
    ck_assert_uint_eq(hellos, 0);
    (void)be_silent(answered + (_i == 0 ? 2 : 7) * SIM_SECOND, &last, &hellos);
    ck_assert_uint_ge(hellos, 1);
}
END_TEST

/* As far away or as busy as its flight 4 has shown, or as the caller has told. */
START_TEST(silence_of_a_slow_server_means_nothing) {
    const uint64_t took = 4 * SIM_SECOND / 10;
    const uint64_t answered = _i == 0 ? took : 1000;
    struct datagram last;
    unsigned hellos;
    answer_at(answered, _i == 0 ? 0 : took);
    (void)be_silent(answered + 2 * took - 1000, &last, &hellos);
    ck_assert_uint_eq(hellos, 0);
    (void)be_silent(answered + 2 * SIM_SECOND, &last, &hellos);
    ck_assert_uint_ge(hellos, 1);
}
END_TEST

/* The server saw a damaged hello; when the genuine one comes it answers that, too. */
START_TEST(another_flight_4_is_answered_beside_the_first) {
    struct sim_ours server;
    struct datagram last;
    unsigned hellos;
    sim_ours_init(&server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_ours_expect(&server, 0, 0);
    (void)be_silent(SIM_SECOND, &last, &hellos);
    give(server.session, &hello, SIM_SECOND);
    talk(server.session, SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &server));
    sim_ours_clear(&server);
}
END_TEST

/* The server has accepted our first flight 5, but its answer was lost until now. */
START_TEST(the_first_attempt_is_never_given_up) {
    struct datagram last;
    unsigned hellos;
    struct sim_message forged = genuine[3];
    for (uint8_t i = 1; i <= 3; i++) { /* one more request for each attempt */
        (void)be_silent(i * MINUTE, &last, &hellos);
        forged.body[forged.length - 3] = i;
        struct sim_forged datagram = sim_forge_message(&forged, 3);
        ck_assert_int_eq(rtpgate_session_input(pair.client.session, datagram.bytes, datagram.length,
                                               0, i * MINUTE),
                         0);
    }
    (void)be_silent(4 * MINUTE, &last, &hellos);
    ck_assert_uint_eq(attempts(), RG_CANDIDATES);
    give(pair.server.session, &flight5, 4 * MINUTE);
    talk(pair.server.session, 4 * MINUTE);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

/* A peer that refuses us is told as that: what we try in its silence is no sign of it. */
START_TEST(attempts_bring_no_hope) {
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 42);
    struct datagram last;
    unsigned hellos;
    ck_assert_int_eq(rtpgate_session_input(pair.client.session, alert.bytes, alert.length, 0, 1000),
                     0);
    (void)be_silent(5 * SIM_SECOND, &last, &hellos);
    assert_failed(RTPGATE_ERR_ALERT);
}
END_TEST

/* Nor does it matter how slow the timers have become until then. */
START_TEST(a_late_refusal_is_told_as_soon_as_an_early_one) {
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 42);
    struct datagram last;
    unsigned hellos;
    (void)be_silent(10 * SIM_SECOND, &last, &hellos);
    give(pair.client.session, &flight4, 10 * SIM_SECOND);
    ck_assert_int_eq(
        rtpgate_session_input(pair.client.session, alert.bytes, alert.length, 0, 10 * SIM_SECOND),
        0);
    (void)be_silent(14 * SIM_SECOND, &last, &hellos);
    assert_failed(RTPGATE_ERR_ALERT);
}
END_TEST

/* The server's Finished was lost, what it said after that was not. */
START_TEST(an_end_under_the_keys_is_told_with_another_attempt_beside) {
    struct datagram last;
    unsigned hellos;
    (void)be_silent(SIM_SECOND, &last, &hellos);
    ck_assert_uint_eq(attempts(), 2);
    give(pair.server.session, &flight5, SIM_SECOND);
    (void)next(pair.server.session);
    ck_assert_int_eq(rtpgate_session_close(pair.server.session, SIM_SECOND), 0);
    last = next(pair.server.session);
    ck_assert_uint_gt(last.length, 0);
    give(pair.client.session, &last, SIM_SECOND);
    ck_assert_uint_eq(attempts(), 1);
    (void)be_silent(3 * SIM_SECOND, &last, &hellos);
    assert_failed(RTPGATE_ERR_CLOSED);
}
END_TEST

/* Lets the server's timers fire until then. */
static void be_patient(uint64_t until) {
    for (uint64_t due; (due = rtpgate_session_deadline(pair.server.session)) <= until;) {
        ck_assert_int_eq(rtpgate_session_expire(pair.server.session, due), 0);
        while (next(pair.server.session).length > 0) {
        }
    }
}

static struct datagram greet(uint64_t now) {
    hello = next(pair.client.session);
    give(pair.server.session, &hello, now);
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, now + 10000), 0);
    return next(pair.server.session);
}

static void request_cookie(uint64_t now) {
    struct sim_forged request = sim_forge_verify_request(7);
    ck_assert_int_eq(
        rtpgate_session_input(pair.client.session, request.bytes, request.length, 0, now), 0);
}

/* A HelloVerifyRequest that was forged twice has made the client send two hellos, each of which was
 * answered, and the server does not know yet whom it expects: both must choose the same handshake.
 */
START_TEST(a_server_finishes_one_of_two_attempts) {
    const uint64_t later = 2 * SIM_SECOND / 5;
    struct datagram last;
    unsigned hellos;
    sim_pair_init(&pair, 1, &sim_calm);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_ours_seed(&pair.server, 1);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    struct datagram first = greet(0);
    request_cookie(0);
    (void)be_silent(later, &last, &hellos);
    be_patient(later);
    request_cookie(later);
    struct datagram second = greet(later);
    give(pair.client.session, &second, later);
    flight5 = next(pair.client.session);
    give(pair.server.session, &flight5, later);
    struct datagram final = next(pair.server.session);
    give(pair.client.session, &first, later);
    uint64_t explored = later;
    while (attempts() < 2 && explored < MINUTE) {
        (void)be_silent(explored += 1000, &last, &hellos);
    }
    give(pair.server.session, &last, explored);
    give(pair.client.session, &final, explored);
    sim_ours_expect(&pair.server, 0, 2 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    sim_pair_clear(&pair);
}
END_TEST

/* The genuine certificate with itself as its issuer. */
static struct sim_message doubled(const struct sim_message *certificate) {
    struct sim_message out = *certificate;
    size_t entry = certificate->length - 3;
    memcpy(out.body + certificate->length, certificate->body + 3, entry);
    out.length += entry;
    out.body[1] = (uint8_t)(2 * entry >> 8);
    out.body[2] = (uint8_t)(2 * entry);
    return out;
}

/* A bit for the certificate and the request that an attempt answers; 0: it answers none. */
static unsigned answered(const struct rg_candidate *candidate) {
    return candidate == NULL || candidate->used[1] == 0
               ? 0
               : 1U << (candidate->used[1] * 4 + candidate->used[3]) % 32;
}

/* Two requests and a certificate are forged: six flights that the engine takes. */
START_TEST(each_combination_is_answered_once_before_any_again) {
    struct sim_message certificate = doubled(&genuine[1]);
    struct sim_message request = genuine[3];
    struct datagram last;
    unsigned hellos;
    unsigned seen = 0;
    unsigned count = 0;
    forge(&certificate, 1, 1000);
    for (uint8_t i = 1; i <= 2; i++) {
        request.body[request.length - 3] = i;
        forge(&request, 3, 1000);
    }
    for (uint64_t turn = 1; turn <= 60; turn++) {
        (void)be_silent(turn * SIM_SECOND, &last, &hellos);
        for (size_t i = 0; i < RG_CANDIDATES; i++) {
            seen |= answered(pair.client.session->candidates[i]);
        }
    }
    for (unsigned bits = seen; bits != 0; bits &= bits - 1) {
        count++;
    }
    ck_assert_uint_eq(count, 2 * 3);
}
END_TEST

START_TEST(a_silent_server_gets_few_datagrams) {
    struct datagram last;
    unsigned hellos;
    unsigned sent = be_silent(30 * SIM_SECOND, &last, &hellos);
    ck_assert_uint_le(sent, 3 * 20);
    ck_assert_uint_le(sim_ours_stats(&pair.client).candidates, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attempts");
    TCase *tests = suite_case(suite, "silence after flight 5");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, silence_sends_the_hello_again);
    tcase_add_test(tests, silence_means_more_where_somebody_forges);
    tcase_add_loop_test(tests, silence_means_something_after_some_seconds, 0, 2);
    tcase_add_loop_test(tests, silence_of_a_slow_server_means_nothing, 0, 2);
    tcase_add_test(tests, another_flight_4_is_answered_beside_the_first);
    tcase_add_test(tests, the_first_attempt_is_never_given_up);
    tcase_add_test(tests, attempts_bring_no_hope);
    tcase_add_test(tests, a_late_refusal_is_told_as_soon_as_an_early_one);
    tcase_add_test(tests, an_end_under_the_keys_is_told_with_another_attempt_beside);
    tcase_add_test(tests, each_combination_is_answered_once_before_any_again);
    tcase_add_test(tests, a_silent_server_gets_few_datagrams);
    tcase_add_test(suite_case(suite, "two hellos"), a_server_finishes_one_of_two_attempts);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
