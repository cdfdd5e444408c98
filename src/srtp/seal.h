/* Secrets that leave the process: AES-256-GCM with a random nonce. */
#ifndef RG_SRTP_SEAL_H
#define RG_SRTP_SEAL_H

#include <stddef.h>
#include <stdint.h>

enum { RG_SEAL_KEY = 32, RG_SEAL_NONCE = 12, RG_SEAL_TAG = 16 };

/*
 * Encrypts `length` bytes at `secret` where they are, and authenticates `aad` with them. Before
 * them there is room for RG_SEAL_NONCE bytes, behind them for RG_SEAL_TAG. Returns 0 or
 * RTPGATE_ERR_CRYPTO.
 */
int rg_seal(const uint8_t *key, const uint8_t *aad, size_t aad_length, uint8_t *secret,
            size_t length);

/* Decrypts `sealed`, nonce to tag, of which `length` bytes were secret, into `secret`. Returns 0,
 * RTPGATE_ERR_AUTH or RTPGATE_ERR_CRYPTO; `secret` is zeroed then. */
int rg_unseal(const uint8_t *key, const uint8_t *aad, size_t aad_length, const uint8_t *sealed,
              uint8_t *secret, size_t length);

#endif
