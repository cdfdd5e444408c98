#include "wire/fingerprint_set.h"

#include <string.h>

#include <rtpgate/error.h>

#include "suite.h"

static struct rtpgate_fingerprint make(enum rtpgate_hash hash, uint8_t fill) {
    struct rtpgate_fingerprint fingerprint = {.hash = hash, .length = rg_hash_length(hash)};

    memset(fingerprint.bytes, fill, fingerprint.length);
    return fingerprint;
}

static void expect_refused(const struct rtpgate_fingerprint *fingerprints, size_t count) {
    struct rg_fingerprint_set set;
    struct rg_fingerprint_set before;

    memset(&set, 0x3c, sizeof(set));
    memset(&before, 0x3c, sizeof(before));
    ck_assert_int_eq(rg_fingerprint_set_make(&set, fingerprints, count), RTPGATE_ERR_INVAL);
    ck_assert_mem_eq(&set, &before, sizeof(set));
}

START_TEST(hashes_have_their_lengths) {
    ck_assert_uint_eq(rg_hash_length(RTPGATE_HASH_SHA256), 256 / 8);
    ck_assert_uint_eq(rg_hash_length(RTPGATE_HASH_SHA384), 384 / 8);
    ck_assert_uint_eq(rg_hash_length(RTPGATE_HASH_SHA512), 512 / 8);
    ck_assert_uint_eq(rg_hash_length((enum rtpgate_hash)0), 0);
    ck_assert_uint_eq(rg_hash_length((enum rtpgate_hash)4), 0);
}
END_TEST

START_TEST(one_fingerprint_is_found) {
    const struct rtpgate_fingerprint expected = make(RTPGATE_HASH_SHA256, 1);
    const struct rtpgate_fingerprint other = make(RTPGATE_HASH_SHA256, 2);
    struct rtpgate_fingerprint room[RG_FINGERPRINTS];
    struct rg_fingerprint_set set = {room, 0};

    ck_assert_int_eq(rg_fingerprint_set_make(&set, &expected, 1), 0);
    ck_assert_uint_eq(set.count, 1);
    ck_assert(rg_fingerprint_set_has(&set, &expected));
    ck_assert(!rg_fingerprint_set_has(&set, &other));
}
END_TEST

START_TEST(every_one_of_the_set_is_found) {
    struct rtpgate_fingerprint items[RG_FINGERPRINTS];
    const struct rtpgate_fingerprint other = make(RTPGATE_HASH_SHA384, 99);
    struct rtpgate_fingerprint room[RG_FINGERPRINTS];
    struct rg_fingerprint_set set = {room, 0};

    for (size_t i = 0; i < RG_FINGERPRINTS; i++) {
        items[i] = make(RTPGATE_HASH_SHA384, (uint8_t)i);
    }
    ck_assert_int_eq(rg_fingerprint_set_make(&set, items, RG_FINGERPRINTS), 0);
    for (size_t i = 0; i < RG_FINGERPRINTS; i++) {
        ck_assert(rg_fingerprint_set_has(&set, &items[i]));
    }
    ck_assert(!rg_fingerprint_set_has(&set, &other));
}
END_TEST

START_TEST(weaker_hashes_are_let_go_in_any_order) {
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const struct rtpgate_fingerprint each[] = {
        make(RTPGATE_HASH_SHA256, 1),
        make(RTPGATE_HASH_SHA384, 1),
        make(RTPGATE_HASH_SHA512, 1),
    };
    struct rtpgate_fingerprint items[3];
    struct rtpgate_fingerprint room[RG_FINGERPRINTS];
    struct rg_fingerprint_set set = {room, 0};

    for (size_t i = 0; i < 3; i++) {
        items[i] = each[orders[_i][i]];
    }
    ck_assert_int_eq(rg_fingerprint_set_make(&set, items, 3), 0);
    ck_assert_uint_eq(set.count, 1);
    ck_assert(!rg_fingerprint_set_has(&set, &each[0]));
    ck_assert(!rg_fingerprint_set_has(&set, &each[1]));
    ck_assert(rg_fingerprint_set_has(&set, &each[2]));
}
END_TEST

START_TEST(all_of_the_strongest_hash_are_kept) {
    const struct rtpgate_fingerprint items[] = {
        make(RTPGATE_HASH_SHA384, 1), make(RTPGATE_HASH_SHA256, 2), make(RTPGATE_HASH_SHA384, 3),
        make(RTPGATE_HASH_SHA256, 4), make(RTPGATE_HASH_SHA384, 5),
    };
    struct rtpgate_fingerprint room[RG_FINGERPRINTS];
    struct rg_fingerprint_set set = {room, 0};

    ck_assert_int_eq(rg_fingerprint_set_make(&set, items, 5), 0);
    ck_assert_uint_eq(set.count, 3);
    ck_assert(rg_fingerprint_set_has(&set, &items[0]));
    ck_assert(!rg_fingerprint_set_has(&set, &items[1]));
    ck_assert(rg_fingerprint_set_has(&set, &items[2]));
    ck_assert(!rg_fingerprint_set_has(&set, &items[3]));
    ck_assert(rg_fingerprint_set_has(&set, &items[4]));
}
END_TEST

START_TEST(every_byte_is_compared) {
    const struct rtpgate_fingerprint expected = make(RTPGATE_HASH_SHA512, 7);
    struct rtpgate_fingerprint seen = expected;
    struct rtpgate_fingerprint room[RG_FINGERPRINTS];
    struct rg_fingerprint_set set = {room, 0};

    ck_assert_int_eq(rg_fingerprint_set_make(&set, &expected, 1), 0);
    seen.bytes[_i] ^= 1;
    ck_assert(!rg_fingerprint_set_has(&set, &seen));
}
END_TEST

START_TEST(hash_and_length_are_compared_too) {
    const struct rtpgate_fingerprint expected = make(RTPGATE_HASH_SHA256, 7);
    const struct rtpgate_fingerprint longer = make(RTPGATE_HASH_SHA512, 7);
    struct rtpgate_fingerprint seen = expected;
    struct rtpgate_fingerprint room[RG_FINGERPRINTS];
    struct rg_fingerprint_set set = {room, 0};

    ck_assert_int_eq(rg_fingerprint_set_make(&set, &expected, 1), 0);
    ck_assert(!rg_fingerprint_set_has(&set, &longer));
    seen.length = 31;
    ck_assert(!rg_fingerprint_set_has(&set, &seen));
    seen = expected;
    seen.hash = RTPGATE_HASH_SHA384;
    ck_assert(!rg_fingerprint_set_has(&set, &seen));
}
END_TEST

START_TEST(bytes_behind_the_digest_do_not_matter) {
    const struct rtpgate_fingerprint expected = make(RTPGATE_HASH_SHA256, 7);
    struct rtpgate_fingerprint seen = expected;
    struct rtpgate_fingerprint room[RG_FINGERPRINTS];
    struct rg_fingerprint_set set = {room, 0};

    ck_assert_int_eq(rg_fingerprint_set_make(&set, &expected, 1), 0);
    memset(seen.bytes + 32, 0xee, 32);
    ck_assert(rg_fingerprint_set_has(&set, &seen));
}
END_TEST

START_TEST(an_empty_set_has_nothing) {
    const struct rtpgate_fingerprint zeros = make(RTPGATE_HASH_SHA256, 0);
    const struct rg_fingerprint_set set = {.count = 0};

    ck_assert(!rg_fingerprint_set_has(&set, &zeros));
}
END_TEST

START_TEST(count_out_of_range_is_invalid) {
    struct rtpgate_fingerprint items[RG_FINGERPRINTS + 1];

    for (size_t i = 0; i < RG_FINGERPRINTS + 1; i++) {
        items[i] = make(RTPGATE_HASH_SHA256, (uint8_t)i);
    }
    expect_refused(items, 0);
    expect_refused(items, RG_FINGERPRINTS + 1);
}
END_TEST

START_TEST(a_wrong_length_or_hash_anywhere_is_invalid) {
    struct rtpgate_fingerprint items[] = {
        make(RTPGATE_HASH_SHA512, 1),
        make(RTPGATE_HASH_SHA256, 2),
    };

    items[1].length = 31;
    expect_refused(items, 2);
    items[1].length = 64;
    expect_refused(items, 2);
    items[1].hash = (enum rtpgate_hash)0;
    items[1].length = 0;
    expect_refused(items, 2);
    items[1].hash = (enum rtpgate_hash)4;
    items[1].length = 64;
    expect_refused(items, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fingerprint_set");
    TCase *tests = suite_case(suite, "fingerprint_set");

    tcase_add_test(tests, hashes_have_their_lengths);
    tcase_add_test(tests, one_fingerprint_is_found);
    tcase_add_test(tests, every_one_of_the_set_is_found);
    tcase_add_loop_test(tests, weaker_hashes_are_let_go_in_any_order, 0, 6);
    tcase_add_test(tests, all_of_the_strongest_hash_are_kept);
    tcase_add_loop_test(tests, every_byte_is_compared, 0, 64);
    tcase_add_test(tests, hash_and_length_are_compared_too);
    tcase_add_test(tests, bytes_behind_the_digest_do_not_matter);
    tcase_add_test(tests, an_empty_set_has_nothing);
    tcase_add_test(tests, count_out_of_range_is_invalid);
    tcase_add_test(tests, a_wrong_length_or_hash_anywhere_is_invalid);
    return suite_run(suite);
}
