#include "dtls/config.h"

#include <string.h>

#include <rtpgate/error.h>

#include "base/alloc.h"
#include "dtls/identity.h"
#include "fixture.h"
#include "suite.h"

#define SECOND UINT64_C(1000000)

static rtpgate_config *config_for(const char *name) {
    rtpgate_identity *identity = fixture_identity(name);
    rtpgate_config *config = NULL;

    ck_assert_int_eq(rtpgate_config_new(&config, identity), 0);
    rtpgate_identity_free(identity);
    return config;
}

static void expect_numbers(const struct rg_numbers *numbers, const uint16_t *expected,
                           size_t count) {
    ck_assert_uint_eq(numbers->count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(numbers->items[i], expected[i]);
    }
}

static const uint16_t ecdsa_suites[] = {0xc02b, 0xc02c, 0xcca9};
static const uint16_t rsa_suites[] = {0xc02f, 0xc030, 0xcca8};
static const uint16_t all_suites[] = {0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8};
static const uint16_t ecdsa_schemes[] = {0x0403, 0x0503, 0x0603};
static const uint16_t rsa_schemes[] = {0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806};
static const uint16_t groups[] = {29, 23, 24};

START_TEST(defaults_are_those_of_the_header) {
    static const enum rtpgate_srtp_profile profiles[] = {
        RTPGATE_SRTP_AEAD_AES_128_GCM,
        RTPGATE_SRTP_AEAD_AES_256_GCM,
        RTPGATE_SRTP_AES128_CM_SHA1_80,
        RTPGATE_SRTP_AES128_CM_SHA1_32,
    };
    rtpgate_config *config = config_for("p256");

    ck_assert_uint_eq(config->profile_count, 4);
    ck_assert_mem_eq(config->profiles, profiles, sizeof profiles);
    ck_assert_uint_eq(config->mtu, 1200);
    ck_assert_uint_eq(config->rto_initial, 50000);
    ck_assert_uint_eq(config->rto_cap, 3 * SECOND);
    ck_assert_uint_eq(config->deadline, 30 * SECOND);
    ck_assert_uint_eq(config->grace, 1 * SECOND);
    ck_assert_uint_eq(config->linger, 0);
    ck_assert_int_eq(config->proof, RTPGATE_PROOF_ALWAYS);
    ck_assert(!config->any_path);
    ck_assert(!atomic_load(&config->frozen));
    rtpgate_config_free(config);
}
END_TEST

START_TEST(an_ecdsa_identity_makes_an_ecdsa_policy) {
    rtpgate_config *config = config_for(_i == 0 ? "p256" : "p384");

    expect_numbers(&config->client_suites, all_suites, 6);
    expect_numbers(&config->server_suites, ecdsa_suites, 3);
    expect_numbers(&config->schemes, ecdsa_schemes, 3);
    expect_numbers(&config->groups, groups, 3);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(an_rsa_identity_makes_an_rsa_policy) {
    rtpgate_config *config = config_for("rsa2048");

    expect_numbers(&config->client_suites, all_suites, 6);
    expect_numbers(&config->server_suites, rsa_suites, 3);
    expect_numbers(&config->schemes, rsa_schemes, 6);
    expect_numbers(&config->groups, groups, 3);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(only_dtls_1_2_and_aead_are_spoken) {
    rtpgate_config *config = config_for("p256");
    const unsigned *list = NULL;

    ck_assert_int_eq(gnutls_priority_protocol_list(config->priority, &list), 1);
    ck_assert_uint_eq(list[0], GNUTLS_DTLS1_2);
    ck_assert_int_eq(gnutls_priority_mac_list(config->priority, &list), 1);
    ck_assert_uint_eq(list[0], GNUTLS_MAC_AEAD);
    ck_assert_int_eq(gnutls_priority_sign_list(config->priority, &list), 9);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(numbers_know_what_they_hold) {
    const struct rg_numbers numbers = {.items = {7, 9, 11}, .count = 2};
    const struct rg_numbers none = {.count = 0};

    ck_assert(rg_numbers_have(&numbers, 7));
    ck_assert(rg_numbers_have(&numbers, 9));
    ck_assert(!rg_numbers_have(&numbers, 11));
    ck_assert(!rg_numbers_have(&numbers, 0));
    ck_assert(!rg_numbers_have(&none, 0));
}
END_TEST

START_TEST(profiles_are_copied_in_their_order) {
    enum rtpgate_srtp_profile wanted[] = {RTPGATE_SRTP_AES128_CM_SHA1_32,
                                          RTPGATE_SRTP_AEAD_AES_256_GCM};
    rtpgate_config *config = config_for("p256");

    ck_assert_int_eq(rtpgate_config_set_profiles(config, wanted, 2), 0);
    wanted[0] = RTPGATE_SRTP_AEAD_AES_128_GCM;
    ck_assert_uint_eq(config->profile_count, 2);
    ck_assert_int_eq(config->profiles[0], RTPGATE_SRTP_AES128_CM_SHA1_32);
    ck_assert_int_eq(config->profiles[1], RTPGATE_SRTP_AEAD_AES_256_GCM);
    ck_assert_int_eq(rtpgate_config_set_profiles(config, wanted, 1), 0);
    ck_assert_uint_eq(config->profile_count, 1);
    ck_assert_int_eq(config->profiles[0], RTPGATE_SRTP_AEAD_AES_128_GCM);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(wrong_profiles_change_nothing) {
    enum rtpgate_srtp_profile wanted[] = {
        RTPGATE_SRTP_AES128_CM_SHA1_80, RTPGATE_SRTP_AEAD_AES_128_GCM,
        RTPGATE_SRTP_AES128_CM_SHA1_32, RTPGATE_SRTP_AEAD_AES_256_GCM,
        RTPGATE_SRTP_AES128_CM_SHA1_80,
    };
    rtpgate_config *config = config_for("p256");

    ck_assert_int_eq(rtpgate_config_set_profiles(NULL, wanted, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_profiles(config, NULL, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_profiles(config, wanted, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_profiles(config, wanted, 5), RTPGATE_ERR_INVAL);
    wanted[3] = RTPGATE_SRTP_AEAD_AES_128_GCM; /* a second time */
    ck_assert_int_eq(rtpgate_config_set_profiles(config, wanted, 4), RTPGATE_ERR_INVAL);
    wanted[2] = (enum rtpgate_srtp_profile)0x0005; /* NULL cipher */
    ck_assert_int_eq(rtpgate_config_set_profiles(config, wanted, 3), RTPGATE_ERR_INVAL);
    wanted[2] = (enum rtpgate_srtp_profile)0x10007; /* 7 in its lower half */
    ck_assert_int_eq(rtpgate_config_set_profiles(config, wanted + 2, 1), RTPGATE_ERR_INVAL);
    ck_assert_uint_eq(config->profile_count, 4);
    ck_assert_int_eq(config->profiles[0], RTPGATE_SRTP_AEAD_AES_128_GCM);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(mtu_has_bounds) {
    rtpgate_config *config = config_for("p256");

    ck_assert_int_eq(rtpgate_config_set_mtu(config, RTPGATE_MTU_MIN), 0);
    ck_assert_uint_eq(config->mtu, RTPGATE_MTU_MIN);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, RTPGATE_MTU_MAX), 0);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, RTPGATE_MTU_MIN - 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, RTPGATE_MTU_MAX + 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_mtu(NULL, 1200), RTPGATE_ERR_INVAL);
    ck_assert_uint_eq(config->mtu, RTPGATE_MTU_MAX);
    rtpgate_config_free(config);
}
END_TEST

static const struct {
    uint64_t initial;
    uint64_t cap;
    int expected;
} timers[] = {
    {10000, 10000, 0},
    {10000, 60 * SECOND, 0},
    {60 * SECOND, 60 * SECOND, 0},
    {50000, 1 * SECOND, 0},
    {9999, 1 * SECOND, RTPGATE_ERR_INVAL},
    {0, 1 * SECOND, RTPGATE_ERR_INVAL},
    {50000, 49999, RTPGATE_ERR_INVAL},
    {50000, 60 * SECOND + 1, RTPGATE_ERR_INVAL},
    {RTPGATE_NEVER, RTPGATE_NEVER, RTPGATE_ERR_INVAL},
};

enum { TIMERS = sizeof timers / sizeof timers[0] };

START_TEST(retransmission_has_bounds) {
    rtpgate_config *config = config_for("p256");
    bool good = timers[_i].expected == 0;

    ck_assert_int_eq(rtpgate_config_set_retransmission(config, timers[_i].initial, timers[_i].cap),
                     timers[_i].expected);
    ck_assert_uint_eq(config->rto_initial, good ? timers[_i].initial : 50000);
    ck_assert_uint_eq(config->rto_cap, good ? timers[_i].cap : 3 * SECOND);
    ck_assert_int_eq(rtpgate_config_set_retransmission(NULL, 50000, SECOND), RTPGATE_ERR_INVAL);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(deadline_grace_release_proof_and_paths_are_kept) {
    rtpgate_config *config = config_for("p256");

    ck_assert_int_eq(rtpgate_config_set_deadline(config, 1), 0);
    ck_assert_uint_eq(config->deadline, 1);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, RTPGATE_NEVER), 0);
    ck_assert_uint_eq(config->deadline, RTPGATE_NEVER);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_deadline(NULL, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_grace(config, 0), 0);
    ck_assert_uint_eq(config->grace, 0);
    ck_assert_int_eq(rtpgate_config_set_grace(config, RTPGATE_NEVER), 0);
    ck_assert_uint_eq(config->grace, RTPGATE_NEVER);
    ck_assert_int_eq(rtpgate_config_set_grace(NULL, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_release(config, RTPGATE_NEVER), 0);
    ck_assert_uint_eq(config->linger, RTPGATE_NEVER);
    ck_assert_int_eq(rtpgate_config_set_release(config, 7), 0);
    ck_assert_uint_eq(config->linger, 7);
    ck_assert_int_eq(rtpgate_config_set_release(NULL, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_proof(config, RTPGATE_PROOF_AFTER_ANOMALY), 0);
    ck_assert_int_eq(config->proof, RTPGATE_PROOF_AFTER_ANOMALY);
    ck_assert_int_eq(rtpgate_config_set_proof(config, (enum rtpgate_proof)2), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(config->proof, RTPGATE_PROOF_AFTER_ANOMALY);
    ck_assert_int_eq(rtpgate_config_set_proof(config, RTPGATE_PROOF_ALWAYS), 0);
    ck_assert_int_eq(config->proof, RTPGATE_PROOF_ALWAYS);
    ck_assert_int_eq(rtpgate_config_set_proof(NULL, RTPGATE_PROOF_ALWAYS), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, true), 0);
    ck_assert(config->any_path);
    ck_assert_int_eq(rtpgate_config_set_any_path(NULL, true), RTPGATE_ERR_INVAL);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(media_settings_are_checked_and_copied) {
    static const uint8_t zero[] = {1, 0};
    static const struct rtpgate_media_settings wrong[] = {
        {.replay_window = 63},
        {.replay_window = 32768},
        {.repeats = true, .resumable = true},
        {.encrypted_extensions = zero, .encrypted_extension_count = 2},
        {.encrypted_extensions = NULL, .encrypted_extension_count = 1},
    };
    uint8_t ids[RG_EXTENSION_IDS];
    struct rtpgate_media_settings good = {.replay_window = 32767,
                                          .repeats = true,
                                          .encrypted_extensions = ids,
                                          .encrypted_extension_count = sizeof ids};
    rtpgate_config *config = config_for("p256");

    for (size_t i = 0; i < sizeof ids; i++) {
        ids[i] = (uint8_t)(i + 1);
    }
    ck_assert_int_eq(rtpgate_config_set_media(config, &good, sizeof good), 0);
    memset(ids, 0, sizeof ids);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(rtpgate_config_set_media(config, &wrong[i], sizeof wrong[i]),
                         RTPGATE_ERR_INVAL);
    }
    ck_assert_int_eq(rtpgate_config_set_media(config, &good, sizeof good + 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_media(config, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_set_media(NULL, &good, sizeof good), RTPGATE_ERR_INVAL);
    ck_assert_uint_eq(config->media.replay_window, 32767);
    ck_assert(config->media.repeats && !config->media.resumable);
    ck_assert_uint_eq(config->media.encrypted_extension_count, sizeof ids);
    for (size_t i = 0; i < sizeof ids; i++) {
        ck_assert_uint_eq(config->media.encrypted_extensions[i], i + 1);
    }
    rtpgate_config_free(config);
}
END_TEST

START_TEST(settings_of_an_older_header_are_read) {
    struct rtpgate_media_settings settings = {.replay_window = 100, .repeats = true};
    rtpgate_config *config = config_for("p256");

    ck_assert_int_eq(rtpgate_config_set_media(config, &settings, sizeof settings), 0);
    ck_assert_int_eq(rtpgate_config_set_media(config, &settings, sizeof settings.replay_window), 0);
    ck_assert_uint_eq(config->media.replay_window, 100);
    ck_assert(!config->media.repeats);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(a_frozen_config_keeps_what_it_has) {
    const enum rtpgate_srtp_profile profile = RTPGATE_SRTP_AES128_CM_SHA1_80;
    const struct rtpgate_media_settings media = {.replay_window = 100};
    rtpgate_config *config = config_for("p256");

    atomic_store(&config->frozen, true);
    ck_assert_int_eq(rtpgate_config_set_profiles(config, &profile, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, 300), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_retransmission(config, 50000, SECOND), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_grace(config, 0), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_release(config, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_proof(config, RTPGATE_PROOF_AFTER_ANOMALY),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, true), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_config_set_media(config, &media, sizeof media), RTPGATE_ERR_STATE);
    ck_assert_uint_eq(config->media.replay_window, 0);
    ck_assert_uint_eq(config->profile_count, 4);
    ck_assert_uint_eq(config->mtu, 1200);
    ck_assert_uint_eq(config->rto_initial, 50000);
    ck_assert_uint_eq(config->rto_cap, 3 * SECOND);
    ck_assert_uint_eq(config->deadline, 30 * SECOND);
    ck_assert_uint_eq(config->grace, 1 * SECOND);
    ck_assert_uint_eq(config->linger, 0);
    ck_assert_int_eq(config->proof, RTPGATE_PROOF_ALWAYS);
    ck_assert(!config->any_path);
    rtpgate_config_free(config);
}
END_TEST

START_TEST(references_are_counted) {
    rtpgate_identity *identity = fixture_identity("p256");
    rtpgate_config *config = NULL;

    ck_assert_int_eq(rtpgate_config_new(&config, identity), 0);
    ck_assert_uint_eq(atomic_load(&identity->references), 2);
    ck_assert_ptr_eq(rtpgate_config_ref(config), config);
    rtpgate_config_free(config);
    ck_assert_uint_eq(config->mtu, 1200);
    ck_assert_uint_eq(atomic_load(&identity->references), 2);
    rtpgate_config_free(config);
    ck_assert_uint_eq(atomic_load(&identity->references), 1);
    rtpgate_identity_free(identity);
    rtpgate_config_free(NULL);
    ck_assert_ptr_null(rtpgate_config_ref(NULL));
}
END_TEST

START_TEST(a_failed_new_writes_nothing) {
    rtpgate_identity *identity = fixture_identity("p256");
    rtpgate_config *config = NULL;

    ck_assert_int_eq(rtpgate_config_new(NULL, identity), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_config_new(&config, NULL), RTPGATE_ERR_INVAL);
    rg_alloc_fail_from(1);
    ck_assert_int_eq(rtpgate_config_new(&config, identity), RTPGATE_ERR_NOMEM);
    rg_alloc_fail_from(0);
    ck_assert_ptr_null(config);
    ck_assert_uint_eq(atomic_load(&identity->references), 1);
    rtpgate_identity_free(identity);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("config");
    TCase *tests = suite_case(suite, "config");

    tcase_add_test(tests, defaults_are_those_of_the_header);
    tcase_add_loop_test(tests, an_ecdsa_identity_makes_an_ecdsa_policy, 0, 2);
    tcase_add_test(tests, an_rsa_identity_makes_an_rsa_policy);
    tcase_add_test(tests, only_dtls_1_2_and_aead_are_spoken);
    tcase_add_test(tests, numbers_know_what_they_hold);
    tcase_add_test(tests, profiles_are_copied_in_their_order);
    tcase_add_test(tests, wrong_profiles_change_nothing);
    tcase_add_test(tests, mtu_has_bounds);
    tcase_add_loop_test(tests, retransmission_has_bounds, 0, TIMERS);
    tcase_add_test(tests, deadline_grace_release_proof_and_paths_are_kept);
    tcase_add_test(tests, media_settings_are_checked_and_copied);
    tcase_add_test(tests, settings_of_an_older_header_are_read);
    tcase_add_test(tests, a_frozen_config_keeps_what_it_has);
    tcase_add_test(tests, references_are_counted);
    tcase_add_test(tests, a_failed_new_writes_nothing);
    return suite_run(suite);
}
