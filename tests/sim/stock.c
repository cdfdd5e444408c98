#include "sim/stock.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/dtls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"

static const char default_priority[] =
    "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-VERS-DTLS1.0:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM";

static gnutls_x509_crt_t certificate;
static gnutls_x509_privkey_t key;

static void need(int status, const char *what) {
    if (status < 0) {
        (void)fprintf(stderr, "sim: stock: %s: %s\n", what, gnutls_strerror(status));
        abort();
    }
}

static void make_certificate(void) {
    static const uint8_t serial[] = {1, 2, 3, 4};
    if (certificate != NULL) {
        return;
    }
    need(gnutls_x509_privkey_init(&key), "key");
    need(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
         "key");
    need(gnutls_x509_crt_init(&certificate), "certificate");
    need(gnutls_x509_crt_set_version(certificate, 3), "version");
    need(gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial)), "serial");
    need(gnutls_x509_crt_set_dn(certificate, "CN=stock", NULL), "name");
    need(gnutls_x509_crt_set_activation_time(certificate, 1700000000), "validity");
    need(gnutls_x509_crt_set_expiration_time(certificate, 4100000000), "validity");
    need(gnutls_x509_crt_set_key(certificate, key), "key");
    need(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), "signature");
}

gnutls_datum_t sim_stock_certificate(void) {
    static uint8_t der[2048];
    size_t length = sizeof(der);
    make_certificate();
    need(gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_DER, der, &length), "export");
    return (gnutls_datum_t){der, (unsigned)length};
}

void sim_stock_finish(void) {
    if (certificate != NULL) {
        gnutls_x509_crt_deinit(certificate);
        gnutls_x509_privkey_deinit(key);
        certificate = NULL;
    }
}

static ssize_t push(gnutls_transport_ptr_t pointer, const void *bytes, size_t length) {
    struct sim_stock *stock = pointer;
    if (stock->queued == SIM_STOCK_QUEUE) {
        return (ssize_t)length;
    }
    gnutls_datum_t *datagram = &stock->queue[stock->queued++];
    datagram->data = malloc(length);
    datagram->size = (unsigned)length;
    need(datagram->data == NULL ? GNUTLS_E_MEMORY_ERROR : 0, "memory");
    memcpy(datagram->data, bytes, length);
    return (ssize_t)length;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *out, size_t capacity) {
    struct sim_stock *stock = pointer;
    if (stock->inbox == NULL || stock->inbox_length > capacity) {
        stock->starved = true;
        gnutls_transport_set_errno(stock->tls, EAGAIN);
        return -1;
    }
    memcpy(out, stock->inbox, stock->inbox_length);
    stock->inbox = NULL;
    return (ssize_t)stock->inbox_length;
}

static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned int milliseconds) {
    const struct sim_stock *stock = pointer;
    (void)milliseconds;
    return stock->inbox != NULL ? 1 : 0;
}

static void make_credentials(struct sim_stock *stock, bool with_certificate) {
    need(gnutls_certificate_allocate_credentials(&stock->credentials), "credentials");
    if (with_certificate) {
        make_certificate();
        need(gnutls_certificate_set_x509_key(stock->credentials, &certificate, 1, key),
             "credentials");
    }
}

static void configure_credentials(struct sim_stock *stock, const struct sim_stock_setup *setup) {
    if (setup->credentials == NULL) {
        make_credentials(stock, !setup->no_certificate);
    }
    need(gnutls_credentials_set(stock->tls, GNUTLS_CRD_CERTIFICATE,
                                setup->credentials != NULL ? setup->credentials
                                                           : stock->credentials),
         "credentials");
}

static void configure_srtp(struct sim_stock *stock, const struct sim_stock_setup *setup) {
    for (size_t i = 0; i < setup->profile_count; i++) {
        need(gnutls_srtp_set_profile(stock->tls, (gnutls_srtp_profile_t)setup->profiles[i]),
             "profile");
    }
    if (setup->mki != NULL) {
        const gnutls_datum_t mki = {(unsigned char *)(uintptr_t)setup->mki,
                                    (unsigned)strlen(setup->mki)};
        need(gnutls_srtp_set_mki(stock->tls, &mki), "mki");
    }
}

void sim_stock_init(struct sim_stock *stock, const struct sim_stock_setup *setup) {
    memset(stock, 0, sizeof(*stock));
    sim_clock_start();
    unsigned flags = GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS;
    need(gnutls_init(&stock->tls, flags | (setup->server ? GNUTLS_SERVER : GNUTLS_CLIENT)), "init");
    const char *priority = setup->priority != NULL ? setup->priority : default_priority;
    need(gnutls_priority_set_direct(stock->tls, priority, NULL), "priority");
    configure_credentials(stock, setup);
    configure_srtp(stock, setup);
    if (setup->server && !setup->asks_no_certificate) {
        gnutls_certificate_server_set_request(stock->tls, GNUTLS_CERT_REQUIRE);
    }
    gnutls_transport_set_ptr(stock->tls, stock);
    gnutls_transport_set_push_function(stock->tls, push);
    gnutls_transport_set_pull_function(stock->tls, pull);
    gnutls_transport_set_pull_timeout_function(stock->tls, pull_timeout);
    gnutls_dtls_set_mtu(stock->tls, setup->mtu != 0 ? setup->mtu : 1200);
    stock->started = setup->server;
}

void sim_stock_clear(struct sim_stock *stock) {
    for (size_t i = 0; i < stock->queued; i++) {
        free(stock->queue[i].data);
    }
    gnutls_deinit(stock->tls);
    if (stock->credentials != NULL) {
        gnutls_certificate_free_credentials(stock->credentials);
    }
    memset(stock, 0, sizeof(*stock));
}

static bool again(int status) {
    return status == GNUTLS_E_AGAIN || status == GNUTLS_E_INTERRUPTED ||
           status == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

static bool step_handshake(struct sim_stock *stock) {
    int status = gnutls_handshake(stock->tls);
    if (status == 0) {
        stock->done = true;
        stock->done_at = sim_clock_now();
    } else if (!again(status)) {
        stock->failure = status;
        (void)gnutls_alert_send_appropriate(stock->tls, status);
    }
    return status == 0 || again(status);
}

static bool step_records(struct sim_stock *stock) {
    ssize_t status = gnutls_record_recv(stock->tls, stock->data, sizeof(stock->data));
    if (status > 0) {
        stock->data_length = (size_t)status;
    } else if (status == 0) {
        stock->closed = true;
    } else if (!again((int)status)) {
        stock->failure = (int)status;
    }
    return status > 0 || again((int)status);
}

static void run(struct sim_stock *stock) {
    stock->awake = sim_clock_now();
    stock->starved = false;
    for (int i = 0; i < 32 && !stock->starved && stock->failure == 0; i++) {
        if (!(stock->done ? step_records(stock) : step_handshake(stock))) {
            return;
        }
        if (stock->inbox == NULL && !stock->done && i > 0) {
            return; /* waiting for a timer: pull is never asked */
        }
    }
}

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct sim_stock *stock = self;
    (void)path;
    (void)now;
    if (stock->failure != 0 || !stock->started) {
        return;
    }
    stock->inbox = datagram;
    stock->inbox_length = length;
    run(stock);
    for (int i = 0; i < 8 && stock->failure == 0; i++) {
        run(stock); /* more records of the datagram may wait inside GnuTLS */
    }
    stock->inbox = NULL;
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct sim_stock *stock = self;
    if (stock->queued == 0) {
        return 0;
    }
    gnutls_datum_t first = stock->queue[0];
    int length = first.size <= capacity ? (int)first.size : 0;
    memcpy(buffer, first.data, (size_t)length);
    *path = 0;
    free(first.data);
    stock->queued--;
    memmove(stock->queue, stock->queue + 1, stock->queued * sizeof(stock->queue[0]));
    return length;
}

/* A server that has sent nothing has a timeout of 0, which means nothing. */
static uint64_t deadline(const void *self) {
    const struct sim_stock *stock = self;
    if (!stock->started || stock->done || stock->failure != 0 ||
        gnutls_handshake_get_last_out(stock->tls) == (gnutls_handshake_description_t)-1) {
        return UINT64_MAX;
    }
    uint64_t left = UINT64_C(1000) * gnutls_dtls_get_timeout(stock->tls);
    /* What is overdue must not move on with the time of others, or those never get their turn. */
    return left > 0 ? sim_clock_now() + left + 1000 : stock->awake + 1000;
}

static void expire(void *self, uint64_t now) {
    struct sim_stock *stock = self;
    (void)now;
    if (stock->started && !stock->done && stock->failure == 0) {
        run(stock);
    }
}

struct sim_endpoint sim_stock_endpoint(struct sim_stock *stock) {
    return (struct sim_endpoint){stock, input, output, deadline, expire, "GnuTLS"};
}

void sim_stock_start(struct sim_stock *stock) {
    stock->started = true;
    run(stock);
}

bool sim_stock_export(struct sim_stock *stock, uint8_t *out, size_t length) {
    static const char label[] = "EXTRACTOR-dtls_srtp";
    return stock->done && gnutls_prf_rfc5705(stock->tls, sizeof(label) - 1, label, 0, NULL, length,
                                             (char *)out) == 0;
}

uint16_t sim_stock_profile(struct sim_stock *stock) {
    gnutls_srtp_profile_t profile;
    return gnutls_srtp_get_selected_profile(stock->tls, &profile) == 0 ? (uint16_t)profile : 0;
}

int sim_stock_send(struct sim_stock *stock, const void *data, size_t length) {
    return (int)gnutls_record_send(stock->tls, data, length);
}

int sim_stock_close(struct sim_stock *stock) {
    return gnutls_bye(stock->tls, GNUTLS_SHUT_WR);
}

void sim_stock_renegotiate(struct sim_stock *stock) {
    stock->done = false;
    run(stock);
}
