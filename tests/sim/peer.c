#include "sim/peer.h"

#include <string.h>

void sim_peer_drain(struct sim_peer *peer) {
    struct rtpgate_event event;
    while (rtpgate_peer_next_event(peer->peer, &event) == 1) {
        peer->events[event.type]++;
    }
}

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct sim_peer *peer = self;
    uint8_t copy[SIM_DATAGRAM_MAX];
    memcpy(copy, datagram, length);
    (void)rtpgate_peer_input(peer->peer, copy, &length, path, false, now);
    sim_peer_drain(peer);
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct sim_peer *peer = self;
    return rtpgate_peer_output(peer->peer, buffer, capacity, path);
}

static uint64_t deadline(const void *self) {
    const struct sim_peer *peer = self;
    return rtpgate_peer_deadline(peer->peer);
}

static void expire(void *self, uint64_t now) {
    struct sim_peer *peer = self;
    (void)rtpgate_peer_expire(peer->peer, now);
    sim_peer_drain(peer);
}

struct sim_endpoint sim_peer_endpoint(struct sim_peer *peer) {
    return (struct sim_endpoint){
        .self = peer, .input = input, .output = output, .deadline = deadline, .expire = expire};
}
