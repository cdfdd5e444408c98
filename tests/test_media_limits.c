/* What a peer that has the keys could do to us, and counters at their ends. */
#include <rtpgate/media_state.h>

#include "base/bytes.h"
#include "media_state.h"
#include "srtp/media_state.h"
#include "suite.h"

enum { FEW = 20, SSRC = 0x01020304 };

static rtpgate_media *receiver_with(const struct media_profile *profile,
                                    struct rtpgate_media_settings settings) {
    struct rtpgate_srtp_keys keys = media_keys(profile, false);
    rtpgate_media *media = NULL;

    ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, &settings, sizeof settings), 0);
    return media;
}

/* What `to` says to a packet of `ssrc`. */
static int pass(rtpgate_media *from, rtpgate_media *to, enum rtpgate_kind kind, uint32_t ssrc,
                uint64_t index) {
    uint8_t wire[STATE_WIRE];
    int length = state_protect(from, kind, ssrc, index, wire);

    ck_assert_int_gt(length, 0);
    return media_receive(to, kind, wire, (size_t)length);
}

/* Three times as many SSRCs as `limit`, from the peer: the first ones go on to be heard. */
static void flood(rtpgate_media *from, rtpgate_media *to, unsigned limit) {
    for (uint64_t index = 1; index < 3; index++) {
        for (uint32_t ssrc = 0; ssrc < 3 * limit; ssrc++) {
            enum rtpgate_kind kind = ssrc % 3 == 1 ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP;

            ck_assert_int_eq(pass(from, to, kind, ssrc, index),
                             ssrc < limit ? STATE_PACKET : RTPGATE_ERR_SSRC);
        }
    }
    ck_assert_uint_eq(media_stats(to).ssrcs, 4 * limit);
}

START_TEST(a_peer_has_no_more_ssrcs_than_it_may) {
    const struct media_profile *profile = &media_profiles[_i];
    rtpgate_media *client = media_end(profile, true);
    rtpgate_media *usual = media_end(profile, false);
    rtpgate_media *small = receiver_with(profile, (struct rtpgate_media_settings){.ssrc_limit = 1});
    rtpgate_media *large =
        receiver_with(profile, (struct rtpgate_media_settings){.ssrc_limit = 1500});

    flood(client, usual, 1024);
    rtpgate_media_free(client);
    client = media_end(profile, true);
    flood(client, small, 1);
    rtpgate_media_free(client);
    client = media_end(profile, true);
    flood(client, large, 1500);
    media_pair_free(&(struct media_pair){client, usual});
    media_pair_free(&(struct media_pair){small, large});
}
END_TEST

/* Forged packets take no place, nor does an SSRC whose counter was set. */
START_TEST(only_authentic_ssrcs_count) {
    const struct media_profile *profile = &media_profiles[_i];
    rtpgate_media *client = media_end(profile, true);
    rtpgate_media *server =
        receiver_with(profile, (struct rtpgate_media_settings){.ssrc_limit = FEW});
    uint8_t wire[STATE_WIRE];

    for (uint32_t ssrc = 0; ssrc < 3 * FEW; ssrc++) {
        int length = state_protect(client, RTPGATE_KIND_RTP, ssrc, 1, wire);

        wire[length - 1] ^= 1;
        ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, wire, (size_t)length),
                         RTPGATE_ERR_AUTH);
    }
    ck_assert_int_eq(rtpgate_media_set_roc(server, RTPGATE_MEDIA_INBOUND, 999, 0), 0);
    for (uint32_t ssrc = 0; ssrc < FEW; ssrc++) {
        ck_assert_int_eq(pass(client, server, RTPGATE_KIND_RTP, ssrc, 2), STATE_PACKET);
    }
    ck_assert_int_eq(pass(client, server, RTPGATE_KIND_RTP, 999, 2), STATE_PACKET);
    ck_assert_int_eq(pass(client, server, RTPGATE_KIND_RTP, FEW, 2), RTPGATE_ERR_SSRC);
    media_pair_free(&(struct media_pair){client, server});
}
END_TEST

/* Also those that wait for a snapshot, and those that came out of a state. */
START_TEST(ssrcs_count_in_media_that_survives) {
    static const struct rtpgate_media_reserve reserve = {10, 10};
    static const struct rtpgate_media_settings few = {.ssrc_limit = FEW, .resumable = true};
    const struct media_profile *profile = &media_profiles[_i];
    rtpgate_media *client = media_end(profile, true);
    rtpgate_media *server = receiver_with(profile, few);
    rtpgate_media *next = NULL;
    uint8_t state[STATE_ROOM];
    int length = rtpgate_media_snapshot(server, &reserve, state_key, 1, state, sizeof state);

    ck_assert_int_gt(length, 0);
    for (uint32_t ssrc = 0; ssrc < 2 * FEW; ssrc++) {
        ck_assert_int_eq(pass(client, server, RTPGATE_KIND_RTP, ssrc, 1),
                         ssrc < FEW ? RTPGATE_ERR_STATE : RTPGATE_ERR_SSRC);
    }
    length = rtpgate_media_suspend(server, state_key, 2, state, sizeof state);
    ck_assert_int_eq(
        rtpgate_media_resume(&next, state_key, 2, state, (size_t)length, &few, sizeof few), 0);
    ck_assert_int_eq(pass(client, next, RTPGATE_KIND_RTP, 0, 100), STATE_PACKET);
    ck_assert_int_eq(pass(client, next, RTPGATE_KIND_RTP, FEW, 100), RTPGATE_ERR_SSRC);
    rtpgate_media_free(next);
    media_pair_free(&(struct media_pair){client, server});
}
END_TEST

/* Another process would hand it out again. */
START_TEST(nothing_is_left_of_what_no_snapshot_covers) {
    static const struct rtpgate_media_reserve reserve = {10, 10};
    const struct media_profile *profile = &media_profiles[_i];
    rtpgate_media *client = media_end(profile, true);
    rtpgate_media *server =
        receiver_with(profile, (struct rtpgate_media_settings){.resumable = true});
    uint8_t state[STATE_ROOM];
    uint8_t wire[STATE_WIRE];
    static const uint8_t zeros[STATE_PACKET];

    ck_assert_int_gt(rtpgate_media_snapshot(server, &reserve, state_key, 1, state, sizeof state),
                     0);
    for (int kind = 0; kind < 2; kind++) {
        enum rtpgate_kind one = kind == 0 ? RTPGATE_KIND_RTP : RTPGATE_KIND_RTCP;
        int length = state_protect(client, one, SSRC, 1, wire);

        ck_assert_int_eq(
            rtpgate_media_unprotect(server, one, wire, (size_t)length, wire, sizeof wire),
            RTPGATE_ERR_STATE);
        ck_assert_mem_eq(wire, zeros, sizeof zeros);
    }
    media_pair_free(&(struct media_pair){client, server});
}
END_TEST

/* A state in the clear: one SSRC in each direction, whose next index of SRTCP is `rtcp`. */
static rtpgate_media *near_the_end(const struct media_profile *profile, uint32_t rtcp) {
    static const struct rtpgate_media_settings settings;
    struct rtpgate_srtp_keys keys = media_keys(profile, true);
    uint8_t state[STATE_ROOM] = {0};
    uint8_t *at = state + 3;
    rtpgate_media *media = NULL;

    rg_put_u16(state, (uint16_t)profile->profile);
    state[2] = 1;
    at += rtpgate_srtp_keys_block(&keys, at, sizeof state - 3);
    at += 24; /* the counters */
    rg_put_u32(at, 1);
    rg_put_u32(at + 8, SSRC);
    rg_put_u48(at + 12, 5);
    rg_put_u32(at + 18, rtcp);
    ck_assert_int_eq(rg_media_restore(&media, state, (size_t)(at + 22 - state), &settings), 0);
    return media;
}

/* RFC 3711 3.4: the index has 31 bits. */
START_TEST(srtcp_ends_with_its_last_index) {
    const struct media_profile *profile = &media_profiles[_i];
    rtpgate_media *client = near_the_end(profile, 0x7fffff80);
    rtpgate_media *server = receiver_with(profile, (struct rtpgate_media_settings){0});
    uint8_t wire[STATE_WIRE];

    for (uint32_t index = 0x7fffff80; index <= 0x7fffffff; index++) {
        int length = state_protect(client, RTPGATE_KIND_RTCP, SSRC, 0, wire);

        ck_assert_int_gt(length, 0);
        ck_assert_uint_eq(state_rtcp_index(profile, wire, (size_t)length), index);
        ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTCP, wire, (size_t)length),
                         STATE_PACKET);
    }
    for (unsigned i = 1; i < 4; i++) {
        ck_assert_int_eq(state_protect(client, RTPGATE_KIND_RTCP, SSRC, 0, wire),
                         RTPGATE_ERR_EXPIRED);
        ck_assert_uint_eq(media_stats(client).expired, i);
    }
    ck_assert_int_gt(state_protect(client, RTPGATE_KIND_RTP, SSRC, 5, wire), 0);
    media_pair_free(&(struct media_pair){client, server});
}
END_TEST

/* The peer writes the index of SRTCP itself: whatever it writes, our media survives. */
START_TEST(a_peer_cannot_keep_us_from_surviving) {
    static const struct rtpgate_media_reserve reserve = {10, 10};
    static const struct rtpgate_media_settings settings = {.resumable = true};
    const struct media_profile *profile = &media_profiles[_i];
    rtpgate_media *client = near_the_end(profile, 0x7fffff80);
    rtpgate_media *server = receiver_with(profile, settings);
    rtpgate_media *next = NULL;
    uint8_t wire[STATE_WIRE];
    uint8_t state[STATE_ROOM];
    int length = 0;
    int size;

    for (uint32_t index = 0x7fffff80; index <= 0x7fffffff; index++) {
        length = state_protect(client, RTPGATE_KIND_RTCP, SSRC, 0, wire);
        ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTCP, wire, (size_t)length),
                         STATE_PACKET);
        ck_assert_int_gt(
            rtpgate_media_snapshot(server, &reserve, state_key, index, state, sizeof state), 0);
        ck_assert_int_eq(rtpgate_media_snapshot_stored(server, index), 0);
    }
    size = rtpgate_media_suspend(server, state_key, 1, state, sizeof state);
    ck_assert_int_gt(size, 0);
    ck_assert_int_eq(
        rtpgate_media_resume(&next, state_key, 1, state, (size_t)size, &settings, sizeof settings),
        0);
    ck_assert_int_eq(media_receive(next, RTPGATE_KIND_RTCP, wire, (size_t)length),
                     RTPGATE_ERR_REPLAY);
    ck_assert_int_eq(pass(client, next, RTPGATE_KIND_RTP, SSRC, 5), STATE_PACKET);
    rtpgate_media_free(next);
    media_pair_free(&(struct media_pair){client, server});
}
END_TEST

/* Behind the rollover counter 2^32 - 1 libsrtp would begin again with 0, and its key stream. */
START_TEST(no_rollover_counter_is_set_whose_end_could_be_seen) {
    static const uint32_t wrong[] = {0x80000000, 0xfffffffe, 0xffffffff};
    struct media_pair pair = media_pair_new(&media_profiles[_i]);

    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rtpgate_media_set_roc(pair.client, RTPGATE_MEDIA_OUTBOUND, SSRC, wrong[i]),
                         RTPGATE_ERR_INVAL);
    }
    ck_assert_int_eq(rtpgate_media_set_roc(pair.client, RTPGATE_MEDIA_OUTBOUND, SSRC, 0x7fffffff),
                     0);
    media_pair_free(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_limits");
    TCase *tests = suite_case(suite, "media_limits");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_peer_has_no_more_ssrcs_than_it_may, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, only_authentic_ssrcs_count, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, ssrcs_count_in_media_that_survives, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, nothing_is_left_of_what_no_snapshot_covers, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, srtcp_ends_with_its_last_index, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, a_peer_cannot_keep_us_from_surviving, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, no_rollover_counter_is_set_whose_end_could_be_seen, 0,
                        MEDIA_PROFILES);
    return suite_run(suite);
}
