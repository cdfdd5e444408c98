#include "dtls/scheme.h"

#include <stddef.h>

static const struct {
    uint16_t number;
    gnutls_sign_algorithm_t algorithm;
} schemes[] = {
    {0x0403, GNUTLS_SIGN_ECDSA_SHA256},        {0x0503, GNUTLS_SIGN_ECDSA_SHA384},
    {0x0603, GNUTLS_SIGN_ECDSA_SHA512},        {0x0401, GNUTLS_SIGN_RSA_SHA256},
    {0x0501, GNUTLS_SIGN_RSA_SHA384},          {0x0601, GNUTLS_SIGN_RSA_SHA512},
    {0x0804, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256}, {0x0805, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384},
    {0x0806, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512},
};

enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

uint16_t rg_scheme_number(gnutls_sign_algorithm_t algorithm) {
    for (size_t i = 0; i < SCHEMES; i++) {
        if (schemes[i].algorithm == algorithm) {
            return schemes[i].number;
        }
    }
    return 0;
}

gnutls_sign_algorithm_t rg_scheme_algorithm(uint16_t number) {
    for (size_t i = 0; i < SCHEMES; i++) {
        if (schemes[i].number == number) {
            return schemes[i].algorithm;
        }
    }
    return GNUTLS_SIGN_UNKNOWN;
}
