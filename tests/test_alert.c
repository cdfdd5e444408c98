#include "wire/alert.h"

#include "suite.h"

START_TEST(registered_alerts_have_their_names) {
    ck_assert_str_eq(rg_alert_name(0), "close_notify");
    ck_assert_str_eq(rg_alert_name(40), "handshake_failure");
    ck_assert_str_eq(rg_alert_name(42), "bad_certificate");
    ck_assert_str_eq(rg_alert_name(46), "certificate_unknown");
    ck_assert_str_eq(rg_alert_name(120), "no_application_protocol");
}
END_TEST

START_TEST(every_number_has_some_name) {
    for (unsigned i = 0; i <= UINT8_MAX; i++) {
        ck_assert_ptr_nonnull(rg_alert_name((uint8_t)i));
    }
    ck_assert_str_eq(rg_alert_name(1), "unassigned");
    ck_assert_str_eq(rg_alert_name(121), "unassigned");
    ck_assert_str_eq(rg_alert_name(255), "unassigned");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("alert");
    TCase *tests = suite_case(suite, "names");
    tcase_add_test(tests, registered_alerts_have_their_names);
    tcase_add_test(tests, every_number_has_some_name);
    return suite_run(suite);
}
