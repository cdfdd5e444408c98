/* The contract of rtpgate_session: arguments, states, events, paths, time. */
#include <rtpgate/session.h>

#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "sim/pair.h"
#include "suite.h"

static struct sim_pair pair;

static void ready(void) {
    sim_pair_ready(&pair);
}

static void fresh(void) {
    sim_pair_init(&pair, 1, &sim_calm);
}

static void teardown(void) {
    sim_pair_clear(&pair);
}

START_TEST(null_and_nonsense_are_refused) {
    rtpgate_session *out = NULL;
    rtpgate_session *session = pair.client.session;
    rtpgate_config *config = session->config;
    const struct rtpgate_fingerprint fingerprint = sim_fingerprint(0);
    struct rtpgate_fingerprint bad = fingerprint;
    uint8_t byte[1] = {22};
    uint64_t path;
    struct rtpgate_event event;
    ck_assert_int_eq(rtpgate_session_new(NULL, config, RTPGATE_ROLE_CLIENT, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_new(&out, NULL, RTPGATE_ROLE_CLIENT, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_new(&out, config, (enum rtpgate_role)3, 0), RTPGATE_ERR_INVAL);
    ck_assert_ptr_null(out);
    rtpgate_session_free(NULL);
    ck_assert_int_eq(rtpgate_session_set_role(NULL, RTPGATE_ROLE_CLIENT, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_set_role(session, RTPGATE_ROLE_UNDECIDED, 0),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_set_remote(NULL, &fingerprint, 1, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_set_remote(session, NULL, 1, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_set_remote(session, &fingerprint, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_set_remote(session, &fingerprint, 9, 0), RTPGATE_ERR_INVAL);
    bad.length = 31;
    ck_assert_int_eq(rtpgate_session_set_remote(session, &bad, 1, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_start(NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_input(NULL, byte, 1, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_input(session, NULL, 1, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_output(NULL, byte, 1, &path), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_output(session, NULL, 1, &path), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_output(session, byte, 1, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_next_event(NULL, &event), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_next_event(session, NULL), RTPGATE_ERR_INVAL);
    ck_assert_uint_eq(rtpgate_session_deadline(NULL), RTPGATE_NEVER);
    ck_assert_int_eq(rtpgate_session_expire(NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_path_valid(NULL, 0, true, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_set_path(NULL, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_set_rtt(NULL, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_close(NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_state(NULL), RTPGATE_STATE_FAILED);
    ck_assert_str_eq(rtpgate_session_error(NULL, NULL), "");
    ck_assert_str_eq(rtpgate_session_error(session, NULL), "");
}
END_TEST

START_TEST(views_refuse_null_and_fill_only_what_is_asked_for) {
    struct rtpgate_session_stats stats;
    struct rtpgate_session_info info;
    struct rtpgate_srtp_keys keys;
    struct rtpgate_fingerprint fingerprint;
    uint8_t out[8];
    const rtpgate_session *session = pair.client.session;
    ck_assert_int_eq(rtpgate_session_stats(NULL, &stats, sizeof(stats)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_stats(session, NULL, sizeof(stats)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_info(NULL, &info, sizeof(info)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_info(session, NULL, sizeof(info)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_keys(NULL, &keys), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_keys(session, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_peer_fingerprint(session, RTPGATE_HASH_SHA256, NULL),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_peer_fingerprint(session, (enum rtpgate_hash)9, &fingerprint),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_export(session, NULL, NULL, 0, out, 8), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_export(session, "L", NULL, 1, out, 8), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_export(session, "L", NULL, 0, NULL, 8), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_export(session, "L", NULL, 0, out, 0), RTPGATE_ERR_INVAL);
    memset(&stats, 0xee, sizeof(stats));
    ck_assert_int_eq(rtpgate_session_stats(session, &stats, sizeof(stats.datagrams_received)), 0);
    ck_assert_uint_eq(stats.datagrams_received, 2);
    ck_assert_uint_eq(stats.bytes_received, UINT64_C(0xeeeeeeeeeeeeeeee));
}
END_TEST

START_TEST(calls_at_the_wrong_time_are_refused) {
    struct rtpgate_srtp_keys keys;
    struct rtpgate_session_info info;
    struct rtpgate_fingerprint fingerprint = sim_fingerprint(1);
    uint8_t out[8] = {0};
    rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_start(pair.server.session, 0), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_set_role(client, RTPGATE_ROLE_SERVER, 0), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_start(client, 0), 0);
    ck_assert_int_eq(rtpgate_session_start(client, 0), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_keys(client, &keys), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_info(client, &info, sizeof(info)), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_export(client, "L", NULL, 0, out, 8), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_send(client, out, 8, 0), RTPGATE_ERR_STATE);
    ck_assert_uint_eq(rtpgate_session_data_mtu(client), 0);
    ck_assert_int_eq(rtpgate_session_peer_fingerprint(client, RTPGATE_HASH_SHA256, &fingerprint),
                     RTPGATE_ERR_STATE);
    sim_link_run(pair.link, SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_int_eq(rtpgate_session_set_remote(client, &fingerprint, 1, 0), RTPGATE_ERR_STATE);
}
END_TEST

START_TEST(a_config_is_frozen_by_its_first_session_and_outlives_the_caller) {
    rtpgate_config *config = sim_config(0);
    rtpgate_session *session = NULL;
    ck_assert_int_eq(rtpgate_config_set_mtu(config, 1000), 0);
    ck_assert_int_eq(rtpgate_session_new(&session, config, RTPGATE_ROLE_CLIENT, 0), 0);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, 1100), RTPGATE_ERR_STATE);
    rtpgate_config_free(config);
    ck_assert_int_eq(rtpgate_session_start(session, 0), 0);
    rtpgate_session_free(session);
}
END_TEST

START_TEST(events_and_states_have_names) {
    for (int type = RTPGATE_EVENT_NONE; type <= RTPGATE_EVENT_EXPIRING; type++) {
        ck_assert_str_ne(rtpgate_event_name((enum rtpgate_event_type)type), "unknown");
    }
    for (int state = RTPGATE_STATE_NEW; state <= RTPGATE_STATE_FAILED; state++) {
        ck_assert_str_ne(rtpgate_state_name((enum rtpgate_state)state), "unknown");
    }
    ck_assert_str_eq(rtpgate_event_name((enum rtpgate_event_type)99), "unknown");
    ck_assert_str_eq(rtpgate_state_name((enum rtpgate_state)99), "unknown");
}
END_TEST

START_TEST(a_small_buffer_loses_nothing) {
    uint8_t buffer[2000];
    uint64_t path;
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    ck_assert_int_eq(rtpgate_session_output(pair.client.session, buffer, 10, &path),
                     RTPGATE_ERR_NOBUF);
    int length = rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path);
    ck_assert_int_gt(length, 100);
    ck_assert_int_eq(rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path), 0);
}
END_TEST

START_TEST(events_come_in_order_and_once) {
    static const enum rtpgate_event_type order[] = {RTPGATE_EVENT_CERTIFICATE, RTPGATE_EVENT_KEYS,
                                                    RTPGATE_EVENT_ACCEPTED};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pair.client.events[i].type, order[i]);
        ck_assert_int_eq(pair.server.events[i].type, order[i]);
    }
    ck_assert_uint_eq(pair.client.count, 3);
    ck_assert_uint_eq(pair.server.count, 3);
}
END_TEST

START_TEST(peers_see_each_others_fingerprints) {
    struct rtpgate_fingerprint seen;
    struct rtpgate_fingerprint expected = sim_fingerprint(1);
    ck_assert_int_eq(
        rtpgate_session_peer_fingerprint(pair.client.session, RTPGATE_HASH_SHA256, &seen), 0);
    ck_assert_mem_eq(seen.bytes, expected.bytes, 32);
    ck_assert_int_eq(
        rtpgate_session_peer_fingerprint(pair.client.session, RTPGATE_HASH_SHA512, &seen), 0);
    ck_assert_uint_eq(seen.length, 64);
}
END_TEST

START_TEST(exports_agree_and_depend_on_label_and_context) {
    uint8_t a[32];
    uint8_t b[32];
    const uint8_t context[] = {1};
    const rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_export(client, "EXPERIMENTAL a", NULL, 0, a, 32), 0);
    ck_assert_int_eq(rtpgate_session_export(pair.server.session, "EXPERIMENTAL a", NULL, 0, b, 32),
                     0);
    ck_assert_mem_eq(a, b, 32);
    ck_assert_int_eq(rtpgate_session_export(client, "EXPERIMENTAL b", NULL, 0, b, 32), 0);
    ck_assert_mem_ne(a, b, 32);
    ck_assert_int_eq(rtpgate_session_export(client, "EXPERIMENTAL a", context, 1, b, 32), 0);
    ck_assert_mem_ne(a, b, 32);
}
END_TEST

START_TEST(application_data_passes_both_ways_in_order) {
    uint8_t data[1200];
    size_t mtu = rtpgate_session_data_mtu(pair.client.session);
    memset(data, 7, sizeof(data));
    ck_assert_uint_gt(mtu, 1100);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, data, mtu, SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, data, mtu + 1, SIM_SECOND),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, data, 0, SIM_SECOND),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, NULL, 1, SIM_SECOND),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(
        rtpgate_session_send(pair.server.session, (const uint8_t *)"back", 4, SIM_SECOND), 0);
    sim_link_run(pair.link, 2 * SIM_SECOND);
    ck_assert_uint_eq(pair.server.data_count, 1);
    ck_assert_uint_eq(pair.server.data_length, mtu);
    ck_assert_uint_eq(pair.client.data_length, 4);
    ck_assert_mem_eq(pair.client.data, "back", 4);
}
END_TEST

START_TEST(a_full_output_refuses_data_and_keeps_what_waits) {
    uint8_t data[1000] = {0};
    unsigned sent = 0;
    while (rtpgate_session_send(pair.client.session, data, sizeof(data), SIM_SECOND) == 0) {
        sent++;
    }
    ck_assert_uint_gt(sent, 50);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, data, 1, SIM_SECOND),
                     RTPGATE_ERR_NOBUF);
    sim_link_run(pair.link, 2 * SIM_SECOND);
    ck_assert_uint_eq(pair.server.data_count, sent);
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, data, 1, 2 * SIM_SECOND), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_output, 0);
}
END_TEST

START_TEST(data_that_nobody_takes_is_bounded_and_counted) {
    uint8_t data[1000] = {0};
    uint8_t datagram[1500];
    uint64_t path;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(rtpgate_session_send(pair.client.session, data, sizeof(data), 0), 0);
        int length = rtpgate_session_output(pair.client.session, datagram, sizeof(datagram), &path);
        ck_assert_int_eq(rtpgate_session_input(pair.server.session, datagram, (size_t)length, 0, 0),
                         0);
    }
    uint64_t dropped = sim_ours_stats(&pair.server).dropped_data;
    ck_assert_uint_gt(dropped, 0);
    sim_ours_drain(&pair.server, 0);
    ck_assert_uint_eq(pair.server.data_count + dropped, 100);
}
END_TEST

START_TEST(close_is_told_and_answered) {
    ck_assert_int_eq(rtpgate_session_close(pair.client.session, SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_CLOSED);
    ck_assert_int_eq(rtpgate_session_close(pair.client.session, SIM_SECOND), 0);
    sim_link_run(pair.link, 2 * SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_CLOSED);
    ck_assert_ptr_nonnull(sim_ours_event(&pair.server, RTPGATE_EVENT_CLOSED));
    ck_assert_ptr_null(sim_ours_event(&pair.client, RTPGATE_EVENT_CLOSED));
    ck_assert_uint_eq(sim_link_sent(pair.link, SIM_SERVER), 3);
}
END_TEST

START_TEST(after_the_end_calls_say_so_and_datagrams_are_counted) {
    struct rtpgate_srtp_keys keys;
    const struct rtpgate_fingerprint fingerprint = sim_fingerprint(1);
    const uint8_t datagram[] = {22, 0xfe, 0xfd};
    rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_close(client, SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_input(client, datagram, 3, 0, SIM_SECOND), RTPGATE_ERR_CLOSED);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_late, 1);
    ck_assert_int_eq(rtpgate_session_send(client, datagram, 3, SIM_SECOND), RTPGATE_ERR_CLOSED);
    ck_assert_int_eq(rtpgate_session_keys(client, &keys), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_set_remote(client, &fingerprint, 1, 0), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_start(client, 0), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_expire(client, UINT64_MAX), 0);
    ck_assert_uint_eq(rtpgate_session_deadline(client), RTPGATE_NEVER);
}
END_TEST

START_TEST(a_failed_session_repeats_its_cause) {
    const uint8_t datagram[] = {22, 0xfe, 0xfd};
    const struct rtpgate_fingerprint fingerprint = sim_fingerprint(1);
    rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_start(client, 0), 0);
    ck_assert_int_eq(rtpgate_session_expire(client, 31 * SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_state(client), RTPGATE_STATE_FAILED);
    ck_assert_int_eq(rtpgate_session_input(client, datagram, 3, 0, 0), RTPGATE_ERR_TIMEOUT);
    ck_assert_int_eq(rtpgate_session_send(client, datagram, 3, 0), RTPGATE_ERR_TIMEOUT);
    ck_assert_int_eq(rtpgate_session_set_remote(client, &fingerprint, 1, 0), RTPGATE_ERR_TIMEOUT);
    ck_assert_int_eq(rtpgate_session_close(client, 0), 0);
    ck_assert_int_eq(rtpgate_session_state(client), RTPGATE_STATE_FAILED);
}
END_TEST

START_TEST(without_memory_a_failure_has_the_phrase_of_its_cause) {
    const char *phrase = rtpgate_strerror(RTPGATE_ERR_TIMEOUT);
    struct rtpgate_event event;
    rtpgate_session *client = pair.client.session;
    ck_assert_str_eq(rtpgate_session_error(client, NULL), "");
    ck_assert_int_eq(rtpgate_session_start(client, 0), 0);
    rg_alloc_fail_from(1);
    ck_assert_int_eq(rtpgate_session_expire(client, 31 * SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_next_event(client, &event), 1);
    rg_alloc_fail_from(0);
    ck_assert_int_eq(event.type, RTPGATE_EVENT_FAILED);
    ck_assert_int_eq(event.cause, RTPGATE_ERR_TIMEOUT);
    ck_assert_str_eq(event.text, phrase);
    ck_assert_str_eq(rtpgate_session_error(client, NULL), phrase);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("session");
    TCase *tests = suite_case(suite, "before the handshake");
    tcase_add_checked_fixture(tests, fresh, teardown);
    tcase_add_test(tests, null_and_nonsense_are_refused);
    tcase_add_test(tests, calls_at_the_wrong_time_are_refused);
    tcase_add_test(tests, a_config_is_frozen_by_its_first_session_and_outlives_the_caller);
    tcase_add_test(tests, events_and_states_have_names);
    tcase_add_test(tests, a_small_buffer_loses_nothing);
    tcase_add_test(tests, a_failed_session_repeats_its_cause);
    tcase_add_test(tests, without_memory_a_failure_has_the_phrase_of_its_cause);
    tests = suite_case(suite, "ready");
    tcase_add_checked_fixture(tests, ready, teardown);
    tcase_add_test(tests, views_refuse_null_and_fill_only_what_is_asked_for);
    tcase_add_test(tests, events_come_in_order_and_once);
    tcase_add_test(tests, peers_see_each_others_fingerprints);
    tcase_add_test(tests, exports_agree_and_depend_on_label_and_context);
    tcase_add_test(tests, application_data_passes_both_ways_in_order);
    tcase_add_test(tests, a_full_output_refuses_data_and_keeps_what_waits);
    tcase_add_test(tests, data_that_nobody_takes_is_bounded_and_counted);
    tcase_add_test(tests, close_is_told_and_answered);
    tcase_add_test(tests, after_the_end_calls_say_so_and_datagrams_are_counted);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
