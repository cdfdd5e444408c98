#include "dtls/vet.h"

#include <rtpgate/error.h>

#include <string.h>

#include "sim/ours.h"
#include "suite.h"

#define LIST(text) ((struct rg_bytes){(const uint8_t *)(text), sizeof(text) - 1})

static rtpgate_config *config;
static struct rg_client_hello hello;
static struct rg_server_hello answer;
static char text[RG_TEXT];
static uint16_t profile;

/* Everything as it should be. */
static void reset(void) {
    profile = 0;
    memset(text, 0, sizeof(text));
    hello = (struct rg_client_hello){
        .version = 0xfefd,
        .suites = LIST("\xc0\x2b\xc0\x2f"),
        .groups = LIST("\x11\xec\x00\x1d\x00\x17"),
        .signatures = LIST("\x04\x03\x08\x04"),
        .profiles = LIST("\x00\x01\x00\x08\x00\x07"),
        .use_srtp = true,
        .extended_master_secret = true,
        .null_compression = true,
    };
    answer = (struct rg_server_hello){
        .version = 0xfefd,
        .suite = 0xc02b,
        .profile = 0x0007,
        .use_srtp = true,
        .extended_master_secret = true,
    };
}

static void setup(void) {
    config = sim_config(0);
    reset();
}

static void teardown(void) {
    rtpgate_config_free(config);
    sim_ours_finish();
}

static void assert_refused(int cause, const char *mentions) {
    int seen = rg_vet_client_hello(config, &hello, &profile, text);
    ck_assert_msg(seen == cause, "%d (%s)", seen, text);
    ck_assert_msg(strstr(text, mentions) != NULL, "\"%s\" lacks \"%s\"", text, mentions);
}

static void assert_answer_refused(int cause, const char *mentions) {
    int seen = rg_vet_server_hello(config, &answer, text);
    ck_assert_msg(seen == cause, "%d (%s)", seen, text);
    ck_assert_msg(strstr(text, mentions) != NULL, "\"%s\" lacks \"%s\"", text, mentions);
}

START_TEST(a_good_hello_gets_the_profile_that_we_prefer) {
    ck_assert_int_eq(rg_vet_client_hello(config, &hello, &profile, text), 0);
    ck_assert_uint_eq(profile, 0x0007);
    hello.profiles = LIST("\x00\x01\x00\x08");
    ck_assert_int_eq(rg_vet_client_hello(config, &hello, &profile, text), 0);
    ck_assert_uint_eq(profile, 0x0008);
    hello.profiles = LIST("\x00\x02\x00\x01");
    ck_assert_int_eq(rg_vet_client_hello(config, &hello, &profile, text), 0);
    ck_assert_uint_eq(profile, 0x0001);
}
END_TEST

START_TEST(versions_count_downwards_and_the_list_decides) {
    hello.version = 0xfeff;
    assert_refused(RTPGATE_ERR_VERSION, "0xfeff");
    hello.version = 0x0303; /* TLS */
    assert_refused(RTPGATE_ERR_VERSION, "0x0303");
    hello.version = 0xfefc; /* DTLS 1.3 in the old place includes 1.2 */
    ck_assert_int_eq(rg_vet_client_hello(config, &hello, &profile, text), 0);
    hello.version = 0xfefd;
    hello.versions = LIST("\xfe\xfc"); /* 1.3 only */
    assert_refused(RTPGATE_ERR_VERSION, "offers 0xfefc");
    hello.versions = LIST("\xfe\xfc\xfe\xfd");
    ck_assert_int_eq(rg_vet_client_hello(config, &hello, &profile, text), 0);
}
END_TEST

START_TEST(suites_groups_and_schemes_must_be_shared) {
    hello.suites = LIST("\x00\x2f\xc0\x0a");
    assert_refused(RTPGATE_ERR_CIPHER, "0x002f, 0xc00a");
    reset();
    hello.suites = LIST("\xc0\x2f"); /* RSA, but our key is ECDSA */
    assert_refused(RTPGATE_ERR_CIPHER, "0xc02f");
    reset();
    hello.groups = LIST("\x00\x1e\x01\x00");
    assert_refused(RTPGATE_ERR_CIPHER, "0x001e, 0x0100");
    reset();
    hello.signatures = LIST("\x02\x03\x08\x04");
    assert_refused(RTPGATE_ERR_CIPHER, "0x0203, 0x0804");
    reset();
    hello.signatures = (struct rg_bytes){0}; /* means SHA-1 */
    assert_refused(RTPGATE_ERR_CIPHER, "signature scheme");
    reset();
    hello.groups = (struct rg_bytes){0}; /* means any */
    ck_assert_int_eq(rg_vet_client_hello(config, &hello, &profile, text), 0);
}
END_TEST

START_TEST(what_dtls_srtp_needs_must_be_there) {
    hello.extended_master_secret = false;
    assert_refused(RTPGATE_ERR_EMS, "extended master secret");
    reset();
    hello.null_compression = false;
    assert_refused(RTPGATE_ERR_HANDSHAKE, "compression");
    reset();
    hello.use_srtp = false;
    assert_refused(RTPGATE_ERR_NO_USE_SRTP, "use_srtp");
    reset();
    hello.profiles = LIST("\x00\x05\x00\x06\x00\x09");
    assert_refused(RTPGATE_ERR_NO_PROFILE, "0x0005, 0x0006, 0x0009");
    reset();
    hello.mki = LIST("abc");
    assert_refused(RTPGATE_ERR_MKI, "3 bytes");
}
END_TEST

START_TEST(a_long_list_is_cut_short) {
    uint8_t many[2000];
    memset(many, 0x99, sizeof(many));
    hello.suites = (struct rg_bytes){many, sizeof(many)};
    assert_refused(RTPGATE_ERR_CIPHER, "0x9999, ...");
    text[0] = 0;
    rg_list_format(text, 4, hello.suites); /* no room: nothing is written beyond it */
    ck_assert_uint_lt(strlen(text), 4);
}
END_TEST

START_TEST(the_servers_choice_must_be_one_of_our_offers) {
    ck_assert_int_eq(rg_vet_server_hello(config, &answer, text), 0);
    answer.version = 0xfeff;
    assert_answer_refused(RTPGATE_ERR_VERSION, "0xfeff");
    reset();
    answer.suite = 0xc00a;
    assert_answer_refused(RTPGATE_ERR_CIPHER, "0xc00a");
    reset();
    answer.compression = 1;
    assert_answer_refused(RTPGATE_ERR_HANDSHAKE, "compression");
    reset();
    answer.extended_master_secret = false;
    assert_answer_refused(RTPGATE_ERR_EMS, "extended master secret");
    reset();
    answer.use_srtp = false;
    assert_answer_refused(RTPGATE_ERR_NO_USE_SRTP, "SRTP");
    reset();
    answer.profile = 0x0005;
    assert_answer_refused(RTPGATE_ERR_NO_PROFILE, "0x0005");
    reset();
    answer.mki = LIST("abc");
    assert_answer_refused(RTPGATE_ERR_MKI, "3 bytes");
}
END_TEST

START_TEST(a_profile_that_the_config_left_out_is_no_offer) {
    static const enum rtpgate_srtp_profile one[] = {RTPGATE_SRTP_AES128_CM_SHA1_80};
    ck_assert_int_eq(rtpgate_config_set_profiles(config, one, 1), 0);
    assert_answer_refused(RTPGATE_ERR_NO_PROFILE, "0x0007");
    ck_assert_int_eq(rg_vet_client_hello(config, &hello, &profile, text), 0);
    ck_assert_uint_eq(profile, 0x0001);
    hello.profiles = LIST("\x00\x07\x00\x08");
    assert_refused(RTPGATE_ERR_NO_PROFILE, "0x0007, 0x0008");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("vet");
    TCase *tests = suite_case(suite, "hellos");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_good_hello_gets_the_profile_that_we_prefer);
    tcase_add_test(tests, versions_count_downwards_and_the_list_decides);
    tcase_add_test(tests, suites_groups_and_schemes_must_be_shared);
    tcase_add_test(tests, what_dtls_srtp_needs_must_be_there);
    tcase_add_test(tests, a_long_list_is_cut_short);
    tcase_add_test(tests, the_servers_choice_must_be_one_of_our_offers);
    tcase_add_test(tests, a_profile_that_the_config_left_out_is_no_offer);
    return suite_run(suite);
}
