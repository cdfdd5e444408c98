/* Somebody with an identity of his own, who reads what the target sends and shakes hands with it
 * before its peer does. */
#ifndef SIM_STRANGER_H
#define SIM_STRANGER_H

#include "sim/ours.h"

enum sim_stranger_kind {
    SIM_STAYS,
    SIM_LEAVES,           /* says so once he is through with it */
    SIM_RETURNS,          /* leaves, and comes again every eight seconds */
    SIM_WITHOUT_FINISHED, /* a client whose Finished never comes */
};

struct sim_stranger {
    struct sim_ours ours;
    struct sim_endpoint inner; /* that of `ours` */
    enum sim_stranger_kind kind;
    size_t target;
    uint64_t returns_at; /* UINT64_MAX: never */
    bool here;           /* until then he neither hears nor says anything */
};

/* target: SIM_CLIENT or SIM_SERVER. */
void sim_stranger_init(struct sim_stranger *stranger, size_t target, enum sim_stranger_kind kind);
void sim_stranger_clear(struct sim_stranger *stranger);
struct sim_endpoint sim_stranger_endpoint(struct sim_stranger *stranger);
/* Now he comes; without effect if he is here. */
void sim_stranger_come(struct sim_stranger *stranger, uint64_t now);

#endif
