#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairs.h"
#include "wire.h"

static SSL_CTX *contexts[2];
static uint8_t fingerprints[2][PAIR_FINGERPRINT];
static BIO_METHOD *method;

static void need(bool good, const char *what) {
    if (!good) {
        (void)fprintf(stderr, "handshake: OpenSSL: %s\n", what);
        ERR_print_errors_fp(stderr);
        abort();
    }
}

static int bio_write(BIO *bio, const char *bytes, int length) {
    const size_t *self = BIO_get_data(bio);
    wire_put(&wires[1 - *self], bytes, (size_t)length);
    return length;
}

static int bio_read(BIO *bio, char *out, int capacity) {
    const size_t *self = BIO_get_data(bio);
    size_t length = wire_take(&wires[*self], out, (size_t)capacity);
    BIO_clear_retry_flags(bio);
    if (length == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    return (int)length;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int accept_any_certificate(int verified, X509_STORE_CTX *store) {
    (void)verified;
    (void)store;
    return 1;
}

static void fingerprint(const X509 *certificate, uint8_t *out) {
    unsigned length = 0;
    need(X509_digest(certificate, EVP_sha256(), out, &length) == 1, "fingerprint");
}

static void make_identity(size_t which) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    need(key != NULL && X509_set_version(certificate, 2) == 1, "certificate");
    need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"handshake",
                                    -1, -1, 0) == 1,
         "name");
    need(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1, "serial");
    need(X509_gmtime_adj(X509_getm_notBefore(certificate), -86400) != NULL, "validity");
    need(X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) != NULL, "validity");
    need(X509_set_issuer_name(certificate, name) == 1, "issuer");
    need(X509_set_pubkey(certificate, key) == 1, "key");
    need(X509_sign(certificate, key, EVP_sha256()) > 0, "signature");
    fingerprint(certificate, fingerprints[which]);
    contexts[which] = SSL_CTX_new(DTLS_method());
    need(SSL_CTX_use_certificate(contexts[which], certificate) == 1, "certificate");
    need(SSL_CTX_use_PrivateKey(contexts[which], key) == 1, "key");
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void begin(void) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    need(method != NULL && BIO_meth_set_write(method, bio_write) == 1 &&
             BIO_meth_set_read(method, bio_read) == 1 && BIO_meth_set_ctrl(method, bio_ctrl) == 1,
         "BIO");
    for (size_t i = 0; i < 2; i++) {
        make_identity(i);
        /* A certificate's curve must be among the groups. */
        need(SSL_CTX_set1_groups_list(contexts[i], "X25519:P-256") == 1, "groups");
        need(SSL_CTX_set_cipher_list(contexts[i], "ECDHE-ECDSA-AES128-GCM-SHA256") == 1, "ciphers");
        need(SSL_CTX_set_tlsext_use_srtp(contexts[i], "SRTP_AES128_CM_SHA1_80") == 0, "profile");
        SSL_CTX_set_verify(contexts[i], SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           accept_any_certificate);
        SSL_CTX_set_session_cache_mode(contexts[i], SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(contexts[i], SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU);
    }
}

static void end(void) {
    SSL_CTX_free(contexts[0]);
    SSL_CTX_free(contexts[1]);
    BIO_meth_free(method);
}

static SSL *make(size_t which) {
    static size_t numbers[2] = {0, 1};
    SSL *ssl = SSL_new(contexts[which]);
    BIO *bio = BIO_new(method);
    need(ssl != NULL && bio != NULL && SSL_set_mtu(ssl, PAIR_MTU) > 0, "session");
    BIO_set_data(bio, &numbers[which]);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    if (which == 1) {
        SSL_set_accept_state(ssl);
    } else {
        SSL_set_connect_state(ssl);
    }
    return ssl;
}

static bool is_expected(const SSL *ssl, size_t peer) {
    uint8_t seen[PAIR_FINGERPRINT];
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == NULL) {
        return false;
    }
    fingerprint(certificate, seen);
    return memcmp(seen, fingerprints[peer], sizeof(seen)) == 0;
}

static bool keys(SSL *ssl, uint8_t *out) {
    static const char label[] = "EXTRACTOR-dtls_srtp";
    return SSL_export_keying_material(ssl, out, PAIR_KEYS, label, sizeof(label) - 1, NULL, 0, 0) ==
           1;
}

static bool meet(struct pair *pair) {
    uint8_t exported[2][PAIR_KEYS];
    bool done[2] = {false, false};
    wires_clear();
    pair->peers[0] = make(0);
    pair->peers[1] = make(1);
    for (size_t turn = 0; !done[0] || !done[1]; turn = 1 - turn) {
        int status = done[turn] ? 1 : SSL_do_handshake(pair->peers[turn]);
        done[turn] = status == 1;
        if (!done[turn] && SSL_get_error(pair->peers[turn], status) != SSL_ERROR_WANT_READ) {
            return false;
        }
    }
    return is_expected(pair->peers[0], 1) && is_expected(pair->peers[1], 0) &&
           keys(pair->peers[0], exported[0]) && keys(pair->peers[1], exported[1]) &&
           memcmp(exported[0], exported[1], PAIR_KEYS) == 0;
}

static void part(struct pair *pair) {
    SSL_free(pair->peers[0]);
    SSL_free(pair->peers[1]);
}

const struct kind kind_openssl = {"OpenSSL", begin, meet, part, end};
