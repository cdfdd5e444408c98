/* Peers of ours as endpoints of a link. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "sim/ours.h"

/* A peer and how often it told what. */
struct sim_peer {
    rtpgate_peer *peer;
    unsigned events[RTPGATE_EVENT_FAILED + 1];
};

struct sim_endpoint sim_peer_endpoint(struct sim_peer *peer);
/* Takes the events that wait. */
void sim_peer_drain(struct sim_peer *peer);

#endif
