/* The keys of an association with Mbed TLS, and libsrtp with them. */
#ifndef MBEDTLS_KEYS_H
#define MBEDTLS_KEYS_H

#include <string.h>

#include <mbedtls/ssl.h>
#include <srtp2/srtp.h>

#include "options.h"

enum { KEY = 16, SALT = 14, MATERIAL = 2 * (KEY + SALT), MASTER_SECRET = 48, RANDOM = 32 };

/* What the exporter needs (RFC 5705 4). */
struct secrets {
    unsigned char master[MASTER_SECRET];
    unsigned char randoms[2 * RANDOM]; /* the client's, the server's */
    mbedtls_tls_prf_types prf;
};

struct contexts {
    srtp_t inbound;
    srtp_t outbound;
};

static int keep_secrets(void *out, const unsigned char *master, const unsigned char *block,
                        size_t mac, size_t key, size_t iv, const unsigned char client[RANDOM],
                        const unsigned char server[RANDOM], mbedtls_tls_prf_types prf) {
    struct secrets *secrets = out;
    (void)block, (void)mac, (void)key, (void)iv;
    (void)memcpy(secrets->master, master, MASTER_SECRET);
    (void)memcpy(secrets->randoms, client, RANDOM);
    (void)memcpy(secrets->randoms + RANDOM, server, RANDOM);
    secrets->prf = prf;
    return 0;
}

static void export_material(const struct secrets *secrets, unsigned char *material) {
    must("the exporter",
         mbedtls_ssl_tls_prf(secrets->prf, secrets->master, MASTER_SECRET, "EXTRACTOR-dtls_srtp",
                             secrets->randoms, sizeof secrets->randoms, material, MATERIAL));
}

/* In `material` the keys come first, the client's before the server's, then the salts. */
static srtp_t make_context(const unsigned char *material, bool of_client, bool inbound,
                           mbedtls_ssl_srtp_profile profile) {
    unsigned char master[KEY + SALT];
    srtp_policy_t policy = {0};
    srtp_t context = NULL;
    (void)memcpy(master, material + (of_client ? 0 : KEY), KEY);
    (void)memcpy(master + KEY, material + 2 * KEY + (of_client ? 0 : SALT), SALT);
    srtp_crypto_policy_set_rtp_default(&policy.rtcp);
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    if (profile == MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_32) {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
    }
    policy.ssrc.type = inbound ? ssrc_any_inbound : ssrc_any_outbound;
    policy.key = master;
    policy.window_size = 1024;
    if (srtp_create(&context, &policy) != srtp_err_status_ok) {
        die("libsrtp", "no context");
    }
    return context;
}

static struct contexts make_contexts(const unsigned char *material, bool client,
                                     mbedtls_ssl_srtp_profile profile) {
    return (struct contexts){.inbound = make_context(material, !client, true, profile),
                             .outbound = make_context(material, client, false, profile)};
}

#endif
