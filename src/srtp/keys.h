/* The layout of exported SRTP keying material (RFC 5764 4.2). */
#ifndef RG_SRTP_KEYS_H
#define RG_SRTP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include <rtpgate/srtp_keys.h>

/*
 * Takes `block`, 2 * (key_length + salt_length) bytes of `profile`, apart: client key, server key,
 * client salt, server salt. Returns 0, or RTPGATE_ERR_INVAL when the profile's lengths are too
 * large; `out` is then unchanged.
 */
int rg_srtp_keys_split(struct rtpgate_srtp_keys *out,
                       const struct rtpgate_srtp_profile_info *profile, bool local_is_client,
                       const uint8_t *block);

#endif
