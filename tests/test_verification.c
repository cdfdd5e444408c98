/* Fingerprints: late, wrong, several. */
#include <string.h>

#include "dtls/association.h"
#include "sim/forge.h"
#include "sim/pair.h"
#include "state.h"
#include "suite.h"
#include "wire/alert.h"
#include "wire/record.h"

static struct sim_pair pair;

static void teardown(void) {
    sim_pair_clear(&pair);
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
    ck_assert_uint_eq(sim_ours_stats(late).dropped_limit, 20 - RG_HELD_RECORDS);
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

/* Who is asked for a cookie meanwhile has not heard of anybody. */
START_TEST(hello_verify_requests_do_not_hide_a_late_mismatch) {
    const uint64_t grace = (_i == 0 ? 1 : 5) * SIM_SECOND;
    struct sim_forged request = sim_forge_verify_request(7);
    struct sim_ours *late = pair_without_fingerprint(SIM_CLIENT);
    rtpgate_config *config = sim_config(0);
    ck_assert_int_eq(rtpgate_config_set_grace(config, grace), 0);
    sim_ours_clear(late);
    sim_ours_init(late, config, RTPGATE_ROLE_CLIENT, 0);
    sim_pair_run(&pair, SIM_SECOND);
    sim_ours_expect(late, 0, SIM_SECOND);
    for (uint64_t delay = 0; delay < 10 * SIM_SECOND; delay += SIM_SECOND / 10) {
        sim_link_inject(pair.link, SIM_CLIENT, request.bytes, request.length, 0, delay);
    }
    sim_link_run(pair.link, 2 * SIM_SECOND + grace);
    assert_failed(late, RTPGATE_ERR_FINGERPRINT);
}
END_TEST

/* Flight 5 arrives without its Finished, once. */
static void take_finished(void *context, struct sim_link *link, struct sim_passing *passing) {
    enum { FINISHED = 61 };
    bool *taken = context;
    (void)link;
    if (passing->from == SIM_CLIENT && *passing->length > 400) {
        passing->drop = *taken;
        *passing->length -= FINISHED;
        *taken = true;
    }
}

START_TEST(a_proven_certificate_that_is_not_expected_fails_without_finished) {
    bool taken = false;
    (void)pair_without_fingerprint(SIM_SERVER);
    sim_link_tap(pair.link, take_finished, &taken);
    sim_pair_run(&pair, 60000);
    ck_assert(taken);
    sim_ours_clear(&pair.client);
    sim_ours_expect(&pair.server, 1, 60000);
    sim_ours_drain(&pair.server, 60000);
    ck_assert_int_eq(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE)->cause,
                     RTPGATE_ERR_FINGERPRINT);
    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, 31 * SIM_SECOND), 0);
    sim_ours_drain(&pair.server, 31 * SIM_SECOND);
    assert_failed(&pair.server, RTPGATE_ERR_FINGERPRINT);
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

START_TEST(old_bad_news_is_not_the_cause_when_no_fingerprint_comes) {
    struct sim_ours *late = pair_without_fingerprint(SIM_SERVER);
    sim_pair_run(&pair, SIM_SECOND);
    struct sim_forged junk = sim_forge_client_hello(1, 1);
    sim_link_inject(pair.link, SIM_SERVER, junk.bytes, junk.length, 0, 0);
    sim_link_run(pair.link, 40 * SIM_SECOND);
    ck_assert_ptr_nonnull(sim_ours_event(late, RTPGATE_EVENT_ADVICE));
    assert_failed(late, RTPGATE_ERR_TIMEOUT);
}
END_TEST

/* Finished is authentic: what was heard before it is no news any more. */
START_TEST(an_alert_before_finished_is_forgotten_while_the_fingerprint_is_awaited) {
    struct sim_ours *late = pair_without_fingerprint((size_t)_i);
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    sim_link_inject(pair.link, (size_t)_i, alert.bytes, alert.length, 0, 25000);
    sim_pair_run(&pair, 10 * SIM_SECOND);
    ck_assert_ptr_nonnull(sim_ours_event(late, RTPGATE_EVENT_ADVICE));
    ck_assert_int_eq(rtpgate_session_state(late->session), RTPGATE_STATE_UNVERIFIED);
    sim_ours_expect(late, (size_t)_i ^ 1U, 10 * SIM_SECOND);
    sim_link_run(pair.link, 11 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

START_TEST(a_record_that_cannot_be_held_pushes_out_nothing) {
    struct sim_ours *late = pair_without_fingerprint(SIM_SERVER);
    sim_pair_run(&pair, SIM_SECOND);
    ck_assert_int_eq(
        rtpgate_session_send(pair.client.session, (const uint8_t *)"kept", 4, SIM_SECOND), 0);
    sim_link_run(pair.link, 2 * SIM_SECOND);
    struct sim_forged large = sim_forge_record(RG_CONTENT_DATA, 1, 99, NULL, 9000);
    sim_link_inject(pair.link, SIM_SERVER, large.bytes, large.length, 0, 0);
    sim_link_run(pair.link, 3 * SIM_SECOND);
    sim_ours_expect(late, 0, 3 * SIM_SECOND);
    sim_ours_drain(late, 3 * SIM_SECOND);
    ck_assert_uint_eq(late->data_count, 1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("verification");
    TCase *tests = suite_case(suite, "fingerprints");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_loop_test(tests, without_a_fingerprint_nothing_is_given_out, 0, 2);
    tcase_add_loop_test(tests, a_late_fingerprint_makes_it_ready_and_releases_what_was_held, 0, 2);
    tcase_add_test(tests, held_data_is_bounded_and_counted);
    tcase_add_loop_test(tests, a_fingerprint_that_never_comes_is_a_timeout_of_its_own, 0, 2);
    tcase_add_loop_test(tests, a_wrong_late_fingerprint_fails_after_the_grace_and_tells_the_peer, 0,
                        2);
    tcase_add_loop_test(tests, hello_verify_requests_do_not_hide_a_late_mismatch, 0, 2);
    tcase_add_test(tests, a_proven_certificate_that_is_not_expected_fails_without_finished);
    tcase_add_loop_test(tests, a_wrong_late_fingerprint_may_be_corrected_within_the_grace, 0, 2);
    tcase_add_loop_test(tests, one_of_the_strongest_fingerprints_must_match, 0, 2);
    tcase_add_test(tests, old_bad_news_is_not_the_cause_when_no_fingerprint_comes);
    tcase_add_loop_test(
        tests, an_alert_before_finished_is_forgotten_while_the_fingerprint_is_awaited, 0, 2);
    tcase_add_test(tests, a_record_that_cannot_be_held_pushes_out_nothing);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
