/* What the rest needs of the media contexts beside the public header. */
#ifndef RG_SRTP_MEDIA_H
#define RG_SRTP_MEDIA_H

#include <stdint.h>

#include <rtpgate/media.h>

/* How many packets of a kind one key may protect. */
struct rg_media_limits {
    uint64_t rtp;
    uint64_t rtcp;
};

/* Adds the counters of `media` to `sum`. NULL is fine. */
void rg_media_add_stats(struct rtpgate_media_stats *sum, const rtpgate_media *media);

/* Tests only, which cannot wait for 2^31 packets: these are the limits of all contexts that are
 * made from now on. Zeros end this. */
void rg_media_limit(struct rg_media_limits limits);

/* Initialises libsrtp, once a process; it takes milliseconds, which a handshake should not wait
 * for. Returns 0, RTPGATE_ERR_NOMEM or RTPGATE_ERR_CRYPTO. */
int rg_media_prepare(void);

#endif
