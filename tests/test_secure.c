#include "base/secure.h"

#include <stdint.h>
#include <string.h>

#include "suite.h"

START_TEST(zeroes_exactly_the_given_bytes) {
    uint8_t memory[10];
    static const uint8_t expected[10] = {7, 0, 0, 0, 0, 0, 0, 0, 0, 7};

    memset(memory, 7, sizeof(memory));
    rg_zero(memory + 1, 8);
    ck_assert_mem_eq(memory, expected, sizeof(memory));
}
END_TEST

START_TEST(zeroing_nothing_is_fine) {
    uint8_t memory = 7;

    rg_zero(&memory, 0);
    rg_zero(NULL, 0);
    ck_assert_uint_eq(memory, 7);
}
END_TEST

START_TEST(equal_bytes_are_equal) {
    static const uint8_t a[] = {1, 2, 3, 0, 255};
    static const uint8_t b[] = {1, 2, 3, 0, 255};

    ck_assert(rg_equal(a, b, sizeof(a)));
    ck_assert(rg_equal(a, a, sizeof(a)));
    ck_assert(rg_equal(NULL, NULL, 0));
}
END_TEST

START_TEST(every_differing_bit_counts) {
    uint8_t a[64];
    uint8_t b[64];
    size_t byte = (size_t)_i / 8;

    memset(a, 0xa5, sizeof(a));
    memset(b, 0xa5, sizeof(b));
    b[byte] = (uint8_t)(b[byte] ^ 1 << _i % 8);
    ck_assert(!rg_equal(a, b, sizeof(a)));
    ck_assert(!rg_equal(b, a, sizeof(a)));
    ck_assert(rg_equal(a, b, byte));
}
END_TEST

START_TEST(differences_do_not_cancel_out) {
    static const uint8_t a[] = {0x10, 0x10};
    static const uint8_t b[] = {0x11, 0x11};

    ck_assert(!rg_equal(a, b, sizeof(a)));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("secure");
    TCase *tests = suite_case(suite, "secure");

    tcase_add_test(tests, zeroes_exactly_the_given_bytes);
    tcase_add_test(tests, zeroing_nothing_is_fine);
    tcase_add_test(tests, equal_bytes_are_equal);
    tcase_add_loop_test(tests, every_differing_bit_counts, 0, 512);
    tcase_add_test(tests, differences_do_not_cancel_out);
    return suite_run(suite);
}
