/* A client that does not know yet whom it expects, and has answered somebody. */
#include "attempts.h"

/* The client does not know whom it expects. */
static void setup_late(void) {
    sim_pair_init(&pair, 1, &sim_calm);
    sim_ours_clear(&pair.client);
    sim_ours_init(&pair.client, sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_seed(&pair.client, 1);
    answer();
}

/* What was tried beside it while the answer was missing has no hope of its own. */
START_TEST(a_late_mismatch_is_told_with_another_attempt_beside) {
    struct datagram last;
    unsigned hellos;
    (void)be_silent(SIM_SECOND, &last, &hellos);
    ck_assert_uint_eq(attempts(), 2);
    give(pair.server.session, &flight5, SIM_SECOND);
    talk(pair.server.session, SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_UNVERIFIED);
    sim_ours_expect(&pair.client, 2, 2 * SIM_SECOND);
    (void)be_silent(4 * SIM_SECOND, &last, &hellos);
    assert_failed(RTPGATE_ERR_FINGERPRINT);
}
END_TEST

/* Anybody can send a HelloVerifyRequest. */
START_TEST(requests_do_not_put_off_a_mismatch) {
    uint64_t now = SIM_SECOND;
    give(pair.server.session, &flight5, now);
    struct datagram last = next(pair.server.session);
    unsigned hellos;
    give(pair.client.session, &last, now);
    sim_ours_expect(&pair.client, 2, now);
    for (uint8_t i = 0; i < 40; i++, now += 50000) {
        (void)be_silent(now, &last, &hellos);
        struct sim_forged request = sim_forge_verify_request(i % 3);
        (void)rtpgate_session_input(pair.client.session, request.bytes, request.length, 0, now);
    }
    assert_failed(RTPGATE_ERR_FINGERPRINT);
}
END_TEST

static void assert_sends_hello(void) {
    struct datagram datagram = next(pair.client.session);
    ck_assert(is_hello(&datagram));
    ck_assert_uint_eq(next(pair.client.session).length, 0);
}

/* His flight 4 is still there, and not answered again. */
START_TEST(a_stranger_who_leaves_is_followed_by_a_hello) {
    give(pair.server.session, &flight5, 0);
    struct datagram final = next(pair.server.session);
    give(pair.client.session, &final, 0);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_UNVERIFIED);
    ck_assert_int_eq(rtpgate_session_close(pair.server.session, 0), 0);
    final = next(pair.server.session);
    give(pair.client.session, &final, 0);
    assert_sends_hello();
}
END_TEST

/* Beside another attempt, which goes on with its hello. */
START_TEST(nor_is_he_answered_by_an_attempt_that_waits) {
    struct datagram last;
    unsigned hellos;
    (void)be_silent(SIM_SECOND, &last, &hellos);
    ck_assert_uint_eq(attempts(), 2);
    give(pair.server.session, &flight5, SIM_SECOND);
    last = next(pair.server.session);
    give(pair.client.session, &last, SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_close(pair.server.session, SIM_SECOND), 0);
    last = next(pair.server.session);
    give(pair.client.session, &last, SIM_SECOND);
    unsigned sent = be_silent(5 * SIM_SECOND, &last, &hellos);
    ck_assert_uint_gt(sent, 4);
    ck_assert_uint_eq(sent, hellos);
    ck_assert_uint_eq(pair.client.session->candidates[1]->stage, RG_STAGE_HELLO);
}
END_TEST

static void meet_stranger(struct sim_ours *stranger, uint64_t now) {
    sim_ours_init(stranger, sim_config(2), RTPGATE_ROLE_SERVER, now);
    sim_ours_expect(stranger, 0, now);
    give(stranger->session, &hello, now);
    struct datagram theirs = next(stranger->session);
    give(pair.client.session, &theirs, now);
}

static void finish_with(struct sim_ours *server, uint64_t now) {
    struct datagram ours = next(pair.client.session);
    give(server->session, &ours, now);
    struct datagram theirs = next(server->session);
    give(pair.client.session, &theirs, now);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_UNVERIFIED);
}

static void leave(struct sim_ours *server, uint64_t now) {
    ck_assert_int_eq(rtpgate_session_close(server->session, now), 0);
    struct datagram last = next(server->session);
    give(pair.client.session, &last, now);
}

/* Whoever comes back in between is no better. */
START_TEST(of_several_who_left_none_is_answered_again) {
    struct sim_ours stranger;
    give(pair.client.session, &flight4, 0);
    give(pair.server.session, &flight5, 0);
    struct datagram last = next(pair.server.session);
    give(pair.client.session, &last, 0);
    leave(&pair.server, 0);
    assert_sends_hello();
    meet_stranger(&stranger, 1000);
    finish_with(&stranger, 1000);
    leave(&stranger, 1000);
    assert_sends_hello();
    sim_ours_clear(&stranger);
}
END_TEST

/* A flight 5 that the stranger has not answered is there as well, and a hello that waits. */
START_TEST(nobody_else_is_greeted_when_whom_we_expect_has_finished) {
    struct sim_ours stranger;
    struct datagram last;
    unsigned hellos;
    (void)be_silent(SIM_SECOND, &last, &hellos);
    ck_assert_uint_eq(attempts(), 2);
    meet_stranger(&stranger, SIM_SECOND);
    while ((last = next(pair.client.session)).length > 0) {
        give(stranger.session, &last, SIM_SECOND);
    }
    struct datagram theirs = next(stranger.session);
    uint64_t now = SIM_SECOND;
    while (attempts() < 3 && now < MINUTE) {
        (void)be_silent(now += 1000, &last, &hellos);
    }
    give(pair.client.session, &theirs, now);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_UNVERIFIED);
    sim_ours_expect(&pair.client, 2, now);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_READY);
    ck_assert_uint_eq(next(pair.client.session).length, 0);
    sim_ours_clear(&stranger);
}
END_TEST

/* A later fingerprint replaces the first, and is that of the flight 4 that was given up. */
START_TEST(a_corrected_fingerprint_brings_back_who_answered_first) {
    sim_ours_expect(&pair.client, 2, 1000);
    hello = next(pair.client.session);
    sim_ours_expect(&pair.client, 1, 2000);
    give(pair.server.session, &hello, 3000);
    struct datagram again = next(pair.server.session);
    again = again.length > 0 ? again : flight4;
    give(pair.client.session, &again, SIM_SECOND / 10);
    struct datagram last;
    unsigned hellos;
    (void)be_silent(SIM_SECOND / 5, &last, &hellos);
    give(pair.server.session, &last, SIM_SECOND / 5);
    last = next(pair.server.session);
    give(pair.client.session, &last, SIM_SECOND / 5);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

/* However slow its timer has become. */
START_TEST(the_fingerprint_brings_a_hello_at_once) {
    struct datagram last;
    unsigned hellos;
    (void)be_silent(10 * SIM_SECOND, &last, &hellos);
    ck_assert_uint_eq(attempts(), 2);
    sim_ours_expect(&pair.client, 2, 10 * SIM_SECOND);
    ck_assert_uint_eq(attempts(), 1);
    assert_sends_hello();
    ck_assert_uint_le(rtpgate_session_deadline(pair.client.session), 10 * SIM_SECOND + 50000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("strangers");
    TCase *late = suite_case(suite, "a fingerprint that comes late");
    tcase_add_checked_fixture(late, setup_late, teardown);
    tcase_add_test(late, a_late_mismatch_is_told_with_another_attempt_beside);
    tcase_add_test(late, requests_do_not_put_off_a_mismatch);
    tcase_add_test(late, a_stranger_who_leaves_is_followed_by_a_hello);
    tcase_add_test(late, nor_is_he_answered_by_an_attempt_that_waits);
    tcase_add_test(late, of_several_who_left_none_is_answered_again);
    tcase_add_test(late, nobody_else_is_greeted_when_whom_we_expect_has_finished);
    tcase_add_test(late, a_corrected_fingerprint_brings_back_who_answered_first);
    tcase_add_test(late, the_fingerprint_brings_a_hello_at_once);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
