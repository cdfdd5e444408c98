/* An endpoint whose caller looks at its socket and at its clock only now and then: what came
 * meanwhile is read in one go, and then the timers are served. */
#ifndef SIM_SLEEPER_H
#define SIM_SLEEPER_H

#include "sim/link.h"

struct sim_waiting;

struct sim_sleeper {
    struct sim_endpoint inner;
    uint64_t period; /* it is awake at each multiple, for no time */
    struct sim_waiting *first;
    struct sim_waiting **end;
};

void sim_sleeper_init(struct sim_sleeper *sleeper, struct sim_endpoint inner, uint64_t period);
void sim_sleeper_clear(struct sim_sleeper *sleeper);
struct sim_endpoint sim_sleeper_endpoint(struct sim_sleeper *sleeper);

#endif
