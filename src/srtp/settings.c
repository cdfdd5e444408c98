#include <string.h>

#include <rtpgate/error.h>
#include <rtpgate/srtp_profile.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "srtp/context.h"
#include "srtp/media.h"

enum {
    /* libsrtp's 128 is passed by the packets of one large key frame: retransmissions and a slower
     * path come later than that. 1024 packets of 1200 bytes are a second at 10 Mb/s, and 128 bytes
     * of memory an SSRC. */
    REPLAY_WINDOW = 1024,
    MIN_REPLAY_WINDOW = 64, /* both are libsrtp's */
    MAX_REPLAY_WINDOW = 32767,
    SSRCS = 1024,
    MAX_SSRCS = 65536,
};

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

static uint64_t lower(uint64_t limit, uint64_t wanted) {
    return wanted != 0 && wanted < limit ? wanted : limit;
}

/* RFC 5764 4.1.2 and RFC 7714 13.1 and 14.1: as many packets may one master key protect. */
static struct rg_media_limits limits_of(enum rtpgate_srtp_profile profile,
                                        const struct rtpgate_media_settings *settings) {
    return (struct rg_media_limits){
        .rtp = lower(UINT64_C(1) << (is_aead(profile) ? 48 : 31), settings->rtp_limit),
        .rtcp = lower(UINT64_C(1) << 31, settings->rtcp_limit)};
}

/* Reads settings of a caller, whose struct may be an older one, into `out`, which is all zeros.
 * False when they are not good. */
static bool read_settings(struct rtpgate_media_settings *out,
                          const struct rtpgate_media_settings *settings, size_t size) {
    if (settings == NULL || size > sizeof *out) {
        return false;
    }
    memcpy(out, settings, size);
    return (out->replay_window == 0 ||
            (out->replay_window >= MIN_REPLAY_WINDOW && out->replay_window <= MAX_REPLAY_WINDOW)) &&
           !(out->repeats && out->resumable) && out->ssrc_limit <= MAX_SSRCS &&
           out->encrypted_extension_count <= RG_EXTENSION_IDS &&
           (out->encrypted_extension_count == 0 ||
            (out->encrypted_extensions != NULL &&
             memchr(out->encrypted_extensions, 0, out->encrypted_extension_count) == NULL));
}

static void apply(rtpgate_media *media, const struct rtpgate_media_settings *settings) {
    media->aead = is_aead(media->keys.profile);
    media->limits = limits_of(media->keys.profile, settings);
    media->replay_window = settings->replay_window == 0 ? REPLAY_WINDOW : settings->replay_window;
    media->ssrc_limit = settings->ssrc_limit == 0 ? SSRCS : settings->ssrc_limit;
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

    if (out == NULL || profile == NULL || !read_settings(&all, settings, size) ||
        (all.repeats && is_aead(keys->profile))) {
        return RTPGATE_ERR_INVAL;
    }
    code = rg_media_prepare();
    if (code < 0) {
        return code;
    }
    media = rg_alloc(sizeof *media + all.encrypted_extension_count * sizeof *media->extensions);
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

int rtpgate_config_set_media(rtpgate_config *config, const struct rtpgate_media_settings *settings,
                             size_t size) {
    struct rtpgate_media_settings all = {0};
    int code = rg_config_check(config, read_settings(&all, settings, size));

    if (code < 0) {
        return code;
    }
    for (size_t i = 0; i < all.encrypted_extension_count; i++) {
        config->encrypted_extensions[i] = all.encrypted_extensions[i];
    }
    all.encrypted_extensions = config->encrypted_extensions;
    config->media = all;
    return 0;
}

int rg_media_new_of(rtpgate_media **out, const struct rtpgate_srtp_keys *keys,
                    const rtpgate_config *config) {
    struct rtpgate_media_settings settings = config->media;

    settings.repeats = settings.repeats && !is_aead(keys->profile);
    return rtpgate_media_new_with(out, keys, &settings, sizeof settings);
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
