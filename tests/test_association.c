/* How an association becomes READY or ends: fingerprints, grace, deadlines, paths, time. */
#include "dtls/association.h"

#include <string.h>

#include "sim/forge.h"
#include "sim/pair.h"
#include "suite.h"
#include "wire/alert.h"

static struct sim_pair pair;

static void teardown(void) {
    sim_pair_clear(&pair);
}

static struct rtpgate_session_stats stats_of(const struct sim_ours *ours) {
    struct rtpgate_session_stats stats;
    ck_assert_int_eq(rtpgate_session_stats(ours->session, &stats, sizeof(stats)), 0);
    return stats;
}

static void assert_state(const struct sim_ours *ours, enum rtpgate_state state) {
    ck_assert_msg(rtpgate_session_state(ours->session) == state, "%s, not %s: %s",
                  rtpgate_state_name(rtpgate_session_state(ours->session)),
                  rtpgate_state_name(state), rtpgate_session_error(ours->session, NULL));
}

static void assert_failed(const struct sim_ours *ours, int cause) {
    int seen = 0;
    const char *text = rtpgate_session_error(ours->session, &seen);
    assert_state(ours, RTPGATE_STATE_FAILED);
    ck_assert_msg(seen == cause, "cause %d: %s", seen, text);
}

/* A pair of which `without` (SIM_CLIENT or SIM_SERVER) knows no fingerprint. */
static struct sim_ours *pair_without_fingerprint(size_t without) {
    pair.link = sim_link_new(1, &sim_calm);
    sim_ours_init(&pair.client, sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    if (without == SIM_CLIENT) {
        sim_ours_expect(&pair.server, 0, 0);
    } else {
        sim_ours_expect(&pair.client, 1, 0);
    }
    (void)sim_link_add(pair.link, sim_ours_endpoint(&pair.client));
    (void)sim_link_add(pair.link, sim_ours_endpoint(&pair.server));
    return without == SIM_CLIENT ? &pair.client : &pair.server;
}

START_TEST(without_a_fingerprint_nothing_is_given_out) {
    struct rtpgate_srtp_keys keys;
    struct rtpgate_session_info info;
    struct rtpgate_fingerprint seen;
    struct rtpgate_fingerprint theirs = sim_fingerprint(_i == SIM_CLIENT ? 1 : 0);
    uint8_t out[4];
    struct sim_ours *late = pair_without_fingerprint((size_t)_i);
    sim_pair_run(&pair, SIM_SECOND);
    assert_state(late, RTPGATE_STATE_UNVERIFIED);
    ck_assert_int_eq(rtpgate_session_keys(late->session, &keys), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_export(late->session, "L", NULL, 0, out, 4),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_send(late->session, out, 4, 0), RTPGATE_ERR_STATE);
    ck_assert_ptr_null(sim_ours_event(late, RTPGATE_EVENT_KEYS));
    ck_assert_ptr_nonnull(sim_ours_event(late, RTPGATE_EVENT_CERTIFICATE));
    ck_assert_int_eq(rtpgate_session_info(late->session, &info, sizeof(info)), 0);
    ck_assert_int_eq(rtpgate_session_peer_fingerprint(late->session, RTPGATE_HASH_SHA256, &seen),
                     0);
    ck_assert_mem_eq(seen.bytes, theirs.bytes, 32);
}
END_TEST

START_TEST(a_late_fingerprint_makes_it_ready_and_releases_what_was_held) {
    struct sim_ours *late = pair_without_fingerprint((size_t)_i);
    struct sim_ours *other = late == &pair.client ? &pair.server : &pair.client;
    sim_pair_run(&pair, SIM_SECOND);
    assert_state(other, RTPGATE_STATE_READY);
    for (uint8_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rtpgate_session_send(other->session, &i, 1, SIM_SECOND), 0);
    }
    sim_link_run(pair.link, 2 * SIM_SECOND);
    ck_assert_uint_eq(late->data_count, 0);
    sim_ours_expect(late, _i == SIM_CLIENT ? 1 : 0, 2 * SIM_SECOND);
    sim_ours_drain(late, 2 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_uint_eq(late->data_count, 3);
    ck_assert_uint_eq(late->data[0], 2);
}
END_TEST

START_TEST(held_data_is_bounded_and_counted) {
    struct sim_ours *late = pair_without_fingerprint(SIM_SERVER);
    const uint8_t data[100] = {0};
    sim_pair_run(&pair, SIM_SECOND);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(rtpgate_session_send(pair.client.session, data, 100, SIM_SECOND), 0);
    }
    sim_link_run(pair.link, 2 * SIM_SECOND);
    sim_ours_expect(late, 0, 2 * SIM_SECOND);
    sim_ours_drain(late, 2 * SIM_SECOND);
    ck_assert_uint_eq(late->data_count, RG_HELD_RECORDS);
    ck_assert_uint_eq(stats_of(late).dropped_limit, 20 - RG_HELD_RECORDS);
}
END_TEST

START_TEST(a_fingerprint_that_never_comes_is_a_timeout_of_its_own) {
    struct sim_ours *late = pair_without_fingerprint((size_t)_i);
    sim_pair_run(&pair, 29 * SIM_SECOND);
    assert_state(late, RTPGATE_STATE_UNVERIFIED);
    sim_link_run(pair.link, 31 * SIM_SECOND);
    assert_failed(late, RTPGATE_ERR_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(rtpgate_session_error(late->session, NULL), "fingerprint"));
}
END_TEST

START_TEST(a_wrong_late_fingerprint_fails_after_the_grace_and_tells_the_peer) {
    struct sim_ours *late = pair_without_fingerprint((size_t)_i);
    struct sim_ours *other = late == &pair.client ? &pair.server : &pair.client;
    sim_pair_run(&pair, SIM_SECOND);
    sim_ours_expect(late, _i == SIM_CLIENT ? 0 : 1, SIM_SECOND);
    sim_ours_drain(late, SIM_SECOND);
    ck_assert_int_eq(sim_ours_event(late, RTPGATE_EVENT_ADVICE)->cause, RTPGATE_ERR_FINGERPRINT);
    ck_assert_int_lt(rtpgate_session_state(late->session), RTPGATE_STATE_READY);
    sim_link_run(pair.link, 3 * SIM_SECOND);
    assert_failed(late, RTPGATE_ERR_FINGERPRINT);
    assert_failed(other, RTPGATE_ERR_ALERT);
    ck_assert_uint_eq(sim_ours_event(other, RTPGATE_EVENT_FAILED)->alert, RG_ALERT_BAD_CERTIFICATE);
}
END_TEST

START_TEST(a_wrong_late_fingerprint_may_be_corrected_within_the_grace) {
    struct sim_ours *late = pair_without_fingerprint((size_t)_i);
    sim_pair_run(&pair, SIM_SECOND);
    sim_ours_expect(late, _i == SIM_CLIENT ? 0 : 1, SIM_SECOND);
    sim_ours_expect(late, _i == SIM_CLIENT ? 1 : 0, SIM_SECOND + 500000);
    sim_link_run(pair.link, 5 * SIM_SECOND);
    sim_ours_drain(late, 5 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

/* Whether one of several fingerprints matches, and only the strongest hash counts. */
START_TEST(one_of_the_strongest_fingerprints_must_match) {
    struct rtpgate_fingerprint set[3] = {sim_fingerprint(0), sim_fingerprint(1),
                                         sim_fingerprint(0)};
    sim_pair_init(&pair, 1, &sim_calm);
    if (_i == 1) { /* a sha-512 that is not the peer's outweighs its right sha-256 */
        ck_assert_int_eq(
            rtpgate_identity_fingerprint(sim_identity(0), RTPGATE_HASH_SHA512, &set[2]), 0);
    }
    ck_assert_int_eq(rtpgate_session_set_remote(pair.client.session, set, 3, 0), 0);
    sim_pair_run(&pair, 5 * SIM_SECOND);
    if (_i == 0) {
        ck_assert(sim_ours_agree(&pair.client, &pair.server));
    } else {
        assert_failed(&pair.client, RTPGATE_ERR_FINGERPRINT);
    }
}
END_TEST

static void forge_to_server(struct sim_forged forged, uint64_t delay) {
    sim_link_inject(pair.link, SIM_SERVER, forged.bytes, forged.length, 0, delay);
}

START_TEST(bad_news_is_advice_until_the_grace_is_over) {
    sim_pair_init(&pair, 1, &sim_calm);
    forge_to_server(sim_forge_client_hello(1, 1), 0);
    sim_link_run(pair.link, SIM_SECOND - 1);
    assert_state(&pair.server, RTPGATE_STATE_NEW);
    ck_assert_int_eq(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE)->cause, RTPGATE_ERR_CIPHER);
    ck_assert_uint_eq(rtpgate_session_deadline(pair.server.session), SIM_SECOND);
    sim_link_run(pair.link, SIM_SECOND);
    assert_failed(&pair.server, RTPGATE_ERR_CIPHER);
}
END_TEST

START_TEST(the_same_advice_is_given_once) {
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_grace(config, RTPGATE_NEVER), 0);
    sim_pair_init_with(&pair, 1, &sim_calm, NULL, config);
    for (uint8_t i = 0; i < 50; i++) {
        forge_to_server(sim_forge_client_hello(i, 1), i);
    }
    sim_link_run(pair.link, 100 * SIM_SECOND);
    ck_assert_uint_eq(pair.server.count, 1);
    assert_state(&pair.server, RTPGATE_STATE_NEW); /* no deadline runs: nothing has begun */
    sim_pair_run(&pair, 101 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

START_TEST(a_peer_that_goes_on_takes_an_alert_back) {
    const struct sim_conditions slow = {.delay = 400000};
    sim_pair_init(&pair, 1, &slow);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    sim_link_inject(pair.link, SIM_CLIENT, alert.bytes, alert.length, 0, 100);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_int_eq(sim_ours_event(&pair.client, RTPGATE_EVENT_ADVICE)->cause, RTPGATE_ERR_ALERT);
    ck_assert_uint_eq(stats_of(&pair.client).dropped_alert, 1);
}
END_TEST

START_TEST(bad_news_that_was_taken_back_is_not_the_cause_at_the_deadline) {
    const struct sim_conditions dead = {.loss = 1000};
    sim_pair_init(&pair, 1, &sim_calm);
    forge_to_server(sim_forge_client_hello(1, 1), 0);
    forge_to_server(sim_forge_client_hello(2, 0), 1000);
    sim_link_set_conditions(pair.link, &dead);
    sim_link_run(pair.link, 40 * SIM_SECOND);
    ck_assert_int_eq(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE)->cause, RTPGATE_ERR_CIPHER);
    assert_failed(&pair.server, RTPGATE_ERR_TIMEOUT);
}
END_TEST

START_TEST(bad_news_is_the_cause_at_the_deadline) {
    rtpgate_config *config = sim_config(0);
    const struct sim_conditions dead = {.loss = 1000, .delay = 10000};
    ck_assert_int_eq(rtpgate_config_set_grace(config, RTPGATE_NEVER), 0);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, 5 * SIM_SECOND), 0);
    sim_pair_init_with(&pair, 1, &dead, config, NULL);
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 46);
    sim_link_inject(pair.link, SIM_CLIENT, alert.bytes, alert.length, 0, 100);
    sim_pair_run(&pair, 20 * SIM_SECOND);
    assert_failed(&pair.client, RTPGATE_ERR_ALERT);
    ck_assert_uint_eq(sim_ours_event(&pair.client, RTPGATE_EVENT_FAILED)->alert, 46);
    ck_assert_ptr_nonnull(
        strstr(rtpgate_session_error(pair.client.session, NULL), "certificate_unknown"));
}
END_TEST

START_TEST(early_datagrams_wait_for_a_valid_path) {
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, false), 0);
    sim_pair_init_with(&pair, 1, &sim_calm, NULL, config);
    sim_pair_run(&pair, 30000);
    assert_state(&pair.server, RTPGATE_STATE_NEW);
    ck_assert_int_eq(rtpgate_session_path_valid(pair.server.session, 5, true, 30000), 0);
    assert_state(&pair.server, RTPGATE_STATE_NEW);
    ck_assert_int_eq(rtpgate_session_path_valid(pair.server.session, 0, true, 30000), 0);
    assert_state(&pair.server, RTPGATE_STATE_HANDSHAKE);
    sim_link_run(pair.link, SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_uint_eq(stats_of(&pair.client).retransmissions, 0);
}
END_TEST

START_TEST(early_datagrams_wait_for_the_role) {
    sim_pair_init(&pair, 1, &sim_calm);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_UNDECIDED, 0);
    ck_assert_int_eq(rtpgate_session_start(pair.server.session, 0), RTPGATE_ERR_STATE);
    sim_pair_run(&pair, 30000);
    assert_state(&pair.server, RTPGATE_STATE_NEW);
    ck_assert_int_eq(rtpgate_session_set_role(pair.server.session, RTPGATE_ROLE_SERVER, 30000), 0);
    sim_ours_expect(&pair.server, 0, 30000);
    sim_link_run(pair.link, SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

START_TEST(output_follows_accepted_messages_until_it_is_fixed) {
    uint8_t buffer[2000];
    uint64_t path = 0;
    sim_pair_init(&pair, 1, &sim_calm);
    rtpgate_session *server = pair.server.session;
    struct sim_forged poor = sim_forge_client_hello(1, 1);
    struct sim_forged good = sim_forge_client_hello(2, 0);
    ck_assert_int_eq(rtpgate_session_input(server, poor.bytes, poor.length, 8, 0), 0);
    ck_assert_int_eq(rtpgate_session_input(server, good.bytes, good.length, 9, 0), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 9);
    ck_assert_int_eq(rtpgate_session_set_path(server, 77, 0), 0);
    ck_assert_int_eq(rtpgate_session_input(server, good.bytes, good.length, 10, 100000), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 77);
    good = sim_forge_client_hello(3, 0);
    ck_assert_int_eq(rtpgate_session_input(server, good.bytes, good.length, 11, 200000), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 77);
}
END_TEST

START_TEST(a_client_sends_to_the_path_that_was_declared_first) {
    uint8_t buffer[2000];
    uint64_t path = 0;
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_path_valid(pair.client.session, 42, true, 0), 0);
    ck_assert_int_eq(rtpgate_session_path_valid(pair.client.session, 43, true, 0), 0);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    ck_assert_int_gt(rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 42);
}
END_TEST

START_TEST(only_authenticated_records_move_a_ready_path) {
    uint8_t buffer[2000];
    uint64_t path = 0;
    sim_pair_ready(&pair);
    rtpgate_session *server = pair.server.session;
    struct sim_forged junk = sim_forge_record(23, 1, 9, NULL, 60);
    ck_assert_int_eq(rtpgate_session_input(server, junk.bytes, junk.length, 66, 0), 0);
    ck_assert_int_eq(rtpgate_session_send(server, buffer, 10, 0), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 0);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, buffer, 10, 0), 0);
    int length = rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path);
    ck_assert_int_eq(rtpgate_session_input(server, buffer, (size_t)length, 67, 0), 0);
    ck_assert_int_eq(rtpgate_session_send(server, buffer, 10, 0), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 67);
    ck_assert_uint_eq(stats_of(&pair.server).dropped_record, 1);
}
END_TEST

START_TEST(time_may_jump_stand_still_or_end) {
    static const uint64_t starts[] = {0, UINT64_C(1) << 40, UINT64_MAX - 2 * SIM_SECOND};
    const uint64_t start = starts[_i];
    uint8_t buffer[2000];
    uint64_t path;
    sim_pair_init(&pair, 1, &sim_calm);
    rtpgate_session *client = pair.client.session;
    rtpgate_session *server = pair.server.session;
    ck_assert_int_eq(rtpgate_session_start(client, start), 0);
    for (int turn = 0; turn < 10; turn++) {
        int length;
        uint64_t now = turn % 2 == 0 ? start + 500000 : start; /* backwards counts as still */
        while ((length = rtpgate_session_output(client, buffer, sizeof(buffer), &path)) > 0) {
            (void)rtpgate_session_input(server, buffer, (size_t)length, 0, now);
        }
        while ((length = rtpgate_session_output(server, buffer, sizeof(buffer), &path)) > 0) {
            (void)rtpgate_session_input(client, buffer, (size_t)length, 0, now);
        }
        ck_assert_int_eq(rtpgate_session_expire(client, now), 0);
    }
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

START_TEST(time_that_runs_back_stands_still) {
    sim_pair_init(&pair, 1, &sim_calm);
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_set_rtt(client, SIM_SECOND, 0), 0);
    ck_assert_int_eq(rtpgate_session_start(client, 10 * SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_input(client, alert.bytes, alert.length, 0, 0), 0);
    ck_assert_uint_eq(rtpgate_session_deadline(client), 11 * SIM_SECOND);
}
END_TEST

/* The network turned the server's final flight and its first data around. */
START_TEST(data_before_finished_is_delivered_after_it) {
    uint8_t buffer[2000];
    uint64_t path;
    sim_pair_init(&pair, 1, &sim_calm);
    sim_pair_run(&pair, 35000); /* the final flight is on its way */
    int length = rtpgate_session_send(pair.server.session, (const uint8_t *)"first", 5, 35000);
    ck_assert_int_eq(length, 0);
    length = rtpgate_session_output(pair.server.session, buffer, sizeof(buffer), &path);
    ck_assert_int_eq(rtpgate_session_input(pair.client.session, buffer, (size_t)length, 0, 35000),
                     0);
    sim_link_run(pair.link, SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_uint_eq(pair.client.data_count, 1);
    ck_assert_mem_eq(pair.client.data, "first", 5);
}
END_TEST

/* The engine's word counts at the end, whatever the guard has read on the way. */
static uint16_t other_profile(const struct rg_engine *engine) {
    (void)engine;
    return RTPGATE_SRTP_AES128_CM_SHA1_32;
}

static bool no_ems(const struct rg_engine *engine) {
    (void)engine;
    return false;
}

static struct rg_bytes no_certificate(const struct rg_engine *engine) {
    (void)engine;
    return (struct rg_bytes){NULL, 0};
}

START_TEST(an_engine_that_contradicts_the_guard_never_becomes_ready) {
    struct rg_engine_ops lying = rg_engine_gnutls;
    if (_i == 0) {
        lying.profile = other_profile;
    } else if (_i == 1) {
        lying.extended_master_secret = no_ems;
    } else {
        lying.certificate = no_certificate;
    }
    sim_pair_init(&pair, 1, &sim_calm);
    pair.server.session->engine = &lying;
    sim_pair_run(&pair, 5 * SIM_SECOND);
    assert_failed(&pair.server, RTPGATE_ERR_HANDSHAKE);
    ck_assert_ptr_null(sim_ours_event(&pair.server, RTPGATE_EVENT_KEYS));
    pair.server.session->engine = &rg_engine_gnutls;
}
END_TEST

START_TEST(a_caller_that_is_late_retransmits_once) {
    uint8_t buffer[2000];
    uint64_t path;
    sim_pair_init(&pair, 1, &sim_calm);
    rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_start(client, 0), 0);
    ck_assert_int_gt(rtpgate_session_output(client, buffer, sizeof(buffer), &path), 0);
    ck_assert_int_eq(rtpgate_session_expire(client, 20 * SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_expire(client, 20 * SIM_SECOND), 0);
    ck_assert_int_gt(rtpgate_session_output(client, buffer, sizeof(buffer), &path), 0);
    ck_assert_int_eq(rtpgate_session_output(client, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_gt(rtpgate_session_deadline(client), 20 * SIM_SECOND);
}
END_TEST

START_TEST(expire_at_the_end_of_time_harms_nothing_that_has_no_deadline) {
    rtpgate_config *config = sim_config(0);
    sim_pair_ready(&pair);
    ck_assert_uint_eq(rtpgate_session_deadline(pair.client.session), RTPGATE_NEVER);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, RTPGATE_NEVER), 0);
    assert_state(&pair.client, RTPGATE_STATE_READY);
    sim_pair_clear(&pair);
    ck_assert_int_eq(rtpgate_config_set_grace(config, RTPGATE_NEVER), 0);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, RTPGATE_NEVER), 0);
    sim_pair_init_with(&pair, 1, &sim_calm, config, NULL);
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    ck_assert_int_eq(
        rtpgate_session_input(pair.client.session, alert.bytes, alert.length, 0, RTPGATE_NEVER), 0);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, RTPGATE_NEVER), 0);
    assert_state(&pair.client, RTPGATE_STATE_HANDSHAKE);
}
END_TEST

START_TEST(the_rtt_seeds_the_timer_within_its_limits) {
    static const uint64_t rtts[] = {1, 25000, 60000, 10 * SIM_SECOND, UINT64_MAX};
    static const uint64_t rtos[] = {50000, 50000, 120000, 3 * SIM_SECOND, 3 * SIM_SECOND};
    sim_pair_init(&pair, 1, &sim_calm);
    rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_set_rtt(client, rtts[_i], 0), 0);
    ck_assert_int_eq(rtpgate_session_start(client, 0), 0);
    ck_assert_uint_le(rtpgate_session_deadline(client), rtos[_i]);
    ck_assert_uint_ge(rtpgate_session_deadline(client), rtos[_i] - rtos[_i] / 8);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("association");
    TCase *tests = suite_case(suite, "verdicts");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_loop_test(tests, without_a_fingerprint_nothing_is_given_out, 0, 2);
    tcase_add_loop_test(tests, a_late_fingerprint_makes_it_ready_and_releases_what_was_held, 0, 2);
    tcase_add_test(tests, held_data_is_bounded_and_counted);
    tcase_add_loop_test(tests, a_fingerprint_that_never_comes_is_a_timeout_of_its_own, 0, 2);
    tcase_add_loop_test(tests, a_wrong_late_fingerprint_fails_after_the_grace_and_tells_the_peer, 0,
                        2);
    tcase_add_loop_test(tests, a_wrong_late_fingerprint_may_be_corrected_within_the_grace, 0, 2);
    tcase_add_loop_test(tests, one_of_the_strongest_fingerprints_must_match, 0, 2);
    tcase_add_test(tests, bad_news_is_advice_until_the_grace_is_over);
    tcase_add_test(tests, the_same_advice_is_given_once);
    tcase_add_test(tests, a_peer_that_goes_on_takes_an_alert_back);
    tcase_add_test(tests, bad_news_that_was_taken_back_is_not_the_cause_at_the_deadline);
    tcase_add_test(tests, bad_news_is_the_cause_at_the_deadline);
    tcase_add_test(tests, early_datagrams_wait_for_a_valid_path);
    tcase_add_test(tests, early_datagrams_wait_for_the_role);
    tcase_add_test(tests, output_follows_accepted_messages_until_it_is_fixed);
    tcase_add_test(tests, a_client_sends_to_the_path_that_was_declared_first);
    tcase_add_test(tests, only_authenticated_records_move_a_ready_path);
    tcase_add_loop_test(tests, time_may_jump_stand_still_or_end, 0, 3);
    tcase_add_test(tests, time_that_runs_back_stands_still);
    tcase_add_test(tests, data_before_finished_is_delivered_after_it);
    tcase_add_loop_test(tests, an_engine_that_contradicts_the_guard_never_becomes_ready, 0, 3);
    tcase_add_test(tests, a_caller_that_is_late_retransmits_once);
    tcase_add_test(tests, expire_at_the_end_of_time_harms_nothing_that_has_no_deadline);
    tcase_add_loop_test(tests, the_rtt_seeds_the_timer_within_its_limits, 0, 5);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
