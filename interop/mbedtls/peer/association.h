/* One DTLS association with Mbed TLS. */
#ifndef MBEDTLS_ASSOCIATION_H
#define MBEDTLS_ASSOCIATION_H

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/timing.h>

#include "keys.h"
#include "options.h"

enum { DATAGRAM_MAX = 4096 };

struct association {
    const struct options *options;
    bool client;
    char expected[128];
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    mbedtls_ssl_cookie_ctx cookies;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_timing_delay_context timer;
    struct secrets secrets;
    char seen[128];                       /* the other side's fingerprint */
    unsigned char datagram[DATAGRAM_MAX]; /* came, and was not read yet */
    size_t length;
    void (*send)(const unsigned char *datagram, size_t length);
};

static void format_fingerprint(const mbedtls_x509_crt *certificate, char *text) {
    unsigned char hash[32];
    must("SHA-256", mbedtls_sha256_ret(certificate->raw.p, certificate->raw.len, hash, 0));
    text += sprintf(text, "sha-256 ");
    for (size_t i = 0; i < sizeof hash; i++) {
        text += sprintf(text, i == 0 ? "%02X" : ":%02X", hash[i]);
    }
}

/* The fingerprint takes the place of a CA. */
static int verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    struct association *association = context;
    if (depth == 0) {
        format_fingerprint(certificate, association->seen);
        bool fits = association->expected[0] == '\0' ||
                    strcmp(association->expected, association->seen) == 0;
        *flags = fits ? 0 : MBEDTLS_X509_BADCERT_OTHER;
    }
    return 0;
}

static int send_datagram(void *context, const unsigned char *datagram, size_t length) {
    struct association *association = context;
    association->send(datagram, length);
    return (int)length;
}

static int receive_datagram(void *context, unsigned char *to, size_t capacity) {
    struct association *association = context;
    size_t length = association->length;
    if (length == 0 || length > capacity) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    (void)memcpy(to, association->datagram, length);
    association->length = 0;
    return (int)length;
}

static void load_identity(struct association *association) {
    const char *file = association->options->identity;
    char fingerprint[128];
    mbedtls_x509_crt_init(&association->certificate);
    mbedtls_pk_init(&association->key);
    must(file, mbedtls_x509_crt_parse_file(&association->certificate, file));
    must(file, mbedtls_pk_parse_keyfile(&association->key, file, NULL));
    format_fingerprint(&association->certificate, fingerprint);
    (void)printf("local %s\n", fingerprint);
}

static void configure(struct association *association) {
    mbedtls_ssl_config *config = &association->config;
    mbedtls_ssl_config_init(config);
    must("config", mbedtls_ssl_config_defaults(
                       config, association->client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                       MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &association->random);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(config, &association->certificate, NULL); /* it wants one */
    mbedtls_ssl_conf_verify(config, verify, association);
    mbedtls_ssl_conf_export_keys_ext_cb(config, keep_secrets, &association->secrets);
    must("identity",
         mbedtls_ssl_conf_own_cert(config, &association->certificate, &association->key));
    must("profiles",
         mbedtls_ssl_conf_dtls_srtp_protection_profiles(config, association->options->profiles));
    mbedtls_ssl_cookie_init(&association->cookies);
    must("cookies", mbedtls_ssl_cookie_setup(&association->cookies, mbedtls_ctr_drbg_random,
                                             &association->random));
    mbedtls_ssl_conf_dtls_cookies(config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check,
                                  &association->cookies);
}

/* A server forgets everything after its HelloVerifyRequest. */
static void listen_for(struct association *association) {
    if (!association->client) {
        const unsigned char id[] = "loopback";
        must("transport", mbedtls_ssl_set_client_transport_id(&association->ssl, id, sizeof id));
    }
}

static void begin(struct association *association, const struct options *options,
                  void (*send)(const unsigned char *datagram, size_t length)) {
    *association =
        (struct association){.options = options, .client = options->client, .send = send};
    copy(association->expected, sizeof association->expected, options->fingerprint);
    mbedtls_entropy_init(&association->entropy);
    mbedtls_ctr_drbg_init(&association->random);
    must("random", mbedtls_ctr_drbg_seed(&association->random, mbedtls_entropy_func,
                                         &association->entropy, NULL, 0));
    load_identity(association);
    configure(association);
    mbedtls_ssl_init(&association->ssl);
    must("setup", mbedtls_ssl_setup(&association->ssl, &association->config));
    mbedtls_ssl_set_bio(&association->ssl, association, send_datagram, receive_datagram, NULL);
    mbedtls_ssl_set_timer_cb(&association->ssl, &association->timer, mbedtls_timing_set_delay,
                             mbedtls_timing_get_delay);
    listen_for(association);
}

static bool is_ready(const struct association *association) {
    return association->ssl.state == MBEDTLS_SSL_HANDSHAKE_OVER;
}

/* Returns 0 when the handshake is over, MBEDTLS_ERR_SSL_WANT_READ while it is not. */
static int shake_hands(struct association *association) {
    int result = mbedtls_ssl_handshake(&association->ssl);
    if (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
        must("reset", mbedtls_ssl_session_reset(&association->ssl));
        listen_for(association);
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    return result == MBEDTLS_ERR_SSL_WANT_WRITE ? MBEDTLS_ERR_SSL_WANT_READ : result;
}

static void end(struct association *association) {
    mbedtls_ssl_free(&association->ssl);
    mbedtls_ssl_config_free(&association->config);
    mbedtls_ssl_cookie_free(&association->cookies);
    mbedtls_pk_free(&association->key);
    mbedtls_x509_crt_free(&association->certificate);
    mbedtls_ctr_drbg_free(&association->random);
    mbedtls_entropy_free(&association->entropy);
}

#endif
