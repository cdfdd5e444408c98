#include "wire/hello.h"

#include <stdlib.h>
#include <string.h>

#include "sim/hex.h"
#include "suite.h"
#include "wire/handshake.h"
#include "wire/record.h"

/* What the browsers' hellos hold, as an independent dissection showed. */
static const struct browser {
    const char *file;
    size_t length;             /* of the message's body */
    size_t without_extensions; /* the length of what stands before the extensions */
    size_t suites;
    struct rg_bytes groups;
    struct rg_bytes versions;
    struct rg_bytes profiles;
    size_t signatures;
} browsers[] = {
    {
        .file = TEST_DATA_DIR "/clienthello-chromium.hex",
        .length = 1413,
        .without_extensions = 68,
        .suites = 14,
        .groups = {(const uint8_t *)"\x11\xec\x00\x1d\x00\x17\x00\x18", 8},
        .versions = {(const uint8_t *)"\xfe\xfc\xfe\xfd", 4},
        .profiles = {(const uint8_t *)"\x00\x01\x00\x08\x00\x07", 6},
        .signatures = 9,
    },
    {
        .file = TEST_DATA_DIR "/clienthello-firefox.hex",
        .length = 1461,
        .without_extensions = 60,
        .suites = 10,
        .groups = {(const uint8_t *)"\x11\xec\x00\x1d\x00\x17\x00\x18\x01\x00\x01\x01", 12},
        .versions = {(const uint8_t *)"\xfe\xfc\xfe\xfd\x03\x03", 6},
        .profiles = {(const uint8_t *)"\x00\x07\x00\x08\x00\x01\x00\x02", 8},
        .signatures = 15,
    },
};
enum { BROWSERS = sizeof(browsers) / sizeof(browsers[0]) };

static uint8_t message[2048];

/* Copies the fragments of one datagram to their places in `message`. Returns how many bytes. */
static size_t collect(const struct hex_datagram *datagram, uint32_t total) {
    struct rg_reader records = rg_reader_make(datagram->bytes, datagram->length);
    struct rg_record record;
    size_t collected = 0;

    while (rg_record_next(&records, &record)) {
        struct rg_reader fragments = rg_reader_make(record.body.at, record.body.length);
        struct rg_fragment fragment;

        ck_assert_uint_eq(record.type, RG_CONTENT_HANDSHAKE);
        ck_assert_uint_eq(record.version, RG_VERSION_DTLS10);
        ck_assert_uint_eq(record.epoch, 0);
        while (rg_fragment_next(&fragments, &fragment)) {
            ck_assert_uint_eq(fragment.type, RG_CLIENT_HELLO);
            ck_assert_uint_eq(fragment.sequence, 0);
            ck_assert_uint_eq(fragment.total, total);
            memcpy(message + fragment.offset, fragment.body.at, fragment.body.length);
            collected += fragment.body.length;
        }
        ck_assert(rg_reader_finished(&fragments));
    }
    ck_assert(rg_reader_finished(&records));
    return collected;
}

static void load(const struct browser *browser) {
    static struct hex_file file;
    size_t collected = 0;

    ck_assert(hex_read(&file, browser->file));
    ck_assert_uint_eq(file.count, 2);
    memset(message, 0, sizeof(message));
    for (size_t i = 0; i < file.count; i++) {
        collected += collect(&file.datagrams[i], (uint32_t)browser->length);
    }
    ck_assert_uint_eq(collected, browser->length);
}

static void expect_equal(struct rg_bytes seen, struct rg_bytes expected) {
    ck_assert_uint_eq(seen.length, expected.length);
    ck_assert_mem_eq(seen.at, expected.at, expected.length);
}

START_TEST(the_hello_of_a_browser_is_read) {
    const struct browser *browser = &browsers[_i];
    struct rg_client_hello hello;

    load(browser);
    ck_assert(rg_client_hello_parse((struct rg_bytes){message, browser->length}, &hello));
    ck_assert_uint_eq(hello.version, RG_VERSION_DTLS12);
    ck_assert_uint_eq(hello.random.length, RG_RANDOM);
    ck_assert_uint_eq(hello.session_id.length, 0);
    ck_assert_uint_eq(hello.cookie.length, 0);
    ck_assert_uint_eq(hello.suites.length, 2 * browser->suites);
    ck_assert(rg_list_has(hello.suites, 0xc02b)); /* ECDHE_ECDSA, AES_128_GCM */
    ck_assert(hello.null_compression);
    expect_equal(hello.groups, browser->groups);
    expect_equal(hello.versions, browser->versions);
    ck_assert_uint_eq(hello.signatures.length, 2 * browser->signatures);
    ck_assert(rg_list_has(hello.signatures, 0x0403)); /* ecdsa_secp256r1_sha256 */
    ck_assert(hello.use_srtp);
    expect_equal(hello.profiles, browser->profiles);
    ck_assert_uint_eq(hello.mki.length, 0);
    ck_assert(hello.extended_master_secret);
}
END_TEST

/* Each copy is as long as its allocation, so that the address sanitizer sees a read beyond it. The
 * one truncation that is a hello ends before the extensions, which may be absent. */
START_TEST(no_truncated_hello_is_read) {
    const struct browser *browser = &browsers[_i];

    load(browser);
    for (size_t length = 1; length < browser->length; length++) {
        uint8_t *copy = malloc(length);
        struct rg_client_hello hello;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, message, length);
        ck_assert(rg_client_hello_parse((struct rg_bytes){copy, length}, &hello) ==
                  (length == browser->without_extensions));
        free(copy);
    }
}
END_TEST

START_TEST(no_truncated_datagram_is_read) {
    static struct hex_file file;

    ck_assert(hex_read(&file, browsers[_i].file));
    for (size_t length = 1; length < file.datagrams[0].length; length++) {
        uint8_t *copy = malloc(length);
        struct rg_reader reader = rg_reader_make(copy, length);
        struct rg_record record;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, file.datagrams[0].bytes, length);
        ck_assert(!rg_record_next(&reader, &record));
        ck_assert(reader.failed);
        free(copy);
    }
}
END_TEST

START_TEST(files_that_are_no_hex_are_refused) {
    static struct hex_file file;

    ck_assert(!hex_read(&file, TEST_DATA_DIR "/no-such-file.hex"));
    ck_assert(!hex_read(&file, TEST_DATA_DIR "/../suite.h"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hello_browsers");
    TCase *tests = suite_case(suite, "hello_browsers");

    tcase_add_loop_test(tests, the_hello_of_a_browser_is_read, 0, BROWSERS);
    tcase_add_loop_test(tests, no_truncated_hello_is_read, 0, BROWSERS);
    tcase_add_loop_test(tests, no_truncated_datagram_is_read, 0, BROWSERS);
    tcase_add_test(tests, files_that_are_no_hex_are_refused);
    return suite_run(suite);
}
