#include "wire/record.h"

#include <string.h>

#include "suite.h"

static const uint8_t handshake_record[] = {
    0x16,                               /* handshake */
    0xfe, 0xfd,                         /* DTLS 1.2 */
    0x01, 0x02,                         /* epoch */
    0xf3, 0x04, 0x05, 0x06, 0x07, 0x08, /* sequence number */
    0x00, 0x03,                         /* length */
    0xaa, 0xbb, 0xcc,
};

static bool parses(const uint8_t *bytes, size_t length) {
    struct rg_reader reader = rg_reader_make(bytes, length);
    struct rg_record record;
    bool found = rg_record_next(&reader, &record);

    ck_assert(found != reader.failed);
    return found;
}

START_TEST(every_field_is_read) {
    struct rg_reader reader = rg_reader_make(handshake_record, sizeof(handshake_record));
    struct rg_record record;

    ck_assert(rg_record_next(&reader, &record));
    ck_assert_uint_eq(record.type, RG_CONTENT_HANDSHAKE);
    ck_assert_uint_eq(record.version, RG_VERSION_DTLS12);
    ck_assert_uint_eq(record.epoch, 0x0102);
    ck_assert_uint_eq(record.sequence, 0xf30405060708);
    ck_assert_ptr_eq(record.body.at, handshake_record + 13);
    ck_assert_uint_eq(record.body.length, 3);
    ck_assert_ptr_eq(record.whole.at, handshake_record);
    ck_assert_uint_eq(record.whole.length, sizeof(handshake_record));
    ck_assert(rg_reader_finished(&reader));
    ck_assert(!rg_record_next(&reader, &record));
    ck_assert(!reader.failed);
}
END_TEST

START_TEST(a_datagram_holds_several_records) {
    uint8_t datagram[2 * sizeof(handshake_record)] = {0};
    struct rg_reader reader = rg_reader_make(datagram, sizeof(datagram));
    struct rg_record record;

    memcpy(datagram, handshake_record, sizeof(handshake_record));
    memcpy(datagram + sizeof(handshake_record), handshake_record, sizeof(handshake_record));
    datagram[sizeof(handshake_record)] = RG_CONTENT_ALERT;
    ck_assert(rg_record_next(&reader, &record));
    ck_assert_uint_eq(record.type, RG_CONTENT_HANDSHAKE);
    ck_assert(rg_record_next(&reader, &record));
    ck_assert_uint_eq(record.type, RG_CONTENT_ALERT);
    ck_assert_ptr_eq(record.whole.at, datagram + sizeof(handshake_record));
    ck_assert(!rg_record_next(&reader, &record));
    ck_assert(rg_reader_finished(&reader));
}
END_TEST

START_TEST(junk_behind_a_record_fails_and_stays_failed) {
    uint8_t datagram[sizeof(handshake_record) + 13] = {0};
    struct rg_reader reader = rg_reader_make(datagram, sizeof(datagram));
    struct rg_record record;

    memcpy(datagram, handshake_record, sizeof(handshake_record));
    ck_assert(rg_record_next(&reader, &record));
    ck_assert(!rg_record_next(&reader, &record));
    ck_assert(reader.failed);
    ck_assert(!rg_record_next(&reader, &record));
    ck_assert(reader.failed);
    ck_assert_uint_eq(record.type, RG_CONTENT_HANDSHAKE); /* the last good one */
}
END_TEST

START_TEST(a_failed_reader_gives_no_record) {
    struct rg_reader reader = rg_reader_make(handshake_record, sizeof(handshake_record));
    struct rg_record record;

    reader.failed = true;
    ck_assert(!rg_record_next(&reader, &record));
    ck_assert(reader.failed);
}
END_TEST

START_TEST(an_empty_datagram_is_the_end) {
    struct rg_reader reader = rg_reader_make(NULL, 0);
    struct rg_record record;

    ck_assert(!rg_record_next(&reader, &record));
    ck_assert(!reader.failed);
}
END_TEST

START_TEST(every_truncation_is_junk) {
    ck_assert(!parses(handshake_record, (size_t)_i));
}
END_TEST

START_TEST(only_dtls_10_and_12_are_versions) {
    uint8_t bytes[sizeof(handshake_record)];

    memcpy(bytes, handshake_record, sizeof(bytes));
    for (unsigned version = 0; version <= UINT16_MAX; version++) {
        rg_put_u16(bytes + 1, (uint16_t)version);
        ck_assert(parses(bytes, sizeof(bytes)) == (version == 0xfeff || version == 0xfefd));
    }
}
END_TEST

START_TEST(an_empty_body_is_junk) {
    uint8_t bytes[sizeof(handshake_record)];

    memcpy(bytes, handshake_record, sizeof(bytes));
    bytes[12] = 0;
    ck_assert(!parses(bytes, sizeof(bytes)));
    ck_assert(!parses(bytes, RG_RECORD_HEADER));
    bytes[12] = 1;
    ck_assert(parses(bytes, sizeof(bytes)));
}
END_TEST

START_TEST(the_largest_body_is_18432_bytes) {
    static uint8_t bytes[RG_RECORD_HEADER + 18432 + 1];

    rg_record_put_header(bytes, RG_CONTENT_DATA, RG_VERSION_DTLS12, 1, 0, 18432);
    ck_assert(parses(bytes, sizeof(bytes)));
    rg_put_u16(bytes + 11, 18433);
    ck_assert(!parses(bytes, sizeof(bytes)));
}
END_TEST

START_TEST(any_type_and_epoch_is_left_to_the_caller) {
    uint8_t bytes[sizeof(handshake_record)];

    memcpy(bytes, handshake_record, sizeof(bytes));
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        bytes[0] = (uint8_t)type;
        ck_assert(parses(bytes, sizeof(bytes)));
    }
}
END_TEST

START_TEST(header_is_written_as_it_was_read) {
    uint8_t header[RG_RECORD_HEADER];

    rg_record_put_header(header, RG_CONTENT_HANDSHAKE, RG_VERSION_DTLS12, 0x0102, 0xf30405060708,
                         3);
    ck_assert_mem_eq(header, handshake_record, sizeof(header));
    rg_record_put_header(header, RG_CONTENT_CCS, RG_VERSION_DTLS10, 0xffff, 0xffffffffffff, 0x4800);
    ck_assert_mem_eq(header, "\x14\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\x48\x00", 13);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("record");
    TCase *tests = suite_case(suite, "record");

    tcase_add_test(tests, every_field_is_read);
    tcase_add_test(tests, a_datagram_holds_several_records);
    tcase_add_test(tests, junk_behind_a_record_fails_and_stays_failed);
    tcase_add_test(tests, a_failed_reader_gives_no_record);
    tcase_add_test(tests, an_empty_datagram_is_the_end);
    tcase_add_loop_test(tests, every_truncation_is_junk, 1, sizeof(handshake_record));
    tcase_add_test(tests, only_dtls_10_and_12_are_versions);
    tcase_add_test(tests, an_empty_body_is_junk);
    tcase_add_test(tests, the_largest_body_is_18432_bytes);
    tcase_add_test(tests, any_type_and_epoch_is_left_to_the_caller);
    tcase_add_test(tests, header_is_written_as_it_was_read);
    return suite_run(suite);
}
