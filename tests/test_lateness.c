/* Callers with bad clocks and bad habits: nobody loses a handshake for it, nobody gets a storm. */
#include <sys/time.h>
#include <time.h>

#include "sim/clock.h"
#include "sim/explain.h"
#include "sim/pair.h"
#include "sim/sleeper.h"
#include "sim/stock.h"
#include "suite.h"

enum { DATAGRAMS_MAX = 60, HOUR = 3600 };

static struct sim_pair pair;

static void teardown(void) {
    sim_pair_clear(&pair);
}

static size_t sent(void) {
    return sim_link_sent(pair.link, SIM_CLIENT) + sim_link_sent(pair.link, SIM_SERVER);
}

static void assert_agreed(void) {
    if (!sim_ours_agree(&pair.client, &pair.server)) {
        sim_link_trace(pair.link, stderr);
        ck_abort_msg("client: %s; server: %s", rtpgate_session_error(pair.client.session, NULL),
                     rtpgate_session_error(pair.server.session, NULL));
    }
}

START_TEST(the_wall_clock_is_told_to_libraries) {
    struct timeval now;
    sim_pair_init(&pair, 1, &sim_calm);
    sim_clock_start();
    sim_clock_set(5 * SIM_SECOND + 7);
    time_t then = time(NULL);
    ck_assert_int_eq(gettimeofday(&now, NULL), 0);
    ck_assert_int_eq(now.tv_sec, then);
    ck_assert_int_eq(now.tv_usec, 7);
    sim_clock_step(-HOUR);
    ck_assert_int_eq(time(NULL), then - HOUR);
    sim_clock_step(0);
}
END_TEST

/* Steps of the wall clock between any two datagrams; the caller's time goes on. */
START_TEST(steps_of_the_wall_clock_change_nothing) {
    static const int64_t steps[] = {HOUR, -HOUR, 48 * HOUR, -48 * HOUR, 12 * 24 * HOUR};
    const struct sim_conditions lossy = {.loss = 200, .delay = 20000};
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint64_t ready[2];
        size_t datagrams[2];
        for (size_t stepped = 0; stepped < 2; stepped++) {
            sim_clock_start();
            sim_pair_init(&pair, seed, &lossy);
            ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
            for (unsigned n = 0; sim_link_step(pair.link, 60 * SIM_SECOND); n++) {
                sim_clock_step(stepped == 1 && n % 2 == 0 ? steps[_i] : 0);
            }
            sim_clock_step(0);
            assert_agreed();
            ready[stepped] = pair.client.ready_at;
            datagrams[stepped] = sent();
            sim_pair_clear(&pair);
        }
        ck_assert_uint_eq(ready[0], ready[1]);
        ck_assert_uint_eq(datagrams[0], datagrams[1]);
    }
}
END_TEST

/* An endpoint whose caller hears of its timer late. */
static uint64_t lateness;
static uint64_t (*punctual)(const void *self);

static uint64_t late_deadline(const void *self) {
    uint64_t deadline = punctual(self);
    return deadline > UINT64_MAX - lateness ? deadline : deadline + lateness;
}

static void make_pair_of(uint64_t seed, const struct sim_conditions *conditions,
                         uint64_t (*deadline)(const void *self)) {
    sim_pair_init(&pair, seed, conditions);
    sim_link_free(pair.link);
    pair.link = sim_link_new(seed, conditions);
    struct sim_ours *ends[] = {&pair.client, &pair.server};
    for (size_t i = 0; i < 2; i++) {
        struct sim_endpoint endpoint = sim_ours_endpoint(ends[i]);
        punctual = endpoint.deadline;
        endpoint.deadline = deadline;
        (void)sim_link_add(pair.link, endpoint);
    }
}

START_TEST(a_caller_that_is_seconds_late_only_waits) {
    static const uint64_t latenesses[] = {100000, SIM_SECOND, 5 * SIM_SECOND};
    const struct sim_conditions lossy = {.loss = 200, .delay = 20000};
    for (uint64_t seed = 0; seed < 50; seed++) {
        lateness = latenesses[_i];
        make_pair_of(seed, &lossy, late_deadline);
        ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
        sim_link_run(pair.link, 60 * SIM_SECOND);
        /* Five seconds of thirty leave few attempts. */
        if (_i < 2) {
            assert_agreed();
        }
        ck_assert_uint_le(sent(), DATAGRAMS_MAX);
        sim_pair_clear(&pair);
    }
}
END_TEST

/* What came meanwhile is read in one go. */
START_TEST(callers_that_look_seldom_only_wait) {
    static const uint64_t periods[] = {100000, 350000, SIM_SECOND};
    const struct sim_conditions lossy = {.loss = 200, .delay = 20000};
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct sim_sleeper sleepers[2];
        sim_pair_init(&pair, seed, &lossy);
        sim_link_free(pair.link);
        pair.link = sim_link_new(seed, &lossy);
        sim_sleeper_init(&sleepers[0], sim_ours_endpoint(&pair.client), periods[_i]);
        sim_sleeper_init(&sleepers[1], sim_ours_endpoint(&pair.server), periods[_i]);
        (void)sim_link_add(pair.link, sim_sleeper_endpoint(&sleepers[0]));
        (void)sim_link_add(pair.link, sim_sleeper_endpoint(&sleepers[1]));
        ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
        sim_link_run(pair.link, 60 * SIM_SECOND);
        assert_agreed();
        ck_assert_uint_le(sent(), DATAGRAMS_MAX);
        sim_sleeper_clear(&sleepers[0]);
        sim_sleeper_clear(&sleepers[1]);
        sim_pair_clear(&pair);
    }
}
END_TEST

/* Nothing is ever asked for by a timer: expire is called every 10 us, some thousand times each RTT,
 * also when nothing is due. */
static void hammer(uint64_t until) {
    for (uint64_t now = sim_link_now(pair.link); now < until; now += 10) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, now), 0);
        ck_assert_int_eq(rtpgate_session_expire(pair.server.session, now), 0);
    }
}

START_TEST(a_caller_that_never_sleeps_sends_no_more_than_others) {
    const struct sim_conditions lossy = {.loss = 200, .delay = 20000};
    for (uint64_t seed = 0; seed < 20; seed++) {
        size_t datagrams[2];
        for (size_t busy = 0; busy < 2; busy++) {
            sim_pair_init(&pair, seed, &lossy);
            ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
            uint64_t before = 0;
            while (sim_link_step(pair.link, 60 * SIM_SECOND)) {
                for (int i = 0; busy == 1 && i < 1000; i++) {
                    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, before), 0);
                    before = sim_link_now(pair.link);
                    ck_assert_int_eq(rtpgate_session_expire(pair.server.session, before), 0);
                }
            }
            assert_agreed();
            datagrams[busy] = sent();
            sim_pair_clear(&pair);
        }
        ck_assert_uint_eq(datagrams[0], datagrams[1]);
    }
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    hammer(SIM_SECOND);
    sim_link_collect(pair.link);
    ck_assert_uint_le(sent(), sim_explain_transmissions(SIM_SECOND));
}
END_TEST

/* A clock that began near the end of the integer's range, as UINT64_MAX less so much. */
START_TEST(a_handshake_near_the_end_of_time_ends) {
    static const uint64_t before_the_end[] = {0, 1, 200000, 2 * SIM_SECOND, 40 * SIM_SECOND};
    const uint64_t start = UINT64_MAX - before_the_end[_i];
    uint8_t buffer[2000];
    uint64_t path;
    sim_pair_init(&pair, 1, &sim_calm);
    rtpgate_session *ends[] = {pair.client.session, pair.server.session};
    ck_assert_int_eq(rtpgate_session_start(ends[0], start), 0);
    size_t count = 0;
    for (size_t turn = 0; turn < 200; turn++) {
        rtpgate_session *from = ends[turn % 2];
        rtpgate_session *to = ends[1 - turn % 2];
        int length;
        while ((length = rtpgate_session_output(from, buffer, sizeof(buffer), &path)) > 0) {
            (void)rtpgate_session_input(to, buffer, (size_t)length, 0, start);
            count++;
        }
        ck_assert_int_eq(rtpgate_session_expire(from, start), 0);
    }
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_uint_le(count, DATAGRAMS_MAX);
    ck_assert_int_eq(rtpgate_session_expire(ends[0], UINT64_MAX), 0);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lateness");
    TCase *tests = suite_case(suite, "callers");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, the_wall_clock_is_told_to_libraries);
    tcase_add_loop_test(tests, steps_of_the_wall_clock_change_nothing, 0, 5);
    tcase_add_loop_test(tests, a_caller_that_is_seconds_late_only_waits, 0, 3);
    tcase_add_loop_test(tests, callers_that_look_seldom_only_wait, 0, 3);
    tcase_add_test(tests, a_caller_that_never_sleeps_sends_no_more_than_others);
    tcase_add_loop_test(tests, a_handshake_near_the_end_of_time_ends, 0, 5);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
