/* The bare primitives of OpenSSL: EVP's AES-GCM and AES-CTR, and HMAC of its SHA-1, whose inner and
 * outer states are computed once (EVP_MAC would be slower). What is around them in SRTP is not
 * done.
 */
#define OPENSSL_API_COMPAT 0x10100000L /* SHA1_Init and its like are the fastest way */

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "bench.h"

struct primitives {
    EVP_CIPHER_CTX *sealing;
    EVP_CIPHER_CTX *opening; /* with AES-CM the same work */
    SHA_CTX inner;
    SHA_CTX outer;
    uint8_t iv[16];
    int gcm;
    int tag;
};

static const EVP_CIPHER *cipher_of(const struct rtpgate_srtp_keys *keys) {
    if (keys->salt_length == 12) {
        return keys->key_length == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    }
    return EVP_aes_128_ctr();
}

static void set_mac_key(struct primitives *all, const uint8_t *key, size_t length) {
    uint8_t inner[SHA_CBLOCK];
    uint8_t outer[SHA_CBLOCK];

    memset(inner, 0x36, sizeof inner);
    memset(outer, 0x5c, sizeof outer);
    for (size_t i = 0; i < length; i++) {
        inner[i] ^= key[i];
        outer[i] ^= key[i];
    }
    SHA1_Init(&all->inner);
    SHA1_Update(&all->inner, inner, sizeof inner);
    SHA1_Init(&all->outer);
    SHA1_Update(&all->outer, outer, sizeof outer);
}

static void *openssl_open(const struct rtpgate_srtp_keys *keys) {
    struct primitives *all = calloc(1, sizeof *all);

    if (all == NULL) {
        return NULL;
    }
    all->gcm = keys->salt_length == 12;
    all->tag = (int)rtpgate_srtp_profile_info((uint16_t)keys->profile)->rtp_tag_length;
    all->sealing = EVP_CIPHER_CTX_new();
    all->opening = EVP_CIPHER_CTX_new();
    set_mac_key(all, keys->client.key, 20);
    if (EVP_EncryptInit_ex(all->sealing, cipher_of(keys), NULL, keys->client.key, NULL) != 1 ||
        EVP_DecryptInit_ex(all->opening, cipher_of(keys), NULL, keys->client.key, NULL) != 1) {
        return NULL;
    }
    return all;
}

static void digest(struct primitives *all, const uint8_t *packet, size_t length, uint8_t *out) {
    SHA_CTX sha = all->inner;

    SHA1_Update(&sha, packet, length);
    SHA1_Update(&sha, all->iv, 4); /* a rollover counter */
    SHA1_Final(out, &sha);
    sha = all->outer;
    SHA1_Update(&sha, out, SHA_DIGEST_LENGTH);
    SHA1_Final(out, &sha);
}

static int crypt(struct primitives *all, EVP_CIPHER_CTX *cipher, uint8_t *packet, int length) {
    uint8_t *payload = packet + RTP_HEADER;
    int done = 0;

    memcpy(all->iv + 6, packet + 2, 2);
    return EVP_CipherInit_ex(cipher, NULL, NULL, NULL, all->iv, -1) == 1 &&
           (!all->gcm || EVP_CipherUpdate(cipher, NULL, &done, packet, RTP_HEADER) == 1) &&
           EVP_CipherUpdate(cipher, payload, &done, payload, length - RTP_HEADER) == 1;
}

static int openssl_protect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    struct primitives *all = context;
    uint8_t mac[SHA_DIGEST_LENGTH];
    int done = 0;

    (void)kind;
    if (!crypt(all, all->sealing, packet, length)) {
        return -1;
    }
    if (all->gcm) {
        return EVP_EncryptFinal_ex(all->sealing, packet + length, &done) == 1 &&
                       EVP_CIPHER_CTX_ctrl(all->sealing, EVP_CTRL_GCM_GET_TAG, all->tag,
                                           packet + length) == 1
                   ? length + all->tag
                   : -1;
    }
    digest(all, packet, (size_t)length, mac);
    memcpy(packet + length, mac, (size_t)all->tag);
    return length + all->tag;
}

static int openssl_unprotect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    struct primitives *all = context;
    uint8_t mac[SHA_DIGEST_LENGTH];
    int plain = length - all->tag;
    int done = 0;

    (void)kind;
    if (!all->gcm) {
        digest(all, packet, (size_t)plain, mac);
    }
    if (!crypt(all, all->opening, packet, plain)) {
        return -1;
    }
    if (all->gcm &&
        (EVP_CIPHER_CTX_ctrl(all->opening, EVP_CTRL_GCM_SET_TAG, all->tag, packet + plain) != 1 ||
         EVP_DecryptFinal_ex(all->opening, packet + plain, &done) != 1)) {
        return -1;
    }
    return plain;
}

static void openssl_close(void *context) {
    struct primitives *all = context;

    EVP_CIPHER_CTX_free(all->sealing);
    EVP_CIPHER_CTX_free(all->opening);
    free(all);
}

const struct contender bench_openssl = {
    "OpenSSL", false, openssl_open, openssl_protect, openssl_unprotect, openssl_close};
