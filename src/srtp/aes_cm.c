#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/nettle-meta.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "srtp/ciphers.h"
#include "srtp/vectors.h"

enum {
    SALT = 14,
    KEYSTREAM = 65536 * AES_BLOCK_SIZE, /* of one packet: RFC 3711 4.1.1 */
};

/* AES in counter mode, on nettle. */
struct cm {
    srtp_cipher_t cipher;
    const struct nettle_cipher *aes;
    unsigned position; /* in the keystream, in bytes */
    uint8_t salt[SALT];
    uint8_t counter[SALT]; /* its last two bytes stand in `position` */
    union {
        struct aes128_ctx aes128;
        struct aes256_ctx aes256;
    } key; /* the last: with 128 bits there is no room for more */
};

static size_t size_of(const struct nettle_cipher *aes) {
    return offsetof(struct cm, key) + aes->context_size;
}

static srtp_err_status_t allocate(srtp_cipher_t **out, int key_length, int tag_length) {
    bool small = key_length == AES128_KEY_SIZE + SALT;
    const struct nettle_cipher *aes = small ? &nettle_aes128 : &nettle_aes256;
    struct cm *cm;

    (void)tag_length;
    if (!small && key_length != AES256_KEY_SIZE + SALT) {
        return srtp_err_status_bad_param;
    }
    cm = rg_alloc(size_of(aes));
    if (cm == NULL) {
        return srtp_err_status_alloc_fail;
    }
    cm->aes = aes;
    cm->cipher.type = small ? &rg_aes_cm_128 : &rg_aes_cm_256;
    cm->cipher.algorithm = small ? SRTP_AES_ICM_128 : SRTP_AES_ICM_256;
    cm->cipher.key_len = key_length;
    cm->cipher.state = cm;
    *out = &cm->cipher;
    return srtp_err_status_ok;
}

static srtp_err_status_t deallocate(srtp_cipher_t *cipher) {
    struct cm *cm = cipher->state;

    rg_free_secret(cm, size_of(cm->aes));
    return srtp_err_status_ok;
}

static srtp_err_status_t init(void *state, const uint8_t *key) {
    struct cm *cm = state;

    cm->aes->set_encrypt_key(&cm->key, key);
    memcpy(cm->salt, key + cm->aes->key_size, SALT);
    return srtp_err_status_ok;
}

static srtp_err_status_t set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction) {
    struct cm *cm = state;

    (void)direction;
    memcpy(cm->counter, iv, SALT);
    for (size_t i = 0; i < SALT; i++) {
        cm->counter[i] ^= cm->salt[i];
    }
    cm->position = AES_BLOCK_SIZE * ((unsigned)iv[14] << 8 | iv[15]);
    return srtp_err_status_ok;
}

/* From the beginning of a block on. nettle counts on the copy, since it carries into the salt
 * behind the last block, of which a piece may still be wanted. */
static void apply(struct cm *cm, uint8_t *data, unsigned length) {
    uint8_t counter[AES_BLOCK_SIZE];

    memcpy(counter, cm->counter, SALT);
    counter[14] = (uint8_t)(cm->position / AES_BLOCK_SIZE >> 8);
    counter[15] = (uint8_t)(cm->position / AES_BLOCK_SIZE);
    ctr_crypt(&cm->key, cm->aes->encrypt, AES_BLOCK_SIZE, counter, length, data, data);
    cm->position += length;
}

/* Uses what the last call left of a block; returns how many of `length` bytes are done. Header
 * extensions take the keystream in pieces (RFC 6904 3), and nettle takes whole blocks. */
static unsigned finish_block(struct cm *cm, uint8_t *data, unsigned length) {
    uint8_t block[AES_BLOCK_SIZE] = {0};
    unsigned used = cm->position % AES_BLOCK_SIZE;
    unsigned done = AES_BLOCK_SIZE - used;

    if (used == 0) {
        return 0;
    }
    if (done > length) {
        done = length;
    }
    cm->position -= used;
    apply(cm, block, AES_BLOCK_SIZE);
    for (unsigned i = 0; i < done; i++) {
        data[i] ^= block[used + i];
    }
    cm->position += used + done - AES_BLOCK_SIZE;
    rg_zero(block, sizeof block);
    return done;
}

static srtp_err_status_t crypt(void *state, uint8_t *data, unsigned *length) {
    struct cm *cm = state;
    unsigned done;

    if (*length > KEYSTREAM - cm->position) {
        *length = 0;
        return srtp_err_status_terminus;
    }
    done = finish_block(cm, data, *length);
    if (done < *length) {
        apply(cm, data + done, *length - done);
    }
    return srtp_err_status_ok;
}

#define FUNCTIONS                                                                                  \
    .alloc = allocate, .dealloc = deallocate, .init = init, .set_iv = set_iv, .encrypt = crypt,    \
    .decrypt = crypt

const srtp_cipher_type_t rg_aes_cm_128 = {
    FUNCTIONS,
    .description = "AES-128 counter mode on nettle",
    .test_data = &rg_vector_aes_cm_128,
    .id = SRTP_AES_ICM_128,
};

const srtp_cipher_type_t rg_aes_cm_256 = {
    FUNCTIONS,
    .description = "AES-256 counter mode on nettle",
    .test_data = &rg_vector_aes_cm_256,
    .id = SRTP_AES_ICM_256,
};
