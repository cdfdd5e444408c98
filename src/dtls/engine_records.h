/* The engine of an association whose handshake is over: it seals and opens records and exports
 * keys, in under 1 KB. */
#ifndef RG_DTLS_ENGINE_RECORDS_H
#define RG_DTLS_ENGINE_RECORDS_H

#include "dtls/engine.h"
#include "dtls/exporter.h"
#include "dtls/protection.h"

/* What a handshake leaves behind (RFC 5246 6.1). */
struct rg_connection {
    struct rg_protection read;
    struct rg_protection write;
    uint64_t next_sequence; /* of the next record that is written */
    struct rg_replay_window received;
    struct rg_exporter exporter;
    struct rg_bytes certificate; /* the peer's leaf */
    uint16_t profile;
    bool extended_master_secret;
};

/* Copies all of it. Returns 0 and *out, or RTPGATE_ERR_NOMEM. */
int rg_engine_records_open(struct rg_engine **out, const struct rg_connection *connection,
                           const struct rg_engine_host *host);

/* Of the table `free`, `record` and what stands below DONE, without `release` and `reason`. */
extern const struct rg_engine_ops rg_engine_records;

#endif
