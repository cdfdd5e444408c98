/* What a peer that has the keys could do to us, and counters at their ends. */
#include <rtpgate/media_state.h>

#include "media_state.h"
#include "srtp/context.h"
#include "suite.h"

enum { FEW = 20 };

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

int main(void) {
    Suite *suite = suite_create("media_limits");
    TCase *tests = suite_case(suite, "media_limits");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_peer_has_no_more_ssrcs_than_it_may, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, only_authentic_ssrcs_count, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, ssrcs_count_in_media_that_survives, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
