#include "dtls/protection.h"

#include <rtpgate/error.h>
#include <string.h>

#include "suite.h"

static const struct {
    gnutls_cipher_algorithm_t cipher;
    size_t key;
    size_t iv;
    size_t overhead;
} ciphers[] = {
    {GNUTLS_CIPHER_AES_128_GCM, 16, 4, 13 + 8 + 16},
    {GNUTLS_CIPHER_AES_256_GCM, 32, 4, 13 + 8 + 16},
    {GNUTLS_CIPHER_CHACHA20_POLY1305, 32, 12, 13 + 16},
};
enum { CIPHERS = sizeof(ciphers) / sizeof(ciphers[0]) };

static const uint8_t secret[40] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static uint8_t sealed[RG_PROTECTED_MAX];
static uint8_t opened[RG_PLAINTEXT_MAX];

static bool make(struct rg_protection *protection, gnutls_cipher_algorithm_t cipher, size_t key,
                 size_t iv) {
    return rg_protection_make(protection, cipher, (struct rg_bytes){secret, key},
                              (struct rg_bytes){secret, iv});
}

static struct rg_protection protection_of(int which) {
    struct rg_protection protection;
    ck_assert(make(&protection, ciphers[which].cipher, ciphers[which].key, ciphers[which].iv));
    return protection;
}

static int open_sealed(const struct rg_protection *protection, size_t length) {
    struct rg_reader reader = rg_reader_make(sealed, length);
    struct rg_record record;
    ck_assert(rg_record_next(&reader, &record));
    return rg_protection_open(protection, &record, opened);
}

START_TEST(what_was_sealed_is_opened) {
    static const size_t lengths[] = {0, 1, 2, 1163, RG_PLAINTEXT_MAX};
    static uint8_t plaintext[RG_PLAINTEXT_MAX];
    struct rg_protection protection = protection_of(_i);
    memset(plaintext, 0x5a, sizeof(plaintext));
    ck_assert_uint_eq(rg_protection_overhead(&protection), ciphers[_i].overhead);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const struct rg_bytes bytes = {plaintext, lengths[i]};
        int length = rg_protection_seal(&protection, RG_CONTENT_DATA, UINT64_C(0xffffffffffff) - i,
                                        bytes, sealed);
        ck_assert_uint_eq((size_t)length, lengths[i] + ciphers[_i].overhead);
        memset(opened, 0, sizeof(opened));
        ck_assert_int_eq(open_sealed(&protection, (size_t)length), (int)lengths[i]);
        ck_assert_mem_eq(opened, plaintext, lengths[i]);
    }
}
END_TEST

START_TEST(every_number_has_a_nonce_of_its_own) {
    struct rg_protection protection = protection_of(_i);
    uint8_t first[100];
    const struct rg_bytes plaintext = {secret, 2};
    int length = rg_protection_seal(&protection, RG_CONTENT_ALERT, 1, plaintext, sealed);
    memcpy(first, sealed, (size_t)length);
    ck_assert_int_eq(rg_protection_seal(&protection, RG_CONTENT_ALERT, 2, plaintext, sealed),
                     length);
    const size_t ciphertext = (size_t)length - 2 - RG_AEAD_TAG;
    ck_assert_mem_ne(first + ciphertext, sealed + ciphertext, 2 + RG_AEAD_TAG);
}
END_TEST

START_TEST(what_is_too_short_or_too_long_is_not_opened) {
    struct rg_protection protection = protection_of(_i);
    const size_t least = ciphers[_i].overhead - RG_RECORD_HEADER;
    const size_t bodies[] = {1, least - 1, least + RG_PLAINTEXT_MAX + 1};
    for (size_t i = 0; i < 3; i++) {
        struct rg_record record = {.type = RG_CONTENT_DATA, .epoch = 1};
        static uint8_t bytes[RG_PROTECTED_MAX + 1];
        rg_record_put_header(bytes, RG_CONTENT_DATA, RG_VERSION_DTLS12, 1, 0, bodies[i]);
        record.whole = (struct rg_bytes){bytes, RG_RECORD_HEADER + bodies[i]};
        record.body = (struct rg_bytes){bytes + RG_RECORD_HEADER, bodies[i]};
        ck_assert_int_eq(rg_protection_open(&protection, &record, opened), RTPGATE_ERR_AUTH);
    }
}
END_TEST

START_TEST(only_our_ciphers_with_their_lengths_are_taken) {
    struct rg_protection protection;
    for (int i = 0; i < CIPHERS; i++) {
        ck_assert(!make(&protection, ciphers[i].cipher, ciphers[i].key - 1, ciphers[i].iv));
        ck_assert(!make(&protection, ciphers[i].cipher, ciphers[i].key + 1, ciphers[i].iv));
        ck_assert(!make(&protection, ciphers[i].cipher, ciphers[i].key, ciphers[i].iv + 1));
        ck_assert(!make(&protection, ciphers[i].cipher, ciphers[i].key, ciphers[i].iv - 1));
    }
    ck_assert(!make(&protection, GNUTLS_CIPHER_AES_128_CBC, 16, 16));
    ck_assert(!make(&protection, GNUTLS_CIPHER_AES_128_CCM, 16, 4));
}
END_TEST

/* Random numbers near a moving place, against a list of all that were marked. */
START_TEST(the_window_is_that_of_a_list) {
    enum { NUMBERS = 4000 };
    static bool marked[NUMBERS + 200];
    struct rg_replay_window window = {0};
    uint64_t highest = 0;
    uint32_t random = (uint32_t)_i + 1;
    bool any = false;
    memset(marked, 0, sizeof(marked));
    for (unsigned turn = 0; turn < NUMBERS; turn++) {
        random = random * 1664525U + 1013904223U;
        uint64_t sequence = turn + (random >> 16) % 200;
        bool known = any && sequence <= highest && (marked[sequence] || highest - sequence >= 64);
        ck_assert(rg_replay_is_new(&window, sequence) == !known);
        if ((random >> 8) % 2 == 0) { /* the others did not authenticate */
            rg_replay_mark(&window, sequence);
            marked[sequence] = true;
            highest = !any || sequence > highest ? sequence : highest;
            any = true;
        }
    }
}
END_TEST

START_TEST(the_window_reaches_both_ends) {
    const uint64_t last = UINT64_C(0xffffffffffff);
    struct rg_replay_window window = {0};
    ck_assert(rg_replay_is_new(&window, 0));
    rg_replay_mark(&window, 0);
    ck_assert(!rg_replay_is_new(&window, 0));
    rg_replay_mark(&window, last);
    ck_assert(!rg_replay_is_new(&window, last));
    ck_assert(!rg_replay_is_new(&window, 0));
    ck_assert(!rg_replay_is_new(&window, last - 64));
    ck_assert(rg_replay_is_new(&window, last - 63));
    rg_replay_mark(&window, 5); /* too old to be noted */
    ck_assert(rg_replay_is_new(&window, last - 63));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("protection");
    TCase *tests = suite_case(suite, "records");
    tcase_add_loop_test(tests, what_was_sealed_is_opened, 0, CIPHERS);
    tcase_add_loop_test(tests, every_number_has_a_nonce_of_its_own, 0, CIPHERS);
    tcase_add_loop_test(tests, what_is_too_short_or_too_long_is_not_opened, 0, CIPHERS);
    tcase_add_test(tests, only_our_ciphers_with_their_lengths_are_taken);
    tests = suite_case(suite, "replays");
    tcase_add_loop_test(tests, the_window_is_that_of_a_list, 0, 20);
    tcase_add_test(tests, the_window_reaches_both_ends);
    return suite_run(suite);
}
