#include "dtls/proof.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <limits.h>

#include "dtls/scheme.h"

/* GnuTLS takes data that it only reads through a pointer that is not const. */
static gnutls_datum_t datum_of(struct rg_bytes bytes) {
    return (gnutls_datum_t){(unsigned char *)bytes.at, (unsigned)bytes.length};
}

static bool too_long(struct rg_bytes bytes) {
    return bytes.length > UINT_MAX;
}

static bool key_verifies(gnutls_pubkey_t key, gnutls_sign_algorithm_t algorithm,
                         struct rg_bytes data, struct rg_bytes signature) {
    gnutls_datum_t covered = datum_of(data);
    gnutls_datum_t proof = datum_of(signature);

    /* GnuTLS takes rsa_pss_rsae for an RSA-PSS key, too, for which it is not (RFC 8446 4.2.3). */
    return gnutls_pubkey_get_pk_algorithm(key, NULL) != GNUTLS_PK_RSA_PSS &&
           gnutls_pubkey_verify_data2(key, algorithm, 0, &covered, &proof) >= 0;
}

bool rg_proof_holds(struct rg_bytes leaf, uint16_t scheme, struct rg_bytes data,
                    struct rg_bytes signature) {
    gnutls_sign_algorithm_t algorithm = rg_scheme_algorithm(scheme);
    gnutls_datum_t certificate = datum_of(leaf);
    gnutls_pubkey_t key;
    bool holds;

    if (algorithm == GNUTLS_SIGN_UNKNOWN) {
        return false;
    }
    if (too_long(leaf) || too_long(data) || too_long(signature)) {
        return false;
    }
    if (gnutls_pubkey_init(&key) < 0) {
        return false;
    }
    holds = gnutls_pubkey_import_x509_raw(key, &certificate, GNUTLS_X509_FMT_DER, 0) >= 0 &&
            key_verifies(key, algorithm, data, signature);
    gnutls_pubkey_deinit(key);
    return holds;
}
