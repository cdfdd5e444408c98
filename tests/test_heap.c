/* What an association costs in memory once it is READY. */
#include <malloc.h>
#include <stdio.h>

#include "sim/ours.h"
#include "suite.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
size_t __sanitizer_get_current_allocated_bytes(void);
#define HEAP_IN_USE() __sanitizer_get_current_allocated_bytes()
#else
#define HEAP_IN_USE() (mallinfo2().uordblks)
#endif

enum { PAIRS = 100, RELEASED_MAX = 2560, KEPT_MIN = 10240 };

static rtpgate_session *sessions[PAIRS][2];

static bool carry(rtpgate_session *from, rtpgate_session *to) {
    uint8_t buffer[2000];
    uint64_t path;
    struct rtpgate_event event;
    bool any = false;
    int length;
    while ((length = rtpgate_session_output(from, buffer, sizeof(buffer), &path)) > 0) {
        ck_assert_int_eq(rtpgate_session_input(to, buffer, (size_t)length, 0, 0), 0);
        any = true;
    }
    while (rtpgate_session_next_event(to, &event) == 1) {
    }
    return any;
}

static void connect_pair(rtpgate_session **pair, rtpgate_config *const *configs) {
    for (size_t i = 0; i < 2; i++) {
        const struct rtpgate_fingerprint other = sim_fingerprint(1 - i);
        enum rtpgate_role role = i == 0 ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER;
        ck_assert_int_eq(rtpgate_session_new(&pair[i], configs[i], role, 0), 0);
        ck_assert_int_eq(rtpgate_session_set_remote(pair[i], &other, 1, 0), 0);
    }
    ck_assert_int_eq(rtpgate_session_start(pair[0], 0), 0);
    while (carry(pair[0], pair[1]) || carry(pair[1], pair[0])) {
    }
    ck_assert_int_eq(rtpgate_session_state(pair[0]), RTPGATE_STATE_READY);
    ck_assert_int_eq(rtpgate_session_state(pair[1]), RTPGATE_STATE_READY);
}

/* Bytes of a client and a server, one for each, when so many of them are READY. */
static size_t cost(uint64_t linger) {
    rtpgate_config *configs[2];
    rtpgate_session *first[2];
    for (size_t i = 0; i < 2; i++) {
        configs[i] = sim_config(i);
        ck_assert_int_eq(rtpgate_config_set_release(configs[i], linger), 0);
    }
    connect_pair(first, configs); /* what is made once is no pair's */
    size_t before = HEAP_IN_USE();
    for (size_t i = 0; i < PAIRS; i++) {
        connect_pair(sessions[i], configs);
    }
    size_t bytes = HEAP_IN_USE() - before;
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0; n < PAIRS; n++) {
            rtpgate_session_free(sessions[n][i]);
        }
        rtpgate_session_free(first[i]);
        rtpgate_config_free(configs[i]);
    }
    return bytes / PAIRS / 2;
}

START_TEST(a_ready_association_is_small) {
    size_t released = cost(0);
    size_t kept = cost(RTPGATE_NEVER);
    (void)printf("%zu bytes for each session, %zu with GnuTLS\n", released, kept);
    ck_assert_uint_le(released, RELEASED_MAX);
    ck_assert_uint_ge(kept, KEPT_MIN); /* or nothing was measured */
}
END_TEST

int main(void) {
    Suite *suite = suite_create("heap");
    TCase *tests = suite_case(suite, "READY");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_ready_association_is_small);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
