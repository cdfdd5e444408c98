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
    media->aead = is_aead(media->keys.profile);
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
