#include <srtp2/srtp.h>
#include <stdint.h>

#include "base/secure.h"
#include "media.h"
#include "srtp/crypto.h"
#include "suite.h"

/* What libsrtp is asked, what it is made to answer, and what became of the keys. */
static struct {
    int inits;
    int installs;
    int creates;
    int live;
    srtp_err_status_t fail_init;
    srtp_err_status_t fail_install;
    int fail_create; /* the n-th from now fails; 0: none */
    srtp_err_status_t status;
    const uint8_t *key; /* where libsrtp was shown a key, until it was zeroed */
    size_t zeroed;
} watch;

static srtp_err_status_t watched_init(void) {
    watch.inits++;
    return watch.fail_init != 0 ? watch.fail_init : srtp_init();
}

static srtp_err_status_t watched_install(void) {
    watch.installs++;
    return watch.fail_install != 0 ? watch.fail_install : rg_crypto_install();
}

static srtp_err_status_t watched_create(srtp_t *session, const srtp_policy_t *policy) {
    static const uint8_t zeros[RTPGATE_SRTP_MAX_KEY];

    watch.creates++;
    ck_assert_ptr_null(watch.key);
    if (memcmp(policy->key, zeros, 16) != 0) {
        watch.key = policy->key;
    }
    if (watch.fail_create > 0 && --watch.fail_create == 0) {
        return watch.status;
    }
    watch.live++;
    return srtp_create(session, policy);
}

static srtp_err_status_t watched_dealloc(srtp_t session) {
    watch.live--;
    return srtp_dealloc(session);
}

static void watched_zero(void *memory, size_t size) {
    ck_assert_ptr_eq(memory, watch.key);
    ck_assert_uint_eq(size, RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT);
    watch.key = NULL;
    watch.zeroed++;
    rg_zero(memory, size);
}

static srtp_err_status_t answered(srtp_t session, void *packet, int *length) {
    (void)session;
    (void)packet;
    (void)length;
    return watch.status;
}

/* The tests run on a second copy of the sources, with another libsrtp under it. */
#define rtpgate_media_new copy_new
#define rtpgate_media_new_with copy_new_with
#define rtpgate_media_expiring copy_expiring
#define rtpgate_media_roc copy_roc
#define rtpgate_media_set_roc copy_set_roc
#define rg_media_add_stats copy_add_stats
#define rg_media_new_of copy_new_of
#define rtpgate_config_set_media copy_config_set_media
#define rtpgate_media_keep_libsrtp_ciphers copy_keep
#define rg_media_prepare test_media_prepare
#define rg_srtp_code test_srtp_code
#define rg_crypto_install watched_install
#define rtpgate_media_free copy_free
#define rtpgate_media_protect copy_protect
#define rtpgate_media_unprotect copy_unprotect
/* with its arguments, since a struct has the same name */
#define rtpgate_media_stats(media, stats, size) copy_stats(media, stats, size)
#define rg_contexts_open copy_contexts_open
#define rg_contexts_close copy_contexts_close
#define rg_contexts_add copy_contexts_add
#define rg_contexts_resume copy_contexts_resume
#define rg_contexts_know copy_contexts_know
#define srtp_init watched_init
#define srtp_create watched_create
#define srtp_dealloc watched_dealloc
#define srtp_protect answered
#define srtp_protect_rtcp answered
#define srtp_unprotect answered
#define srtp_unprotect_rtcp answered
#define rg_zero watched_zero
void copy_free(rtpgate_media *media);
#include "srtp/context.c"
#include "srtp/media.c"
#include "srtp/settings.c"
#include "srtp/start.c"

static rtpgate_media *copy_end(void) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[0], true);
    rtpgate_media *media = NULL;

    ck_assert_int_eq(rtpgate_media_new(&media, &keys), 0);
    return media;
}

/* Runs before every test: as if the process had just begun. */
static void begin(void) {
    if (anchor != NULL) {
        srtp_dealloc(anchor);
        anchor = NULL;
    }
    memset(&watch, 0, sizeof watch);
    once = (once_flag)ONCE_FLAG_INIT;
    ciphers = CIPHERS_UNDECIDED;
}

START_TEST(libsrtp_is_initialised_once_and_gets_our_ciphers_once) {
    rtpgate_media *first = copy_end();

    rtpgate_media_free(copy_end());
    ck_assert_int_eq(watch.live, 2);
    rtpgate_media_free(first);
    rtpgate_media_free(copy_end());
    ck_assert_int_eq(watch.inits, 1);
    ck_assert_int_eq(watch.installs, 1);
    ck_assert_int_eq(watch.creates, 6);
    ck_assert_int_eq(watch.live, 0);
}
END_TEST

START_TEST(kept_ciphers_have_one_context_that_stays) {
    rtpgate_media *first;

    ck_assert_int_eq(rtpgate_media_keep_libsrtp_ciphers(), 0);
    ck_assert_int_eq(rtpgate_media_keep_libsrtp_ciphers(), 0);
    ck_assert_int_eq(watch.inits, 0);
    first = copy_end();
    rtpgate_media_free(copy_end());
    ck_assert_int_eq(watch.live, 3);
    rtpgate_media_free(first);
    ck_assert_int_eq(watch.inits, 1);
    ck_assert_int_eq(watch.installs, 0);
    ck_assert_int_eq(watch.creates, 5);
    ck_assert_int_eq(watch.live, 1);
    ck_assert_int_eq(rtpgate_media_keep_libsrtp_ciphers(), 0);
}
END_TEST

START_TEST(ciphers_are_kept_before_the_first_context_or_not_at_all) {
    rtpgate_media_free(copy_end());
    ck_assert_int_eq(rtpgate_media_keep_libsrtp_ciphers(), RTPGATE_ERR_STATE);
    rtpgate_media_free(copy_end());
    ck_assert_int_eq(watch.installs, 1);
}
END_TEST

/* No context is made, now and later. */
static void expect_none(int code) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[0], true);
    rtpgate_media *media = NULL;

    ck_assert_int_eq(rtpgate_media_new(&media, &keys), code);
    ck_assert_int_eq(rtpgate_media_new(&media, &keys), code);
    ck_assert_ptr_null(media);
    ck_assert_int_eq(watch.creates, 0);
}

START_TEST(without_libsrtp_there_are_no_contexts) {
    watch.fail_init = srtp_err_status_init_fail;
    expect_none(RTPGATE_ERR_CRYPTO);
    ck_assert_int_eq(watch.installs, 0);
}
END_TEST

START_TEST(without_ciphers_there_are_no_contexts) {
    watch.fail_install = srtp_err_status_algo_fail;
    expect_none(RTPGATE_ERR_CRYPTO);
    begin();
    watch.fail_install = srtp_err_status_alloc_fail;
    expect_none(RTPGATE_ERR_NOMEM);
}
END_TEST

START_TEST(somebody_else_may_have_initialised_libsrtp) {
    watch.fail_init = srtp_err_status_bad_param; /* what libsrtp 2 says then */
    rtpgate_media_free(copy_end());
    ck_assert_int_eq(watch.creates, 2);
}
END_TEST

START_TEST(contexts_do_not_depend_on_the_one_that_stays) {
    ck_assert_int_eq(rtpgate_media_keep_libsrtp_ciphers(), 0);
    watch.fail_create = 1;
    watch.status = srtp_err_status_alloc_fail;
    rtpgate_media_free(copy_end());
    ck_assert_int_eq(watch.live, 0);
}
END_TEST

START_TEST(keys_are_zeroed_once_libsrtp_has_them) {
    rtpgate_media *media = copy_end();

    ck_assert_ptr_null(watch.key);
    ck_assert_uint_eq(watch.zeroed, 2);
    rtpgate_media_free(media);
}
END_TEST

/* The n-th context of a process cannot be made: nothing is left, no key and no other context. */
static void fail_at(int n, srtp_err_status_t status, int code) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[0], true);
    rtpgate_media *media = NULL;

    begin();
    watch.fail_create = n;
    watch.status = status;
    ck_assert_int_eq(rtpgate_media_new(&media, &keys), code);
    ck_assert_ptr_null(media);
    ck_assert_ptr_null(watch.key);
    ck_assert_uint_eq(watch.zeroed, (size_t)n);
    ck_assert_int_eq(watch.live, 0);
}

START_TEST(a_context_that_cannot_be_made_leaves_nothing) {
    fail_at(1, srtp_err_status_alloc_fail, RTPGATE_ERR_NOMEM);
    fail_at(2, srtp_err_status_alloc_fail, RTPGATE_ERR_NOMEM);
    fail_at(1, srtp_err_status_init_fail, RTPGATE_ERR_CRYPTO);
    fail_at(1, srtp_err_status_bad_param, RTPGATE_ERR_CRYPTO);
    fail_at(2, srtp_err_status_cipher_fail, RTPGATE_ERR_CRYPTO);
}
END_TEST

static void expect_code(rtpgate_media *media, srtp_err_status_t status, int code) {
    uint8_t packet[200] = {0x80};

    watch.status = status;
    ck_assert_int_eq(
        rtpgate_media_protect(media, RTPGATE_KIND_RTP, packet, 100, packet, sizeof packet), code);
    ck_assert_int_eq(
        rtpgate_media_unprotect(media, RTPGATE_KIND_RTP, packet, 100, packet, sizeof packet), code);
}

START_TEST(what_libsrtp_says_is_told) {
    rtpgate_media *media = copy_end();
    struct rtpgate_media_stats stats;

    expect_code(media, srtp_err_status_ok, 100);
    expect_code(media, srtp_err_status_auth_fail, RTPGATE_ERR_AUTH);
    expect_code(media, srtp_err_status_replay_fail, RTPGATE_ERR_REPLAY);
    expect_code(media, srtp_err_status_replay_old, RTPGATE_ERR_REPLAY);
    expect_code(media, srtp_err_status_bad_param, RTPGATE_ERR_MALFORMED);
    expect_code(media, srtp_err_status_parse_err, RTPGATE_ERR_MALFORMED);
    expect_code(media, srtp_err_status_alloc_fail, RTPGATE_ERR_NOMEM);
    expect_code(media, srtp_err_status_cipher_fail, RTPGATE_ERR_CRYPTO);
    expect_code(media, srtp_err_status_key_expired, RTPGATE_ERR_EXPIRED);
    ck_assert_int_eq(rtpgate_media_stats(media, &stats, sizeof stats), 0);
    ck_assert_uint_eq(stats.rtp_protected + stats.rtp_unprotected, 2);
    ck_assert_uint_eq(stats.auth_failures, 2);
    ck_assert_uint_eq(stats.replays, 4);
    ck_assert_uint_eq(stats.malformed, 4);
    rtpgate_media_free(media);
}
END_TEST

START_TEST(every_counter_is_summed) {
    rtpgate_media *media = copy_end();
    uint64_t counters[sizeof(struct rtpgate_media_stats) / sizeof(uint64_t)];
    struct rtpgate_media_stats sum = {0};

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        counters[i] = i + 1;
    }
    memcpy(&media->stats, counters, sizeof counters);
    rg_media_add_stats(&sum, NULL);
    rg_media_add_stats(&sum, media);
    rg_media_add_stats(&sum, media);
    memcpy(counters, &sum, sizeof counters);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        ck_assert_uint_eq(counters[i], 2 * (i + 1));
    }
    rtpgate_media_free(media);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_faults");
    TCase *tests = suite_case(suite, "media_faults");

    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, libsrtp_is_initialised_once_and_gets_our_ciphers_once);
    tcase_add_test(tests, kept_ciphers_have_one_context_that_stays);
    tcase_add_test(tests, ciphers_are_kept_before_the_first_context_or_not_at_all);
    tcase_add_test(tests, without_libsrtp_there_are_no_contexts);
    tcase_add_test(tests, without_ciphers_there_are_no_contexts);
    tcase_add_test(tests, somebody_else_may_have_initialised_libsrtp);
    tcase_add_test(tests, contexts_do_not_depend_on_the_one_that_stays);
    tcase_add_test(tests, keys_are_zeroed_once_libsrtp_has_them);
    tcase_add_test(tests, a_context_that_cannot_be_made_leaves_nothing);
    tcase_add_test(tests, what_libsrtp_says_is_told);
    tcase_add_test(tests, every_counter_is_summed);
    return suite_run(suite);
}
