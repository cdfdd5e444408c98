#include "sim/openssl.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "sim/clock.h"

enum { QUEUE_DATAGRAMS = 64, QUEUE_BYTES = 65536, IP_AND_UDP = 28, LIFETIME = 86400 * 365 };

static EVP_PKEY *key;
static X509 *certificate;
static BIO_METHOD *method;

static void need(bool fine, const char *what) {
    if (!fine) {
        (void)fprintf(stderr, "sim: openssl: %s: %s\n", what,
                      ERR_error_string(ERR_peek_last_error(), NULL));
        abort();
    }
}

static void make_certificate(void) {
    if (certificate != NULL) {
        return;
    }
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    need(key != NULL && certificate != NULL, "certificate");
    X509_NAME *name = X509_get_subject_name(certificate);
    need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"openssl", -1,
                                    -1, 0) == 1,
         "name");
    need(X509_set_version(certificate, X509_VERSION_3) == 1, "version");
    need(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1, "serial number");
    need(X509_set_issuer_name(certificate, name) == 1, "issuer");
    need(X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != NULL, "validity");
    need(X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME) != NULL, "validity");
    need(X509_set_pubkey(certificate, key) == 1, "key");
    need(X509_sign(certificate, key, EVP_sha256()) > 0, "signature");
}

struct rg_bytes sim_openssl_certificate(void) {
    static uint8_t der[2048];
    uint8_t *end = der;
    make_certificate();
    int length = i2d_X509(certificate, NULL);
    need(length > 0 && length <= (int)sizeof(der) && i2d_X509(certificate, &end) == length, "DER");
    return (struct rg_bytes){der, (size_t)length};
}

void sim_openssl_finish(void) {
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_meth_free(method);
    certificate = NULL;
    key = NULL;
    method = NULL;
}

/* A BIO of datagrams: each write is one, each read takes one. */

static int bio_write(BIO *bio, const char *bytes, int length) {
    struct sim_openssl *openssl = BIO_get_data(bio);
    (void)rg_queue_push(&openssl->queue, (const uint8_t *)bytes, (size_t)length, 0, 0);
    return length;
}

static int bio_read(BIO *bio, char *out, int capacity) {
    struct sim_openssl *openssl = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (openssl->inbox == NULL) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t length =
        openssl->inbox_length < (size_t)capacity ? openssl->inbox_length : (size_t)capacity;
    memcpy(out, openssl->inbox, length);
    openssl->inbox = NULL;
    return (int)length;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return IP_AND_UDP;
    default:
        return 0;
    }
}

static BIO *new_bio(struct sim_openssl *openssl) {
    if (method == NULL) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sim link");
        need(method != NULL && BIO_meth_set_write(method, bio_write) == 1 &&
                 BIO_meth_set_read(method, bio_read) == 1 &&
                 BIO_meth_set_ctrl(method, bio_ctrl) == 1,
             "BIO method");
    }
    BIO *bio = BIO_new(method);
    need(bio != NULL, "BIO");
    BIO_set_data(bio, openssl);
    BIO_set_init(bio, 1);
    return bio;
}

static int accept_any_certificate(int verified, X509_STORE_CTX *store) {
    (void)verified;
    (void)store;
    return 1;
}

static SSL_CTX *new_context(const struct sim_openssl_setup *setup) {
    SSL_CTX *context = SSL_CTX_new(DTLS_method());
    need(context != NULL, "context");
    make_certificate();
    need(SSL_CTX_use_certificate(context, certificate) == 1, "certificate");
    need(SSL_CTX_use_PrivateKey(context, key) == 1, "key");
    need(SSL_CTX_set_tlsext_use_srtp(context, setup->profiles) == 0, "profiles");
    need(setup->groups == NULL || SSL_CTX_set1_groups_list(context, setup->groups) == 1, "groups");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       accept_any_certificate);
    return context;
}

void sim_openssl_init(struct sim_openssl *openssl, const struct sim_openssl_setup *setup) {
    memset(openssl, 0, sizeof(*openssl));
    sim_clock_start();
    rg_queue_init(&openssl->queue, QUEUE_DATAGRAMS, QUEUE_BYTES);
    openssl->context = new_context(setup);
    openssl->ssl = SSL_new(openssl->context);
    need(openssl->ssl != NULL, "session");
    BIO *bio = new_bio(openssl);
    SSL_set_bio(openssl->ssl, bio, bio);
    SSL_set_options(openssl->ssl, SSL_OP_NO_QUERY_MTU);
    need(SSL_set_mtu(openssl->ssl, setup->mtu != 0 ? setup->mtu : 1200) > 0, "MTU");
    if (setup->server) {
        SSL_set_accept_state(openssl->ssl);
    } else {
        SSL_set_connect_state(openssl->ssl);
    }
    openssl->started = setup->server;
}

void sim_openssl_clear(struct sim_openssl *openssl) {
    SSL_free(openssl->ssl);
    SSL_CTX_free(openssl->context);
    rg_queue_clear(&openssl->queue);
    memset(openssl, 0, sizeof(*openssl));
}

static void judge(struct sim_openssl *openssl, int status) {
    int error = SSL_get_error(openssl->ssl, status);
    if (status <= 0 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) {
        openssl->failure = ERR_get_error();
        openssl->failure = openssl->failure != 0 ? openssl->failure : (unsigned long)error;
    }
}

static void run(struct sim_openssl *openssl) {
    uint8_t data[256];
    ERR_clear_error();
    if (!openssl->done) {
        int status = SSL_do_handshake(openssl->ssl);
        openssl->done = status == 1;
        openssl->done_at = openssl->done ? sim_clock_now() : 0;
        judge(openssl, status);
    }
    while (openssl->done && openssl->failure == 0) {
        int status = SSL_read(openssl->ssl, data, sizeof(data));
        judge(openssl, status);
        if (status <= 0) {
            return;
        }
    }
}

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct sim_openssl *openssl = self;
    (void)path;
    (void)now;
    if (openssl->failure != 0 || !openssl->started) {
        return;
    }
    openssl->inbox = datagram;
    openssl->inbox_length = length;
    run(openssl);
    openssl->inbox = NULL;
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct sim_openssl *openssl = self;
    struct rg_block *block = rg_queue_pop(&openssl->queue);
    if (block == NULL) {
        return 0;
    }
    int length = block->length <= capacity ? (int)block->length : 0;
    memcpy(buffer, block->bytes, (size_t)length);
    *path = 0;
    rg_block_free(block);
    return length;
}

static uint64_t deadline(const void *self) {
    const struct sim_openssl *openssl = self;
    struct timeval left;
    if (!openssl->started || openssl->failure != 0 ||
        DTLSv1_get_timeout(openssl->ssl, &left) != 1) {
        return UINT64_MAX;
    }
    return sim_clock_now() + (uint64_t)left.tv_sec * 1000000 + (uint64_t)left.tv_usec;
}

static void expire(void *self, uint64_t now) {
    struct sim_openssl *openssl = self;
    (void)now;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(openssl->ssl) < 0) {
        judge(openssl, -1);
    }
}

struct sim_endpoint sim_openssl_endpoint(struct sim_openssl *openssl) {
    return (struct sim_endpoint){openssl, input, output, deadline, expire, "OpenSSL"};
}

void sim_openssl_start(struct sim_openssl *openssl) {
    openssl->started = true;
    run(openssl);
}

bool sim_openssl_export(struct sim_openssl *openssl, uint8_t *out, size_t length) {
    static const char label[] = "EXTRACTOR-dtls_srtp";
    return openssl->done && SSL_export_keying_material(openssl->ssl, out, length, label,
                                                       sizeof(label) - 1, NULL, 0, 0) == 1;
}

uint16_t sim_openssl_profile(struct sim_openssl *openssl) {
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(openssl->ssl);
    return profile != NULL ? (uint16_t)profile->id : 0;
}
