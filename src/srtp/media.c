#include <rtpgate/media.h>

#include <stdbool.h>
#include <string.h>

#include <srtp2/srtp.h>

#include <rtpgate/error.h>
#include <rtpgate/srtp_profile.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "srtp/media.h"
#include "srtp/packet.h"
#include "srtp/start.h"

enum {
    SRTCP_INDEX = 4,
    MAX_PACKET = 65535, /* no UDP datagram is longer, and libsrtp counts in int */
    /* libsrtp's 128 is passed by the packets of one large key frame: retransmissions and a slower
     * path come later than that. 1024 packets of 1200 bytes are a second at 10 Mb/s, and 128 bytes
     * of memory an SSRC. */
    REPLAY_WINDOW = 1024,
    MIN_REPLAY_WINDOW = 64, /* both are libsrtp's */
    MAX_REPLAY_WINDOW = 32767,
    MAX_EXTENSIONS = 255, /* one byte says which */
};

struct rtpgate_media {
    srtp_t outbound;
    srtp_t inbound;
    const struct rtpgate_srtp_profile_info *profile;
    struct rtpgate_srtp_keys keys;
    struct rg_media_limits limits;
    unsigned replay_window;
    bool repeats;
    int extension_count;
    int extensions[MAX_EXTENSIONS];
    struct rtpgate_media_stats stats;
};

typedef srtp_err_status_t transform(srtp_t session, void *packet, int *length);

static int code_of_packet(srtp_err_status_t status) {
    switch (status) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_auth_fail:
        return RTPGATE_ERR_AUTH;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return RTPGATE_ERR_REPLAY;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
        return RTPGATE_ERR_MALFORMED;
    case srtp_err_status_alloc_fail:
        return RTPGATE_ERR_NOMEM;
    default:
        return RTPGATE_ERR_CRYPTO;
    }
}

static bool is_aead(enum rtpgate_srtp_profile profile) {
    return profile == RTPGATE_SRTP_AEAD_AES_128_GCM || profile == RTPGATE_SRTP_AEAD_AES_256_GCM;
}

static void fill_policy(const rtpgate_media *media, srtp_policy_t *policy, srtp_ssrc_t ssrc,
                        uint8_t *master) {
    srtp_profile_t profile = (srtp_profile_t)media->keys.profile; /* both are IANA's numbers */

    memset(policy, 0, sizeof *policy);
    (void)srtp_crypto_policy_set_from_profile_for_rtp(&policy->rtp, profile);
    (void)srtp_crypto_policy_set_from_profile_for_rtcp(&policy->rtcp, profile);
    policy->ssrc = ssrc;
    policy->key = master;
    policy->window_size = media->replay_window;
    policy->allow_repeat_tx = media->repeats;
    if (media->extension_count > 0) {
        policy->enc_xtn_hdr = (int *)media->extensions;
        policy->enc_xtn_hdr_count = media->extension_count;
    }
}

/* Makes the context of a direction, or adds to it what it shall do with one SSRC. */
static int add(rtpgate_media *media, srtp_t *session, srtp_ssrc_t ssrc) {
    const struct rtpgate_srtp_keys *keys = &media->keys;
    const struct rtpgate_srtp_master *half = session == &media->outbound
                                                 ? rtpgate_srtp_keys_local(keys)
                                                 : rtpgate_srtp_keys_remote(keys);
    uint8_t master[RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT] = {0};
    srtp_policy_t policy;
    srtp_err_status_t status;

    memcpy(master, half->key, keys->key_length);
    memcpy(master + keys->key_length, half->salt, keys->salt_length);
    fill_policy(media, &policy, ssrc, master);
    status = *session == NULL ? srtp_create(session, &policy) : srtp_add_stream(*session, &policy);
    rg_zero(master, sizeof master);
    return rg_srtp_code(status);
}

/* A context for any number of SSRCs. */
static int create(rtpgate_media *media, srtp_t *session) {
    srtp_ssrc_t any = {session == &media->outbound ? ssrc_any_outbound : ssrc_any_inbound, 0};

    return add(media, session, any);
}

static const struct rtpgate_srtp_profile_info *profile_of(const struct rtpgate_srtp_keys *keys) {
    const struct rtpgate_srtp_profile_info *info;

    if (keys == NULL || (unsigned)keys->profile > UINT16_MAX) {
        return NULL;
    }
    info = rtpgate_srtp_profile_info((uint16_t)keys->profile);
    if (info == NULL || info->key_length != keys->key_length ||
        info->salt_length != keys->salt_length) {
        return NULL;
    }
    return info;
}

/* RFC 5764 4.1.2 and RFC 7714 13.1 and 14.1: as many packets may one master key protect. */
static struct rg_media_limits limits_of(enum rtpgate_srtp_profile profile) {
    return (struct rg_media_limits){.rtp = UINT64_C(1) << (is_aead(profile) ? 48 : 31),
                                    .rtcp = UINT64_C(1) << 31};
}

static struct rg_media_limits imposed;

void rg_media_limit(struct rg_media_limits limits) {
    imposed = limits;
}

static bool settings_valid(const struct rtpgate_srtp_keys *keys,
                           const struct rtpgate_media_settings *settings) {
    const uint8_t *extensions = settings->encrypted_extensions;
    size_t count = settings->encrypted_extension_count;

    return (settings->replay_window == 0 || (settings->replay_window >= MIN_REPLAY_WINDOW &&
                                             settings->replay_window <= MAX_REPLAY_WINDOW)) &&
           !(settings->repeats && is_aead(keys->profile)) && count <= MAX_EXTENSIONS &&
           (count == 0 || (extensions != NULL && memchr(extensions, 0, count) == NULL));
}

static void apply(rtpgate_media *media, const struct rtpgate_media_settings *settings) {
    media->limits = imposed.rtp != 0 ? imposed : limits_of(media->keys.profile);
    media->replay_window = settings->replay_window == 0 ? REPLAY_WINDOW : settings->replay_window;
    media->repeats = settings->repeats;
    media->extension_count = (int)settings->encrypted_extension_count;
    for (size_t i = 0; i < settings->encrypted_extension_count; i++) {
        media->extensions[i] = settings->encrypted_extensions[i];
    }
}

int rtpgate_media_new_with(rtpgate_media **out, const struct rtpgate_srtp_keys *keys,
                           const struct rtpgate_media_settings *settings, size_t size) {
    const struct rtpgate_srtp_profile_info *profile = profile_of(keys);
    struct rtpgate_media_settings all = {0};
    rtpgate_media *media;
    int code;

    if (out == NULL || profile == NULL || settings == NULL || size > sizeof all) {
        return RTPGATE_ERR_INVAL;
    }
    memcpy(&all, settings, size);
    if (!settings_valid(keys, &all)) {
        return RTPGATE_ERR_INVAL;
    }
    code = rg_media_prepare();
    if (code < 0) {
        return code;
    }
    media = rg_alloc(sizeof *media);
    if (media == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    media->profile = profile;
    media->keys = *keys;
    apply(media, &all);
    code = create(media, &media->outbound);
    if (code == 0) {
        code = create(media, &media->inbound);
    }
    if (code < 0) {
        rtpgate_media_free(media);
        return code;
    }
    *out = media;
    return 0;
}

int rtpgate_media_new(rtpgate_media **out, const struct rtpgate_srtp_keys *keys) {
    static const struct rtpgate_media_settings defaults;

    return rtpgate_media_new_with(out, keys, &defaults, sizeof defaults);
}

static void destroy(srtp_t session) {
    if (session != NULL) {
        (void)srtp_dealloc(session);
    }
}

void rtpgate_media_free(rtpgate_media *media) {
    if (media == NULL) {
        return;
    }
    destroy(media->outbound);
    destroy(media->inbound);
    rg_free_secret(media, sizeof *media);
}

/* What protection adds to a packet. */
static size_t trailer_length(const rtpgate_media *media, enum rtpgate_kind kind) {
    return kind == RTPGATE_KIND_RTP ? media->profile->rtp_tag_length
                                    : media->profile->rtcp_tag_length + SRTCP_INDEX;
}

/*
 * Whether `packet` says of itself that it is encrypted, as all profiles want it. SRTCP can say no
 * (the E bit, first of the index word: RFC 3711 3.4), and a long one that does, forged by anybody,
 * leaves libsrtp's GCM on NSS with a stale header: no SRTCP packet passes ever after. So libsrtp
 * never sees such a packet.
 */
static bool encrypted(const rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *packet,
                      size_t length) {
    size_t index =
        length - (is_aead(media->profile->profile) ? SRTCP_INDEX : trailer_length(media, kind));

    return kind == RTPGATE_KIND_RTP || (packet[index] & 0x80) != 0;
}

static bool arguments_valid(const rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                            const uint8_t *out) {
    return media != NULL && in != NULL && out != NULL &&
           (kind == RTPGATE_KIND_RTP || kind == RTPGATE_KIND_RTCP);
}

/* Counts what became of a packet; returns `code`. */
static int count(struct rtpgate_media_stats *stats, uint64_t *successes, int code) {
    if (code >= 0) {
        ++*successes;
    } else if (code == RTPGATE_ERR_AUTH) {
        ++stats->auth_failures;
    } else if (code == RTPGATE_ERR_REPLAY) {
        ++stats->replays;
    } else if (code == RTPGATE_ERR_MALFORMED) {
        ++stats->malformed;
    } else if (code == RTPGATE_ERR_CRYPTEX) {
        ++stats->cryptex;
    } else if (code == RTPGATE_ERR_EXPIRED) {
        ++stats->expired;
    }
    return code;
}

static bool is_expired(const rtpgate_media *media, enum rtpgate_kind kind, uint64_t used) {
    return used >= (kind == RTPGATE_KIND_RTP ? media->limits.rtp : media->limits.rtcp);
}

/* Copies the packet, and lets libsrtp work where the copy is. */
static int run(transform *call, srtp_t session, struct rtpgate_media_stats *stats,
               const uint8_t *in, size_t length, uint8_t *out) {
    int octets = (int)length;
    srtp_err_status_t status;

    if (in != out) {
        memmove(out, in, length);
    }
    status = call(session, out, &octets);
    stats->too_old += status == srtp_err_status_replay_old;
    return status == srtp_err_status_ok ? octets : code_of_packet(status);
}

static int protect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                   uint8_t *out, size_t capacity) {
    size_t trailer = trailer_length(media, kind);
    transform *call = kind == RTPGATE_KIND_RTP ? srtp_protect : srtp_protect_rtcp;

    if (length > MAX_PACKET - trailer || !rg_packet_well_formed(kind, in, length)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (capacity < length + trailer) {
        return RTPGATE_ERR_NOBUF;
    }
    if (kind == RTPGATE_KIND_RTP && rg_packet_uses_cryptex(in)) {
        return RTPGATE_ERR_CRYPTEX;
    }
    return run(call, media->outbound, &media->stats, in, length, out);
}

static int unprotect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                     uint8_t *out, size_t capacity) {
    size_t trailer = trailer_length(media, kind);
    transform *call = kind == RTPGATE_KIND_RTP ? srtp_unprotect : srtp_unprotect_rtcp;

    if (length < trailer || length > MAX_PACKET ||
        !rg_packet_well_formed(kind, in, length - trailer)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (capacity < length) {
        return RTPGATE_ERR_NOBUF;
    }
    if (kind == RTPGATE_KIND_RTP && rg_packet_uses_cryptex(in)) {
        return RTPGATE_ERR_CRYPTEX;
    }
    if (!encrypted(media, kind, in, length)) {
        ++media->stats.unencrypted;
        return RTPGATE_ERR_AUTH;
    }
    return run(call, media->inbound, &media->stats, in, length, out);
}

int rtpgate_media_protect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                          size_t length, uint8_t *out, size_t capacity) {
    struct rtpgate_media_stats *stats;
    uint64_t *used;

    if (!arguments_valid(media, kind, in, out)) {
        return RTPGATE_ERR_INVAL;
    }
    stats = &media->stats;
    used = kind == RTPGATE_KIND_RTP ? &stats->rtp_protected : &stats->rtcp_protected;
    return count(stats, used,
                 is_expired(media, kind, *used) ? RTPGATE_ERR_EXPIRED
                                                : protect(media, kind, in, length, out, capacity));
}

int rtpgate_media_unprotect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                            size_t length, uint8_t *out, size_t capacity) {
    struct rtpgate_media_stats *stats;
    uint64_t *used;

    if (!arguments_valid(media, kind, in, out)) {
        return RTPGATE_ERR_INVAL;
    }
    stats = &media->stats;
    used = kind == RTPGATE_KIND_RTP ? &stats->rtp_unprotected : &stats->rtcp_unprotected;
    return count(stats, used,
                 is_expired(media, kind, *used)
                     ? RTPGATE_ERR_EXPIRED
                     : unprotect(media, kind, in, length, out, capacity));
}

bool rtpgate_media_expiring(const rtpgate_media *media) {
    const struct rtpgate_media_stats *stats;
    uint64_t rtp;
    uint64_t rtcp;

    if (media == NULL) {
        return false;
    }
    stats = &media->stats;
    rtp = media->limits.rtp - media->limits.rtp / 10;
    rtcp = media->limits.rtcp - media->limits.rtcp / 10;
    return stats->rtp_protected >= rtp || stats->rtp_unprotected >= rtp ||
           stats->rtcp_protected >= rtcp || stats->rtcp_unprotected >= rtcp;
}

int rtpgate_media_roc(const rtpgate_media *media, enum rtpgate_media_direction direction,
                      uint32_t ssrc, uint32_t *roc) {
    srtp_t session;

    if (media == NULL || roc == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    session = direction == RTPGATE_MEDIA_OUTBOUND ? media->outbound : media->inbound;
    return srtp_get_stream_roc(session, ssrc, roc) == srtp_err_status_ok ? 0 : RTPGATE_ERR_STATE;
}

int rtpgate_media_set_roc(rtpgate_media *media, enum rtpgate_media_direction direction,
                          uint32_t ssrc, uint32_t roc) {
    srtp_ssrc_t one = {ssrc_specific, ssrc};
    srtp_t *session;
    uint32_t known;
    int code;

    if (media == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    session = direction == RTPGATE_MEDIA_OUTBOUND ? &media->outbound : &media->inbound;
    if (rtpgate_media_roc(media, direction, ssrc, &known) == 0) {
        return RTPGATE_ERR_STATE;
    }
    code = add(media, session, one);
    return code < 0 ? code : rg_srtp_code(srtp_set_stream_roc(*session, ssrc, roc));
}

int rtpgate_media_stats(const rtpgate_media *media, struct rtpgate_media_stats *stats,
                        size_t size) {
    if (media == NULL || stats == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    memset(stats, 0, size);
    memcpy(stats, &media->stats, size < sizeof media->stats ? size : sizeof media->stats);
    return 0;
}

void rg_media_add_stats(struct rtpgate_media_stats *sum, const rtpgate_media *media) {
    if (media == NULL) {
        return;
    }
    sum->rtp_protected += media->stats.rtp_protected;
    sum->rtcp_protected += media->stats.rtcp_protected;
    sum->rtp_unprotected += media->stats.rtp_unprotected;
    sum->rtcp_unprotected += media->stats.rtcp_unprotected;
    sum->auth_failures += media->stats.auth_failures;
    sum->replays += media->stats.replays;
    sum->malformed += media->stats.malformed;
    sum->unencrypted += media->stats.unencrypted;
    sum->too_old += media->stats.too_old;
    sum->cryptex += media->stats.cryptex;
    sum->expired += media->stats.expired;
}
