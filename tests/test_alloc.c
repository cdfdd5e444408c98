#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static size_t secret_size;
static size_t zeros_at_free;

static void watched_free(void *memory) {
    const uint8_t *bytes = memory;

    zeros_at_free = 0;
    for (size_t i = 0; i < secret_size; i++) {
        zeros_at_free += bytes[i] == 0;
    }
    free(memory);
}

/* C allows this. */
static void *miserly_calloc(size_t count, size_t size) {
    return size == 0 ? NULL : calloc(count, size);
}

/* The tests run on a second copy of the source, with another calloc and free. */
#define rg_alloc copy_alloc
#define rg_free copy_free
#define rg_free_secret copy_free_secret
#define rg_alloc_fail_from copy_alloc_fail_from
#define rg_alloc_fail_only copy_alloc_fail_only
#define rg_alloc_count copy_alloc_count
#define calloc miserly_calloc
#define free watched_free
#include "base/alloc.c"

START_TEST(memory_is_zeroed) {
    static const uint8_t zeros[1000];
    uint8_t *used = rg_alloc(sizeof(zeros));
    uint8_t *again;

    ck_assert_ptr_nonnull(used);
    memset(used, 0xaa, sizeof(zeros));
    rg_free(used);
    again = rg_alloc(sizeof(zeros));
    ck_assert_ptr_nonnull(again);
    ck_assert_mem_eq(again, zeros, sizeof(zeros));
    rg_free(again);
}
END_TEST

START_TEST(zero_bytes_are_no_failure) {
    void *memory = rg_alloc(0);

    ck_assert_ptr_nonnull(memory);
    rg_free(memory);
}
END_TEST

START_TEST(fails_from_the_nth_allocation_until_told_to_stop) {
    void *first;
    void *second;
    void *last;

    rg_alloc_fail_from(3);
    first = rg_alloc(1);
    second = rg_alloc(1);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_null(rg_alloc(1));
    ck_assert_ptr_null(rg_alloc(1));
    rg_alloc_fail_from(0);
    last = rg_alloc(1);
    ck_assert_ptr_nonnull(last);
    rg_free(first);
    rg_free(second);
    rg_free(last);
}
END_TEST

START_TEST(fails_at_the_nth_allocation_alone) {
    void *first;
    void *third;

    rg_alloc_fail_only(2);
    first = rg_alloc(1);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(rg_alloc(1));
    third = rg_alloc(1);
    ck_assert_ptr_nonnull(third);
    rg_alloc_fail_only(1);
    rg_alloc_fail_only(0);
    rg_free(first);
    first = rg_alloc(1);
    ck_assert_ptr_nonnull(first);
    rg_free(first);
    rg_free(third);
}
END_TEST

START_TEST(failing_counts_from_now) {
    void *memory = rg_alloc(1);

    rg_alloc_fail_from(1);
    ck_assert_ptr_null(rg_alloc(1));
    rg_alloc_fail_from(0);
    rg_free(memory);
}
END_TEST

START_TEST(every_allocation_is_counted) {
    unsigned long before = rg_alloc_count();
    void *memory = rg_alloc(1);

    ck_assert_uint_eq(rg_alloc_count(), before + 1);
    rg_alloc_fail_from(1);
    ck_assert_ptr_null(rg_alloc(1));
    rg_alloc_fail_from(0);
    ck_assert_uint_eq(rg_alloc_count(), before + 2);
    rg_free(memory);
    ck_assert_uint_eq(rg_alloc_count(), before + 2);
}
END_TEST

START_TEST(secrets_are_zeroed_before_they_are_freed) {
    uint8_t *secret = rg_alloc(48);

    ck_assert_ptr_nonnull(secret);
    memset(secret, 0x55, 48);
    secret_size = 48;
    rg_free_secret(secret, 48);
    secret_size = 0;
    ck_assert_uint_eq(zeros_at_free, 48);
}
END_TEST

START_TEST(freeing_null_is_fine) {
    rg_free(NULL);
    rg_free_secret(NULL, 16);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("alloc");
    TCase *tests = suite_case(suite, "alloc");

    tcase_add_test(tests, memory_is_zeroed);
    tcase_add_test(tests, zero_bytes_are_no_failure);
    tcase_add_test(tests, fails_from_the_nth_allocation_until_told_to_stop);
    tcase_add_test(tests, fails_at_the_nth_allocation_alone);
    tcase_add_test(tests, failing_counts_from_now);
    tcase_add_test(tests, every_allocation_is_counted);
    tcase_add_test(tests, secrets_are_zeroed_before_they_are_freed);
    tcase_add_test(tests, freeing_null_is_fine);
    return suite_run(suite);
}
