/* DTLS handshake messages and fragments (RFC 6347 4.2.2, RFC 5246 7.4). */
#ifndef RG_WIRE_HANDSHAKE_H
#define RG_WIRE_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { RG_HANDSHAKE_HEADER = 12 };

enum rg_handshake_type {
    RG_HELLO_REQUEST = 0,
    RG_CLIENT_HELLO = 1,
    RG_SERVER_HELLO = 2,
    RG_HELLO_VERIFY_REQUEST = 3,
    RG_CERTIFICATE = 11,
    RG_SERVER_KEY_EXCHANGE = 12,
    RG_CERTIFICATE_REQUEST = 13,
    RG_SERVER_HELLO_DONE = 14,
    RG_CERTIFICATE_VERIFY = 15,
    RG_CLIENT_KEY_EXCHANGE = 16,
    RG_FINISHED = 20,
};

/* One fragment; a whole message is a fragment with offset 0 and body.length == total. */
struct rg_fragment {
    uint8_t type;
    uint32_t total; /* length of the whole message's body */
    uint16_t sequence;
    uint32_t offset;
    struct rg_bytes body;
};

/*
 * Takes the next fragment from a record's body (a record may hold several). Strict: offset + length
 * <= total, and an empty fragment only of an empty message. False at the end, and when the rest is
 * junk: then the reader has failed.
 */
bool rg_fragment_next(struct rg_reader *record, struct rg_fragment *fragment);

/* Writes the 12 bytes of a fragment's header. */
void rg_fragment_put_header(uint8_t *out, uint8_t type, uint32_t total, uint16_t sequence,
                            uint32_t offset, uint32_t length);

/*
 * The leaf of a Certificate message's body. False when it does not parse; true with an empty leaf
 * when the list is empty.
 */
bool rg_certificate_leaf(struct rg_bytes body, struct rg_bytes *leaf);

/* A CertificateVerify message's body (RFC 5246 7.4.8): false when it does not parse. */
bool rg_certificate_verify(struct rg_bytes body, uint16_t *scheme, struct rg_bytes *signature);

#endif
