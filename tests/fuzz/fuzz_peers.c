/*
 * Two peers that talk, and an outsider who sends anything to one of them: STUN, DTLS, SRTP, SRTCP.
 * Media goes on, also while a second association is negotiated, which comes about all the same.
 *
 * Input: the flags below; then datagrams, each with flags of its own and its length in two bytes.
 */
#include <rtpgate/rtpgate.h>

#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/random.h"
#include "sim/pair.h"
#include "sim/peer.h"

enum {
    TO_SERVER = 1,
    RESTART = 2, /* the victim has begun a second association when the datagrams come */
    FOREIGN = 1, /* not on the peer's path */
    TURN = 2,    /* from the TURN server */
    PACKET = 100,
    STRANGE_PATH = 7,
};

struct side {
    struct sim_peer sim;
    uint16_t number; /* of the next packet of media */
};

static enum rtpgate_role role_of(size_t which) {
    return which == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER;
}

/* A new association of this side: its first, or one more. */
static void associate(struct side *sides, size_t which, uint64_t now) {
    struct side *side = &sides[which];
    struct rtpgate_fingerprint theirs = sim_fingerprint(1 - which);
    rtpgate_config *config = sim_config(which);
    int status = side->sim.peer == NULL
                     ? rtpgate_peer_new(&side->sim.peer, config, role_of(which), now)
                     : rtpgate_peer_restart(side->sim.peer, config, role_of(which), now);

    must(status == 0);
    rtpgate_config_free(config);
    must(rtpgate_session_set_remote(rtpgate_peer_session(side->sim.peer), &theirs, 1, now) == 0);
    if (which == SIM_CLIENT) {
        must(rtpgate_session_start(rtpgate_peer_session(side->sim.peer), now) == 0);
    }
}

/* One packet of media arrives as it was sent. */
static void must_pass(struct side *from, struct side *to, uint64_t now) {
    uint8_t sent[PACKET] = {0x80, 96, (uint8_t)(from->number >> 8), (uint8_t)from->number};
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD];
    int status = rtpgate_peer_protect(from->sim.peer, RTPGATE_KIND_RTP, sent, sizeof(sent), packet,
                                      sizeof(packet));
    size_t length = (size_t)status;

    must(status > (int)sizeof(sent));
    must(rtpgate_peer_input(to->sim.peer, packet, &length, 0, false, now) == RTPGATE_KIND_RTP);
    must(length == sizeof(sent) && memcmp(packet, sent, length) == 0);
    from->number++;
}

static void must_talk(struct side *sides, uint64_t now) {
    must_pass(&sides[0], &sides[1], now);
    must_pass(&sides[1], &sides[0], now);
}

/* Whatever it is, it is neither media nor the end. */
static void attack(struct side *victim, struct rg_reader *reader, uint64_t now) {
    uint8_t flags = rg_read_u8(reader);
    struct rg_bytes bytes = rg_read_vector16(reader);
    uint8_t datagram[SIM_DATAGRAM_MAX];
    size_t length = bytes.length < sizeof(datagram) ? bytes.length : sizeof(datagram);
    int kind;

    if (length > 0) {
        memcpy(datagram, bytes.at, length);
    }
    kind = rtpgate_peer_input(victim->sim.peer, datagram, &length,
                              (flags & FOREIGN) != 0 ? STRANGE_PATH : 0, (flags & TURN) != 0, now);
    must(kind != RTPGATE_KIND_RTP && kind != RTPGATE_KIND_RTCP && kind != RTPGATE_ERR_INVAL);
    sim_peer_drain(&victim->sim);
}

static void must_have_had_keys(const struct side *sides, unsigned times) {
    for (size_t i = 0; i < 2; i++) {
        must(sides[i].sim.events[RTPGATE_EVENT_KEYS] == times);
        must(sides[i].sim.events[RTPGATE_EVENT_FAILED] == 0);
    }
}

static void must_end(struct side *sides, struct sim_link *link, size_t victim) {
    uint64_t now = sim_link_now(link);

    must(rtpgate_peer_close(sides[1 - victim].sim.peer, now) == 0);
    sim_link_run(link, now + SIM_SECOND);
    must(rtpgate_session_state(rtpgate_peer_session(sides[victim].sim.peer)) ==
         RTPGATE_STATE_CLOSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct side sides[2] = {{.number = 0}, {.number = 0}};
    struct rg_reader reader = rg_reader_make(data, size);
    uint8_t flags = rg_read_u8(&reader);
    size_t victim = (flags & TO_SERVER) != 0 ? SIM_SERVER : SIM_CLIENT;
    struct sim_link *link = sim_link_new(1, &sim_calm);
    uint64_t now;

    (void)sim_identity(0); /* the same for every input */
    (void)sim_identity(1);
    fuzz_random_begin(data, size);
    for (size_t i = 0; i < 2; i++) {
        associate(sides, i, 0);
        (void)sim_link_add(link, sim_peer_endpoint(&sides[i].sim));
    }
    sim_link_run(link, SIM_SECOND);
    now = sim_link_now(link);
    must_have_had_keys(sides, 1);
    if ((flags & RESTART) != 0) {
        associate(sides, victim, now);
    }
    while (reader.left > 0 && !reader.failed) {
        attack(&sides[victim], &reader, now);
        must_talk(sides, now);
        must_have_had_keys(sides, 1);
    }
    if ((flags & RESTART) != 0) {
        associate(sides, 1 - victim, now);
        sim_link_run(link, 10 * SIM_SECOND);
        must_have_had_keys(sides, 2);
    }
    must_talk(sides, sim_link_now(link));
    must_end(sides, link, victim);
    rtpgate_peer_free(sides[0].sim.peer);
    rtpgate_peer_free(sides[1].sim.peer);
    sim_link_free(link);
    return 0;
}
