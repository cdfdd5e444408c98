/* What the rest of dtls/ needs of a config. */
#ifndef RG_DTLS_CONFIG_H
#define RG_DTLS_CONFIG_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/config.h>
#include <rtpgate/media.h>

enum { RG_PROFILES = 4, RG_POLICY_ENTRIES = 24, RG_EXTENSION_IDS = 255 };

/* A list of IANA numbers. */
struct rg_numbers {
    uint16_t items[RG_POLICY_ENTRIES];
    size_t count;
};

struct rtpgate_config {
    atomic_uint references;
    atomic_bool frozen;
    rtpgate_identity *identity;
    gnutls_priority_t priority;
    enum rtpgate_srtp_profile profiles[RG_PROFILES]; /* best first */
    size_t profile_count;
    size_t mtu;
    uint64_t rto_initial;
    uint64_t rto_cap;
    uint64_t deadline;
    uint64_t grace;
    uint64_t linger;
    enum rtpgate_proof proof;
    bool any_path;
    struct rtpgate_media_settings media;            /* for whoever makes media of a session */
    uint8_t encrypted_extensions[RG_EXTENSION_IDS]; /* what `media` points to */
    /* What a hello is vetted against, read off `priority` and the identity's key, so that neither
     * can drift from the other. */
    struct rg_numbers client_suites; /* what we offer as client */
    struct rg_numbers server_suites; /* what we can serve with the identity's key */
    struct rg_numbers groups;
    struct rg_numbers schemes; /* signature schemes that the identity's key can make */
};

/* What every setter asks: RTPGATE_ERR_INVAL when there is no config or an argument is not `valid`;
 * RTPGATE_ERR_STATE when it is frozen; 0. */
int rg_config_check(const rtpgate_config *config, bool valid);

bool rg_numbers_have(const struct rg_numbers *numbers, uint16_t number);

#endif
