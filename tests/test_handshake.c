#include "wire/handshake.h"

#include <string.h>

#include "suite.h"

static const uint8_t middle_fragment[] = {
    0x0b,             /* Certificate */
    0x01, 0x02, 0x03, /* length of the message */
    0x04, 0x05,       /* message_seq */
    0x01, 0x02, 0x00, /* fragment_offset */
    0x00, 0x00, 0x03, /* fragment_length: just to the message's end */
    0xaa, 0xbb, 0xcc,
};

static bool parses(const uint8_t *bytes, size_t length) {
    struct rg_reader reader = rg_reader_make(bytes, length);
    struct rg_fragment fragment;
    bool found = rg_fragment_next(&reader, &fragment);

    ck_assert(found != reader.failed);
    return found;
}

/* Whether a fragment with these numbers parses; its body is there in full. */
static bool fragment_parses(uint32_t total, uint32_t offset, uint32_t length) {
    uint8_t bytes[RG_HANDSHAKE_HEADER + 16] = {0};

    rg_fragment_put_header(bytes, RG_FINISHED, total, 0, offset, length);
    return parses(bytes, RG_HANDSHAKE_HEADER + length);
}

START_TEST(every_field_is_read) {
    struct rg_reader reader = rg_reader_make(middle_fragment, sizeof(middle_fragment));
    struct rg_fragment fragment;

    ck_assert(rg_fragment_next(&reader, &fragment));
    ck_assert_uint_eq(fragment.type, RG_CERTIFICATE);
    ck_assert_uint_eq(fragment.total, 0x010203);
    ck_assert_uint_eq(fragment.sequence, 0x0405);
    ck_assert_uint_eq(fragment.offset, 0x010200);
    ck_assert_ptr_eq(fragment.body.at, middle_fragment + 12);
    ck_assert_uint_eq(fragment.body.length, 3);
    ck_assert(!rg_fragment_next(&reader, &fragment));
    ck_assert(rg_reader_finished(&reader));
}
END_TEST

START_TEST(header_is_written_as_it_was_read) {
    uint8_t header[RG_HANDSHAKE_HEADER];

    rg_fragment_put_header(header, RG_CERTIFICATE, 0x010203, 0x0405, 0x010200, 3);
    ck_assert_mem_eq(header, middle_fragment, sizeof(header));
}
END_TEST

START_TEST(a_record_holds_several_fragments) {
    uint8_t record[2 * RG_HANDSHAKE_HEADER + 2] = {0};
    struct rg_reader reader = rg_reader_make(record, sizeof(record));
    struct rg_fragment fragment;

    rg_fragment_put_header(record, RG_CERTIFICATE_VERIFY, 2, 5, 0, 2);
    memset(record + 12, 0x77, 2);
    rg_fragment_put_header(record + 14, RG_SERVER_HELLO_DONE, 0, 6, 0, 0);
    ck_assert(rg_fragment_next(&reader, &fragment));
    ck_assert_uint_eq(fragment.sequence, 5);
    ck_assert(rg_fragment_next(&reader, &fragment));
    ck_assert_uint_eq(fragment.sequence, 6);
    ck_assert_uint_eq(fragment.body.length, 0);
    ck_assert(!rg_fragment_next(&reader, &fragment));
    ck_assert(!reader.failed);
}
END_TEST

START_TEST(junk_behind_a_fragment_fails_and_stays_failed) {
    uint8_t record[sizeof(middle_fragment) + 5] = {0};
    struct rg_reader reader = rg_reader_make(record, sizeof(record));
    struct rg_fragment fragment;

    memcpy(record, middle_fragment, sizeof(middle_fragment));
    ck_assert(rg_fragment_next(&reader, &fragment));
    ck_assert(!rg_fragment_next(&reader, &fragment));
    ck_assert(reader.failed);
    ck_assert(!rg_fragment_next(&reader, &fragment));
    ck_assert(reader.failed);
    ck_assert_uint_eq(fragment.type, RG_CERTIFICATE); /* the last good one */
}
END_TEST

START_TEST(a_failed_reader_gives_no_fragment) {
    struct rg_reader reader = rg_reader_make(middle_fragment, sizeof(middle_fragment));
    struct rg_fragment fragment;

    reader.failed = true;
    ck_assert(!rg_fragment_next(&reader, &fragment));
}
END_TEST

START_TEST(every_truncation_is_junk) {
    ck_assert(!parses(middle_fragment, (size_t)_i));
}
END_TEST

START_TEST(fragments_lie_within_their_message) {
    ck_assert(fragment_parses(10, 0, 10));
    ck_assert(fragment_parses(10, 9, 1));
    ck_assert(fragment_parses(0xffffff, 0xfffffe, 1));
    ck_assert(!fragment_parses(10, 0, 11));
    ck_assert(!fragment_parses(10, 9, 2));
    ck_assert(!fragment_parses(10, 10, 1));
    ck_assert(!fragment_parses(10, 0xffffff, 1));
    ck_assert(!fragment_parses(0, 0, 1));
}
END_TEST

START_TEST(only_an_empty_message_has_an_empty_fragment) {
    ck_assert(fragment_parses(0, 0, 0));
    ck_assert(!fragment_parses(1, 0, 0));
    ck_assert(!fragment_parses(10, 10, 0));
    ck_assert(!fragment_parses(0, 1, 0));
}
END_TEST

static const uint8_t two_certificates[] = {
    0x00, 0x00, 0x09,             /* certificate_list */
    0x00, 0x00, 0x02, 0xc1, 0xc2, /* the leaf */
    0x00, 0x00, 0x01, 0xd1,       /* its issuer */
};

static bool leaf_parses(const uint8_t *bytes, size_t length, struct rg_bytes *leaf) {
    return rg_certificate_leaf((struct rg_bytes){bytes, length}, leaf);
}

START_TEST(the_leaf_is_the_first_certificate) {
    struct rg_bytes leaf;

    ck_assert(leaf_parses(two_certificates, sizeof(two_certificates), &leaf));
    ck_assert_ptr_eq(leaf.at, two_certificates + 6);
    ck_assert_uint_eq(leaf.length, 2);
}
END_TEST

START_TEST(an_empty_list_has_an_empty_leaf) {
    static const uint8_t empty[] = {0, 0, 0};
    struct rg_bytes leaf = {empty, 3};

    ck_assert(leaf_parses(empty, sizeof(empty), &leaf));
    ck_assert_uint_eq(leaf.length, 0);
}
END_TEST

START_TEST(every_truncated_certificate_list_is_malformed) {
    uint8_t list[sizeof(two_certificates)];
    struct rg_bytes leaf = {NULL, 0};
    size_t length = (size_t)_i;

    ck_assert(!leaf_parses(two_certificates, length, &leaf));
    ck_assert_ptr_null(leaf.at);
    /* The list's length fits, but the certificates in it do not, but for the first alone. */
    memcpy(list, two_certificates, sizeof(list));
    if (length > 3 && length != 8) {
        rg_put_u24(list, (uint32_t)(length - 3));
        ck_assert(!leaf_parses(list, length, &leaf));
    }
}
END_TEST

START_TEST(bytes_behind_the_list_are_malformed) {
    uint8_t list[sizeof(two_certificates) + 1] = {0};
    struct rg_bytes leaf;

    memcpy(list, two_certificates, sizeof(two_certificates));
    ck_assert(!leaf_parses(list, sizeof(list), &leaf));
}
END_TEST

START_TEST(empty_certificates_are_malformed) {
    static const uint8_t only[] = {0, 0, 3, /* the list */ 0, 0, 0};
    static const uint8_t first[] = {0, 0, 7, /* the list */ 0, 0, 0, 0, 0, 1, 0xd1};
    static const uint8_t last[] = {0, 0, 7, /* the list */ 0, 0, 1, 0xc1, 0, 0, 0};
    struct rg_bytes leaf;

    ck_assert(!leaf_parses(only, sizeof(only), &leaf));
    ck_assert(!leaf_parses(first, sizeof(first), &leaf));
    ck_assert(!leaf_parses(last, sizeof(last), &leaf));
}
END_TEST

static const uint8_t verify_body[] = {
    0x04, 0x03,                         /* ecdsa_secp256r1_sha256 */
    0x00, 0x04, 0x51, 0x52, 0x53, 0x54, /* signature */
};

START_TEST(certificate_verify_gives_scheme_and_signature) {
    struct rg_bytes signature;
    uint16_t scheme;

    ck_assert(rg_certificate_verify((struct rg_bytes){verify_body, sizeof(verify_body)}, &scheme,
                                    &signature));
    ck_assert_uint_eq(scheme, 0x0403);
    ck_assert_ptr_eq(signature.at, verify_body + 4);
    ck_assert_uint_eq(signature.length, 4);
}
END_TEST

START_TEST(certificate_verify_must_end_with_its_signature) {
    uint8_t longer[sizeof(verify_body) + 1] = {0};
    struct rg_bytes signature = {NULL, 0};
    uint16_t scheme = 7;

    for (size_t length = 0; length < sizeof(verify_body); length++) {
        ck_assert(
            !rg_certificate_verify((struct rg_bytes){verify_body, length}, &scheme, &signature));
    }
    memcpy(longer, verify_body, sizeof(verify_body));
    ck_assert(
        !rg_certificate_verify((struct rg_bytes){longer, sizeof(longer)}, &scheme, &signature));
    ck_assert_uint_eq(scheme, 7);
    ck_assert_ptr_null(signature.at);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("handshake");
    TCase *fragments = suite_case(suite, "fragments");
    TCase *bodies = suite_case(suite, "bodies");

    tcase_add_test(fragments, every_field_is_read);
    tcase_add_test(fragments, header_is_written_as_it_was_read);
    tcase_add_test(fragments, a_record_holds_several_fragments);
    tcase_add_test(fragments, junk_behind_a_fragment_fails_and_stays_failed);
    tcase_add_test(fragments, a_failed_reader_gives_no_fragment);
    tcase_add_loop_test(fragments, every_truncation_is_junk, 1, sizeof(middle_fragment));
    tcase_add_test(fragments, fragments_lie_within_their_message);
    tcase_add_test(fragments, only_an_empty_message_has_an_empty_fragment);
    tcase_add_test(bodies, the_leaf_is_the_first_certificate);
    tcase_add_test(bodies, an_empty_list_has_an_empty_leaf);
    tcase_add_loop_test(bodies, every_truncated_certificate_list_is_malformed, 0,
                        sizeof(two_certificates));
    tcase_add_test(bodies, bytes_behind_the_list_are_malformed);
    tcase_add_test(bodies, empty_certificates_are_malformed);
    tcase_add_test(bodies, certificate_verify_gives_scheme_and_signature);
    tcase_add_test(bodies, certificate_verify_must_end_with_its_signature);
    return suite_run(suite);
}
