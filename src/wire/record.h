/* DTLS records (RFC 6347 4.1). */
#ifndef RG_WIRE_RECORD_H
#define RG_WIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    RG_RECORD_HEADER = 13,
    RG_RECORD_MAX = 16384 + 2048, /* RFC 5246 6.2.3: the largest ciphertext fragment */
};

enum rg_content_type {
    RG_CONTENT_CCS = 20,
    RG_CONTENT_ALERT = 21,
    RG_CONTENT_HANDSHAKE = 22,
    RG_CONTENT_DATA = 23,
};

enum {
    RG_VERSION_DTLS10 = 0xfeff,
    RG_VERSION_DTLS12 = 0xfefd,
};

struct rg_record {
    uint8_t type;
    uint16_t version;
    uint16_t epoch;
    uint64_t sequence;
    struct rg_bytes body;
    struct rg_bytes whole; /* header and body */
};

/*
 * Takes the next record from a datagram. Strict: a version of DTLS 1.0 or 1.2 (RFC 6347 4.2.1), a
 * body of 1 to RG_RECORD_MAX bytes that lies within the datagram. False: the rest of the datagram
 * is junk, and the reader has failed; also false, without failure, at its end.
 */
bool rg_record_next(struct rg_reader *datagram, struct rg_record *record);

/* Writes the 13 bytes of a record's header. */
void rg_record_put_header(uint8_t *out, uint8_t type, uint16_t version, uint16_t epoch,
                          uint64_t sequence, size_t length);

#endif
