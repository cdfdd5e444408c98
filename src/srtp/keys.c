#include "srtp/keys.h"

#include <rtpgate/error.h>
#include <rtpgate/session.h>
#include <stddef.h>
#include <string.h>

#include "base/secure.h"

static const struct rtpgate_srtp_master *half(const struct rtpgate_srtp_keys *keys, bool client) {
    if (keys == NULL) {
        return NULL;
    }
    return client ? &keys->client : &keys->server;
}

const struct rtpgate_srtp_master *rtpgate_srtp_keys_local(const struct rtpgate_srtp_keys *keys) {
    return half(keys, keys != NULL && keys->local_is_client);
}

const struct rtpgate_srtp_master *rtpgate_srtp_keys_remote(const struct rtpgate_srtp_keys *keys) {
    return half(keys, keys != NULL && !keys->local_is_client);
}

void rtpgate_srtp_keys_clear(struct rtpgate_srtp_keys *keys) {
    if (keys != NULL) {
        rg_zero(keys, sizeof *keys);
    }
}

int rg_srtp_keys_split(struct rtpgate_srtp_keys *out,
                       const struct rtpgate_srtp_profile_info *profile, bool local_is_client,
                       const uint8_t *block) {
    size_t key = profile->key_length;
    size_t salt = profile->salt_length;

    if (key > RTPGATE_SRTP_MAX_KEY || salt > RTPGATE_SRTP_MAX_SALT) {
        return RTPGATE_ERR_INVAL;
    }
    memset(out, 0, sizeof *out);
    out->profile = profile->profile;
    out->key_length = key;
    out->salt_length = salt;
    out->local_is_client = local_is_client;
    memcpy(out->client.key, block, key);
    memcpy(out->server.key, block + key, key);
    memcpy(out->client.salt, block + 2 * key, salt);
    memcpy(out->server.salt, block + 2 * key + salt, salt);
    return 0;
}

/* The length of the block that `profile` needs; 0 when it cannot be. */
static size_t block_length(const struct rtpgate_srtp_profile_info *profile) {
    size_t length = profile == NULL ? 0 : 2 * (profile->key_length + profile->salt_length);

    return length <= RTPGATE_SRTP_MAX_BLOCK ? length : 0;
}

int rtpgate_session_keys(const rtpgate_session *session, struct rtpgate_srtp_keys *keys) {
    const struct rtpgate_srtp_profile_info *profile;
    struct rtpgate_session_info info;
    uint8_t block[RTPGATE_SRTP_MAX_BLOCK];
    size_t length;
    int code;

    if (session == NULL || keys == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    code = rtpgate_session_info(session, &info, sizeof info);
    if (code < 0) {
        return code;
    }
    profile = rtpgate_srtp_profile_info(info.profile);
    length = block_length(profile);
    if (length == 0) {
        return RTPGATE_ERR_CRYPTO;
    }
    code = rtpgate_session_export(session, "EXTRACTOR-dtls_srtp", NULL, 0, block, length);
    if (code >= 0) {
        code = rg_srtp_keys_split(keys, profile, info.role == RTPGATE_ROLE_CLIENT, block);
    }
    rg_zero(block, sizeof block);
    return code;
}
