/* The server's candidates, and the proof that a flight 5 must give before GnuTLS sees it. */
#include <string.h>

#include "dtls/association.h"
#include "flight5.h"
#include "wire/handshake.h"
#include "wire/record.h"

static void setup(void) {
    sim_pair_init(&pair, 1, &sim_calm);
    begin();
}

START_TEST(flight_5_may_come_in_any_order_without_change_cipher_spec) {
    static const unsigned orders[][FLIGHT5 + 1] = {
        {0, 1, 2, 3}, {3, 2, 1, 0}, {2, 3, 0, 1}, {1, 0, 3, 2}};
    for (size_t i = 0; i < FLIGHT5 + 1; i++) {
        ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
        if (orders[_i][i] == FLIGHT5) {
            give(finished.bytes, finished.length);
        } else {
            give_genuine(orders[_i][i]);
        }
    }
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
}
END_TEST

START_TEST(forged_messages_of_flight_5_are_never_shown_to_the_engine) {
    unsigned number = (unsigned)_i / 2;
    bool before = _i % 2 == 0;
    for (unsigned i = 0; i < FLIGHT5; i++) {
        if (i == number && before) {
            give_changed(i, genuine[i].length - 6);
        }
        give_genuine(i);
        if (i == number && !before) {
            give_changed(i, genuine[i].length - 6);
        }
    }
    give(finished.bytes, finished.length);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).candidates, 1);
    assert_ends_well();
}
END_TEST

START_TEST(a_whole_forged_flight_5_fails_its_proof_and_the_genuine_one_follows) {
    give_genuine(0);
    give_changed(1, 20);
    give_genuine(2);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_forged, 1);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
    give_genuine(1);
    give(finished.bytes, finished.length);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
}
END_TEST

/* Proof costs a signature check: it is made once for each combination that a new message makes. */
START_TEST(a_repeated_forgery_is_not_proven_again) {
    give_genuine(0);
    give_changed(1, 20);
    give_genuine(2);
    for (int i = 0; i < 10; i++) {
        give_changed(1, 20);
        give_genuine(2);
    }
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_forged, 1);
    give_changed(1, 21);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_forged,
                      2); /* and the old combination not again */
}
END_TEST

/* Nobody answers flight 4 for so long that another hello from there would be answered. */
static void be_ignored(void) {
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, 320000), 0);
    rg_queue_clear(&pair.server.session->outbox.queue);
}

/* Another client, with another identity, on the same path: whoever owns the fingerprint wins. */
static void meet(struct sim_ours *other) {
    uint8_t buffer[2000];
    uint64_t path;
    int length;
    ck_assert_int_eq(rtpgate_session_start(other->session, 0), 0);
    for (int turn = 0; turn < 4; turn++) {
        while ((length = rtpgate_session_output(other->session, buffer, sizeof(buffer), &path)) >
               0) {
            give(buffer, (size_t)length);
        }
        ck_assert_int_eq(rtpgate_session_expire(pair.server.session, 330000), 0);
        while ((length = rtpgate_session_output(pair.server.session, buffer, sizeof(buffer),
                                                &path)) > 0) {
            (void)rtpgate_session_input(other->session, buffer, (size_t)length, 0, 30000);
        }
    }
}

static void run_other_client(struct sim_ours *other, enum rtpgate_state wanted) {
    sim_ours_init(other, sim_config(1), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_expect(other, 1, 0);
    be_ignored();
    meet(other);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), wanted);
}

START_TEST(a_client_with_another_certificate_kills_only_its_candidate) {
    struct sim_ours other;
    run_other_client(&other, RTPGATE_STATE_HANDSHAKE);
    sim_ours_drain(&pair.server, 30000);
    ck_assert_int_eq(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE)->cause,
                     RTPGATE_ERR_FINGERPRINT);
    ck_assert_ptr_null(sim_ours_event(&pair.server, RTPGATE_EVENT_CERTIFICATE));
    ck_assert_uint_eq(sim_ours_stats(&pair.server).candidates, 2);
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
    sim_ours_clear(&other);
}
END_TEST

START_TEST(with_a_late_fingerprint_both_finish_and_the_right_one_wins) {
    struct sim_ours other;
    sim_pair_clear(&pair);
    sim_pair_init(&pair, 1, &sim_calm);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    begin();
    run_other_client(&other, RTPGATE_STATE_UNVERIFIED);
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_UNVERIFIED);
    sim_ours_expect(&pair.server, 0, 30000);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
    sim_ours_clear(&other);
}
END_TEST

START_TEST(messages_out_of_place_are_dropped_and_counted) {
    static const struct {
        uint8_t type;
        uint16_t sequence;
        uint32_t length;
    } bad[] = {{RG_SERVER_HELLO, 0, 50},        {RG_CLIENT_HELLO, 2, 50},
               {RG_CERTIFICATE, 3, 50},         {RG_CERTIFICATE_VERIFY, 1, 50},
               {RG_CLIENT_KEY_EXCHANGE, 1, 50}, {RG_FINISHED, 4, 12},
               {RG_CLIENT_HELLO, 0, 9000},      {RG_CLIENT_KEY_EXCHANGE, 2, 600}};
    uint64_t dropped = sim_ours_stats(&pair.server).dropped_type;
    uint8_t body[9000] = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sim_forged datagram = sim_forge_fragment(bad[i].type, bad[i].sequence, bad[i].length,
                                                        0, body, bad[i].length, 0);
        give(datagram.bytes, datagram.length);
        ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_type, dropped + i + 1);
    }
}
END_TEST

START_TEST(a_renegotiation_is_not_taken_up) {
    uint8_t buffer[2000];
    uint64_t path;
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
    assert_ends_well();
    struct sim_forged hello = sim_forge_client_hello(9, 0);
    give(hello.bytes, hello.length);
    ck_assert_int_eq(rtpgate_session_output(pair.server.session, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).candidates, 1);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

static int output(rtpgate_session *session) {
    uint8_t buffer[2000];
    uint64_t path;
    return rtpgate_session_output(session, buffer, sizeof(buffer), &path);
}

START_TEST(a_repeated_finished_is_answered_until_data_comes) {
    uint8_t buffer[2000];
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
    assert_ends_well();
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, 30 * SIM_SECOND), 0);
    give(finished.bytes, finished.length);
    ck_assert_int_eq(output(pair.server.session), 75);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, (const uint8_t *)"x", 1, 0), 0);
    (void)pass(&pair.client, &pair.server, buffer, sizeof(buffer));
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, 60 * SIM_SECOND), 0);
    give(finished.bytes, finished.length);
    ck_assert_int_eq(output(pair.server.session), 0);
}
END_TEST

/* Its Finished was lost, and its timer is slower than our grace. */
START_TEST(an_alert_does_not_end_a_client_that_has_proven_itself_before_the_deadline) {
    struct sim_forged alert = sim_forge_alert(2, 40);
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(alert.bytes, alert.length);
    ck_assert(!rg_has_hope(pair.server.session));
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, 29 * SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
    if (_i == 0) {
        give(finished.bytes, finished.length);
        ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    } else {
        int cause;
        (void)rtpgate_session_expire(pair.server.session, 31 * SIM_SECOND);
        (void)rtpgate_session_error(pair.server.session, &cause);
        ck_assert_int_eq(cause, RTPGATE_ERR_ALERT);
    }
}
END_TEST

START_TEST(whoever_floods_hellos_does_not_take_the_place_of_the_first) {
    for (uint8_t i = 1; i <= 12; i++) {
        struct sim_forged hello = sim_forge_client_hello(i, 0);
        ck_assert_int_eq(rtpgate_session_input(pair.server.session, hello.bytes, hello.length, 0,
                                               (uint64_t)i * 11 * SIM_SECOND / 10),
                         0);
    }
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

static void give_hello(uint8_t fill, uint64_t path, uint64_t now) {
    struct sim_forged hello = sim_forge_client_hello(fill, 0);
    ck_assert_int_eq(
        rtpgate_session_input(pair.server.session, hello.bytes, hello.length, path, now), 0);
}

/* Until a hello that no flight 5 lies behind is answered. */
static void wait_until(uint64_t now) {
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, now), 0);
}

/* A client may end at an answer to somebody else's hello: it gets none while it may have one. */
START_TEST(another_hello_waits_until_the_answer_to_the_first_was_ignored) {
    const struct rtpgate_session_stats *stats = &pair.server.session->stats;
    for (uint64_t now = 30000; now < 300000; now += 30000) {
        give_hello(9, 0, now);
    }
    ck_assert_uint_eq(stats->candidates, 1);
    ck_assert_uint_eq(stats->dropped_hello, 9);
    give_hello(8, 1, 300000); /* it has a path of its own */
    ck_assert_uint_eq(stats->candidates, 2);
    be_ignored();
    ck_assert_uint_eq(stats->candidates, 2); /* nobody repeats it */
    give_hello(9, 0, 400000);
    wait_until(410000);
    ck_assert_uint_eq(stats->candidates, 3);
}
END_TEST

/* Whoever repeats his forged hello gets answers, and does not keep the client out by that. */
START_TEST(a_repeated_forgery_does_not_keep_another_hello_waiting) {
    const struct rtpgate_session_stats *stats = &pair.server.session->stats;
    give_hello(7, 3, 30000);
    for (uint64_t now = 31000; now <= 321000; now += 29000) {
        give_hello(7, 3, now);
    }
    ck_assert_uint_eq(stats->candidates, 2);
    give_hello(8, 3, 331000);
    wait_until(341000);
    ck_assert_uint_eq(stats->candidates, 3);
}
END_TEST

START_TEST(another_hello_waits_for_a_client_of_which_only_finished_is_missing) {
    const struct rtpgate_session_stats *stats = &pair.server.session->stats;
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give_hello(9, 0, RG_CANDIDATE_AGE);
    wait_until(RG_CANDIDATE_AGE + 10000);
    ck_assert_uint_eq(stats->candidates, 1);
    give_hello(9, 0, 2 * RG_CANDIDATE_AGE);
    wait_until(2 * RG_CANDIDATE_AGE + 10000);
    ck_assert_uint_eq(stats->candidates, 2);
}
END_TEST

START_TEST(another_hello_waits_for_a_signature_that_waits_for_its_check) {
    const struct rtpgate_session_stats *stats = &pair.server.session->stats;
    be_ignored();
    pair.server.session->proofs = 0;
    pair.server.session->proofs_since = 320000;
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give_hello(9, 0, 322000);
    wait_until(335000);
    ck_assert_uint_eq(stats->candidates, 1);
    wait_until(320000 + RG_PROOF_INTERVAL);
    give(finished.bytes, finished.length);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

/* An unexpected certificate is proven for the advice, and the advice is given once. */
START_TEST(unexpected_certificates_leave_half_of_the_checks_to_the_expected_one) {
    struct sim_ours other;
    pair.server.session->proofs = RG_PROOFS / 2;
    pair.server.session->proofs_since = 320000;
    run_other_client(&other, RTPGATE_STATE_HANDSHAKE);
    sim_ours_clear(&other);
    ck_assert_uint_eq(pair.server.session->proofs, RG_PROOFS / 2);
    ck_assert_ptr_null(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE));
    for (uint64_t turn = 1; turn < 4; turn++) { /* the client's timer */
        for (unsigned i = 0; i < FLIGHT5; i++) {
            give_genuine(i);
        }
        give(finished.bytes, finished.length);
        ck_assert_int_eq(rtpgate_session_expire(pair.server.session, turn * 300000), 0);
    }
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("server");
    TCase *tests = suite_case(suite, "flight 5");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, flight_5_may_come_in_any_order_without_change_cipher_spec, 0, 4);
    tcase_add_loop_test(tests, forged_messages_of_flight_5_are_never_shown_to_the_engine, 0, 6);
    tcase_add_test(tests, a_whole_forged_flight_5_fails_its_proof_and_the_genuine_one_follows);
    tcase_add_test(tests, a_repeated_forgery_is_not_proven_again);
    tcase_add_test(tests, a_client_with_another_certificate_kills_only_its_candidate);
    tcase_add_test(tests, with_a_late_fingerprint_both_finish_and_the_right_one_wins);
    tcase_add_test(tests, messages_out_of_place_are_dropped_and_counted);
    tcase_add_test(tests, a_renegotiation_is_not_taken_up);
    tcase_add_test(tests, a_repeated_finished_is_answered_until_data_comes);
    tcase_add_loop_test(
        tests, an_alert_does_not_end_a_client_that_has_proven_itself_before_the_deadline, 0, 2);
    tcase_add_test(tests, whoever_floods_hellos_does_not_take_the_place_of_the_first);
    tcase_add_test(tests, another_hello_waits_until_the_answer_to_the_first_was_ignored);
    tcase_add_test(tests, a_repeated_forgery_does_not_keep_another_hello_waiting);
    tcase_add_test(tests, another_hello_waits_for_a_client_of_which_only_finished_is_missing);
    tcase_add_test(tests, another_hello_waits_for_a_signature_that_waits_for_its_check);
    tcase_add_test(tests, unexpected_certificates_leave_half_of_the_checks_to_the_expected_one);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
