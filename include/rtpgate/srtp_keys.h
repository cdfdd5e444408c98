/* SRTP master keys as DTLS-SRTP exports them (RFC 5764 4.2). */
#ifndef RTPGATE_SRTP_KEYS_H
#define RTPGATE_SRTP_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>
#include <rtpgate/srtp_profile.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RTPGATE_SRTP_MAX_KEY 32
#define RTPGATE_SRTP_MAX_SALT 14
#define RTPGATE_SRTP_MAX_BLOCK 92 /* bytes of rtpgate_srtp_keys_block at most */
#define RTPGATE_SRTP_MAX_TEXT 93  /* of rtpgate_srtp_keys_inline and _hex at most, with the NUL */

struct rtpgate_srtp_master {
    uint8_t key[RTPGATE_SRTP_MAX_KEY];   /* the first key_length bytes count, the rest is 0 */
    uint8_t salt[RTPGATE_SRTP_MAX_SALT]; /* the first salt_length bytes count, the rest is 0 */
};

struct rtpgate_srtp_keys {
    enum rtpgate_srtp_profile profile;
    size_t key_length;
    size_t salt_length;
    bool local_is_client;              /* our DTLS role */
    struct rtpgate_srtp_master client; /* protects what the DTLS client sends */
    struct rtpgate_srtp_master server; /* protects what the DTLS server sends */
};

/* The half of `keys` that protects what we send; points into `keys`. */
RTPGATE_API const struct rtpgate_srtp_master *
rtpgate_srtp_keys_local(const struct rtpgate_srtp_keys *keys);

/* The half of `keys` that unprotects what the peer sends; points into `keys`. */
RTPGATE_API const struct rtpgate_srtp_master *
rtpgate_srtp_keys_remote(const struct rtpgate_srtp_keys *keys);

/*
 * For other SRTP stacks. Each writes all or nothing, and returns the length without the NUL;
 * RTPGATE_ERR_INVAL for a NULL, an unknown profile, lengths that are not the profile's, or a `half`
 * that is not one of `keys`; RTPGATE_ERR_NOBUF when `capacity` is too small (RTPGATE_SRTP_MAX_TEXT
 * and RTPGATE_SRTP_MAX_BLOCK are always enough). What they write is as secret as the keys: zero it
 * with rtpgate_zero as soon as it was handed on.
 */

/* "inline:" and the base64 of key and salt of `half`, a part of `keys`: the key parameter of SDES
 * (RFC 4568 6.1, RFC 7714 14.3), whose crypto-suite is rtpgate_srtp_profile_info(...)->sdes. */
RTPGATE_API int rtpgate_srtp_keys_inline(const struct rtpgate_srtp_keys *keys,
                                         const struct rtpgate_srtp_master *half, char *text,
                                         size_t capacity);

/* Key and salt of `half`, a part of `keys`, in lower-case hex: the srtp-key of GStreamer's caps. */
RTPGATE_API int rtpgate_srtp_keys_hex(const struct rtpgate_srtp_keys *keys,
                                      const struct rtpgate_srtp_master *half, char *text,
                                      size_t capacity);

/* Client key, server key, client salt, server salt: the block of RFC 5764 4.2. */
RTPGATE_API int rtpgate_srtp_keys_block(const struct rtpgate_srtp_keys *keys, uint8_t *block,
                                        size_t capacity);

/* Overwrites `length` bytes with zeros in a way that the compiler keeps. NULL is fine. */
RTPGATE_API void rtpgate_zero(void *memory, size_t length);

/* Overwrites `keys` with zeros in a way that the compiler keeps. NULL is fine. Call it as soon as
 * the keys were handed on. */
RTPGATE_API void rtpgate_srtp_keys_clear(struct rtpgate_srtp_keys *keys);

#ifdef __cplusplus
}
#endif

#endif
