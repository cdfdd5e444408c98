#include <rtpgate/srtp_profile.h>

static const struct rtpgate_srtp_profile_info profiles[] = {
    {
        .profile = RTPGATE_SRTP_AES128_CM_SHA1_80,
        .name = "AES128_CM_SHA1_80",
        .key_length = 16,
        .salt_length = 14,
        .rtp_tag_length = 10,
        .rtcp_tag_length = 10,
        .sdes = "AES_CM_128_HMAC_SHA1_80",
    },
    {
        .profile = RTPGATE_SRTP_AES128_CM_SHA1_32,
        .name = "AES128_CM_SHA1_32",
        .key_length = 16,
        .salt_length = 14,
        .rtp_tag_length = 4,
        .rtcp_tag_length = 10, /* RFC 5764 4.1.2: 80 bits in RTCP, also with this one */
        .sdes = "AES_CM_128_HMAC_SHA1_32",
    },
    {
        .profile = RTPGATE_SRTP_AEAD_AES_128_GCM,
        .name = "AEAD_AES_128_GCM",
        .key_length = 16,
        .salt_length = 12,
        .rtp_tag_length = 16,
        .rtcp_tag_length = 16,
        .sdes = "AEAD_AES_128_GCM",
    },
    {
        .profile = RTPGATE_SRTP_AEAD_AES_256_GCM,
        .name = "AEAD_AES_256_GCM",
        .key_length = 32,
        .salt_length = 12,
        .rtp_tag_length = 16,
        .rtcp_tag_length = 16,
        .sdes = "AEAD_AES_256_GCM",
    },
};

const struct rtpgate_srtp_profile_info *rtpgate_srtp_profile_info(uint16_t number) {
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if ((uint16_t)profiles[i].profile == number) {
            return &profiles[i];
        }
    }
    return NULL;
}
