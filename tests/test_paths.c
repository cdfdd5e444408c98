#include "dtls/paths.h"

#include <rtpgate/error.h>

#include "suite.h"

static struct rg_paths paths;

static void setup(void) {
    rg_paths_init(&paths, false);
}

static void teardown(void) {
    rg_paths_forget_early(&paths);
}

START_TEST(only_declared_paths_are_valid) {
    ck_assert(!rg_paths_is_valid(&paths, 0));
    ck_assert_int_eq(rg_paths_set(&paths, 7, true), 0);
    ck_assert_int_eq(rg_paths_set(&paths, 7, true), 0);
    ck_assert(rg_paths_is_valid(&paths, 7));
    ck_assert(!rg_paths_is_valid(&paths, 8));
    ck_assert_int_eq(rg_paths_set(&paths, 7, false), 0);
    ck_assert(!rg_paths_is_valid(&paths, 7));
    ck_assert_int_eq(rg_paths_set(&paths, 9, false), 0);
}
END_TEST

START_TEST(eight_paths_are_valid_at_most) {
    for (uint64_t path = 0; path < RG_PATHS; path++) {
        ck_assert_int_eq(rg_paths_set(&paths, path, true), 0);
    }
    ck_assert_int_eq(rg_paths_set(&paths, 100, true), RTPGATE_ERR_NOBUF);
    ck_assert_int_eq(rg_paths_set(&paths, 3, false), 0);
    ck_assert_int_eq(rg_paths_set(&paths, 100, true), 0);
    for (uint64_t path = 0; path < RG_PATHS; path++) {
        ck_assert(rg_paths_is_valid(&paths, path) == (path != 3));
    }
}
END_TEST

START_TEST(any_path_may_be_valid) {
    rg_paths_init(&paths, true);
    ck_assert(rg_paths_is_valid(&paths, UINT64_MAX));
}
END_TEST

START_TEST(the_last_four_early_datagrams_are_kept) {
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6};
    for (size_t i = 0; i < sizeof(bytes); i++) {
        unsigned lost = i < RG_EARLY_DATAGRAMS ? 0 : 1;
        ck_assert_uint_eq(rg_paths_keep(&paths, &bytes[i], 1, i), lost);
    }
    for (size_t i = 2; i < sizeof(bytes); i++) {
        struct rg_block *block = rg_queue_pop(&paths.early);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq(block->bytes[0], bytes[i]);
        ck_assert_uint_eq(block->path, i);
        rg_block_free(block);
    }
    ck_assert_ptr_null(rg_queue_pop(&paths.early));
}
END_TEST

START_TEST(early_datagrams_are_bounded_in_bytes) {
    static const uint8_t large[RG_EARLY_BYTES + 1] = {0};
    ck_assert_uint_eq(rg_paths_keep(&paths, large, 3000, 0), 0);
    ck_assert_uint_eq(rg_paths_keep(&paths, large, 3000, 0), 0);
    ck_assert_uint_eq(rg_paths_keep(&paths, large, 3000, 0), 1);
    ck_assert_uint_eq(rg_paths_keep(&paths, large, RG_EARLY_BYTES + 1, 0), 1);
    ck_assert_uint_eq(paths.early.count, 2);
    ck_assert_uint_eq(rg_paths_keep(&paths, large, RG_EARLY_BYTES, 0), 2);
    ck_assert_uint_eq(paths.early.count, 1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("paths");
    TCase *tests = suite_case(suite, "paths");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, only_declared_paths_are_valid);
    tcase_add_test(tests, eight_paths_are_valid_at_most);
    tcase_add_test(tests, any_path_may_be_valid);
    tcase_add_test(tests, the_last_four_early_datagrams_are_kept);
    tcase_add_test(tests, early_datagrams_are_bounded_in_bytes);
    return suite_run(suite);
}
