/* Media whose state can be sealed, and who judges what it sends: libsrtp by itself. */
#ifndef RG_TESTS_MEDIA_STATE_H
#define RG_TESTS_MEDIA_STATE_H

#include <stdlib.h>

#include <rtpgate/media_state.h>
#include <srtp2/srtp.h>

#include "media.h"

enum { STATE_ROOM = 4096, STATE_PACKET = 60, STATE_WIRE = STATE_PACKET + RTPGATE_MEDIA_OVERHEAD };

static const uint8_t state_key[RTPGATE_MEDIA_STATE_KEY] = "a key that seals, for tests only";

static inline rtpgate_media *state_end(const struct media_profile *profile, bool client) {
    struct rtpgate_media_settings settings = {.resumable = true};
    struct rtpgate_srtp_keys keys = media_keys(profile, client);
    rtpgate_media *media = NULL;

    ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, &settings, sizeof settings), 0);
    return media;
}

/* Contexts of another process, made from a state. */
static inline rtpgate_media *state_resumed(const uint8_t *state, size_t length, uint64_t id) {
    struct rtpgate_media_settings settings = {0};
    rtpgate_media *media = NULL;

    ck_assert_int_eq(
        rtpgate_media_resume(&media, state_key, id, state, length, &settings, sizeof settings), 0);
    ck_assert_ptr_nonnull(media);
    return media;
}

/* `media` ends; what goes on in its place. */
static inline rtpgate_media *state_moved(rtpgate_media *media) {
    uint8_t state[STATE_ROOM];
    int length = rtpgate_media_suspend(media, state_key, 7, state, sizeof state);

    ck_assert_int_gt(length, 0);
    rtpgate_media_free(media);
    return state_resumed(state, (size_t)length, 7);
}

/* What `media` says to one packet of `index`, which is in `wire` if all is well. */
static inline int state_protect(rtpgate_media *media, enum rtpgate_kind kind, uint32_t ssrc,
                                uint64_t index, uint8_t wire[STATE_WIRE]) {
    uint8_t packet[STATE_PACKET];

    media_packet(kind, packet, sizeof packet, (unsigned)(index & 0xffff), ssrc);
    return rtpgate_media_protect(media, kind, packet, sizeof packet, wire, STATE_WIRE);
}

/* The index that a protected SRTCP packet carries. */
static inline uint32_t state_rtcp_index(const struct media_profile *profile, const uint8_t *wire,
                                        size_t length) {
    const uint8_t *word = wire + length - 4 - (profile->salt == 12 ? 0 : 10);

    return ((uint32_t)word[0] << 24 | (uint32_t)word[1] << 16 | (uint32_t)word[2] << 8 | word[3]) &
           0x7fffffff;
}

/* A receiver of libsrtp for what our client sends, with the widest window that there is. */
static inline srtp_t state_judge(const struct media_profile *profile) {
    struct rtpgate_srtp_keys keys = media_keys(profile, true);
    uint8_t master[RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT];
    srtp_policy_t policy;
    srtp_t judge = NULL;

    memset(&policy, 0, sizeof policy);
    memcpy(master, keys.client.key, profile->key);
    memcpy(master + profile->key, keys.client.salt, profile->salt);
    (void)srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp,
                                                      (srtp_profile_t)profile->profile);
    (void)srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp,
                                                       (srtp_profile_t)profile->profile);
    policy.ssrc.type = ssrc_any_inbound;
    policy.key = master;
    policy.window_size = 32767;
    ck_assert_int_eq(srtp_create(&judge, &policy), srtp_err_status_ok);
    return judge;
}

#endif
