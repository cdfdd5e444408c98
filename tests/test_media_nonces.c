/*
 * No index is used twice, whatever happens: clients send at random, ahead and late, hand themselves
 * over and crash, and come back from whichever snapshot the disk may have. Each packet that leaves
 * is opened by libsrtp, which knows the index by its own count, and that index is marked. The same
 * for what is received: nothing is handed out twice. RTPGATE_SEED says from which seed (default 1).
 */
#include <rtpgate/media_state.h>

#include "media_state.h"
#include "suite.h"

enum { STEPS = 100000, SSRCS = 3, INDICES = 8 * 65536, KINDS = 2 };

static uint64_t seed;

static unsigned draw(unsigned limit) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 32) % limit;
}

struct disk {
    uint8_t state[STATE_ROOM];
    size_t length; /* 0: none that may be resumed */
    uint64_t id;
};

struct world {
    const struct media_profile *profile;
    rtpgate_media *client; /* moves from process to process */
    rtpgate_media *server; /* stays */
    srtp_t judge;
    struct disk disk;
    struct disk written; /* by a snapshot that nobody said is stored */
    uint64_t id;
    uint64_t at[SSRCS];     /* the index that the client's application sends next */
    uint64_t behind[SSRCS]; /* above all that left */
    uint64_t from[SSRCS];   /* what the server sends next */
    unsigned long sent;
    unsigned long received;
    unsigned long withheld;
    unsigned long crashes;
};

/* What left, and what was handed out: [kind][SSRC][index]. */
static bool left[KINDS][SSRCS][INDICES];
static bool taken[KINDS][SSRCS][INDICES];

static void mark(bool used[KINDS][SSRCS][INDICES], enum rtpgate_kind kind, uint32_t ssrc,
                 uint64_t index) {
    bool *mine;

    ck_assert_uint_lt(index, INDICES);
    mine = &used[kind == RTPGATE_KIND_RTCP][ssrc][index];
    ck_assert_msg(!*mine, "kind %d, SSRC %u: index %llu a second time", (int)kind, ssrc,
                  (unsigned long long)index);
    *mine = true;
}

/* The index of the newest packet of `ssrc`, by the count of libsrtp. */
static uint64_t judged_index(srtp_t judge, uint32_t ssrc, const uint8_t *wire) {
    uint32_t rollovers = 0;
    uint64_t sequence = (uint64_t)(wire[2] << 8 | wire[3]);

    ck_assert_int_eq(srtp_get_stream_roc(judge, ssrc, &rollovers), srtp_err_status_ok);
    return (uint64_t)rollovers << 16 | sequence;
}

static void send_rtp(struct world *world) {
    uint32_t ssrc = draw(SSRCS);
    uint64_t ahead = draw(30) == 0 ? draw(2000) : 0;
    uint64_t back = draw(4) == 0 ? draw(1200) : 0;
    uint64_t index = world->at[ssrc] + ahead;
    uint8_t wire[STATE_WIRE];
    int length;

    index = back < index ? index - back : index;
    length = state_protect(world->client, RTPGATE_KIND_RTP, ssrc, index, wire);
    if (length < 0) {
        world->withheld += length == RTPGATE_ERR_STATE;
        ck_assert(length == RTPGATE_ERR_STATE || length == RTPGATE_ERR_REPLAY);
        return;
    }
    ck_assert_int_eq(srtp_unprotect(world->judge, wire, &length), srtp_err_status_ok);
    mark(left, RTPGATE_KIND_RTP, ssrc, index);
    if (index >= world->behind[ssrc]) {
        ck_assert_uint_eq(judged_index(world->judge, ssrc, wire), index);
        world->behind[ssrc] = index + 1;
    }
    if (index >= world->at[ssrc]) {
        world->at[ssrc] = index + 1;
    }
    world->sent++;
}

static void send_rtcp(struct world *world) {
    uint32_t ssrc = draw(SSRCS);
    uint8_t wire[STATE_WIRE];
    int length = state_protect(world->client, RTPGATE_KIND_RTCP, ssrc, 0, wire);

    if (length < 0) {
        world->withheld += length == RTPGATE_ERR_STATE;
        ck_assert_int_eq(length, RTPGATE_ERR_STATE);
        return;
    }
    mark(left, RTPGATE_KIND_RTCP, ssrc, state_rtcp_index(world->profile, wire, (size_t)length));
    ck_assert_int_eq(srtp_unprotect_rtcp(world->judge, wire, &length), srtp_err_status_ok);
    world->sent++;
}

/* The server sends, and somebody repeats what it sent. */
static void receive(struct world *world) {
    uint32_t ssrc = draw(SSRCS);
    enum rtpgate_kind kind = draw(4) == 0 ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP;
    static uint8_t heard[64][STATE_WIRE];
    static struct {
        enum rtpgate_kind kind;
        uint32_t ssrc;
        uint64_t index;
        size_t length;
    } about[64];
    size_t slot = draw(64);

    if (about[slot].length == 0 || draw(2) == 0) {
        int length = state_protect(world->server, kind, ssrc, world->from[ssrc], heard[slot]);

        ck_assert_int_gt(length, 0);
        about[slot].kind = kind;
        about[slot].ssrc = ssrc;
        about[slot].length = (size_t)length;
        about[slot].index = kind == RTPGATE_KIND_RTP
                                ? world->from[ssrc]++
                                : state_rtcp_index(world->profile, heard[slot], (size_t)length);
    }
    if (world->client != NULL &&
        media_receive(world->client, about[slot].kind, heard[slot], about[slot].length) > 0) {
        mark(taken, about[slot].kind, about[slot].ssrc, about[slot].index);
        world->received++;
    }
    if (world->client == NULL) {
        memset(about, 0, sizeof about);
    }
}

/* The orderly way: the state is on disk until it is resumed. */
static void move(struct world *world) {
    world->client = state_moved(world->client);
    world->disk.length = 0;
    world->written.length = 0;
}

static void snapshot(struct world *world) {
    struct rtpgate_media_reserve reserve = {1 + draw(draw(8) == 0 ? 300 : 30), 1 + draw(8)};
    struct disk *written = &world->written;
    int length = rtpgate_media_snapshot(world->client, &reserve, state_key, ++world->id,
                                        written->state, sizeof written->state);

    ck_assert_int_gt(length, 0);
    written->length = (size_t)length;
    written->id = world->id;
}

static void store(struct world *world) {
    if (world->written.length > 0) {
        ck_assert_int_eq(rtpgate_media_snapshot_stored(world->client, world->written.id), 0);
        world->disk = world->written;
        world->written.length = 0;
    }
}

static void crash(struct world *world) {
    if (world->written.length > 0 && draw(2) == 0) { /* it reached the disk, though nobody knew */
        world->disk = world->written;
    }
    if (world->disk.length == 0) {
        return;
    }
    rtpgate_media_free(world->client);
    world->client = state_resumed(world->disk.state, world->disk.length, world->disk.id);
    world->disk.length = 0;
    world->written.length = 0;
    world->crashes++;
    for (uint32_t ssrc = 0; ssrc < SSRCS; ssrc++) {
        uint64_t next = 0;

        (void)rtpgate_media_next_index(world->client, RTPGATE_MEDIA_OUTBOUND, ssrc, &next);
        ck_assert_uint_ge(next, world->behind[ssrc]);
        if (world->at[ssrc] < next) {
            world->at[ssrc] = next;
        }
    }
}

static void step(struct world *world) {
    unsigned what = draw(1000);

    if (what < 450) {
        send_rtp(world);
    } else if (what < 550) {
        send_rtcp(world);
    } else if (what < 975) {
        receive(world);
    } else if (what < 985) {
        snapshot(world);
    } else if (what < 995) {
        store(world);
    } else if (what < 998) {
        crash(world);
    } else {
        move(world);
    }
}

static void forget_receipts(struct world *world) {
    rtpgate_media *client = world->client;

    world->client = NULL;
    receive(world);
    world->client = client;
}

START_TEST(no_index_is_used_twice) {
    const char *text = getenv("RTPGATE_SEED");
    struct world world = {.profile = &media_profiles[_i]};

    seed = (text != NULL ? strtoull(text, NULL, 10) : 1) * 0x9e3779b97f4a7c15u + (unsigned)_i;
    memset(left, 0, sizeof left);
    memset(taken, 0, sizeof taken);
    world.client = state_end(world.profile, true);
    world.server = media_end(world.profile, false);
    world.judge = state_judge(world.profile);
    for (size_t i = 0; i < SSRCS; i++) {
        world.at[i] = 20000 + draw(12000);
        world.from[i] = 20000 + draw(40000);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step(&world);
    }
    forget_receipts(&world);
    ck_assert_uint_gt(world.sent, STEPS / 4);
    ck_assert_uint_gt(world.received, STEPS / 50);
    ck_assert_uint_gt(world.withheld, STEPS / 50);
    ck_assert_uint_gt(world.crashes, 100);
    rtpgate_media_free(world.client);
    rtpgate_media_free(world.server);
    ck_assert_int_eq(srtp_dealloc(world.judge), srtp_err_status_ok);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_nonces");
    TCase *tests = suite_case(suite, "media_nonces");

    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, no_index_is_used_twice, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
