#include <rtpgate/error.h>

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "suite.h"

static const struct {
    int code;
    enum rtpgate_error_class expected;
} codes[] = {
    {RTPGATE_OK, RTPGATE_CLASS_NONE},
    {RTPGATE_ERR_INVAL, RTPGATE_CLASS_CALLER},
    {RTPGATE_ERR_STATE, RTPGATE_CLASS_CALLER},
    {RTPGATE_ERR_NOBUF, RTPGATE_CLASS_CALLER},
    {RTPGATE_ERR_NOMEM, RTPGATE_CLASS_MACHINE},
    {RTPGATE_ERR_CRYPTO, RTPGATE_CLASS_MACHINE},
    {RTPGATE_ERR_IO, RTPGATE_CLASS_MACHINE},
    {RTPGATE_ERR_FINGERPRINT, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_NO_CERTIFICATE, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_NO_PROFILE, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_NO_USE_SRTP, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_MKI, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_VERSION, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_CIPHER, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_EMS, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_HANDSHAKE, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_ALERT, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_TIMEOUT, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_CLOSED, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_EXPIRED, RTPGATE_CLASS_ASSOCIATION},
    {RTPGATE_ERR_AUTH, RTPGATE_CLASS_PACKET},
    {RTPGATE_ERR_REPLAY, RTPGATE_CLASS_PACKET},
    {RTPGATE_ERR_MALFORMED, RTPGATE_CLASS_PACKET},
    {RTPGATE_ERR_CRYPTEX, RTPGATE_CLASS_PACKET},
    {RTPGATE_ERR_SSRC, RTPGATE_CLASS_PACKET},
};
enum { CODES = sizeof(codes) / sizeof(codes[0]) };

static int is_listed(int code) {
    for (size_t i = 0; i < CODES; i++) {
        if (codes[i].code == code) {
            return 1;
        }
    }
    return 0;
}

START_TEST(each_code_has_its_class) {
    ck_assert_int_eq((int)rtpgate_error_class(codes[_i].code), (int)codes[_i].expected);
}
END_TEST

START_TEST(each_code_has_its_own_phrase) {
    const char *phrase = rtpgate_strerror(codes[_i].code);

    ck_assert_uint_gt(strlen(phrase), 0);
    ck_assert_str_ne(phrase, rtpgate_strerror(-1000));
    for (int other = 0; other < CODES; other++) {
        if (other != _i) {
            ck_assert_str_ne(phrase, rtpgate_strerror(codes[other].code));
        }
    }
}
END_TEST

START_TEST(unknown_negative_codes_are_the_machines) {
    for (int code = -300; code < 0; code++) {
        if (!is_listed(code)) {
            ck_assert_int_eq((int)rtpgate_error_class(code), RTPGATE_CLASS_MACHINE);
            ck_assert_str_eq(rtpgate_strerror(code), rtpgate_strerror(INT_MIN));
        }
    }
    ck_assert_int_eq((int)rtpgate_error_class(INT_MIN), RTPGATE_CLASS_MACHINE);
    ck_assert_uint_gt(strlen(rtpgate_strerror(INT_MIN)), 0);
}
END_TEST

START_TEST(lengths_are_no_errors) {
    ck_assert_int_eq((int)rtpgate_error_class(1), RTPGATE_CLASS_NONE);
    ck_assert_int_eq((int)rtpgate_error_class(INT_MAX), RTPGATE_CLASS_NONE);
    ck_assert_str_eq(rtpgate_strerror(1), rtpgate_strerror(0));
    ck_assert_str_eq(rtpgate_strerror(INT_MAX), rtpgate_strerror(0));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("error");
    TCase *tests = suite_case(suite, "error");

    tcase_add_loop_test(tests, each_code_has_its_class, 0, CODES);
    tcase_add_loop_test(tests, each_code_has_its_own_phrase, 0, CODES);
    tcase_add_test(tests, unknown_negative_codes_are_the_machines);
    tcase_add_test(tests, lengths_are_no_errors);
    return suite_run(suite);
}
