/* The bare primitives that rtpgate uses: GnuTLS's AES-GCM, nettle's AES-CTR and HMAC-SHA1. What is
 * around them in SRTP (index, IV, replays) is not done. */
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>

#include "bench.h"

struct primitives {
    gnutls_aead_cipher_hd_t aead; /* NULL with AES-CM */
    struct aes128_ctx aes;
    struct hmac_sha1_ctx hmac;
    uint8_t iv[AES_BLOCK_SIZE];
    size_t tag;
};

static void *nettle_open(const struct rtpgate_srtp_keys *keys) {
    struct primitives *all = calloc(1, sizeof *all);
    uint8_t key[RTPGATE_SRTP_MAX_KEY];
    gnutls_datum_t secret = {key, (unsigned)keys->key_length};
    gnutls_cipher_algorithm_t algorithm =
        keys->key_length == 32 ? GNUTLS_CIPHER_AES_256_GCM : GNUTLS_CIPHER_AES_128_GCM;

    if (all == NULL) {
        return NULL;
    }
    memcpy(key, keys->client.key, sizeof key);
    all->tag = rtpgate_srtp_profile_info((uint16_t)keys->profile)->rtp_tag_length;
    aes128_set_encrypt_key(&all->aes, key);
    hmac_sha1_set_key(&all->hmac, SHA1_DIGEST_SIZE, key);
    if (keys->salt_length == 12 && gnutls_aead_cipher_init(&all->aead, algorithm, &secret) < 0) {
        return NULL;
    }
    return all;
}

/* As in AES-CM: a fresh IV for each packet, of which the last two bytes count its blocks. */
static void crypt(struct primitives *all, uint8_t *packet, size_t length) {
    memcpy(all->iv + 6, packet + 2, 2);
    memset(all->iv + 14, 0, 2);
    ctr_crypt(&all->aes, nettle_aes128.encrypt, AES_BLOCK_SIZE, all->iv, length - RTP_HEADER,
              packet + RTP_HEADER, packet + RTP_HEADER);
}

static void digest(struct primitives *all, const uint8_t *packet, size_t length, uint8_t *tag) {
    hmac_sha1_update(&all->hmac, length, packet);
    hmac_sha1_update(&all->hmac, 4, all->iv); /* a rollover counter */
    hmac_sha1_digest(&all->hmac, all->tag, tag);
}

static int seal(struct primitives *all, uint8_t *packet, int length) {
    uint8_t *payload = packet + RTP_HEADER;
    size_t sealed = BENCH_ROOM - RTP_HEADER;

    memcpy(all->iv + 6, packet + 2, 2);
    return gnutls_aead_cipher_encrypt(all->aead, all->iv, 12, packet, RTP_HEADER, 16, payload,
                                      (size_t)length - RTP_HEADER, payload, &sealed) < 0
               ? -1
               : length + 16;
}

static int open_sealed(struct primitives *all, uint8_t *packet, int length) {
    uint8_t *payload = packet + RTP_HEADER;
    size_t opened = BENCH_ROOM - RTP_HEADER;

    memcpy(all->iv + 6, packet + 2, 2);
    return gnutls_aead_cipher_decrypt(all->aead, all->iv, 12, packet, RTP_HEADER, 16, payload,
                                      (size_t)length - RTP_HEADER, payload, &opened) < 0
               ? -1
               : length - 16;
}

static int nettle_protect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    struct primitives *all = context;

    (void)kind;
    if (all->aead != NULL) {
        return seal(all, packet, length);
    }
    crypt(all, packet, (size_t)length);
    digest(all, packet, (size_t)length, packet + length);
    return length + (int)all->tag;
}

static int nettle_unprotect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    struct primitives *all = context;
    uint8_t tag[SHA1_DIGEST_SIZE];
    size_t plain = (size_t)length - all->tag;

    (void)kind;
    if (all->aead != NULL) {
        return open_sealed(all, packet, length);
    }
    memset(all->iv + 14, 0, 2);
    digest(all, packet, plain, tag);
    crypt(all, packet, plain);
    return (int)plain;
}

static void nettle_close(void *context) {
    struct primitives *all = context;

    if (all->aead != NULL) {
        gnutls_aead_cipher_deinit(all->aead);
    }
    free(all);
}

const struct contender bench_nettle = {
    "GnuTLS and nettle", false, nettle_open, nettle_protect, nettle_unprotect, nettle_close};
