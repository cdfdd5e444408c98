#include <rtpgate/description.h>

#include <stdlib.h>
#include <string.h>

#include <rtpgate/error.h>

#include "suite.h"
#include "wire/description.h"

#define HEX_A "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
#define HEX_B "BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB"
#define FINGERPRINT_A "a=fingerprint:sha-256 " HEX_A ":" HEX_A "\r\n"
#define FINGERPRINT_B "a=fingerprint:sha-256 " HEX_B ":" HEX_B "\r\n"
#define SHA1 "a=fingerprint:sha-1 " HEX_A ":AA:AA:AA:AA\r\n"
/* The example of RFC 8842 4. */
#define TLS_ID "abc3de65cddef001be82"
#define SESSION "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
#define VIDEO "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"

/* From an allocation of just its size, so that the address sanitizer sees a read beyond it. */
static int parse_bytes(struct rtpgate_description *out, const char *sdp, size_t length,
                       size_t index) {
    char *copy = malloc(length + 1);
    int result;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy + 1, sdp, length);
    result = rtpgate_description_parse(out, copy + 1, length, index);
    free(copy);
    return result;
}

static struct rtpgate_description parsed(const char *sdp, size_t index) {
    struct rtpgate_description description;

    memset(&description, 0x3c, sizeof(description));
    ck_assert_int_eq(parse_bytes(&description, sdp, strlen(sdp), index), 0);
    ck_assert(rg_description_well_formed(&description));
    return description;
}

static void expect_error(const char *sdp, size_t length, size_t index, int error) {
    struct rtpgate_description description;
    struct rtpgate_description before;

    memset(&description, 0x3c, sizeof(description));
    memset(&before, 0x3c, sizeof(before));
    ck_assert_int_eq(parse_bytes(&description, sdp, length, index), error);
    ck_assert_mem_eq(&description, &before, sizeof(before));
}

static void expect_malformed(const char *sdp) {
    expect_error(sdp, strlen(sdp), 0, RTPGATE_ERR_MALFORMED);
}

/* That the only fingerprints are one SHA-256 of `byte` each. */
static void expect_fingerprints(const struct rtpgate_description *seen, const char *bytes) {
    ck_assert_uint_eq(seen->fingerprint_count, strlen(bytes));
    for (size_t i = 0; i < seen->fingerprint_count; i++) {
        ck_assert_int_eq((int)seen->fingerprints[i].hash, RTPGATE_HASH_SHA256);
        ck_assert_uint_eq(seen->fingerprints[i].bytes[0], (unsigned char)bytes[i]);
        ck_assert_uint_eq(seen->fingerprints[i].bytes[31], (unsigned char)bytes[i]);
    }
}

START_TEST(a_media_section_is_read) {
    struct rtpgate_description seen =
        parsed(AUDIO "c=IN IP4 192.0.2.1\r\na=setup:actpass\r\na=tls-id:" TLS_ID
                     "\r\n" FINGERPRINT_A "a=mid:0\r\n" FINGERPRINT_B,
               0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTPASS);
    ck_assert_str_eq(seen.tls_id, TLS_ID);
    expect_fingerprints(&seen, "\xaa\xbb");
}
END_TEST

START_TEST(lines_without_a_media_line_are_one_media_section) {
    struct rtpgate_description seen =
        parsed("a=setup:passive\r\na=tls-id:" TLS_ID "\r\n" FINGERPRINT_A, 0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_PASSIVE);
    ck_assert_str_eq(seen.tls_id, TLS_ID);
    expect_fingerprints(&seen, "\xaa");
    expect_error("a=setup:passive\r\n", 17, 1, RTPGATE_ERR_INVAL);
}
END_TEST

START_TEST(absent_attributes_are_no_error) {
    struct rtpgate_description seen = parsed("", 0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ABSENT);
    ck_assert_str_eq(seen.tls_id, "");
    expect_fingerprints(&seen, "");
    seen = parsed(SESSION AUDIO "a=mid:0\r\n", 0);
    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ABSENT);
    expect_fingerprints(&seen, "");
}
END_TEST

/* RFC 4145 4, RFC 8122 5 */
START_TEST(session_level_setup_and_fingerprint_are_defaults) {
    static const char sdp[] =
        SESSION "a=setup:actpass\r\n" FINGERPRINT_A AUDIO "a=mid:0\r\n" VIDEO
                "a=setup:passive\r\n" FINGERPRINT_B VIDEO "a=setup:active\r\n" VIDEO FINGERPRINT_B;
    struct rtpgate_description seen = parsed(sdp, 0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTPASS);
    expect_fingerprints(&seen, "\xaa");
    seen = parsed(sdp, 1);
    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_PASSIVE);
    expect_fingerprints(&seen, "\xbb");
    seen = parsed(sdp, 2);
    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTIVE);
    expect_fingerprints(&seen, "\xaa");
    seen = parsed(sdp, 3);
    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTPASS);
    expect_fingerprints(&seen, "\xbb");
}
END_TEST

START_TEST(other_media_sections_do_not_count) {
    static const char sdp[] = SESSION AUDIO "a=setup:active\r\n" FINGERPRINT_A VIDEO
                                            "a=setup:nonsense\r\na=tls-id:short\r\n" SHA1 VIDEO;
    struct rtpgate_description seen = parsed(sdp, 0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTIVE);
    expect_fingerprints(&seen, "\xaa");
    expect_error(sdp, strlen(sdp), 1, RTPGATE_ERR_MALFORMED);
    seen = parsed(sdp, 2);
    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ABSENT);
    expect_fingerprints(&seen, "");
    expect_error(sdp, strlen(sdp), 3, RTPGATE_ERR_INVAL);
    expect_error(sdp, strlen(sdp), SIZE_MAX, RTPGATE_ERR_INVAL);
}
END_TEST

/* RFC 8842 4: usage level media */
START_TEST(a_tls_id_at_session_level_is_ignored) {
    struct rtpgate_description seen = parsed(SESSION "a=tls-id:" TLS_ID "\r\n" AUDIO, 0);

    ck_assert_str_eq(seen.tls_id, "");
    seen = parsed(SESSION "a=tls-id:?\r\n" AUDIO "a=tls-id:" TLS_ID "\r\n", 0);
    ck_assert_str_eq(seen.tls_id, TLS_ID);
}
END_TEST

START_TEST(what_a_media_section_replaces_is_not_read) {
    struct rtpgate_description seen =
        parsed(SESSION "a=setup:?\r\n" SHA1 AUDIO "a=setup:active\r\n" FINGERPRINT_A, 0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTIVE);
    expect_fingerprints(&seen, "\xaa");
    expect_malformed(SESSION "a=setup:?\r\n" AUDIO);
    expect_malformed(SESSION SHA1 AUDIO);
}
END_TEST

START_TEST(line_ends_may_be_lf_or_missing) {
    struct rtpgate_description seen =
        parsed("m=audio 9 X 1\na=tls-id:" TLS_ID " \na=setup:active", 0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTIVE);
    ck_assert_str_eq(seen.tls_id, TLS_ID);
    seen = parsed("\n\na=setup:active\r\r\n\n", 0);
    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTIVE);
}
END_TEST

/* RFC 4145 4: setup-attr; RFC 5234 2.3: case */
START_TEST(each_setup_is_read_in_either_case) {
    ck_assert_int_eq(parsed("a=setup:holdconn\r\n", 0).setup, RTPGATE_SETUP_HOLDCONN);
    ck_assert_int_eq(parsed("a=setup:ActPass\r\n", 0).setup, RTPGATE_SETUP_ACTPASS);
    ck_assert_int_eq(parsed("a=setup:PASSIVE\r\n", 0).setup, RTPGATE_SETUP_PASSIVE);
    ck_assert_int_eq(parsed("a=setup:actIve\r\n", 0).setup, RTPGATE_SETUP_ACTIVE);
}
END_TEST

START_TEST(another_setup_is_malformed) {
    expect_malformed("a=setup:\r\n");
    expect_malformed("a=setup: active\r\n");
    expect_malformed("a=setup:activ\r\n");
    expect_malformed("a=setup:actives\r\n");
    expect_malformed("a=setup:active passive\r\n");
    expect_malformed("a=setup:active\t\r\n");
    expect_error("a=setup:active\0", 15, 0, RTPGATE_ERR_MALFORMED);
}
END_TEST

START_TEST(names_of_attributes_are_exact) {
    struct rtpgate_description seen =
        parsed("A=setup:?\r\n a=setup:?\r\na=Setup:?\r\na=setups:?\r\nb=setup:?\r\na=tls-idx:?\r\n"
               "a=x:a=setup:?\r\nM=audio\r\na=fingerprint\r\na=setup\r\n",
               0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ABSENT);
}
END_TEST

START_TEST(an_attribute_twice_must_agree) {
    struct rtpgate_description seen = parsed(
        "a=setup:active\r\na=setup:ACTIVE\r\na=tls-id:" TLS_ID "\r\na=tls-id:" TLS_ID "\r\n", 0);

    ck_assert_int_eq(seen.setup, RTPGATE_SETUP_ACTIVE);
    ck_assert_str_eq(seen.tls_id, TLS_ID);
    expect_malformed("a=setup:active\r\na=setup:passive\r\n");
    expect_malformed("a=tls-id:" TLS_ID "\r\na=tls-id:" TLS_ID "0\r\n");
    expect_malformed("a=tls-id:" TLS_ID "0\r\na=tls-id:" TLS_ID "\r\n");
    expect_malformed("a=tls-id:" TLS_ID "1\r\na=tls-id:" TLS_ID "0\r\n");
}
END_TEST

/* RFC 8842 4: tls-id-value = 20*255(tls-id-char) */
START_TEST(a_tls_id_has_20_to_255_characters) {
    char line[300] = "a=tls-id:";

    for (size_t length = 0; length <= 260; length++) {
        struct rtpgate_description seen;
        int expected = length >= 20 && length <= 255 ? 0 : RTPGATE_ERR_MALFORMED;

        memset(line + 9, 'x', length);
        ck_assert_int_eq(parse_bytes(&seen, line, 9 + length, 0), expected);
        ck_assert(expected < 0 || strlen(seen.tls_id) == length);
    }
}
END_TEST

/* RFC 8842 4: tls-id-char = ALPHA / DIGIT / "+" / "/" / "-" / "_" */
START_TEST(a_tls_id_is_of_its_alphabet) {
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    char line[] = "a=tls-id:xxxxxxxxxxxxxxxxxxxxx";

    for (int c = 0; c < 256; c++) {
        struct rtpgate_description seen;
        int expected = memchr(allowed, c, sizeof(allowed) - 1) != NULL ? 0 : RTPGATE_ERR_MALFORMED;

        line[12] = (char)c;
        ck_assert_int_eq(parse_bytes(&seen, line, sizeof(line) - 1, 0), expected);
    }
}
END_TEST

/* RFC 8122 5 */
START_TEST(fingerprints_are_usable_or_refused) {
    struct rtpgate_description seen = parsed(SHA1 FINGERPRINT_B, 0);

    expect_fingerprints(&seen, "\xbb");
    expect_malformed(SHA1);
    expect_malformed(SESSION FINGERPRINT_A AUDIO SHA1);
    expect_malformed(FINGERPRINT_A "a=fingerprint:sha-256 AA\r\n");
    seen = parsed(FINGERPRINT_A FINGERPRINT_A FINGERPRINT_A FINGERPRINT_A FINGERPRINT_B
                      FINGERPRINT_B FINGERPRINT_B FINGERPRINT_B,
                  0);
    expect_fingerprints(&seen, "\xaa\xaa\xaa\xaa\xbb\xbb\xbb\xbb");
    expect_malformed(FINGERPRINT_A FINGERPRINT_A FINGERPRINT_A FINGERPRINT_A FINGERPRINT_B
                         FINGERPRINT_B FINGERPRINT_B FINGERPRINT_B FINGERPRINT_B);
}
END_TEST

START_TEST(null_is_invalid) {
    struct rtpgate_description description = {.setup = RTPGATE_SETUP_ABSENT};
    char text[64];
    uint8_t random[16] = {0};

    ck_assert_int_eq(rtpgate_description_parse(NULL, "", 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_description_parse(&description, NULL, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_description_format(NULL, text, sizeof(text)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_description_format(&description, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_tls_id_make(NULL, 64, random, 16), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_tls_id_make(text, 64, NULL, 16), RTPGATE_ERR_INVAL);
}
END_TEST

/* Written whole, or not at all below its size. */
static void expect_formatted(const struct rtpgate_description *description, const char *expected) {
    char text[RTPGATE_DESCRIPTION_MAX_TEXT + 1];
    size_t needed = strlen(expected) + 1;

    memset(text, '#', sizeof(text));
    for (size_t capacity = 0; capacity < needed; capacity++) {
        ck_assert_int_eq(rtpgate_description_format(description, text, capacity),
                         RTPGATE_ERR_NOBUF);
        ck_assert_int_eq(text[0], '#');
    }
    ck_assert_int_eq(rtpgate_description_format(description, text, needed), (int)needed - 1);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(text[needed], '#');
}

START_TEST(formatting_writes_lines) {
    struct rtpgate_description description = parsed("", 0);
    static const char all[] =
        "a=setup:active\r\na=tls-id:" TLS_ID "\r\n" FINGERPRINT_A FINGERPRINT_B;

    expect_formatted(&description, "");
    description.setup = RTPGATE_SETUP_ACTPASS;
    expect_formatted(&description, "a=setup:actpass\r\n");
    description = parsed("a=setup:passive\r\n" FINGERPRINT_B, 0);
    expect_formatted(&description, "a=setup:passive\r\n" FINGERPRINT_B);
    description = parsed(all, 0);
    expect_formatted(&description, all);
}
END_TEST

START_TEST(the_longest_text_just_fits) {
    struct rtpgate_description description = {.setup = RTPGATE_SETUP_ACTPASS,
                                              .fingerprint_count = 8};
    char text[RTPGATE_DESCRIPTION_MAX_TEXT];

    memset(description.tls_id, '-', 255);
    for (size_t i = 0; i < 8; i++) {
        description.fingerprints[i].hash = RTPGATE_HASH_SHA512;
        description.fingerprints[i].length = 64;
    }
    ck_assert_int_eq(rtpgate_description_format(&description, text, sizeof(text)),
                     RTPGATE_DESCRIPTION_MAX_TEXT - 1);
    ck_assert_int_eq(rtpgate_description_format(&description, text, sizeof(text) - 1),
                     RTPGATE_ERR_NOBUF);
}
END_TEST

static void expect_ill_formed(struct rtpgate_description description) {
    char text[RTPGATE_DESCRIPTION_MAX_TEXT];

    ck_assert(!rg_description_well_formed(&description));
    ck_assert_int_eq(rtpgate_description_format(&description, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
}

START_TEST(formatting_refuses_what_is_no_description) {
    struct rtpgate_description good = parsed("a=setup:active\r\n" FINGERPRINT_A, 0);
    struct rtpgate_description bad = good;
    char text[RTPGATE_DESCRIPTION_MAX_TEXT];

    bad.setup = (enum rtpgate_setup)5;
    expect_ill_formed(bad);
    bad = good;
    bad.fingerprint_count = 9;
    expect_ill_formed(bad);
    bad = good;
    bad.fingerprints[0].length = 31;
    expect_ill_formed(bad);
    bad.fingerprints[0].hash = (enum rtpgate_hash)0;
    bad.fingerprints[0].length = 0;
    expect_ill_formed(bad);
    bad = good;
    memcpy(bad.tls_id, "too-short", sizeof("too-short"));
    expect_ill_formed(bad);
    memcpy(bad.tls_id, TLS_ID "\r\n", sizeof(TLS_ID "\r\n"));
    expect_ill_formed(bad);
    memset(bad.tls_id, 'x', sizeof(bad.tls_id));
    expect_ill_formed(bad);
    /* RFC 8842 5.1 */
    good.setup = RTPGATE_SETUP_HOLDCONN;
    ck_assert(rg_description_well_formed(&good));
    ck_assert_int_eq(rtpgate_description_format(&good, text, sizeof(text)), RTPGATE_ERR_INVAL);
}
END_TEST

/* RFC 8842 4: at least 120 bits of randomness */
START_TEST(a_tls_id_is_made_of_random_bytes) {
    uint8_t random[128] = {0x00, 0x12, 0xab, 0xff};
    char text[256] = "#";

    ck_assert_int_eq(rtpgate_tls_id_make(text, 31, random, 15), 30);
    ck_assert_str_eq(text, "0012abff0000000000000000000000");
    ck_assert_int_eq(rtpgate_tls_id_make(text, sizeof(text), random, 127), 254);
    ck_assert_uint_eq(strlen(text), 254);
    text[0] = '#';
    ck_assert_int_eq(rtpgate_tls_id_make(text, 30, random, 15), RTPGATE_ERR_NOBUF);
    ck_assert_int_eq(rtpgate_tls_id_make(text, sizeof(text), random, 14), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_tls_id_make(text, sizeof(text), random, 128), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(text[0], '#');
}
END_TEST

int main(void) {
    Suite *suite = suite_create("description");
    TCase *sections = suite_case(suite, "sections");
    TCase *values = suite_case(suite, "values");
    TCase *format = suite_case(suite, "formatting");

    tcase_add_test(sections, a_media_section_is_read);
    tcase_add_test(sections, lines_without_a_media_line_are_one_media_section);
    tcase_add_test(sections, absent_attributes_are_no_error);
    tcase_add_test(sections, session_level_setup_and_fingerprint_are_defaults);
    tcase_add_test(sections, other_media_sections_do_not_count);
    tcase_add_test(sections, a_tls_id_at_session_level_is_ignored);
    tcase_add_test(sections, what_a_media_section_replaces_is_not_read);
    tcase_add_test(sections, line_ends_may_be_lf_or_missing);
    tcase_add_test(values, each_setup_is_read_in_either_case);
    tcase_add_test(values, another_setup_is_malformed);
    tcase_add_test(values, names_of_attributes_are_exact);
    tcase_add_test(values, an_attribute_twice_must_agree);
    tcase_add_test(values, a_tls_id_has_20_to_255_characters);
    tcase_add_test(values, a_tls_id_is_of_its_alphabet);
    tcase_add_test(values, fingerprints_are_usable_or_refused);
    tcase_add_test(values, null_is_invalid);
    tcase_add_test(format, formatting_writes_lines);
    tcase_add_test(format, the_longest_text_just_fits);
    tcase_add_test(format, formatting_refuses_what_is_no_description);
    tcase_add_test(format, a_tls_id_is_made_of_random_bytes);
    return suite_run(suite);
}
