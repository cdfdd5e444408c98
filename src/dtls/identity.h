/* What the rest of dtls/ needs of an identity. */
#ifndef RG_DTLS_IDENTITY_H
#define RG_DTLS_IDENTITY_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdint.h>

#include <rtpgate/identity.h>

#include "base/bytes.h"

enum rg_key_kind { RG_KEY_ECDSA_P256, RG_KEY_ECDSA_P384, RG_KEY_RSA };

struct rtpgate_identity {
    atomic_uint references;
    gnutls_certificate_credentials_t credentials; /* certificate chain and key, read-only */
    enum rg_key_kind kind;
    uint64_t not_after;
    uint8_t *leaf; /* DER */
    size_t leaf_length;
};

/* The fingerprint of a DER certificate. Returns 0, RTPGATE_ERR_INVAL for an unknown hash,
 * RTPGATE_ERR_CRYPTO. */
int rg_certificate_fingerprint(struct rg_bytes der, enum rtpgate_hash hash,
                               struct rtpgate_fingerprint *out);

#endif
