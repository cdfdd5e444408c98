#include "srtp/crypto.h"

#include <stdbool.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>

#include <srtp2/auth.h>
#include <srtp2/cipher.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "srtp/vectors.h"

enum {
    CM_SALT = 14,
    CM_KEYSTREAM = 65536 * AES_BLOCK_SIZE, /* of one packet: RFC 3711 4.1.1 */
    GCM_SALT = 12,
    GCM_IV = 12,
    GCM_TAG = 16,
    GCM_SHORT_TAG = 8,
    USUAL_AAD = 128, /* no header in real use is longer */
};

/* AES in counter mode, on nettle (RFC 3711 4.1.1, RFC 6188). */
struct cm {
    srtp_cipher_t cipher;
    const struct nettle_cipher *aes;
    union {
        struct aes128_ctx aes128;
        struct aes256_ctx aes256;
    } key;
    uint8_t salt[CM_SALT];
    uint8_t counter[AES_BLOCK_SIZE];
    unsigned position; /* in the keystream, in bytes */
};

/* AES-GCM, on GnuTLS (RFC 7714). */
struct gcm {
    srtp_cipher_t cipher;
    gnutls_aead_cipher_hd_t aead;
    gnutls_cipher_algorithm_t algorithm;
    unsigned key_length;
    size_t tag_length;
    uint8_t tag[GCM_TAG];
    uint8_t iv[GCM_IV];
    uint8_t *aad; /* usual_aad, or on the heap */
    size_t aad_length;
    size_t aad_room;
    uint8_t usual_aad[USUAL_AAD];
};

/* HMAC-SHA1, on nettle, which keeps the state behind the key. */
struct hmac {
    srtp_auth_t auth;
    struct hmac_sha1_ctx context;
};

static const srtp_cipher_type_t aes_cm_128;
static const srtp_cipher_type_t aes_cm_256;
static const srtp_cipher_type_t aes_gcm_128;
static const srtp_cipher_type_t aes_gcm_256;
static const srtp_auth_type_t hmac_sha1;

static srtp_err_status_t cm_alloc(srtp_cipher_t **out, int key_length, int tag_length) {
    bool small = key_length == AES128_KEY_SIZE + CM_SALT;
    struct cm *cm;

    (void)tag_length;
    if (!small && key_length != AES256_KEY_SIZE + CM_SALT) {
        return srtp_err_status_bad_param;
    }
    cm = rg_alloc(sizeof *cm);
    if (cm == NULL) {
        return srtp_err_status_alloc_fail;
    }
    cm->aes = small ? &nettle_aes128 : &nettle_aes256;
    cm->cipher.type = small ? &aes_cm_128 : &aes_cm_256;
    cm->cipher.algorithm = small ? SRTP_AES_ICM_128 : SRTP_AES_ICM_256;
    cm->cipher.key_len = key_length;
    cm->cipher.state = cm;
    *out = &cm->cipher;
    return srtp_err_status_ok;
}

static srtp_err_status_t cm_dealloc(srtp_cipher_t *cipher) {
    rg_free_secret(cipher->state, sizeof(struct cm));
    return srtp_err_status_ok;
}

static srtp_err_status_t cm_init(void *state, const uint8_t *key) {
    struct cm *cm = state;

    cm->aes->set_encrypt_key(&cm->key, key);
    memcpy(cm->salt, key + cm->aes->key_size, CM_SALT);
    return srtp_err_status_ok;
}

static srtp_err_status_t cm_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction) {
    struct cm *cm = state;

    (void)direction;
    memcpy(cm->counter, iv, AES_BLOCK_SIZE);
    for (size_t i = 0; i < CM_SALT; i++) {
        cm->counter[i] ^= cm->salt[i];
    }
    cm->position = AES_BLOCK_SIZE * ((unsigned)cm->counter[14] << 8 | cm->counter[15]);
    return srtp_err_status_ok;
}

static void cm_apply(struct cm *cm, uint8_t *data, unsigned length) {
    ctr_crypt(&cm->key, cm->aes->encrypt, AES_BLOCK_SIZE, cm->counter, length, data, data);
    cm->position += length;
}

/* Uses what the last call left of a block; returns how many of `length` bytes are done. Header
 * extensions take the keystream in pieces (RFC 6904 3), and nettle takes whole blocks. */
static unsigned cm_finish_block(struct cm *cm, uint8_t *data, unsigned length) {
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
    cm->counter[14] = (uint8_t)(cm->position / AES_BLOCK_SIZE >> 8);
    cm->counter[15] = (uint8_t)(cm->position / AES_BLOCK_SIZE);
    cm_apply(cm, block, AES_BLOCK_SIZE);
    for (unsigned i = 0; i < done; i++) {
        data[i] ^= block[used + i];
    }
    cm->position += used + done - AES_BLOCK_SIZE;
    rg_zero(block, sizeof block);
    return done;
}

static srtp_err_status_t cm_crypt(void *state, uint8_t *data, unsigned *length) {
    struct cm *cm = state;
    unsigned done;

    if (*length > CM_KEYSTREAM - cm->position) {
        *length = 0;
        return srtp_err_status_terminus;
    }
    done = cm_finish_block(cm, data, *length);
    if (done < *length) {
        cm_apply(cm, data + done, *length - done);
    }
    return srtp_err_status_ok;
}

static srtp_err_status_t gcm_alloc(srtp_cipher_t **out, int key_length, int tag_length) {
    bool small = key_length == AES128_KEY_SIZE + GCM_SALT;
    struct gcm *gcm;

    if ((!small && key_length != AES256_KEY_SIZE + GCM_SALT) ||
        (tag_length != GCM_TAG && tag_length != GCM_SHORT_TAG)) {
        return srtp_err_status_bad_param;
    }
    gcm = rg_alloc(sizeof *gcm);
    if (gcm == NULL) {
        return srtp_err_status_alloc_fail;
    }
    gcm->algorithm = small ? GNUTLS_CIPHER_AES_128_GCM : GNUTLS_CIPHER_AES_256_GCM;
    gcm->key_length = small ? AES128_KEY_SIZE : AES256_KEY_SIZE;
    gcm->tag_length = (size_t)tag_length;
    gcm->aad = gcm->usual_aad;
    gcm->aad_room = USUAL_AAD;
    gcm->cipher.type = small ? &aes_gcm_128 : &aes_gcm_256;
    gcm->cipher.algorithm = small ? SRTP_AES_GCM_128 : SRTP_AES_GCM_256;
    gcm->cipher.key_len = key_length;
    gcm->cipher.state = gcm;
    *out = &gcm->cipher;
    return srtp_err_status_ok;
}

static void gcm_forget_key(struct gcm *gcm) {
    if (gcm->aead != NULL) {
        gnutls_aead_cipher_deinit(gcm->aead);
        gcm->aead = NULL;
    }
}

static srtp_err_status_t gcm_dealloc(srtp_cipher_t *cipher) {
    struct gcm *gcm = cipher->state;

    gcm_forget_key(gcm);
    if (gcm->aad != gcm->usual_aad) {
        rg_free(gcm->aad);
    }
    rg_free_secret(gcm, sizeof *gcm);
    return srtp_err_status_ok;
}

static srtp_err_status_t gcm_init(void *state, const uint8_t *key) {
    struct gcm *gcm = state;
    uint8_t copy[AES256_KEY_SIZE];
    gnutls_datum_t secret = {copy, gcm->key_length};
    int code;

    gcm_forget_key(gcm);
    memcpy(copy, key, gcm->key_length);
    code = gnutls_aead_cipher_init(&gcm->aead, gcm->algorithm, &secret);
    rg_zero(copy, sizeof copy);
    if (code == GNUTLS_E_MEMORY_ERROR) {
        return srtp_err_status_alloc_fail;
    }
    return code < 0 ? srtp_err_status_cipher_fail : srtp_err_status_ok;
}

static srtp_err_status_t gcm_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction) {
    struct gcm *gcm = state;

    (void)direction;
    memcpy(gcm->iv, iv, GCM_IV);
    gcm->aad_length = 0; /* also what a packet left that was given up */
    return srtp_err_status_ok;
}

static bool gcm_reserve_aad(struct gcm *gcm, size_t room) {
    uint8_t *aad;

    if (room <= gcm->aad_room) {
        return true;
    }
    aad = rg_alloc(room);
    if (aad == NULL) {
        return false;
    }
    memcpy(aad, gcm->aad, gcm->aad_length);
    if (gcm->aad != gcm->usual_aad) {
        rg_free(gcm->aad);
    }
    gcm->aad = aad;
    gcm->aad_room = room;
    return true;
}

/* libsrtp gives SRTCP's in two parts, the header and the index word. */
static srtp_err_status_t gcm_add_aad(void *state, const uint8_t *aad, uint32_t length) {
    struct gcm *gcm = state;

    if (!gcm_reserve_aad(gcm, gcm->aad_length + length)) {
        return srtp_err_status_alloc_fail;
    }
    memcpy(gcm->aad + gcm->aad_length, aad, length);
    gcm->aad_length += length;
    return srtp_err_status_ok;
}

/*
 * The tag lands behind the data, where libsrtp's caller has room for it, and where get_tag will put
 * it again: GnuTLS encrypts and hashes in one pass only when both are together. There is no data in
 * SRTCP that is not encrypted.
 */
static srtp_err_status_t gcm_encrypt(void *state, uint8_t *data, unsigned *length) {
    struct gcm *gcm = state;
    uint8_t *out = data != NULL ? data : gcm->tag;
    size_t sealed = *length + gcm->tag_length;

    if (data == NULL && *length > 0) {
        return srtp_err_status_bad_param;
    }
    if (gnutls_aead_cipher_encrypt(gcm->aead, gcm->iv, GCM_IV, gcm->aad, gcm->aad_length,
                                   gcm->tag_length, out, *length, out, &sealed) < 0) {
        return srtp_err_status_cipher_fail;
    }
    *length = (unsigned)(sealed - gcm->tag_length);
    if (data != NULL) {
        memcpy(gcm->tag, data + *length, gcm->tag_length);
    }
    return srtp_err_status_ok;
}

static srtp_err_status_t gcm_get_tag(void *state, uint8_t *tag, uint32_t *length) {
    struct gcm *gcm = state;

    memcpy(tag, gcm->tag, gcm->tag_length);
    *length = (uint32_t)gcm->tag_length;
    return srtp_err_status_ok;
}

static srtp_err_status_t gcm_decrypt(void *state, uint8_t *data, unsigned *length) {
    struct gcm *gcm = state;
    size_t opened = *length;

    if (gnutls_aead_cipher_decrypt(gcm->aead, gcm->iv, GCM_IV, gcm->aad, gcm->aad_length,
                                   gcm->tag_length, data, *length, data, &opened) < 0) {
        return srtp_err_status_auth_fail;
    }
    *length = (unsigned)opened;
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_alloc(srtp_auth_t **out, int key_length, int tag_length) {
    struct hmac *hmac;

    if (key_length < 0 || tag_length < 0 || tag_length > SHA1_DIGEST_SIZE) {
        return srtp_err_status_bad_param;
    }
    hmac = rg_alloc(sizeof *hmac);
    if (hmac == NULL) {
        return srtp_err_status_alloc_fail;
    }
    hmac->auth.type = &hmac_sha1;
    hmac->auth.key_len = key_length;
    hmac->auth.out_len = tag_length;
    hmac->auth.state = hmac;
    *out = &hmac->auth;
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_dealloc(srtp_auth_t *auth) {
    rg_free_secret(auth->state, sizeof(struct hmac));
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_init(void *state, const uint8_t *key, int length) {
    struct hmac *hmac = state;

    hmac_sha1_set_key(&hmac->context, (size_t)length, key);
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_start(void *state) {
    struct hmac *hmac = state;

    hmac->context.state = hmac->context.inner;
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_add(void *state, const uint8_t *data, int length) {
    struct hmac *hmac = state;

    if (length > 0) {
        hmac_sha1_update(&hmac->context, (size_t)length, data);
    }
    return length < 0 ? srtp_err_status_bad_param : srtp_err_status_ok;
}

static srtp_err_status_t hmac_finish(void *state, const uint8_t *data, int length, int tag_length,
                                     uint8_t *tag) {
    struct hmac *hmac = state;

    if (tag_length < 0 || tag_length > SHA1_DIGEST_SIZE ||
        hmac_add(state, data, length) != srtp_err_status_ok) {
        return srtp_err_status_bad_param;
    }
    hmac_sha1_digest(&hmac->context, (size_t)tag_length, tag);
    return srtp_err_status_ok;
}

#define CM_FUNCTIONS                                                                               \
    .alloc = cm_alloc, .dealloc = cm_dealloc, .init = cm_init, .set_iv = cm_set_iv,                \
    .encrypt = cm_crypt, .decrypt = cm_crypt
#define GCM_FUNCTIONS                                                                              \
    .alloc = gcm_alloc, .dealloc = gcm_dealloc, .init = gcm_init, .set_iv = gcm_set_iv,            \
    .set_aad = gcm_add_aad, .encrypt = gcm_encrypt, .decrypt = gcm_decrypt, .get_tag = gcm_get_tag

static const srtp_cipher_type_t aes_cm_128 = {
    CM_FUNCTIONS,
    .description = "AES-128 counter mode on nettle",
    .test_data = &rg_vector_aes_cm_128,
    .id = SRTP_AES_ICM_128,
};

static const srtp_cipher_type_t aes_cm_256 = {
    CM_FUNCTIONS,
    .description = "AES-256 counter mode on nettle",
    .test_data = &rg_vector_aes_cm_256,
    .id = SRTP_AES_ICM_256,
};

static const srtp_cipher_type_t aes_gcm_128 = {
    GCM_FUNCTIONS,
    .description = "AES-128 GCM on GnuTLS",
    .test_data = &rg_vector_aes_gcm_128,
    .id = SRTP_AES_GCM_128,
};

static const srtp_cipher_type_t aes_gcm_256 = {
    GCM_FUNCTIONS,
    .description = "AES-256 GCM on GnuTLS",
    .test_data = &rg_vector_aes_gcm_256,
    .id = SRTP_AES_GCM_256,
};

static const srtp_auth_type_t hmac_sha1 = {
    .alloc = hmac_alloc,
    .dealloc = hmac_dealloc,
    .init = hmac_init,
    .start = hmac_start,
    .update = hmac_add,
    .compute = hmac_finish,
    .description = "HMAC-SHA1 on nettle",
    .test_data = &rg_vector_hmac_sha1,
    .id = SRTP_HMAC_SHA1,
};

srtp_err_status_t rg_crypto_install(void) {
    static const srtp_cipher_type_t *const ciphers[] = {&aes_cm_128, &aes_cm_256, &aes_gcm_128,
                                                        &aes_gcm_256};
    srtp_err_status_t status = srtp_replace_auth_type(&hmac_sha1, hmac_sha1.id);

    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0] && status == srtp_err_status_ok;
         i++) {
        status = srtp_replace_cipher_type(ciphers[i], ciphers[i]->id);
    }
    return status;
}
