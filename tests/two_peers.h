/* Two peers that exchange datagrams by hand. */
#ifndef RG_TESTS_TWO_PEERS_H
#define RG_TESTS_TWO_PEERS_H

#include <rtpgate/peer.h>

#include <string.h>

#include "sim/forge.h"
#include "sim/ours.h"
#include "suite.h"

enum { PACKET = 200, BUFFER = 2048 };

static rtpgate_peer *client;
static rtpgate_peer *server;
static uint64_t now;
static unsigned events[2][RTPGATE_EVENT_EXPIRING + 1];
static struct rtpgate_media_settings settings; /* of all media that is made; setup clears it */

static inline void expect(rtpgate_peer *peer, size_t which) {
    struct rtpgate_fingerprint fingerprint = sim_fingerprint(which);
    ck_assert_int_eq(rtpgate_session_set_remote(rtpgate_peer_session(peer), &fingerprint, 1, now),
                     0);
}

static inline rtpgate_config *config_new(size_t which) {
    rtpgate_config *config = sim_config(which);
    ck_assert_int_eq(rtpgate_config_set_media(config, &settings, sizeof(settings)), 0);
    return config;
}

static inline rtpgate_peer *peer_new(size_t which, enum rtpgate_role role) {
    rtpgate_peer *peer = NULL;
    rtpgate_config *config = config_new(which);
    ck_assert_int_eq(rtpgate_peer_new(&peer, config, role, now), 0);
    rtpgate_config_free(config);
    expect(peer, 1 - which);
    return peer;
}

static inline void setup_with(struct rtpgate_media_settings wanted) {
    now = 1000;
    settings = wanted;
    memset(events, 0, sizeof(events));
    client = peer_new(0, RTPGATE_ROLE_CLIENT);
    server = peer_new(1, RTPGATE_ROLE_SERVER);
}

static inline void setup(void) {
    setup_with((struct rtpgate_media_settings){0});
}

static inline void teardown(void) {
    rtpgate_peer_free(client);
    rtpgate_peer_free(server);
}

static inline void drain_events(rtpgate_peer *peer) {
    struct rtpgate_event event;
    while (rtpgate_peer_next_event(peer, &event) == 1) {
        events[peer == server][event.type]++;
    }
}

static inline bool carry(rtpgate_peer *from, rtpgate_peer *to) {
    uint8_t buffer[BUFFER];
    uint64_t path;
    int sent;
    bool any = false;
    while ((sent = rtpgate_peer_output(from, buffer, sizeof(buffer), &path)) > 0) {
        size_t length = (size_t)sent;
        ck_assert_int_eq(rtpgate_peer_input(to, buffer, &length, 0, false, now), RTPGATE_KIND_DTLS);
        any = true;
    }
    return any;
}

static inline void run(void) {
    bool any = true;
    while (any) {
        now += 1000;
        any = carry(client, server);
        any = carry(server, client) || any;
        drain_events(client);
        drain_events(server);
    }
}

static inline void connect_peers(void) {
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(client), now), 0);
    run();
}

static inline enum rtpgate_state state(rtpgate_peer *peer) {
    return rtpgate_session_state(rtpgate_peer_session(peer));
}

/* A plaintext RTP packet with this number. */
static inline void make_rtp(uint8_t *packet, uint16_t number) {
    memset(packet, 0x5a, PACKET);
    const uint8_t header[] = {0x80, 96, (uint8_t)(number >> 8), (uint8_t)number, 0, 0, 0, 1, 1, 2,
                              3,    4};
    memcpy(packet, header, sizeof(header));
}

static inline size_t protect(rtpgate_peer *peer, uint8_t *packet, uint16_t number) {
    uint8_t plain[PACKET];
    make_rtp(plain, number);
    int length = rtpgate_peer_protect(peer, RTPGATE_KIND_RTP, plain, PACKET, packet, BUFFER);
    ck_assert_int_gt(length, PACKET);
    return (size_t)length;
}

static inline void assert_arrives(rtpgate_peer *to, uint8_t *packet, size_t length,
                                  uint16_t number) {
    uint8_t plain[PACKET];
    make_rtp(plain, number);
    ck_assert_int_eq(rtpgate_peer_input(to, packet, &length, 0, false, now), RTPGATE_KIND_RTP);
    ck_assert_uint_eq(length, PACKET);
    ck_assert_mem_eq(packet, plain, PACKET);
}

static inline struct rtpgate_peer_stats stats(const rtpgate_peer *peer) {
    struct rtpgate_peer_stats all;
    ck_assert_int_eq(rtpgate_peer_stats(peer, &all, sizeof(all)), 0);
    return all;
}

static inline void restart(rtpgate_peer *peer, size_t which, enum rtpgate_role role) {
    rtpgate_config *config = config_new(which);
    ck_assert_int_eq(rtpgate_peer_restart(peer, config, role, now), 0);
    rtpgate_config_free(config);
    expect(peer, 1 - which);
}

#endif
