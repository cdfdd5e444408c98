/* Views of ClientHello, ServerHello and HelloVerifyRequest (RFC 5246 7.4.1, RFC 6347 4.2.1). */
#ifndef RG_WIRE_HELLO_H
#define RG_WIRE_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    RG_RANDOM = 32,
    RG_EXTENSION_SERVER_NAME = 0,
    RG_EXTENSION_FRAGMENT_LENGTH = 1,
    RG_EXTENSION_GROUPS = 10,
    RG_EXTENSION_SIGNATURES = 13,
    RG_EXTENSION_USE_SRTP = 14,
    RG_EXTENSION_EMS = 23,
    RG_EXTENSION_RECORD_LIMIT = 28,
    RG_EXTENSION_VERSIONS = 43,
};

/* Everything points into the message's body. Vectors are without their length prefix. */
struct rg_client_hello {
    uint16_t version;
    struct rg_bytes random; /* RG_RANDOM bytes */
    struct rg_bytes session_id;
    struct rg_bytes cookie;
    struct rg_bytes suites;     /* 16-bit numbers */
    struct rg_bytes groups;     /* 16-bit numbers; empty when absent */
    struct rg_bytes signatures; /* 16-bit numbers; empty when absent */
    struct rg_bytes versions;   /* supported_versions, 16-bit numbers; empty when absent */
    struct rg_bytes profiles;   /* use_srtp, 16-bit numbers */
    struct rg_bytes mki;        /* use_srtp's MKI */
    uint16_t fragment_length;   /* max_fragment_length in bytes (RFC 6066 4); 0 when absent */
    uint16_t record_limit;      /* record_size_limit (RFC 8449 4); 0 when absent */
    bool use_srtp;
    bool extended_master_secret;
    bool null_compression;
};

struct rg_server_hello {
    uint16_t version;
    struct rg_bytes random;
    uint16_t suite;
    uint8_t compression;
    uint16_t profile; /* use_srtp's one profile */
    struct rg_bytes mki;
    uint16_t record_limit; /* record_size_limit (RFC 8449 4); 0 when absent */
    bool use_srtp;
    bool extended_master_secret;
};

/* False when the body is not a well-formed hello: lengths, a repeated extension, an odd list, bytes
 * left over (RFC 5246 7.4.1.4); an absent extension block is fine. */
bool rg_client_hello_parse(struct rg_bytes body, struct rg_client_hello *hello);
bool rg_server_hello_parse(struct rg_bytes body, struct rg_server_hello *hello);

/* A HelloVerifyRequest's cookie; false when it does not parse. */
bool rg_hello_verify_request_parse(struct rg_bytes body, struct rg_bytes *cookie);

/* Whether a list of 16-bit numbers holds `number`. */
bool rg_list_has(struct rg_bytes list, uint16_t number);

#endif
