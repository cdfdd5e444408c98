#include "srtp/hold.h"

void rg_hold_init(struct rg_hold *hold) {
    *hold = (struct rg_hold){0};
    rg_queue_init(&hold->queue, RG_HOLD_PACKETS, RG_HOLD_BYTES);
}

void rg_hold_clear(struct rg_hold *hold) {
    hold->dropped += hold->queue.count;
    rg_queue_clear(&hold->queue);
}

void rg_hold_pop(struct rg_hold *hold) {
    rg_block_free(rg_queue_pop(&hold->queue));
}

static void drop_first(struct rg_hold *hold) {
    rg_hold_pop(hold);
    hold->dropped++;
}

void rg_hold_push(struct rg_hold *hold, enum rtpgate_kind kind, const uint8_t *packet,
                  size_t length, uint64_t now) {
    if (length > RG_HOLD_PACKET_MAX) {
        hold->dropped++;
        return;
    }
    while (hold->queue.count > 0 && !rg_queue_fits(&hold->queue, length)) {
        drop_first(hold);
    }
    if (rg_queue_push(&hold->queue, packet, length, now, (int)kind) == 0) {
        hold->held++;
    } else {
        hold->dropped++;
    }
}

const struct rg_block *rg_hold_first(struct rg_hold *hold, uint64_t now) {
    while (hold->queue.first != NULL && now - hold->queue.first->path > RG_HOLD_AGE) {
        drop_first(hold);
    }
    return hold->queue.first;
}
