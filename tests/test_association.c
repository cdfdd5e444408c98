/* How an association becomes READY or ends: grace, deadlines, paths. */
#include "dtls/association.h"

#include <string.h>

#include "sim/forge.h"
#include "sim/pair.h"
#include "state.h"
#include "suite.h"
#include "wire/alert.h"

static struct sim_pair pair;

static void teardown(void) {
    sim_pair_clear(&pair);
}

static void forge_to_server(struct sim_forged forged, uint64_t delay) {
    sim_link_inject(pair.link, SIM_SERVER, forged.bytes, forged.length, 0, delay);
}

START_TEST(a_refused_hello_is_advice_until_the_deadline) {
    sim_pair_init(&pair, 1, &sim_calm);
    for (uint64_t i = 0; i < 29; i++) {
        forge_to_server(sim_forge_client_hello(1, 1), i * SIM_SECOND);
    }
    sim_link_run(pair.link, 30 * SIM_SECOND - 1);
    assert_state(&pair.server, RTPGATE_STATE_NEW);
    ck_assert_int_eq(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE)->cause, RTPGATE_ERR_CIPHER);
    sim_link_run(pair.link, 30 * SIM_SECOND);
    assert_failed(&pair.server, RTPGATE_ERR_CIPHER);
}
END_TEST

START_TEST(a_hello_that_is_answered_has_all_of_the_deadline) {
    sim_pair_init(&pair, 1, &sim_calm);
    forge_to_server(sim_forge_client_hello(1, 1), 0);
    sim_link_run(pair.link, 29 * SIM_SECOND);
    const struct sim_conditions bad = {.loss = 1000};
    sim_link_set_conditions(pair.link, &bad);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 29 * SIM_SECOND), 0);
    sim_link_run(pair.link, 29 * SIM_SECOND + 1);
    sim_link_set_conditions(pair.link, &sim_calm);
    sim_link_run(pair.link, 40 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

START_TEST(bad_news_waits_for_the_grace_and_for_eight_unanswered_timers) {
    const struct sim_conditions dead = {.loss = 1000};
    sim_pair_init(&pair, 1, &dead);
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    sim_link_inject(pair.link, SIM_CLIENT, alert.bytes, alert.length, 0, 1000);
    sim_pair_run(&pair, 2700000); /* the eighth time is at 2.8 to 3.25 s */
    assert_state(&pair.client, RTPGATE_STATE_HANDSHAKE);
    ck_assert_int_eq(sim_ours_event(&pair.client, RTPGATE_EVENT_ADVICE)->cause, RTPGATE_ERR_ALERT);
    sim_link_run(pair.link, 3260000);
    assert_failed(&pair.client, RTPGATE_ERR_ALERT);
}
END_TEST

/* One of two hellos is forged, so the bad news may be, too. The cause is what took the last hope.
 */
START_TEST(bad_news_beside_another_version_of_a_message_waits_for_the_deadline) {
    const struct sim_conditions dead = {.loss = 1000};
    sim_pair_init(&pair, 1, &sim_calm);
    sim_link_set_conditions(pair.link, &dead);
    forge_to_server(sim_forge_client_hello(1, 0), 0);
    forge_to_server(sim_forge_client_hello(2, 1), 100000);
    forge_to_server(sim_forge_alert(RG_ALERT_FATAL, 40), 3 * SIM_SECOND);
    sim_link_run(pair.link, 29 * SIM_SECOND);
    assert_state(&pair.server, RTPGATE_STATE_HANDSHAKE);
    sim_link_run(pair.link, 31 * SIM_SECOND);
    assert_failed(&pair.server, RTPGATE_ERR_ALERT);
}
END_TEST

START_TEST(the_same_advice_is_given_once) {
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, RTPGATE_NEVER), 0);
    sim_pair_init_with(&pair, 1, &sim_calm, NULL, config);
    for (uint8_t i = 0; i < 50; i++) {
        forge_to_server(sim_forge_client_hello(i, 1), i);
    }
    sim_link_run(pair.link, 100 * SIM_SECOND);
    ck_assert_uint_eq(pair.server.count, 1);
    assert_state(&pair.server, RTPGATE_STATE_NEW);
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
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_alert, 1);
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

START_TEST(an_alert_before_an_answer_is_forgotten_in_the_silence_after_it) {
    const struct sim_conditions dead = {.loss = 1000};
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    sim_pair_init(&pair, 1, &sim_calm);
    sim_pair_run(&pair, 15000); /* flight 4 is on its way */
    sim_link_inject(pair.link, SIM_CLIENT, alert.bytes, alert.length, 0, 0);
    sim_link_run(pair.link, 25000);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_link_set_conditions(pair.link, &dead);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    assert_state(&pair.client, RTPGATE_STATE_HANDSHAKE);
    sim_link_run(pair.link, 40 * SIM_SECOND);
    assert_failed(&pair.client, RTPGATE_ERR_TIMEOUT);
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
    ck_assert_uint_eq(sim_ours_stats(&pair.client).retransmissions, 0);
}
END_TEST

START_TEST(a_path_that_was_never_declared_valid_is_the_told_cause) {
    rtpgate_config *config = sim_config(0);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, false), 0);
    sim_pair_init_with(&pair, 1, &sim_calm, config, NULL);
    sim_pair_run(&pair, 40 * SIM_SECOND);
    assert_failed(&pair.client, RTPGATE_ERR_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(rtpgate_session_error(pair.client.session, NULL), "path"));
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
    ck_assert_int_eq(rtpgate_session_input(server, good.bytes, good.length, 10, 50000), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 10);
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
    uint8_t buffer[2000] = {0};
    uint64_t path = 0;
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_input(pair.client.session, buffer, 1, 99, 0), 0); /* junk */
    ck_assert_int_eq(rtpgate_session_path_valid(pair.client.session, 42, true, 0), 0);
    ck_assert_int_eq(rtpgate_session_path_valid(pair.client.session, 43, true, 0), 0);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    ck_assert_int_gt(rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 42);
}
END_TEST

START_TEST(a_path_that_is_declared_later_moves_nothing_that_was_accepted) {
    uint8_t buffer[2000];
    uint64_t path = 0;
    sim_pair_init(&pair, 1, &sim_calm);
    struct sim_forged good = sim_forge_client_hello(2, 0);
    rtpgate_session *server = pair.server.session;
    ck_assert_int_eq(rtpgate_session_input(server, good.bytes, good.length, 9, 0), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_int_eq(rtpgate_session_path_valid(server, 5, true, 0), 0);
    ck_assert_int_eq(rtpgate_session_expire(server, SIM_SECOND), 0);
    ck_assert_int_gt(rtpgate_session_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 9);
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
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_record, 1);
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
    sim_pair_run(&pair, 31 * SIM_SECOND);
    assert_failed(&pair.server, RTPGATE_ERR_HANDSHAKE);
    ck_assert_ptr_null(sim_ours_event(&pair.server, RTPGATE_EVENT_KEYS));
    pair.server.session->engine = &rg_engine_gnutls;
}
END_TEST

static enum rg_engine_status refuse_record(struct rg_engine *engine, struct rg_bytes record) {
    (void)engine;
    (void)record;
    return RG_ENGINE_FAILED;
}

/* GnuTLS fails on any record when there is no memory: also on one that waited for our flight 5. */
START_TEST(a_candidate_may_end_with_a_record_that_was_held) {
    struct rg_engine_ops refusing = rg_engine_gnutls;
    struct sim_forged finished = sim_forge_record(22, 1, 0, NULL, 100);
    refusing.record = refuse_record;
    sim_pair_init(&pair, 1, &sim_calm);
    pair.client.session->engine = &refusing;
    sim_link_inject(pair.link, SIM_CLIENT, finished.bytes, finished.length, 0, 15000);
    sim_pair_run(&pair, 18000);
    ck_assert_uint_eq(pair.client.session->held.count, 1);
    sim_link_run(pair.link, 25000);
    ck_assert_uint_eq(pair.client.session->held.count, 0);
    ck_assert_ptr_null(pair.client.session->candidates[0]);
    ck_assert_uint_eq(pair.client.session->combination, 1);
    pair.client.session->engine = &rg_engine_gnutls;
}
END_TEST

static enum rtpgate_event_type next_event(rtpgate_session *session) {
    struct rtpgate_event event;
    (void)rtpgate_session_next_event(session, &event);
    return event.type;
}

/* The final flight and close_notify in one datagram: nobody can use the keys any more. */
START_TEST(events_of_what_is_over_are_not_told) {
    uint8_t buffer[4000];
    uint64_t path;
    sim_pair_init(&pair, 1, &sim_calm);
    sim_pair_run(&pair, 25000); /* flight 5 is on its way */
    sim_link_set_conditions(pair.link, &(struct sim_conditions){.loss = 1000});
    sim_link_run(pair.link, 35000);
    assert_state(&pair.server, RTPGATE_STATE_READY);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND), 0);
    int length = rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path);
    (void)rtpgate_session_input(pair.server.session, buffer, (size_t)length, 0, SIM_SECOND);
    int first = rtpgate_session_output(pair.server.session, buffer, sizeof(buffer), &path);
    ck_assert_int_gt(first, 0);
    ck_assert_int_eq(rtpgate_session_close(pair.server.session, SIM_SECOND), 0);
    int second = rtpgate_session_output(pair.server.session, buffer + first, 2000, &path);
    ck_assert_int_gt(second, 0);
    (void)rtpgate_session_input(pair.client.session, buffer, (size_t)(first + second), 0,
                                SIM_SECOND);
    assert_state(&pair.client, RTPGATE_STATE_CLOSED);
    ck_assert_int_eq(next_event(pair.client.session), RTPGATE_EVENT_CLOSED);
    ck_assert_int_eq(next_event(pair.client.session), RTPGATE_EVENT_NONE);
}
END_TEST

START_TEST(advice_that_nothing_came_of_is_not_told_after_the_keys) {
    uint8_t buffer[2000];
    uint64_t path;
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    sim_pair_init(&pair, 1, &sim_calm);
    rtpgate_session *client = pair.client.session;
    rtpgate_session *server = pair.server.session;
    ck_assert_int_eq(rtpgate_session_start(client, 0), 0);
    (void)rtpgate_session_input(client, alert.bytes, alert.length, 0, 0);
    for (int turn = 0; turn < 2; turn++) {
        int length = rtpgate_session_output(client, buffer, sizeof(buffer), &path);
        (void)rtpgate_session_input(server, buffer, (size_t)length, 0, 0);
        length = rtpgate_session_output(server, buffer, sizeof(buffer), &path);
        (void)rtpgate_session_input(client, buffer, (size_t)length, 0, 0);
    }
    ck_assert_int_eq(next_event(client), RTPGATE_EVENT_CERTIFICATE);
    ck_assert_int_eq(next_event(client), RTPGATE_EVENT_KEYS);
    ck_assert_int_eq(next_event(client), RTPGATE_EVENT_ACCEPTED);
    ck_assert_int_eq(next_event(client), RTPGATE_EVENT_NONE);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("association");
    TCase *tests = suite_case(suite, "verdicts");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, a_refused_hello_is_advice_until_the_deadline);
    tcase_add_test(tests, a_hello_that_is_answered_has_all_of_the_deadline);
    tcase_add_test(tests, bad_news_waits_for_the_grace_and_for_eight_unanswered_timers);
    tcase_add_test(tests, bad_news_beside_another_version_of_a_message_waits_for_the_deadline);
    tcase_add_test(tests, the_same_advice_is_given_once);
    tcase_add_test(tests, a_peer_that_goes_on_takes_an_alert_back);
    tcase_add_test(tests, bad_news_that_was_taken_back_is_not_the_cause_at_the_deadline);
    tcase_add_test(tests, an_alert_before_an_answer_is_forgotten_in_the_silence_after_it);
    tcase_add_test(tests, bad_news_is_the_cause_at_the_deadline);
    tcase_add_test(tests, early_datagrams_wait_for_a_valid_path);
    tcase_add_test(tests, a_path_that_was_never_declared_valid_is_the_told_cause);
    tcase_add_test(tests, early_datagrams_wait_for_the_role);
    tcase_add_test(tests, output_follows_accepted_messages_until_it_is_fixed);
    tcase_add_test(tests, a_client_sends_to_the_path_that_was_declared_first);
    tcase_add_test(tests, a_path_that_is_declared_later_moves_nothing_that_was_accepted);
    tcase_add_test(tests, only_authenticated_records_move_a_ready_path);
    tcase_add_test(tests, data_before_finished_is_delivered_after_it);
    tcase_add_loop_test(tests, an_engine_that_contradicts_the_guard_never_becomes_ready, 0, 3);
    tcase_add_test(tests, a_candidate_may_end_with_a_record_that_was_held);
    tcase_add_test(tests, events_of_what_is_over_are_not_told);
    tcase_add_test(tests, advice_that_nothing_came_of_is_not_told_after_the_keys);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
