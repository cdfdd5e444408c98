#include <rtpgate/error.h>
#include <rtpgate/srtp_keys.h>
#include <string.h>

#include "base/secure.h"

enum { SECRET_MAX = RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT };

static const char prefix[] = "inline:";

void rtpgate_zero(void *memory, size_t length) {
    if (memory != NULL) {
        rg_zero(memory, length);
    }
}

static bool is_whole(const struct rtpgate_srtp_keys *keys) {
    const struct rtpgate_srtp_profile_info *profile =
        keys == NULL ? NULL : rtpgate_srtp_profile_info((uint16_t)keys->profile);
    return profile != NULL && keys->key_length == profile->key_length &&
           keys->salt_length == profile->salt_length;
}

/* The length of key and salt of `half`, which are written behind each other; 0 for bad arguments.
 */
static size_t join(uint8_t *secret, const struct rtpgate_srtp_keys *keys,
                   const struct rtpgate_srtp_master *half) {
    if (!is_whole(keys) || (half != &keys->client && half != &keys->server)) {
        return 0;
    }
    memcpy(secret, half->key, keys->key_length);
    memcpy(secret + keys->key_length, half->salt, keys->salt_length);
    return keys->key_length + keys->salt_length;
}

/* RFC 4648 4. */
static void base64(char *text, const uint8_t *bytes, size_t length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? bytes[i + 2] : 0;
        *text++ = digits[group >> 18];
        *text++ = digits[group >> 12 & 63];
        *text++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *text++ = left > 2 ? digits[group & 63] : '=';
    }
    *text = '\0';
}

int rtpgate_srtp_keys_inline(const struct rtpgate_srtp_keys *keys,
                             const struct rtpgate_srtp_master *half, char *text, size_t capacity) {
    uint8_t secret[SECRET_MAX];
    size_t length = join(secret, keys, half);
    size_t written = sizeof(prefix) - 1 + (length + 2) / 3 * 4;
    int status = (int)written;
    if (length == 0 || text == NULL) {
        status = RTPGATE_ERR_INVAL;
    } else if (capacity <= written) {
        status = RTPGATE_ERR_NOBUF;
    } else {
        memcpy(text, prefix, sizeof(prefix) - 1);
        base64(text + sizeof(prefix) - 1, secret, length);
    }
    rg_zero(secret, sizeof(secret));
    return status;
}

int rtpgate_srtp_keys_hex(const struct rtpgate_srtp_keys *keys,
                          const struct rtpgate_srtp_master *half, char *text, size_t capacity) {
    static const char digits[] = "0123456789abcdef";
    uint8_t secret[SECRET_MAX];
    size_t length = join(secret, keys, half);
    int status = (int)(2 * length);
    if (length == 0 || text == NULL) {
        status = RTPGATE_ERR_INVAL;
    } else if (capacity <= 2 * length) {
        status = RTPGATE_ERR_NOBUF;
    } else {
        for (size_t i = 0; i < length; i++) {
            text[2 * i] = digits[secret[i] >> 4];
            text[2 * i + 1] = digits[secret[i] & 15];
        }
        text[2 * length] = '\0';
    }
    rg_zero(secret, sizeof(secret));
    return status;
}

int rtpgate_srtp_keys_block(const struct rtpgate_srtp_keys *keys, uint8_t *block, size_t capacity) {
    if (!is_whole(keys) || block == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    size_t key = keys->key_length;
    size_t salt = keys->salt_length;
    if (capacity < 2 * (key + salt)) {
        return RTPGATE_ERR_NOBUF;
    }
    memcpy(block, keys->client.key, key);
    memcpy(block + key, keys->server.key, key);
    memcpy(block + 2 * key, keys->client.salt, salt);
    memcpy(block + 2 * key + salt, keys->server.salt, salt);
    return (int)(2 * (key + salt));
}
