/*
 * What loss explains: how often a handshake may time out, and how many datagrams it may take, by
 * the rules of the timer (default: 50 ms, from the third repetition
 * on doubling to 3 s, less 0 to 12.5 %; deadline 30 s).
 */
#ifndef SIM_EXPLAIN_H
#define SIM_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "sim/fate.h"

#define SIM_DEADLINE UINT64_C(30000000)

/* Of how many datagrams a flight consists, at least when it was lost twice. */
struct sim_pieces {
    size_t flight4;
    size_t flight5;
};

/*
 * An upper bound of the chance that a handshake is not over within the deadline.
 *
 * A flight is over when each of its pieces has arrived once. A piece is lost with the network's
 * loss the first time, and then, in bursts, with the chance that a burst lasts one more datagram.
 * The timers run as slowly as they may; each flight waits for the one before it; the peer's own
 * repetitions, which also help, are not counted.
 */
double sim_explain_timeouts(const struct sim_conditions *conditions, struct sim_pieces pieces);

/* How often a flight may leave within `time`: once, whenever its timer fires at its fastest, and as
 * an answer to repetitions. */
uint64_t sim_explain_transmissions(uint64_t time);

#endif
