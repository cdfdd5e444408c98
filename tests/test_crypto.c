#include <stdint.h>

#include <gnutls/crypto.h>

#include "base/alloc.h"
#include "media.h"
#include "suite.h"

/* What was zeroed before it was freed. */
static size_t zeroed;

static void watched_free_secret(void *memory, size_t size) {
    zeroed += size;
    rg_free_secret(memory, size);
}

/* The tests run on a second copy of the source, whose ciphers can be reached. */
#define rg_crypto_install copy_install
#define rg_free_secret watched_free_secret
#include "srtp/crypto.c"

static srtp_cipher_t *make(const srtp_cipher_type_t *type, int key_length, int tag_length) {
    static uint8_t key[AES256_KEY_SIZE + CM_SALT];
    srtp_cipher_t *cipher = NULL;

    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(3 * i + 1);
    }
    ck_assert_int_eq(type->alloc(&cipher, key_length, tag_length), srtp_err_status_ok);
    ck_assert_ptr_eq(cipher->type, type);
    ck_assert_int_eq(srtp_cipher_init(cipher, key), srtp_err_status_ok);
    return cipher;
}

static void set_iv(srtp_cipher_t *cipher, uint8_t last, srtp_cipher_direction_t direction) {
    uint8_t iv[AES_BLOCK_SIZE] = {1, 2, 3};

    iv[GCM_IV - 1] = last;
    ck_assert_int_eq(srtp_cipher_set_iv(cipher, iv, (int)direction), srtp_err_status_ok);
}

static srtp_err_status_t encrypt(srtp_cipher_t *cipher, uint8_t *data, size_t length) {
    unsigned octets = (unsigned)length;
    srtp_err_status_t status = srtp_cipher_encrypt(cipher, data, &octets);

    ck_assert_uint_eq(octets, status == srtp_err_status_ok ? length : 0);
    return status;
}

START_TEST(the_vectors_of_the_rfcs) {
    ck_assert_int_eq(srtp_cipher_type_self_test(&aes_cm_128), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_type_self_test(&aes_cm_256), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_type_self_test(&aes_gcm_128), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_type_self_test(&aes_gcm_256), srtp_err_status_ok);
    ck_assert_int_eq(srtp_auth_type_self_test(&hmac_sha1), srtp_err_status_ok);
}
END_TEST

START_TEST(a_keystream_may_be_taken_in_any_pieces) {
    static const srtp_cipher_type_t *const types[] = {&aes_cm_128, &aes_cm_256};
    srtp_cipher_t *cipher = make(types[_i], _i == 0 ? 30 : 46, 0);
    uint8_t whole[100] = {0};

    set_iv(cipher, 1, srtp_direction_any);
    ck_assert_int_eq(encrypt(cipher, whole, sizeof whole), srtp_err_status_ok);
    for (size_t first = 0; first < 50; first++) {
        for (size_t second = 0; second < 50; second++) {
            uint8_t pieces[sizeof whole] = {0};
            size_t both = first + second;

            set_iv(cipher, 1, srtp_direction_any);
            ck_assert_int_eq(encrypt(cipher, pieces, first), srtp_err_status_ok);
            ck_assert_int_eq(encrypt(cipher, pieces + first, second), srtp_err_status_ok);
            ck_assert_int_eq(encrypt(cipher, pieces + both, sizeof pieces - both),
                             srtp_err_status_ok);
            ck_assert_mem_eq(pieces, whole, sizeof whole);
        }
    }
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(a_keystream_ends_before_it_repeats) {
    static uint8_t data[CM_KEYSTREAM];
    srtp_cipher_t *cipher = make(&aes_cm_128, 30, 0);

    set_iv(cipher, 1, srtp_direction_any);
    ck_assert_int_eq(encrypt(cipher, data, CM_KEYSTREAM - 3), srtp_err_status_ok);
    ck_assert_int_eq(encrypt(cipher, data, 4), srtp_err_status_terminus);
    ck_assert_int_eq(encrypt(cipher, data, 3), srtp_err_status_ok);
    ck_assert_int_eq(encrypt(cipher, data, 1), srtp_err_status_terminus);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

/* What GnuTLS makes of 50 zeros in one call. */
static void expect_sealed(const uint8_t *sealed, size_t tag_length, const uint8_t *aad,
                          size_t aad_length) {
    uint8_t key[AES256_KEY_SIZE];
    uint8_t iv[GCM_IV] = {1, 2, 3, [GCM_IV - 1] = 9};
    uint8_t zeros[50] = {0};
    uint8_t expected[50 + GCM_TAG];
    gnutls_datum_t secret = {key, sizeof key};
    gnutls_aead_cipher_hd_t aead;
    size_t length = sizeof expected;

    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(3 * i + 1);
    }
    ck_assert_int_eq(gnutls_aead_cipher_init(&aead, GNUTLS_CIPHER_AES_256_GCM, &secret), 0);
    ck_assert_int_eq(gnutls_aead_cipher_encrypt(aead, iv, GCM_IV, aad, aad_length, tag_length,
                                                zeros, sizeof zeros, expected, &length),
                     0);
    gnutls_aead_cipher_deinit(aead);
    ck_assert_mem_eq(sealed, expected, length);
}

/* Seals 50 zeros with `aad` given in pieces of `piece`, and opens them with the whole. */
static void seal_and_open(srtp_cipher_t *cipher, size_t tag_length, const uint8_t *aad,
                          size_t aad_length, size_t piece) {
    uint8_t data[50 + GCM_TAG] = {0};
    uint32_t tag = 0;
    unsigned length = (unsigned)(50 + tag_length);

    set_iv(cipher, 9, srtp_direction_encrypt);
    for (size_t at = 0; at < aad_length; at += piece) {
        size_t left = aad_length - at;

        ck_assert_int_eq(
            srtp_cipher_set_aad(cipher, aad + at, (uint32_t)(left < piece ? left : piece)),
            srtp_err_status_ok);
    }
    ck_assert_int_eq(encrypt(cipher, data, 50), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_get_tag(cipher, data + 50, &tag), srtp_err_status_ok);
    ck_assert_uint_eq(tag, tag_length);
    expect_sealed(data, tag_length, aad, aad_length);
    set_iv(cipher, 9, srtp_direction_decrypt);
    ck_assert_int_eq(srtp_cipher_set_aad(cipher, aad, (uint32_t)aad_length), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_decrypt(cipher, data, &length), srtp_err_status_ok);
    ck_assert_uint_eq(length, 50);
    for (size_t i = 0; i < 50; i++) {
        ck_assert_uint_eq(data[i], 0);
    }
}

START_TEST(what_is_authenticated_may_be_long_and_come_in_pieces) {
    static const size_t lengths[] = {0, 12, 128, 129, 2047, 2049, 5000, 65535};
    static uint8_t aad[65535];
    int tag_length = _i == 0 ? GCM_TAG : GCM_SHORT_TAG;
    srtp_cipher_t *cipher = make(&aes_gcm_256, 44, tag_length);

    for (size_t i = 0; i < sizeof aad; i++) {
        aad[i] = (uint8_t)(i * i >> 3);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        seal_and_open(cipher, (size_t)tag_length, aad, lengths[i], 7);
        seal_and_open(cipher, (size_t)tag_length, aad, lengths[i], 1000);
        seal_and_open(cipher, (size_t)tag_length, aad, lengths[i], sizeof aad);
    }
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(a_packet_that_was_given_up_leaves_nothing) {
    static const uint8_t stale[3000];
    static const uint8_t aad[12] = {1};
    srtp_cipher_t *cipher = make(&aes_gcm_256, 44, GCM_TAG);

    set_iv(cipher, 8, srtp_direction_encrypt);
    ck_assert_int_eq(srtp_cipher_set_aad(cipher, stale, sizeof stale), srtp_err_status_ok);
    seal_and_open(cipher, GCM_TAG, aad, sizeof aad, sizeof aad);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(a_tag_without_data_is_made_and_taken) {
    srtp_cipher_t *cipher = make(&aes_gcm_128, 28, GCM_TAG);
    uint8_t tag[GCM_TAG];
    uint32_t length = 0;

    set_iv(cipher, 9, srtp_direction_encrypt);
    ck_assert_int_eq(srtp_cipher_set_aad(cipher, (const uint8_t *)"header", 6), srtp_err_status_ok);
    ck_assert_int_eq(encrypt(cipher, NULL, 0), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_get_tag(cipher, tag, &length), srtp_err_status_ok);
    for (int flipped = 1; flipped >= 0; flipped--) {
        uint8_t copy[GCM_TAG];

        memcpy(copy, tag, GCM_TAG);
        copy[GCM_TAG - 1] ^= (uint8_t)flipped;
        length = GCM_TAG;
        set_iv(cipher, 9, srtp_direction_decrypt);
        ck_assert_int_eq(srtp_cipher_set_aad(cipher, (const uint8_t *)"header", 6),
                         srtp_err_status_ok);
        ck_assert_int_eq(srtp_cipher_decrypt(cipher, copy, &length),
                         flipped ? srtp_err_status_auth_fail : srtp_err_status_ok);
    }
    ck_assert_uint_eq(length, 0);
    length = 1;
    ck_assert_int_eq(srtp_cipher_encrypt(cipher, NULL, &length), srtp_err_status_bad_param);
    length = GCM_TAG - 1;
    ck_assert_int_eq(srtp_cipher_decrypt(cipher, tag, &length), srtp_err_status_auth_fail);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(hmac_has_keys_and_tags_of_any_length) {
    uint8_t data[200];
    uint8_t expected[SHA1_DIGEST_SIZE];
    uint8_t tag[SHA1_DIGEST_SIZE + 1];

    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 5);
    }
    for (int key = 0; key < 100; key += 3) {
        for (int length = 0; length <= SHA1_DIGEST_SIZE; length++) {
            srtp_auth_t *auth = NULL;

            ck_assert_int_eq(hmac_sha1.alloc(&auth, key, length), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_init(auth, data), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_start(auth), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_update(auth, data, 11), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_start(auth), srtp_err_status_ok); /* given up */
            ck_assert_int_eq(srtp_auth_update(auth, data, 150), srtp_err_status_ok);
            ck_assert_int_eq(srtp_auth_update(auth, NULL, 0), srtp_err_status_ok);
            memset(tag, 0xe7, sizeof tag);
            ck_assert_int_eq(srtp_auth_compute(auth, data + 150, 50, tag), srtp_err_status_ok);
            ck_assert_int_eq(
                gnutls_hmac_fast(GNUTLS_MAC_SHA1, data, (size_t)key, data, sizeof data, expected),
                0);
            ck_assert_mem_eq(tag, expected, (size_t)length);
            ck_assert_uint_eq(tag[length], 0xe7);
            ck_assert_int_eq(srtp_auth_dealloc(auth), srtp_err_status_ok);
        }
    }
}
END_TEST

START_TEST(other_lengths_are_refused) {
    srtp_cipher_t *cipher = NULL;
    srtp_auth_t *auth = NULL;

    for (int length = -1; length < 100; length++) {
        if (length != 30 && length != 46) {
            ck_assert_int_eq(cm_alloc(&cipher, length, 0), srtp_err_status_bad_param);
        }
        if (length != 28 && length != 44) {
            ck_assert_int_eq(gcm_alloc(&cipher, length, 16), srtp_err_status_bad_param);
        }
        if (length != 8 && length != 16) {
            ck_assert_int_eq(gcm_alloc(&cipher, 28, length), srtp_err_status_bad_param);
        }
        if (length < 0 || length > SHA1_DIGEST_SIZE) {
            ck_assert_int_eq(hmac_alloc(&auth, 20, length), srtp_err_status_bad_param);
        }
    }
    ck_assert_int_eq(hmac_alloc(&auth, -1, 10), srtp_err_status_bad_param);
    ck_assert_ptr_null(cipher);
    ck_assert_ptr_null(auth);
}
END_TEST

START_TEST(without_memory_nothing_is_made) {
    static const uint8_t aad[USUAL_AAD + 1];
    srtp_cipher_t *cipher = NULL;
    srtp_auth_t *auth = NULL;

    rg_alloc_fail_from(1);
    ck_assert_int_eq(cm_alloc(&cipher, 30, 0), srtp_err_status_alloc_fail);
    ck_assert_int_eq(gcm_alloc(&cipher, 28, 16), srtp_err_status_alloc_fail);
    ck_assert_int_eq(hmac_alloc(&auth, 20, 10), srtp_err_status_alloc_fail);
    rg_alloc_fail_from(0);
    cipher = make(&aes_gcm_256, 44, GCM_TAG);
    rg_alloc_fail_from(1);
    set_iv(cipher, 1, srtp_direction_encrypt);
    ck_assert_int_eq(srtp_cipher_set_aad(cipher, aad, sizeof aad), srtp_err_status_alloc_fail);
    rg_alloc_fail_from(0);
    seal_and_open(cipher, GCM_TAG, aad, sizeof aad, 13);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(all_that_knows_a_key_is_zeroed) {
    srtp_auth_t *auth = NULL;

    zeroed = 0;
    ck_assert_int_eq(srtp_cipher_dealloc(make(&aes_cm_128, 30, 0)), srtp_err_status_ok);
    ck_assert_uint_eq(zeroed, sizeof(struct cm));
    ck_assert_int_eq(srtp_cipher_dealloc(make(&aes_gcm_128, 28, 16)), srtp_err_status_ok);
    ck_assert_uint_eq(zeroed, sizeof(struct cm) + sizeof(struct gcm));
    ck_assert_int_eq(hmac_alloc(&auth, 20, 10), srtp_err_status_ok);
    ck_assert_int_eq(srtp_auth_dealloc(auth), srtp_err_status_ok);
    ck_assert_uint_eq(zeroed, sizeof(struct cm) + sizeof(struct gcm) + sizeof(struct hmac));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("crypto");
    TCase *tests = suite_case(suite, "crypto");

    tcase_add_test(tests, the_vectors_of_the_rfcs);
    tcase_add_loop_test(tests, a_keystream_may_be_taken_in_any_pieces, 0, 2);
    tcase_add_test(tests, a_keystream_ends_before_it_repeats);
    tcase_add_loop_test(tests, what_is_authenticated_may_be_long_and_come_in_pieces, 0, 2);
    tcase_add_test(tests, a_packet_that_was_given_up_leaves_nothing);
    tcase_add_test(tests, a_tag_without_data_is_made_and_taken);
    tcase_add_test(tests, hmac_has_keys_and_tags_of_any_length);
    tcase_add_test(tests, other_lengths_are_refused);
    tcase_add_test(tests, without_memory_nothing_is_made);
    tcase_add_test(tests, all_that_knows_a_key_is_zeroed);
    return suite_run(suite);
}
