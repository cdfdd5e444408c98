/* Datagrams as an attacker makes them: well-formed, but nobody's. */
#ifndef SIM_FORGE_H
#define SIM_FORGE_H

#include <stddef.h>
#include <stdint.h>

enum { SIM_FORGED_MAX = 20000 };

struct sim_forged {
    uint8_t bytes[SIM_FORGED_MAX];
    size_t length;
};

/* Writes a plaintext record to `out`, which has room for it, and returns its body; `body` may be
 * NULL for zeros. */
uint8_t *sim_write_record(uint8_t *out, uint8_t type, uint16_t epoch, uint64_t sequence,
                          const void *body, size_t length);
/* Writes a fragment in a plaintext record of the given number. */
void sim_write_fragment(uint8_t *out, uint8_t type, uint16_t message_seq, uint32_t total,
                        uint32_t offset, const void *body, size_t length, uint64_t sequence);

/* One plaintext record; `body` may be NULL for zeros. */
struct sim_forged sim_forge_record(uint8_t type, uint16_t epoch, uint64_t sequence,
                                   const void *body, size_t length);
/* One fragment in a plaintext record of the given number. */
struct sim_forged sim_forge_fragment(uint8_t type, uint16_t message_seq, uint32_t total,
                                     uint32_t offset, const void *body, size_t length,
                                     uint64_t sequence);
/* A genuine message that was taken out of a datagram. */
struct sim_message {
    uint8_t type;
    uint8_t body[1000];
    size_t length;
};

/* Takes the whole plaintext messages out of a datagram: that with message_seq `first` goes to
 * out[0], up to `count` of them. Returns the last protected record in the datagram, or none. */
struct sim_forged sim_take_apart(const uint8_t *datagram, size_t length, struct sim_message *out,
                                 unsigned first, size_t count);
/* Such a message in a datagram of its own. */
struct sim_forged sim_forge_message(const struct sim_message *message, uint16_t message_seq);

/* A plaintext alert. */
struct sim_forged sim_forge_alert(uint8_t level, uint8_t description);

/* A ClientHello that a server of ours can answer, with a random filled with `fill`; without
 * extensions that DTLS-SRTP needs when `poor`. */
struct sim_forged sim_forge_client_hello(uint8_t fill, int poor);
/* Such a ClientHello whose renegotiation_info is not empty, which we leave to GnuTLS to refuse
 * (RFC 5746 3.6). */
struct sim_forged sim_forge_renegotiating_hello(uint8_t fill);
/* A ServerHello that a client of ours accepts as such, with message_seq 0. */
struct sim_forged sim_forge_server_hello(uint8_t fill);
/* A HelloVerifyRequest with a cookie filled with `fill`. */
struct sim_forged sim_forge_verify_request(uint8_t fill);

#endif
