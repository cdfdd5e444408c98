/* A bounded first-in first-out queue of byte blocks, each with two tags. */
#ifndef RG_BASE_QUEUE_H
#define RG_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rg_block {
    struct rg_block *next;
    uint64_t path; /* a tag of the caller's */
    int kind;      /* another one */
    size_t length;
    uint8_t bytes[];
};

struct rg_queue {
    struct rg_block *first;
    struct rg_block *last;
    size_t count;
    size_t bytes;
    size_t max_count;
    size_t max_bytes;
};

void rg_queue_init(struct rg_queue *queue, size_t max_count, size_t max_bytes);
/* Zeroes and frees everything that waits. */
void rg_queue_clear(struct rg_queue *queue);
/* Whether one more block of `length` bytes fits. */
bool rg_queue_fits(const struct rg_queue *queue, size_t length);
/* Appends a copy. Returns 0, RTPGATE_ERR_NOBUF when it does not fit, RTPGATE_ERR_NOMEM. */
int rg_queue_push(struct rg_queue *queue, const uint8_t *bytes, size_t length, uint64_t path,
                  int kind);
/* Takes the first block out, NULL when there is none; free it with rg_block_free. */
struct rg_block *rg_queue_pop(struct rg_queue *queue);
void rg_block_free(struct rg_block *block);

#endif
