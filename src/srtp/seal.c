#include "srtp/seal.h"

#include <string.h>

#include <gnutls/crypto.h>

#include <rtpgate/error.h>

#include "base/secure.h"

static int start(gnutls_aead_cipher_hd_t *aead, const uint8_t *key) {
    uint8_t copy[RG_SEAL_KEY];
    gnutls_datum_t secret = {copy, sizeof copy};
    int code;

    memcpy(copy, key, sizeof copy);
    code = gnutls_aead_cipher_init(aead, GNUTLS_CIPHER_AES_256_GCM, &secret);
    rg_zero(copy, sizeof copy);
    return code < 0 ? RTPGATE_ERR_CRYPTO : 0;
}

int rg_seal(const uint8_t *key, const uint8_t *aad, size_t aad_length, uint8_t *secret,
            size_t length) {
    uint8_t *nonce = secret - RG_SEAL_NONCE;
    size_t sealed = length + RG_SEAL_TAG;
    gnutls_aead_cipher_hd_t aead;
    int code;

    if (gnutls_rnd(GNUTLS_RND_RANDOM, nonce, RG_SEAL_NONCE) < 0 || start(&aead, key) < 0) {
        return RTPGATE_ERR_CRYPTO;
    }
    code = gnutls_aead_cipher_encrypt(aead, nonce, RG_SEAL_NONCE, aad, aad_length, RG_SEAL_TAG,
                                      secret, length, secret, &sealed);
    gnutls_aead_cipher_deinit(aead);
    return code < 0 || sealed != length + RG_SEAL_TAG ? RTPGATE_ERR_CRYPTO : 0;
}

int rg_unseal(const uint8_t *key, const uint8_t *aad, size_t aad_length, const uint8_t *sealed,
              uint8_t *secret, size_t length) {
    size_t opened = length;
    gnutls_aead_cipher_hd_t aead;
    int code;

    if (start(&aead, key) < 0) {
        return RTPGATE_ERR_CRYPTO;
    }
    code =
        gnutls_aead_cipher_decrypt(aead, sealed, RG_SEAL_NONCE, aad, aad_length, RG_SEAL_TAG,
                                   sealed + RG_SEAL_NONCE, length + RG_SEAL_TAG, secret, &opened);
    gnutls_aead_cipher_deinit(aead);
    if (code < 0 || opened != length) {
        rg_zero(secret, length);
        return RTPGATE_ERR_AUTH;
    }
    return 0;
}
