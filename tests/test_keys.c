#include "srtp/keys.h"

#include <string.h>

#include <rtpgate/error.h>
#include <rtpgate/srtp_keys.h>

#include "suite.h"

/* What RFC 5764 4.2 and RFC 7714 12 say, written down once more. */
static const struct {
    enum rtpgate_srtp_profile profile;
    size_t key;
    size_t salt;
} layouts[] = {
    {RTPGATE_SRTP_AES128_CM_SHA1_80, 16, 14},
    {RTPGATE_SRTP_AES128_CM_SHA1_32, 16, 14},
    {RTPGATE_SRTP_AEAD_AES_128_GCM, 16, 12},
    {RTPGATE_SRTP_AEAD_AES_256_GCM, 32, 12},
};

enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

static uint8_t block[RTPGATE_SRTP_MAX_BLOCK];

static void number_the_block(void) {
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = (uint8_t)(i + 1);
    }
}

/* `field` holds the block's bytes from `at` on, and zeros after them. */
static void expect_part(const uint8_t *field, size_t size, size_t at, size_t length) {
    for (size_t i = 0; i < size; i++) {
        ck_assert_uint_eq(field[i], i < length ? block[at + i] : 0);
    }
}

static struct rtpgate_srtp_keys split(enum rtpgate_srtp_profile profile, bool local_is_client) {
    struct rtpgate_srtp_keys keys;

    memset(&keys, 0xa5, sizeof keys);
    ck_assert_int_eq(rg_srtp_keys_split(&keys, rtpgate_srtp_profile_info((uint16_t)profile),
                                        local_is_client, block),
                     0);
    return keys;
}

START_TEST(the_block_is_client_key_server_key_client_salt_server_salt) {
    size_t key = layouts[_i].key;
    size_t salt = layouts[_i].salt;
    struct rtpgate_srtp_keys keys = split(layouts[_i].profile, true);

    ck_assert_int_eq(keys.profile, layouts[_i].profile);
    ck_assert_uint_eq(keys.key_length, key);
    ck_assert_uint_eq(keys.salt_length, salt);
    expect_part(keys.client.key, sizeof keys.client.key, 0, key);
    expect_part(keys.server.key, sizeof keys.server.key, key, key);
    expect_part(keys.client.salt, sizeof keys.client.salt, 2 * key, salt);
    expect_part(keys.server.salt, sizeof keys.server.salt, 2 * key + salt, salt);
}
END_TEST

START_TEST(the_role_says_which_half_is_ours) {
    struct rtpgate_srtp_keys client = split(RTPGATE_SRTP_AEAD_AES_128_GCM, true);
    struct rtpgate_srtp_keys server = split(RTPGATE_SRTP_AEAD_AES_128_GCM, false);

    ck_assert(client.local_is_client);
    ck_assert_ptr_eq(rtpgate_srtp_keys_local(&client), &client.client);
    ck_assert_ptr_eq(rtpgate_srtp_keys_remote(&client), &client.server);
    ck_assert(!server.local_is_client);
    ck_assert_ptr_eq(rtpgate_srtp_keys_local(&server), &server.server);
    ck_assert_ptr_eq(rtpgate_srtp_keys_remote(&server), &server.client);
    ck_assert_mem_eq(&client.client, &server.client, sizeof client.client);
    ck_assert_mem_eq(&client.server, &server.server, sizeof client.server);
}
END_TEST

START_TEST(no_keys_have_no_halves) {
    ck_assert_ptr_null(rtpgate_srtp_keys_local(NULL));
    ck_assert_ptr_null(rtpgate_srtp_keys_remote(NULL));
}
END_TEST

START_TEST(clear_leaves_zeros_only) {
    static const uint8_t zeros[sizeof(struct rtpgate_srtp_keys)];
    struct rtpgate_srtp_keys keys;

    memset(&keys, 0xa5, sizeof keys);
    rtpgate_srtp_keys_clear(&keys);
    ck_assert_mem_eq(&keys, zeros, sizeof keys);
    rtpgate_srtp_keys_clear(NULL);
}
END_TEST

START_TEST(a_profile_that_does_not_fit_is_refused_and_nothing_written) {
    struct rtpgate_srtp_profile_info info = *rtpgate_srtp_profile_info(0x0001);
    struct rtpgate_srtp_keys before;
    struct rtpgate_srtp_keys keys;

    memset(&keys, 0xa5, sizeof keys);
    before = keys;
    info.key_length = RTPGATE_SRTP_MAX_KEY + 1;
    ck_assert_int_eq(rg_srtp_keys_split(&keys, &info, true, block), RTPGATE_ERR_INVAL);
    info.key_length = RTPGATE_SRTP_MAX_KEY;
    info.salt_length = RTPGATE_SRTP_MAX_SALT + 1;
    ck_assert_int_eq(rg_srtp_keys_split(&keys, &info, true, block), RTPGATE_ERR_INVAL);
    ck_assert_mem_eq(&keys, &before, sizeof keys);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("keys");
    TCase *tests = suite_case(suite, "keys");

    number_the_block();
    tcase_add_loop_test(tests, the_block_is_client_key_server_key_client_salt_server_salt, 0,
                        LAYOUTS);
    tcase_add_test(tests, the_role_says_which_half_is_ours);
    tcase_add_test(tests, no_keys_have_no_halves);
    tcase_add_test(tests, clear_leaves_zeros_only);
    tcase_add_test(tests, a_profile_that_does_not_fit_is_refused_and_nothing_written);
    return suite_run(suite);
}
