/* What somebody can do who spoofs datagrams and cannot read any. */
#include <string.h>

#include "dtls/association.h"
#include "sim/forge.h"
#include "sim/pair.h"
#include "state.h"
#include "suite.h"
#include "wire/alert.h"
#include "wire/handshake.h"
#include "wire/record.h"

static struct sim_pair pair;

static void setup(void) {
    sim_pair_init(&pair, 1, &sim_calm);
}

static void teardown(void) {
    sim_pair_clear(&pair);
}

static void forge(size_t to, const struct sim_forged *forged, uint64_t path, uint64_t delay) {
    sim_link_inject(pair.link, to, forged->bytes, forged->length, path, delay);
}

static void assert_agree(void) {
    ck_assert_msg(sim_ours_agree(&pair.client, &pair.server), "client %s (%s); server %s (%s)",
                  rtpgate_state_name(rtpgate_session_state(pair.client.session)),
                  rtpgate_session_error(pair.client.session, NULL),
                  rtpgate_state_name(rtpgate_session_state(pair.server.session)),
                  rtpgate_session_error(pair.server.session, NULL));
}

/* CertificateRequest as a server would make it, and ServerHelloDone. */
static struct sim_forged forged_end_of_flight4(void) {
    static const uint8_t request[] = {1, 64, 0, 4, 4, 3, 5, 3, 0, 0};
    struct sim_forged forged = sim_forge_fragment(RG_CERTIFICATE_REQUEST, 3, sizeof(request), 0,
                                                  request, sizeof(request), 3);
    struct sim_forged done = sim_forge_fragment(RG_SERVER_HELLO_DONE, 4, 0, 0, NULL, 0, 4);
    memcpy(forged.bytes + forged.length, done.bytes, done.length);
    forged.length += done.length;
    return forged;
}

START_TEST(a_forged_end_of_flight_4_is_not_mixed_with_the_genuine_beginning) {
    static const size_t mtus[] = {1200, 548, 400, 300, 256};
    rtpgate_config *config = sim_config(1);
    struct sim_forged forged = forged_end_of_flight4();
    ck_assert_int_eq(rtpgate_config_set_mtu(config, mtus[_i]), 0);
    sim_pair_clear(&pair);
    sim_pair_init_with(&pair, 1, &sim_calm, NULL, config);
    forge(SIM_CLIENT, &forged, 0, 5000);
    sim_pair_run(&pair, SIM_SECOND);
    assert_agree();
}
END_TEST

/* The genuine ServerHelloDone is lost; the forged one comes from elsewhere. */
static void drop_first_flight4(void *context, struct sim_link *link, struct sim_passing *passing) {
    (void)context;
    if (passing->from == SIM_SERVER && sim_link_sent(link, SIM_SERVER) == 1) {
        *passing->length -= 25; /* the last record */
    }
}

START_TEST(flight_5_goes_to_whoever_signed) {
    struct sim_forged done = sim_forge_fragment(RG_SERVER_HELLO_DONE, 4, 0, 0, NULL, 0, 4);
    uint8_t buffer[2000];
    uint64_t path = 0;
    sim_link_tap(pair.link, drop_first_flight4, NULL);
    forge(SIM_CLIENT, &done, 666, 25000);
    sim_pair_run(&pair, 24000);
    ck_assert_int_eq(
        rtpgate_session_input(pair.client.session, done.bytes, done.length, 666, 26000), 0);
    (void)rtpgate_session_expire(pair.client.session, 60000);
    ck_assert_int_gt(rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path),
                     400);
    ck_assert_uint_eq(path, 0);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    assert_agree();
}
END_TEST

/* More combinations than one look covers: the genuine one is found in the next. */
START_TEST(the_search_goes_on_where_it_ended) {
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, 300), 0);
    sim_pair_clear(&pair);
    sim_pair_init_with(&pair, 1, &sim_calm, NULL, config);
    uint8_t body[300];
    static const uint8_t types[] = {RG_SERVER_HELLO, RG_CERTIFICATE, RG_SERVER_KEY_EXCHANGE,
                                    RG_CERTIFICATE_REQUEST};
    sim_pair_run(&pair, 20500); /* flight 4 is arriving, the first datagrams are there */
    for (uint8_t i = 0; i < 2; i++) {
        struct sim_forged hello = sim_forge_server_hello((uint8_t)(0x80 + i));
        forge(SIM_CLIENT, &hello, 0, 0);
        for (uint16_t n = 1; n < 4; n++) {
            memset(body, i + 1, sizeof(body));
            struct sim_forged forged =
                sim_forge_fragment(types[n], n, sizeof(body), 0, body, sizeof(body), n);
            forge(SIM_CLIENT, &forged, 0, 0);
        }
    }
    sim_link_run(pair.link, 10 * SIM_SECOND);
    assert_agree();
}
END_TEST

/* Three forged hellos that are repeated again and again cannot keep their places. */
START_TEST(repeated_forged_hellos_do_not_keep_their_places) {
    for (uint64_t round = 0; round < 25; round++) {
        for (uint8_t i = 0; i < 3; i++) {
            struct sim_forged hello = sim_forge_client_hello((uint8_t)(i + 1), 0);
            forge(SIM_SERVER, &hello, 0, round * 900000 + i);
        }
    }
    sim_pair_run(&pair, 29 * SIM_SECOND);
    assert_agree();
}
END_TEST

START_TEST(a_record_that_is_too_large_moves_no_path) {
    uint8_t buffer[2000];
    uint64_t path = 0;
    sim_pair_run(&pair, SIM_SECOND);
    for (size_t length = 16380; length <= 18432; length++) {
        struct sim_forged junk = sim_forge_record(RG_CONTENT_DATA, 1, 9, NULL, length);
        ck_assert_int_eq(
            rtpgate_session_input(pair.server.session, junk.bytes, junk.length, 666, SIM_SECOND),
            0);
    }
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_malformed, 18432 - 16408);
    ck_assert_int_eq(rtpgate_session_send(pair.server.session, buffer, 10, SIM_SECOND), 0);
    ck_assert_int_gt(rtpgate_session_output(pair.server.session, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 0);
}
END_TEST

/* One forged HelloVerifyRequest while the first hello is lost: the server takes the second hello.
 */
static void drop_first(void *context, struct sim_link *link, struct sim_passing *passing) {
    (void)context;
    (void)link;
    passing->drop = passing->number == 0;
}

START_TEST(a_forged_hello_verify_request_and_a_lost_hello_do_not_hang) {
    struct sim_forged request = sim_forge_verify_request(9);
    sim_link_tap(pair.link, drop_first, NULL);
    forge(SIM_CLIENT, &request, 0, 5000);
    sim_pair_run(&pair, 5 * SIM_SECOND);
    assert_agree();
}
END_TEST

/* Before the fingerprint is known any certificate may be tried: the checks are bounded all the
 * same. */
START_TEST(signature_checks_are_bounded) {
    uint8_t body[76];
    size_t length;
    const uint8_t *der = rtpgate_identity_certificate(sim_identity(1), &length);
    uint8_t certificate[2000] = {0, (uint8_t)((length + 3) >> 8), (uint8_t)(length + 3),
                                 0, (uint8_t)(length >> 8),       (uint8_t)length};
    memcpy(certificate + 6, der, length);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_pair_run(&pair, 15000); /* flight 4 has left */
    struct sim_forged forged =
        sim_forge_fragment(RG_CERTIFICATE, 1, (uint32_t)length + 6, 0, certificate, length + 6, 0);
    forge(SIM_SERVER, &forged, 0, 0);
    for (unsigned i = 0; i < 500; i++) {
        memset(body, (int)i, sizeof(body));
        body[40] = (uint8_t)(i >> 8);
        body[2] = 0; /* a signature of 72 bytes */
        body[3] = 72;
        body[0] = 4; /* ecdsa_secp256r1_sha256 */
        body[1] = 3;
        forged = sim_forge_fragment(RG_CLIENT_KEY_EXCHANGE, 2, 33, 0, body + 30, 33, i);
        forge(SIM_SERVER, &forged, 0, i);
        forged = sim_forge_fragment(RG_CERTIFICATE_VERIFY, 3, 76, 0, body, 76, i);
        forge(SIM_SERVER, &forged, 0, i);
    }
    sim_link_run(pair.link, 16000);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_forged, RG_PROOFS);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    sim_ours_expect(&pair.server, 0, 10 * SIM_SECOND);
    sim_link_run(pair.link, 20 * SIM_SECOND);
    assert_agree();
}
END_TEST

START_TEST(proofs_are_earned_back_with_time) {
    struct rtpgate_session *session = pair.server.session;
    for (int i = 0; i < RG_PROOFS; i++) {
        ck_assert(rg_may_prove(session, RG_CHECK_FIRST));
    }
    ck_assert(!rg_may_prove(session, RG_CHECK_FIRST));
    ck_assert_int_eq(rtpgate_session_expire(session, RG_PROOF_INTERVAL), 0);
    ck_assert(rg_may_prove(session, RG_CHECK_FIRST));
    ck_assert(!rg_may_prove(session, RG_CHECK_FIRST));
    ck_assert_int_eq(rtpgate_session_expire(session, UINT64_MAX - 1), 0);
    for (int i = 0; i < RG_PROOFS; i++) {
        ck_assert(rg_may_prove(session, RG_CHECK_FIRST));
    }
    ck_assert(!rg_may_prove(session, RG_CHECK_FIRST));
}
END_TEST

/* Listens to every path, with a certificate that nobody else has. */
static rtpgate_config *stranger_config(void) {
    rtpgate_identity *identity = NULL;
    rtpgate_config *config = NULL;
    ck_assert_int_eq(rtpgate_identity_generate(&identity, 1700000000, 1702592000), 0);
    ck_assert_int_eq(rtpgate_config_new(&config, identity), 0);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, true), 0);
    rtpgate_identity_free(identity);
    return config;
}

/* Before the fingerprint is known strangers may finish; they hold no place once it is. Each comes
 * from a path of his own, by `now`. */
static void stranger_finishes(rtpgate_session *server, uint64_t now) {
    struct sim_ours stranger;
    uint8_t buffer[2000];
    uint64_t path;
    int length;
    sim_ours_init(&stranger, stranger_config(), RTPGATE_ROLE_CLIENT, now);
    sim_ours_expect(&stranger, 1, now);
    ck_assert_int_eq(rtpgate_session_start(stranger.session, now), 0);
    for (int turn = 0; turn < 4; turn++) {
        while ((length = rtpgate_session_output(stranger.session, buffer, sizeof(buffer), &path)) >
               0) {
            (void)rtpgate_session_input(server, buffer, (size_t)length, 5 + now, now);
        }
        while ((length = rtpgate_session_output(server, buffer, sizeof(buffer), &path)) > 0) {
            (void)rtpgate_session_input(stranger.session, buffer, (size_t)length, 5 + now, now);
        }
    }
    ck_assert_int_eq(rtpgate_session_state(stranger.session), RTPGATE_STATE_READY);
    if (now % 2 == 1) { /* and some close at once */
        (void)rtpgate_session_close(stranger.session, now);
        length = rtpgate_session_output(stranger.session, buffer, sizeof(buffer), &path);
        (void)rtpgate_session_input(server, buffer, (size_t)length, 5 + now, now);
    }
    sim_ours_clear(&stranger);
}

START_TEST(strangers_that_finished_give_way_to_the_expected_peer) {
    struct rtpgate_fingerprint seen;
    struct rtpgate_fingerprint right = sim_fingerprint(0);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    for (uint64_t i = 0; i < RG_CANDIDATES; i++) {
        stranger_finishes(pair.server.session, 2 * i);
    }
    sim_pair_run(&pair, SIM_SECOND); /* no place for the client's hello */
    assert_state(&pair.server, RTPGATE_STATE_UNVERIFIED);
    uint64_t candidates = sim_ours_stats(&pair.server).candidates;
    sim_ours_expect(&pair.server, 0, SIM_SECOND);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).candidates, candidates + 1); /* at once */
    sim_link_run(pair.link, 20 * SIM_SECOND);
    assert_agree();
    ck_assert_int_eq(
        rtpgate_session_peer_fingerprint(pair.server.session, RTPGATE_HASH_SHA256, &seen), 0);
    ck_assert_mem_eq(seen.bytes, right.bytes, 32);
}
END_TEST

START_TEST(a_stranger_that_closes_ends_nothing) {
    struct rtpgate_session_info info;
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    stranger_finishes(pair.server.session, 1);
    assert_state(&pair.server, RTPGATE_STATE_HANDSHAKE);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    assert_state(&pair.server, RTPGATE_STATE_HANDSHAKE);
    sim_pair_run(&pair, 12 * SIM_SECOND);
    assert_state(&pair.server, RTPGATE_STATE_UNVERIFIED);
    ck_assert_int_eq(rtpgate_session_info(pair.server.session, &info, sizeof(info)), 0);
    sim_ours_expect(&pair.server, 0, 12 * SIM_SECOND);
    assert_agree();
}
END_TEST

/* Twelve datagrams before flight 5 use up the checks: the client's repetition is looked at with new
 * ones. */
START_TEST(spent_checks_delay_the_proof_and_prevent_nothing) {
    uint8_t body[76] = {4, 3, 0, 72};
    size_t length;
    const uint8_t *der = rtpgate_identity_certificate(sim_identity(0), &length);
    uint8_t certificate[2000] = {0, (uint8_t)((length + 3) >> 8), (uint8_t)(length + 3),
                                 0, (uint8_t)(length >> 8),       (uint8_t)length};
    memcpy(certificate + 6, der, length);
    sim_pair_run(&pair, 25000);
    struct sim_forged forged =
        sim_forge_fragment(RG_CERTIFICATE, 1, (uint32_t)length + 6, 0, certificate, length + 6, 0);
    forge(SIM_SERVER, &forged, 0, 0);
    for (uint8_t i = 0; i < 100; i++) {
        memset(body + 4, i, sizeof(body) - 4);
        forged = sim_forge_fragment(RG_CLIENT_KEY_EXCHANGE, 2, 33, 0, body + 30, 33, i);
        forge(SIM_SERVER, &forged, 0, i);
        forged = sim_forge_fragment(RG_CERTIFICATE_VERIFY, 3, 76, 0, body, 76, i);
        forge(SIM_SERVER, &forged, 0, i);
    }
    sim_link_run(pair.link, 27000);
    ck_assert_uint_eq(pair.server.session->proofs, 0);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    assert_agree();
}
END_TEST

/* A refusal stays one although a late repetition comes after it. */
START_TEST(one_repetition_does_not_turn_a_refusal_into_a_timeout) {
    const struct sim_conditions dead = {.loss = 1000};
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 42);
    struct sim_forged done = sim_forge_fragment(RG_SERVER_HELLO_DONE, 4, 0, 0, NULL, 0, 4);
    sim_pair_run(&pair, 25000); /* flight 5 is on its way, and will be refused */
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_link_set_conditions(pair.link, &dead);
    forge(SIM_CLIENT, &alert, 0, 0);
    forge(SIM_CLIENT, &done, 0, 100000);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    int cause = 0;
    (void)rtpgate_session_error(pair.client.session, &cause);
    ck_assert_int_eq(cause, RTPGATE_ERR_ALERT);
}
END_TEST

static void drop_final_flights(void *context, struct sim_link *link, struct sim_passing *passing) {
    unsigned *dropped = context;
    (void)link;
    if (passing->from == SIM_SERVER && passing->bytes[0] == RG_CONTENT_CCS && *dropped < 4) {
        ++*dropped;
        passing->drop = true;
    }
}

/* What came with the signed message is not given up in silence: the server may be READY, and only
 * its final flight be lost. */
START_TEST(a_trusted_certificate_request_is_never_given_up) {
    unsigned dropped = 0;
    struct sim_forged forged = forged_end_of_flight4();
    sim_link_tap(pair.link, drop_final_flights, &dropped);
    forge(SIM_CLIENT, &forged, 0, 15000);
    sim_pair_run(&pair, 29 * SIM_SECOND);
    ck_assert_uint_eq(dropped, 4);
    assert_agree();
}
END_TEST

/* A stranger who proves a certificate of his own and keeps his Finished back. */
static void stranger_proves(rtpgate_session *server, uint64_t from) {
    struct sim_ours stranger;
    struct sim_message flight[3] = {{0}};
    uint8_t buffer[2000];
    uint64_t path;
    sim_ours_init(&stranger, sim_config(1), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_expect(&stranger, 1, 0);
    ck_assert_int_eq(rtpgate_session_start(stranger.session, 0), 0);
    int length = rtpgate_session_output(stranger.session, buffer, sizeof(buffer), &path);
    (void)rtpgate_session_input(server, buffer, (size_t)length, from, 0);
    length = rtpgate_session_output(server, buffer, sizeof(buffer), &path);
    (void)rtpgate_session_input(stranger.session, buffer, (size_t)length, from, 0);
    length = rtpgate_session_output(stranger.session, buffer, sizeof(buffer), &path);
    (void)sim_take_apart(buffer, (size_t)length, flight, 1, 3);
    for (uint16_t i = 0; i < 3; i++) {
        struct sim_forged message = sim_forge_message(&flight[i], (uint16_t)(i + 1));
        (void)rtpgate_session_input(server, message.bytes, message.length, from, 0);
    }
    sim_ours_clear(&stranger);
}

static void three_strangers_prove(void) {
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        stranger_proves(pair.server.session, 5 + i);
        ck_assert_int_eq(pair.server.session->candidates[i]->stage, RG_STAGE_FINISHED);
    }
}

START_TEST(strangers_that_keep_finished_back_hold_no_place) {
    three_strangers_prove();
    sim_pair_run(&pair, 10 * SIM_SECOND);
    assert_state(&pair.server, RTPGATE_STATE_UNVERIFIED);
    sim_ours_expect(&pair.server, 0, 10 * SIM_SECOND);
    sim_link_run(pair.link, 20 * SIM_SECOND);
    assert_agree();
}
END_TEST

START_TEST(strangers_that_keep_finished_back_go_when_the_fingerprint_comes) {
    three_strangers_prove();
    sim_ours_expect(&pair.server, 0, 0);
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        ck_assert_ptr_null(pair.server.session->candidates[i]);
    }
}
END_TEST

/* While the fingerprint is awaited two have finished: whoever repeats himself gets his own final
 * flight. */
START_TEST(the_final_flight_goes_to_whoever_asks) {
    unsigned dropped = 2; /* of four */
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    stranger_finishes(pair.server.session, 0);
    sim_link_tap(pair.link, drop_final_flights, &dropped);
    sim_pair_run(&pair, 10 * SIM_SECOND);
    ck_assert_uint_eq(dropped, 4);
    assert_state(&pair.client, RTPGATE_STATE_READY);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("offpath");
    TCase *tests = suite_case(suite, "spoofed datagrams");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, a_forged_end_of_flight_4_is_not_mixed_with_the_genuine_beginning, 0,
                        5);
    tcase_add_test(tests, flight_5_goes_to_whoever_signed);
    tcase_add_test(tests, the_search_goes_on_where_it_ended);
    tcase_add_test(tests, repeated_forged_hellos_do_not_keep_their_places);
    tcase_add_test(tests, a_record_that_is_too_large_moves_no_path);
    tcase_add_test(tests, a_forged_hello_verify_request_and_a_lost_hello_do_not_hang);
    tcase_add_test(tests, signature_checks_are_bounded);
    tcase_add_test(tests, proofs_are_earned_back_with_time);
    tcase_add_test(tests, strangers_that_finished_give_way_to_the_expected_peer);
    tcase_add_test(tests, a_stranger_that_closes_ends_nothing);
    tcase_add_test(tests, spent_checks_delay_the_proof_and_prevent_nothing);
    tcase_add_test(tests, one_repetition_does_not_turn_a_refusal_into_a_timeout);
    tcase_add_test(tests, a_trusted_certificate_request_is_never_given_up);
    tcase_add_test(tests, strangers_that_keep_finished_back_hold_no_place);
    tcase_add_test(tests, strangers_that_keep_finished_back_go_when_the_fingerprint_comes);
    tcase_add_test(tests, the_final_flight_goes_to_whoever_asks);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
