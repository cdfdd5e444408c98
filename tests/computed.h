/*
 * SRTP computed a second time, from RFC 3711 and RFC 7714 alone. The RFCs' vectors give session
 * keys, which no master key leads to; so they prove this computation, and it proves the library.
 */
#ifndef RG_TESTS_COMPUTED_H
#define RG_TESTS_COMPUTED_H

#include <gnutls/crypto.h>

#include "media.h"
#include "suite.h"

enum { AES_BLOCK = 16, SHA1 = 20, GCM_TAG = 16, GCM_SALT = 12, LABEL_AT = 7 };

/* What packets of one kind are protected with (RFC 3711 4.3). */
struct session_keys {
    size_t key_length;
    uint8_t key[32];
    uint8_t salt[14];
    uint8_t auth[SHA1];
};

/* A packet to protect. */
struct plain {
    enum rtpgate_kind kind;
    const uint8_t *bytes;
    size_t length;
    size_t header; /* what stays readable */
    uint64_t index;
};

static inline void from_hex(uint8_t *out, size_t length, const char *hex) {
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        const char *high = strchr(digits, hex[2 * i]);
        const char *low = strchr(digits, hex[2 * i + 1]);

        ck_assert(high != NULL && low != NULL);
        out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    ck_assert_uint_eq(strlen(hex), 2 * length);
}

/* GnuTLS has no bare AES, but CBC of one block with an IV of zeros is one. */
static inline void aes(const uint8_t *key, size_t key_length, uint8_t block[AES_BLOCK]) {
    gnutls_cipher_algorithm_t algorithm =
        key_length == 32 ? GNUTLS_CIPHER_AES_256_CBC : GNUTLS_CIPHER_AES_128_CBC;
    uint8_t zeros[AES_BLOCK] = {0};
    gnutls_datum_t secret = {(uint8_t *)(uintptr_t)key, (unsigned)key_length};
    gnutls_datum_t iv = {zeros, sizeof zeros};
    gnutls_cipher_hd_t cipher;

    ck_assert_int_eq(gnutls_cipher_init(&cipher, algorithm, &secret, &iv), 0);
    ck_assert_int_eq(gnutls_cipher_encrypt(cipher, block, AES_BLOCK), 0);
    gnutls_cipher_deinit(cipher);
}

/* AES in counter mode (RFC 3711 4.1.1), over `data` in place. */
static inline void aes_cm(const uint8_t *key, size_t key_length, const uint8_t iv[AES_BLOCK],
                          uint8_t *data, size_t length) {
    uint8_t block[AES_BLOCK];

    for (size_t i = 0; i < length; i++) {
        if (i % AES_BLOCK == 0) {
            memcpy(block, iv, AES_BLOCK);
            media_put_u16(block + 14, (unsigned)(i / AES_BLOCK));
            aes(key, key_length, block);
        }
        data[i] ^= block[i % AES_BLOCK];
    }
}

/* The key derivation of RFC 3711 4.3.1 without a rate. */
static inline void derive(const uint8_t *key, size_t key_length, const uint8_t salt[14],
                          uint8_t label, uint8_t *out, size_t length) {
    uint8_t iv[AES_BLOCK] = {0};

    memcpy(iv, salt, 14);
    iv[LABEL_AT] ^= label;
    memset(out, 0, length);
    aes_cm(key, key_length, iv, out, length);
}

static inline struct session_keys derive_all(const struct rtpgate_srtp_master *master,
                                             size_t key_length, size_t salt_length,
                                             enum rtpgate_kind kind) {
    struct session_keys session = {.key_length = key_length};
    uint8_t label = kind == RTPGATE_KIND_RTP ? 0 : 3;
    const uint8_t *key = master->key;
    const uint8_t *salt = master->salt; /* behind its length it is zero, as RFC 7714 11 wants it */

    derive(key, key_length, salt, label, session.key, key_length);
    derive(key, key_length, salt, (uint8_t)(label + 1), session.auth, sizeof session.auth);
    derive(key, key_length, salt, (uint8_t)(label + 2), session.salt, salt_length);
    return session;
}

static inline const uint8_t *ssrc_of(const struct plain *plain) {
    return plain->bytes + (plain->kind == RTPGATE_KIND_RTP ? 8 : 4);
}

static inline void xor_into(uint8_t *out, const uint8_t *in, size_t length) {
    for (size_t i = 0; i < length; i++) {
        out[i] ^= in[i];
    }
}

/* RFC 3711 4.1.1 and 4.2 with SHA-1: IV of SSRC and index; the tag is over the packet and ROC or
 * index word. Returns the length of `out`. */
static inline size_t seal_cm(const struct session_keys *keys, const struct plain *plain, size_t tag,
                             uint8_t *out) {
    uint8_t iv[AES_BLOCK] = {0};
    uint8_t digest[SHA1];
    size_t length = plain->length;
    bool rtp = plain->kind == RTPGATE_KIND_RTP;

    memcpy(iv, keys->salt, 14);
    xor_into(iv + 4, ssrc_of(plain), 4);
    for (size_t i = 0; i < 6; i++) {
        iv[8 + i] ^= (uint8_t)(plain->index >> (40 - 8 * i));
    }
    memcpy(out, plain->bytes, length);
    aes_cm(keys->key, keys->key_length, iv, out + plain->header, length - plain->header);
    media_put_u32(out + length,
                  rtp ? (uint32_t)(plain->index >> 16) : 0x80000000u | (uint32_t)plain->index);
    ck_assert_int_eq(gnutls_hmac_fast(GNUTLS_MAC_SHA1, keys->auth, SHA1, out, length + 4, digest),
                     0);
    length += rtp ? 0 : 4;
    memcpy(out + length, digest, tag);
    return length + tag;
}

static inline void gcm(const struct session_keys *keys, const uint8_t iv[GCM_SALT],
                       const uint8_t *aad, size_t aad_length, const uint8_t *in, size_t length,
                       uint8_t *out) {
    gnutls_cipher_algorithm_t algorithm =
        keys->key_length == 32 ? GNUTLS_CIPHER_AES_256_GCM : GNUTLS_CIPHER_AES_128_GCM;
    gnutls_datum_t secret = {(uint8_t *)(uintptr_t)keys->key, (unsigned)keys->key_length};
    gnutls_aead_cipher_hd_t cipher;
    size_t out_length = length + GCM_TAG;

    ck_assert_int_eq(gnutls_aead_cipher_init(&cipher, algorithm, &secret), 0);
    ck_assert_int_eq(gnutls_aead_cipher_encrypt(cipher, iv, GCM_SALT, aad, aad_length, GCM_TAG, in,
                                                length, out, &out_length),
                     0);
    gnutls_aead_cipher_deinit(cipher);
}

/* RFC 7714 8.1 and 9.1: the IV is of SSRC, ROC and sequence number, or of SSRC and index; the
 * header is authenticated, with SRTCP also the index word, which comes last. */
static inline size_t seal_gcm(const struct session_keys *keys, const struct plain *plain,
                              uint8_t *out) {
    bool rtp = plain->kind == RTPGATE_KIND_RTP;
    uint8_t iv[GCM_SALT] = {0};
    uint8_t aad[400];
    size_t aad_length = plain->header + (rtp ? 0 : 4);
    size_t sealed = plain->length + GCM_TAG;

    memcpy(iv + 2, ssrc_of(plain), 4);
    for (size_t i = 0; i < 6; i++) {
        iv[6 + i] = (uint8_t)(plain->index >> (40 - 8 * i));
    }
    xor_into(iv, keys->salt, GCM_SALT);
    memcpy(aad, plain->bytes, plain->header);
    media_put_u32(aad + plain->header, 0x80000000u | (uint32_t)plain->index);
    memcpy(out, plain->bytes, plain->header);
    gcm(keys, iv, aad, aad_length, plain->bytes + plain->header, plain->length - plain->header,
        out + plain->header);
    if (rtp) {
        return sealed;
    }
    memcpy(out + sealed, aad + plain->header, 4);
    return sealed + 4;
}

#endif
