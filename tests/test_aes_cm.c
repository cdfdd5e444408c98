#include "ciphers.h"

#define rg_aes_cm_128 copy_aes_cm_128
#define rg_aes_cm_256 copy_aes_cm_256
#define rg_free_secret watched_free_secret
#include "srtp/aes_cm.c"

static const srtp_cipher_type_t *const types[] = {&rg_aes_cm_128, &rg_aes_cm_256};
static const int key_lengths[] = {30, 46};

static void begin(srtp_cipher_t *cipher) {
    uint8_t iv[CIPHER_IV] = {1, 2, 3};

    ck_assert_int_eq(srtp_cipher_set_iv(cipher, iv, srtp_direction_any), srtp_err_status_ok);
}

START_TEST(the_vectors_of_the_rfcs) {
    ck_assert_int_eq(srtp_cipher_type_self_test(types[_i]), srtp_err_status_ok);
}
END_TEST

START_TEST(a_keystream_may_be_taken_in_any_pieces) {
    srtp_cipher_t *cipher = cipher_make(types[_i], key_lengths[_i], 0);
    uint8_t whole[100] = {0};

    begin(cipher);
    ck_assert_int_eq(cipher_encrypt(cipher, whole, sizeof whole), srtp_err_status_ok);
    for (size_t first = 0; first < 50; first++) {
        for (size_t second = 0; second < 50; second++) {
            uint8_t pieces[sizeof whole] = {0};
            size_t both = first + second;

            begin(cipher);
            ck_assert_int_eq(cipher_encrypt(cipher, pieces, first), srtp_err_status_ok);
            ck_assert_int_eq(cipher_encrypt(cipher, pieces + first, second), srtp_err_status_ok);
            ck_assert_int_eq(cipher_encrypt(cipher, pieces + both, sizeof pieces - both),
                             srtp_err_status_ok);
            ck_assert_mem_eq(pieces, whole, sizeof whole);
        }
    }
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(a_keystream_ends_before_it_repeats) {
    static uint8_t whole[KEYSTREAM];
    static uint8_t pieces[KEYSTREAM];
    srtp_cipher_t *cipher = cipher_make(types[_i], key_lengths[_i], 0);

    begin(cipher);
    ck_assert_int_eq(cipher_encrypt(cipher, whole, KEYSTREAM), srtp_err_status_ok);
    begin(cipher);
    ck_assert_int_eq(cipher_encrypt(cipher, pieces, KEYSTREAM - 3), srtp_err_status_ok);
    ck_assert_int_eq(cipher_encrypt(cipher, pieces + KEYSTREAM - 3, 4), srtp_err_status_terminus);
    ck_assert_int_eq(cipher_encrypt(cipher, pieces + KEYSTREAM - 3, 3), srtp_err_status_ok);
    ck_assert_mem_eq(pieces, whole, KEYSTREAM);
    ck_assert_int_eq(cipher_encrypt(cipher, pieces, 1), srtp_err_status_terminus);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(other_lengths_are_refused) {
    srtp_cipher_t *cipher = NULL;

    for (int length = -1; length < 100; length++) {
        if (length != 30 && length != 46) {
            ck_assert_int_eq(rg_aes_cm_128.alloc(&cipher, length, 0), srtp_err_status_bad_param);
        }
    }
    ck_assert_ptr_null(cipher);
}
END_TEST

START_TEST(without_memory_nothing_is_made) {
    srtp_cipher_t *cipher = NULL;

    rg_alloc_fail_from(1);
    ck_assert_int_eq(rg_aes_cm_128.alloc(&cipher, 30, 0), srtp_err_status_alloc_fail);
    rg_alloc_fail_from(0);
    ck_assert_ptr_null(cipher);
}
END_TEST

START_TEST(all_that_knows_a_key_is_zeroed) {
    size_t key = _i == 0 ? sizeof(struct aes128_ctx) : sizeof(struct aes256_ctx);

    zeroed = 0;
    ck_assert_int_eq(srtp_cipher_dealloc(cipher_make(types[_i], key_lengths[_i], 0)),
                     srtp_err_status_ok);
    ck_assert_uint_eq(zeroed, offsetof(struct cm, key) + key);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("aes_cm");
    TCase *tests = suite_case(suite, "aes_cm");

    tcase_add_loop_test(tests, the_vectors_of_the_rfcs, 0, 2);
    tcase_add_loop_test(tests, a_keystream_may_be_taken_in_any_pieces, 0, 2);
    tcase_add_loop_test(tests, a_keystream_ends_before_it_repeats, 0, 2);
    tcase_add_test(tests, other_lengths_are_refused);
    tcase_add_test(tests, without_memory_nothing_is_made);
    tcase_add_loop_test(tests, all_that_knows_a_key_is_zeroed, 0, 2);
    return suite_run(suite);
}
