/*
 * The boundary to a DTLS implementation. It is given only whole, vetted handshake messages and
 * protected records, never raw datagrams; it has no timer and no sockets. A second implementation
 * fits behind the same table. When its handshake is over an engine may give way to a smaller one,
 * which has only records and keys (engine_records.h).
 */
#ifndef RG_DTLS_ENGINE_H
#define RG_DTLS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "dtls/config.h"
#include "wire/record.h"

/* What an engine asks of its owner; called only from within the calls of the table. */
struct rg_engine_host {
    void *context;
    /* One record to send; `whole` is lent. Records of epoch 0 carry exactly one whole handshake
     * message, or ChangeCipherSpec; their record numbers are the owner's to give. */
    void (*send)(void *context, const struct rg_record *record);
    /* One record of authenticated application data. */
    void (*data)(void *context, struct rg_bytes data);
};

struct rg_engine_setup {
    const rtpgate_config *config;
    bool server;
    uint16_t profile; /* server: the one SRTP profile to select */
    unsigned first;   /* server: message_seq of the ClientHello */
    /* client: RG_RANDOM bytes to repeat an earlier ClientHello; NULL: fresh */
    const uint8_t *random;
    struct rg_engine_host host;
};

enum rg_engine_status {
    RG_ENGINE_HANDSHAKE, /* wants more */
    RG_ENGINE_DONE,      /* the handshake is over, records flow */
    RG_ENGINE_CLOSED,    /* the peer sent an authenticated close_notify */
    RG_ENGINE_ALERT,     /* the peer sent an authenticated fatal alert */
    RG_ENGINE_FAILED,    /* the last message was refused; only `reason` and `free` may follow */
};

struct rg_engine; /* each implementation's own */

struct rg_engine_ops {
    /* Returns 0 and *out, RTPGATE_ERR_NOMEM or RTPGATE_ERR_CRYPTO. */
    int (*open)(struct rg_engine **out, const struct rg_engine_setup *setup);
    void (*free)(struct rg_engine *engine);
    /* Client: makes the ClientHello. */
    enum rg_engine_status (*start)(struct rg_engine *engine);
    /* One whole handshake message with its header, in the order of message_seq. */
    enum rg_engine_status (*message)(struct rg_engine *engine, struct rg_bytes message);
    /* One protected record with its header (epoch 1 and above). */
    enum rg_engine_status (*record)(struct rg_engine *engine, struct rg_bytes record);
    /* Sends the last flight again, with new record numbers. */
    enum rg_engine_status (*retransmit)(struct rg_engine *engine);
    /* Below: only in DONE. */
    /* Makes an engine of the table rg_engine_records that goes on where this one is, which may then
     * only be freed. Returns 0 and *out, or RTPGATE_ERR_NOMEM, RTPGATE_ERR_CRYPTO: nothing has
     * changed. */
    int (*release)(const struct rg_engine *engine, struct rg_engine **out);
    /* Each returns 0 or RTPGATE_ERR_CRYPTO. */
    int (*write)(struct rg_engine *engine, struct rg_bytes data);
    int (*close)(struct rg_engine *engine);
    int (*alert)(struct rg_engine *engine, uint8_t description);
    int (*export_key)(const struct rg_engine *engine, const char *label, const uint8_t *context,
                      size_t context_length, uint8_t *out, size_t length);
    struct rg_bytes (*certificate)(const struct rg_engine *engine); /* the peer's leaf, DER */
    uint16_t (*profile)(const struct rg_engine *engine);            /* 0: none */
    bool (*extended_master_secret)(const struct rg_engine *engine);
    /* How much a record of application data adds to its payload, header included. */
    size_t (*overhead)(const struct rg_engine *engine);
    uint64_t (*discarded)(const struct rg_engine *engine); /* records that did not authenticate */
    uint8_t (*alert_received)(const struct rg_engine *engine);
    const char *(*reason)(const struct rg_engine *engine); /* of FAILED; static storage */
};

extern const struct rg_engine_ops rg_engine_gnutls;

#endif
