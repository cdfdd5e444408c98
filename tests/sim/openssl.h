/* OpenSSL as an endpoint of a link: a peer that is not ours, driven by its own timer. */
#ifndef SIM_OPENSSL_H
#define SIM_OPENSSL_H

#include <openssl/ssl.h>

#include "base/bytes.h"
#include "base/queue.h"
#include "sim/link.h"

struct sim_openssl_setup {
    bool server;
    const char *profiles; /* as SSL_CTX_set_tlsext_use_srtp takes them */
    const char *groups;   /* NULL: OpenSSL's own choice */
    long mtu;             /* 0: 1200 */
};

struct sim_openssl {
    SSL_CTX *context;
    SSL *ssl;
    struct rg_queue queue; /* datagrams to send */
    const uint8_t *inbox;
    size_t inbox_length;
    bool started;
    bool done;
    unsigned long failure; /* ERR_get_error; 0: none */
    uint64_t done_at;
};

/* Has a certificate of its own and wants one, whichever, from its peer. */
void sim_openssl_init(struct sim_openssl *openssl, const struct sim_openssl_setup *setup);
void sim_openssl_clear(struct sim_openssl *openssl);
struct sim_endpoint sim_openssl_endpoint(struct sim_openssl *openssl);
/* Client: makes its hello. */
void sim_openssl_start(struct sim_openssl *openssl);

/* DER of its certificate, the same in a whole program. */
struct rg_bytes sim_openssl_certificate(void);
/* `length` bytes of "EXTRACTOR-dtls_srtp". */
bool sim_openssl_export(struct sim_openssl *openssl, uint8_t *out, size_t length);
/* IANA number; 0: none. */
uint16_t sim_openssl_profile(struct sim_openssl *openssl);
/* Frees what all of them share. */
void sim_openssl_finish(void);

#endif
