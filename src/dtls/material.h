/* What an identity is made of. */
#ifndef RG_DTLS_MATERIAL_H
#define RG_DTLS_MATERIAL_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <rtpgate/identity.h>

enum { RG_CHAIN_MAX = 16 };

/* A certificate chain, leaf first, and the leaf's private key; starts as all zeros. */
struct rg_material {
    gnutls_x509_crt_t chain[RG_CHAIN_MAX];
    unsigned count;
    gnutls_x509_privkey_t key;
};

void rg_material_clear(struct rg_material *material);

/* 0 or more as 0; below, RTPGATE_ERR_NOMEM when GnuTLS lacked memory, otherwise `meaning`. */
int rg_material_error(int gnutls_code, int meaning);

/*
 * Makes an identity from copies of `material`. `*out` is written only on success. Returns 0;
 * RTPGATE_ERR_MALFORMED when the key does not belong to the leaf or is of a kind that is not
 * supported; RTPGATE_ERR_NOMEM; RTPGATE_ERR_CRYPTO.
 */
int rg_identity_make(rtpgate_identity **out, struct rg_material *material);

#endif
