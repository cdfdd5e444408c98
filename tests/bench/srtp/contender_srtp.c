/* rtpgate, and libsrtp with whatever ciphers it has at the time. */
#include <stdlib.h>
#include <string.h>

#include <srtp2/srtp.h>

#include <rtpgate/media.h>

#include "bench.h"

static void *media_open(const struct rtpgate_srtp_keys *keys) {
    rtpgate_media *media = NULL;

    return rtpgate_media_new(&media, keys) < 0 ? NULL : media;
}

static int media_protect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    return rtpgate_media_protect(context, kind, packet, (size_t)length, packet, BENCH_ROOM);
}

static int media_unprotect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    return rtpgate_media_unprotect(context, kind, packet, (size_t)length, packet, BENCH_ROOM);
}

static void media_close(void *context) {
    rtpgate_media_free(context);
}

struct sessions {
    srtp_t outbound;
    srtp_t inbound;
};

static int create(srtp_t *out, const struct rtpgate_srtp_keys *keys, srtp_ssrc_type_t type) {
    uint8_t master[RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT];
    srtp_profile_t profile = (srtp_profile_t)keys->profile;
    srtp_policy_t policy;

    memset(&policy, 0, sizeof policy);
    memcpy(master, keys->client.key, keys->key_length);
    memcpy(master + keys->key_length, keys->client.salt, keys->salt_length);
    srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile);
    srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile);
    policy.ssrc.type = type;
    policy.key = master;
    policy.window_size = 1024; /* as ours */
    return srtp_create(out, &policy) == srtp_err_status_ok ? 0 : -1;
}

static void *libsrtp_open(const struct rtpgate_srtp_keys *keys) {
    struct sessions *sessions = calloc(1, sizeof *sessions);

    (void)srtp_init(); /* only the first does something */
    if (sessions == NULL || create(&sessions->outbound, keys, ssrc_any_outbound) < 0 ||
        create(&sessions->inbound, keys, ssrc_any_inbound) < 0) {
        return NULL;
    }
    return sessions;
}

static int libsrtp_protect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    struct sessions *sessions = context;
    srtp_err_status_t status = kind == RTPGATE_KIND_RTP
                                   ? srtp_protect(sessions->outbound, packet, &length)
                                   : srtp_protect_rtcp(sessions->outbound, packet, &length);

    return status == srtp_err_status_ok ? length : -1;
}

static int libsrtp_unprotect(void *context, enum rtpgate_kind kind, uint8_t *packet, int length) {
    struct sessions *sessions = context;
    srtp_err_status_t status = kind == RTPGATE_KIND_RTP
                                   ? srtp_unprotect(sessions->inbound, packet, &length)
                                   : srtp_unprotect_rtcp(sessions->inbound, packet, &length);

    return status == srtp_err_status_ok ? length : -1;
}

static void libsrtp_close(void *context) {
    struct sessions *sessions = context;

    srtp_dealloc(sessions->outbound);
    srtp_dealloc(sessions->inbound);
    free(sessions);
}

const struct contender bench_rtpgate = {"rtpgate",       true,       media_open, media_protect,
                                        media_unprotect, media_close};
const struct contender bench_libsrtp = {
    "libsrtp", true, libsrtp_open, libsrtp_protect, libsrtp_unprotect, libsrtp_close};
const struct contender bench_libsrtp_our_cipher = {
    "libsrtp+ciphers", true, libsrtp_open, libsrtp_protect, libsrtp_unprotect, libsrtp_close};
