/*
 * What a network does to a datagram. The fate of the nth datagram of a direction depends on the
 * seed, on n, on its length where there is an MTU, and on the time where there is a hole: not on
 * what else happens.
 */
#ifndef SIM_FATE_H
#define SIM_FATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/random.h"

/* Endpoints are paired: an even number with the odd one after it. */
enum sim_ways { SIM_WAYS_BOTH, SIM_WAYS_FROM_EVEN, SIM_WAYS_FROM_ODD };

/* A direction is in a burst or not (Gilbert, Elliott); each datagram may change that. */
struct sim_bursts {
    unsigned begin; /* 0: never */
    unsigned end;
    unsigned loss; /* in a burst */
};

/* Everything that is sent in this time vanishes. */
struct sim_hole {
    uint64_t from;
    uint64_t until; /* 0: no hole */
    enum sim_ways ways;
};

/* Chances are per thousand, times microseconds; all zeros is a network that does nothing. */
struct sim_conditions {
    unsigned loss; /* outside bursts: each datagram for itself */
    struct sim_bursts bursts;
    unsigned duplicate;
    unsigned reorder;  /* such a datagram is delayed by up to four times `delay` more */
    unsigned corrupt;  /* one to three of its bytes are changed */
    unsigned truncate; /* it loses its end */
    uint64_t delay;    /* one way */
    uint64_t jitter;   /* up to so much is added to `delay` */
    size_t mtu;        /* larger datagrams vanish; 0: no limit */
    size_t later_mtu;  /* 0: `mtu` stays; else it is this from `later` on */
    uint64_t later;
    struct sim_hole hole;
};

enum sim_fate {
    SIM_DELIVERED,
    SIM_LATE,
    SIM_DUPLICATE, /* delivered twice */
    SIM_CORRUPT,
    SIM_TRUNCATED,
    SIM_LOST,
    SIM_SWALLOWED, /* by a hole */
    SIM_TOO_LARGE,
    SIM_DROPPED, /* by the tap */
    SIM_INJECTED,
};

const char *sim_fate_name(enum sim_fate fate);
/* Whether it arrives nowhere. */
bool sim_fate_is_loss(enum sim_fate fate);

/* One direction. */
struct sim_way {
    struct sim_random random;
    bool burst;
};

struct sim_verdict {
    enum sim_fate fate;
    uint64_t delay;
    bool twice;
    uint64_t second_delay;
    struct sim_random spoils; /* which bytes suffer */
};

/* The fate of the next datagram, `length` bytes that endpoint `from` sends at `now`. */
struct sim_verdict sim_fate_next(struct sim_way *way, const struct sim_conditions *conditions,
                                 size_t from, size_t length, uint64_t now);
/* Does to the bytes what CORRUPT and TRUNCATED mean. */
void sim_fate_spoil(struct sim_verdict *verdict, uint8_t *bytes, size_t *length);

#endif
