/* The caller's time: jumps, ends, lateness, and what an RTT seeds. */
#include "dtls/association.h"
#include "sim/forge.h"
#include "sim/pair.h"
#include "state.h"
#include "suite.h"
#include "wire/alert.h"

static struct sim_pair pair;

static void teardown(void) {
    sim_pair_clear(&pair);
}

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
    ck_assert_uint_eq(client->bad_news.since, 10 * SIM_SECOND);
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
    static const uint64_t rtos[] = {20000, 37500, 50000, 50000, 50000};
    sim_pair_init(&pair, 1, &sim_calm);
    rtpgate_session *client = pair.client.session;
    ck_assert_int_eq(rtpgate_session_set_rtt(client, rtts[_i], 0), 0);
    ck_assert_int_eq(rtpgate_session_start(client, 0), 0);
    ck_assert_uint_le(rtpgate_session_deadline(client), rtos[_i]);
    ck_assert_uint_ge(rtpgate_session_deadline(client), rtos[_i] - rtos[_i] / 8);
}
END_TEST

START_TEST(the_callers_first_value_bounds_what_an_rtt_seeds) {
    rtpgate_config *config = sim_config(0);
    ck_assert_int_eq(rtpgate_config_set_retransmission(config, _i == 0 ? 10000 : 500000, 500000),
                     0);
    sim_pair_init_with(&pair, 1, &sim_calm, config, NULL);
    ck_assert_int_eq(rtpgate_session_set_rtt(pair.client.session, 200000, 0), 0);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    uint64_t expected = _i == 0 ? 10000 : 300000;
    ck_assert_uint_le(rtpgate_session_deadline(pair.client.session), expected);
    ck_assert_uint_ge(rtpgate_session_deadline(pair.client.session), expected - expected / 8);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("time");
    TCase *tests = suite_case(suite, "the caller's time");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_loop_test(tests, time_may_jump_stand_still_or_end, 0, 3);
    tcase_add_test(tests, time_that_runs_back_stands_still);
    tcase_add_test(tests, a_caller_that_is_late_retransmits_once);
    tcase_add_test(tests, expire_at_the_end_of_time_harms_nothing_that_has_no_deadline);
    tcase_add_loop_test(tests, the_rtt_seeds_the_timer_within_its_limits, 0, 5);
    tcase_add_loop_test(tests, the_callers_first_value_bounds_what_an_rtt_seeds, 0, 2);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
