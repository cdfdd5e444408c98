/* The pair of a test that stands in for the network at first, and lets it go on alone at the end.
 */
#ifndef RG_TESTS_ONE_PAIR_H
#define RG_TESTS_ONE_PAIR_H

#include "sim/pair.h"
#include "suite.h"

static struct sim_pair pair;

static inline void teardown(void) {
    sim_pair_clear(&pair);
}

static inline void assert_ends_well(void) {
    sim_link_run(pair.link, 20 * SIM_SECOND);
    ck_assert_msg(sim_ours_agree(&pair.client, &pair.server), "client: %s; server: %s",
                  rtpgate_session_error(pair.client.session, NULL),
                  rtpgate_session_error(pair.server.session, NULL));
}

#endif
