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
    return gnutls_pubkey_verify_data2(key, algorithm, 0, &covered, &proof) >= 0;
}

static bool rsa_is_acceptable(gnutls_pubkey_t key, unsigned bits) {
    enum { EXPONENT_MAX = 4, BITS_MIN = 2048, BITS_MAX = 8192 };
    gnutls_datum_t modulus;
    gnutls_datum_t exponent;
    if (bits < BITS_MIN || bits > BITS_MAX ||
        gnutls_pubkey_export_rsa_raw(key, &modulus, &exponent) < 0) {
        return false;
    }
    unsigned sign = exponent.size > 0 && exponent.data[0] == 0 ? 1 : 0;
    bool small = exponent.size - sign <= EXPONENT_MAX;
    gnutls_free(modulus.data);
    gnutls_free(exponent.data);
    return small;
}

/* RSA-PSS keys, which GnuTLS would take for rsa_pss_rsae, too, have no scheme in DTLS 1.2 (RFC
 * 8446 4.2.3). */
static bool key_is_acceptable(gnutls_pubkey_t key) {
    unsigned bits = 0;
    int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);
    if (algorithm == GNUTLS_PK_RSA) {
        return rsa_is_acceptable(key, bits);
    }
    return algorithm == GNUTLS_PK_ECDSA;
}

/* Lends the leaf's key to `use`; false when there is none. */
static bool with_key(struct rg_bytes leaf, bool (*use)(gnutls_pubkey_t key, const void *context),
                     const void *context) {
    gnutls_datum_t certificate = datum_of(leaf);
    gnutls_pubkey_t key;
    if (too_long(leaf) || gnutls_pubkey_init(&key) < 0) {
        return false;
    }
    bool good = gnutls_pubkey_import_x509_raw(key, &certificate, GNUTLS_X509_FMT_DER, 0) >= 0 &&
                key_is_acceptable(key) && use(key, context);
    gnutls_pubkey_deinit(key);
    return good;
}

struct claim {
    gnutls_sign_algorithm_t algorithm;
    struct rg_bytes data;
    struct rg_bytes signature;
};

static bool verify_claim(gnutls_pubkey_t key, const void *context) {
    const struct claim *claim = context;
    return key_verifies(key, claim->algorithm, claim->data, claim->signature);
}

static bool no_question(gnutls_pubkey_t key, const void *context) {
    (void)key;
    (void)context;
    return true;
}

bool rg_proof_key_is_acceptable(struct rg_bytes leaf, uint16_t scheme) {
    gnutls_sign_algorithm_t algorithm = rg_scheme_algorithm(scheme);
    return gnutls_sign_supports_pk_algorithm(algorithm, GNUTLS_PK_ECDSA) != 0 ||
           with_key(leaf, no_question, NULL);
}

bool rg_proof_holds(struct rg_bytes leaf, uint16_t scheme, struct rg_bytes data,
                    struct rg_bytes signature) {
    const struct claim claim = {rg_scheme_algorithm(scheme), data, signature};
    if (claim.algorithm == GNUTLS_SIGN_UNKNOWN || too_long(data) || too_long(signature)) {
        return false;
    }
    return with_key(leaf, verify_claim, &claim);
}
