/* One remote, as the files of this room see it. */
#ifndef RG_PEER_PEER_H
#define RG_PEER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/peer.h>

#include "dtls/paths.h"
#include "srtp/hold.h"

struct rg_association {
    rtpgate_session *session; /* NULL: there is none */
    rtpgate_media *media;     /* NULL: no keys yet, or no more */
    bool told_expiring;
};

struct rtpgate_peer {
    struct rg_association current;
    struct rg_association next; /* after rtpgate_peer_restart, until it has taken over */
    uint64_t takes_over_at;     /* RTPGATE_NEVER: next is not READY */
    uint64_t now;
    struct rg_paths paths; /* for associations to come */
    bool path_fixed;
    uint64_t path;
    uint64_t rtt;
    struct rg_hold hold;
    struct rtpgate_peer_stats stats;
    struct rtpgate_media_stats retired; /* of associations that are gone */
};

/* Follows the associations: makes and ends media, lets the new one take over. */
void rg_peer_settle(struct rtpgate_peer *peer);

/* Decrypts SRTP or SRTCP where it is, or holds it until there are keys. Returns what
 * rtpgate_peer_input returns. */
int rg_peer_take_media(struct rtpgate_peer *peer, enum rtpgate_kind kind, uint8_t *packet,
                       size_t *length);

#endif
