/*
 * A genuine handshake that an outsider disturbs, in any of its states: whatever comes from one who
 * has no key, both ends get READY with the same keys, carry data and close.
 *
 * Input: what the sides are like (the flags below); the moment: 0 before the start, n before the
 * n-th genuine datagram arrives, RESTING when the handshake has run as far as it can without the
 * late fingerprints, AFTER when both have closed; then datagrams, each with how many milliseconds
 * later it arrives (FOREIGN: not on the peer's path) and its length in two bytes.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/random.h"
#include "sim/pair.h"

enum {
    TO_SERVER = 1,
    SMALL_MTU = 2,
    CLIENT_LATE = 4, /* it learns the other's fingerprint when the handshake is over */
    SERVER_LATE = 8,
    PROVEN_PATH = 16, /* datagrams are taken from the peer's path alone */
    SERVER_CLOSES = 32,
    MTU_SMALL = 256,
    MTU_DEFAULT = 1200,
    RESTING = 254,
    AFTER = 255,
    FOREIGN = 128,
    STRANGE_PATH = 7,
};

struct outsider {
    uint8_t flags;
    uint8_t moment;
    struct rg_reader datagrams;
    unsigned seen; /* genuine datagrams */
};

static void attack(struct outsider *outsider, struct sim_link *link) {
    struct rg_reader *reader = &outsider->datagrams;

    while (reader->left > 0 && !reader->failed) {
        uint8_t when = rg_read_u8(reader);
        struct rg_bytes datagram = rg_read_vector16(reader);

        if (!reader->failed) {
            sim_link_inject(link, (outsider->flags & TO_SERVER) != 0 ? SIM_SERVER : SIM_CLIENT,
                            datagram.at, datagram.length, (when & FOREIGN) != 0 ? STRANGE_PATH : 0,
                            (when & (FOREIGN - 1)) * UINT64_C(1000));
        }
    }
}

static void tap(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct outsider *outsider = context;

    must(*passing->length <= ((outsider->flags & SMALL_MTU) != 0 ? MTU_SMALL : MTU_DEFAULT));
    if (++outsider->seen == outsider->moment) {
        attack(outsider, link);
    }
}

static void add_side(struct sim_link *link, struct sim_ours *side, size_t which, uint8_t flags) {
    rtpgate_config *config = sim_config(which);

    must(rtpgate_config_set_mtu(config, (flags & SMALL_MTU) != 0 ? MTU_SMALL : MTU_DEFAULT) == 0);
    must(rtpgate_config_set_any_path(config, (flags & PROVEN_PATH) == 0) == 0);
    sim_ours_init(side, config, which == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, 0);
    if ((flags & PROVEN_PATH) != 0) {
        must(rtpgate_session_path_valid(side->session, 0, true, 0) == 0);
    }
    if ((flags & (which == SIM_CLIENT ? CLIENT_LATE : SERVER_LATE)) == 0) {
        sim_ours_expect(side, 1 - which, 0);
    }
    (void)sim_link_add(link, sim_ours_endpoint(side));
}

/* The handshake as far as it goes without the late fingerprints, then to its end. */
static void connect_sides(struct sim_pair *pair, struct outsider *outsider) {
    if (outsider->moment == 0) {
        attack(outsider, pair->link);
        sim_link_run(pair->link, SIM_SECOND / 5);
    }
    sim_pair_run(pair, 10 * SIM_SECOND);
    if (outsider->moment == RESTING) {
        attack(outsider, pair->link);
        sim_link_run(pair->link, 11 * SIM_SECOND);
    }
    if ((outsider->flags & CLIENT_LATE) != 0) {
        must(rtpgate_session_state(pair->client.session) == RTPGATE_STATE_UNVERIFIED);
        sim_ours_expect(&pair->client, 1, sim_link_now(pair->link));
        sim_ours_drain(&pair->client, sim_link_now(pair->link));
    }
    if ((outsider->flags & SERVER_LATE) != 0) {
        must(rtpgate_session_state(pair->server.session) == RTPGATE_STATE_UNVERIFIED);
        sim_ours_expect(&pair->server, 0, sim_link_now(pair->link));
        sim_ours_drain(&pair->server, sim_link_now(pair->link));
    }
    sim_link_run(pair->link, 12 * SIM_SECOND);
    must(rtpgate_session_state(pair->client.session) == RTPGATE_STATE_READY);
    must(rtpgate_session_state(pair->server.session) == RTPGATE_STATE_READY);
    must(sim_ours_agree(&pair->client, &pair->server));
}

static void send_data(struct sim_link *link, struct sim_ours *from, struct sim_ours *to) {
    static const uint8_t text[] = "genuine";

    must(rtpgate_session_send(from->session, text, sizeof(text), sim_link_now(link)) == 0);
    sim_link_run(link, sim_link_now(link) + SIM_SECOND);
    must(to->data_count == 1 && to->data_length == sizeof(text));
    must(memcmp(to->data, text, sizeof(text)) == 0);
}

static void close_sides(struct sim_pair *pair, struct outsider *outsider) {
    struct sim_ours *closer =
        (outsider->flags & SERVER_CLOSES) != 0 ? &pair->server : &pair->client;

    must(rtpgate_session_close(closer->session, sim_link_now(pair->link)) == 0);
    sim_link_run(pair->link, 20 * SIM_SECOND);
    must(rtpgate_session_state(pair->client.session) == RTPGATE_STATE_CLOSED);
    must(rtpgate_session_state(pair->server.session) == RTPGATE_STATE_CLOSED);
    attack(outsider, pair->link);
    sim_link_run(pair->link, 21 * SIM_SECOND);
    must(rtpgate_session_state(pair->client.session) == RTPGATE_STATE_CLOSED);
    must(rtpgate_session_state(pair->server.session) == RTPGATE_STATE_CLOSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct sim_pair pair;
    struct rg_reader reader = rg_reader_make(data, size);
    struct outsider outsider = {.flags = rg_read_u8(&reader), .moment = rg_read_u8(&reader)};

    outsider.datagrams = reader;
    (void)sim_identity(0); /* the same for every input */
    (void)sim_identity(1);
    fuzz_random_begin(data, size);
    pair.link = sim_link_new(1, &sim_calm);
    sim_link_tap(pair.link, tap, &outsider);
    add_side(pair.link, &pair.client, SIM_CLIENT, outsider.flags);
    add_side(pair.link, &pair.server, SIM_SERVER, outsider.flags);
    connect_sides(&pair, &outsider);
    send_data(pair.link, &pair.client, &pair.server);
    send_data(pair.link, &pair.server, &pair.client);
    close_sides(&pair, &outsider);
    sim_pair_clear(&pair);
    return 0;
}
