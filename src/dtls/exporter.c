#include "dtls/exporter.h"

#include <gnutls/crypto.h>
#include <rtpgate/error.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secure.h"

enum { DIGEST_MAX = 48, SEED_PARTS = 3, RANDOMS = 2 * RG_RANDOM };

static int add_seed(gnutls_hmac_hd_t hmac, const struct rg_bytes *seed) {
    int status = 0;
    for (size_t i = 0; i < SEED_PARTS && status == 0; i++) {
        status = seed[i].length == 0 ? 0 : gnutls_hmac(hmac, seed[i].at, seed[i].length);
    }
    return status;
}

/* P_hash (RFC 5246 5); `a` is its A(i). */
static int expand(gnutls_hmac_hd_t hmac, size_t digest, const struct rg_bytes *seed, uint8_t *out,
                  size_t length) {
    uint8_t a[DIGEST_MAX];
    uint8_t block[DIGEST_MAX];
    int status = add_seed(hmac, seed);

    gnutls_hmac_output(hmac, a);
    for (size_t done = 0; done < length && status == 0; done += digest) {
        size_t rest = length - done;
        status = gnutls_hmac(hmac, a, digest);
        status = status == 0 ? add_seed(hmac, seed) : status;
        gnutls_hmac_output(hmac, block);
        memcpy(out + done, block, rest < digest ? rest : digest);
        status = status == 0 ? gnutls_hmac(hmac, a, digest) : status;
        gnutls_hmac_output(hmac, a);
    }
    rg_zero(a, sizeof(a));
    rg_zero(block, sizeof(block));
    return status;
}

int rg_exporter_export(const struct rg_exporter *exporter, const char *label,
                       const uint8_t *context, size_t context_length, uint8_t *out, size_t length) {
    uint8_t randoms_and_length[RANDOMS + 2];
    gnutls_hmac_hd_t hmac;
    size_t digest = gnutls_hmac_get_len(exporter->mac);

    if (context_length > UINT16_MAX || digest == 0 || digest > DIGEST_MAX ||
        gnutls_hmac_init(&hmac, exporter->mac, exporter->master_secret,
                         sizeof(exporter->master_secret)) != 0) {
        return RTPGATE_ERR_CRYPTO;
    }
    memcpy(randoms_and_length, exporter->client_random, RG_RANDOM);
    memcpy(&randoms_and_length[RG_RANDOM], exporter->server_random, RG_RANDOM);
    rg_put_u16(&randoms_and_length[RANDOMS], (uint16_t)context_length);
    const struct rg_bytes seed[SEED_PARTS] = {
        {(const uint8_t *)label, strlen(label)},
        {randoms_and_length, RANDOMS + (context == NULL ? 0 : 2)},
        {context, context_length},
    };
    int status = expand(hmac, digest, seed, out, length);
    gnutls_hmac_deinit(hmac, NULL);
    return status == 0 ? 0 : RTPGATE_ERR_CRYPTO;
}
