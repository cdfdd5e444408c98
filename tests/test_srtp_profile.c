#include <rtpgate/srtp_profile.h>

#include "suite.h"

/* RFC 5764 4.1.2 and RFC 7714 14.2, in bits where the RFCs say bits. */
static const struct {
    uint16_t number;
    const char *name;
    size_t key_bits;
    size_t salt_bits;
    size_t rtp_tag_bits;
    size_t rtcp_tag_bits;
} expected[] = {
    {0x0001, "AES128_CM_SHA1_80", 128, 112, 80, 80},
    {0x0002, "AES128_CM_SHA1_32", 128, 112, 32, 80},
    {0x0007, "AEAD_AES_128_GCM", 128, 96, 128, 128},
    {0x0008, "AEAD_AES_256_GCM", 256, 96, 128, 128},
};
enum { PROFILES = sizeof(expected) / sizeof(expected[0]) };

START_TEST(each_profile_is_as_its_rfc_says) {
    const struct rtpgate_srtp_profile_info *info = rtpgate_srtp_profile_info(expected[_i].number);

    ck_assert_ptr_nonnull(info);
    ck_assert_uint_eq((unsigned)info->profile, expected[_i].number);
    ck_assert_str_eq(info->name, expected[_i].name);
    ck_assert_uint_eq(info->key_length * 8, expected[_i].key_bits);
    ck_assert_uint_eq(info->salt_length * 8, expected[_i].salt_bits);
    ck_assert_uint_eq(info->rtp_tag_length * 8, expected[_i].rtp_tag_bits);
    ck_assert_uint_eq(info->rtcp_tag_length * 8, expected[_i].rtcp_tag_bits);
}
END_TEST

START_TEST(the_constants_are_ianas_numbers) {
    ck_assert_uint_eq(RTPGATE_SRTP_AES128_CM_SHA1_80, 0x0001);
    ck_assert_uint_eq(RTPGATE_SRTP_AES128_CM_SHA1_32, 0x0002);
    ck_assert_uint_eq(RTPGATE_SRTP_AEAD_AES_128_GCM, 0x0007);
    ck_assert_uint_eq(RTPGATE_SRTP_AEAD_AES_256_GCM, 0x0008);
}
END_TEST

START_TEST(no_other_number_is_supported) {
    unsigned supported = 0;

    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        supported += rtpgate_srtp_profile_info((uint16_t)number) != NULL;
    }
    ck_assert_uint_eq(supported, PROFILES);
}
END_TEST

START_TEST(null_ciphers_are_not_supported) {
    ck_assert_ptr_null(rtpgate_srtp_profile_info(0x0005)); /* SRTP_NULL_HMAC_SHA1_80 */
    ck_assert_ptr_null(rtpgate_srtp_profile_info(0x0006)); /* SRTP_NULL_HMAC_SHA1_32 */
}
END_TEST

int main(void) {
    Suite *suite = suite_create("srtp_profile");
    TCase *tests = suite_case(suite, "srtp_profile");

    tcase_add_loop_test(tests, each_profile_is_as_its_rfc_says, 0, PROFILES);
    tcase_add_test(tests, the_constants_are_ianas_numbers);
    tcase_add_test(tests, no_other_number_is_supported);
    tcase_add_test(tests, null_ciphers_are_not_supported);
    return suite_run(suite);
}
