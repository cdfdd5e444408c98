#include <rtpgate/media.h>

#include <stdbool.h>
#include <string.h>

#include <srtp2/srtp.h>

#include <rtpgate/error.h>

#include "base/bytes.h"
#include "base/secure.h"
#include "srtp/context.h"
#include "srtp/media.h"
#include "srtp/packet.h"

#define E_BIT UINT32_C(0x80000000)

enum {
    SRTCP_INDEX = 4,
    MAX_PACKET = 65535, /* no UDP datagram is longer, and libsrtp counts in int */
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
    case srtp_err_status_key_expired:
        return RTPGATE_ERR_EXPIRED; /* of SRTCP, when an SSRC had its last index */
    default:
        return RTPGATE_ERR_CRYPTO;
    }
}

/* What protection adds to a packet. */
static size_t trailer_length(const rtpgate_media *media, enum rtpgate_kind kind) {
    return kind == RTPGATE_KIND_RTP ? media->profile->rtp_tag_length
                                    : media->profile->rtcp_tag_length + SRTCP_INDEX;
}

/* The E bit and the index of a protected SRTCP packet (RFC 3711 3.4, RFC 7714 9.3). */
static uint32_t srtcp_word(const rtpgate_media *media, const uint8_t *packet, size_t length) {
    size_t behind = media->aead ? 0 : media->profile->rtcp_tag_length;
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
    } else if (code == RTPGATE_ERR_SSRC) {
        ++stats->ssrcs;
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

/* What libsrtp would get wrong. */
static int vet_header(const rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in) {
    if (kind != RTPGATE_KIND_RTP) {
        return 0;
    }
    if (rg_packet_uses_cryptex(in)) {
        return RTPGATE_ERR_CRYPTEX;
    }
    return media->extension_count > 0 && rg_packet_pads_elements(in) ? RTPGATE_ERR_MALFORMED : 0;
}

static int protect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                   uint8_t *out, size_t capacity) {
    size_t trailer = trailer_length(media, kind);
    transform *call = kind == RTPGATE_KIND_RTP ? srtp_protect : srtp_protect_rtcp;
    int code;

    if (length > MAX_PACKET - trailer || !rg_packet_well_formed(kind, in, length)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (capacity < length + trailer) {
        return RTPGATE_ERR_NOBUF;
    }
    code = vet_header(media, kind, in);
    if (code != 0) {
        return code;
    }
    return media->resumable ? send_once(media, kind, in, length, out)
                            : run(call, media->outbound, &media->stats, in, length, out);
}

/* libsrtp makes a stream for an SSRC once a packet of it was authentic. */
static int receive(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                   uint8_t *out) {
    transform *call = kind == RTPGATE_KIND_RTP ? srtp_unprotect : srtp_unprotect_rtcp;
    uint32_t ssrc = rg_packet_ssrc(kind, in);
    bool known = rg_contexts_know(media, ssrc);
    int code;

    if (!known && media->ssrc_count >= media->ssrc_limit) {
        return RTPGATE_ERR_SSRC;
    }
    code = media->resumable ? receive_once(media, kind, in, length, out)
                            : run(call, media->inbound, &media->stats, in, length, out);
    if (!known && code != RTPGATE_ERR_AUTH && rg_contexts_know(media, ssrc)) {
        media->ssrc_count++;
    }
    return code;
}

static int unprotect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                     uint8_t *out, size_t capacity) {
    size_t trailer = trailer_length(media, kind);
    int code;

    if (length < trailer || length > MAX_PACKET ||
        !rg_packet_well_formed(kind, in, length - trailer)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (capacity < length) {
        return RTPGATE_ERR_NOBUF;
    }
    code = vet_header(media, kind, in);
    if (code != 0) {
        return code;
    }
    if (!encrypted(media, kind, in, length)) {
        ++media->stats.unencrypted;
        return RTPGATE_ERR_AUTH;
    }
    return receive(media, kind, in, length, out);
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
    sum->ssrcs += media->stats.ssrcs;
}
