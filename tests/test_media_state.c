#include <rtpgate/media_state.h>

#include "media_state.h"
#include "suite.h"

enum { SSRC = 0x01020304, FIXED = 1 + 8 + 12 + 16 };

static const struct rtpgate_media_reserve few = {10, 5};

static int protect(rtpgate_media *media, enum rtpgate_kind kind, uint64_t index) {
    uint8_t wire[STATE_WIRE];

    return state_protect(media, kind, SSRC, index, wire);
}

/* What `to` says to the next packet of `from`. */
static int pass(rtpgate_media *from, rtpgate_media *to, enum rtpgate_kind kind, uint64_t index) {
    uint8_t wire[STATE_WIRE];
    int length = state_protect(from, kind, SSRC, index, wire);

    return length < 0 ? length : media_receive(to, kind, wire, (size_t)length);
}

static size_t snapshot(rtpgate_media *media, uint64_t id, uint8_t state[STATE_ROOM]) {
    int length = rtpgate_media_snapshot(media, &few, state_key, id, state, STATE_ROOM);

    ck_assert_int_gt(length, 0);
    return (size_t)length;
}

/* Both ends have moved: each RTP and RTCP packet goes on, with every SSRC at another rollover. */
START_TEST(both_directions_go_on_with_every_ssrc) {
    const struct media_profile *profile = &media_profiles[_i];
    rtpgate_media *client = state_end(profile, true);
    rtpgate_media *server = state_end(profile, false);
    uint8_t wire[STATE_WIRE];

    for (uint64_t step = 0; step < 30; step++) {
        for (uint32_t ssrc = 0; ssrc < 5; ssrc++) {
            uint64_t index = 1 + step * 7001 * ssrc; /* to rollover 12 */
            int length = state_protect(client, RTPGATE_KIND_RTP, ssrc, index + step, wire);

            ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, wire, (size_t)length),
                             STATE_PACKET);
            length = state_protect(server, RTPGATE_KIND_RTCP, ssrc, 0, wire);
            ck_assert_uint_eq(state_rtcp_index(profile, wire, (size_t)length), step + 1);
            ck_assert_int_eq(media_receive(client, RTPGATE_KIND_RTCP, wire, (size_t)length),
                             STATE_PACKET);
        }
        client = state_moved(client);
        server = step % 3 == 0 ? state_moved(server) : server;
    }
    ck_assert_uint_eq(media_stats(client).rtp_protected, 150);
    ck_assert_uint_eq(media_stats(client).rtcp_unprotected, 150);
    rtpgate_media_free(client);
    rtpgate_media_free(server);
}
END_TEST

START_TEST(what_is_below_is_refused_in_both_directions) {
    struct media_pair pair = {state_end(&media_profiles[_i], true),
                              state_end(&media_profiles[_i], false)};
    const uint64_t last = 70000;
    uint8_t old[2][STATE_WIRE];
    size_t lengths[2];
    uint8_t late[STATE_WIRE];
    size_t late_length;

    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, 20000), STATE_PACKET);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, 50000), STATE_PACKET);
    late_length = (size_t)state_protect(pair.client, RTPGATE_KIND_RTP, SSRC, last - 1, late);
    for (int kind = 0; kind < 2; kind++) {
        enum rtpgate_kind one = kind == 0 ? RTPGATE_KIND_RTP : RTPGATE_KIND_RTCP;

        lengths[kind] = (size_t)state_protect(pair.client, one, SSRC, last, old[kind]);
        ck_assert_int_eq(media_receive(pair.server, one, old[kind], lengths[kind]), STATE_PACKET);
    }
    pair.client = state_moved(pair.client);
    pair.server = state_moved(pair.server);
    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, old[0], lengths[0]),
                     RTPGATE_ERR_REPLAY);
    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTCP, old[1], lengths[1]),
                     RTPGATE_ERR_REPLAY);
    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, late, late_length),
                     RTPGATE_ERR_REPLAY);
    for (uint64_t back = 0; back < 32700; back++) {
        ck_assert_int_eq(protect(pair.client, RTPGATE_KIND_RTP, last - back), RTPGATE_ERR_REPLAY);
    }
    ck_assert_uint_eq(media_stats(pair.server).replays, 3);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, last + 1), STATE_PACKET);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTCP, 0), STATE_PACKET);
    media_pair_free(&pair);
}
END_TEST

START_TEST(packets_on_the_way_arrive_after_the_sender_moved) {
    struct media_pair pair = {state_end(&media_profiles[_i], true),
                              media_end(&media_profiles[_i], false)};
    uint8_t wire[3][STATE_WIRE];
    int length = 0;

    for (unsigned i = 0; i < 3; i++) {
        length = state_protect(pair.client, RTPGATE_KIND_RTP, SSRC, 65534 + i, wire[i]);
        pair.client = state_moved(pair.client);
    }
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned order[] = {0, 2, 1};

        ck_assert_int_eq(
            media_receive(pair.server, RTPGATE_KIND_RTP, wire[order[i]], (size_t)length),
            STATE_PACKET);
    }
    media_pair_free(&pair);
}
END_TEST

START_TEST(what_is_suspended_does_nothing_more) {
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t state[STATE_ROOM];
    uint8_t wire[STATE_WIRE];
    uint64_t next;
    uint32_t roc;
    size_t size;

    ck_assert_int_gt(protect(media, RTPGATE_KIND_RTP, 1), 0);
    size = rtpgate_media_state_size(media);
    memset(state, 0xe7, sizeof state);
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 1, state, size - 1),
                     RTPGATE_ERR_NOBUF);
    ck_assert_uint_eq(state[0], 0xe7);
    ck_assert_int_gt(protect(media, RTPGATE_KIND_RTP, 2), 0);
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 1, state, size), (int)size);
    ck_assert_uint_eq(state[size], 0xe7);
    for (int kind = 0; kind < 2; kind++) {
        enum rtpgate_kind one = kind == 0 ? RTPGATE_KIND_RTP : RTPGATE_KIND_RTCP;

        ck_assert_int_eq(protect(media, one, 3), RTPGATE_ERR_STATE);
        ck_assert_int_eq(media_receive(media, one, wire, sizeof wire), RTPGATE_ERR_STATE);
    }
    ck_assert_int_eq(rtpgate_media_suspend(media, state_key, 2, state, sizeof state),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_snapshot(media, &few, state_key, 2, state, sizeof state),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(media, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_roc(media, RTPGATE_MEDIA_OUTBOUND, SSRC, &roc),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_set_roc(media, RTPGATE_MEDIA_OUTBOUND, 5, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_next_index(media, RTPGATE_MEDIA_OUTBOUND, SSRC, &next),
                     RTPGATE_ERR_STATE);
    ck_assert_uint_eq(rtpgate_media_state_size(media), 0);
    ck_assert_uint_eq(media_stats(media).rtp_protected, 2);
    rtpgate_media_free(media);
}
END_TEST

/* Nothing comes of `state`, and nothing of it is left in `*out`. */
static int refused(const uint8_t *key, uint64_t id, const uint8_t *state, size_t length) {
    static const struct rtpgate_media_settings settings;
    rtpgate_media *const before = (rtpgate_media *)(uintptr_t)&settings;
    rtpgate_media *media = before;
    int code = rtpgate_media_resume(&media, key, id, state, length, &settings, sizeof settings);

    ck_assert_int_lt(code, 0);
    ck_assert_ptr_eq(media, before);
    return code;
}

START_TEST(what_is_not_the_state_is_refused) {
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t other_key[RTPGATE_MEDIA_STATE_KEY];
    uint8_t state[STATE_ROOM];
    size_t length;

    ck_assert_int_gt(protect(media, RTPGATE_KIND_RTP, 1), 0);
    length = (size_t)rtpgate_media_suspend(media, state_key, 1000, state, sizeof state);
    rtpgate_media_free(media);
    for (size_t i = 0; i < 8 * length; i++) {
        state[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_int_eq(refused(state_key, 1000, state, length),
                         i < 8 ? RTPGATE_ERR_MALFORMED : RTPGATE_ERR_AUTH);
        state[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(refused(state_key, 1000, state, cut),
                         cut <= FIXED ? RTPGATE_ERR_MALFORMED : RTPGATE_ERR_AUTH);
    }
    ck_assert_int_eq(refused(state_key, 1000, state, length + 1), RTPGATE_ERR_AUTH);
    for (size_t i = 0; i < sizeof other_key; i++) {
        memcpy(other_key, state_key, sizeof other_key);
        other_key[i] ^= 1;
        ck_assert_int_eq(refused(other_key, 1000, state, length), RTPGATE_ERR_AUTH);
    }
    ck_assert_int_eq(refused(state_key, 999, state, length), RTPGATE_ERR_REPLAY);
    ck_assert_int_eq(refused(state_key, 1001, state, length), RTPGATE_ERR_REPLAY);
    ck_assert_int_eq(refused(state_key, 1000 + (UINT64_C(1) << 32), state, length),
                     RTPGATE_ERR_REPLAY);
    rtpgate_media_free(state_resumed(state, length, 1000));
}
END_TEST

static bool contains(const uint8_t *bytes, size_t length, const uint8_t *part, size_t size) {
    for (size_t i = 0; i + size <= length; i++) {
        if (memcmp(bytes + i, part, size) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(nothing_secret_is_readable_and_no_two_states_are_alike) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], true);
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t states[2][STATE_ROOM];
    size_t length = 0;

    for (size_t i = 0; i < 2; i++) {
        length = snapshot(media, 5, states[i]);
        ck_assert(!contains(states[i], length, keys.client.key, 4));
        ck_assert(!contains(states[i], length, keys.server.salt, 4));
        ck_assert(!contains(states[i], length, state_key, 4));
    }
    ck_assert_mem_ne(states[0] + 9, states[1] + 9, 12); /* the nonce */
    ck_assert_mem_ne(states[0] + 21, states[1] + 21, 16);
    rtpgate_media_free(media);
}
END_TEST

START_TEST(nothing_passes_that_no_stored_snapshot_covers) {
    struct media_pair pair = {state_end(&media_profiles[_i], true),
                              state_end(&media_profiles[_i], false)};
    uint8_t state[STATE_ROOM];
    uint64_t at = 100;

    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, at++), STATE_PACKET);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 0), RTPGATE_ERR_STATE);
    (void)snapshot(pair.client, 1, state);
    for (unsigned i = 0; i < few.rtp; i++) {
        ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, at++), STATE_PACKET);
    }
    ck_assert_int_eq(protect(pair.client, RTPGATE_KIND_RTP, at), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 1), 0);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(protect(pair.client, RTPGATE_KIND_RTP, at), RTPGATE_ERR_STATE);
    (void)snapshot(pair.client, 2, state);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 1), RTPGATE_ERR_STATE);
    ck_assert_int_eq(protect(pair.client, RTPGATE_KIND_RTP, at), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 2), 0);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, at), STATE_PACKET);
    ck_assert_uint_eq(media_stats(pair.client).uncovered, 3);

    for (unsigned i = 1; i < few.rtcp; i++) { /* SRTCP begins with 1 */
        ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTCP, 0), STATE_PACKET);
    }
    ck_assert_int_eq(protect(pair.client, RTPGATE_KIND_RTCP, 0), RTPGATE_ERR_STATE);
    media_pair_free(&pair);
}
END_TEST

START_TEST(a_new_ssrc_waits_for_the_next_snapshot) {
    struct media_pair pair = {state_end(&media_profiles[_i], true),
                              state_end(&media_profiles[_i], false)};
    uint8_t state[STATE_ROOM];

    (void)snapshot(pair.client, 1, state);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 1), 0);
    ck_assert_int_eq(protect(pair.client, RTPGATE_KIND_RTP, 40000), RTPGATE_ERR_STATE);
    (void)snapshot(pair.client, 2, state);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 2), 0);

    (void)snapshot(pair.server, 1, state);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.server, 1), 0);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, 40000), RTPGATE_ERR_STATE);
    (void)snapshot(pair.server, 2, state);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, 40001), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.server, 2), 0);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, 40002), STATE_PACKET);
    media_pair_free(&pair);
}
END_TEST

START_TEST(a_leap_waits_for_the_next_snapshot) {
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t state[STATE_ROOM];

    ck_assert_int_gt(protect(media, RTPGATE_KIND_RTP, 1), 0);
    (void)snapshot(media, 1, state);
    ck_assert_int_eq(protect(media, RTPGATE_KIND_RTP, 9000), RTPGATE_ERR_STATE);
    (void)snapshot(media, 2, state);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(media, 2), 0);
    ck_assert_int_gt(protect(media, RTPGATE_KIND_RTP, 9000), 0);
    rtpgate_media_free(media);
}
END_TEST

START_TEST(what_comes_back_after_a_crash_begins_behind_the_reserve) {
    struct media_pair pair = {state_end(&media_profiles[_i], true),
                              media_end(&media_profiles[_i], false)};
    uint8_t state[STATE_ROOM];
    uint64_t next = 0;
    size_t length;

    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, 65530), STATE_PACKET);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTCP, 0), STATE_PACKET);
    length = snapshot(pair.client, 1, state);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(pair.client, 1), 0);
    for (uint64_t i = 1; i <= few.rtp; i++) {
        ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, 65530 + i), STATE_PACKET);
    }
    rtpgate_media_free(pair.client);
    pair.client = state_resumed(state, length, 1);
    ck_assert_int_eq(rtpgate_media_next_index(pair.client, RTPGATE_MEDIA_OUTBOUND, SSRC, &next), 0);
    ck_assert_uint_eq(next, 65531 + few.rtp);
    ck_assert_uint_eq(media_stats(pair.client).rtp_protected, 1 + few.rtp);
    ck_assert_int_eq(protect(pair.client, RTPGATE_KIND_RTP, next - 1), RTPGATE_ERR_REPLAY);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTP, next), STATE_PACKET);
    ck_assert_int_eq(pass(pair.client, pair.server, RTPGATE_KIND_RTCP, 0), STATE_PACKET);
    media_pair_free(&pair);
}
END_TEST

/* A smaller reserve takes nothing back: both snapshots may be on the disk. */
START_TEST(a_snapshot_covers_what_the_one_before_gave) {
    static const struct rtpgate_media_reserve many = {1000, 1000};
    rtpgate_media *media = state_end(&media_profiles[_i], true);
    uint8_t state[STATE_ROOM];
    size_t length;
    uint64_t next;

    ck_assert_int_gt(protect(media, RTPGATE_KIND_RTP, 1), 0);
    ck_assert_int_gt(rtpgate_media_snapshot(media, &many, state_key, 1, state, sizeof state), 0);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(media, 1), 0);
    length = snapshot(media, 2, state);
    ck_assert_int_gt(protect(media, RTPGATE_KIND_RTP, 900), 0);
    rtpgate_media_free(media);
    media = state_resumed(state, length, 2);
    ck_assert_int_eq(rtpgate_media_next_index(media, RTPGATE_MEDIA_OUTBOUND, SSRC, &next), 0);
    ck_assert_uint_gt(next, 900);
    rtpgate_media_free(media);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_state");
    TCase *tests = suite_case(suite, "media_state");

    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, both_directions_go_on_with_every_ssrc, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, what_is_below_is_refused_in_both_directions, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, packets_on_the_way_arrive_after_the_sender_moved, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, what_is_suspended_does_nothing_more, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, what_is_not_the_state_is_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, nothing_secret_is_readable_and_no_two_states_are_alike, 0,
                        MEDIA_PROFILES);
    tcase_add_loop_test(tests, nothing_passes_that_no_stored_snapshot_covers, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, a_new_ssrc_waits_for_the_next_snapshot, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, what_comes_back_after_a_crash_begins_behind_the_reserve, 0,
                        MEDIA_PROFILES);
    tcase_add_loop_test(tests, a_leap_waits_for_the_next_snapshot, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, a_snapshot_covers_what_the_one_before_gave, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
