#include <gnutls/crypto.h>

#include "ciphers.h"

#define rg_hmac_sha1 copy_hmac_sha1
#define rg_free_secret watched_free_secret
#include "srtp/hmac_sha1.c"

START_TEST(the_vector_of_the_rfc) {
    ck_assert_int_eq(srtp_auth_type_self_test(&rg_hmac_sha1), srtp_err_status_ok);
}
END_TEST

START_TEST(keys_and_tags_may_have_any_length) {
    uint8_t data[200];
    uint8_t expected[SHA1_DIGEST_SIZE];
    uint8_t tag[SHA1_DIGEST_SIZE + 1];

    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 5);
    }
    for (int key = 0; key < 100; key++) {
        for (int length = 0; length <= SHA1_DIGEST_SIZE; length++) {
            srtp_auth_t *auth = NULL;

            ck_assert_int_eq(rg_hmac_sha1.alloc(&auth, key, length), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_init(auth, data), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_start(auth), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_update(auth, data, 11), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_start(auth), srtp_err_status_ok); /* given up */
            ck_assert_int_eq(srtp_auth_update(auth, data, 150), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_update(auth, NULL, 0), srtp_err_status_ok);
            memset(tag, 0xe7, sizeof tag);
            ck_assert_int_eq(srtp_auth_compute(auth, data + 150, 50, tag), srtp_err_status_ok);
            ck_assert_int_eq(
                gnutls_hmac_fast(GNUTLS_MAC_SHA1, data, (size_t)key, data, sizeof data, expected),
                0);
            ck_assert_mem_eq(tag, expected, (size_t)length);
            ck_assert_uint_eq(tag[length], 0xe7);
            ck_assert_int_eq(srtp_auth_dealloc(auth), srtp_err_status_ok);
        }
    }
}
END_TEST

/* A hash works in blocks of 64 bytes. */
START_TEST(messages_may_have_any_length) {
    static const uint8_t key[20] = {1, 2, 3};
    uint8_t data[300];
    uint8_t expected[SHA1_DIGEST_SIZE];
    uint8_t tag[SHA1_DIGEST_SIZE];
    srtp_auth_t *auth = NULL;

    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    ck_assert_int_eq(rg_hmac_sha1.alloc(&auth, sizeof key, sizeof tag), srtp_err_status_ok);
    ck_assert_int_eq(srtp_auth_init(auth, key), srtp_err_status_ok);
    for (size_t length = 0; length < sizeof data; length++) {
        ck_assert_int_eq(srtp_auth_start(auth), srtp_err_status_ok);
        ck_assert_int_eq(srtp_auth_compute(auth, data, (int)length, tag), srtp_err_status_ok);
        ck_assert_int_eq(gnutls_hmac_fast(GNUTLS_MAC_SHA1, key, sizeof key, data, length, expected),
                         0);
        ck_assert_mem_eq(tag, expected, sizeof tag);
    }
    ck_assert_int_eq(srtp_auth_dealloc(auth), srtp_err_status_ok);
}
END_TEST

START_TEST(other_lengths_are_refused) {
    srtp_auth_t *auth = NULL;

    ck_assert_int_eq(rg_hmac_sha1.alloc(&auth, -1, 10), srtp_err_status_bad_param);
    ck_assert_int_eq(rg_hmac_sha1.alloc(&auth, 20, -1), srtp_err_status_bad_param);
    ck_assert_int_eq(rg_hmac_sha1.alloc(&auth, 20, SHA1_DIGEST_SIZE + 1),
                     srtp_err_status_bad_param);
    ck_assert_ptr_null(auth);
}
END_TEST

START_TEST(without_memory_nothing_is_made) {
    srtp_auth_t *auth = NULL;

    rg_alloc_fail_from(1);
    ck_assert_int_eq(rg_hmac_sha1.alloc(&auth, 20, 10), srtp_err_status_alloc_fail);
    rg_alloc_fail_from(0);
    ck_assert_ptr_null(auth);
}
END_TEST

START_TEST(all_that_knows_a_key_is_zeroed) {
    srtp_auth_t *auth = NULL;

    zeroed = 0;
    ck_assert_int_eq(rg_hmac_sha1.alloc(&auth, 20, 10), srtp_err_status_ok);
    ck_assert_int_eq(srtp_auth_dealloc(auth), srtp_err_status_ok);
    ck_assert_uint_eq(zeroed, sizeof(struct hmac));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hmac_sha1");
    TCase *tests = suite_case(suite, "hmac_sha1");

    tcase_add_test(tests, the_vector_of_the_rfc);
    tcase_add_test(tests, keys_and_tags_may_have_any_length);
    tcase_add_test(tests, messages_may_have_any_length);
    tcase_add_test(tests, other_lengths_are_refused);
    tcase_add_test(tests, without_memory_nothing_is_made);
    tcase_add_test(tests, all_that_knows_a_key_is_zeroed);
    return suite_run(suite);
}
