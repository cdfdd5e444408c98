#include "srtp/context.h"

#include <errno.h>
#include <string.h>

#include <rtpgate/error.h>

#include "base/bytes.h"
#include "base/secure.h"
#include "srtp/start.h"

enum {
    RTP_HEADER = 12,
    RTCP_HEADER = 8,
    INDEX_WORD = 4,
    SRTCP_WINDOW = 128, /* libsrtp's */
};

/* Behind 2^32 - 1 libsrtp would begin again with 0: nobody gets there from here. */
static const uint32_t MAX_ROC = 0x7fffffff;

typedef srtp_err_status_t install(srtp_t *session, const srtp_policy_t *policy);

static srtp_t *session_of(rtpgate_media *media, enum rtpgate_media_direction direction) {
    return direction == RTPGATE_MEDIA_OUTBOUND ? &media->outbound : &media->inbound;
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

static srtp_err_status_t add_stream(srtp_t *session, const srtp_policy_t *policy) {
    return srtp_add_stream(*session, policy);
}

static srtp_err_status_t update_stream(srtp_t *session, const srtp_policy_t *policy) {
    return srtp_update_stream(*session, policy);
}

/* Makes the context of a direction, or says by `how` what it shall do with one SSRC. */
static int set(rtpgate_media *media, enum rtpgate_media_direction direction, srtp_ssrc_t ssrc,
               install *how) {
    const struct rtpgate_srtp_keys *keys = &media->keys;
    const struct rtpgate_srtp_master *half = direction == RTPGATE_MEDIA_OUTBOUND
                                                 ? rtpgate_srtp_keys_local(keys)
                                                 : rtpgate_srtp_keys_remote(keys);
    uint8_t master[RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT] = {0};
    srtp_policy_t policy;
    srtp_err_status_t status;

    memcpy(master, half->key, keys->key_length);
    memcpy(master + keys->key_length, half->salt, keys->salt_length);
    fill_policy(media, &policy, ssrc, master);
    errno = 0;
    status = how(session_of(media, direction), &policy);
    rg_zero(master, sizeof master);
    return rg_srtp_code(status);
}

int rg_contexts_open(rtpgate_media *media) {
    int code = set(media, RTPGATE_MEDIA_OUTBOUND, (srtp_ssrc_t){ssrc_any_outbound, 0}, srtp_create);

    return code < 0
               ? code
               : set(media, RTPGATE_MEDIA_INBOUND, (srtp_ssrc_t){ssrc_any_inbound, 0}, srtp_create);
}

void rg_contexts_close(rtpgate_media *media) {
    if (media->outbound != NULL) {
        (void)srtp_dealloc(media->outbound);
    }
    if (media->inbound != NULL) {
        (void)srtp_dealloc(media->inbound);
    }
    media->outbound = NULL;
    media->inbound = NULL;
}

int rg_contexts_add(rtpgate_media *media, enum rtpgate_media_direction direction, uint32_t ssrc) {
    return set(media, direction, (srtp_ssrc_t){ssrc_specific, ssrc}, add_stream);
}

/* Neither encrypted nor authenticated. */
static srtp_err_status_t add_open_stream(srtp_t session, uint32_t ssrc) {
    static uint8_t nothing[SRTP_MAX_KEY_LEN];
    srtp_policy_t policy;

    memset(&policy, 0, sizeof policy);
    srtp_crypto_policy_set_null_cipher_hmac_null(&policy.rtp);
    srtp_crypto_policy_set_null_cipher_hmac_null(&policy.rtcp);
    policy.ssrc = (srtp_ssrc_t){ssrc_specific, ssrc};
    policy.key = nothing;
    return srtp_add_stream(session, &policy);
}

static srtp_err_status_t show_rtp(srtp_t session, uint32_t ssrc, uint64_t index) {
    uint8_t packet[RTP_HEADER] = {0x80};
    int length = sizeof packet;
    srtp_err_status_t status = srtp_set_stream_roc(session, ssrc, (uint32_t)(index >> 16));

    rg_put_u16(packet + 2, (uint16_t)(index & 0xffff));
    rg_put_u32(packet + 8, ssrc);
    return status == srtp_err_status_ok ? srtp_unprotect(session, packet, &length) : status;
}

static srtp_err_status_t show_rtcp(srtp_t session, uint32_t ssrc, uint64_t index) {
    uint8_t packet[RTCP_HEADER + INDEX_WORD] = {0x80, 200, 0, 1};
    int length = sizeof packet;

    rg_put_u32(packet + 4, ssrc);
    rg_put_u32(packet + RTCP_HEADER, (uint32_t)index);
    return srtp_unprotect_rtcp(session, packet, &length);
}

/*
 * libsrtp 2 sets no index. But a stream without any protection takes those of packets that anybody
 * can write, and an update to the true policy keeps them. A sender goes on behind the lowest index
 * of the window of SRTCP. A receiver needs no index of SRTCP: each packet tells its own.
 */
int rg_contexts_resume(rtpgate_media *media, enum rtpgate_media_direction direction,
                       const struct rg_source *source) {
    srtp_t session = *session_of(media, direction);
    srtp_err_status_t status;
    uint32_t rollovers = 0;
    int code;

    errno = 0;
    status = add_open_stream(session, source->ssrc);
    if (status == srtp_err_status_ok && source->rtp.next > 0) {
        status = show_rtp(session, source->ssrc, source->rtp.next - 1);
    }
    if (status == srtp_err_status_ok && direction == RTPGATE_MEDIA_OUTBOUND &&
        source->rtcp.next > 1) {
        status = show_rtcp(session, source->ssrc, source->rtcp.next - 1 + SRTCP_WINDOW - 1);
    }
    if (status != srtp_err_status_ok) {
        return rg_srtp_code(status);
    }
    code = set(media, direction, (srtp_ssrc_t){ssrc_specific, source->ssrc}, update_stream);
    if (code == 0 && source->rtp.next > 0 &&
        (srtp_get_stream_roc(session, source->ssrc, &rollovers) != srtp_err_status_ok ||
         rollovers != (source->rtp.next - 1) >> 16)) {
        return RTPGATE_ERR_CRYPTO;
    }
    return code;
}

/* libsrtp walks a list of all streams: most answers come from a few that were found before. */
bool rg_contexts_know(rtpgate_media *media, uint32_t ssrc) {
    uint32_t *known = &media->known[ssrc * UINT32_C(0x9e3779b1) >> (32 - RG_KNOWN_BITS)];
    uint32_t rollovers;

    if (*known == ssrc && ssrc != 0) {
        return true;
    }
    if (srtp_get_stream_roc(media->inbound, ssrc, &rollovers) != srtp_err_status_ok) {
        return false;
    }
    *known = ssrc;
    return true;
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

    if (media == NULL || roc > MAX_ROC) {
        return RTPGATE_ERR_INVAL;
    }
    if (media->resumable || rtpgate_media_roc(media, direction, ssrc, &known) == 0) {
        return RTPGATE_ERR_STATE;
    }
    code = rg_contexts_add(media, direction, ssrc);
    session = direction == RTPGATE_MEDIA_OUTBOUND ? media->outbound : media->inbound;
    return code < 0 ? code : rg_srtp_code(srtp_set_stream_roc(session, ssrc, roc));
}
