/* One handshake of ours over a network that a seed chooses. */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include "sim/explain.h"
#include "sim/pair.h"

/* How bad the networks may be, per thousand. */
struct sim_badness {
    unsigned loss; /* half of the networks lose so much independently, half in bursts */
    unsigned corrupt;
    unsigned truncate;
};

struct sim_trial {
    uint64_t seed;
    size_t mtu; /* that both sides know */
    struct sim_conditions conditions;
};

struct sim_outcome {
    bool equal;   /* both are READY with the same keys */
    bool timeout; /* that is why they are not */
    bool early;   /* one failed before its deadline */
    uint64_t time;
    uint64_t datagrams;
    uint64_t datagrams_max; /* what the rules of the timer allow */
    double timeouts;        /* the chance of a timeout that loss explains, at most */
};

/* Networks with up to so much of each, and with duplicates, reordering, delay and MTUs. */
struct sim_trial sim_trial_draw(uint64_t seed, const struct sim_badness *badness);

/* Whether it ended as it must: equal keys or an explained end, without a storm. */
bool sim_outcome_is_fine(const struct sim_outcome *outcome);

/* Runs it until nothing happens any more. The seed decides everything that matters but what a
 * corrupt byte means: keys, randoms and signatures, and so their bytes, are new each time.
 * Prints its trace to `always` and, when it is not fine, to
 * `bad`, unless these are NULL. */
struct sim_outcome sim_trial_run(const struct sim_trial *trial, FILE *always, FILE *bad);

#endif
