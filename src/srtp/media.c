#include <rtpgate/media.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <threads.h>

#include <srtp2/srtp.h>

#include <rtpgate/error.h>
#include <rtpgate/srtp_profile.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "srtp/crypto.h"
#include "srtp/media.h"

enum {
    RTP_HEADER = 12,
    RTCP_HEADER = 8,
    SRTCP_INDEX = 4,
    MAX_PACKET = 65535,    /* no UDP datagram is longer, and libsrtp counts in int */
    MAX_RTP_HEADER = 2048, /* with GCM, libsrtp authenticates no longer one */
    /* libsrtp's 128 is passed by the packets of one large key frame: retransmissions and a slower
     * path come later than that. 1024 packets of 1200 bytes are a second at 10 Mb/s, and 128 bytes
     * of memory an SSRC. */
    REPLAY_WINDOW = 1024,
};

struct rtpgate_media {
    srtp_t outbound;
    srtp_t inbound;
    const struct rtpgate_srtp_profile_info *profile;
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

static int code_of_context(srtp_err_status_t status) {
    if (status == srtp_err_status_ok) {
        return 0;
    }
    return status == srtp_err_status_alloc_fail ? RTPGATE_ERR_NOMEM : RTPGATE_ERR_CRYPTO;
}

/* One context for any number of SSRCs; `master` is the key and then the salt. */
static srtp_err_status_t create(srtp_t *out, enum rtpgate_srtp_profile number,
                                srtp_ssrc_type_t ssrc, uint8_t *master) {
    srtp_profile_t profile = (srtp_profile_t)number; /* both are IANA's numbers */
    srtp_policy_t policy;
    srtp_err_status_t status;

    memset(&policy, 0, sizeof policy);
    status = srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile);
    if (status == srtp_err_status_ok) {
        status = srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile);
    }
    if (status != srtp_err_status_ok) {
        return status;
    }
    policy.ssrc.type = ssrc;
    policy.key = master;
    policy.window_size = REPLAY_WINDOW;
    policy.allow_repeat_tx = 0;
    return srtp_create(out, &policy);
}

static once_flag once = ONCE_FLAG_INIT;
static atomic_int initialised; /* atomic, since the thread sanitizer does not know call_once */

/* Whose ciphers the contexts of this process have. */
enum { CIPHERS_UNDECIDED, CIPHERS_OURS, CIPHERS_OF_LIBSRTP };
static atomic_int ciphers;

/* Whether `whose` is what holds from now on. */
static bool decide_ciphers(int whose) {
    int now = CIPHERS_UNDECIDED;

    return atomic_compare_exchange_strong(&ciphers, &now, whose) || now == whose;
}

int rtpgate_media_keep_libsrtp_ciphers(void) {
    return decide_ciphers(CIPHERS_OF_LIBSRTP) ? 0 : RTPGATE_ERR_STATE;
}

/*
 * libsrtp's ciphers on NSS start all of NSS when nothing else uses it and stop it with the last
 * one: a context costs 687 us then, and 15 us while there is another. So this one stays, with a key
 * that nobody uses; without it everything would work as well.
 */
static srtp_t anchor;

static void initialise(void) {
    uint8_t master[SRTP_MAX_KEY_LEN] = {0};
    srtp_err_status_t status = srtp_init();

    if (status == srtp_err_status_bad_param) { /* its answer to a second call: others were first */
        status = srtp_err_status_ok;
    }
    if (status == srtp_err_status_ok && decide_ciphers(CIPHERS_OURS)) {
        status = rg_crypto_install();
    } else if (status == srtp_err_status_ok) {
        (void)create(&anchor, RTPGATE_SRTP_AES128_CM_SHA1_80, ssrc_any_inbound, master);
    }
    atomic_store(&initialised, code_of_context(status));
}

/* Never undone: other users of libsrtp may live in this process. */
int rg_media_prepare(void) {
    call_once(&once, initialise);
    return atomic_load(&initialised);
}

static int create_half(srtp_t *out, const struct rtpgate_srtp_keys *keys,
                       const struct rtpgate_srtp_master *half, srtp_ssrc_type_t ssrc) {
    uint8_t master[RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT] = {0};
    srtp_err_status_t status;

    memcpy(master, half->key, keys->key_length);
    memcpy(master + keys->key_length, half->salt, keys->salt_length);
    status = create(out, keys->profile, ssrc, master);
    rg_zero(master, sizeof master);
    return code_of_context(status);
}

static int create_both(rtpgate_media *media, const struct rtpgate_srtp_keys *keys) {
    int code =
        create_half(&media->outbound, keys, rtpgate_srtp_keys_local(keys), ssrc_any_outbound);

    if (code < 0) {
        return code;
    }
    return create_half(&media->inbound, keys, rtpgate_srtp_keys_remote(keys), ssrc_any_inbound);
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

int rtpgate_media_new(rtpgate_media **out, const struct rtpgate_srtp_keys *keys) {
    const struct rtpgate_srtp_profile_info *profile = profile_of(keys);
    rtpgate_media *media;
    int code;

    if (out == NULL || profile == NULL) {
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
    code = create_both(media, keys);
    if (code < 0) {
        rtpgate_media_free(media);
        return code;
    }
    *out = media;
    return 0;
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

/* The length of an RTP header with its CSRCs and extension (RFC 3550 5.1, 5.3.1); more than
 * `length` when it does not fit. */
static size_t rtp_header_length(const uint8_t *packet, size_t length) {
    size_t header = RTP_HEADER;
    bool extended;

    if (length < header) {
        return header;
    }
    header += 4 * (size_t)(packet[0] & 0x0f);
    extended = (packet[0] & 0x10) != 0;
    if (!extended) {
        return header;
    }
    header += 4;
    if (length < header) {
        return header;
    }
    return header + 4 * ((size_t)packet[header - 2] << 8 | packet[header - 1]);
}

/* Whether `length` bytes of plaintext, or of a protected packet without its trailer, can be of
 * `kind`. */
static bool well_formed(enum rtpgate_kind kind, const uint8_t *packet, size_t length) {
    size_t header =
        kind == RTPGATE_KIND_RTP ? rtp_header_length(packet, length) : (size_t)RTCP_HEADER;

    return length >= header && header <= MAX_RTP_HEADER && packet[0] >> 6 == 2;
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
    bool index_is_last = media->profile->profile == RTPGATE_SRTP_AEAD_AES_128_GCM ||
                         media->profile->profile == RTPGATE_SRTP_AEAD_AES_256_GCM;
    size_t index = length - (index_is_last ? SRTCP_INDEX : trailer_length(media, kind));

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
    }
    return code;
}

/* Copies the packet, and lets libsrtp work where the copy is. */
static int run(transform *call, srtp_t session, const uint8_t *in, size_t length, uint8_t *out) {
    int octets = (int)length;
    int code;

    if (in != out) {
        memmove(out, in, length);
    }
    code = code_of_packet(call(session, out, &octets));
    return code < 0 ? code : octets;
}

static int protect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                   uint8_t *out, size_t capacity) {
    size_t trailer = trailer_length(media, kind);
    transform *call = kind == RTPGATE_KIND_RTP ? srtp_protect : srtp_protect_rtcp;

    if (length > MAX_PACKET - trailer || !well_formed(kind, in, length)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (capacity < length + trailer) {
        return RTPGATE_ERR_NOBUF;
    }
    return run(call, media->outbound, in, length, out);
}

static int unprotect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in, size_t length,
                     uint8_t *out, size_t capacity) {
    size_t trailer = trailer_length(media, kind);
    transform *call = kind == RTPGATE_KIND_RTP ? srtp_unprotect : srtp_unprotect_rtcp;

    if (length < trailer || length > MAX_PACKET || !well_formed(kind, in, length - trailer)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (capacity < length) {
        return RTPGATE_ERR_NOBUF;
    }
    if (!encrypted(media, kind, in, length)) {
        return RTPGATE_ERR_AUTH;
    }
    return run(call, media->inbound, in, length, out);
}

int rtpgate_media_protect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                          size_t length, uint8_t *out, size_t capacity) {
    struct rtpgate_media_stats *stats;

    if (!arguments_valid(media, kind, in, out)) {
        return RTPGATE_ERR_INVAL;
    }
    stats = &media->stats;
    return count(stats, kind == RTPGATE_KIND_RTP ? &stats->rtp_protected : &stats->rtcp_protected,
                 protect(media, kind, in, length, out, capacity));
}

int rtpgate_media_unprotect(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                            size_t length, uint8_t *out, size_t capacity) {
    struct rtpgate_media_stats *stats;

    if (!arguments_valid(media, kind, in, out)) {
        return RTPGATE_ERR_INVAL;
    }
    stats = &media->stats;
    return count(stats,
                 kind == RTPGATE_KIND_RTP ? &stats->rtp_unprotected : &stats->rtcp_unprotected,
                 unprotect(media, kind, in, length, out, capacity));
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
