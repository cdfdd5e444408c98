#include "sim/forge.h"

#include <string.h>

#include "wire/handshake.h"
#include "wire/record.h"

uint8_t *sim_write_record(uint8_t *out, uint8_t type, uint16_t epoch, uint64_t sequence,
                          const void *body, size_t length) {
    rg_record_put_header(out, type, RG_VERSION_DTLS12, epoch, sequence, length);
    out += RG_RECORD_HEADER;
    return body != NULL && length > 0 ? memcpy(out, body, length) : memset(out, 0, length);
}

void sim_write_fragment(uint8_t *out, uint8_t type, uint16_t message_seq, uint32_t total,
                        uint32_t offset, const void *body, size_t length, uint64_t sequence) {
    uint8_t *fragment = sim_write_record(out, RG_CONTENT_HANDSHAKE, 0, sequence, NULL,
                                         RG_HANDSHAKE_HEADER + length);
    rg_fragment_put_header(fragment, type, total, message_seq, offset, (uint32_t)length);
    if (body != NULL && length > 0) {
        memcpy(fragment + RG_HANDSHAKE_HEADER, body, length);
    }
}

struct sim_forged sim_forge_record(uint8_t type, uint16_t epoch, uint64_t sequence,
                                   const void *body, size_t length) {
    struct sim_forged forged = {.length = RG_RECORD_HEADER + length};
    (void)sim_write_record(forged.bytes, type, epoch, sequence, body, length);
    return forged;
}

struct sim_forged sim_forge_fragment(uint8_t type, uint16_t message_seq, uint32_t total,
                                     uint32_t offset, const void *body, size_t length,
                                     uint64_t sequence) {
    struct sim_forged forged = {.length = RG_RECORD_HEADER + RG_HANDSHAKE_HEADER + length};
    sim_write_fragment(forged.bytes, type, message_seq, total, offset, body, length, sequence);
    return forged;
}

static void take_messages(struct rg_bytes body, struct sim_message *out, unsigned first,
                          size_t count) {
    struct rg_reader fragments = rg_reader_make(body.at, body.length);
    struct rg_fragment fragment;
    while (rg_fragment_next(&fragments, &fragment)) {
        size_t at = (size_t)fragment.sequence - first;
        if (fragment.sequence >= first && at < count && fragment.total <= sizeof(out[at].body)) {
            out[at].type = fragment.type;
            out[at].length = fragment.total;
            memcpy(out[at].body + fragment.offset, fragment.body.at, fragment.body.length);
        }
    }
}

struct sim_forged sim_take_apart(const uint8_t *datagram, size_t length, struct sim_message *out,
                                 unsigned first, size_t count) {
    struct sim_forged sealed = {.length = 0};
    struct rg_reader records = rg_reader_make(datagram, length);
    struct rg_record record;
    while (rg_record_next(&records, &record)) {
        if (record.epoch == 1) {
            memcpy(sealed.bytes, record.whole.at, record.whole.length);
            sealed.length = record.whole.length;
        } else if (record.type == RG_CONTENT_HANDSHAKE) {
            take_messages(record.body, out, first, count);
        }
    }
    return sealed;
}

struct sim_forged sim_forge_message(const struct sim_message *message, uint16_t message_seq) {
    return sim_forge_fragment(message->type, message_seq, (uint32_t)message->length, 0,
                              message->body, message->length, message_seq);
}

struct sim_forged sim_forge_alert(uint8_t level, uint8_t description) {
    const uint8_t body[] = {level, description};
    return sim_forge_record(RG_CONTENT_ALERT, 0, 0, body, sizeof(body));
}

struct sim_forged sim_forge_client_hello(uint8_t fill, int poor) {
    static const uint8_t rest[] = {
        0,    0,                                       /* session_id, cookie */
        0,    2,    0xc0, 0x2b, 1, 0,                  /* suite, compression */
        0,    40,                                      /* extensions */
        0,    10,   0,    4,    0, 2, 0,  29,          /* groups: x25519 */
        0,    13,   0,    4,    0, 2, 4,  3,           /* ecdsa_secp256r1_sha256 */
        0,    14,   0,    5,    0, 2, 0,  7,  0,       /* use_srtp: AEAD_AES_128_GCM */
        0,    23,   0,    0,                           /* extended_master_secret */
        0xff, 0x01, 0,    1,    0, 0, 11, 0,  2, 1, 0, /* renegotiation_info, point formats */
    };
    uint8_t body[34 + sizeof(rest)] = {0xfe, 0xfd};
    memset(body + 2, fill, 32);
    memcpy(body + 34, rest, sizeof(rest));
    size_t length = sizeof(body);
    if (poor) {
        length = 34 + 8;
    }
    return sim_forge_fragment(RG_CLIENT_HELLO, 0, (uint32_t)length, 0, body, length, 0);
}

struct sim_forged sim_forge_renegotiating_hello(uint8_t fill) {
    static const uint8_t end[] = {0xff, 1, 0, 2, 1, 7, 0, 11, 0, 2, 1, 0};
    enum { HEADERS = RG_RECORD_HEADER + RG_HANDSHAKE_HEADER, EXTENSIONS_LENGTH = 43 };
    struct sim_forged hello = sim_forge_client_hello(fill, 0);
    uint8_t body[200];
    size_t length = hello.length - HEADERS + 1;
    memcpy(body, hello.bytes + HEADERS, length - 1);
    memcpy(body + length - sizeof(end), end, sizeof(end));
    body[EXTENSIONS_LENGTH]++;
    return sim_forge_fragment(RG_CLIENT_HELLO, 0, (uint32_t)length, 0, body, length, 0);
}

struct sim_forged sim_forge_server_hello(uint8_t fill) {
    static const uint8_t rest[] = {
        0,    0xc0, 0x2b, 0,                /* session_id, suite, compression */
        0,    18,                           /* extensions */
        0,    14,   0,    5, 0, 2, 0, 7, 0, /* use_srtp */
        0,    23,   0,    0,                /* extended_master_secret */
        0xff, 0x01, 0,    1, 0,             /* renegotiation_info */
    };
    uint8_t body[34 + sizeof(rest)] = {0xfe, 0xfd};
    memset(body + 2, fill, 32);
    memcpy(body + 34, rest, sizeof(rest));
    return sim_forge_fragment(RG_SERVER_HELLO, 0, sizeof(body), 0, body, sizeof(body), 0);
}

struct sim_forged sim_forge_verify_request(uint8_t fill) {
    uint8_t body[3 + 16] = {0xfe, 0xff, 16};
    memset(body + 3, fill, 16);
    return sim_forge_fragment(RG_HELLO_VERIFY_REQUEST, 0, sizeof(body), 0, body, sizeof(body), 0);
}
