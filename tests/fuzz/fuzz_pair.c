/*
 * A client and a server whose datagrams somebody on the path changes, as he likes but without keys:
 * nothing breaks, no two ends are READY with different keys, and everything comes to an end within
 * the deadlines. When he changes nothing and takes little away, both ends get READY.
 *
 * Input: what the sides are like (the flags below); then what is done to each datagram in turn: one
 * of the deeds below with its arguments. When the input has ended datagrams pass.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/random.h"
#include "sim/pair.h"

enum { TAKEN_MAX = 3 /* what a handshake gets over in time, whatever it is */ };
enum { SMALL_MTU = 1, CLIENT_LATE = 2, SERVER_LATE = 4, WRONG_FINGERPRINT = 8, NEVER_TOLD = 16 };

enum deed {
    PASS,
    DROP,
    FLIP,      /* where (u16), with what (u8) */
    CUT,       /* where (u16) */
    SPLICE,    /* where (u16): from there on it is the datagram before */
    OVERWRITE, /* where (u16), with what (length u8, bytes) */
    DELAY,     /* by how many times 4 ms (u8) */
    REFLECT,   /* back to its sender */
    DEEDS,
    AS_WELL = 128, /* the genuine datagram arrives, too, after the changed one */
};

struct meddler {
    struct rg_reader script;
    uint8_t before[SIM_DATAGRAM_MAX]; /* the datagram before */
    size_t before_length;
    uint64_t checksum; /* FNV-1a of all datagrams */
    bool changed;      /* something that was sent */
    unsigned taken;    /* datagrams that did not arrive */
};

static void sum_up(struct meddler *meddler, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        meddler->checksum = (meddler->checksum ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
}

static void remember(struct meddler *meddler, const uint8_t *bytes, size_t length) {
    memcpy(meddler->before, bytes, length);
    meddler->before_length = length;
}

/* Changes `bytes`; returns their new length. */
static size_t change(struct meddler *meddler, enum deed deed, uint8_t *bytes, size_t length) {
    size_t at = rg_read_u16(&meddler->script) % (length + 1);
    struct rg_bytes with;

    switch (deed) {
    case FLIP:
        if (at < length) {
            bytes[at] ^= rg_read_u8(&meddler->script);
        }
        return length;
    case CUT:
        return at;
    case SPLICE:
        if (at < meddler->before_length) {
            memcpy(bytes + at, meddler->before + at, meddler->before_length - at);
            return meddler->before_length;
        }
        return length;
    default:
        with = rg_read_vector8(&meddler->script);
        with.length = with.length < length - at ? with.length : length - at;
        if (with.length > 0) {
            memcpy(bytes + at, with.at, with.length);
        }
        return length;
    }
}

static void meddle(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct meddler *meddler = context;
    uint8_t choice = rg_read_u8(&meddler->script);
    enum deed deed = (enum deed)((choice & (AS_WELL - 1)) % DEEDS);
    uint8_t changed[SIM_DATAGRAM_MAX];
    size_t length = *passing->length;
    size_t to = deed == REFLECT ? passing->from : passing->from ^ 1U;
    uint64_t delay = 10000;

    sum_up(meddler, passing->bytes, length);
    meddler->changed = meddler->changed || (deed >= FLIP && deed <= OVERWRITE);
    meddler->taken += deed == DROP || (deed == REFLECT && (choice & AS_WELL) == 0);
    if (deed == PASS || deed == DROP) {
        passing->drop = deed == DROP;
        return;
    }
    memcpy(changed, passing->bytes, length);
    if (deed == DELAY) {
        delay += rg_read_u8(&meddler->script) * UINT64_C(4000);
    } else if (deed != REFLECT) {
        length = change(meddler, deed, changed, length);
    }
    sim_link_inject(link, to, changed, length, 0, delay);
    passing->drop = (choice & AS_WELL) == 0;
    remember(meddler, passing->bytes, *passing->length);
}

static enum rtpgate_state state_of(const struct sim_ours *side) {
    return rtpgate_session_state(side->session);
}

static bool is_ready(const struct sim_ours *side) {
    return state_of(side) == RTPGATE_STATE_READY;
}

static bool has_ended(const struct sim_ours *side) {
    return state_of(side) == RTPGATE_STATE_CLOSED || state_of(side) == RTPGATE_STATE_FAILED;
}

/* Only a server that nobody has talked to may still wait. */
static void must_be_over(const struct sim_pair *pair) {
    must(is_ready(&pair->client) || has_ended(&pair->client));
    must(is_ready(&pair->server) || has_ended(&pair->server) ||
         state_of(&pair->server) == RTPGATE_STATE_NEW);
    must(!is_ready(&pair->client) || sim_ours_event(&pair->client, RTPGATE_EVENT_KEYS) != NULL);
    must(!is_ready(&pair->server) || sim_ours_event(&pair->server, RTPGATE_EVENT_KEYS) != NULL);
}

static bool may_fail(const struct meddler *meddler, uint8_t flags) {
    bool untold = (flags & NEVER_TOLD) != 0 && (flags & (CLIENT_LATE | SERVER_LATE)) != 0;

    return meddler->changed || meddler->taken > TAKEN_MAX || untold ||
           (flags & WRONG_FINGERPRINT) != 0;
}

/* Undisturbed from here on: what is READY works. */
static void must_work(struct sim_pair *pair) {
    static const uint8_t text[] = "genuine";
    size_t before = pair->server.data_count;

    sim_link_tap(pair->link, NULL, NULL);
    must(rtpgate_session_send(pair->client.session, text, sizeof(text), sim_link_now(pair->link)) ==
         0);
    sim_link_run(pair->link, sim_link_now(pair->link) + SIM_SECOND);
    must(pair->server.data_count == before + 1);
    must(rtpgate_session_close(pair->client.session, sim_link_now(pair->link)) == 0);
    sim_link_run(pair->link, sim_link_now(pair->link) + SIM_SECOND);
    must(state_of(&pair->server) == RTPGATE_STATE_CLOSED);
}

static void add_side(struct sim_pair *pair, struct sim_ours *side, size_t which, uint8_t flags) {
    rtpgate_config *config = sim_config(which);

    must(rtpgate_config_set_mtu(config, (flags & SMALL_MTU) != 0 ? 256 : 1200) == 0);
    sim_ours_init(side, config, which == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, 0);
    (void)sim_link_add(pair->link, sim_ours_endpoint(side));
}

/* The fingerprints that are due: the late ones, or the others. */
static void expect(struct sim_pair *pair, uint8_t flags, bool late) {
    uint64_t now = sim_link_now(pair->link);

    if (((flags & CLIENT_LATE) != 0) == late && !has_ended(&pair->client)) {
        sim_ours_expect(&pair->client, (flags & WRONG_FINGERPRINT) != 0 ? 0 : 1, now);
        sim_ours_drain(&pair->client, now);
    }
    if (((flags & SERVER_LATE) != 0) == late && !has_ended(&pair->server)) {
        sim_ours_expect(&pair->server, 0, now);
        sim_ours_drain(&pair->server, now);
    }
}

/* Plays it once; returns a checksum of what was sent. */
static uint64_t play(const uint8_t *data, size_t size) {
    static struct sim_pair pair;
    static struct meddler meddler;
    struct rg_reader reader = rg_reader_make(data, size);
    uint8_t flags = rg_read_u8(&reader);

    meddler = (struct meddler){.script = reader, .checksum = UINT64_C(0xcbf29ce484222325)};
    fuzz_random_begin(data, size);
    pair.link = sim_link_new(1, &sim_calm);
    sim_link_tap(pair.link, meddle, &meddler);
    add_side(&pair, &pair.client, SIM_CLIENT, flags);
    add_side(&pair, &pair.server, SIM_SERVER, flags);
    expect(&pair, flags, false);
    sim_pair_run(&pair, 2 * SIM_SECOND);
    if ((flags & NEVER_TOLD) == 0) {
        expect(&pair, flags, true);
    }
    sim_link_run(pair.link, 65 * SIM_SECOND); /* twice the deadline, and some */
    must_be_over(&pair);
    must(is_ready(&pair.client) || may_fail(&meddler, flags));
    must(is_ready(&pair.server) || may_fail(&meddler, flags));
    if (is_ready(&pair.client) && is_ready(&pair.server)) {
        must((flags & WRONG_FINGERPRINT) == 0);
        must(sim_ours_agree(&pair.client, &pair.server));
        must_work(&pair);
    }
    sim_pair_clear(&pair);
    return meddler.checksum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool repeated;
    uint64_t checksum;

    (void)sim_identity(0); /* the same for every input */
    (void)sim_identity(1);
    checksum = play(data, size);
    must(repeated || play(data, size) == checksum); /* or no finding could be repeated */
    repeated = true;
    return 0;
}
