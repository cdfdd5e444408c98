/* What the rest needs of the media contexts beside the public header. */
#ifndef RG_SRTP_MEDIA_H
#define RG_SRTP_MEDIA_H

#include <stdint.h>

#include <rtpgate/config.h>
#include <rtpgate/media.h>

/* How many packets of a kind one key may protect. */
struct rg_media_limits {
    uint64_t rtp;
    uint64_t rtcp;
};

/* Contexts as `config` wants them, as far as the profile of `keys` allows. Returns what
 * rtpgate_media_new returns. */
int rg_media_new_of(rtpgate_media **out, const struct rtpgate_srtp_keys *keys,
                    const rtpgate_config *config);

/* Adds the counters of `media` to `sum`. NULL is fine. */
void rg_media_add_stats(struct rtpgate_media_stats *sum, const rtpgate_media *media);

/* Initialises libsrtp, once a process; it takes milliseconds, which a handshake should not wait
 * for. Returns 0, RTPGATE_ERR_NOMEM or RTPGATE_ERR_CRYPTO. */
int rg_media_prepare(void);

#endif
