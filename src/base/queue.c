#include "base/queue.h"

#include <string.h>

#include <rtpgate/error.h>

#include "base/alloc.h"

void rg_queue_init(struct rg_queue *queue, size_t max_count, size_t max_bytes) {
    *queue = (struct rg_queue){.max_count = max_count, .max_bytes = max_bytes};
}

void rg_queue_clear(struct rg_queue *queue) {
    struct rg_block *block;

    while ((block = rg_queue_pop(queue)) != NULL) {
        rg_block_free(block);
    }
}

bool rg_queue_fits(const struct rg_queue *queue, size_t length) {
    return queue->count < queue->max_count && length <= queue->max_bytes - queue->bytes;
}

static struct rg_block *block_new(const uint8_t *bytes, size_t length) {
    struct rg_block *block;

    if (length > SIZE_MAX - sizeof(*block)) {
        return NULL;
    }
    block = rg_alloc(sizeof(*block) + length);
    if (block == NULL) {
        return NULL;
    }
    block->length = length;
    if (length > 0) {
        memcpy(block->bytes, bytes, length);
    }
    return block;
}

int rg_queue_push(struct rg_queue *queue, const uint8_t *bytes, size_t length, uint64_t path,
                  int kind) {
    struct rg_block *block;

    if (!rg_queue_fits(queue, length)) {
        return RTPGATE_ERR_NOBUF;
    }
    block = block_new(bytes, length);
    if (block == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    block->path = path;
    block->kind = kind;
    if (queue->last != NULL) {
        queue->last->next = block;
    } else {
        queue->first = block;
    }
    queue->last = block;
    queue->count++;
    queue->bytes += length;
    return 0;
}

struct rg_block *rg_queue_pop(struct rg_queue *queue) {
    struct rg_block *block = queue->first;

    if (block == NULL) {
        return NULL;
    }
    queue->first = block->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    queue->count--;
    queue->bytes -= block->length;
    block->next = NULL;
    return block;
}

void rg_block_free(struct rg_block *block) {
    if (block != NULL) {
        rg_free_secret(block, sizeof(*block) + block->length);
    }
}
