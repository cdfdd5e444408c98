#include <gnutls/crypto.h>

#include "ciphers.h"

/* GnuTLS's handles that live, and whether another one can be made. */
static int handles;
static bool out_of_handles;

static int watched_init(gnutls_aead_cipher_hd_t *handle, gnutls_cipher_algorithm_t cipher,
                        const gnutls_datum_t *key) {
    if (out_of_handles) {
        return GNUTLS_E_MEMORY_ERROR;
    }
    handles++;
    return gnutls_aead_cipher_init(handle, cipher, key);
}

static void watched_deinit(gnutls_aead_cipher_hd_t handle) {
    handles--;
    gnutls_aead_cipher_deinit(handle);
}

#define rg_aes_gcm_128 copy_aes_gcm_128
#define rg_aes_gcm_256 copy_aes_gcm_256
#define rg_free_secret watched_free_secret
#define gnutls_aead_cipher_init watched_init
#define gnutls_aead_cipher_deinit watched_deinit
#include "srtp/aes_gcm.c"
#undef gnutls_aead_cipher_init
#undef gnutls_aead_cipher_deinit

enum { ZEROS = 50 };

static const struct {
    const srtp_cipher_type_t *type;
    gnutls_cipher_algorithm_t algorithm;
    unsigned key;
    unsigned tag;
} kinds[] = {
    {&rg_aes_gcm_128, GNUTLS_CIPHER_AES_128_GCM, 16, TAG},
    {&rg_aes_gcm_128, GNUTLS_CIPHER_AES_128_GCM, 16, SHORT_TAG},
    {&rg_aes_gcm_256, GNUTLS_CIPHER_AES_256_GCM, 32, TAG},
    {&rg_aes_gcm_256, GNUTLS_CIPHER_AES_256_GCM, 32, SHORT_TAG},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static srtp_cipher_t *make(int kind) {
    return cipher_make(kinds[kind].type, (int)kinds[kind].key + SALT, (int)kinds[kind].tag);
}

static void begin(srtp_cipher_t *cipher, srtp_cipher_direction_t direction) {
    uint8_t iv[CIPHER_IV] = {1, 2, 3, [IV - 1] = 9};

    ck_assert_int_eq(srtp_cipher_set_iv(cipher, iv, (int)direction), srtp_err_status_ok);
}

static void authenticate(srtp_cipher_t *cipher, const uint8_t *aad, size_t length, size_t piece) {
    for (size_t at = 0; at < length; at += piece) {
        size_t left = length - at;

        ck_assert_int_eq(
            srtp_cipher_set_aad(cipher, aad + at, (uint32_t)(left < piece ? left : piece)),
            srtp_err_status_ok);
    }
}

/* What GnuTLS makes of `length` zeros in one call. */
static void expect_sealed(int kind, const uint8_t *sealed, size_t length, const uint8_t *aad,
                          size_t aad_length) {
    uint8_t key[CIPHER_KEY];
    uint8_t iv[IV] = {1, 2, 3, [IV - 1] = 9};
    uint8_t expected[ZEROS + TAG] = {0};
    gnutls_datum_t secret = {key, kinds[kind].key};
    gnutls_aead_cipher_hd_t aead;
    size_t room = sizeof expected;

    cipher_key(key);
    ck_assert_int_eq(gnutls_aead_cipher_init(&aead, kinds[kind].algorithm, &secret), 0);
    ck_assert_int_eq(gnutls_aead_cipher_encrypt(aead, iv, IV, aad, aad_length, kinds[kind].tag,
                                                expected, length, expected, &room),
                     0);
    gnutls_aead_cipher_deinit(aead);
    ck_assert_mem_eq(sealed, expected, room);
}

/* Seals zeros, with what is authenticated in pieces, and opens them so, after damage and without.
 */
static void seal_and_open(srtp_cipher_t *cipher, int kind, size_t length, const uint8_t *aad,
                          size_t aad_length, size_t piece) {
    uint8_t data[ZEROS + TAG] = {0};
    uint32_t tag = 0;

    begin(cipher, srtp_direction_encrypt);
    authenticate(cipher, aad, aad_length, piece);
    ck_assert_int_eq(cipher_encrypt(cipher, data, length), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_get_tag(cipher, data + length, &tag), srtp_err_status_ok);
    ck_assert_uint_eq(tag, kinds[kind].tag);
    expect_sealed(kind, data, length, aad, aad_length);
    for (size_t flipped = 0; flipped <= length + tag; flipped++) { /* the last is none */
        uint8_t copy[ZEROS + TAG + 1];
        unsigned octets = (unsigned)(length + tag);

        memcpy(copy, data, octets);
        copy[flipped] ^= 0x80;
        begin(cipher, srtp_direction_decrypt);
        authenticate(cipher, aad, aad_length, piece);
        ck_assert_int_eq(srtp_cipher_decrypt(cipher, copy, &octets),
                         flipped < length + tag ? srtp_err_status_auth_fail : srtp_err_status_ok);
        if (flipped == length + tag) {
            static const uint8_t zeros[ZEROS];

            ck_assert_uint_eq(octets, length);
            ck_assert_mem_eq(copy, zeros, length);
        }
    }
}

static void seal_and_open_with(int kind, size_t length, const uint8_t *aad, size_t aad_length,
                               size_t piece) {
    srtp_cipher_t *cipher = make(kind);

    seal_and_open(cipher, kind, length, aad, aad_length, piece);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
    ck_assert_int_eq(handles, 0);
}

START_TEST(the_vectors_of_the_rfcs) {
    ck_assert_int_eq(srtp_cipher_type_self_test(kinds[_i].type), srtp_err_status_ok);
}
END_TEST

static uint8_t aad[65535];

static void fill_aad(void) {
    for (size_t i = 0; i < sizeof aad; i++) {
        aad[i] = (uint8_t)(i * i >> 3);
    }
}

START_TEST(what_is_authenticated_may_be_long_and_come_in_pieces) {
    static const size_t lengths[] = {0, 12, USUAL_AAD, USUAL_AAD + 1, 2047, 2049, sizeof aad};

    fill_aad();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        seal_and_open_with(_i, ZEROS, aad, lengths[i], 997);
        seal_and_open_with(_i, ZEROS, aad, lengths[i], sizeof aad);
    }
}
END_TEST

START_TEST(data_may_have_any_length) {
    fill_aad();
    for (size_t length = 0; length <= ZEROS; length++) {
        seal_and_open_with(_i, length, aad, 12, 8);
        seal_and_open_with(_i, length, aad, 12, 12);
    }
}
END_TEST

START_TEST(a_handle_is_made_by_the_first_packet) {
    srtp_cipher_t *cipher = make(_i);

    ck_assert_int_eq(handles, 0);
    seal_and_open(cipher, _i, ZEROS, aad, 12, 12);
    seal_and_open(cipher, _i, ZEROS, aad, 12, 12);
    ck_assert_int_eq(handles, 1);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
    ck_assert_int_eq(handles, 0);
}
END_TEST

START_TEST(a_handle_that_cannot_be_made_fails_that_packet_alone) {
    srtp_cipher_t *cipher = make(_i);
    uint8_t data[ZEROS + TAG] = {0};
    unsigned length = ZEROS;

    out_of_handles = true;
    begin(cipher, srtp_direction_encrypt);
    ck_assert_int_eq(srtp_cipher_encrypt(cipher, data, &length), srtp_err_status_cipher_fail);
    begin(cipher, srtp_direction_decrypt);
    ck_assert_int_eq(srtp_cipher_decrypt(cipher, data, &length), srtp_err_status_cipher_fail);
    ck_assert_int_eq(handles, 0);
    out_of_handles = false;
    seal_and_open(cipher, _i, ZEROS, aad, 12, 12);
    ck_assert_int_eq(handles, 1);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(a_handle_has_the_key_alone) {
    static const uint8_t zeros[CIPHER_KEY];
    srtp_cipher_t *cipher = make(_i);
    const struct gcm *gcm = cipher->state;

    ck_assert_mem_ne(gcm->key, zeros, kinds[_i].key);
    seal_and_open(cipher, _i, ZEROS, aad, 12, 12);
    ck_assert_mem_eq(gcm->key, zeros, sizeof gcm->key);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(another_key_takes_the_place_of_the_first) {
    static const uint8_t other[CIPHER_KEY] = {7};
    uint8_t key[CIPHER_KEY];
    uint8_t data[ZEROS + TAG] = {0};
    srtp_cipher_t *cipher = make(_i);

    cipher_key(key);
    ck_assert_int_eq(srtp_cipher_init(cipher, other), srtp_err_status_ok);
    begin(cipher, srtp_direction_encrypt);
    authenticate(cipher, aad, 12, 12);
    ck_assert_int_eq(cipher_encrypt(cipher, data, ZEROS), srtp_err_status_ok);
    ck_assert_int_eq(srtp_cipher_init(cipher, key), srtp_err_status_ok);
    ck_assert_int_eq(handles, 0);
    seal_and_open(cipher, _i, ZEROS, aad, 12, 12);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(a_packet_that_was_given_up_leaves_nothing) {
    static const uint8_t stale[3000];
    srtp_cipher_t *cipher = make(_i);

    begin(cipher, srtp_direction_encrypt);
    authenticate(cipher, stale, sizeof stale, 2000);
    seal_and_open(cipher, _i, ZEROS, aad, 12, 12);
    ck_assert_int_eq(handles, 1);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

/* libsrtp has no data then, not even an empty piece. */
START_TEST(a_tag_without_data_is_made_and_taken) {
    static const size_t pieces[] = {6, 3};

    for (size_t i = 0; i < 2; i++) {
        srtp_cipher_t *cipher = make(_i);
        uint8_t tag[TAG];
        uint32_t length = 0;

        begin(cipher, srtp_direction_encrypt);
        authenticate(cipher, (const uint8_t *)"header", 6, pieces[i]);
        ck_assert_int_eq(cipher_encrypt(cipher, NULL, 0), srtp_err_status_ok);
        ck_assert_int_eq(srtp_cipher_get_tag(cipher, tag, &length), srtp_err_status_ok);
        expect_sealed(_i, tag, 0, (const uint8_t *)"header", 6);
        begin(cipher, srtp_direction_decrypt);
        authenticate(cipher, (const uint8_t *)"header", 6, pieces[i]);
        ck_assert_int_eq(srtp_cipher_decrypt(cipher, tag, &length), srtp_err_status_ok);
        ck_assert_uint_eq(length, 0);
        length = kinds[_i].tag - 1;
        begin(cipher, srtp_direction_decrypt);
        authenticate(cipher, (const uint8_t *)"header", 6, pieces[i]);
        ck_assert_int_eq(srtp_cipher_decrypt(cipher, tag, &length), srtp_err_status_auth_fail);
        length = 1;
        ck_assert_int_eq(srtp_cipher_encrypt(cipher, NULL, &length), srtp_err_status_bad_param);
        ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
    }
}
END_TEST

START_TEST(other_lengths_are_refused) {
    srtp_cipher_t *cipher = NULL;

    for (int length = -1; length < 100; length++) {
        if (length != 28 && length != 44) {
            ck_assert_int_eq(rg_aes_gcm_128.alloc(&cipher, length, 16), srtp_err_status_bad_param);
        }
        if (length != 8 && length != 16) {
            ck_assert_int_eq(rg_aes_gcm_128.alloc(&cipher, 28, length), srtp_err_status_bad_param);
        }
    }
    ck_assert_ptr_null(cipher);
}
END_TEST

START_TEST(without_memory_nothing_is_made) {
    srtp_cipher_t *cipher = NULL;

    fill_aad();
    rg_alloc_fail_from(1);
    ck_assert_int_eq(rg_aes_gcm_128.alloc(&cipher, 28, TAG), srtp_err_status_alloc_fail);
    rg_alloc_fail_from(0);
    cipher = make(_i);
    rg_alloc_fail_from(1);
    begin(cipher, srtp_direction_encrypt);
    ck_assert_int_eq(srtp_cipher_set_aad(cipher, aad, USUAL_AAD + 1), srtp_err_status_alloc_fail);
    rg_alloc_fail_from(0);
    seal_and_open(cipher, _i, ZEROS, aad, USUAL_AAD + 1, 13);
    ck_assert_int_eq(srtp_cipher_dealloc(cipher), srtp_err_status_ok);
}
END_TEST

START_TEST(all_that_knows_a_key_is_zeroed) {
    zeroed = 0;
    ck_assert_int_eq(srtp_cipher_dealloc(make(_i)), srtp_err_status_ok);
    ck_assert_uint_eq(zeroed, sizeof(struct gcm));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("aes_gcm");
    TCase *tests = suite_case(suite, "aes_gcm");

    tcase_add_loop_test(tests, the_vectors_of_the_rfcs, 0, KINDS);
    tcase_add_loop_test(tests, what_is_authenticated_may_be_long_and_come_in_pieces, 0, KINDS);
    tcase_add_loop_test(tests, data_may_have_any_length, 0, KINDS);
    tcase_add_loop_test(tests, a_handle_is_made_by_the_first_packet, 0, KINDS);
    tcase_add_loop_test(tests, a_handle_that_cannot_be_made_fails_that_packet_alone, 0, KINDS);
    tcase_add_loop_test(tests, a_handle_has_the_key_alone, 0, KINDS);
    tcase_add_loop_test(tests, another_key_takes_the_place_of_the_first, 0, KINDS);
    tcase_add_loop_test(tests, a_packet_that_was_given_up_leaves_nothing, 0, KINDS);
    tcase_add_loop_test(tests, a_tag_without_data_is_made_and_taken, 0, KINDS);
    tcase_add_test(tests, other_lengths_are_refused);
    tcase_add_loop_test(tests, without_memory_nothing_is_made, 0, KINDS);
    tcase_add_loop_test(tests, all_that_knows_a_key_is_zeroed, 0, KINDS);
    return suite_run(suite);
}
