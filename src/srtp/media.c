#include <rtpgate/media.h>

#include <stdbool.h>
#include <string.h>

#include <srtp2/srtp.h>

#include <rtpgate/error.h>
#include <rtpgate/srtp_profile.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/secure.h"
#include "srtp/context.h"
#include "srtp/media.h"
#include "srtp/packet.h"
#include "srtp/start.h"

#define E_BIT UINT32_C(0x80000000)

enum {
    SRTCP_INDEX = 4,
    MAX_PACKET = 65535, /* no UDP datagram is longer, and libsrtp counts in int */
    /* libsrtp's 128 is passed by the packets of one large key frame: retransmissions and a slower
     * path come later than that. 1024 packets of 1200 bytes are a second at 10 Mb/s, and 128 bytes
     * of memory an SSRC. */
    REPLAY_WINDOW = 1024,
    MIN_REPLAY_WINDOW = 64, /* both are libsrtp's */
    MAX_REPLAY_WINDOW = 32767,
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
           !(settings->repeats && (is_aead(keys->profile) || settings->resumable)) &&
           count <= RG_MAX_EXTENSIONS &&
           (count == 0 || (extensions != NULL && memchr(extensions, 0, count) == NULL));
}

static void apply(rtpgate_media *media, const struct rtpgate_media_settings *settings) {
    media->limits = imposed.rtp != 0 ? imposed : limits_of(media->keys.profile);
    media->replay_window = settings->replay_window == 0 ? REPLAY_WINDOW : settings->replay_window;
    media->repeats = settings->repeats;
    media->resumable = settings->resumable;
    media->sent.limit = UINT64_MAX;
    media->received.limit = UINT64_MAX;
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
    code = rg_contexts_open(media);
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

void rtpgate_media_free(rtpgate_media *media) {
    if (media == NULL) {
        return;
    }
    rg_contexts_close(media);
    rg_sources_clear(&media->sent);
    rg_sources_clear(&media->received);
    rg_free_secret(media, sizeof *media);
}

/* What protection adds to a packet. */
static size_t trailer_length(const rtpgate_media *media, enum rtpgate_kind kind) {
    return kind == RTPGATE_KIND_RTP ? media->profile->rtp_tag_length
                                    : media->profile->rtcp_tag_length + SRTCP_INDEX;
}

/* The E bit and the index of a protected SRTCP packet (RFC 3711 3.4, RFC 7714 9.3). */
static uint32_t srtcp_word(const rtpgate_media *media, const uint8_t *packet, size_t length) {
    size_t behind = is_aead(media->profile->profile) ? 0 : media->profile->rtcp_tag_length;
    struct rg_reader reader = rg_reader_make(packet + length - behind - SRTCP_INDEX, SRTCP_INDEX);

    return rg_read_u32(&reader);
}

/*
 * Whether `packet` says of itself that it is encrypted, as all profiles want it. SRTCP can say no
 * (the E bit, first of the index word: RFC 3711 3.4), and a long one that does, forged by anybody,
 * leaves libsrtp's GCM on NSS with a stale header: no SRTCP packet passes ever after. So libsrtp
 * never sees such a packet.
 */
static bool encrypted(const rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *packet,
                      size_t length) {
    return kind == RTPGATE_KIND_RTP || (srtcp_word(media, packet, length) & E_BIT) != 0;
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
    } else if (code == RTPGATE_ERR_STATE) {
        ++stats->uncovered;
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

/* Keeps back what must not leave. */
static int withdraw(uint8_t *out, int length, int reason) {
    rg_zero(out, (size_t)length);
    return reason;
}

/* Protects what the state covers, and keeps account of it. RTP's index is known before, SRTCP's
 * read off the packet. libsrtp uses RTP's up before it can fail for another reason than REPLAY or
 * NOMEM. */
static int send_once(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                     uint8_t *out) {
    bool rtp = kind == RTPGATE_KIND_RTP;
    struct rg_source *source = rg_sources_add(&media->sent, rg_packet_ssrc(kind, in));
    struct rg_span *span;
    uint64_t index;
    int code;
    int late = 0;

    if (source == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    span = rg_source_span(source, kind);
    index = rtp ? rg_span_rtp_index(span, rg_packet_sequence(in)) : span->next;
    code = rg_span_check(span, index);
    if (code < 0) {
        return code;
    }
    code = run(rtp ? srtp_protect : srtp_protect_rtcp, media->outbound, &media->stats, in, length,
               out);
    if (!rtp && code >= 0) {
        index = srtcp_word(media, out, (size_t)code) & ~E_BIT;
        late = index < span->next ? RTPGATE_ERR_CRYPTO : rg_span_check(span, index);
    }
    if (code >= 0 || (rtp && code == RTPGATE_ERR_CRYPTO)) {
        rg_span_use(span, index);
    }
    return late < 0 ? withdraw(out, code, late) : code;
}

static const struct rg_span nothing;

/* Unprotects what was not taken before, and keeps account of it. What the stored state does not
 * cover is not handed out: another process would take it again. */
static int receive_once(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                        size_t length, uint8_t *out) {
    bool rtp = kind == RTPGATE_KIND_RTP;
    uint32_t ssrc = rg_packet_ssrc(kind, in);
    struct rg_source *source = rg_sources_find(&media->received, ssrc);
    uint16_t sequence = rg_packet_sequence(in);
    uint64_t index = rtp ? rg_span_rtp_index(source == NULL ? &nothing : &source->rtp, sequence)
                         : srtcp_word(media, in, length) & ~E_BIT;
    struct rg_span *span;
    int allowed;
    int code;

    if (!rg_sources_reserve(&media->received)) {
        return RTPGATE_ERR_NOMEM;
    }
    code = run(rtp ? srtp_unprotect : srtp_unprotect_rtcp, media->inbound, &media->stats, in,
               length, out);
    if (code < 0) {
        return code;
    }
    span = rg_source_span(rg_sources_add(&media->received, ssrc), kind);
    allowed = rg_span_check(span, index);
    rg_span_use(span, index);
    return allowed < 0 ? withdraw(out, code, allowed) : code;
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
    return media->resumable ? send_once(media, kind, in, length, out)
                            : run(call, media->outbound, &media->stats, in, length, out);
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
    return media->resumable ? receive_once(media, kind, in, length, out)
                            : run(call, media->inbound, &media->stats, in, length, out);
}

int rtpgate_media_protect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                          size_t length, uint8_t *out, size_t capacity) {
    struct rtpgate_media_stats *stats;
    uint64_t *used;

    if (!arguments_valid(media, kind, in, out)) {
        return RTPGATE_ERR_INVAL;
    }
    if (media->outbound == NULL) {
        return RTPGATE_ERR_STATE;
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
    if (media->outbound == NULL) {
        return RTPGATE_ERR_STATE;
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
    return session != NULL && srtp_get_stream_roc(session, ssrc, roc) == srtp_err_status_ok
               ? 0
               : RTPGATE_ERR_STATE;
}

int rtpgate_media_set_roc(rtpgate_media *media, enum rtpgate_media_direction direction,
                          uint32_t ssrc, uint32_t roc) {
    uint32_t known;
    srtp_t session;
    int code;

    if (media == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    if (media->resumable || rtpgate_media_roc(media, direction, ssrc, &known) == 0) {
        return RTPGATE_ERR_STATE;
    }
    code = rg_contexts_add(media, direction, ssrc);
    session = direction == RTPGATE_MEDIA_OUTBOUND ? media->outbound : media->inbound;
    return code < 0 ? code : rg_srtp_code(srtp_set_stream_roc(session, ssrc, roc));
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
    sum->uncovered += media->stats.uncovered;
}
