/* Flights 5 that a server's client did not send, and what a stranger can make of them. */
#include <string.h>

#include "flight5.h"
#include "sim/signer.h"
#include "visit.h"
#include "wire/handshake.h"
#include "wire/record.h"

enum { STRANGER = 2 /* an identity */, CERTIFICATE = 0, KEY_EXCHANGE, SIGNATURE };

/* Whoever reads the path, and signs a flight 5 of his own over what he has read. */
struct reader {
    struct sim_message read[1 + RG_FLIGHT4];
    bool done;
};

static void sign_flight5(const struct reader *reader, struct sim_link *link) {
    static struct sim_volley volley;
    sim_volley_clear(&volley);
    sim_signer_answer(&volley, &reader->read[0], &reader->read[1]);
    for (size_t i = 0; i < volley.count; i++) {
        sim_link_inject(link, SIM_SERVER, sim_volley_at(&volley, i), volley.items[i].length, HERE,
                        100 + i);
    }
}

/* His flight 5 is there before the server's flight 4 has come to the client. */
static void read_and_sign(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct reader *reader = context;
    bool hello = passing->from == SIM_CLIENT;
    if (reader->done) {
        return;
    }
    (void)sim_take_apart(passing->bytes, *passing->length, reader->read + (hello ? 0 : 1), 0,
                         hello ? 1 : RG_FLIGHT4);
    if (reader->read[RG_FLIGHT4].type == RG_SERVER_HELLO_DONE) {
        sign_flight5(reader, link);
        reader->done = true;
    }
}

START_TEST(a_reader_that_signs_for_himself_does_not_take_the_clients_place) {
    struct reader reader = {.done = false};
    invite((enum kind)_i);
    expect_visitor();
    sim_link_tap(visit.link, read_and_sign, &reader);
    come(5 * SIM_SECOND);
    ck_assert(reader.done);
    ck_assert_int_eq(sim_ours_event(&visit.server, RTPGATE_EVENT_ADVICE)->cause,
                     RTPGATE_ERR_FINGERPRINT);
    assert_met_by(80000);
}
END_TEST

START_TEST(a_flight_that_was_not_expected_is_looked_at_again_when_it_is) {
    struct rtpgate_fingerprint wrong = sim_fingerprint(STRANGER);
    invite((enum kind)_i);
    ck_assert_int_eq(rtpgate_session_set_remote(visit.server.session, &wrong, 1, 0), 0);
    come(500000);
    assert_state(&visit.server, RTPGATE_STATE_HANDSHAKE);
    expect_visitor();
    assert_state(&visit.server, RTPGATE_STATE_READY);
    sim_link_run(visit.link, SIM_SECOND);
    assert_met_by(500000);
}
END_TEST

/* Where protected records begin in a datagram. */
static size_t plain_length(const uint8_t *datagram, size_t length) {
    struct rg_reader records = rg_reader_make(datagram, length);
    struct rg_record record;
    while (rg_record_next(&records, &record)) {
        if (record.epoch > 0) {
            return (size_t)(record.whole.at - datagram);
        }
    }
    return length;
}

/* A stranger and the server exchange all that they have to say; `finishes`: even Finished. */
static void talk(struct sim_ours *stranger, bool finishes, uint64_t now) {
    rtpgate_session *server = visit.server.session;
    uint8_t buffer[2000];
    uint64_t path;
    int sent;
    for (int turn = 0; turn < 4; turn++) {
        while ((sent = rtpgate_session_output(stranger->session, buffer, sizeof(buffer), &path)) >
               0) {
            size_t length = (size_t)sent;
            length = finishes ? length : plain_length(buffer, length);
            (void)rtpgate_session_input(server, buffer, length, ELSEWHERE, now);
        }
        while ((sent = rtpgate_session_output(server, buffer, sizeof(buffer), &path)) > 0) {
            (void)rtpgate_session_input(stranger->session, buffer, (size_t)sent, 0, now);
        }
    }
}

static void stranger_comes(struct sim_ours *stranger, bool finishes, uint64_t now) {
    sim_ours_init(stranger, sim_config(STRANGER), RTPGATE_ROLE_CLIENT, now);
    sim_ours_expect(stranger, 1, now);
    ck_assert_int_eq(rtpgate_session_start(stranger->session, now), 0);
    talk(stranger, finishes, now);
}

START_TEST(a_server_whose_only_client_was_a_stranger_waits_for_another) {
    struct sim_ours stranger;
    invite((enum kind)_i);
    stranger_comes(&stranger, false, 0);
    sim_ours_clear(&stranger);
    ck_assert_int_eq(visit.server.session->candidates[0]->stage, RG_STAGE_FINISHED);
    sim_link_run(visit.link, 500000);
    expect_visitor();
    ck_assert_ptr_null(visit.server.session->candidates[0]);
    ck_assert_int_eq(sim_ours_event(&visit.server, RTPGATE_EVENT_ADVICE)->cause,
                     RTPGATE_ERR_FINGERPRINT);
    sim_link_run(visit.link, 20 * SIM_SECOND);
    assert_state(&visit.server, RTPGATE_STATE_HANDSHAKE);
    come(25 * SIM_SECOND);
    assert_met_by(20 * SIM_SECOND + 80000);
}
END_TEST

START_TEST(strangers_that_finish_do_not_put_off_the_deadline_of_the_fingerprint) {
    struct sim_ours stranger;
    invite(OURS);
    for (uint64_t now = 0; now < 60 * SIM_SECOND; now += 20 * SIM_SECOND) {
        uint64_t deadline = now + 30 * SIM_SECOND;
        stranger_comes(&stranger, true, now);
        assert_state(&visit.server, RTPGATE_STATE_UNVERIFIED);
        ck_assert_uint_eq(rtpgate_session_deadline(visit.server.session),
                          deadline < 60 * SIM_SECOND ? deadline : 60 * SIM_SECOND);
        (void)rtpgate_session_close(stranger.session, now);
        talk(&stranger, true, now);
        assert_state(&visit.server, RTPGATE_STATE_HANDSHAKE);
        sim_ours_clear(&stranger);
    }
    ck_assert_int_eq(rtpgate_session_expire(visit.server.session, 60 * SIM_SECOND), 0);
    assert_failed(&visit.server, RTPGATE_ERR_TIMEOUT);
}
END_TEST

/* From here on by hand: a server that waits for flight 5 at 30 ms. */

static void setup(void) {
    sim_pair_init(&pair, 1, &sim_calm);
    begin();
    pair.server.session->proofs_since = 30000;
}

static void give_message(struct sim_message message, unsigned number) {
    struct sim_forged datagram = sim_forge_message(&message, (uint16_t)(number + 1));
    give(datagram.bytes, datagram.length);
}

static void append(struct sim_forged *datagram, struct sim_message message, unsigned number) {
    struct sim_forged forged = sim_forge_message(&message, (uint16_t)(number + 1));
    memcpy(datagram->bytes + datagram->length, forged.bytes, forged.length);
    datagram->length += forged.length;
}

/* The client's flight 5 as it sends it. */
static void give_flight(void) {
    struct sim_forged datagram = {.length = 0};
    for (unsigned i = 0; i < FLIGHT5; i++) {
        append(&datagram, genuine[i], i);
    }
    memcpy(datagram.bytes + datagram.length, finished.bytes, finished.length);
    give(datagram.bytes, datagram.length + finished.length);
}

static void give_pieces(void) {
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
}

/* The right leaf, and behind it one that is no certificate. */
static struct sim_message longer_certificate(uint8_t number) {
    struct sim_message longer = genuine[CERTIFICATE];
    rg_put_u24(longer.body + longer.length, 1);
    longer.body[longer.length + 3] = number;
    longer.length += 4;
    rg_put_u24(longer.body, (uint32_t)longer.length - 3);
    return longer;
}

static struct sim_message forged(unsigned number, uint8_t what) {
    struct sim_message message = genuine[number];
    message.body[message.length - 1] ^= what;
    return message;
}

/* Each in a datagram of its own; they can be put together in many ways. */
static void give_forgeries(uint8_t certificates) {
    for (uint8_t i = 1; i <= 8; i++) {
        if (i <= certificates) {
            give_message(longer_certificate(i), CERTIFICATE);
        }
        give_message(forged(KEY_EXCHANGE, i), KEY_EXCHANGE);
        give_message(forged(SIGNATURE, i), SIGNATURE);
    }
    ck_assert_uint_ge(sim_ours_stats(&pair.server).dropped_forged, RG_PROOFS / 2);
}

START_TEST(what_is_put_together_uses_up_no_check_of_a_flight_that_came_as_one) {
    if (_i == 2) {
        give_genuine(CERTIFICATE); /* anybody may have it, and it stays */
    }
    give_forgeries(_i == 0 ? 8 : 2);
    give_flight();
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
}
END_TEST

/* Its messages can be put together in many ways, too, and all came as one. */
START_TEST(what_came_in_one_datagram_is_tried_once) {
    struct sim_forged datagram = {.length = 0};
    give_genuine(CERTIFICATE);
    for (uint8_t i = 0; i < RG_VARIANTS; i++) {
        if (i > 0) {
            append(&datagram, longer_certificate(i), CERTIFICATE);
        }
        append(&datagram, forged(KEY_EXCHANGE, i + 1), KEY_EXCHANGE);
        append(&datagram, forged(SIGNATURE, i + 1), SIGNATURE);
    }
    give(datagram.bytes, datagram.length);
    ck_assert_uint_gt(pair.server.session->proofs, RG_PROOFS / 2);
    give_flight();
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
}
END_TEST

START_TEST(nor_one_of_a_flight_whose_messages_came_last) {
    give_forgeries(8);
    give_pieces();
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
}
END_TEST

/* Does what is due until then, and says nothing to anybody. */
static void wait_until(uint64_t when) {
    rtpgate_session *session = pair.server.session;
    while (rtpgate_session_deadline(session) <= when) {
        ck_assert_int_eq(rtpgate_session_expire(session, rtpgate_session_deadline(session)), 0);
        rg_queue_clear(&session->outbox.queue);
    }
}

START_TEST(a_flight_is_proven_by_itself_when_a_check_is_earned) {
    uint64_t due = 30000 + RG_PROOF_INTERVAL;
    pair.server.session->proofs = 0;
    give_flight();
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
    ck_assert_uint_eq(rtpgate_session_deadline(pair.server.session), due);
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, due), 0);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
}
END_TEST

START_TEST(a_flight_that_came_as_one_goes_before_others_when_a_check_is_earned) {
    pair.server.session->proofs = 0;
    give_flight();
    give_message(forged(KEY_EXCHANGE, 1), KEY_EXCHANGE); /* now it is not what came last */
    wait_until(30000 + 2 * RG_PROOF_INTERVAL);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

/* Somebody's hello takes the first place, and each new message is one to try for it, too. */
START_TEST(no_candidate_has_all_checks_that_are_earned) {
    struct sim_forged hello = sim_forge_client_hello(1, 0);
    sim_pair_clear(&pair);
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(
        rtpgate_session_input(pair.server.session, hello.bytes, hello.length, ELSEWHERE, 0), 0);
    rg_queue_clear(&pair.server.session->outbox.queue);
    begin();
    pair.server.session->proofs = 0;
    pair.server.session->proofs_since = 30000;
    for (uint8_t i = 1; i < RG_VARIANTS; i++) {
        struct sim_forged datagram = {.length = 0};
        append(&datagram, longer_certificate(i), CERTIFICATE);
        append(&datagram, forged(KEY_EXCHANGE, i), KEY_EXCHANGE);
        append(&datagram, forged(SIGNATURE, i), SIGNATURE);
        give(datagram.bytes, datagram.length);
    }
    give_flight();
    wait_until(30000 + 2 * RG_PROOF_INTERVAL);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

START_TEST(a_flight_of_several_datagrams_is_proven_by_itself_with_half_of_the_checks) {
    uint64_t due = 30000 + (RG_PROOFS / 2 + 1) * RG_PROOF_INTERVAL;
    pair.server.session->proofs = 0;
    give_pieces();
    give_message(forged(KEY_EXCHANGE, 1), KEY_EXCHANGE);
    wait_until(due - 1);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
    wait_until(due + RG_PROOF_INTERVAL);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

/* A reader puts his own beside the client's, in one datagram. */
START_TEST(a_forgery_in_the_datagram_of_genuine_messages_hides_nothing) {
    struct sim_forged datagram = {.length = 0};
    for (unsigned i = 0; i < FLIGHT5; i++) {
        append(&datagram, genuine[i], i);
        if (i == (unsigned)_i) {
            append(&datagram, forged(i, 1), i);
        }
    }
    give(datagram.bytes, datagram.length);
    give_flight();
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

/* Nothing more comes, and the search comes to an end. */
START_TEST(what_is_put_together_is_checked_once) {
    enum { COMBINATIONS = RG_VARIANTS * RG_VARIANTS * RG_VARIANTS };
    pair.server.session->proofs = 0;
    for (uint8_t i = 1; i <= RG_VARIANTS; i++) {
        give_message(longer_certificate(i), CERTIFICATE);
        give_message(forged(KEY_EXCHANGE, i), KEY_EXCHANGE);
        give_message(forged(SIGNATURE, i), SIGNATURE);
    }
    wait_until(20 * SIM_SECOND);
    ck_assert_uint_ge(sim_ours_stats(&pair.server).dropped_forged, COMBINATIONS);
    ck_assert_uint_le(sim_ours_stats(&pair.server).dropped_forged,
                      COMBINATIONS + 3 * RG_VARIANTS + 1);
}
END_TEST

static void give_bad_news(bool alert) {
    const struct sim_message empty = {.type = RG_CERTIFICATE, .length = 3};
    struct sim_forged plain = sim_forge_alert(2, 40);
    if (alert) {
        give(plain.bytes, plain.length);
        give_message(forged(CERTIFICATE, 1), CERTIFICATE);
    } else {
        give_message(empty, CERTIFICATE);
    }
    ck_assert(!rg_has_hope(pair.server.session));
}

/* Of the client's flight 5 nothing but Certificate arrives, and it is slow to repeat it. */
START_TEST(bad_news_beside_two_versions_of_a_message_does_not_end_a_server) {
    give_bad_news(_i == 1);
    give_genuine(CERTIFICATE);
    wait_until(29 * SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
    give_flight();
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("server_attack");
    TCase *visits = suite_case(suite, "strangers and readers");
    tcase_add_checked_fixture(visits, NULL, part);
    tcase_add_loop_test(visits, a_reader_that_signs_for_himself_does_not_take_the_clients_place, 0,
                        KINDS);
    tcase_add_loop_test(visits, a_flight_that_was_not_expected_is_looked_at_again_when_it_is, 0,
                        KINDS);
    tcase_add_loop_test(visits, a_server_whose_only_client_was_a_stranger_waits_for_another, 0,
                        KINDS);
    tcase_add_test(visits, strangers_that_finish_do_not_put_off_the_deadline_of_the_fingerprint);
    TCase *tests = suite_case(suite, "which flight 5");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_is_put_together_uses_up_no_check_of_a_flight_that_came_as_one,
                        0, 3);
    tcase_add_test(tests, what_came_in_one_datagram_is_tried_once);
    tcase_add_test(tests, nor_one_of_a_flight_whose_messages_came_last);
    tcase_add_test(tests, a_flight_is_proven_by_itself_when_a_check_is_earned);
    tcase_add_test(tests, a_flight_that_came_as_one_goes_before_others_when_a_check_is_earned);
    tcase_add_test(tests,
                   a_flight_of_several_datagrams_is_proven_by_itself_with_half_of_the_checks);
    tcase_add_loop_test(tests, a_forgery_in_the_datagram_of_genuine_messages_hides_nothing, 0,
                        FLIGHT5);
    tcase_add_test(tests, what_is_put_together_is_checked_once);
    tcase_add_test(tests, no_candidate_has_all_checks_that_are_earned);
    tcase_add_loop_test(tests, bad_news_beside_two_versions_of_a_message_does_not_end_a_server, 0,
                        2);
    int failed = suite_run(suite);
    finish_visits();
    return failed;
}
