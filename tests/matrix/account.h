/* What one cell cost, and what was counted in it. */
#ifndef MATRIX_ACCOUNT_H
#define MATRIX_ACCOUNT_H

#include "matrix/cell.h"

struct account {
    uint64_t late;     /* microseconds from the start until both had keys, or the end was told */
    uint64_t engines;  /* of both, as far as they are ours */
    uint64_t sent;     /* datagrams of both, as far as they are ours */
    uint64_t heap;     /* bytes, the most, that everything in the cell had; 0 with sanitizers */
    uint32_t counters; /* account_counters: one bit for each that counted at the target */
    uint64_t causes;   /* one bit for each RTPGATE_ERR_*, negated, of which it gave advice */
    uint64_t strayed;  /* datagrams of the target to a path that was not declared valid */
    uint64_t reused;   /* record numbers of epoch 0 that somebody used for two records */
};

/* Names of the bits in `counters`. */
extern const char *const account_counters[];
extern const size_t account_counters_count;

void account_open(struct account *account);
/* A genuine datagram passes. */
void account_passing(struct account *account, const struct cell *cell,
                     const struct sim_passing *passing);
/* peer: NULL when it is not ours. */
void account_close(struct account *account, const struct sim_ours *target,
                   const struct sim_ours *peer);

#endif
