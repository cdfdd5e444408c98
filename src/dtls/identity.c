#include "dtls/identity.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <rtpgate/error.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "dtls/material.h"

/* From here on GnuTLS writes 9999-12-31 23:59:59, whatever it was asked for. */
#define END_OF_TIME UINT64_C(253402210800)

enum { SERIAL = 16, RSA_MIN_BITS = 2048 };

int rg_material_error(int gnutls_code, int meaning) {
    if (gnutls_code >= 0) {
        return 0;
    }
    return gnutls_code == GNUTLS_E_MEMORY_ERROR ? RTPGATE_ERR_NOMEM : meaning;
}

void rg_material_clear(struct rg_material *material) {
    for (unsigned i = 0; i < material->count; i++) {
        gnutls_x509_crt_deinit(material->chain[i]);
    }
    if (material->key != NULL) {
        gnutls_x509_privkey_deinit(material->key);
    }
}

static int ecdsa_kind(gnutls_x509_crt_t leaf, enum rg_key_kind *kind) {
    gnutls_ecc_curve_t curve;
    int code = gnutls_x509_crt_get_pk_ecc_raw(leaf, &curve, NULL, NULL);

    if (code < 0) {
        return rg_material_error(code, RTPGATE_ERR_MALFORMED);
    }
    if (curve != GNUTLS_ECC_CURVE_SECP256R1 && curve != GNUTLS_ECC_CURVE_SECP384R1) {
        return RTPGATE_ERR_MALFORMED;
    }
    *kind = curve == GNUTLS_ECC_CURVE_SECP256R1 ? RG_KEY_ECDSA_P256 : RG_KEY_ECDSA_P384;
    return 0;
}

static int kind_of(gnutls_x509_crt_t leaf, enum rg_key_kind *kind) {
    unsigned bits = 0;
    int algorithm = gnutls_x509_crt_get_pk_algorithm(leaf, &bits);

    if (algorithm == GNUTLS_PK_ECDSA) {
        return ecdsa_kind(leaf, kind);
    }
    if (algorithm != GNUTLS_PK_RSA || bits < RSA_MIN_BITS) {
        return RTPGATE_ERR_MALFORMED;
    }
    *kind = RG_KEY_RSA;
    return 0;
}

/* GnuTLS does not serve, nor accept, a certificate that says that its key does not sign. */
static int check_usage(gnutls_x509_crt_t leaf) {
    unsigned usage = 0;
    int code = gnutls_x509_crt_get_key_usage(leaf, &usage, NULL);

    if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
        return 0;
    }
    if (code >= 0 && (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0) {
        return RTPGATE_ERR_MALFORMED;
    }
    return rg_material_error(code, RTPGATE_ERR_MALFORMED);
}

static int copy_leaf(rtpgate_identity *identity, gnutls_x509_crt_t leaf) {
    gnutls_datum_t der;
    int code = gnutls_x509_crt_export2(leaf, GNUTLS_X509_FMT_DER, &der);

    if (code < 0) {
        return rg_material_error(code, RTPGATE_ERR_CRYPTO);
    }
    identity->leaf = rg_alloc(der.size);
    if (identity->leaf != NULL) {
        memcpy(identity->leaf, der.data, der.size);
        identity->leaf_length = der.size;
    }
    gnutls_free(der.data);
    return identity->leaf == NULL ? RTPGATE_ERR_NOMEM : 0;
}

/* GnuTLS 3.7.9 takes some keys that it cannot copy, and loses memory where credentials need one. */
static int check_copy(gnutls_x509_privkey_t key) {
    gnutls_x509_privkey_t copy;
    int code = gnutls_x509_privkey_init(&copy);

    if (code >= 0) {
        code = gnutls_x509_privkey_cpy(copy, key);
        gnutls_x509_privkey_deinit(copy);
    }
    return rg_material_error(code, RTPGATE_ERR_MALFORMED);
}

static int fill_credentials(rtpgate_identity *identity, struct rg_material *material) {
    int code = check_copy(material->key);

    if (code < 0) {
        return code;
    }
    code = gnutls_certificate_allocate_credentials(&identity->credentials);
    if (code < 0) {
        return rg_material_error(code, RTPGATE_ERR_CRYPTO);
    }
    /* This refuses a key that does not belong to the leaf. */
    code = gnutls_certificate_set_x509_key(identity->credentials, material->chain,
                                           (int)material->count, material->key);
    return rg_material_error(code, RTPGATE_ERR_MALFORMED);
}

static int fill(rtpgate_identity *identity, struct rg_material *material) {
    gnutls_x509_crt_t leaf = material->chain[0];
    time_t end = gnutls_x509_crt_get_expiration_time(leaf);
    int code = kind_of(leaf, &identity->kind);

    identity->not_after = end < 0 ? 0 : (uint64_t)end;
    if (code >= 0) {
        code = check_usage(leaf);
    }
    if (code >= 0) {
        code = copy_leaf(identity, leaf);
    }
    if (code >= 0) {
        code = fill_credentials(identity, material);
    }
    return code;
}

int rg_identity_make(rtpgate_identity **out, struct rg_material *material) {
    rtpgate_identity *identity = rg_alloc(sizeof *identity);
    int code;

    if (identity == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    atomic_init(&identity->references, 1);
    code = fill(identity, material);
    if (code < 0) {
        rtpgate_identity_free(identity);
    } else {
        *out = identity;
    }
    return code;
}

static int set_validity(gnutls_x509_crt_t leaf, uint64_t not_before, uint64_t not_after) {
    int code = gnutls_x509_crt_set_activation_time(leaf, (time_t)not_before);

    if (code >= 0) {
        code = gnutls_x509_crt_set_expiration_time(leaf, (time_t)not_after);
    }
    return code;
}

static int set_serial(gnutls_x509_crt_t leaf) {
    uint8_t serial[SERIAL];
    int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

    if (code < 0) {
        return code;
    }
    /* Positive, never zero, and always of the same length (RFC 5280 4.1.2.2). */
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
    return gnutls_x509_crt_set_serial(leaf, serial, sizeof serial);
}

static int set_subject(gnutls_x509_crt_t leaf) {
    /* The name that browsers use: it tells nothing, not even which program this is. */
    static const char name[] = "WebRTC";

    return gnutls_x509_crt_set_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                         sizeof name - 1);
}

/* Signing makes the subject the issuer, too, as `leaf` is both. */
static int build_leaf(struct rg_material *material, uint64_t not_before, uint64_t not_after) {
    gnutls_x509_crt_t leaf = material->chain[0];
    int code = gnutls_x509_crt_set_version(leaf, 3);

    if (code >= 0) {
        code = set_validity(leaf, not_before, not_after);
    }
    if (code >= 0) {
        code = set_serial(leaf);
    }
    if (code >= 0) {
        code = set_subject(leaf);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_key(leaf, material->key);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_sign2(leaf, leaf, material->key, GNUTLS_DIG_SHA256, 0);
    }
    return code;
}

static int generate(struct rg_material *material, uint64_t not_before, uint64_t not_after) {
    int code = gnutls_x509_privkey_init(&material->key);

    if (code >= 0) {
        code = gnutls_x509_privkey_generate(material->key, GNUTLS_PK_ECDSA,
                                            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_init(&material->chain[0]);
    }
    if (code < 0) {
        return code;
    }
    material->count = 1;
    return build_leaf(material, not_before, not_after);
}

/* Where time_t has 32 bits it ends earlier than certificates do. */
static bool dates_valid(uint64_t not_before, uint64_t not_after) {
    return not_before < not_after && not_after < END_OF_TIME &&
           (uint64_t)(time_t)not_after == not_after;
}

int rtpgate_identity_generate(rtpgate_identity **out, uint64_t not_before, uint64_t not_after) {
    struct rg_material material = {.count = 0};
    int code;

    if (out == NULL || !dates_valid(not_before, not_after)) {
        return RTPGATE_ERR_INVAL;
    }
    code = rg_material_error(generate(&material, not_before, not_after), RTPGATE_ERR_CRYPTO);
    if (code >= 0) {
        code = rg_identity_make(out, &material);
    }
    rg_material_clear(&material);
    return code;
}

rtpgate_identity *rtpgate_identity_ref(rtpgate_identity *identity) {
    if (identity != NULL) {
        atomic_fetch_add_explicit(&identity->references, 1, memory_order_relaxed);
    }
    return identity;
}

void rtpgate_identity_free(rtpgate_identity *identity) {
    if (identity == NULL ||
        atomic_fetch_sub_explicit(&identity->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (identity->credentials != NULL) {
        gnutls_certificate_free_credentials(identity->credentials);
    }
    rg_free(identity->leaf);
    rg_free(identity);
}

static gnutls_digest_algorithm_t digest_of(enum rtpgate_hash hash) {
    switch (hash) {
    case RTPGATE_HASH_SHA256:
        return GNUTLS_DIG_SHA256;
    case RTPGATE_HASH_SHA384:
        return GNUTLS_DIG_SHA384;
    case RTPGATE_HASH_SHA512:
        return GNUTLS_DIG_SHA512;
    default:
        return GNUTLS_DIG_UNKNOWN;
    }
}

int rg_certificate_fingerprint(struct rg_bytes der, enum rtpgate_hash hash,
                               struct rtpgate_fingerprint *out) {
    struct rtpgate_fingerprint made = {.hash = hash};
    gnutls_digest_algorithm_t digest = digest_of(hash);

    if (digest == GNUTLS_DIG_UNKNOWN) {
        return RTPGATE_ERR_INVAL;
    }
    made.length = gnutls_hash_get_len(digest);
    if (gnutls_hash_fast(digest, der.at, der.length, made.bytes) < 0) {
        return RTPGATE_ERR_CRYPTO;
    }
    *out = made;
    return 0;
}

int rtpgate_identity_fingerprint(const rtpgate_identity *identity, enum rtpgate_hash hash,
                                 struct rtpgate_fingerprint *out) {
    if (identity == NULL || out == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    return rg_certificate_fingerprint((struct rg_bytes){identity->leaf, identity->leaf_length},
                                      hash, out);
}

const uint8_t *rtpgate_identity_certificate(const rtpgate_identity *identity, size_t *length) {
    if (length != NULL) {
        *length = identity == NULL ? 0 : identity->leaf_length;
    }
    return identity == NULL ? NULL : identity->leaf;
}

uint64_t rtpgate_identity_not_after(const rtpgate_identity *identity) {
    return identity == NULL ? 0 : identity->not_after;
}
