#include <rtpgate/fingerprint.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rtpgate/error.h>

#include "suite.h"

/* The example of RFC 8122 5, on one line as SDP wants it. */
#define VALUE_256                                                                                  \
    "12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:"                                             \
    "18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD"
#define VALUE_384 VALUE_256 ":00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F"
#define VALUE_512 VALUE_384 ":F0:F1:F2:F3:F4:F5:F6:F7:F8:F9:FA:FB:FC:FD:FE:FF"
#define VALUE_SHA1 "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"

static const uint8_t bytes_512[64] = {
    0x12, 0xdf, 0x3e, 0x5d, 0x49, 0x6b, 0x19, 0xe5, 0x7c, 0xab, 0x4a, 0xad, 0xb9, 0xb1, 0x3f, 0x82,
    0x18, 0x3b, 0x54, 0x02, 0x12, 0xdf, 0x3e, 0x5d, 0x49, 0x6b, 0x19, 0xe5, 0x7c, 0xab, 0x4a, 0xad,
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
};

static void expect(const struct rtpgate_fingerprint *seen, enum rtpgate_hash hash, size_t length) {
    ck_assert_int_eq((int)seen->hash, (int)hash);
    ck_assert_uint_eq(seen->length, length);
    ck_assert_mem_eq(seen->bytes, bytes_512, length);
}

static void expect_parsed(const char *text, enum rtpgate_hash hash, size_t length) {
    struct rtpgate_fingerprint fingerprint;

    ck_assert_int_eq(rtpgate_fingerprint_parse(&fingerprint, text, strlen(text)), 0);
    expect(&fingerprint, hash, length);
}

/* From an allocation of just its size, so that the address sanitizer sees a read beyond it. */
static void expect_malformed_bytes(const char *text, size_t length) {
    struct rtpgate_fingerprint fingerprint;
    struct rtpgate_fingerprint before;
    char *copy = malloc(length + 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy + 1, text, length);
    memset(&fingerprint, 0x3c, sizeof(fingerprint));
    memset(&before, 0x3c, sizeof(before));
    ck_assert_int_eq(rtpgate_fingerprint_parse(&fingerprint, copy + 1, length),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_mem_eq(&fingerprint, &before, sizeof(before));
    free(copy);
}

static void expect_malformed(const char *text) {
    expect_malformed_bytes(text, strlen(text));
}

START_TEST(each_hash_is_read) {
    expect_parsed("sha-256 " VALUE_256, RTPGATE_HASH_SHA256, 32);
    expect_parsed("sha-384 " VALUE_384, RTPGATE_HASH_SHA384, 48);
    expect_parsed("sha-512 " VALUE_512, RTPGATE_HASH_SHA512, 64);
}
END_TEST

START_TEST(the_example_of_rfc_8122_is_read) {
    expect_parsed("a=fingerprint:SHA-256 " VALUE_256, RTPGATE_HASH_SHA256, 32);
}
END_TEST

START_TEST(case_of_name_and_digits_does_not_matter) {
    expect_parsed("ShA-256 12:df:3e:5d:49:6b:19:e5:7c:ab:4a:ad:b9:b1:3f:82:"
                  "18:3b:54:02:12:Df:3E:5d:49:6b:19:e5:7c:aB:4a:ad",
                  RTPGATE_HASH_SHA256, 32);
    expect_parsed("SHA-512 " VALUE_512, RTPGATE_HASH_SHA512, 64);
}
END_TEST

START_TEST(a_line_end_may_follow) {
    expect_parsed("sha-256 " VALUE_256 "\r\n", RTPGATE_HASH_SHA256, 32);
    expect_parsed("a=fingerprint:sha-256 " VALUE_256 "\n", RTPGATE_HASH_SHA256, 32);
    expect_parsed("sha-256 " VALUE_256 "  ", RTPGATE_HASH_SHA256, 32);
    expect_malformed("sha-256 " VALUE_256 "\r\na=setup:active");
    expect_malformed("sha-256 " VALUE_256 "\t");
}
END_TEST

START_TEST(the_attributes_name_is_exact) {
    expect_malformed("A=fingerprint:sha-256 " VALUE_256);
    expect_malformed("a=Fingerprint:sha-256 " VALUE_256);
    expect_malformed(" a=fingerprint:sha-256 " VALUE_256);
    expect_malformed("fingerprint:sha-256 " VALUE_256);
    expect_malformed("a=fingerprint: sha-256 " VALUE_256);
    expect_malformed("a=fingerprint:a=fingerprint:sha-256 " VALUE_256);
}
END_TEST

START_TEST(refused_and_unknown_hashes_are_malformed) {
    expect_malformed("sha-1 " VALUE_SHA1);
    expect_malformed("md5 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B");
    expect_malformed("md2 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B");
    expect_malformed("sha-224 " VALUE_SHA1 ":01:02:03:04:05:06:07:08");
    expect_malformed("sha-1 " VALUE_256);
    expect_malformed("sha256 " VALUE_256);
    expect_malformed("sha-2566 " VALUE_256);
    expect_malformed("sha3-256 " VALUE_256);
    expect_malformed(VALUE_256);
}
END_TEST

START_TEST(the_number_of_bytes_must_fit_the_hash) {
    expect_malformed("sha-256 " VALUE_256 ":00");
    expect_malformed("sha-256 " VALUE_384);
    expect_malformed("sha-384 " VALUE_256);
    expect_malformed("sha-384 " VALUE_512);
    expect_malformed("sha-512 " VALUE_384);
    expect_malformed("sha-512 " VALUE_512 ":00");
    expect_malformed("sha-512 " VALUE_512 ":");
}
END_TEST

START_TEST(the_separators_are_exact) {
    expect_malformed("sha-256  " VALUE_256);
    expect_malformed("sha-256\t" VALUE_256);
    expect_malformed("sha-256:" VALUE_256);
    expect_malformed("sha-256 :" VALUE_256);
}
END_TEST

/* Whether `byte` may stand at `place` of a value: two digits, a colon, and so on. */
static bool allowed(size_t place, int byte) {
    static const char digits[] = "0123456789ABCDEFabcdef";

    return place % 3 == 2 ? byte == ':' : byte != 0 && strchr(digits, byte) != NULL;
}

START_TEST(one_wrong_byte_anywhere_is_malformed) {
    char text[] = "sha-256 " VALUE_256;
    size_t place = (size_t)_i;

    for (int byte = 0; byte < 256; byte++) {
        if (!allowed(place, byte)) {
            text[8 + place] = (char)byte;
            expect_malformed_bytes(text, sizeof(text) - 1);
        }
    }
}
END_TEST

START_TEST(truncated_anywhere_is_malformed) {
    static const char text[] = "a=fingerprint:sha-512 " VALUE_512;

    for (size_t length = 0; length < sizeof(text) - 1; length++) {
        expect_malformed_bytes(text, length);
    }
}
END_TEST

START_TEST(nul_is_no_end) {
    static const char inside[] = "sha-256\0" VALUE_256;
    static const char behind[] = "sha-256 " VALUE_256 "\0";

    expect_malformed_bytes(inside, sizeof(inside) - 1);
    expect_malformed_bytes(behind, sizeof(behind) - 1);
}
END_TEST

START_TEST(huge_texts_are_malformed) {
    enum { HUGE_LENGTH = 1 << 20 };
    char *text = malloc(HUGE_LENGTH);

    ck_assert_ptr_nonnull(text);
    memset(text, 'A', HUGE_LENGTH);
    expect_malformed_bytes(text, HUGE_LENGTH);
    memcpy(text, "sha-256 ", 8);
    expect_malformed_bytes(text, HUGE_LENGTH);
    memset(text, ' ', HUGE_LENGTH);
    expect_malformed_bytes(text, HUGE_LENGTH);
    free(text);
}
END_TEST

START_TEST(null_is_invalid) {
    struct rtpgate_fingerprint fingerprint = {.hash = RTPGATE_HASH_SHA256, .length = 32};
    char text[RTPGATE_FINGERPRINT_MAX_TEXT] = "";

    ck_assert_int_eq(rtpgate_fingerprint_parse(NULL, text, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_fingerprint_parse(&fingerprint, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_fingerprint_parse_sdp(NULL, 1, text, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_fingerprint_parse_sdp(&fingerprint, 1, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_fingerprint_format(NULL, text, sizeof(text)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_fingerprint_format(&fingerprint, NULL, 0), RTPGATE_ERR_INVAL);
}
END_TEST

static void expect_formatted(enum rtpgate_hash hash, size_t length, const char *expected) {
    struct rtpgate_fingerprint fingerprint = {.hash = hash, .length = length};
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];
    size_t needed = strlen(expected) + 1;

    memcpy(fingerprint.bytes, bytes_512, length);
    memset(text, '#', sizeof(text));
    for (size_t capacity = 0; capacity < needed; capacity++) {
        ck_assert_int_eq(rtpgate_fingerprint_format(&fingerprint, text, capacity),
                         RTPGATE_ERR_NOBUF);
        ck_assert_int_eq(text[0], '#');
    }
    ck_assert_int_eq(rtpgate_fingerprint_format(&fingerprint, text, needed), (int)needed - 1);
    ck_assert_str_eq(text, expected);
    ck_assert(needed == sizeof(text) || text[needed] == '#');
}

START_TEST(formatting_writes_the_attributes_value) {
    expect_formatted(RTPGATE_HASH_SHA256, 32, "sha-256 " VALUE_256);
    expect_formatted(RTPGATE_HASH_SHA384, 48, "sha-384 " VALUE_384);
    expect_formatted(RTPGATE_HASH_SHA512, 64, "sha-512 " VALUE_512);
}
END_TEST

START_TEST(the_longest_text_just_fits) {
    ck_assert_uint_eq(sizeof("sha-512 " VALUE_512), RTPGATE_FINGERPRINT_MAX_TEXT);
}
END_TEST

START_TEST(formatting_refuses_what_is_no_fingerprint) {
    struct rtpgate_fingerprint fingerprint = {.hash = RTPGATE_HASH_SHA256, .length = 31};
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];

    ck_assert_int_eq(rtpgate_fingerprint_format(&fingerprint, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
    fingerprint.length = SIZE_MAX;
    ck_assert_int_eq(rtpgate_fingerprint_format(&fingerprint, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
    fingerprint = (struct rtpgate_fingerprint){.hash = (enum rtpgate_hash)0, .length = 0};
    ck_assert_int_eq(rtpgate_fingerprint_format(&fingerprint, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
    fingerprint.hash = (enum rtpgate_hash)4;
    fingerprint.length = 64;
    ck_assert_int_eq(rtpgate_fingerprint_format(&fingerprint, text, sizeof(text)),
                     RTPGATE_ERR_INVAL);
}
END_TEST

/* An SDP text with `lines` among other attributes. */
#define SDP(lines) "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" lines "a=setup:actpass\r\n"
#define LINE(value) "a=fingerprint:" value "\r\n"

static int parse_sdp(struct rtpgate_fingerprint *out, size_t capacity, const char *text) {
    return rtpgate_fingerprint_parse_sdp(out, capacity, text, strlen(text));
}

START_TEST(usable_fingerprints_are_collected_in_order) {
    struct rtpgate_fingerprint found[3];

    ck_assert_int_eq(parse_sdp(found, 3,
                               SDP(LINE("sha-384 " VALUE_384) "a=mid:0\r\n" LINE(
                                   "SHA-256 " VALUE_256) LINE("sha-512 " VALUE_512))),
                     3);
    expect(&found[0], RTPGATE_HASH_SHA384, 48);
    expect(&found[1], RTPGATE_HASH_SHA256, 32);
    expect(&found[2], RTPGATE_HASH_SHA512, 64);
}
END_TEST

START_TEST(lines_may_end_with_lf_alone_or_with_the_text) {
    struct rtpgate_fingerprint found[2];
    static const char text[] =
        "a=fingerprint:sha-256 " VALUE_256 "\na=fingerprint:sha-512 " VALUE_512;

    ck_assert_int_eq(parse_sdp(found, 2, text), 2);
    expect(&found[0], RTPGATE_HASH_SHA256, 32);
    expect(&found[1], RTPGATE_HASH_SHA512, 64);
}
END_TEST

START_TEST(refused_and_unknown_hashes_are_skipped) {
    struct rtpgate_fingerprint found[1];

    ck_assert_int_eq(
        parse_sdp(found, 1,
                  SDP(LINE("sha-1 " VALUE_SHA1) LINE("md5 junk") LINE("md2") LINE("sha-224 00:11")
                          LINE("blake3 " VALUE_256) LINE("") LINE("sha-256 " VALUE_256))),
        1);
    expect(&found[0], RTPGATE_HASH_SHA256, 32);
}
END_TEST

START_TEST(one_malformed_usable_line_spoils_the_text) {
    struct rtpgate_fingerprint found[3];

    ck_assert_int_eq(
        parse_sdp(found, 3, SDP(LINE("sha-256 " VALUE_256) LINE("sha-512 " VALUE_256))),
        RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 3, SDP(LINE("sha-512") LINE("sha-256 " VALUE_256))),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 3, SDP(LINE("SHA-384 ") LINE("sha-256 " VALUE_256))),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 0, SDP(LINE("sha-256 " VALUE_256) LINE("sha-256 00"))),
                     RTPGATE_ERR_MALFORMED);
}
END_TEST

START_TEST(no_usable_fingerprint_is_malformed) {
    struct rtpgate_fingerprint found[1];

    ck_assert_int_eq(parse_sdp(found, 1, ""), RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 1, "\n\n"), RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 1, SDP("")), RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 1, SDP(LINE("sha-1 " VALUE_SHA1))), RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 1, "sha-256 " VALUE_256), RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 1, " a=fingerprint:sha-256 " VALUE_256),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(parse_sdp(found, 1, "v=0\ra=fingerprint:sha-256 " VALUE_256),
                     RTPGATE_ERR_MALFORMED);
}
END_TEST

START_TEST(too_many_fingerprints_want_more_room) {
    static const char text[] = SDP(LINE("sha-256 " VALUE_256) LINE("sha-384 " VALUE_384));
    struct rtpgate_fingerprint found[3];

    memset(found, 0x3c, sizeof(found));
    ck_assert_int_eq(parse_sdp(found, 0, text), RTPGATE_ERR_NOBUF);
    ck_assert_int_eq(parse_sdp(found, 1, text), RTPGATE_ERR_NOBUF);
    ck_assert_uint_eq(found[1].bytes[0], 0x3c);
    ck_assert_int_eq(parse_sdp(found, 2, text), 2);
    ck_assert_uint_eq(found[2].bytes[0], 0x3c);
}
END_TEST

START_TEST(nul_in_a_line_is_malformed) {
    static const char text[] = "a=fingerprint:sha-256 " VALUE_256 "\0\r\n";
    struct rtpgate_fingerprint found[1];

    ck_assert_int_eq(rtpgate_fingerprint_parse_sdp(found, 1, text, sizeof(text) - 1),
                     RTPGATE_ERR_MALFORMED);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fingerprint");
    TCase *one = suite_case(suite, "one fingerprint");
    TCase *format = suite_case(suite, "formatting");
    TCase *sdp = suite_case(suite, "SDP");

    tcase_add_test(one, each_hash_is_read);
    tcase_add_test(one, the_example_of_rfc_8122_is_read);
    tcase_add_test(one, case_of_name_and_digits_does_not_matter);
    tcase_add_test(one, a_line_end_may_follow);
    tcase_add_test(one, the_attributes_name_is_exact);
    tcase_add_test(one, refused_and_unknown_hashes_are_malformed);
    tcase_add_test(one, the_number_of_bytes_must_fit_the_hash);
    tcase_add_test(one, the_separators_are_exact);
    tcase_add_loop_test(one, one_wrong_byte_anywhere_is_malformed, 0, 3 * 32 - 1);
    tcase_add_test(one, truncated_anywhere_is_malformed);
    tcase_add_test(one, nul_is_no_end);
    tcase_add_test(one, huge_texts_are_malformed);
    tcase_add_test(one, null_is_invalid);
    tcase_add_test(format, formatting_writes_the_attributes_value);
    tcase_add_test(format, the_longest_text_just_fits);
    tcase_add_test(format, formatting_refuses_what_is_no_fingerprint);
    tcase_add_test(sdp, usable_fingerprints_are_collected_in_order);
    tcase_add_test(sdp, lines_may_end_with_lf_alone_or_with_the_text);
    tcase_add_test(sdp, refused_and_unknown_hashes_are_skipped);
    tcase_add_test(sdp, one_malformed_usable_line_spoils_the_text);
    tcase_add_test(sdp, no_usable_fingerprint_is_malformed);
    tcase_add_test(sdp, too_many_fingerprints_want_more_room);
    tcase_add_test(sdp, nul_in_a_line_is_malformed);
    return suite_run(suite);
}
