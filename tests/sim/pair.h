/* A client and a server of ours on one link: what most tests begin with. */
#ifndef SIM_PAIR_H
#define SIM_PAIR_H

#include "sim/ours.h"

enum { SIM_CLIENT = 0, SIM_SERVER = 1 };

#define SIM_SECOND UINT64_C(1000000)

struct sim_pair {
    struct sim_link *link;
    struct sim_ours client; /* endpoint 0, identity 0 */
    struct sim_ours server; /* endpoint 1, identity 1 */
};

/* A link without loss and with 10 ms one way. */
extern const struct sim_conditions sim_calm;

/* Both know the other's fingerprint; nothing is started. */
void sim_pair_init(struct sim_pair *pair, uint64_t seed, const struct sim_conditions *conditions);
/* The same with configs of the caller's, whose references it takes over; NULL: the default. */
void sim_pair_init_with(struct sim_pair *pair, uint64_t seed,
                        const struct sim_conditions *conditions, rtpgate_config *client,
                        rtpgate_config *server);
/* Starts the client and runs until `until`. */
void sim_pair_run(struct sim_pair *pair, uint64_t until);
/* The whole of it on a calm link: both READY. */
void sim_pair_ready(struct sim_pair *pair);
/* May be called again. */
void sim_pair_clear(struct sim_pair *pair);

#endif
