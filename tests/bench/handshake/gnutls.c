#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/dtls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pairs.h"
#include "wire.h"

/* What rtpgate_config has, as far as it decides what is negotiated. */
static const char priorities[] =
    "NONE:+VERS-DTLS1.2:+AEAD:+ECDHE-ECDSA:+AES-128-GCM:+SIGN-ECDSA-SHA256:+COMP-NULL:"
    "+CTYPE-X509:+GROUP-X25519:+GROUP-SECP256R1";

static gnutls_certificate_credentials_t credentials[2];
static uint8_t fingerprints[2][PAIR_FINGERPRINT];
static gnutls_priority_t priority;

static void need(int status, const char *what) {
    if (status < 0) {
        (void)fprintf(stderr, "handshake: GnuTLS: %s: %s\n", what, gnutls_strerror(status));
        abort();
    }
}

static void make_identity(size_t which) {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    size_t length = PAIR_FINGERPRINT;
    need(gnutls_x509_privkey_init(&key), "key");
    need(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
         "key");
    need(gnutls_x509_crt_init(&certificate), "certificate");
    need(gnutls_x509_crt_set_version(certificate, 3), "version");
    need(gnutls_x509_crt_set_serial(certificate, "\1", 1), "serial");
    need(gnutls_x509_crt_set_activation_time(certificate, time(NULL) - 86400), "validity");
    need(gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + 86400), "validity");
    need(gnutls_x509_crt_set_dn(certificate, "CN=handshake", NULL), "name");
    need(gnutls_x509_crt_set_key(certificate, key), "key");
    need(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), "signature");
    need(gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, fingerprints[which],
                                         &length),
         "fingerprint");
    need(gnutls_certificate_allocate_credentials(&credentials[which]), "credentials");
    need(gnutls_certificate_set_x509_key(credentials[which], &certificate, 1, key), "credentials");
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
}

static void begin(void) {
    make_identity(0);
    make_identity(1);
    need(gnutls_priority_init(&priority, priorities, NULL), "priority");
}

static void end(void) {
    gnutls_certificate_free_credentials(credentials[0]);
    gnutls_certificate_free_credentials(credentials[1]);
    gnutls_priority_deinit(priority);
}

static struct wire *to(gnutls_session_t session, bool peer) {
    bool server = gnutls_session_get_ptr(session) != NULL;
    return &wires[server != peer ? 1 : 0];
}

static ssize_t push(gnutls_transport_ptr_t pointer, const void *bytes, size_t length) {
    wire_put(to(pointer, true), bytes, length);
    return (ssize_t)length;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *out, size_t capacity) {
    size_t length = wire_take(to(pointer, false), out, capacity);
    if (length == 0) {
        gnutls_transport_set_errno(pointer, EAGAIN);
        return -1;
    }
    return (ssize_t)length;
}

static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned milliseconds) {
    (void)milliseconds;
    return to(pointer, false)->count > 0 ? 1 : 0;
}

static gnutls_session_t make(size_t which) {
    static int server_mark;
    gnutls_session_t session;
    unsigned flags = GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS;
    need(gnutls_init(&session, flags | (which == 1 ? GNUTLS_SERVER : GNUTLS_CLIENT)), "session");
    gnutls_session_set_ptr(session, which == 1 ? &server_mark : NULL);
    need(gnutls_priority_set(session, priority), "priority");
    need(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials[which]),
         "credentials");
    need(gnutls_srtp_set_profile(session, GNUTLS_SRTP_AES128_CM_HMAC_SHA1_80), "profile");
    if (which == 1) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    }
    gnutls_transport_set_ptr(session, session);
    gnutls_transport_set_push_function(session, push);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_pull_timeout_function(session, pull_timeout);
    gnutls_dtls_set_mtu(session, PAIR_MTU);
    return session;
}

static bool is_expected(gnutls_session_t session, size_t peer) {
    unsigned count = 0;
    uint8_t seen[PAIR_FINGERPRINT];
    size_t length = sizeof(seen);
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    return count > 0 && gnutls_fingerprint(GNUTLS_DIG_SHA256, chain, seen, &length) == 0 &&
           memcmp(seen, fingerprints[peer], sizeof(seen)) == 0;
}

static bool keys(gnutls_session_t session, uint8_t *out) {
    static const char label[] = "EXTRACTOR-dtls_srtp";
    return gnutls_prf_rfc5705(session, sizeof(label) - 1, label, 0, NULL, PAIR_KEYS, (char *)out) ==
           0;
}

static bool meet(struct pair *pair) {
    uint8_t exported[2][PAIR_KEYS];
    int status[2] = {GNUTLS_E_AGAIN, GNUTLS_E_AGAIN};
    wires_clear();
    pair->peers[0] = make(0);
    pair->peers[1] = make(1);
    for (size_t turn = 0; status[0] != 0 || status[1] != 0; turn = 1 - turn) {
        status[turn] = status[turn] != 0 ? gnutls_handshake(pair->peers[turn]) : 0;
        if (status[turn] < 0 && status[turn] != GNUTLS_E_AGAIN) {
            return false;
        }
    }
    return is_expected(pair->peers[0], 1) && is_expected(pair->peers[1], 0) &&
           keys(pair->peers[0], exported[0]) && keys(pair->peers[1], exported[1]) &&
           memcmp(exported[0], exported[1], PAIR_KEYS) == 0;
}

static void part(struct pair *pair) {
    gnutls_deinit(pair->peers[0]);
    gnutls_deinit(pair->peers[1]);
}

const struct kind kind_gnutls = {"GnuTLS", begin, meet, part, end};
