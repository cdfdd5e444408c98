#include "sim/random.h"

/* splitmix64 */
uint64_t sim_random_next(struct sim_random *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sim_random_below(struct sim_random *random, uint64_t limit) {
    uint64_t drawn = sim_random_next(random);
    return limit == 0 ? 0 : drawn % limit;
}

bool sim_random_happens(struct sim_random *random, unsigned per_thousand) {
    return sim_random_below(random, 1000) < per_thousand;
}
