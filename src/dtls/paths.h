/* Which paths are listened to, and the datagrams that came before that was known. */
#ifndef RG_DTLS_PATHS_H
#define RG_DTLS_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"

enum {
    RG_PATHS = 8,
    RG_EARLY_DATAGRAMS = 4,
    RG_EARLY_BYTES = 8192,
};

struct rg_paths {
    uint64_t valid[RG_PATHS];
    size_t count;
    bool any;              /* every path is listened to */
    struct rg_queue early; /* datagrams that wait for a role, a start or a valid path */
};

void rg_paths_init(struct rg_paths *paths, bool any);
/* Drops the datagrams that wait. */
void rg_paths_forget_early(struct rg_paths *paths);
bool rg_paths_is_valid(const struct rg_paths *paths, uint64_t path);
/* Returns 0, or RTPGATE_ERR_NOBUF when RG_PATHS are valid. */
int rg_paths_set(struct rg_paths *paths, uint64_t path, bool valid);
/* Keeps a datagram; older ones give way. Returns how many were lost for it, itself included. */
unsigned rg_paths_keep(struct rg_paths *paths, const uint8_t *datagram, size_t length,
                       uint64_t path);

#endif
