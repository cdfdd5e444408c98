#include "base/bytes.h"

#include "suite.h"

START_TEST(numbers_are_big_endian) {
    static const uint8_t input[] = {
        0x01,                               /* 8 bits */
        0x02, 0x03,                         /* 16 */
        0x04, 0x05, 0x06,                   /* 24 */
        0xe1, 0x02, 0x03, 0x04,             /* 32 */
        0xf7, 0x08, 0x09, 0x0a, 0x0b, 0x0c, /* 48 */
    };
    struct rg_reader reader = rg_reader_make(input, sizeof(input));

    ck_assert_uint_eq(rg_read_u8(&reader), 0x01);
    ck_assert_uint_eq(rg_read_u16(&reader), 0x0203);
    ck_assert_uint_eq(rg_read_u24(&reader), 0x040506);
    ck_assert_uint_eq(rg_read_u32(&reader), 0xe1020304);
    ck_assert_uint_eq(rg_read_u48(&reader), 0xf708090a0b0c);
    ck_assert(rg_reader_finished(&reader));
}
END_TEST

START_TEST(writing_is_the_inverse_of_reading) {
    static const uint8_t expected[] = {0xfe, 0xdc, 0xba, 0x98, 0x76, 0xff, 0xee, 0xdd,
                                       0xcc, 0xbb, 0xaa, 0xf1, 0xe2, 0xd3, 0xc4};
    uint8_t output[15];

    rg_put_u16(output, 0xfedc);
    rg_put_u24(output + 2, 0xba9876);
    rg_put_u48(output + 5, 0xffeeddccbbaa);
    rg_put_u32(output + 11, 0xf1e2d3c4);
    ck_assert_mem_eq(output, expected, sizeof(expected));
}
END_TEST

START_TEST(vectors_carry_their_length) {
    static const uint8_t input[] = {
        1, 0xa0,             /* 8-bit length */
        0, 2,    0xa1, 0xa2, /* 16-bit */
        0, 0,    1,    0xa3, /* 24-bit */
        0,                   /* an empty one */
    };
    struct rg_reader reader = rg_reader_make(input, sizeof(input));
    struct rg_bytes first = rg_read_vector8(&reader);
    struct rg_bytes second = rg_read_vector16(&reader);
    struct rg_bytes third = rg_read_vector24(&reader);
    struct rg_bytes empty = rg_read_vector8(&reader);

    ck_assert_ptr_eq(first.at, input + 1);
    ck_assert_uint_eq(first.length, 1);
    ck_assert_ptr_eq(second.at, input + 4);
    ck_assert_uint_eq(second.length, 2);
    ck_assert_ptr_eq(third.at, input + 9);
    ck_assert_uint_eq(third.length, 1);
    ck_assert_uint_eq(empty.length, 0);
    ck_assert(rg_reader_finished(&reader));
}
END_TEST

START_TEST(long_vectors_use_every_length_byte) {
    static uint8_t input[3 + 0x010203] = {0x01, 0x02, 0x03};
    struct rg_reader reader = rg_reader_make(input, sizeof(input));

    ck_assert_uint_eq(rg_read_vector24(&reader).length, 0x010203);
    ck_assert(rg_reader_finished(&reader));
    reader = rg_reader_make(input, sizeof(input));
    ck_assert_uint_eq(rg_read_vector16(&reader).length, 0x0102);
    ck_assert(!reader.failed);
}
END_TEST

START_TEST(bytes_left_over_are_not_finished) {
    static const uint8_t input[] = {1, 2};
    struct rg_reader reader = rg_reader_make(input, sizeof(input));

    rg_read_u8(&reader);
    ck_assert(!reader.failed);
    ck_assert_uint_eq(reader.left, 1);
    ck_assert(!rg_reader_finished(&reader));
}
END_TEST

START_TEST(reading_beyond_the_end_fails_for_good) {
    static const uint8_t input[] = {1, 2, 3};
    struct rg_reader reader = rg_reader_make(input, sizeof(input));

    ck_assert_uint_eq(rg_read_u48(&reader), 0);
    ck_assert(reader.failed);
    ck_assert_uint_eq(rg_read_u8(&reader), 0);
    ck_assert_uint_eq(rg_read_u16(&reader), 0);
    ck_assert_uint_eq(rg_read_u24(&reader), 0);
    ck_assert_uint_eq(rg_read_bytes(&reader, 1).length, 0);
    ck_assert_uint_eq(rg_read_bytes(&reader, 0).length, 0);
    ck_assert_uint_eq(rg_read_vector8(&reader).length, 0);
    ck_assert(reader.failed);
    ck_assert(!rg_reader_finished(&reader));
}
END_TEST

START_TEST(failure_at_the_exact_end_is_not_finished) {
    static const uint8_t input[] = {1};
    struct rg_reader reader = rg_reader_make(input, sizeof(input));

    rg_read_u8(&reader);
    rg_read_u8(&reader);
    ck_assert(!rg_reader_finished(&reader));
}
END_TEST

START_TEST(vector_longer_than_the_input_fails) {
    static const uint8_t input[] = {0, 0, 2, 0xaa};
    struct rg_reader reader = rg_reader_make(input, sizeof(input));

    ck_assert_uint_eq(rg_read_vector24(&reader).length, 0);
    ck_assert(reader.failed);
    reader = rg_reader_make(input + 1, 3);
    ck_assert_uint_eq(rg_read_vector16(&reader).length, 0);
    ck_assert(reader.failed);
    reader = rg_reader_make(input + 2, 2);
    ck_assert_uint_eq(rg_read_vector8(&reader).length, 0);
    ck_assert(reader.failed);
}
END_TEST

START_TEST(huge_length_does_not_wrap) {
    static const uint8_t input[] = {1, 2};
    struct rg_reader reader = rg_reader_make(input, sizeof(input));

    rg_read_u8(&reader);
    ck_assert_ptr_null(rg_read_bytes(&reader, SIZE_MAX).at);
    ck_assert(reader.failed);
}
END_TEST

START_TEST(empty_input_may_be_null) {
    struct rg_reader reader = rg_reader_make(NULL, 0);

    ck_assert(rg_reader_finished(&reader));
    ck_assert_uint_eq(rg_read_bytes(&reader, 0).length, 0);
    ck_assert(rg_reader_finished(&reader));
    ck_assert_uint_eq(rg_read_u8(&reader), 0);
    ck_assert(reader.failed);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("bytes");
    TCase *tests = suite_case(suite, "bytes");

    tcase_add_test(tests, numbers_are_big_endian);
    tcase_add_test(tests, writing_is_the_inverse_of_reading);
    tcase_add_test(tests, vectors_carry_their_length);
    tcase_add_test(tests, long_vectors_use_every_length_byte);
    tcase_add_test(tests, bytes_left_over_are_not_finished);
    tcase_add_test(tests, reading_beyond_the_end_fails_for_good);
    tcase_add_test(tests, failure_at_the_exact_end_is_not_finished);
    tcase_add_test(tests, vector_longer_than_the_input_fails);
    tcase_add_test(tests, huge_length_does_not_wrap);
    tcase_add_test(tests, empty_input_may_be_null);
    return suite_run(suite);
}
