/* RTPGATE_PROOF_AFTER_ANOMALY: when a flight 5 is proven, and what it costs when it was not. */
#include <gnutls/x509.h>
#include <string.h>

#include "base/bytes.h"
#include "dtls/association.h"
#include "dtls/identity.h"
#include "fixture.h"
#include "flight5.h"
#include "wire/handshake.h"

/* A server that checks signatures after an anomaly alone: whether it does shows in what a forged
 * flight costs. */
static void setup_after_anomaly(void) {
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_proof(config, RTPGATE_PROOF_AFTER_ANOMALY), 0);
    sim_pair_init_with(&pair, 1, &sim_calm, sim_config(0), config);
    begin();
}

/* False when the forged flight 5 has cost the server its candidate. */
static bool survives_a_forged_flight(void) {
    for (unsigned i = 0; i < FLIGHT5 - 1; i++) {
        give_genuine(i);
    }
    give_changed(FLIGHT5 - 1, genuine[FLIGHT5 - 1].length - 6);
    ck_assert_uint_ge(sim_ours_stats(&pair.server).dropped_forged, 1); /* by each candidate */
    uint64_t candidates = sim_ours_stats(&pair.server).candidates;
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
    bool survived = rtpgate_session_state(pair.server.session) >= RTPGATE_STATE_UNVERIFIED;
    ck_assert(survived || candidates == 2);
    return survived;
}

START_TEST(an_undisturbed_flight_5_needs_no_proof) {
    for (unsigned i = 0; i < FLIGHT5; i++) {
        give_genuine(i);
    }
    give(finished.bytes, finished.length);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    assert_ends_well();
}
END_TEST

START_TEST(what_an_unproven_forgery_costs_a_client_of_ours_gets_back) {
    ck_assert(!survives_a_forged_flight());
    sim_ours_drain(&pair.server, 30000);
    ck_assert_int_eq(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE)->cause,
                     RTPGATE_ERR_HANDSHAKE);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
    assert_ends_well();
    ck_assert_uint_le(pair.server.ready_at, SIM_SECOND);
}
END_TEST

START_TEST(nobody_is_ended_by_an_unproven_forgery_before_the_deadline) {
    ck_assert(!survives_a_forged_flight());
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, 29 * SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_HANDSHAKE);
    (void)rtpgate_session_expire(pair.server.session, 31 * SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_FAILED);
}
END_TEST

static void give_empty_certificate(void) {
    static const uint8_t body[3] = {0};
    struct sim_forged datagram =
        sim_forge_fragment(RG_CERTIFICATE, 1, sizeof(body), 0, body, sizeof(body), 0);
    give(datagram.bytes, datagram.length);
}

static void give_alert(void) {
    struct sim_forged alert = sim_forge_alert(2, 40);
    give(alert.bytes, alert.length);
}

static void give_junk(void) {
    give((const uint8_t *)"junk", 4);
}

static void give_another_hello(void) {
    struct sim_forged hello = sim_forge_client_hello(9, 0);
    give(hello.bytes, hello.length);
}

static void give_another_version(void) {
    give_changed(0, 20);
}

static void give_part_of_another_message(void) {
    struct sim_forged datagram =
        sim_forge_fragment(RG_CERTIFICATE_VERIFY, 4, 70, 0, genuine[0].body, 20, 0);
    give(datagram.bytes, datagram.length);
}

static void give_a_record_too_early(void) {
    give(finished.bytes, finished.length);
}

static void give_from_another_path(void) {
    struct sim_forged datagram = sim_forge_message(&genuine[0], 1);
    ck_assert_int_eq(
        rtpgate_session_input(pair.server.session, datagram.bytes, datagram.length, 7, 30000), 0);
}

static void give_early_from_another_path(void) {
    ck_assert_int_eq(rg_paths_keep(&pair.server.session->paths, finished.bytes, finished.length, 7),
                     0);
}

static void evict(void) {
    pair.server.session->messages.evicted++;
}

static void forget_the_fingerprint(void) {
    pair.server.session->remote.count = 0;
}

static void (*const anomalies[])(void) = {
    give_empty_certificate,
    give_alert,
    give_junk,
    give_another_hello,
    give_another_version,
    give_part_of_another_message,
    give_a_record_too_early,
    give_from_another_path,
    give_early_from_another_path,
    evict,
    forget_the_fingerprint,
};

enum { ANOMALIES = sizeof(anomalies) / sizeof(anomalies[0]) };

START_TEST(after_an_anomaly_flight_5_is_proven) {
    anomalies[_i]();
    ck_assert(survives_a_forged_flight());
}
END_TEST

/* A Certificate with the expected leaf, whose RSA key has 8200 bits. */
static void give_costly_certificate(void) {
    enum { LENGTHS = 6 };
    struct fixture file = fixture_read("identity-rsa8200-cert.pem");
    const gnutls_datum_t text = {(unsigned char *)file.bytes, (unsigned)file.length};
    gnutls_datum_t der;
    uint8_t body[8192] = {0};
    struct rtpgate_fingerprint fingerprint;
    ck_assert_int_eq(gnutls_pem_base64_decode2("CERTIFICATE", &text, &der), 0);
    ck_assert_uint_lt(der.size, sizeof(body) - LENGTHS);
    rg_put_u16(body + 1, (uint16_t)(der.size + 3));
    rg_put_u16(body + 4, (uint16_t)der.size);
    memcpy(body + LENGTHS, der.data, der.size);
    ck_assert_int_eq(rg_certificate_fingerprint((struct rg_bytes){der.data, der.size},
                                                RTPGATE_HASH_SHA256, &fingerprint),
                     0);
    ck_assert_int_eq(rtpgate_session_set_remote(pair.server.session, &fingerprint, 1, 30000), 0);
    struct sim_forged datagram =
        sim_forge_fragment(RG_CERTIFICATE, 1, der.size + LENGTHS, 0, body, der.size + LENGTHS, 0);
    give(datagram.bytes, datagram.length);
    gnutls_free(der.data);
}

START_TEST(a_key_that_costs_too_much_is_not_left_to_gnutls) {
    static const uint8_t rsa_pkcs1_sha256[] = {0x04, 0x01};
    give_costly_certificate();
    give_genuine(1);
    memcpy(genuine[2].body, rsa_pkcs1_sha256, sizeof(rsa_pkcs1_sha256));
    give_genuine(2);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_forged, 1);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).candidates, 1); /* GnuTLS has not seen it */
}
END_TEST

int main(void) {
    Suite *suite = suite_create("anomaly");
    TCase *tests = suite_case(suite, "proof after anomaly");
    tcase_add_checked_fixture(tests, setup_after_anomaly, teardown);
    tcase_add_test(tests, an_undisturbed_flight_5_needs_no_proof);
    tcase_add_test(tests, what_an_unproven_forgery_costs_a_client_of_ours_gets_back);
    tcase_add_test(tests, nobody_is_ended_by_an_unproven_forgery_before_the_deadline);
    tcase_add_test(tests, a_key_that_costs_too_much_is_not_left_to_gnutls);
    tcase_add_loop_test(tests, after_an_anomaly_flight_5_is_proven, 0, ANOMALIES);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
