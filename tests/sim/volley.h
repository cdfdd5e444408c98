/* Datagrams that an attacker sends in one go, and those that he has read. */
#ifndef SIM_VOLLEY_H
#define SIM_VOLLEY_H

#include <stdbool.h>

#include "sim/forge.h"

enum { SIM_VOLLEY = 1024, SIM_VOLLEY_BYTES = 262144 };

struct sim_volley {
    size_t count;
    size_t used;
    struct {
        size_t at; /* in `bytes` */
        size_t length;
        size_t from;    /* the endpoint that sent it, when it was read */
        uint64_t delay; /* microseconds after the first */
        bool as_peer;   /* from the peer's own path, wherever the attacker is */
        uint64_t path;  /* so many behind the attacker's own */
    } items[SIM_VOLLEY];
    uint8_t bytes[SIM_VOLLEY_BYTES];
};

void sim_volley_clear(struct sim_volley *volley);
/* Adds a datagram; aborts when there is no room. */
void sim_volley_add(struct sim_volley *volley, const uint8_t *datagram, size_t length, size_t from);
void sim_volley_forge(struct sim_volley *volley, struct sim_forged forged);
/* Adds a plaintext record in a datagram of its own; `body` may be NULL for zeros. */
void sim_volley_record(struct sim_volley *volley, uint8_t type, uint16_t epoch, uint64_t sequence,
                       const void *body, size_t length);
/* Adds a fragment in such a record of the given number. */
void sim_volley_fragment(struct sim_volley *volley, uint8_t type, uint16_t message_seq,
                         uint32_t total, uint32_t offset, const void *body, size_t length,
                         uint64_t sequence);
/* Adds a whole message in a datagram of its own, whose record number is the message_seq. */
void sim_volley_put(struct sim_volley *volley, uint8_t type, uint16_t message_seq, const void *body,
                    size_t length);
/* Adds `forged` to the last datagram, or as the first one. */
void sim_volley_append(struct sim_volley *volley, struct sim_forged forged);
const uint8_t *sim_volley_at(const struct sim_volley *volley, size_t i);
/* Gives every record the same number, as far as the datagrams are well-formed. */
void sim_volley_renumber(struct sim_volley *volley, uint64_t sequence);

#endif
