/* What is left of an association that gave GnuTLS back, judged by stock GnuTLS. */
#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/engine_records.h"
#include "fixture.h"
#include "meeting.h"
#include "sim/forge.h"
#include "state.h"
#include "suite.h"
#include "wire/alert.h"

#define LINGER (10 * SIM_SECOND)

#define SUITE(kx, cipher)                                                                          \
    "NONE:+VERS-DTLS1.2:+AEAD:+ECDHE-" kx ":+" cipher                                              \
    ":+SIGN-ECDSA-SHA256:+SIGN-RSA-SHA256:+COMP-NULL:+CTYPE-X509:+GROUP-X25519"

/* A stock server has an ECDSA certificate, ours has either. */
static const struct suite {
    uint16_t number;
    bool stock_serves;
    const char *identity; /* ours; NULL: the usual one */
    const char *priority;
} suites[] = {
    {0xc02b, true, NULL, SUITE("ECDSA", "AES-128-GCM")},
    {0xc02c, true, NULL, SUITE("ECDSA", "AES-256-GCM")},
    {0xcca9, true, NULL, SUITE("ECDSA", "CHACHA20-POLY1305")},
    {0xc02b, false, NULL, SUITE("ECDSA", "AES-128-GCM")},
    {0xc02c, false, NULL, SUITE("ECDSA", "AES-256-GCM")},
    {0xcca9, false, NULL, SUITE("ECDSA", "CHACHA20-POLY1305")},
    {0xc02f, false, "rsa2048", SUITE("RSA", "AES-128-GCM")},
    {0xc030, false, "rsa2048", SUITE("RSA", "AES-256-GCM")},
    {0xcca8, false, "rsa2048", SUITE("RSA", "CHACHA20-POLY1305")},
};
enum { SUITES = sizeof(suites) / sizeof(suites[0]), KEPT = 80 };

static const uint64_t lingers[] = {0, LINGER, RTPGATE_NEVER};

static struct meeting meeting;
static struct sim_forged kept[KEPT]; /* what stock sent while `keeping` */
static size_t kept_count;
static bool keeping;

static void on_passing(void *context, struct sim_link *link, struct sim_passing *passing) {
    (void)context;
    (void)link;
    if (keeping && passing->from == 1 && kept_count < KEPT) {
        memcpy(kept[kept_count].bytes, passing->bytes, *passing->length);
        kept[kept_count++].length = *passing->length;
        passing->drop = true;
    }
}

static rtpgate_config *config_of(const struct suite *suite, uint64_t linger) {
    rtpgate_config *config = NULL;
    if (suite->identity == NULL) {
        config = sim_config(0);
    } else {
        rtpgate_identity *identity = fixture_identity(suite->identity);
        ck_assert_int_eq(rtpgate_config_new(&config, identity), 0);
        rtpgate_identity_free(identity);
        ck_assert_int_eq(rtpgate_config_set_any_path(config, true), 0);
    }
    ck_assert_int_eq(rtpgate_config_set_release(config, linger), 0);
    return config;
}

static void ready(const struct suite *suite, uint64_t linger) {
    const struct sim_stock_setup setup = {.server = suite->stock_serves,
                                          .priority = suite->priority,
                                          .profiles = all_profiles,
                                          .profile_count = 4};
    kept_count = 0;
    keeping = false;
    meet(&meeting, &setup, config_of(suite, linger), 1, &sim_calm);
    sim_link_tap(meeting.link, on_passing, NULL);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND);
    assert_state(&meeting.ours, RTPGATE_STATE_READY);
}

static void ready_at_once(void) {
    ready(&suites[0], 0);
}

static void teardown(void) {
    part(&meeting);
}

static bool is_released(void) {
    return meeting.ours.session->engine == &rg_engine_records;
}

static void run_for(uint64_t time) {
    sim_link_run(meeting.link, sim_link_now(meeting.link) + time);
}

static void give(const struct sim_forged *datagram) {
    sim_link_inject(meeting.link, 0, datagram->bytes, datagram->length, 0, 0);
    run_for(1);
}

static void send_ours(size_t length, uint8_t fill) {
    uint8_t data[SIM_DATA];
    memset(data, fill, sizeof(data));
    meeting.stock.data_length = 0;
    ck_assert_int_eq(
        rtpgate_session_send(meeting.ours.session, data, length, sim_link_now(meeting.link)), 0);
    run_for(SIM_SECOND);
    /* Stock takes what is longer than its buffer in pieces. */
    size_t buffer = sizeof(meeting.stock.data);
    ck_assert_uint_eq(meeting.stock.data_length, (length - 1) % buffer + 1);
    ck_assert_uint_eq(meeting.stock.data[0], fill);
}

static void send_stock(size_t length, uint8_t fill) {
    uint8_t data[SIM_DATA];
    size_t before = meeting.ours.data_count;
    memset(data, fill, sizeof(data));
    ck_assert_int_eq(sim_stock_send(&meeting.stock, data, length), (int)length);
    run_for(SIM_SECOND);
    ck_assert_uint_eq(meeting.ours.data_count, before + 1);
    ck_assert_uint_eq(meeting.ours.data_length, length);
    ck_assert_mem_eq(meeting.ours.data, data, length);
}

static void assert_data_passes(uint8_t fill) {
    send_ours(1, fill);
    send_ours(200, fill);
    send_ours(rtpgate_session_data_mtu(meeting.ours.session), fill);
    send_stock(1, fill);
    send_stock(1000, fill);
}

static void assert_exports_agree(const char *label, const char *context, size_t context_length,
                                 size_t length) {
    uint8_t ours[200] = {0};
    uint8_t theirs[200] = {1};
    ck_assert_int_eq(rtpgate_session_export(meeting.ours.session, label, (const uint8_t *)context,
                                            context_length, ours, length),
                     0);
    ck_assert_int_eq(gnutls_prf_rfc5705(meeting.stock.tls, strlen(label), label, context_length,
                                        context, length, (char *)theirs),
                     0);
    ck_assert_mem_eq(ours, theirs, length);
}

static void assert_all_is_known(const struct suite *suite) {
    struct rtpgate_session_info info;
    struct rtpgate_srtp_keys keys;
    struct rtpgate_fingerprint seen;
    struct rtpgate_fingerprint stock = stock_fingerprint();
    assert_same_keys(&meeting);
    assert_exports_agree("EXPERIMENTAL label", NULL, 0, 1);
    assert_exports_agree("EXPERIMENTAL label", "", 0, 48);
    assert_exports_agree("EXPERIMENTAL label", "context", 7, 200);
    ck_assert_int_eq(rtpgate_session_keys(meeting.ours.session, &keys), 0);
    ck_assert_int_eq(rtpgate_session_info(meeting.ours.session, &info, sizeof(info)), 0);
    ck_assert_uint_eq(info.cipher_suite, suite->number);
    ck_assert_uint_eq(info.group, 29);
    ck_assert_uint_eq(info.profile, 0x0007);
    ck_assert(info.extended_master_secret);
    ck_assert_int_eq(
        rtpgate_session_peer_fingerprint(meeting.ours.session, RTPGATE_HASH_SHA256, &seen), 0);
    ck_assert_mem_eq(seen.bytes, stock.bytes, 32);
    ck_assert_ptr_nonnull(sim_ours_event(&meeting.ours, RTPGATE_EVENT_CERTIFICATE));
}

/* All suites x released at once, later, never: a peer cannot tell. */
START_TEST(nothing_changes_for_either_side) {
    const struct suite *suite = &suites[_i / 3 % SUITES];
    uint64_t linger = lingers[_i % 3];
    bool we_close = _i / 3 / SUITES == 0;
    ready(suite, linger);
    ck_assert(is_released() == (linger == 0));
    size_t mtu = rtpgate_session_data_mtu(meeting.ours.session);
    assert_data_passes(0x11);
    assert_all_is_known(suite);
    sim_link_run(meeting.link, 2 * LINGER);
    ck_assert(is_released() == (linger != RTPGATE_NEVER));
    ck_assert_uint_eq(rtpgate_session_deadline(meeting.ours.session), RTPGATE_NEVER);
    ck_assert_uint_eq(rtpgate_session_data_mtu(meeting.ours.session), mtu);
    assert_data_passes(0x22);
    assert_all_is_known(suite);
    if (we_close) {
        ck_assert_int_eq(rtpgate_session_close(meeting.ours.session, 0), 0);
    } else {
        ck_assert_int_eq(sim_stock_close(&meeting.stock), 0);
    }
    run_for(SIM_SECOND);
    ck_assert(meeting.stock.closed); /* our close_notify, or our answer */
    assert_state(&meeting.ours, RTPGATE_STATE_CLOSED);
    ck_assert((sim_ours_event(&meeting.ours, RTPGATE_EVENT_CLOSED) == NULL) == we_close);
    ck_assert_uint_eq(sim_ours_stats(&meeting.ours).dropped_record, 0);
    part(&meeting);
}
END_TEST

START_TEST(the_linger_ends_when_it_is_over) {
    ready(&suites[0], LINGER);
    uint64_t due = meeting.ours.ready_at + LINGER;
    ck_assert_uint_eq(rtpgate_session_deadline(meeting.ours.session), due);
    ck_assert_int_eq(rtpgate_session_expire(meeting.ours.session, due - 1), 0);
    ck_assert(!is_released());
    ck_assert_int_eq(rtpgate_session_expire(meeting.ours.session, due), 0);
    ck_assert(is_released());
    part(&meeting);
}
END_TEST

START_TEST(without_memory_everything_stays) {
    ready(&suites[_i], LINGER);
    rg_alloc_fail_from(1);
    ck_assert_int_eq(rtpgate_session_expire(meeting.ours.session, 2 * LINGER), 0);
    rg_alloc_fail_from(0);
    ck_assert(!is_released());
    ck_assert_uint_eq(rtpgate_session_deadline(meeting.ours.session), RTPGATE_NEVER);
    assert_data_passes(0x33);
    assert_all_is_known(&suites[_i]);
    part(&meeting);
}
END_TEST

START_TEST(authenticated_alerts_count) {
    ck_assert_int_eq(
        gnutls_alert_send(meeting.stock.tls, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED), 0);
    run_for(SIM_SECOND);
    assert_state(&meeting.ours, RTPGATE_STATE_READY);
    ck_assert_int_eq(gnutls_alert_send(meeting.stock.tls, GNUTLS_AL_FATAL, GNUTLS_A_INTERNAL_ERROR),
                     0);
    run_for(SIM_SECOND);
    assert_failed(&meeting.ours, RTPGATE_ERR_ALERT);
    ck_assert_uint_eq(sim_ours_event(&meeting.ours, RTPGATE_EVENT_FAILED)->alert, 80);
}
END_TEST

START_TEST(a_fatal_alert_of_ours_reaches_the_peer) {
    struct rg_candidate *active = meeting.ours.session->active;
    ck_assert_int_eq(rg_engine_records.alert(active->engine, RG_ALERT_BAD_CERTIFICATE), 0);
    rg_flight_flush(&active->flight);
    run_for(SIM_SECOND);
    ck_assert_int_eq(meeting.stock.failure, GNUTLS_E_FATAL_ALERT_RECEIVED);
    ck_assert_int_eq(gnutls_alert_get(meeting.stock.tls), GNUTLS_A_BAD_CERTIFICATE);
}
END_TEST

/* Before and after the release: the window goes on where GnuTLS's was. */
START_TEST(a_replayed_record_does_nothing) {
    ready(&suites[_i % SUITES], LINGER);
    keeping = true;
    ck_assert_int_eq(sim_stock_send(&meeting.stock, "once", 4), 4);
    run_for(SIM_SECOND);
    if (_i / SUITES == 0) {
        give(&kept[0]);
        ck_assert_uint_eq(meeting.ours.data_count, 1);
    }
    sim_link_run(meeting.link, 2 * LINGER);
    ck_assert(is_released());
    give(&kept[0]);
    give(&kept[0]);
    ck_assert_uint_eq(meeting.ours.data_count, 1);
    ck_assert_uint_eq(sim_ours_stats(&meeting.ours).dropped_record, _i / SUITES == 0 ? 2 : 1);
    keeping = false;
    assert_data_passes(0x44);
    part(&meeting);
}
END_TEST

START_TEST(a_changed_record_does_nothing) {
    ready(&suites[_i], 0);
    keeping = true;
    ck_assert_int_eq(sim_stock_send(&meeting.stock, "data", 4), 4);
    ck_assert_int_eq(sim_stock_close(&meeting.stock), 0);
    run_for(SIM_SECOND);
    ck_assert_uint_eq(kept_count, 2);
    for (size_t i = 0; i < 8 * (kept[0].length + kept[1].length); i++) {
        struct sim_forged changed = kept[i / 8 < kept[0].length ? 0 : 1];
        size_t at = i / 8 < kept[0].length ? i / 8 : i / 8 - kept[0].length;
        changed.bytes[at] ^= (uint8_t)(1U << i % 8);
        give(&changed);
        changed.length = at;
        give(&changed);
    }
    ck_assert_uint_eq(meeting.ours.data_count, 0);
    assert_state(&meeting.ours, RTPGATE_STATE_READY);
    give(&kept[0]);
    ck_assert_uint_eq(meeting.ours.data_count, 1);
    give(&kept[1]);
    assert_state(&meeting.ours, RTPGATE_STATE_CLOSED);
    part(&meeting);
}
END_TEST

/* Nobody but the peer moves the window, neither before the release nor after it. */
START_TEST(a_forged_record_number_shuts_nobody_out) {
    const uint64_t numbers[] = {1, 2, 64, 1000, UINT64_C(0xffffffffffff)};
    ready(&suites[_i], LINGER);
    for (size_t i = 0; i < 10; i++) {
        struct sim_forged forged = sim_forge_record(RG_CONTENT_DATA, 1, numbers[i % 5], NULL, 50);
        give(&forged);
        if (i == 4) {
            sim_link_run(meeting.link, 2 * LINGER);
        }
    }
    ck_assert(is_released());
    ck_assert_uint_eq(sim_ours_stats(&meeting.ours).dropped_record, 10);
    assert_data_passes(0x55);
    part(&meeting);
}
END_TEST

/* 70 records, the newest first: it and 63 more are not too old. */
START_TEST(records_may_come_in_another_order) {
    keeping = true;
    for (size_t i = 0; i < 70; i++) {
        ck_assert_int_eq(sim_stock_send(&meeting.stock, "data", 4), 4);
        sim_link_collect(meeting.link);
    }
    for (size_t i = 70; i > 0; i--) {
        give(&kept[i - 1]);
    }
    ck_assert_uint_eq(meeting.ours.data_count, 64);
    ck_assert_uint_eq(sim_ours_stats(&meeting.ours).dropped_record, 6);
}
END_TEST

struct loss {
    size_t wanted;
    size_t lost;
};

static void lose_final(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct loss *loss = context;
    (void)link;
    if (passing->from == 0 && passing->bytes[0] == RG_CONTENT_CCS && loss->lost < loss->wanted) {
        loss->lost++;
        passing->drop = true;
    }
}

START_TEST(a_lost_final_flight_is_repeated) {
    const struct sim_stock_setup setup = {.profiles = all_profiles, .profile_count = 4};
    struct loss loss = {.wanted = 3};
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    sim_link_tap(meeting.link, lose_final, &loss);
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND / 2);
    ck_assert(is_released());
    ck_assert(!meeting.stock.done);
    sim_link_run(meeting.link, 30 * SIM_SECOND);
    ck_assert_uint_eq(loss.lost, 3);
    ck_assert(meeting.stock.done);
    ck_assert_uint_eq(sim_ours_stats(&meeting.ours).answers, 3);
    assert_data_passes(0x66);
    part(&meeting);
}
END_TEST

START_TEST(a_renegotiation_is_ignored) {
    ready(&suites[3], 0);
    size_t before = sim_link_sent(meeting.link, 0);
    sim_stock_renegotiate(&meeting.stock);
    run_for(5 * SIM_SECOND);
    assert_state(&meeting.ours, RTPGATE_STATE_READY);
    ck_assert(!meeting.stock.done);
    ck_assert_uint_le(sim_link_sent(meeting.link, 0), before + RG_ANSWERS_MAX);
    part(&meeting);
}
END_TEST

/* The client says how much it takes: the server sends no more, whichever engine it has. */
START_TEST(the_peers_limit_holds) {
    const struct sim_stock_setup setup = {.profiles = all_profiles, .profile_count = 4};
    meet(&meeting, &setup, config_of(&suites[0], lingers[_i % 3]), 1, &sim_calm);
    if (_i / 3 == 0) {
        ck_assert_int_eq(gnutls_record_set_max_recv_size(meeting.stock.tls, 600), 0);
    } else {
        ck_assert_int_eq(gnutls_record_set_max_size(meeting.stock.tls, 512), 0);
    }
    begin(&meeting);
    sim_link_run(meeting.link, SIM_SECOND);
    assert_state(&meeting.ours, RTPGATE_STATE_READY);
    size_t most = rtpgate_session_data_mtu(meeting.ours.session);
    ck_assert_uint_eq(most, _i / 3 == 0 ? 600 : 512);
    send_ours(most, 0x77);
    uint8_t data[1200] = {0};
    ck_assert_int_eq(rtpgate_session_send(meeting.ours.session, data, most + 1, 0),
                     RTPGATE_ERR_INVAL);
    part(&meeting);
}
END_TEST

/* Makes the client's record_size_limit an extension that nobody knows. */
static void hide_record_limit(void *context, struct sim_link *link, struct sim_passing *passing) {
    static const uint8_t extension[] = {0, 28, 0, 2, 2, 0};
    (void)context;
    (void)link;
    for (size_t i = 0; passing->number == 0 && i + sizeof(extension) <= *passing->length; i++) {
        if (memcmp(passing->bytes + i, extension, sizeof(extension)) == 0) {
            passing->bytes[i] = 0xfa;
        }
    }
}

START_TEST(an_old_limit_holds_where_there_is_no_new_one) {
    const struct sim_stock_setup setup = {.profiles = all_profiles, .profile_count = 4};
    meet(&meeting, &setup, NULL, 1, &sim_calm);
    ck_assert_int_eq(gnutls_record_set_max_size(meeting.stock.tls, 512), 0);
    sim_link_tap(meeting.link, hide_record_limit, NULL);
    begin(&meeting);
    sim_link_run(meeting.link, 15000);
    ck_assert_ptr_nonnull(meeting.ours.session->candidates[0]);
    ck_assert_uint_eq(meeting.ours.session->candidates[0]->record_limit, 512);
    part(&meeting);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("release");
    TCase *tests = suite_case(suite, "against stock GnuTLS");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, nothing_changes_for_either_side, 0, 2 * 3 * SUITES);
    tcase_add_test(tests, the_linger_ends_when_it_is_over);
    tcase_add_loop_test(tests, without_memory_everything_stays, 0, SUITES);
    tcase_add_loop_test(tests, a_replayed_record_does_nothing, 0, 2 * SUITES);
    tcase_add_loop_test(tests, a_changed_record_does_nothing, 0, SUITES);
    tcase_add_loop_test(tests, a_forged_record_number_shuts_nobody_out, 0, SUITES);
    tcase_add_test(tests, a_lost_final_flight_is_repeated);
    tcase_add_test(tests, a_renegotiation_is_ignored);
    tcase_add_loop_test(tests, the_peers_limit_holds, 0, 6);
    tcase_add_test(tests, an_old_limit_holds_where_there_is_no_new_one);
    tests = suite_case(suite, "released at once");
    tcase_add_checked_fixture(tests, ready_at_once, teardown);
    tcase_add_test(tests, authenticated_alerts_count);
    tcase_add_test(tests, a_fatal_alert_of_ours_reaches_the_peer);
    tcase_add_test(tests, records_may_come_in_another_order);
    int failed = suite_run(suite);
    sim_ours_finish();
    sim_stock_finish();
    return failed;
}
