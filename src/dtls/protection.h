/* Record protection by an AEAD in epoch 1 (RFC 5246 6.2.3.3, RFC 5288 3, RFC 7905 2), and what
 * keeps replayed records out (RFC 6347 4.1.2.6). */
#ifndef RG_DTLS_PROTECTION_H
#define RG_DTLS_PROTECTION_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/record.h"

enum {
    RG_AEAD_KEY = 32,
    RG_AEAD_NONCE = 12,
    RG_AEAD_TAG = 16,
    RG_PLAINTEXT_MAX = 16384, /* RFC 5246 6.2.1 */
    /* The largest record that is protected. */
    RG_PROTECTED_MAX = RG_RECORD_HEADER + 8 + RG_PLAINTEXT_MAX + RG_AEAD_TAG,
};

/* The keys of one direction. */
struct rg_protection {
    gnutls_cipher_algorithm_t cipher;
    uint8_t key[RG_AEAD_KEY];
    size_t key_length;
    uint8_t iv[RG_AEAD_NONCE];
    size_t iv_length; /* AES-GCM: 4, the rest of a nonce stands in the record; else RG_AEAD_NONCE */
};

/* The records of the last 64 numbers, so far as they were authenticated. */
struct rg_replay_window {
    uint64_t next; /* the highest number + 1; 0: none came yet */
    uint64_t seen; /* bit n: number `next` - 1 - n */
};

/* Takes over copies. False for a cipher that is none of ours, or lengths that do not fit it. */
bool rg_protection_make(struct rg_protection *protection, gnutls_cipher_algorithm_t cipher,
                        struct rg_bytes key, struct rg_bytes iv);

/* How much a record is longer than what it carries, header included. */
size_t rg_protection_overhead(const struct rg_protection *protection);

/* Writes a whole record, whose number must be new under these keys (at most 2^48 - 1).
 * plaintext: at most RG_PLAINTEXT_MAX bytes. out: room for overhead more. Returns the record's
 * length, or RTPGATE_ERR_CRYPTO. */
int rg_protection_seal(const struct rg_protection *protection, uint8_t type, uint64_t sequence,
                       struct rg_bytes plaintext, uint8_t *out);

/* Authenticates a record and writes its plaintext to RG_PLAINTEXT_MAX bytes at `out`. Returns the
 * plaintext's length; RTPGATE_ERR_AUTH for a record that nobody with the keys has made;
 * RTPGATE_ERR_CRYPTO. */
int rg_protection_open(const struct rg_protection *protection, const struct rg_record *record,
                       uint8_t *out);

/* Whether no record of this number was marked and it is not too old to know. */
bool rg_replay_is_new(const struct rg_replay_window *window, uint64_t sequence);
/* Only for a record that was authenticated: whoever moves the window shuts others out. */
void rg_replay_mark(struct rg_replay_window *window, uint64_t sequence);

#endif
