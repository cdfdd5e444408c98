/* Keying material exporters of TLS 1.2 (RFC 5705 4, RFC 5246 5). */
#ifndef RG_DTLS_EXPORTER_H
#define RG_DTLS_EXPORTER_H

#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/hello.h"

enum { RG_MASTER_SECRET = 48 };

struct rg_exporter {
    gnutls_mac_algorithm_t mac; /* of the cipher suite's PRF */
    uint8_t master_secret[RG_MASTER_SECRET];
    uint8_t client_random[RG_RANDOM];
    uint8_t server_random[RG_RANDOM];
};

/* context: NULL for none. Fills `length` bytes at `out`. Returns 0, or RTPGATE_ERR_CRYPTO, also for
 * a context above 65535 bytes. */
int rg_exporter_export(const struct rg_exporter *exporter, const char *label,
                       const uint8_t *context, size_t context_length, uint8_t *out, size_t length);

#endif
