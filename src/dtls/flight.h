/* What leaves an engine: packing into datagrams, the retransmission timer, the limits of a
 * reflector. */
#ifndef RG_DTLS_FLIGHT_H
#define RG_DTLS_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
#include "wire/record.h"

enum {
    RG_OUTBOX_BYTES = 65536,          /* application data is refused beyond this */
    RG_OUTBOX_RESERVE = 16384 + 4096, /* and this much more is kept for flights and alerts */
    RG_OUTBOX_DATAGRAMS = 256,
    RG_OUTBOX_SPARE = 32,  /* of these, kept in the same way */
    RG_SMALL_MTU = 548,    /* passes a 576-byte IPv4 path (RFC 6347 4.1.1.1) */
    RG_UNHEARD_SHRINK = 4, /* losses and answers after which datagrams shrink to that */
    RG_LOSSES_QUICK = 2,   /* losses of one flight after which the timer begins to double */
    RG_ANSWERS_MAX = 16,
    RG_FINAL_MAX = 256, /* ChangeCipherSpec and Finished have 75 bytes */
};

#define RG_RTO_MIN UINT64_C(20000)
#define RG_ANSWER_GAP_MIN UINT64_C(20000)
#define RG_ANSWER_GAP_MAX UINT64_C(40000)
#define RG_FINAL_GAP UINT64_C(1000000) /* between answers by the final flight, beyond the most */
#define RG_FINAL_LIFETIME UINT64_C(240000000) /* 2 MSL (RFC 6347 4.2.4) */

/* What all candidates of an association share on their way out. */
struct rg_outbox {
    struct rg_queue queue;
    uint64_t
        next_sequence; /* of epoch 0: one number space for all engines, or the peer drops replays */
    uint64_t dropped;  /* datagrams that found no room or no memory */
};

struct rg_flight {
    struct rg_outbox *outbox;
    size_t mtu;
    uint64_t path;
    uint8_t *datagram; /* the one being packed, `limit` bytes; NULL: none */
    size_t used;
    size_t limit;

    uint64_t rto;
    uint64_t sent_at;
    uint64_t due; /* RTPGATE_NEVER: the timer is off */
    unsigned losses;
    unsigned answers;
    bool owed; /* an answer that the rate forbade; `due` is when it may go */

    bool keep; /* this is the final flight: keep what is sent */
    uint8_t final[RG_FINAL_MAX];
    size_t final_length; /* 0: none was kept */
    uint64_t final_until;
    uint64_t final_credit; /* bytes that arrived and were not yet answered by as many */
};

void rg_outbox_init(struct rg_outbox *outbox);
void rg_outbox_clear(struct rg_outbox *outbox);

void rg_flight_init(struct rg_flight *flight, struct rg_outbox *outbox, size_t mtu, uint64_t path);
void rg_flight_clear(struct rg_flight *flight);

/* Makes sure that what is added next finds memory; false when there is none. */
bool rg_flight_reserve(struct rg_flight *flight);
/* Adds a record. Handshake messages of epoch 0 are cut to the room that is left; record numbers of
 * epoch 0 are given here. */
void rg_flight_add(struct rg_flight *flight, const struct rg_record *record);
/* Sends what was packed. */
void rg_flight_flush(struct rg_flight *flight);
/* Forgets what was packed. */
void rg_flight_discard(struct rg_flight *flight);

/* A new flight left: starts the timer from `rto`, scattered by `jitter` (any 32 bits). */
void rg_flight_arm(struct rg_flight *flight, uint64_t now, uint64_t rto, uint32_t jitter);
/* The running timer starts anew from `rto`, unless it fires before; answers stay counted. */
void rg_flight_quicken(struct rg_flight *flight, uint64_t now, uint64_t rto, uint32_t jitter);
/* The timer fired: doubles it up to `cap`, but for the first losses and an owed answer, and starts
 * it again. False for the answer. */
bool rg_flight_backoff(struct rg_flight *flight, uint64_t now, uint64_t cap, uint32_t jitter);
void rg_flight_disarm(struct rg_flight *flight);

/* The timer fires after the least time between two answers, if not before; that is no loss, and
 * one of the answers that a flight may have. */
void rg_flight_hurry(struct rg_flight *flight, uint64_t now);

/* Whether the peer's repetition may be answered with this flight now; if so it counts as answered.
 */
bool rg_flight_may_answer(struct rg_flight *flight, uint64_t now, uint64_t rtt, uint32_t jitter);

/* Sends the kept final flight once more, byte for byte, for `received` bytes that asked for it.
 * False when its lifetime, credit or rate forbids. */
bool rg_flight_repeat_final(struct rg_flight *flight, uint64_t now, uint64_t rtt, size_t received);

/* a + b, or UINT64_MAX. */
uint64_t rg_time_add(uint64_t a, uint64_t b);

#endif
