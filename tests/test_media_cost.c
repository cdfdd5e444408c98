/* A packet costs neither memory nor a lock: this program stands between the libraries and the C
 * library's functions, and counts. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

#include <srtp2/srtp.h>

#include "media.h"
#include "suite.h"

enum { PACKETS = 1000, SSRC = 7 };

static struct {
    bool on;
    unsigned long allocations;
    unsigned long locks;
} count;

/* glibc's own names for what is counted here; its dlsym allocates, too. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t members, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size) {
    count.allocations += count.on;
    return __libc_malloc(size);
}

void *calloc(size_t members, size_t size) {
    count.allocations += count.on;
    return __libc_calloc(members, size);
}

void *realloc(void *memory, size_t size) {
    count.allocations += count.on;
    return __libc_realloc(memory, size);
}

typedef int lock_function(void *lock);

/* The C library's function `name`, found once. */
static int lock_with(lock_function **function, const char *name, void *lock) {
    count.locks += count.on;
    if (*function == NULL) {
        void *found = dlsym(RTLD_NEXT, name);

        memcpy(function, &found, sizeof found);
    }
    return (*function)(lock);
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    static lock_function *real;

    return lock_with(&real, "pthread_mutex_lock", mutex);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
    static lock_function *real;

    return lock_with(&real, "pthread_rwlock_rdlock", lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
    static lock_function *real;

    return lock_with(&real, "pthread_rwlock_wrlock", lock);
}

static void begin_count(void) {
    count.allocations = 0;
    count.locks = 0;
    count.on = true;
}

static void end_count(void) {
    count.on = false;
}

/* Packets to and fro, not all of which are good; how many answers are wrong. Check's assertions
 * would be counted. */
static unsigned exchange(struct media_pair *pair, enum rtpgate_kind kind, unsigned packets,
                         unsigned first) {
    uint8_t packet[1200 + RTPGATE_MEDIA_OVERHEAD];
    unsigned wrong = 0;

    for (unsigned i = 0; i < packets; i++) {
        size_t length = 20 + (37 * i) % 1180;
        size_t sealed;

        media_packet(kind, packet, length, first + i, SSRC);
        sealed = (size_t)rtpgate_media_protect(pair->client, kind, packet, length, packet,
                                               sizeof packet);
        packet[length - 1] ^= 1;
        wrong += media_receive(pair->server, kind, packet, sealed) != RTPGATE_ERR_AUTH;
        packet[length - 1] ^= 1;
        wrong += media_receive(pair->server, kind, packet, sealed) != (int)length;
        wrong += media_receive(pair->server, kind, packet, sealed) != RTPGATE_ERR_REPLAY;
    }
    return wrong;
}

START_TEST(packets_cost_no_memory_and_no_lock) {
    static const enum rtpgate_kind kinds[] = {RTPGATE_KIND_RTP, RTPGATE_KIND_RTCP};
    struct media_pair pair = media_pair_new(&media_profiles[_i]);

    for (size_t i = 0; i < 2; i++) {
        unsigned wrong = exchange(&pair, kinds[i], 1, 1); /* the first of an SSRC may cost */

        begin_count();
        wrong += exchange(&pair, kinds[i], PACKETS, 2);
        end_count();
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_eq(count.allocations, 0);
        ck_assert_uint_eq(count.locks, 0);
    }
    media_pair_free(&pair);
}
END_TEST

/* Runs first, while libsrtp has the ciphers on NSS: what they cost is seen here. */
START_TEST(the_count_sees_what_other_ciphers_cost) {
    static uint8_t master[SRTP_MAX_KEY_LEN];
    uint8_t packet[100 + SRTP_MAX_TRAILER_LEN];
    srtp_policy_t policy;
    srtp_t session = NULL;

    memset(&policy, 0, sizeof policy);
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = master;
    ck_assert_int_eq(srtp_init(), srtp_err_status_ok);
    ck_assert_int_eq(srtp_create(&session, &policy), srtp_err_status_ok);
    for (unsigned i = 0; i < 2; i++) {
        srtp_err_status_t status;
        int length = 100;

        media_rtp(packet, 100, i, SSRC);
        begin_count();
        status = srtp_protect(session, packet, &length);
        end_count();
        ck_assert_int_eq(status, srtp_err_status_ok);
    }
    ck_assert_uint_gt(count.allocations, 0);
    ck_assert_uint_gt(count.locks, 0);
    ck_assert_int_eq(srtp_dealloc(session), srtp_err_status_ok);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_cost");
    TCase *tests = suite_case(suite, "media_cost");

    tcase_add_test(tests, the_count_sees_what_other_ciphers_cost);
    tcase_add_loop_test(tests, packets_cost_no_memory_and_no_lock, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
