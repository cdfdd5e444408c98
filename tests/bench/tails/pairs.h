/* Pairs of peers of one kind, each of which runs a handshake over a link in virtual time. */
#ifndef TAILS_PAIRS_H
#define TAILS_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/link.h"

/* A handshake that takes longer counts as unfinished, and as this long. Microseconds. */
#define TAILS_LIMIT UINT64_C(60000000)

struct tails_result {
    uint64_t time;    /* until both sides had the same keys; TAILS_LIMIT: never */
    size_t datagrams; /* that both had sent by then */
};

struct tails_pair {
    const char *name;
    struct tails_result (*meet)(uint64_t seed, const struct sim_conditions *conditions);
};

/* All of them; a name of NULL ends the list. */
extern const struct tails_pair tails_pairs[];

#endif
