/* Repeatable random numbers. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* Every state, 0 too, is a good seed. */
struct sim_random {
    uint64_t state;
};

uint64_t sim_random_next(struct sim_random *random);
/* A number below `limit`; 0 when that is 0. */
uint64_t sim_random_below(struct sim_random *random, uint64_t limit);
/* True so often of a thousand times. */
bool sim_random_happens(struct sim_random *random, unsigned per_thousand);

#endif
