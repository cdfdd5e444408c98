#include <stdint.h>
#include <string.h>

#include <rtpgate/error.h>

#include "base/alloc.h"
#include "suite.h"

static size_t zeroed_size;

static void watched_free_secret(void *memory, size_t size) {
    zeroed_size += size;
    rg_free_secret(memory, size);
}

/* The tests run on a second copy of the source, which frees through watched_free_secret. */
#define rg_queue_init copy_queue_init
#define rg_queue_clear copy_queue_clear
#define rg_queue_fits copy_queue_fits
#define rg_queue_push copy_queue_push
#define rg_queue_pop copy_queue_pop
#define rg_block_free copy_block_free
#define rg_free_secret watched_free_secret
#include "base/queue.c"

static const uint8_t text[] = "abcdefgh";

static void expect_block(struct rg_queue *queue, const uint8_t *bytes, size_t length, uint64_t path,
                         int kind) {
    struct rg_block *block = rg_queue_pop(queue);

    ck_assert_ptr_nonnull(block);
    ck_assert_ptr_null(block->next);
    ck_assert_uint_eq(block->length, length);
    ck_assert_mem_eq(block->bytes, bytes, length);
    ck_assert_uint_eq(block->path, path);
    ck_assert_int_eq(block->kind, kind);
    rg_block_free(block);
}

START_TEST(first_in_is_first_out_with_its_tags) {
    struct rg_queue queue;

    rg_queue_init(&queue, 3, 100);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, UINT64_MAX, -1), 0);
    ck_assert_int_eq(rg_queue_push(&queue, text + 3, 2, 7, 2), 0);
    ck_assert_int_eq(rg_queue_push(&queue, text + 5, 1, 8, 3), 0);
    ck_assert_uint_eq(queue.count, 3);
    ck_assert_uint_eq(queue.bytes, 6);
    expect_block(&queue, text, 3, UINT64_MAX, -1);
    expect_block(&queue, text + 3, 2, 7, 2);
    expect_block(&queue, text + 5, 1, 8, 3);
    ck_assert_ptr_null(rg_queue_pop(&queue));
    ck_assert_uint_eq(queue.count, 0);
    ck_assert_uint_eq(queue.bytes, 0);
}
END_TEST

START_TEST(blocks_are_copies) {
    struct rg_queue queue;
    uint8_t bytes[] = {1, 2};
    static const uint8_t expected[] = {1, 2};

    rg_queue_init(&queue, 1, 2);
    ck_assert_int_eq(rg_queue_push(&queue, bytes, 2, 0, 0), 0);
    memset(bytes, 9, sizeof(bytes));
    expect_block(&queue, expected, 2, 0, 0);
}
END_TEST

START_TEST(works_again_after_it_ran_empty) {
    struct rg_queue queue;

    rg_queue_init(&queue, 2, 100);
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(rg_queue_push(&queue, text, 1, 0, round), 0);
        ck_assert_int_eq(rg_queue_push(&queue, text, 2, 0, round), 0);
        expect_block(&queue, text, 1, 0, round);
        expect_block(&queue, text, 2, 0, round);
        ck_assert_ptr_null(rg_queue_pop(&queue));
    }
}
END_TEST

START_TEST(count_is_bounded) {
    struct rg_queue queue;

    rg_queue_init(&queue, 2, 100);
    ck_assert_int_eq(rg_queue_push(&queue, text, 1, 0, 0), 0);
    ck_assert(rg_queue_fits(&queue, 1));
    ck_assert_int_eq(rg_queue_push(&queue, text, 1, 0, 0), 0);
    ck_assert(!rg_queue_fits(&queue, 0));
    ck_assert_int_eq(rg_queue_push(&queue, text, 1, 0, 0), RTPGATE_ERR_NOBUF);
    ck_assert_uint_eq(queue.count, 2);
    rg_queue_clear(&queue);
}
END_TEST

START_TEST(bytes_are_bounded) {
    struct rg_queue queue;

    rg_queue_init(&queue, 10, 5);
    ck_assert(rg_queue_fits(&queue, 5));
    ck_assert(!rg_queue_fits(&queue, 6));
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 0, 0), 0);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 0, 0), RTPGATE_ERR_NOBUF);
    ck_assert_int_eq(rg_queue_push(&queue, text, 2, 0, 0), 0);
    ck_assert_int_eq(rg_queue_push(&queue, text, 1, 0, 0), RTPGATE_ERR_NOBUF);
    ck_assert_uint_eq(queue.bytes, 5);
    ck_assert_uint_eq(queue.count, 2);
    rg_queue_clear(&queue);
}
END_TEST

START_TEST(popping_makes_room) {
    struct rg_queue queue;

    rg_queue_init(&queue, 1, 3);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 0, 0), 0);
    ck_assert(!rg_queue_fits(&queue, 3));
    expect_block(&queue, text, 3, 0, 0);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 0, 0), 0);
    rg_queue_clear(&queue);
}
END_TEST

START_TEST(empty_blocks_are_kept) {
    struct rg_queue queue;

    rg_queue_init(&queue, 1, 0);
    ck_assert_int_eq(rg_queue_push(&queue, NULL, 0, 5, 6), 0);
    expect_block(&queue, text, 0, 5, 6);
}
END_TEST

START_TEST(failed_allocation_changes_nothing) {
    struct rg_queue queue;

    rg_queue_init(&queue, 2, 100);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 1, 1), 0);
    rg_alloc_fail_from(1);
    ck_assert_int_eq(rg_queue_push(&queue, text, 2, 2, 2), RTPGATE_ERR_NOMEM);
    rg_alloc_fail_from(0);
    ck_assert_uint_eq(queue.count, 1);
    ck_assert_uint_eq(queue.bytes, 3);
    expect_block(&queue, text, 3, 1, 1);
    ck_assert_ptr_null(rg_queue_pop(&queue));
}
END_TEST

START_TEST(impossible_length_does_not_wrap) {
    struct rg_queue queue;

    rg_queue_init(&queue, 2, SIZE_MAX);
    ck_assert_int_eq(rg_queue_push(&queue, text, SIZE_MAX, 0, 0), RTPGATE_ERR_NOMEM);
    ck_assert_uint_eq(queue.count, 0);
}
END_TEST

START_TEST(clearing_frees_all_and_leaves_the_limits) {
    struct rg_queue queue;

    rg_queue_init(&queue, 2, 100);
    rg_queue_clear(&queue);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 0, 0), 0);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 0, 0), 0);
    rg_queue_clear(&queue);
    ck_assert_uint_eq(queue.count, 0);
    ck_assert_uint_eq(queue.bytes, 0);
    ck_assert_int_eq(rg_queue_push(&queue, text, 3, 0, 0), 0);
    expect_block(&queue, text, 3, 0, 0);
    ck_assert_ptr_null(rg_queue_pop(&queue));
}
END_TEST

START_TEST(what_is_freed_is_zeroed_whole) {
    struct rg_queue queue;

    rg_queue_init(&queue, 3, 100);
    ck_assert_int_eq(rg_queue_push(&queue, text, 5, 0, 0), 0);
    ck_assert_int_eq(rg_queue_push(&queue, text, 7, 0, 0), 0);
    ck_assert_int_eq(rg_queue_push(&queue, text, 8, 0, 0), 0);
    zeroed_size = 0;
    rg_block_free(rg_queue_pop(&queue));
    ck_assert_uint_eq(zeroed_size, sizeof(struct rg_block) + 5);
    rg_queue_clear(&queue);
    ck_assert_uint_eq(zeroed_size, 3 * sizeof(struct rg_block) + 20);
}
END_TEST

START_TEST(freeing_null_is_fine) {
    rg_block_free(NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("queue");
    TCase *tests = suite_case(suite, "queue");

    tcase_add_test(tests, first_in_is_first_out_with_its_tags);
    tcase_add_test(tests, blocks_are_copies);
    tcase_add_test(tests, works_again_after_it_ran_empty);
    tcase_add_test(tests, count_is_bounded);
    tcase_add_test(tests, bytes_are_bounded);
    tcase_add_test(tests, popping_makes_room);
    tcase_add_test(tests, empty_blocks_are_kept);
    tcase_add_test(tests, failed_allocation_changes_nothing);
    tcase_add_test(tests, impossible_length_does_not_wrap);
    tcase_add_test(tests, clearing_frees_all_and_leaves_the_limits);
    tcase_add_test(tests, what_is_freed_is_zeroed_whole);
    tcase_add_test(tests, freeing_null_is_fine);
    return suite_run(suite);
}
