#include "srtp/hold.h"

#include "suite.h"

static struct rg_hold hold;

static void setup(void) {
    rg_hold_init(&hold);
}

static void teardown(void) {
    rg_hold_clear(&hold);
}

static void push(uint8_t byte, size_t length, uint64_t now) {
    uint8_t packet[RG_HOLD_PACKET_MAX + 1] = {byte};
    rg_hold_push(&hold, RTPGATE_KIND_RTP, packet, length, now);
}

static int pop(uint64_t now) {
    const struct rg_block *block = rg_hold_first(&hold, now);
    int byte = block == NULL ? -1 : block->bytes[0];
    if (block != NULL) {
        rg_hold_pop(&hold);
    }
    return byte;
}

START_TEST(packets_come_out_in_the_order_of_arrival) {
    push(1, 100, 0);
    push(2, 50, 0);
    ck_assert_int_eq(pop(1), 1);
    ck_assert_int_eq(pop(1), 2);
    ck_assert_int_eq(pop(1), -1);
    ck_assert_uint_eq(hold.held, 2);
    ck_assert_uint_eq(hold.dropped, 0);
}
END_TEST

START_TEST(the_oldest_give_way_when_there_are_too_many) {
    for (int i = 0; i < RG_HOLD_PACKETS + 5; i++) {
        push((uint8_t)i, 10, 0);
    }
    ck_assert_uint_eq(hold.queue.count, RG_HOLD_PACKETS);
    ck_assert_uint_eq(hold.dropped, 5);
    ck_assert_int_eq(pop(1), 5);
}
END_TEST

START_TEST(bytes_are_bounded) {
    for (int i = 0; i < 100; i++) {
        push((uint8_t)i, RG_HOLD_PACKET_MAX, 0);
        ck_assert_uint_le(hold.queue.bytes, RG_HOLD_BYTES);
    }
    ck_assert_uint_eq(hold.dropped, 100 - RG_HOLD_BYTES / RG_HOLD_PACKET_MAX);
}
END_TEST

START_TEST(what_is_too_old_or_too_large_is_dropped_and_counted) {
    push(1, RG_HOLD_PACKET_MAX + 1, 0);
    ck_assert_uint_eq(hold.dropped, 1);
    push(2, 10, 0);
    push(3, 10, 10);
    ck_assert_int_eq(pop(RG_HOLD_AGE + 1), 3);
    ck_assert_uint_eq(hold.dropped, 2);
    push(4, 10, 20);
    rg_hold_clear(&hold);
    ck_assert_uint_eq(hold.dropped, 3);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hold");
    TCase *tests = suite_case(suite, "early media");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, packets_come_out_in_the_order_of_arrival);
    tcase_add_test(tests, the_oldest_give_way_when_there_are_too_many);
    tcase_add_test(tests, bytes_are_bounded);
    tcase_add_test(tests, what_is_too_old_or_too_large_is_dropped_and_counted);
    return suite_run(suite);
}
