#include <stdbool.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "srtp/ciphers.h"
#include "srtp/vectors.h"

enum {
    KEY_128 = 16,
    KEY_256 = 32,
    SALT = 12,
    IV = 12,
    TAG = 16,
    SHORT_TAG = 8,
    USUAL_AAD = 64, /* few headers in real use are longer */
};

/* AES-GCM, on GnuTLS, whose handle takes 750 bytes: it is made when the first packet comes. Of the
 * four ciphers of an association those that have none cost little then. */
struct gcm {
    srtp_cipher_t cipher;
    gnutls_aead_cipher_hd_t handle; /* NULL: not made yet */
    uint8_t key[KEY_256];           /* until then */
    uint8_t iv[IV];
    uint8_t tag[TAG];
    uint8_t tag_length;
    size_t aad_length;
    size_t aad_room;
    uint8_t *aad; /* usual_aad, or on the heap */
    uint8_t usual_aad[USUAL_AAD];
};

static srtp_err_status_t allocate(srtp_cipher_t **out, int key_length, int tag_length) {
    bool small = key_length == KEY_128 + SALT;
    struct gcm *gcm;

    if ((!small && key_length != KEY_256 + SALT) ||
        (tag_length != TAG && tag_length != SHORT_TAG)) {
        return srtp_err_status_bad_param;
    }
    gcm = rg_alloc(sizeof *gcm);
    if (gcm == NULL) {
        return srtp_err_status_alloc_fail;
    }
    gcm->tag_length = (uint8_t)tag_length;
    gcm->aad = gcm->usual_aad;
    gcm->aad_room = USUAL_AAD;
    gcm->cipher.type = small ? &rg_aes_gcm_128 : &rg_aes_gcm_256;
    gcm->cipher.algorithm = small ? SRTP_AES_GCM_128 : SRTP_AES_GCM_256;
    gcm->cipher.key_len = key_length;
    gcm->cipher.state = gcm;
    *out = &gcm->cipher;
    return srtp_err_status_ok;
}

static void forget_handle(struct gcm *gcm) {
    if (gcm->handle != NULL) {
        gnutls_aead_cipher_deinit(gcm->handle);
        gcm->handle = NULL;
    }
}

static srtp_err_status_t deallocate(srtp_cipher_t *cipher) {
    struct gcm *gcm = cipher->state;

    forget_handle(gcm);
    if (gcm->aad != gcm->usual_aad) {
        rg_free(gcm->aad);
    }
    rg_free_secret(gcm, sizeof *gcm);
    return srtp_err_status_ok;
}

static srtp_err_status_t init(void *state, const uint8_t *key) {
    struct gcm *gcm = state;

    forget_handle(gcm);
    memcpy(gcm->key, key, (size_t)gcm->cipher.key_len - SALT);
    return srtp_err_status_ok;
}

static bool make_handle(struct gcm *gcm) {
    gnutls_datum_t key = {gcm->key, (unsigned)gcm->cipher.key_len - SALT};

    if (gnutls_aead_cipher_init(&gcm->handle,
                                key.size == KEY_128 ? GNUTLS_CIPHER_AES_128_GCM
                                                    : GNUTLS_CIPHER_AES_256_GCM,
                                &key) < 0) {
        gcm->handle = NULL;
        return false;
    }
    rg_zero(gcm->key, sizeof gcm->key);
    return true;
}

static srtp_err_status_t set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction) {
    struct gcm *gcm = state;

    (void)direction;
    memcpy(gcm->iv, iv, IV);
    gcm->aad_length = 0; /* also what a packet left that was given up */
    return srtp_err_status_ok;
}

static bool reserve_aad(struct gcm *gcm, size_t room) {
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
static srtp_err_status_t add_aad(void *state, const uint8_t *aad, uint32_t length) {
    struct gcm *gcm = state;

    if (!reserve_aad(gcm, gcm->aad_length + length)) {
        return srtp_err_status_alloc_fail;
    }
    memcpy(gcm->aad + gcm->aad_length, aad, length);
    gcm->aad_length += length;
    return srtp_err_status_ok;
}

/* Lengths that the compiler knows make this a few moves. */
static void copy_tag(const struct gcm *gcm, uint8_t *to, const uint8_t *from) {
    if (gcm->tag_length == TAG) {
        memcpy(to, from, TAG);
    } else {
        memcpy(to, from, SHORT_TAG);
    }
}

/*
 * The tag lands behind the data, where libsrtp's caller has room for it, and where get_tag will put
 * it again: GnuTLS encrypts and hashes in one pass only when both are together. There is no data in
 * SRTCP that is not encrypted.
 */
static srtp_err_status_t encrypt(void *state, uint8_t *data, unsigned *length) {
    struct gcm *gcm = state;
    uint8_t *out = data != NULL ? data : gcm->tag;
    size_t sealed = *length + gcm->tag_length;

    if (data == NULL && *length > 0) {
        return srtp_err_status_bad_param;
    }
    if ((gcm->handle == NULL && !make_handle(gcm)) ||
        gnutls_aead_cipher_encrypt(gcm->handle, gcm->iv, IV, gcm->aad, gcm->aad_length,
                                   gcm->tag_length, out, *length, out, &sealed) < 0) {
        return srtp_err_status_cipher_fail;
    }
    *length = (unsigned)(sealed - gcm->tag_length);
    if (data != NULL) {
        copy_tag(gcm, gcm->tag, data + *length);
    }
    return srtp_err_status_ok;
}

static srtp_err_status_t get_tag(void *state, uint8_t *tag, uint32_t *length) {
    struct gcm *gcm = state;

    copy_tag(gcm, tag, gcm->tag);
    *length = gcm->tag_length;
    return srtp_err_status_ok;
}

static srtp_err_status_t decrypt(void *state, uint8_t *data, unsigned *length) {
    struct gcm *gcm = state;
    size_t opened = *length;

    if (gcm->handle == NULL && !make_handle(gcm)) {
        return srtp_err_status_cipher_fail;
    }
    if (gnutls_aead_cipher_decrypt(gcm->handle, gcm->iv, IV, gcm->aad, gcm->aad_length,
                                   gcm->tag_length, data, *length, data, &opened) < 0) {
        return srtp_err_status_auth_fail;
    }
    *length = (unsigned)opened;
    return srtp_err_status_ok;
}

#define FUNCTIONS                                                                                  \
    .alloc = allocate, .dealloc = deallocate, .init = init, .set_iv = set_iv, .set_aad = add_aad,  \
    .encrypt = encrypt, .decrypt = decrypt, .get_tag = get_tag

const srtp_cipher_type_t rg_aes_gcm_128 = {
    FUNCTIONS,
    .description = "AES-128 GCM on GnuTLS",
    .test_data = &rg_vector_aes_gcm_128,
    .id = SRTP_AES_GCM_128,
};

const srtp_cipher_type_t rg_aes_gcm_256 = {
    FUNCTIONS,
    .description = "AES-256 GCM on GnuTLS",
    .test_data = &rg_vector_aes_gcm_256,
    .id = SRTP_AES_GCM_256,
};
