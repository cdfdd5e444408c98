/* Against GnuTLS as its users configure it: what is agreed on, and how bad peers end. */
#include <string.h>

#include "meeting.h"
#include "sim/forge.h"
#include "state.h"
#include "suite.h"
#include "wire/handshake.h"
#include "wire/record.h"

static const uint16_t null_profiles[] = {0x0005, 0x0006};

#define CURVES(group)                                                                              \
    "NONE:+VERS-DTLS1.2:+AEAD:+ECDHE-ECDSA:+AES-128-GCM:+SIGN-ECDSA-SHA256:+COMP-NULL:"            \
    "+CTYPE-X509:+GROUP-" group

/* Both roles x four profiles x two groups. */
START_TEST(profiles_and_groups_are_agreed_on) {
    static const char *const curves[] = {CURVES("X25519"), CURVES("SECP256R1")};
    static const uint16_t groups[] = {29, 23};
    const uint16_t *profile = &all_profiles[_i / 2 % 4];
    const struct sim_stock_setup setup = {
        .server = _i / 8 == 1, .priority = curves[_i % 2], .profiles = profile, .profile_count = 1};
    struct rtpgate_session_info info;
    struct meeting meeting;
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND / 2);
    assert_same_keys(&meeting);
    ck_assert_int_eq(rtpgate_session_info(meeting.ours.session, &info, sizeof(info)), 0);
    ck_assert_uint_eq(info.profile, *profile);
    ck_assert_uint_eq(sim_stock_profile(&meeting.stock), *profile);
    ck_assert_uint_eq(info.group, groups[_i % 2]);
    ck_assert_uint_eq(info.version, 0xfefd);
    ck_assert_uint_eq(info.cipher_suite, 0xc02b);
    ck_assert(info.extended_master_secret);
    part(&meeting);
}
END_TEST

START_TEST(our_preference_beats_the_clients_order) {
    static const uint16_t offer[] = {0x0001, 0x0008, 0x0007};
    const struct sim_stock_setup setup = {.profiles = offer, .profile_count = 3};
    struct meeting meeting;
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND / 2);
    assert_same_keys(&meeting);
    ck_assert_uint_eq(sim_stock_profile(&meeting.stock), 0x0007);
    part(&meeting);
}
END_TEST

START_TEST(lossy_networks_end_in_equal_keys) {
    for (uint64_t seed = 0; seed < 100; seed++) {
        const struct sim_conditions conditions = {
            .loss = 150, .duplicate = 100, .reorder = 200, .delay = 20000};
        const struct sim_stock_setup setup = {
            .server = _i == 1, .profiles = all_profiles, .profile_count = 4};
        struct meeting meeting;
        meet(&meeting, &setup, NULL, seed, &conditions);
        begin(&meeting);
        sim_link_run(meeting.link, 60 * SIM_SECOND);
        assert_same_keys(&meeting);
        part(&meeting);
    }
}
END_TEST

/* The server's final flight is lost: the stock client repeats itself, we repeat it byte for byte.
 */
static void lose_final(void *context, struct sim_link *link, struct sim_passing *passing) {
    size_t *lost = context;
    (void)link;
    if (passing->from == 0 && passing->bytes[0] == 20 && *lost < 3) {
        ++*lost;
        passing->drop = true;
    }
}

START_TEST(a_lost_final_flight_is_repeated) {
    const struct sim_stock_setup setup = {.profiles = all_profiles, .profile_count = 4};
    size_t lost = 0;
    struct meeting meeting;
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    sim_link_tap(meeting.link, lose_final, &lost);
    begin(&meeting);
    sim_link_run(meeting.link, 30 * SIM_SECOND);
    ck_assert_uint_eq(lost, 3);
    ck_assert(meeting.stock.done);
    assert_same_keys(&meeting);
    part(&meeting);
}
END_TEST

START_TEST(application_data_and_close_notify_pass) {
    const struct sim_stock_setup setup = {
        .server = _i % 2 == 1, .profiles = all_profiles, .profile_count = 4};
    struct meeting meeting;
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND / 2);
    ck_assert_int_eq(rtpgate_session_send(meeting.ours.session, (const uint8_t *)"ping", 4, 0), 0);
    ck_assert_int_gt(sim_stock_send(&meeting.stock, "pong!", 5), 0);
    sim_link_run(meeting.link, SIM_SECOND);
    ck_assert_uint_eq(meeting.stock.data_length, 4);
    ck_assert_mem_eq(meeting.stock.data, "ping", 4);
    ck_assert_uint_eq(meeting.ours.data_length, 5);
    ck_assert_mem_eq(meeting.ours.data, "pong!", 5);
    if (_i / 2 == 0) {
        ck_assert_int_eq(rtpgate_session_close(meeting.ours.session, SIM_SECOND), 0);
        sim_link_run(meeting.link, 2 * SIM_SECOND);
        ck_assert(meeting.stock.closed);
    } else {
        ck_assert_int_eq(sim_stock_close(&meeting.stock), 0);
        sim_link_run(meeting.link, 2 * SIM_SECOND);
        ck_assert_ptr_nonnull(sim_ours_event(&meeting.ours, RTPGATE_EVENT_CLOSED));
        ck_assert(meeting.stock.closed); /* our answer */
    }
    ck_assert_int_eq(rtpgate_session_state(meeting.ours.session), RTPGATE_STATE_CLOSED);
    part(&meeting);
}
END_TEST

START_TEST(a_renegotiation_by_the_peer_itself_is_ignored) {
    const struct sim_stock_setup setup = {.profiles = all_profiles, .profile_count = 4};
    struct meeting meeting;
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND / 2);
    sim_stock_renegotiate(&meeting.stock);
    size_t sent = sim_link_sent(meeting.link, 1);
    sim_link_run(meeting.link, 5 * SIM_SECOND);
    ck_assert_uint_gt(sim_link_sent(meeting.link, 1), sent);
    ck_assert_int_eq(rtpgate_session_state(meeting.ours.session), RTPGATE_STATE_READY);
    ck_assert(!meeting.stock.done);
    part(&meeting);
}
END_TEST

#define STOCK "NORMAL:-VERS-ALL:+VERS-DTLS1.2"

static const struct bad_peer {
    const char *name;
    struct sim_stock_setup setup;
    int cause;
} bad_peers[] = {
    {"client without certificate",
     {.profiles = all_profiles, .profile_count = 4, .no_certificate = true},
     RTPGATE_ERR_NO_CERTIFICATE},
    {"server that asks for no certificate",
     {.server = true, .profiles = all_profiles, .profile_count = 4, .asks_no_certificate = true},
     RTPGATE_ERR_NO_CERTIFICATE},
    {"client without use_srtp", {.profile_count = 0}, RTPGATE_ERR_NO_USE_SRTP},
    {"server without use_srtp", {.server = true}, RTPGATE_ERR_NO_USE_SRTP},
    {"client with NULL profiles only",
     {.profiles = null_profiles, .profile_count = 2},
     RTPGATE_ERR_NO_PROFILE},
    {"client with an MKI",
     {.profiles = all_profiles, .profile_count = 4, .mki = "mki"},
     RTPGATE_ERR_MKI},
    {"client with DTLS 1.0 only",
     {.priority = "NORMAL:-VERS-ALL:+VERS-DTLS1.0", .profiles = all_profiles, .profile_count = 4},
     RTPGATE_ERR_VERSION},
    {"server with DTLS 1.0 only",
     {.server = true,
      .priority = "NORMAL:-VERS-ALL:+VERS-DTLS1.0",
      .profiles = all_profiles,
      .profile_count = 4},
     RTPGATE_ERR_ALERT},
    {"client without the extended master secret",
     {.priority = STOCK ":%NO_SESSION_HASH", .profiles = all_profiles, .profile_count = 4},
     RTPGATE_ERR_EMS},
    {"server without the extended master secret",
     {.server = true,
      .priority = STOCK ":%NO_SESSION_HASH",
      .profiles = all_profiles,
      .profile_count = 4},
     RTPGATE_ERR_EMS},
    {"client with CBC only",
     {.priority = STOCK ":-CIPHER-ALL:+AES-128-CBC", .profiles = all_profiles, .profile_count = 4},
     RTPGATE_ERR_CIPHER},
    {"client with unknown groups only",
     {.priority = STOCK ":-GROUP-ALL:+GROUP-SECP521R1",
      .profiles = all_profiles,
      .profile_count = 4},
     RTPGATE_ERR_CIPHER},
    {"client that cannot verify our signature",
     {.priority = STOCK ":-SIGN-ALL:+SIGN-RSA-SHA256",
      .profiles = all_profiles,
      .profile_count = 4},
     RTPGATE_ERR_CIPHER},
};

static void assert_ends_with(struct meeting *meeting, const char *name, int cause) {
    int seen = 0;
    const struct rtpgate_event *failed = sim_ours_event(&meeting->ours, RTPGATE_EVENT_FAILED);
    const struct rtpgate_event *advice = sim_ours_event(&meeting->ours, RTPGATE_EVENT_ADVICE);
    const char *text = rtpgate_session_error(meeting->ours.session, &seen);
    ck_assert_msg(seen == cause, "%s: cause %d (%s), not %d; stock: %s", name, seen, text, cause,
                  gnutls_strerror(meeting->stock.failure));
    ck_assert_ptr_nonnull(failed);
    ck_assert_ptr_nonnull(advice);
    ck_assert_int_eq(failed->cause, cause);
    ck_assert_int_eq(advice->cause, cause);
    ck_assert_str_ne(text, "");
    ck_assert_int_eq(rtpgate_session_state(meeting->ours.session), RTPGATE_STATE_FAILED);
    ck_assert_uint_eq(rtpgate_session_deadline(meeting->ours.session), RTPGATE_NEVER);
}

START_TEST(a_bad_peer_ends_with_its_cause) {
    const struct bad_peer *bad = &bad_peers[_i];
    struct meeting meeting;
    meet(&meeting, &bad->setup, NULL, 1, &sim_calm);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND - 1);
    ck_assert_msg(rtpgate_session_state(meeting.ours.session) < RTPGATE_STATE_READY, "%s: %s",
                  bad->name, rtpgate_state_name(rtpgate_session_state(meeting.ours.session)));
    ck_assert_ptr_nonnull(sim_ours_event(&meeting.ours, RTPGATE_EVENT_ADVICE));
    bool answered = sim_ours_stats(&meeting.ours).datagrams_sent > 0;
    sim_link_run(meeting.link, (answered ? 5 : 31) * SIM_SECOND);
    assert_ends_with(&meeting, bad->name, bad->cause);
    ck_assert(!meeting.stock.done);
    part(&meeting);
}
END_TEST

START_TEST(without_grace_a_bad_peer_ends_at_once) {
    const struct bad_peer *bad = &bad_peers[_i];
    rtpgate_config *config = sim_config(0);
    ck_assert_int_eq(rtpgate_config_set_grace(config, 0), 0);
    struct meeting meeting;
    meet(&meeting, &bad->setup, config, 1, &sim_calm);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND / 2);
    assert_ends_with(&meeting, bad->name, bad->cause);
    part(&meeting);
}
END_TEST

/* Both roles x known before and late. */
START_TEST(a_wrong_fingerprint_ends_with_both_in_the_sentence) {
    bool late = _i / 2 == 1;
    const struct sim_stock_setup setup = {
        .server = _i % 2 == 1, .profiles = all_profiles, .profile_count = 4};
    struct rtpgate_fingerprint wrong = sim_fingerprint(1);
    char seen[RTPGATE_FINGERPRINT_MAX_TEXT];
    char expected[RTPGATE_FINGERPRINT_MAX_TEXT];
    struct rtpgate_fingerprint right = stock_fingerprint();
    struct meeting meeting;
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    sim_ours_clear(&meeting.ours);
    sim_ours_init(&meeting.ours, sim_config(0),
                  setup.server ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, 0);
    if (!late) {
        sim_ours_expect(&meeting.ours, 1, 0);
    }
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND / 2);
    if (late) {
        ck_assert_int_eq(rtpgate_session_state(meeting.ours.session), RTPGATE_STATE_UNVERIFIED);
        ck_assert_int_eq(
            rtpgate_session_set_remote(meeting.ours.session, &wrong, 1, SIM_SECOND / 2), 0);
        sim_ours_drain(&meeting.ours, SIM_SECOND / 2);
    }
    sim_link_run(meeting.link, 5 * SIM_SECOND);
    assert_ends_with(&meeting, "wrong fingerprint", RTPGATE_ERR_FINGERPRINT);
    (void)rtpgate_fingerprint_format(&right, seen, sizeof(seen));
    (void)rtpgate_fingerprint_format(&wrong, expected, sizeof(expected));
    ck_assert_ptr_nonnull(strstr(rtpgate_session_error(meeting.ours.session, NULL), seen));
    ck_assert_ptr_nonnull(strstr(rtpgate_session_error(meeting.ours.session, NULL), expected));
    ck_assert_int_eq(meeting.stock.failure, GNUTLS_E_FATAL_ALERT_RECEIVED);
    ck_assert_int_eq(gnutls_alert_get(meeting.stock.tls), GNUTLS_A_BAD_CERTIFICATE);
    part(&meeting);
}
END_TEST

/* A server that sends one message a datagram: a forged CertificateRequest and ServerHelloDone
 * before its flight. */
START_TEST(a_forged_certificate_request_is_not_believed_before_anything_is_signed) {
    static const uint8_t request[] = {1, 64, 0, 4, 4, 3, 5, 3, 0, 0};
    const struct sim_stock_setup setup = {
        .server = true, .profiles = all_profiles, .profile_count = 4};
    struct meeting meeting;
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    begin(&meeting);
    struct sim_forged forged =
        sim_forge_fragment(13, 3, sizeof(request), 0, request, sizeof(request), 3);
    sim_link_inject(meeting.link, 0, forged.bytes, forged.length, 0, 1000);
    forged = sim_forge_fragment(14, 4, 0, 0, NULL, 0, 4);
    sim_link_inject(meeting.link, 0, forged.bytes, forged.length, 0, 1000);
    sim_link_run(meeting.link, 5 * SIM_SECOND);
    assert_same_keys(&meeting);
    part(&meeting);
}
END_TEST

/* What the benchmarks compare us with must not be slowed down by the simulated network. */
START_TEST(two_stock_peers_finish_although_datagrams_are_lost) {
    const struct sim_conditions lossy = {.loss = 100, .delay = 10000};
    const struct sim_stock_setup setup = {.profiles = all_profiles, .profile_count = 1};
    struct sim_stock_setup serving = setup;
    serving.server = true;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim_link *link = sim_link_new(seed, &lossy);
        struct sim_stock peers[2];
        sim_stock_init(&peers[0], &setup);
        sim_stock_init(&peers[1], &serving);
        (void)sim_link_add(link, sim_stock_endpoint(&peers[0]));
        (void)sim_link_add(link, sim_stock_endpoint(&peers[1]));
        sim_stock_start(&peers[0]);
        sim_link_run(link, 40 * SIM_SECOND);
        ck_assert_msg(peers[0].done && peers[1].done, "seed %lu: client: %s; server: %s",
                      (unsigned long)seed, gnutls_strerror(peers[0].failure),
                      gnutls_strerror(peers[1].failure));
        sim_stock_clear(&peers[0]);
        sim_stock_clear(&peers[1]);
        sim_link_free(link);
    }
}
END_TEST

/* Just before a CertificateVerify: the same with another signature. */
static void forge_before_the_proof(void *context, struct sim_link *link,
                                   struct sim_passing *passing) {
    bool *forged = context;
    uint8_t copy[2000];
    if (*forged || *passing->length > sizeof(copy) ||
        passing->bytes[RG_RECORD_HEADER] != RG_CERTIFICATE_VERIFY) {
        return;
    }
    *forged = true;
    memcpy(copy, passing->bytes, *passing->length);
    copy[*passing->length - 6] ^= 0x55;
    sim_link_inject(link, passing->from ^ 1U, copy, *passing->length, 0, sim_calm.delay);
}

/* The price that rtpgate_config_set_proof states: a stock client does not begin again. */
START_TEST(a_forged_flight_5_costs_a_stock_client_only_where_it_is_not_proven) {
    const struct sim_stock_setup setup = {.profiles = all_profiles, .profile_count = 1};
    enum rtpgate_proof proof = _i == 0 ? RTPGATE_PROOF_ALWAYS : RTPGATE_PROOF_AFTER_ANOMALY;
    rtpgate_config *config = sim_config(0);
    struct meeting meeting;
    bool forged = false;
    ck_assert_int_eq(rtpgate_config_set_proof(config, proof), 0);
    meet(&meeting, &setup, config, 1, &sim_calm);
    sim_link_tap(meeting.link, forge_before_the_proof, &forged);
    begin(&meeting);
    sim_link_run(meeting.link, 25 * SIM_SECOND);
    ck_assert(forged);
    if (proof == RTPGATE_PROOF_ALWAYS) {
        assert_same_keys(&meeting);
    } else {
        assert_state(&meeting.ours, RTPGATE_STATE_HANDSHAKE);
        sim_link_run(meeting.link, 40 * SIM_SECOND);
        assert_failed(&meeting.ours, RTPGATE_ERR_TIMEOUT);
    }
    part(&meeting);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("peers");
    TCase *tests = suite_case(suite, "stock GnuTLS");
    const int bad = sizeof(bad_peers) / sizeof(bad_peers[0]);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, profiles_and_groups_are_agreed_on, 0, 16);
    tcase_add_test(tests, our_preference_beats_the_clients_order);
    tcase_add_loop_test(tests, lossy_networks_end_in_equal_keys, 0, 2);
    tcase_add_test(tests, a_lost_final_flight_is_repeated);
    tcase_add_test(tests, a_renegotiation_by_the_peer_itself_is_ignored);
    tcase_add_loop_test(tests, application_data_and_close_notify_pass, 0, 4);
    tcase_add_loop_test(tests, a_bad_peer_ends_with_its_cause, 0, bad);
    tcase_add_loop_test(tests, without_grace_a_bad_peer_ends_at_once, 0, bad);
    tcase_add_loop_test(tests, a_wrong_fingerprint_ends_with_both_in_the_sentence, 0, 4);
    tcase_add_test(tests, a_forged_certificate_request_is_not_believed_before_anything_is_signed);
    tcase_add_test(tests, two_stock_peers_finish_although_datagrams_are_lost);
    tcase_add_loop_test(tests, a_forged_flight_5_costs_a_stock_client_only_where_it_is_not_proven,
                        0, 2);
    int failed = suite_run(suite);
    sim_ours_finish();
    sim_stock_finish();
    return failed;
}
