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

enum {
    TO_SERVER = 1,
    RESTART = 2, /* the victim has begun a second association when the datagrams come */
    FOREIGN = 1, /* not on the peer's path */
    TURN = 2,    /* from the TURN server */
    PACKET = 100,
    STRANGE_PATH = 7,
};

struct side {
    rtpgate_peer *peer;
    unsigned keys; /* events of that kind */
    uint16_t number;
};

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct side *side = self;
    uint8_t copy[SIM_DATAGRAM_MAX];

    memcpy(copy, datagram, length);
    (void)rtpgate_peer_input(side->peer, copy, &length, path, false, now);
}

static void drain(struct side *side) {
    uint8_t packet[SIM_DATAGRAM_MAX];
    struct rtpgate_event event;
    size_t length;

    while (rtpgate_peer_next_event(side->peer, &event) == 1) {
        side->keys += event.type == RTPGATE_EVENT_KEYS;
        must(event.type != RTPGATE_EVENT_FAILED);
    }
    must(rtpgate_peer_next_packet(side->peer, packet, sizeof(packet), &length) == 0);
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct side *side = self;

    drain(side);
    return rtpgate_peer_output(side->peer, buffer, capacity, path);
}

static uint64_t deadline(const void *self) {
    return rtpgate_peer_deadline(((const struct side *)self)->peer);
}

static void expire(void *self, uint64_t now) {
    must(rtpgate_peer_expire(((struct side *)self)->peer, now) == 0);
}

static enum rtpgate_role role_of(size_t which) {
    return which == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER;
}

/* A new association of this side: its first, or one more. */
static void associate(struct side *sides, size_t which, uint64_t now) {
    struct side *side = &sides[which];
    struct rtpgate_fingerprint theirs = sim_fingerprint(1 - which);
    rtpgate_config *config = sim_config(which);
    int status = side->peer == NULL ? rtpgate_peer_new(&side->peer, config, role_of(which), now)
                                    : rtpgate_peer_restart(side->peer, config, role_of(which), now);

    must(status == 0);
    rtpgate_config_free(config);
    must(rtpgate_session_set_remote(rtpgate_peer_session(side->peer), &theirs, 1, now) == 0);
    if (which == SIM_CLIENT) {
        must(rtpgate_session_start(rtpgate_peer_session(side->peer), now) == 0);
    }
}

/* One packet of media arrives as it was sent. */
static void must_pass(struct side *from, struct side *to, uint64_t now) {
    uint8_t sent[PACKET] = {0x80, 96, (uint8_t)(from->number >> 8), (uint8_t)from->number};
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD];
    int status = rtpgate_peer_protect(from->peer, RTPGATE_KIND_RTP, sent, sizeof(sent), packet,
                                      sizeof(packet));
    size_t length = (size_t)status;

    must(status > (int)sizeof(sent));
    must(rtpgate_peer_input(to->peer, packet, &length, 0, false, now) == RTPGATE_KIND_RTP);
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
    unsigned keys = victim->keys;
    int kind;

    if (length > 0) {
        memcpy(datagram, bytes.at, length);
    }
    kind = rtpgate_peer_input(victim->peer, datagram, &length,
                              (flags & FOREIGN) != 0 ? STRANGE_PATH : 0, (flags & TURN) != 0, now);
    must(kind != RTPGATE_KIND_RTP && kind != RTPGATE_KIND_RTCP && kind != RTPGATE_ERR_INVAL);
    drain(victim);
    must(victim->keys == keys);
}

static void must_end(struct side *sides, struct sim_link *link, size_t victim) {
    uint64_t now = sim_link_now(link);

    must(rtpgate_peer_close(sides[1 - victim].peer, now) == 0);
    sim_link_run(link, now + SIM_SECOND);
    must(rtpgate_session_state(rtpgate_peer_session(sides[victim].peer)) == RTPGATE_STATE_CLOSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct side sides[2] = {{.peer = NULL}, {.peer = NULL}};
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
        (void)sim_link_add(link, (struct sim_endpoint){&sides[i], input, output, deadline, expire});
    }
    sim_link_run(link, SIM_SECOND);
    now = sim_link_now(link);
    must(sides[0].keys == 1 && sides[1].keys == 1);
    if ((flags & RESTART) != 0) {
        associate(sides, victim, now);
    }
    while (reader.left > 0 && !reader.failed) {
        attack(&sides[victim], &reader, now);
        must_talk(sides, now);
    }
    if ((flags & RESTART) != 0) {
        associate(sides, 1 - victim, now);
        sim_link_run(link, 10 * SIM_SECOND);
        must(sides[0].keys == 2 && sides[1].keys == 2);
    }
    must_talk(sides, sim_link_now(link));
    must_end(sides, link, victim);
    rtpgate_peer_free(sides[0].peer);
    rtpgate_peer_free(sides[1].peer);
    sim_link_free(link);
    return 0;
}
