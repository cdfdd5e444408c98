#include "dtls/messages.h"

#include <string.h>

#include "base/alloc.h"
#include "suite.h"

static struct rg_messages messages;

static void setup(void) {
    memset(&messages, 0, sizeof(messages));
}

static void teardown(void) {
    rg_messages_clear(&messages);
    ck_assert_uint_eq(messages.bytes, 0);
}

static enum rg_added add(uint16_t sequence, uint32_t total, uint32_t offset, const char *text) {
    const struct rg_fragment fragment = {
        .type = RG_CERTIFICATE,
        .total = total,
        .sequence = sequence,
        .offset = offset,
        .body = {(const uint8_t *)text, strlen(text)},
    };
    return rg_messages_add(&messages, &fragment, (struct rg_origin){1, 1});
}

static void assert_version(unsigned sequence, unsigned rank, const char *text) {
    const struct rg_message *message = rg_messages_get(&messages, sequence, RG_CERTIFICATE, rank);
    ck_assert_ptr_nonnull(message);
    struct rg_bytes body = rg_message_body(message);
    ck_assert_uint_eq(body.length, strlen(text));
    ck_assert_mem_eq(body.at, text, body.length);
}

static unsigned versions(unsigned sequence) {
    unsigned rank = 0;
    while (rg_messages_get(&messages, sequence, RG_CERTIFICATE, rank) != NULL) {
        rank++;
    }
    return rank;
}

START_TEST(a_whole_message_is_there_with_its_transcript_header) {
    static const uint8_t whole[] = {
        RG_CERTIFICATE, 0, 0, 5, 0, 1, 0, 0, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'};
    ck_assert_int_eq(add(1, 5, 0, "hello"), RG_ADDED_WHOLE);
    struct rg_bytes bytes = rg_message_whole(rg_messages_get(&messages, 1, RG_CERTIFICATE, 0));
    ck_assert_uint_eq(bytes.length, sizeof(whole));
    ck_assert_mem_eq(bytes.at, whole, sizeof(whole));
}
END_TEST

START_TEST(reversed_and_overlapping_fragments_fit_together) {
    ck_assert_int_eq(add(0, 10, 7, "hij"), RG_ADDED_PARTIAL);
    ck_assert_int_eq(add(0, 10, 7, "hij"), RG_ADDED_KNOWN);
    ck_assert_int_eq(add(0, 10, 0, "abcd"), RG_ADDED_PARTIAL);
    ck_assert_ptr_null(rg_messages_get(&messages, 0, RG_CERTIFICATE, 0));
    ck_assert_int_eq(add(0, 10, 2, "cdefgh"), RG_ADDED_WHOLE);
    assert_version(0, 0, "abcdefghij");
    ck_assert_uint_eq(versions(0), 1);
}
END_TEST

START_TEST(messages_are_undisputed_until_something_else_comes) {
    (void)add(1, 6, 0, "abcdef");
    (void)add(2, 6, 0, "abc");
    (void)add(2, 6, 3, "def");
    (void)add(1, 6, 2, "cde");
    ck_assert(rg_messages_is_undisputed(&messages, 1, 2));
    ck_assert(!rg_messages_is_undisputed(&messages, 1, 1));
    ck_assert(!rg_messages_is_undisputed(&messages, 2, 1));
    ck_assert(!rg_messages_is_disputed(&messages));
    (void)add(2, 6, 0, "x");
    ck_assert(!rg_messages_is_undisputed(&messages, 1, 2));
    ck_assert(rg_messages_is_disputed(&messages));
}
END_TEST

/* Servers may make another cookie each time. */
START_TEST(two_hello_verify_requests_are_no_dispute) {
    struct rg_fragment request = {.type = RG_HELLO_VERIFY_REQUEST, .total = 3};
    request.body = (struct rg_bytes){(const uint8_t *)"abc", 3};
    (void)rg_messages_add(&messages, &request, (struct rg_origin){1, 1});
    request.body.at = (const uint8_t *)"def";
    (void)rg_messages_add(&messages, &request, (struct rg_origin){1, 1});
    (void)add(0, 6, 0, "abcdef");
    ck_assert(!rg_messages_is_disputed(&messages));
    (void)add(0, 6, 0, "ghijkl");
    ck_assert(rg_messages_is_disputed(&messages));
}
END_TEST

static const struct rg_message *oldest(unsigned sequence) {
    return rg_messages_get(&messages, sequence, RG_CERTIFICATE, versions(sequence) - 1);
}

static uint64_t serial(unsigned sequence) {
    return oldest(sequence)->serial;
}

static void assert_between(unsigned sequence, uint64_t before, uint64_t after) {
    const struct rg_message *message = oldest(sequence);
    ck_assert_uint_eq(message->before, before);
    ck_assert_uint_eq(message->after, after);
}

START_TEST(a_message_that_comes_again_as_a_whole_has_new_neighbours) {
    (void)add(1, 4, 0, "abcd");
    (void)add(2, 4, 0, "efgh");
    (void)add(3, 4, 0, "ijkl");
    assert_between(2, serial(1), serial(3));
    (void)add(2, 4, 0, "efgh");
    assert_between(2, serial(3), 0);
    (void)add(2, 4, 0, "efgh"); /* the network has doubled it */
    (void)add(1, 4, 0, "ab");
    (void)add(1, 4, 2, "cd");
    assert_between(2, serial(3), serial(1));
    assert_between(1, serial(2), 0);
}
END_TEST

START_TEST(a_part_of_a_message_that_comes_again_changes_no_neighbours) {
    static const struct {
        uint32_t offset;
        const char *text;
    } parts[] = {{4, ""}, {3, "d"}, {1, "bcd"}, {0, "ab"}, {0, "abc"}};
    (void)add(1, 4, 0, "abcd");
    (void)add(2, 4, 0, "efgh");
    (void)add(1, 4, parts[_i].offset, parts[_i].text);
    (void)add(1, 4, 0, "x"); /* another version, which ends a repetition of this one */
    (void)add(1, 4, 3, "d");
    assert_between(1, 0, serial(2));
    assert_between(2, serial(1), messages.completed);
}
END_TEST

START_TEST(an_empty_message_is_whole_at_once) {
    ck_assert_int_eq(add(4, 0, 0, ""), RG_ADDED_WHOLE);
    ck_assert_int_eq(add(4, 0, 0, ""), RG_ADDED_REPEATED);
    assert_version(4, 0, "");
}
END_TEST

START_TEST(a_repetition_is_told_even_in_other_pieces) {
    (void)add(0, 6, 0, "abcdef");
    ck_assert_int_eq(add(0, 6, 0, "abcdef"), RG_ADDED_REPEATED);
    ck_assert_int_eq(add(0, 6, 3, "de"), RG_ADDED_REPEATED);
    ck_assert_uint_eq(versions(0), 1);
}
END_TEST

START_TEST(a_forged_fragment_before_spoils_nothing) {
    (void)add(0, 6, 3, "zzz");
    ck_assert_int_eq(add(0, 6, 0, "abc"), RG_ADDED_WHOLE); /* with the forged half */
    ck_assert_int_eq(add(0, 6, 3, "def"), RG_ADDED_WHOLE);
    assert_version(0, 0, "abcdef");
    assert_version(0, 1, "abczzz");
}
END_TEST

START_TEST(a_forged_fragment_between_spoils_nothing) {
    (void)add(0, 9, 0, "abc");
    (void)add(0, 9, 3, "zzz");
    (void)add(0, 9, 6, "ghi");
    ck_assert_int_eq(add(0, 9, 3, "def"), RG_ADDED_WHOLE);
    assert_version(0, 0, "abcdefghi");
}
END_TEST

START_TEST(a_forged_whole_message_stands_beside_the_genuine_one) {
    (void)add(0, 6, 0, "forged");
    ck_assert_int_eq(add(0, 6, 0, "abc"), RG_ADDED_WHOLE);
    ck_assert_int_eq(add(0, 6, 3, "def"), RG_ADDED_WHOLE);
    assert_version(0, 0, "abcdef");
    ck_assert_uint_eq(versions(0), RG_VARIANTS);
}
END_TEST

START_TEST(another_length_or_type_is_another_version) {
    (void)add(0, 100, 0, "poison");
    ck_assert_int_eq(add(0, 6, 0, "abcdef"), RG_ADDED_WHOLE);
    assert_version(0, 0, "abcdef");
    ck_assert_ptr_null(rg_messages_get(&messages, 0, RG_FINISHED, 0));
}
END_TEST

START_TEST(the_longest_untouched_version_gives_way) {
    (void)add(0, 4, 0, "aaaa");
    (void)add(0, 4, 0, "bbbb");
    (void)add(0, 4, 0, "cccc");
    ck_assert_int_eq(add(0, 4, 0, "aaaa"), RG_ADDED_REPEATED); /* touched again */
    ck_assert_int_eq(add(0, 4, 0, "dddd"), RG_ADDED_WHOLE);
    ck_assert_uint_eq(messages.evicted, 1);
    assert_version(0, 0, "dddd");
    assert_version(0, 1, "cccc");
    assert_version(0, 2, "aaaa");
}
END_TEST

static enum rg_added add_type(uint8_t type, const char *text) {
    const struct rg_fragment fragment = {.type = type,
                                         .total = (uint32_t)strlen(text),
                                         .sequence = 0,
                                         .body = {(const uint8_t *)text, strlen(text)}};
    return rg_messages_add(&messages, &fragment, (struct rg_origin){1, 1});
}

/* Junk takes the place of junk like it first. */
START_TEST(pieces_of_junk_do_not_drive_out_what_is_whole) {
    (void)add(0, 7, 0, "genuine");
    for (uint32_t total = 100; total < 200; total++) {
        (void)add(0, total, 0, "junk");
    }
    assert_version(0, 0, "genuine");
}
END_TEST

START_TEST(whole_junk_does_not_drive_out_what_is_not_whole_yet) {
    char junk[] = "junk 0";
    (void)add(0, 7, 0, "gen");
    for (int i = 0; i < 200; i++) {
        junk[5] = (char)i;
        (void)add(0, (uint32_t)strlen(junk), 0, junk);
    }
    ck_assert_int_eq(add(0, 7, 3, "uine"), RG_ADDED_WHOLE);
    assert_version(0, 0, "genuine");
}
END_TEST

START_TEST(junk_of_another_type_drives_out_itself_alone) {
    char junk[] = "junk 0";
    (void)add(0, 7, 0, "genuine");
    for (int i = 1; i < 200; i++) {
        junk[5] = (char)i;
        (void)add_type(RG_HELLO_VERIFY_REQUEST, junk);
    }
    assert_version(0, 0, "genuine");
}
END_TEST

/* What is announced large gives way to what is not. */
START_TEST(room_comes_from_the_message_that_uses_most) {
    (void)add(1, 7, 0, "genuine");
    (void)add(2, 1000, 0, "genuine, the first of it");
    for (uint32_t total = 11000; total < 11100; total++) {
        (void)add(3, total, 0, "junk");
        (void)add(4, total, 0, "junk");
    }
    ck_assert_uint_gt(messages.evicted, 190);
    assert_version(1, 0, "genuine");
    ck_assert_int_eq(add(2, 1000, 0, "genuine, the first of it"), RG_ADDED_KNOWN);
}
END_TEST

static enum rg_added add_filled(uint16_t sequence, uint32_t total, uint32_t offset, uint32_t length,
                                uint8_t fill) {
    static uint8_t bytes[12288];
    memset(bytes, fill, length);
    const struct rg_fragment fragment = {.type = RG_CERTIFICATE,
                                         .total = total,
                                         .sequence = sequence,
                                         .offset = offset,
                                         .body = {bytes, length}};
    return rg_messages_add(&messages, &fragment, (struct rg_origin){1, 1});
}

/* Memory is full of whole junk, and pieces of junk fall between those of the genuine message. */
START_TEST(whole_junk_and_pieces_of_junk_do_not_undo_a_long_message) {
    enum { TOTAL_LONG = 5000, PIECE = 1000 };
    (void)add_filled(1, 12288, 0, 12288, 1);
    (void)add_filled(1, 12288, 0, 12288, 2);
    (void)add_filled(3, 8192, 0, 8192, 3);
    (void)add_filled(2, 2048, 0, 2048, 4);
    bool whole = false;
    for (uint8_t pass = 0; pass < 4 && !whole; pass++) {
        for (uint32_t at = 0; at < TOTAL_LONG && !whole; at += PIECE) {
            whole = add_filled(1, TOTAL_LONG, at, PIECE, 9) == RG_ADDED_WHOLE;
            if (at == PIECE || at == 3 * PIECE) {
                (void)add_filled(3, 8192, 0, 1, (uint8_t)(pass + at / PIECE + 10));
                (void)add_filled(1, 12280, 0, 1, pass);
            }
        }
    }
    ck_assert(whole);
}
END_TEST

START_TEST(memory_stays_below_its_bound) {
    for (uint16_t sequence = 0; sequence < RG_SEQUENCES; sequence++) {
        for (uint32_t total = 9000; total < 9000 + RG_VARIANTS; total++) {
            (void)add(sequence, total, total - 1, "x");
            ck_assert_uint_le(messages.bytes, RG_MESSAGES_BYTES);
        }
    }
    ck_assert_uint_gt(messages.evicted, 0);
    ck_assert_int_eq(add(0, 4, 0, "last"), RG_ADDED_WHOLE);
    assert_version(0, 0, "last");
}
END_TEST

START_TEST(large_forgeries_give_way_to_a_new_version_of_an_older_message) {
    (void)add(0, 7000, 0, "forged");
    (void)add(0, 12000, 0, "forged");
    (void)add(0, 12001, 0, "forged");
    ck_assert_int_eq(add(0, 7000, 0, "genuine"), RG_ADDED_PARTIAL);
    ck_assert_int_eq(add(0, 7000, 0, "genuine"), RG_ADDED_KNOWN);
    ck_assert_uint_le(messages.bytes, RG_MESSAGES_BYTES);
}
END_TEST

START_TEST(what_cannot_be_kept_is_refused) {
    ck_assert_int_eq(add(RG_SEQUENCES, 4, 0, "text"), RG_ADDED_REFUSED);
    ck_assert_int_eq(add(0, RG_MESSAGES_BYTES, 0, "text"), RG_ADDED_REFUSED);
    ck_assert_int_eq(add(UINT16_MAX, 4, 0, "text"), RG_ADDED_REFUSED);
    for (unsigned long n = 1; n <= 2; n++) {
        rg_alloc_fail_from(n);
        ck_assert_int_eq(add(0, 4, 0, "text"), RG_ADDED_REFUSED);
        rg_alloc_fail_from(0);
        ck_assert_uint_eq(messages.bytes, 0);
    }
}
END_TEST

START_TEST(combinations_cover_all_versions_newest_first) {
    static const uint8_t types[] = {RG_CERTIFICATE, RG_CERTIFICATE};
    const struct rg_message *picked[2];
    (void)add(1, 1, 0, "a");
    (void)add(1, 1, 0, "b");
    (void)add(2, 1, 0, "c");
    ck_assert(rg_messages_pick(&messages, 1, types, 2, 0, picked));
    ck_assert_uint_eq(rg_message_body(picked[0]).at[0], 'b');
    ck_assert_uint_eq(rg_message_body(picked[1]).at[0], 'c');
    ck_assert(rg_messages_pick(&messages, 1, types, 2, 1, picked));
    ck_assert_uint_eq(rg_message_body(picked[0]).at[0], 'a');
    ck_assert(!rg_messages_pick(&messages, 1, types, 2, 2, picked));
    ck_assert(!rg_messages_pick(&messages, 1, types, 2, RG_VARIANTS, picked));
    ck_assert(!rg_messages_pick(&messages, 2, types, 2, 0, picked));
}
END_TEST

static const char genuine[] = "abcdefghijklmnopqrst";
enum { TOTAL = sizeof(genuine) - 1 };

static unsigned dice;

static uint32_t roll(uint32_t limit) {
    dice = dice * 1103515245U + 12345U;
    return (dice >> 16) % limit;
}

static void add_part(const char *from, uint32_t offset, uint32_t length) {
    char text[TOTAL + 1];
    memcpy(text, from + offset, length);
    text[length] = 0;
    (void)add(0, TOTAL, offset, text);
}

static void forge(void) {
    char forged[TOTAL + 1];
    memset(forged, 'A' + (char)roll(26), TOTAL);
    uint32_t offset = roll(TOTAL);
    add_part(forged, offset, 1 + roll(TOTAL - offset));
}

/* Sends the genuine message in pieces; `forgeries` forged fragments fall between them at random. */
static void send_genuine(unsigned forgeries) {
    uint32_t size = 1 + roll(TOTAL);
    uint32_t pieces = (TOTAL + size - 1) / size;
    uint32_t turn = roll(pieces);
    for (uint32_t i = 0; i < pieces; i++) {
        for (unsigned f = 0; f < forgeries; f++) {
            if (roll(pieces) == 0) {
                forge();
            }
        }
        uint32_t offset = (i + turn) % pieces * size;
        add_part(genuine, offset, size < TOTAL - offset ? size : TOTAL - offset);
    }
}

static bool has_genuine(void) {
    for (unsigned rank = 0; rank < versions(0); rank++) {
        const struct rg_message *message = rg_messages_get(&messages, 0, RG_CERTIFICATE, rank);
        if (message->total == TOTAL && memcmp(rg_message_body(message).at, genuine, TOTAL) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(one_forged_fragment_anywhere_costs_nothing) {
    dice = (unsigned)_i;
    uint32_t size = 1 + roll(TOTAL);
    uint32_t pieces = (TOTAL + size - 1) / size;
    uint32_t when = roll(pieces + 1);
    for (uint32_t i = 0; i < pieces; i++) {
        if (i == when) {
            forge();
        }
        add_part(genuine, i * size, size < TOTAL - i * size ? size : TOTAL - i * size);
    }
    ck_assert(has_genuine());
}
END_TEST

START_TEST(any_forgeries_are_healed_by_repetition) {
    dice = (unsigned)_i;
    send_genuine(1 + roll(8));
    send_genuine(1 + roll(8));
    send_genuine(0);
    ck_assert(has_genuine());
}
END_TEST

int main(void) {
    Suite *suite = suite_create("messages");
    TCase *tests = suite_case(suite, "reassembly");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_whole_message_is_there_with_its_transcript_header);
    tcase_add_test(tests, reversed_and_overlapping_fragments_fit_together);
    tcase_add_test(tests, two_hello_verify_requests_are_no_dispute);
    tcase_add_test(tests, a_message_that_comes_again_as_a_whole_has_new_neighbours);
    tcase_add_loop_test(tests, a_part_of_a_message_that_comes_again_changes_no_neighbours, 0, 5);
    tcase_add_test(tests, an_empty_message_is_whole_at_once);
    tcase_add_test(tests, messages_are_undisputed_until_something_else_comes);
    tcase_add_test(tests, a_repetition_is_told_even_in_other_pieces);
    tcase_add_test(tests, a_forged_fragment_before_spoils_nothing);
    tcase_add_test(tests, a_forged_fragment_between_spoils_nothing);
    tcase_add_test(tests, a_forged_whole_message_stands_beside_the_genuine_one);
    tcase_add_test(tests, another_length_or_type_is_another_version);
    tcase_add_test(tests, the_longest_untouched_version_gives_way);
    tcase_add_test(tests, pieces_of_junk_do_not_drive_out_what_is_whole);
    tcase_add_test(tests, whole_junk_does_not_drive_out_what_is_not_whole_yet);
    tcase_add_test(tests, junk_of_another_type_drives_out_itself_alone);
    tcase_add_test(tests, room_comes_from_the_message_that_uses_most);
    tcase_add_test(tests, whole_junk_and_pieces_of_junk_do_not_undo_a_long_message);
    tcase_add_test(tests, memory_stays_below_its_bound);
    tcase_add_test(tests, large_forgeries_give_way_to_a_new_version_of_an_older_message);
    tcase_add_test(tests, what_cannot_be_kept_is_refused);
    tcase_add_test(tests, combinations_cover_all_versions_newest_first);
    tcase_add_loop_test(tests, one_forged_fragment_anywhere_costs_nothing, 0, 5000);
    tcase_add_loop_test(tests, any_forgeries_are_healed_by_repetition, 0, 5000);
    return suite_run(suite);
}
