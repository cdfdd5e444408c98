#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <rtpgate/error.h>
#include <rtpgate/identity.h>
#include <stdbool.h>

#include "dtls/material.h"

/* Both are PEM, or both DER. */
struct source {
    gnutls_datum_t certificate;
    gnutls_datum_t key;
    const char *password;
    gnutls_x509_crt_fmt_t format;
};

/* A chain that no peer of ours takes in one Certificate message is of no use. */
static bool fits_a_message(const struct rg_material *material, unsigned count) {
    enum { CHAIN_MAX = 12000 };
    size_t total = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t length = 0;
        (void)gnutls_x509_crt_export(material->chain[i], GNUTLS_X509_FMT_DER, NULL, &length);
        total += length;
    }
    return total <= CHAIN_MAX;
}

static int read_chain(struct rg_material *material, const struct source *source) {
    unsigned count = RG_CHAIN_MAX;
    int code =
        gnutls_x509_crt_list_import(material->chain, &count, &source->certificate, source->format,
                                    GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);

    if (code < 0) {
        return rg_material_error(code, RTPGATE_ERR_MALFORMED);
    }
    material->count = count;
    return count == 0 || !fits_a_message(material, count) ? RTPGATE_ERR_MALFORMED : 0;
}

static int try_key(struct rg_material *material, const struct source *source,
                   const char *password) {
    int code = gnutls_x509_privkey_init(&material->key);

    if (code >= 0) {
        code =
            gnutls_x509_privkey_import2(material->key, &source->key, source->format, password, 0);
    }
    return code;
}

static int read_key(struct rg_material *material, const struct source *source) {
    int code = try_key(material, source, source->password);

    if (code < 0 && source->password != NULL) {
        /* A password that is not needed does no harm in PEM; GnuTLS refuses it in DER. */
        gnutls_x509_privkey_deinit(material->key);
        material->key = NULL;
        code = try_key(material, source, NULL);
    }
    return rg_material_error(code, RTPGATE_ERR_MALFORMED);
}

static int import(rtpgate_identity **out, const struct source *source) {
    struct rg_material material = {.count = 0};
    int code = read_chain(&material, source);

    if (code >= 0) {
        code = read_key(&material, source);
    }
    if (code >= 0) {
        code = rg_identity_make(out, &material);
    }
    rg_material_clear(&material);
    return code;
}

/* GnuTLS takes bytes that it only reads through a pointer that is not const. */
static gnutls_datum_t datum(const void *bytes, size_t length) {
    return (gnutls_datum_t){(unsigned char *)bytes, (unsigned)length};
}

static int import_as(gnutls_x509_crt_fmt_t format, rtpgate_identity **out, const void *certificate,
                     size_t certificate_length, const void *key, size_t key_length,
                     const char *password) {
    struct source source = {.password = password, .format = format};

    if (out == NULL || certificate == NULL || key == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    if (certificate_length > UINT_MAX || key_length > UINT_MAX) {
        return RTPGATE_ERR_MALFORMED;
    }
    source.certificate = datum(certificate, certificate_length);
    source.key = datum(key, key_length);
    return import(out, &source);
}

int rtpgate_identity_import_pem(rtpgate_identity **out, const void *certificate,
                                size_t certificate_length, const void *key, size_t key_length,
                                const char *password) {
    return import_as(GNUTLS_X509_FMT_PEM, out, certificate, certificate_length, key, key_length,
                     password);
}

int rtpgate_identity_import_der(rtpgate_identity **out, const void *certificate,
                                size_t certificate_length, const void *key, size_t key_length,
                                const char *password) {
    return import_as(GNUTLS_X509_FMT_DER, out, certificate, certificate_length, key, key_length,
                     password);
}
