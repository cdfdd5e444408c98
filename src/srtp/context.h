/* The contexts of libsrtp behind rtpgate_media. */
#ifndef RG_SRTP_CONTEXT_H
#define RG_SRTP_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <srtp2/srtp.h>

#include <rtpgate/media.h>

#include "dtls/config.h"
#include "srtp/media.h"
#include "srtp/sources.h"

enum { RG_KNOWN_BITS = 4, RG_KNOWN_SSRCS = 1 << RG_KNOWN_BITS };

struct rtpgate_media {
    srtp_t outbound; /* NULL when suspended; so is the other */
    srtp_t inbound;
    const struct rtpgate_srtp_profile_info *profile;
    struct rtpgate_srtp_keys keys;
    struct rg_media_limits limits;
    bool aead;
    unsigned replay_window;
    unsigned ssrc_limit;
    unsigned ssrc_count;            /* inbound, of those that libsrtp made streams for */
    uint32_t known[RG_KNOWN_SSRCS]; /* some of them; 0: none */
    bool repeats;
    bool resumable; /* `sent` and `received` are kept, and obeyed */
    struct rtpgate_media_stats stats;
    struct rg_sources sent;
    struct rg_sources received;
    uint64_t snapshot;     /* the id of the last one */
    bool snapshot_pending; /* nobody said yet that it is stored */
    int extension_count;
    int extensions[];
};

/* Contexts for any number of SSRCs, of both directions. Returns 0, RTPGATE_ERR_NOMEM or
 * RTPGATE_ERR_CRYPTO; close them also then. */
int rg_contexts_open(rtpgate_media *media);

void rg_contexts_close(rtpgate_media *media);

/* Gives one SSRC keys of its own in a direction, so that more can be set. Returns the same. */
int rg_contexts_add(rtpgate_media *media, enum rtpgate_media_direction direction, uint32_t ssrc);

/* Lets an SSRC that is new go on behind what `source` says that passed. libsrtp takes what is lower
 * nevertheless: `source->first` keeps it out. Returns the same. */
int rg_contexts_resume(rtpgate_media *media, enum rtpgate_media_direction direction,
                       const struct rg_source *source);

/* Whether there is a stream for this SSRC of the peer. */
bool rg_contexts_know(rtpgate_media *media, uint32_t ssrc);

#endif
