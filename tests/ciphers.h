/* Ciphers as libsrtp uses them, for tests that run on a second copy of a cipher's source. */
#ifndef TESTS_CIPHERS_H
#define TESTS_CIPHERS_H

#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "suite.h"

enum { CIPHER_KEY = 46, CIPHER_IV = 16 }; /* the longest key with its salt */

/* What was zeroed before it was freed. */
static size_t zeroed;

static inline void watched_free_secret(void *memory, size_t size) {
    zeroed += size;
    rg_free_secret(memory, size);
}

static inline void cipher_key(uint8_t key[CIPHER_KEY]) {
    for (size_t i = 0; i < CIPHER_KEY; i++) {
        key[i] = (uint8_t)(3 * i + 1);
    }
}

static inline srtp_cipher_t *cipher_make(const srtp_cipher_type_t *type, int key_length,
                                         int tag_length) {
    uint8_t key[CIPHER_KEY];
    srtp_cipher_t *cipher = NULL;

    cipher_key(key);
    ck_assert_int_eq(type->alloc(&cipher, key_length, tag_length), srtp_err_status_ok);
    ck_assert_ptr_eq(cipher->type, type);
    ck_assert_int_eq(srtp_cipher_init(cipher, key), srtp_err_status_ok);
    return cipher;
}

static inline srtp_err_status_t cipher_encrypt(srtp_cipher_t *cipher, uint8_t *data,
                                               size_t length) {
    unsigned octets = (unsigned)length;
    srtp_err_status_t status = srtp_cipher_encrypt(cipher, data, &octets);

    ck_assert_uint_eq(octets, status == srtp_err_status_ok ? length : 0);
    return status;
}

#endif
