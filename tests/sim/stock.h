/* A GnuTLS session as its users configure it, as an endpoint of a link: a peer that is not ours. */
#ifndef SIM_STOCK_H
#define SIM_STOCK_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/link.h"

enum { SIM_STOCK_QUEUE = 64, SIM_STOCK_KEYS = 88 };

struct sim_stock_setup {
    bool server;
    const char *priority;     /* NULL: what a WebRTC stack uses */
    const uint16_t *profiles; /* IANA numbers */
    size_t profile_count;     /* 0: no use_srtp */
    const char *mki;          /* NULL: none */
    bool no_certificate;      /* client: sends an empty list */
    bool asks_no_certificate; /* server: sends no CertificateRequest */
    /* NULL: a certificate that all stock endpoints share; else it outlives the endpoint */
    gnutls_certificate_credentials_t credentials;
    unsigned mtu; /* 0: 1200 */
};

struct sim_stock {
    gnutls_session_t tls;
    gnutls_certificate_credentials_t credentials; /* its own, or NULL */
    gnutls_datum_t queue[SIM_STOCK_QUEUE];        /* datagrams to send */
    size_t queued;
    const uint8_t *inbox;
    size_t inbox_length;
    bool starved;
    bool started;
    bool done;
    int failure;    /* GNUTLS_E_*; 0: none */
    uint64_t awake; /* when GnuTLS ran last */
    uint64_t done_at;
    uint8_t data[256]; /* application data that came last */
    size_t data_length;
    bool closed; /* close_notify came */
};

void sim_stock_init(struct sim_stock *stock, const struct sim_stock_setup *setup);
void sim_stock_clear(struct sim_stock *stock);
struct sim_endpoint sim_stock_endpoint(struct sim_stock *stock);
/* Client: makes its hello. */
void sim_stock_start(struct sim_stock *stock);

/* DER of the certificate that all share, the same in a whole program. */
gnutls_datum_t sim_stock_certificate(void);
/* `length` bytes of "EXTRACTOR-dtls_srtp". */
bool sim_stock_export(struct sim_stock *stock, uint8_t *out, size_t length);
uint16_t sim_stock_profile(struct sim_stock *stock);
/* Sends application data; close sends close_notify. */
int sim_stock_send(struct sim_stock *stock, const void *data, size_t length);
int sim_stock_close(struct sim_stock *stock);
/* Begins a renegotiation, under the keys of the association. */
void sim_stock_renegotiate(struct sim_stock *stock);
/* Frees what all stock endpoints share. */
void sim_stock_finish(void);

#endif
