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

/* Overwrites `keys` with zeros in a way that the compiler keeps. NULL is fine. Call it as soon as
 * the keys were handed on. */
RTPGATE_API void rtpgate_srtp_keys_clear(struct rtpgate_srtp_keys *keys);

#ifdef __cplusplus
}
#endif

#endif
