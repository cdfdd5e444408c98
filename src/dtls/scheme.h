/* TLS 1.2 signature schemes: their IANA numbers and GnuTLS's names for them. */
#ifndef RG_DTLS_SCHEME_H
#define RG_DTLS_SCHEME_H

#include <gnutls/gnutls.h>
#include <stdint.h>

/* The IANA number of `algorithm`; 0 when it is none of those that we speak. */
uint16_t rg_scheme_number(gnutls_sign_algorithm_t algorithm);

/* The other way round; GNUTLS_SIGN_UNKNOWN when `number` is none of those that we speak. */
gnutls_sign_algorithm_t rg_scheme_algorithm(uint16_t number);

#endif
