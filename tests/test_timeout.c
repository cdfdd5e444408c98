#include <limits.h>
#include <rtpgate/session.h>

#include "suite.h"

START_TEST(timeouts_are_rounded_up_and_bounded) {
    ck_assert_int_eq(rtpgate_timeout_ms(RTPGATE_NEVER, 5), -1);
    ck_assert_int_eq(rtpgate_timeout_ms(5, 5), 0);
    ck_assert_int_eq(rtpgate_timeout_ms(4, 5), 0);
    ck_assert_int_eq(rtpgate_timeout_ms(6, 5), 1);
    ck_assert_int_eq(rtpgate_timeout_ms(1005, 5), 1);
    ck_assert_int_eq(rtpgate_timeout_ms(1006, 5), 2);
    ck_assert_int_eq(rtpgate_timeout_ms(UINT64_MAX - 1, 0), INT_MAX);
    ck_assert_int_eq(rtpgate_timeout_ms(UINT64_MAX - 1, UINT64_MAX - 1), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("timeout");
    tcase_add_test(suite_case(suite, "milliseconds"), timeouts_are_rounded_up_and_bounded);
    return suite_run(suite);
}
