/* Every allocation of ours fails once, in every phase: no crash, no leak, a clean error. */
#include <string.h>

#include "base/alloc.h"
#include "sim/pair.h"
#include "suite.h"

static rtpgate_config *configs[2];

static void setup(void) {
    for (size_t i = 0; i < 2; i++) {
        configs[i] = sim_config(i);
    }
}

static void teardown(void) {
    rg_alloc_fail_from(0);
    for (size_t i = 0; i < 2; i++) {
        rtpgate_config_free(configs[i]);
    }
    sim_ours_finish();
}

static void exchange(rtpgate_session *from, rtpgate_session *to, uint64_t now) {
    uint8_t buffer[2000];
    uint64_t path;
    int length;
    while ((length = rtpgate_session_output(from, buffer, sizeof(buffer), &path)) > 0) {
        (void)rtpgate_session_input(to, buffer, (size_t)length, 0, now);
    }
}

static void drain(rtpgate_session *session, uint64_t now) {
    struct rtpgate_event event;
    (void)rtpgate_session_expire(session, now);
    while (rtpgate_session_next_event(session, &event) == 1) {
    }
}

static bool is_clean(int status) {
    return status == 0 || status == RTPGATE_ERR_NOMEM || status == RTPGATE_ERR_CRYPTO;
}

/* A handshake, data, and a close, of which any part may fail. True when it all went well. */
static bool live(rtpgate_session *client, rtpgate_session *server) {
    const struct rtpgate_fingerprint fingerprints[] = {sim_fingerprint(0), sim_fingerprint(1)};
    ck_assert_int_eq(rtpgate_session_set_remote(client, &fingerprints[1], 1, 0), 0);
    ck_assert_int_eq(rtpgate_session_set_remote(server, &fingerprints[0], 1, 0), 0);
    ck_assert(is_clean(rtpgate_session_start(client, 0)));
    for (uint64_t turn = 1; turn < 8; turn++) {
        exchange(client, server, turn * 1000000);
        exchange(server, client, turn * 1000000);
        drain(client, turn * 1000000);
        drain(server, turn * 1000000);
    }
    (void)rtpgate_session_send(client, (const uint8_t *)"data", 4, 8000000);
    exchange(client, server, 8000000);
    bool ready = rtpgate_session_state(client) == RTPGATE_STATE_READY &&
                 rtpgate_session_state(server) == RTPGATE_STATE_READY;
    ck_assert_int_eq(rtpgate_session_close(client, 9000000), 0);
    exchange(client, server, 9000000);
    drain(server, 9000000);
    return ready;
}

static bool run(unsigned long fail_from) {
    rtpgate_session *client = NULL;
    rtpgate_session *server = NULL;
    bool good = false;
    rg_alloc_fail_from(fail_from);
    int made = rtpgate_session_new(&client, configs[0], RTPGATE_ROLE_CLIENT, 0);
    if (made == 0) {
        made = rtpgate_session_new(&server, configs[1], RTPGATE_ROLE_SERVER, 0);
    }
    if (made == 0) {
        good = live(client, server);
    }
    ck_assert(made == 0 || made == RTPGATE_ERR_NOMEM);
    rtpgate_session_free(client);
    rtpgate_session_free(server);
    rg_alloc_fail_from(0);
    return good;
}

START_TEST(no_allocation_is_taken_for_granted) {
    unsigned long before = rg_alloc_count();
    ck_assert(run(0));
    unsigned long needed = rg_alloc_count() - before;
    ck_assert_uint_gt(needed, 30);
    for (unsigned long n = 1; n <= needed; n++) {
        (void)run(n);
    }
    ck_assert(!run(1));
    ck_assert(run(needed + 1));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *tests = suite_case(suite, "allocation failures");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, no_allocation_is_taken_for_granted);
    return suite_run(suite);
}
