#include <rtpgate/names.h>

#include "dtls/config.h"
#include "sim/ours.h"
#include "suite.h"

START_TEST(registered_alerts_have_their_names) {
    ck_assert_str_eq(rtpgate_alert_name(0), "close_notify");
    ck_assert_str_eq(rtpgate_alert_name(40), "handshake_failure");
    ck_assert_str_eq(rtpgate_alert_name(42), "bad_certificate");
    ck_assert_str_eq(rtpgate_alert_name(46), "certificate_unknown");
    ck_assert_str_eq(rtpgate_alert_name(120), "no_application_protocol");
}
END_TEST

START_TEST(every_number_has_some_name) {
    for (unsigned i = 0; i <= UINT8_MAX; i++) {
        ck_assert_ptr_nonnull(rtpgate_alert_name((uint8_t)i));
    }
    ck_assert_str_eq(rtpgate_alert_name(1), "unassigned");
    ck_assert_str_eq(rtpgate_alert_name(121), "unassigned");
    ck_assert_str_eq(rtpgate_alert_name(255), "unassigned");
}
END_TEST

/* A name is missing when the config learns to negotiate something new. */
START_TEST(whatever_can_be_negotiated_has_a_name) {
    rtpgate_config *config = sim_config(0);
    for (size_t i = 0; i < config->client_suites.count; i++) {
        ck_assert_str_ne(rtpgate_cipher_suite_name(config->client_suites.items[i]), "unknown");
    }
    for (size_t i = 0; i < config->groups.count; i++) {
        ck_assert_str_ne(rtpgate_group_name(config->groups.items[i]), "unknown");
    }
    ck_assert_str_eq(rtpgate_cipher_suite_name(0xc02b), "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    ck_assert_str_eq(rtpgate_cipher_suite_name(0), "unknown");
    ck_assert_str_eq(rtpgate_group_name(29), "x25519");
    ck_assert_str_eq(rtpgate_group_name(0), "unknown");
    rtpgate_config_free(config);
    sim_ours_finish();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("names");
    TCase *tests = suite_case(suite, "names");
    tcase_add_test(tests, registered_alerts_have_their_names);
    tcase_add_test(tests, every_number_has_some_name);
    tcase_add_test(tests, whatever_can_be_negotiated_has_a_name);
    return suite_run(suite);
}
