#include <string.h>

#include <nettle/sha1.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "srtp/ciphers.h"
#include "srtp/vectors.h"

enum { WORDS = SHA1_DIGEST_SIZE / 4, INNER_PAD = 0x36, OUTER_PAD = 0x5c };

/*
 * HMAC-SHA1 (RFC 2104), on nettle's SHA-1. Both hashes begin with a block that the key makes: only
 * what they are behind it is kept. nettle's own HMAC keeps three whole contexts, twice as much, and
 * copies two of them for each message.
 */
struct hmac {
    srtp_auth_t auth;
    struct sha1_ctx sha1;
    uint32_t inner[WORDS];
    uint32_t outer[WORDS];
};

static srtp_err_status_t allocate(srtp_auth_t **out, int key_length, int tag_length) {
    struct hmac *hmac;

    if (key_length < 0 || tag_length < 0 || tag_length > SHA1_DIGEST_SIZE) {
        return srtp_err_status_bad_param;
    }
    hmac = rg_alloc(sizeof *hmac);
    if (hmac == NULL) {
        return srtp_err_status_alloc_fail;
    }
    hmac->auth.type = &rg_hmac_sha1;
    hmac->auth.key_len = key_length;
    hmac->auth.out_len = tag_length;
    hmac->auth.state = hmac;
    *out = &hmac->auth;
    return srtp_err_status_ok;
}

static srtp_err_status_t deallocate(srtp_auth_t *auth) {
    rg_free_secret(auth->state, sizeof(struct hmac));
    return srtp_err_status_ok;
}

/* What a hash is behind the block that `key`, padded with zeros, makes with `pad`. */
static void absorb(struct sha1_ctx *sha1, const uint8_t *key, uint8_t pad, uint32_t *state) {
    uint8_t block[SHA1_BLOCK_SIZE];

    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = key[i] ^ pad;
    }
    sha1_init(sha1);
    sha1_update(sha1, sizeof block, block);
    memcpy(state, sha1->state, sizeof sha1->state);
    rg_zero(block, sizeof block);
}

static srtp_err_status_t init(void *state, const uint8_t *key, int length) {
    struct hmac *hmac = state;
    uint8_t block[SHA1_BLOCK_SIZE] = {0};

    if ((size_t)length <= sizeof block) {
        memcpy(block, key, (size_t)length);
    } else {
        sha1_init(&hmac->sha1);
        sha1_update(&hmac->sha1, (size_t)length, key);
        sha1_digest(&hmac->sha1, SHA1_DIGEST_SIZE, block);
    }
    absorb(&hmac->sha1, block, INNER_PAD, hmac->inner);
    absorb(&hmac->sha1, block, OUTER_PAD, hmac->outer);
    rg_zero(block, sizeof block);
    return srtp_err_status_ok;
}

/* The hash goes on behind its first block. */
static void resume(struct sha1_ctx *sha1, const uint32_t *state) {
    memcpy(sha1->state, state, sizeof sha1->state);
    sha1->count = 1;
    sha1->index = 0;
}

static srtp_err_status_t start(void *state) {
    struct hmac *hmac = state;

    resume(&hmac->sha1, hmac->inner);
    return srtp_err_status_ok;
}

static srtp_err_status_t update(void *state, const uint8_t *data, int length) {
    struct hmac *hmac = state;

    if (length > 0) {
        sha1_update(&hmac->sha1, (size_t)length, data);
    }
    return length < 0 ? srtp_err_status_bad_param : srtp_err_status_ok;
}

static srtp_err_status_t compute(void *state, const uint8_t *data, int length, int tag_length,
                                 uint8_t *tag) {
    struct hmac *hmac = state;
    uint8_t digest[SHA1_DIGEST_SIZE];

    if (tag_length < 0 || tag_length > SHA1_DIGEST_SIZE ||
        update(state, data, length) != srtp_err_status_ok) {
        return srtp_err_status_bad_param;
    }
    sha1_digest(&hmac->sha1, sizeof digest, digest);
    resume(&hmac->sha1, hmac->outer);
    sha1_update(&hmac->sha1, sizeof digest, digest);
    sha1_digest(&hmac->sha1, (size_t)tag_length, tag);
    return srtp_err_status_ok;
}

const srtp_auth_type_t rg_hmac_sha1 = {
    .alloc = allocate,
    .dealloc = deallocate,
    .init = init,
    .start = start,
    .update = update,
    .compute = compute,
    .description = "HMAC-SHA1 on nettle",
    .test_data = &rg_vector_hmac_sha1,
    .id = SRTP_HMAC_SHA1,
};
