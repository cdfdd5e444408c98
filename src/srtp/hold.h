/* SRTP and SRTCP that came before the keys, in the order of arrival. */
#ifndef RG_SRTP_HOLD_H
#define RG_SRTP_HOLD_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/classify.h>

#include "base/queue.h"

enum {
    RG_HOLD_PACKETS = 128, /* the first key frame of a call, and some audio */
    RG_HOLD_BYTES = 131072,
    RG_HOLD_PACKET_MAX =
        2048, /* no packet of media is larger; whoever sends such is not waited for */
};

#define RG_HOLD_AGE UINT64_C(5000000) /* microseconds */

struct rg_hold {
    struct rg_queue queue;
    uint64_t held;
    uint64_t dropped; /* pushed out, too old, too large, or without memory */
};

void rg_hold_init(struct rg_hold *hold);
void rg_hold_clear(struct rg_hold *hold);
/* Keeps a packet; older ones give way. */
void rg_hold_push(struct rg_hold *hold, enum rtpgate_kind kind, const uint8_t *packet,
                  size_t length, uint64_t now);
/* The next packet that is not too old, which stays; its `kind` is an enum rtpgate_kind. NULL: none.
 */
const struct rg_block *rg_hold_first(struct rg_hold *hold, uint64_t now);
/* Drops what rg_hold_first gave. */
void rg_hold_pop(struct rg_hold *hold);

#endif
