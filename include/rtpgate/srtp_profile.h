/* SRTP protection profiles by their IANA numbers (RFC 5764 4.1.2, RFC 7714 14.2). */
#ifndef RTPGATE_SRTP_PROFILE_H
#define RTPGATE_SRTP_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The NULL-cipher profiles are not here: they are neither offered nor accepted. */
enum rtpgate_srtp_profile {
    RTPGATE_SRTP_AES128_CM_SHA1_80 = 0x0001,
    RTPGATE_SRTP_AES128_CM_SHA1_32 = 0x0002,
    RTPGATE_SRTP_AEAD_AES_128_GCM = 0x0007,
    RTPGATE_SRTP_AEAD_AES_256_GCM = 0x0008,
};

struct rtpgate_srtp_profile_info {
    enum rtpgate_srtp_profile profile;
    const char *name;      /* as IANA spells it, without the prefix "SRTP_"; static storage */
    size_t key_length;     /* bytes of a master key */
    size_t salt_length;    /* bytes of a master salt */
    size_t rtp_tag_length; /* bytes that protection adds to an RTP packet */
    size_t
        rtcp_tag_length; /* bytes that protection adds to an RTCP packet, without the index word */
    const char *sdes; /* the crypto-suite of SDES (RFC 4568 6.2, RFC 7714 14.1); static storage */
};

/* What is known of the profile with the IANA number `number`; NULL when it is not supported. */
RTPGATE_API const struct rtpgate_srtp_profile_info *rtpgate_srtp_profile_info(uint16_t number);

#ifdef __cplusplus
}
#endif

#endif
