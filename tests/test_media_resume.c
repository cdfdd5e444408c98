/* What resuming stands on: the account of indices, states at their limits, memory that ends. */
#include <rtpgate/media_state.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "media_state.h"
#include "srtp/context.h"
#include "srtp/media.h"
#include "srtp/media_state.h"
#include "srtp/sources.h"
#include "suite.h"

enum { SSRC = 0x01020304, JUMPS = 100000, CLEAR_ROOM = 512 };

static const struct rtpgate_media_reserve few = {10, 5};
static const struct rtpgate_media_settings defaults;

/* A state in the clear, of one SSRC in each direction. */
struct clear {
    uint8_t bytes[CLEAR_ROOM];
    size_t length;
};

static struct clear clear_state(const struct media_profile *profile, uint64_t rtp, uint32_t rtcp) {
    struct rtpgate_srtp_keys keys = media_keys(profile, true);
    struct clear clear = {.length = 3};
    uint8_t *at;

    rg_put_u16(clear.bytes, (uint16_t)profile->profile);
    clear.bytes[2] = 1;
    clear.length +=
        (size_t)rtpgate_srtp_keys_block(&keys, clear.bytes + 3, sizeof clear.bytes - 3) + 24;
    at = clear.bytes + clear.length;
    rg_put_u32(at, 1);
    rg_put_u32(at + 4, 1);
    for (at += 8; at < clear.bytes + clear.length + 8 + 28; at += 14) {
        rg_put_u32(at, SSRC);
        rg_put_u48(at + 4, rtp);
        rg_put_u32(at + 10, rtcp);
    }
    clear.length += 8 + 28;
    return clear;
}

static int restore(rtpgate_media **out, const struct clear *clear) {
    return rg_media_restore(out, clear->bytes, clear->length, &defaults);
}

/* Random jumps, forward, back and of just a half: the account and libsrtp agree after each. */
START_TEST(the_account_of_rollovers_is_that_of_libsrtp) {
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    unsigned state = 1;
    uint64_t next = 0;
    uint16_t sequence = 0;
    unsigned passed = 0;

    for (unsigned i = 0; i < JUMPS; i++) {
        uint8_t wire[STATE_WIRE];
        unsigned draw = (state = state * 1664525u + 1013904223u) >> 8;
        uint32_t rollovers;
        int code;

        sequence = (uint16_t)(draw % 8 == 0   ? (unsigned)next + 0x7ffe + draw / 8 % 4
                              : draw % 8 == 1 ? draw / 8
                                              : (unsigned)next + draw / 8 % 2000 - 500);
        code = state_protect(media, RTPGATE_KIND_RTP, SSRC, sequence, wire);
        ck_assert(code > 0 || code == RTPGATE_ERR_REPLAY);
        if (code > 0) {
            passed++;
            ck_assert_int_eq(rtpgate_media_next_index(media, RTPGATE_MEDIA_OUTBOUND, SSRC, &next),
                             0);
            ck_assert_int_eq(rtpgate_media_roc(media, RTPGATE_MEDIA_OUTBOUND, SSRC, &rollovers), 0);
            ck_assert_uint_eq((next - 1) >> 16, rollovers);
        }
        if (i % 1000 == 0) {
            media = state_moved(media);
        }
    }
    ck_assert_uint_gt(passed, JUMPS / 2);
    ck_assert_uint_gt(next >> 16, 100);
    rtpgate_media_free(media);
}
END_TEST

/* The same at the edges, from every highest index to every distance. */
START_TEST(the_account_is_that_of_libsrtp_at_its_edges) {
    static const uint32_t highest[] = {0,      1,       0x4000,  0x7fff,  0x8000,  0x8001,
                                       0xffff, 0x10000, 0x17fff, 0x18000, 0x18001, 0x2ffff};
    static const uint32_t distances[] = {0,      1,      2,      0x1000, 0x4000, 0x7ffe,
                                         0x7fff, 0x8000, 0x8001, 0x8002, 0xc000, 0xffff};

    for (size_t i = 0; i < 12 * 12; i++) {
        uint32_t from = highest[i / 12];
        struct clear clear = clear_state(&media_profiles[_i], from + 1, 1);
        rtpgate_media *media = NULL;
        uint8_t wire[STATE_WIRE];
        uint64_t next = 0;
        uint32_t rollovers = 0;
        int code;

        ck_assert_int_eq(restore(&media, &clear), 0);
        code = state_protect(media, RTPGATE_KIND_RTP, SSRC, from + distances[i % 12], wire);
        ck_assert_int_eq(rtpgate_media_next_index(media, RTPGATE_MEDIA_OUTBOUND, SSRC, &next), 0);
        ck_assert_int_eq(rtpgate_media_roc(media, RTPGATE_MEDIA_OUTBOUND, SSRC, &rollovers), 0);
        ck_assert(code > 0 ? next > from + 1 : code == RTPGATE_ERR_REPLAY && next == from + 1);
        ck_assert_uint_eq((next - 1) >> 16, rollovers);
        ck_assert(code > 0 || distances[i % 12] == 0 || distances[i % 12] > 0x7fff);
        rtpgate_media_free(media);
    }
}
END_TEST

/* When the two counts differ for whatever reason, nothing leaves. */
START_TEST(what_libsrtp_counts_otherwise_is_refused) {
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t state[STATE_ROOM] = {0xe7};
    uint8_t wire[STATE_WIRE] = {0};
    uint8_t zeros[STATE_PACKET] = {0};
    struct rg_source *source;

    ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTP, SSRC, 1, wire), 0);
    ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTCP, SSRC, 1, wire), 0);
    source = rg_sources_find(&media->sent, SSRC);
    source->rtcp.next += 1;
    ck_assert_int_eq(state_protect(media, RTPGATE_KIND_RTCP, SSRC, 1, wire), RTPGATE_ERR_CRYPTO);
    ck_assert_mem_eq(wire, zeros, sizeof zeros);
    source->rtp.next += 65536;
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_CRYPTO);
    ck_assert_int_eq(rtpgate_media_snapshot(media, &few, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_CRYPTO);
    ck_assert_uint_eq(state[0], 0xe7);
    rtpgate_media_free(media);
}
END_TEST

START_TEST(sources_are_found_in_any_order) {
    struct rg_sources sources = {.limit = 9};

    for (uint32_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(rg_sources_add(&sources, i * 2654435761u)->rtp.limit, 9);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        struct rg_source *source = rg_sources_find(&sources, i * 2654435761u);

        ck_assert_uint_eq(source->ssrc, i * 2654435761u);
        ck_assert_ptr_eq(source, rg_sources_add(&sources, source->ssrc));
        ck_assert_ptr_null(rg_sources_find(&sources, source->ssrc + 1));
    }
    ck_assert_uint_eq(sources.count, 1000);
    rg_sources_clear(&sources);
    ck_assert_ptr_null(rg_sources_find(&sources, 0));
}
END_TEST

START_TEST(indices_go_on_wherever_they_were) {
    static const uint64_t rtp[] = {0, 1, 0x8000, 0x8001, 0x8002, 65536, 65537, UINT64_C(1) << 47};
    static const uint32_t rtcp[] = {0, 1, 2, 3, 128, 129, 1u << 24, 0x7fffff80};

    for (size_t i = 0; i < 8; i++) {
        struct clear clear = clear_state(&media_profiles[_i], rtp[i], rtcp[i]);
        rtpgate_media *media = NULL;
        uint8_t wire[STATE_WIRE];
        int length;

        ck_assert_int_eq(restore(&media, &clear), 0);
        length = state_protect(media, RTPGATE_KIND_RTCP, SSRC, 0, wire);
        ck_assert_uint_eq(state_rtcp_index(&media_profiles[_i], wire, (size_t)length),
                          rtcp[i] == 0 ? 1 : rtcp[i]);
        ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTP, SSRC, rtp[i], wire), 0);
        ck_assert_int_eq(state_protect(media, RTPGATE_KIND_RTP, SSRC, rtp[i], wire),
                         RTPGATE_ERR_REPLAY);
        if (rtp[i] > 0) {
            ck_assert_int_eq(state_protect(media, RTPGATE_KIND_RTP, SSRC, rtp[i] - 1, wire),
                             RTPGATE_ERR_REPLAY);
        }
        rtpgate_media_free(media);
    }
}
END_TEST

START_TEST(a_state_without_room_for_more_is_not_made) {
    static const uint64_t last = (UINT64_C(1) << 48) - 1;
    uint8_t state[STATE_ROOM];
    uint8_t wire[STATE_WIRE];
    rtpgate_media *media = NULL;
    struct clear clear = clear_state(&media_profiles[_i], 5, 0x7fffff80);

    ck_assert_int_eq(restore(&media, &clear), 0);
    ck_assert_int_eq(rtpgate_media_snapshot(media, &few, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_EXPIRED);
    ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTCP, SSRC, 0, wire), 0);
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_EXPIRED);
    ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTCP, SSRC, 0, wire), 0);
    rtpgate_media_free(media);

    clear = clear_state(&media_profiles[_i], last, 1);
    ck_assert_int_eq(restore(&media, &clear), 0);
    ck_assert_int_eq(rtpgate_media_snapshot(media, &few, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_EXPIRED);
    ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTP, SSRC, last, wire), 0);
    ck_assert_int_eq(state_protect(media, RTPGATE_KIND_RTP, SSRC, 0, wire), RTPGATE_ERR_EXPIRED);
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_EXPIRED);
    rtpgate_media_free(media);
}
END_TEST

START_TEST(a_state_that_does_not_parse_is_refused) {
    const struct clear good = clear_state(&media_profiles[_i], 5, 5);
    rtpgate_media *media = NULL;
    struct clear bad = good;

    for (bad.length = 0; bad.length < good.length; bad.length++) {
        ck_assert_int_eq(restore(&media, &bad), RTPGATE_ERR_MALFORMED);
    }
    bad.length = good.length + 1;
    ck_assert_int_eq(restore(&media, &bad), RTPGATE_ERR_MALFORMED);
    bad = good;
    bad.bytes[1] = 3; /* no profile of ours */
    ck_assert_int_eq(restore(&media, &bad), RTPGATE_ERR_MALFORMED);
    bad = good;
    bad.bytes[2] = 2;
    ck_assert_int_eq(restore(&media, &bad), RTPGATE_ERR_MALFORMED);
    bad = good;
    bad.bytes[good.length - 28 - 5] = 2; /* the same SSRC twice in a direction */
    bad.bytes[good.length - 28 - 1] = 0;
    ck_assert_int_eq(restore(&media, &bad), RTPGATE_ERR_MALFORMED);
    bad = clear_state(&media_profiles[_i], 5, 0x7fffff81);
    ck_assert_int_eq(restore(&media, &bad), RTPGATE_ERR_MALFORMED);
    ck_assert_ptr_null(media);
}
END_TEST

START_TEST(wrong_arguments_are_refused) {
    static const struct rtpgate_media_reserve wrong[] = {{0, 1}, {1, 0}, {16385, 1}, {1, 16385}};
    struct rtpgate_media_settings repeats = {.repeats = true, .resumable = true};
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], true);
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    rtpgate_media *plain = media_end(&media_profiles[_i], true);
    rtpgate_media *none = NULL;
    uint8_t state[STATE_ROOM] = {1};
    uint64_t next;

    ck_assert_int_eq(rtpgate_media_new_with(&none, &keys, &repeats, sizeof repeats),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_suspend(NULL, state_key, 1, state, 999), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_suspend(media, NULL, 1, state, 999), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 1, NULL, 999), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_suspend(plain, state_key, 1, state, 999), RTPGATE_ERR_STATE);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(rtpgate_media_snapshot(media, &wrong[i], state_key, 1, state, 999),
                         RTPGATE_ERR_INVAL);
    }
    ck_assert_int_eq(rtpgate_media_snapshot(media, NULL, state_key, 1, state, 999),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_snapshot(plain, &few, state_key, 1, state, 999),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(NULL, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_set_roc(media, RTPGATE_MEDIA_INBOUND, 1, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_next_index(media, RTPGATE_MEDIA_INBOUND, 1, &next),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_next_index(NULL, RTPGATE_MEDIA_INBOUND, 1, &next),
                     RTPGATE_ERR_INVAL);
    ck_assert_uint_eq(rtpgate_media_state_size(plain), 0);
    ck_assert_uint_eq(rtpgate_media_state_size(NULL), 0);
    ck_assert_int_eq(rtpgate_media_resume(NULL, state_key, 1, state, 99, &defaults, 0),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_resume(&none, NULL, 1, state, 99, &defaults, 0),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_resume(&none, state_key, 1, NULL, 99, &defaults, 0),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_resume(&none, state_key, 1, state, 99, NULL, 0),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_resume(&none, state_key, 1, state, 99, &defaults, 999),
                     RTPGATE_ERR_INVAL);
    ck_assert_ptr_null(none);
    rtpgate_media_free(media);
    rtpgate_media_free(plain);
}
END_TEST

/* Whatever allocation fails: an error, and nothing has changed. */
START_TEST(without_memory_nothing_is_lost) {
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t state[STATE_ROOM];
    uint8_t wire[STATE_WIRE];
    int length = RTPGATE_ERR_NOMEM;
    rtpgate_media *next = NULL;
    int code = RTPGATE_ERR_NOMEM;

    rg_alloc_fail_only(1);
    ck_assert_int_eq(state_protect(media, RTPGATE_KIND_RTP, SSRC, 1, wire), RTPGATE_ERR_NOMEM);
    rg_alloc_fail_only(1);
    ck_assert_int_eq(rtpgate_media_snapshot(media, &few, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_NOMEM);
    ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTP, SSRC, 1, wire), 0);
    ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTP, SSRC, 900, wire), 0);
    rg_alloc_fail_only(1);
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 1, state, sizeof state),
                     RTPGATE_ERR_NOMEM);
    rg_alloc_fail_only(0);
    length = rtpgate_media_suspend(media, state_key, 1, state, sizeof state);
    ck_assert_int_gt(length, 0);
    rtpgate_media_free(media);
    for (unsigned long n = 1; code == RTPGATE_ERR_NOMEM; n++) {
        rg_alloc_fail_only(n);
        code = rtpgate_media_resume(&next, state_key, 1, state, (size_t)length, &defaults,
                                    sizeof defaults);
        rg_alloc_fail_only(0);
        ck_assert(code == 0 || next == NULL);
        ck_assert(code != 0 || n > 5);
    }
    ck_assert_int_eq(code, 0);
    ck_assert_int_eq(state_protect(next, RTPGATE_KIND_RTP, SSRC, 900, wire), RTPGATE_ERR_REPLAY);
    rtpgate_media_free(next);
}
END_TEST

START_TEST(the_keys_are_gone_when_the_state_leaves) {
    static const struct rtpgate_srtp_keys zeros;
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t state[STATE_ROOM];

    ck_assert_int_gt(rtpgate_media_suspend(media, state_key, 1, state, sizeof state), 0);
    ck_assert_mem_eq(&media->keys, &zeros, sizeof zeros);
    ck_assert(media->outbound == NULL && media->inbound == NULL);
    rtpgate_media_free(media);
}
END_TEST

/* `media` ends; what goes on in its place, with `settings`. */
static rtpgate_media *moved_with(rtpgate_media *media,
                                 const struct rtpgate_media_settings *settings) {
    uint8_t state[STATE_ROOM];
    int length = rtpgate_media_suspend(media, state_key, 7, state, sizeof state);
    rtpgate_media *next = NULL;

    ck_assert_int_gt(length, 0);
    rtpgate_media_free(media);
    ck_assert_int_eq(rtpgate_media_resume(&next, state_key, 7, state, (size_t)length, settings,
                                          sizeof *settings),
                     0);
    return next;
}

START_TEST(the_limits_of_the_key_go_along) {
    static const struct rtpgate_media_settings settings = {.rtp_limit = 3, .rtcp_limit = 3};
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t wire[STATE_WIRE];

    for (uint64_t i = 1; i <= 3; i++) {
        ck_assert_int_gt(state_protect(media, RTPGATE_KIND_RTP, SSRC, i, wire), 0);
        media = moved_with(media, &settings);
    }
    ck_assert_int_eq(state_protect(media, RTPGATE_KIND_RTP, SSRC, 4, wire), RTPGATE_ERR_EXPIRED);
    rtpgate_media_free(media);
}
END_TEST

/* Also for the SSRCs of the state, which have streams of their own. */
START_TEST(the_settings_hold_for_what_is_resumed) {
    static const struct rtpgate_media_settings wide = {.replay_window = 5000};
    static const uint64_t late = 100 + 4990;
    rtpgate_media *client = state_end(&media_profiles[_i], true);
    rtpgate_media *server = state_end(&media_profiles[_i], false);
    uint8_t wire[2][STATE_WIRE];
    int lengths[2];

    lengths[0] = state_protect(client, RTPGATE_KIND_RTP, SSRC, 99, wire[0]);
    ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, wire[0], (size_t)lengths[0]),
                     STATE_PACKET);
    server = moved_with(server, &wide);
    for (unsigned i = 0; i < 2; i++) {
        lengths[i] = state_protect(client, RTPGATE_KIND_RTP, SSRC, i == 0 ? 100 : late, wire[i]);
    }
    ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, wire[1], (size_t)lengths[1]),
                     STATE_PACKET);
    ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, wire[0], (size_t)lengths[0]),
                     STATE_PACKET);
    rtpgate_media_free(client);
    rtpgate_media_free(server);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_resume");
    TCase *tests = suite_case(suite, "media_resume");

    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, the_account_of_rollovers_is_that_of_libsrtp, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, the_account_is_that_of_libsrtp_at_its_edges, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, what_libsrtp_counts_otherwise_is_refused, 0, MEDIA_PROFILES);
    tcase_add_test(tests, sources_are_found_in_any_order);
    tcase_add_loop_test(tests, indices_go_on_wherever_they_were, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, a_state_without_room_for_more_is_not_made, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, a_state_that_does_not_parse_is_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, wrong_arguments_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, without_memory_nothing_is_lost, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, the_keys_are_gone_when_the_state_leaves, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, the_limits_of_the_key_go_along, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, the_settings_hold_for_what_is_resumed, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
