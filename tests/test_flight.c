#include "dtls/flight.h"

#include <rtpgate/config.h>

#include <string.h>

#include "base/alloc.h"
#include "suite.h"
#include "wire/handshake.h"

static struct rg_outbox outbox;
static struct rg_flight flight;
static uint8_t message[RG_HANDSHAKE_HEADER + 3000];

static void setup(void) {
    rg_outbox_init(&outbox);
    rg_flight_init(&flight, &outbox, 1200, 5);
    for (size_t i = 0; i < sizeof(message); i++) {
        message[i] = (uint8_t)i;
    }
}

static void teardown(void) {
    rg_flight_clear(&flight);
    rg_outbox_clear(&outbox);
}

static void add_message(uint16_t sequence, uint32_t length) {
    rg_fragment_put_header(message, RG_CERTIFICATE, length, sequence, 0, length);
    const struct rg_record record = {.type = RG_CONTENT_HANDSHAKE,
                                     .version = RG_VERSION_DTLS12,
                                     .body = {message, RG_HANDSHAKE_HEADER + length}};
    rg_flight_add(&flight, &record);
}

static void add_protected(size_t length) {
    static uint8_t bytes[2000];
    rg_record_put_header(bytes, RG_CONTENT_HANDSHAKE, RG_VERSION_DTLS12, 1, 77,
                         length - RG_RECORD_HEADER);
    const struct rg_record record = {
        .type = RG_CONTENT_HANDSHAKE, .epoch = 1, .sequence = 77, .whole = {bytes, length}};
    rg_flight_add(&flight, &record);
}

/* Puts the fragments of the next datagram back to their places; returns its length. */
static size_t unpack(uint8_t *body, uint64_t *sequence) {
    struct rg_block *block = rg_queue_pop(&outbox.queue);
    if (block == NULL) {
        return 0;
    }
    struct rg_reader records = rg_reader_make(block->bytes, block->length);
    struct rg_record record;
    while (rg_record_next(&records, &record) && record.epoch == 0) {
        ck_assert_uint_eq(record.sequence, (*sequence)++);
        struct rg_reader fragments = rg_reader_make(record.body.at, record.body.length);
        struct rg_fragment fragment;
        while (rg_fragment_next(&fragments, &fragment)) {
            memcpy(body + fragment.offset, fragment.body.at, fragment.body.length);
        }
        ck_assert(!fragments.failed);
    }
    size_t length = block->length;
    ck_assert_uint_eq(block->path, flight.path);
    rg_block_free(block);
    return length;
}

START_TEST(a_flight_is_packed_into_one_datagram) {
    uint8_t body[3000] = {0};
    uint64_t sequence = 0;
    add_message(0, 100);
    add_message(1, 400);
    add_message(2, 0);
    rg_flight_flush(&flight);
    ck_assert_uint_eq(outbox.queue.count, 1);
    ck_assert_uint_eq(unpack(body, &sequence), 3 * 25 + 500);
    ck_assert_uint_eq(sequence, 3);
}
END_TEST

START_TEST(a_large_message_is_cut_to_the_mtu) {
    uint8_t body[3000] = {0};
    uint64_t sequence = 0;
    add_message(0, 3000);
    rg_flight_flush(&flight);
    ck_assert_uint_eq(outbox.queue.count, 3);
    ck_assert_uint_eq(unpack(body, &sequence), 1200);
    ck_assert_uint_eq(unpack(body, &sequence), 1200);
    ck_assert_uint_eq(unpack(body, &sequence), 3000 - 2 * 1175 + 25);
    ck_assert_mem_eq(body, message + RG_HANDSHAKE_HEADER, 3000);
}
END_TEST

START_TEST(little_room_is_left_rather_than_filled_with_a_sliver) {
    uint64_t sequence = 0;
    uint8_t body[3000];
    add_message(0, 1200 - 25 - 25 - 63);
    add_message(1, 1000);
    rg_flight_flush(&flight);
    ck_assert_uint_eq(unpack(body, &sequence), 1200 - 25 - 63);
    ck_assert_uint_eq(unpack(body, &sequence), 1025);
}
END_TEST

START_TEST(a_protected_record_is_never_cut) {
    add_message(0, 1100);
    add_protected(150);
    add_protected(1500);
    rg_flight_flush(&flight);
    ck_assert_uint_eq(outbox.queue.count, 3);
    ck_assert_uint_eq(outbox.queue.last->length, 1500);
}
END_TEST

START_TEST(repeated_loss_shrinks_the_datagrams) {
    uint64_t sequence = 0;
    uint8_t body[3000];
    rg_flight_arm(&flight, 0, 1000, 0);
    for (int losses = 0; losses <= RG_UNHEARD_SHRINK; losses++) {
        add_message(0, 1100);
        rg_flight_flush(&flight);
        bool shrunk = losses >= RG_UNHEARD_SHRINK;
        ck_assert_uint_eq(unpack(body, &sequence), shrunk ? RG_SMALL_MTU : 1125);
        while (unpack(body, &sequence) > 0) {
        }
        rg_flight_backoff(&flight, 0, 1000, 0);
    }
    rg_flight_arm(&flight, 0, 1000, 0); /* the next flight begins anew */
    add_message(0, 1100);
    rg_flight_flush(&flight);
    ck_assert_uint_eq(outbox.queue.count, 1);
}
END_TEST

START_TEST(the_timer_doubles_up_to_its_cap) {
    static const uint64_t due[] = {1100, 1200, 1300, 1500, 1850, 2200};
    rg_flight_arm(&flight, 1000, 100, 0);
    for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++) { /* the first two do not double it */
        ck_assert_uint_eq(flight.due, due[i]);
        rg_flight_backoff(&flight, due[i], 350, 0);
    }
    rg_flight_disarm(&flight);
    ck_assert_uint_eq(flight.due, RTPGATE_NEVER);
}
END_TEST

START_TEST(the_timer_is_scattered_downwards_by_an_eighth_at_most) {
    for (uint32_t jitter = 0; jitter < 256; jitter++) {
        rg_flight_arm(&flight, 0, 8000, jitter);
        ck_assert_uint_le(flight.due, 8000);
        ck_assert_uint_gt(flight.due, 7000);
    }
}
END_TEST

START_TEST(times_at_the_end_of_the_range_saturate) {
    rg_flight_arm(&flight, UINT64_MAX - 10, 100, 0);
    ck_assert_uint_eq(flight.due, UINT64_MAX);
    rg_flight_backoff(&flight, UINT64_MAX, UINT64_MAX, 0);
    ck_assert_uint_eq(flight.due, UINT64_MAX);
    ck_assert_uint_eq(rg_time_add(UINT64_MAX, UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(rg_time_add(1, 2), 3);
}
END_TEST

START_TEST(answers_have_a_rate_and_an_end) {
    uint64_t now = 0;
    rg_flight_arm(&flight, now, 250000, 0);
    ck_assert(!rg_flight_may_answer(&flight, 39999, 0, 0));
    ck_assert(!rg_flight_may_answer(&flight, 19999, 10000, 0));
    ck_assert(!rg_flight_may_answer(&flight, 29999, 60000, 0)); /* half an RTT */
    ck_assert(!rg_flight_may_answer(&flight, 39999, UINT64_MAX, 0));
    for (int i = 0; i < RG_ANSWERS_MAX; i++) {
        now += 40000;
        ck_assert(rg_flight_may_answer(&flight, now, UINT64_MAX, 0));
        ck_assert_uint_eq(flight.due, now + 250000);
        ck_assert(!rg_flight_may_answer(&flight, now + 39999, 0, 0));
    }
    ck_assert(!rg_flight_may_answer(&flight, now + 1000000, 0, 0));
}
END_TEST

/* Both sides' timers run alike: when ours has just fired, the peer's repetition says that our
 * flight was lost again, and waiting for the next timer would cost its whole doubled period. */
START_TEST(an_answer_that_comes_too_soon_after_a_loss_is_postponed) {
    rg_flight_arm(&flight, 0, 250000, 0);
    ck_assert(!rg_flight_may_answer(&flight, 10000, 0, 0));
    ck_assert_uint_eq(flight.due, 250000); /* the network's duplicate, most likely */
    rg_flight_backoff(&flight, 250000, 3000000, 0);
    ck_assert(!rg_flight_may_answer(&flight, 260000, 0, 0));
    ck_assert_uint_eq(flight.due, 290000);
    rg_flight_backoff(&flight, 290000, 3000000, 0);
    ck_assert_uint_eq(flight.due, 540000); /* an answer is no loss: the timer does not double */
    ck_assert_uint_eq(flight.losses, 1);
    ck_assert_uint_eq(flight.answers, 1);
}
END_TEST

/* Whoever forges messages that want another look cannot keep the timer from counting losses. */
START_TEST(hurry_has_an_end) {
    uint64_t now = 0;
    rg_flight_arm(&flight, now, 250000, 0);
    for (int i = 0; i < RG_ANSWERS_MAX; i++) {
        rg_flight_hurry(&flight, now);
        ck_assert_uint_eq(flight.due, now + 20000);
        now = flight.due;
        ck_assert(!rg_flight_backoff(&flight, now, 3000000, 0));
    }
    rg_flight_hurry(&flight, now);
    ck_assert_uint_eq(flight.due, now + 250000);
    ck_assert(rg_flight_backoff(&flight, flight.due, 3000000, 0));
}
END_TEST

static void keep_final(size_t length) {
    flight.keep = true;
    add_protected(length);
    rg_flight_flush(&flight);
    flight.keep = false;
    flight.final_until = RG_FINAL_LIFETIME;
    rg_queue_clear(&outbox.queue);
}

START_TEST(the_final_flight_is_repeated_byte_for_byte) {
    keep_final(75);
    ck_assert(rg_flight_repeat_final(&flight, 40000, 0, 600));
    ck_assert_uint_eq(outbox.queue.count, 1);
    ck_assert_uint_eq(outbox.queue.first->length, 75);
    ck_assert_mem_eq(outbox.queue.first->bytes, flight.final, 75);
}
END_TEST

START_TEST(the_final_flight_never_sends_more_bytes_than_arrived) {
    keep_final(75);
    ck_assert(!rg_flight_repeat_final(&flight, 40000, 0, 40));
    ck_assert(rg_flight_repeat_final(&flight, 80000, 0, 35));
    ck_assert(!rg_flight_repeat_final(&flight, 120000, 0, 74));
    ck_assert(rg_flight_repeat_final(&flight, 160000, 0, 1));
}
END_TEST

START_TEST(the_final_flight_has_two_rates_and_a_lifetime) {
    keep_final(75);
    ck_assert(!rg_flight_repeat_final(&flight, 39999, 0, 1000));
    for (int i = 0; i < RG_ANSWERS_MAX; i++) {
        ck_assert(rg_flight_repeat_final(&flight, 40000 + (uint64_t)i * 40000, 0, 1000));
    }
    uint64_t last = (uint64_t)RG_ANSWERS_MAX * 40000;
    ck_assert(!rg_flight_repeat_final(&flight, last + RG_FINAL_GAP - 1, 0, 1000));
    ck_assert(rg_flight_repeat_final(&flight, last + RG_FINAL_GAP, 0, 1000));
    ck_assert(!rg_flight_repeat_final(&flight, last + 2 * RG_FINAL_GAP - 1, 0, 1000));
    ck_assert(rg_flight_repeat_final(&flight, RG_FINAL_LIFETIME - 1, 0, 1000));
    ck_assert(!rg_flight_repeat_final(&flight, RG_FINAL_LIFETIME, 0, 1000));
}
END_TEST

START_TEST(without_memory_a_flight_is_dropped_and_counted) {
    rg_alloc_fail_from(1);
    add_message(0, 100);
    rg_flight_flush(&flight);
    rg_alloc_fail_from(0);
    ck_assert_uint_eq(outbox.queue.count, 0);
    ck_assert_uint_gt(outbox.dropped, 0);
}
END_TEST

START_TEST(memory_that_is_short_for_a_moment_leaves_no_odd_fragment) {
    rg_alloc_fail_only(1);
    add_message(0, 100);
    rg_flight_flush(&flight);
    rg_alloc_fail_only(0);
    ck_assert_uint_eq(outbox.queue.count, 0);
}
END_TEST

START_TEST(a_full_outbox_drops_and_counts) {
    for (int i = 0; i < RG_OUTBOX_DATAGRAMS + 10; i++) {
        add_message(0, 10);
        rg_flight_flush(&flight);
    }
    ck_assert_uint_eq(outbox.queue.count, RG_OUTBOX_DATAGRAMS);
    ck_assert_uint_eq(outbox.dropped, 10);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("flight");
    TCase *tests = suite_case(suite, "flight");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_flight_is_packed_into_one_datagram);
    tcase_add_test(tests, a_large_message_is_cut_to_the_mtu);
    tcase_add_test(tests, little_room_is_left_rather_than_filled_with_a_sliver);
    tcase_add_test(tests, a_protected_record_is_never_cut);
    tcase_add_test(tests, repeated_loss_shrinks_the_datagrams);
    tcase_add_test(tests, the_timer_doubles_up_to_its_cap);
    tcase_add_test(tests, the_timer_is_scattered_downwards_by_an_eighth_at_most);
    tcase_add_test(tests, times_at_the_end_of_the_range_saturate);
    tcase_add_test(tests, answers_have_a_rate_and_an_end);
    tcase_add_test(tests, an_answer_that_comes_too_soon_after_a_loss_is_postponed);
    tcase_add_test(tests, hurry_has_an_end);
    tcase_add_test(tests, the_final_flight_is_repeated_byte_for_byte);
    tcase_add_test(tests, the_final_flight_never_sends_more_bytes_than_arrived);
    tcase_add_test(tests, the_final_flight_has_two_rates_and_a_lifetime);
    tcase_add_test(tests, without_memory_a_flight_is_dropped_and_counted);
    tcase_add_test(tests, memory_that_is_short_for_a_moment_leaves_no_odd_fragment);
    tcase_add_test(tests, a_full_outbox_drops_and_counts);
    return suite_run(suite);
}
