/* Two ends that share SRTP keys, and packets to send between them. */
#ifndef RG_TESTS_MEDIA_H
#define RG_TESTS_MEDIA_H

#include <check.h>
#include <string.h>

#include <rtpgate/error.h>
#include <rtpgate/media.h>

/* What RFC 5764 4.1.2 and RFC 7714 14.2 say, written down once more. */
static const struct media_profile {
    enum rtpgate_srtp_profile profile;
    size_t key;
    size_t salt;
    size_t rtp_trailer;
    size_t rtcp_trailer; /* tag, E bit and index */
} media_profiles[] = {
    {RTPGATE_SRTP_AES128_CM_SHA1_80, 16, 14, 10, 14},
    {RTPGATE_SRTP_AES128_CM_SHA1_32, 16, 14, 4, 14},
    {RTPGATE_SRTP_AEAD_AES_128_GCM, 16, 12, 16, 20},
    {RTPGATE_SRTP_AEAD_AES_256_GCM, 32, 12, 16, 20},
};

enum {
    MEDIA_PROFILES = sizeof media_profiles / sizeof media_profiles[0],
    MEDIA_BUFFER = 70000,
    MEDIA_RTP_HEADER = 12,
    MEDIA_RTCP_HEADER = 8,
};

struct media_pair {
    rtpgate_media *client;
    rtpgate_media *server;
};

static inline size_t media_trailer(const struct media_profile *profile, enum rtpgate_kind kind) {
    return kind == RTPGATE_KIND_RTP ? profile->rtp_trailer : profile->rtcp_trailer;
}

static inline struct rtpgate_srtp_keys media_keys(const struct media_profile *profile,
                                                  bool local_is_client) {
    struct rtpgate_srtp_keys keys = {.profile = profile->profile,
                                     .key_length = profile->key,
                                     .salt_length = profile->salt,
                                     .local_is_client = local_is_client};

    for (size_t i = 0; i < profile->key; i++) {
        keys.client.key[i] = (uint8_t)(i + 1);
        keys.server.key[i] = (uint8_t)(i + 101);
    }
    for (size_t i = 0; i < profile->salt; i++) {
        keys.client.salt[i] = (uint8_t)(i + 51);
        keys.server.salt[i] = (uint8_t)(i + 151);
    }
    return keys;
}

static inline rtpgate_media *media_end(const struct media_profile *profile, bool client) {
    struct rtpgate_srtp_keys keys = media_keys(profile, client);
    rtpgate_media *media = NULL;

    ck_assert_int_eq(rtpgate_media_new(&media, &keys), 0);
    ck_assert_ptr_nonnull(media);
    return media;
}

static inline struct media_pair media_pair_new(const struct media_profile *profile) {
    return (struct media_pair){media_end(profile, true), media_end(profile, false)};
}

static inline void media_pair_free(struct media_pair *pair) {
    rtpgate_media_free(pair->client);
    rtpgate_media_free(pair->server);
}

static inline struct rtpgate_media_stats media_stats(const rtpgate_media *media) {
    struct rtpgate_media_stats stats;

    ck_assert_int_eq(rtpgate_media_stats(media, &stats, sizeof stats), 0);
    return stats;
}

static inline void media_put_u16(uint8_t *out, unsigned value) {
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static inline void media_put_u32(uint8_t *out, uint32_t value) {
    media_put_u16(out, value >> 16);
    media_put_u16(out + 2, value & 0xffff);
}

/* `length` bytes of RTP without CSRCs and extension. */
static inline void media_rtp(uint8_t *out, size_t length, unsigned sequence, uint32_t ssrc) {
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)(i * 13 + sequence);
    }
    out[0] = 0x80;
    out[1] = 96;
    media_put_u16(out + 2, sequence & 0xffff);
    media_put_u32(out + 8, ssrc);
}

/* `length` bytes of RTCP: a sender report's first word, an SSRC, a pattern. */
static inline void media_rtcp(uint8_t *out, size_t length, uint32_t ssrc) {
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)(i * 7 + ssrc);
    }
    out[0] = 0x80;
    out[1] = 200;
    media_put_u16(out + 2, (unsigned)(length / 4 - 1));
    media_put_u32(out + 4, ssrc);
}

static inline void media_packet(enum rtpgate_kind kind, uint8_t *out, size_t length,
                                unsigned sequence, uint32_t ssrc) {
    if (kind == RTPGATE_KIND_RTP) {
        media_rtp(out, length, sequence, ssrc);
    } else {
        media_rtcp(out, length, ssrc);
    }
}

/* A protected packet in `out`, made by `sender`; its length. */
static inline size_t media_protected(rtpgate_media *sender, enum rtpgate_kind kind, uint8_t *out,
                                     size_t length, unsigned sequence, uint32_t ssrc) {
    int protected_length;

    media_packet(kind, out, length, sequence, ssrc);
    protected_length =
        rtpgate_media_protect(sender, kind, out, length, out, length + RTPGATE_MEDIA_OVERHEAD);
    ck_assert_int_gt(protected_length, (int)length);
    return (size_t)protected_length;
}

/* What `receiver` says to `packet`, of which it gets a copy. */
static inline int media_receive(rtpgate_media *receiver, enum rtpgate_kind kind,
                                const uint8_t *packet, size_t length) {
    static _Thread_local uint8_t out[MEDIA_BUFFER];

    return rtpgate_media_unprotect(receiver, kind, packet, length, out, sizeof out);
}

#endif
