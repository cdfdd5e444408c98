/* Keys in the forms that other SRTP stacks take. */
#include <string.h>

#include <rtpgate/error.h>
#include <rtpgate/srtp_keys.h>

#include "srtp/keys.h"
#include "suite.h"

/* Bytes 1 to 92 are the block; the texts are those of `base64` and `xxd -p` of coreutils and vim.
 */
static const struct {
    enum rtpgate_srtp_profile profile;
    const char *sdes;
    const char *client;
    const char *server;
    const char *hex;
} forms[] = {
    {RTPGATE_SRTP_AES128_CM_SHA1_80, "AES_CM_128_HMAC_SHA1_80",
     "inline:AQIDBAUGBwgJCgsMDQ4PECEiIyQlJicoKSorLC0u",
     "inline:ERITFBUWFxgZGhscHR4fIC8wMTIzNDU2Nzg5Ojs8",
     "0102030405060708090a0b0c0d0e0f102122232425262728292a2b2c2d2e"},
    {RTPGATE_SRTP_AES128_CM_SHA1_32, "AES_CM_128_HMAC_SHA1_32",
     "inline:AQIDBAUGBwgJCgsMDQ4PECEiIyQlJicoKSorLC0u",
     "inline:ERITFBUWFxgZGhscHR4fIC8wMTIzNDU2Nzg5Ojs8",
     "0102030405060708090a0b0c0d0e0f102122232425262728292a2b2c2d2e"},
    {RTPGATE_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM",
     "inline:AQIDBAUGBwgJCgsMDQ4PECEiIyQlJicoKSorLA==",
     "inline:ERITFBUWFxgZGhscHR4fIC0uLzAxMjM0NTY3OA==",
     "0102030405060708090a0b0c0d0e0f102122232425262728292a2b2c"},
    {RTPGATE_SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM",
     "inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyBBQkNERUZHSElKS0w=",
     "inline:ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BNTk9QUVJTVFVWV1g=",
     "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f204142434445464748494a4b4c"},
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static uint8_t block[RTPGATE_SRTP_MAX_BLOCK];
static struct rtpgate_srtp_keys keys;

static void make(size_t which) {
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] = (uint8_t)(i + 1);
    }
    ck_assert_int_eq(rg_srtp_keys_split(&keys,
                                        rtpgate_srtp_profile_info((uint16_t)forms[which].profile),
                                        true, block),
                     0);
}

START_TEST(each_profile_has_its_texts) {
    char text[RTPGATE_SRTP_MAX_TEXT];
    make((size_t)_i);
    ck_assert_str_eq(rtpgate_srtp_profile_info((uint16_t)keys.profile)->sdes, forms[_i].sdes);
    ck_assert_int_eq(rtpgate_srtp_keys_inline(&keys, &keys.client, text, sizeof(text)),
                     (int)strlen(forms[_i].client));
    ck_assert_str_eq(text, forms[_i].client);
    ck_assert_int_eq(rtpgate_srtp_keys_inline(&keys, &keys.server, text, sizeof(text)),
                     (int)strlen(forms[_i].server));
    ck_assert_str_eq(text, forms[_i].server);
    ck_assert_int_eq(rtpgate_srtp_keys_hex(&keys, &keys.client, text, sizeof(text)),
                     (int)strlen(forms[_i].hex));
    ck_assert_str_eq(text, forms[_i].hex);
}
END_TEST

START_TEST(the_block_is_what_was_split) {
    uint8_t again[RTPGATE_SRTP_MAX_BLOCK];
    make((size_t)_i);
    int length = rtpgate_srtp_keys_block(&keys, again, sizeof(again));
    ck_assert_int_eq(length, (int)(2 * (keys.key_length + keys.salt_length)));
    ck_assert_mem_eq(again, block, (size_t)length);
}
END_TEST

/* The exact room is enough; one byte less is refused, and nothing is written. */
START_TEST(all_or_nothing_is_written) {
    char text[RTPGATE_SRTP_MAX_TEXT] = "";
    uint8_t again[RTPGATE_SRTP_MAX_BLOCK] = {0};
    make((size_t)_i);
    size_t length = strlen(forms[_i].client);
    ck_assert_int_eq(rtpgate_srtp_keys_inline(&keys, &keys.client, text, length),
                     RTPGATE_ERR_NOBUF);
    ck_assert_int_eq(rtpgate_srtp_keys_hex(&keys, &keys.client, text, strlen(forms[_i].hex)),
                     RTPGATE_ERR_NOBUF);
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(rtpgate_srtp_keys_inline(&keys, &keys.client, text, length + 1), (int)length);
    length = 2 * (keys.key_length + keys.salt_length);
    ck_assert_int_eq(rtpgate_srtp_keys_block(&keys, again, length - 1), RTPGATE_ERR_NOBUF);
    ck_assert_uint_eq(again[0], 0);
    ck_assert_int_eq(rtpgate_srtp_keys_block(&keys, again, length), (int)length);
}
END_TEST

START_TEST(what_are_no_keys_is_refused) {
    char text[RTPGATE_SRTP_MAX_TEXT];
    make(0);
    const struct rtpgate_srtp_keys copy = keys;
    ck_assert_int_eq(rtpgate_srtp_keys_inline(NULL, &keys.client, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_srtp_keys_inline(&keys, NULL, text, sizeof(text)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_srtp_keys_inline(&keys, &copy.client, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_srtp_keys_inline(&keys, &keys.client, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_srtp_keys_hex(&keys, &keys.client, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_srtp_keys_block(&keys, NULL, 0), RTPGATE_ERR_INVAL);
    keys.salt_length = 12; /* another profile's */
    ck_assert_int_eq(rtpgate_srtp_keys_hex(&keys, &keys.client, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
    rtpgate_srtp_keys_clear(&keys);
    ck_assert_int_eq(rtpgate_srtp_keys_block(&keys, block, sizeof(block)), RTPGATE_ERR_INVAL);
}
END_TEST

START_TEST(zero_zeroes) {
    char text[] = "inline:secret";
    rtpgate_zero(text, sizeof(text) - 1);
    for (size_t i = 0; i < sizeof(text); i++) {
        ck_assert_int_eq(text[i], 0);
    }
    rtpgate_zero(NULL, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("keys_export");
    TCase *tests = suite_case(suite, "forms");
    tcase_add_loop_test(tests, each_profile_has_its_texts, 0, FORMS);
    tcase_add_loop_test(tests, the_block_is_what_was_split, 0, FORMS);
    tcase_add_loop_test(tests, all_or_nothing_is_written, 0, FORMS);
    tcase_add_test(tests, what_are_no_keys_is_refused);
    tcase_add_test(tests, zero_zeroes);
    return suite_run(suite);
}
