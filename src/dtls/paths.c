#include "dtls/paths.h"

#include <rtpgate/error.h>

void rg_paths_init(struct rg_paths *paths, bool any) {
    *paths = (struct rg_paths){.any = any};
    rg_queue_init(&paths->early, RG_EARLY_DATAGRAMS, RG_EARLY_BYTES);
}

void rg_paths_forget_early(struct rg_paths *paths) {
    rg_queue_clear(&paths->early);
}

static size_t position(const struct rg_paths *paths, uint64_t path) {
    size_t i = 0;
    while (i < paths->count && paths->valid[i] != path) {
        i++;
    }
    return i;
}

bool rg_paths_is_valid(const struct rg_paths *paths, uint64_t path) {
    return paths->any || position(paths, path) < paths->count;
}

int rg_paths_set(struct rg_paths *paths, uint64_t path, bool valid) {
    size_t at = position(paths, path);
    bool known = at < paths->count;
    if (valid && !known) {
        if (paths->count == RG_PATHS) {
            return RTPGATE_ERR_NOBUF;
        }
        paths->valid[paths->count++] = path;
    } else if (!valid && known) {
        for (paths->count--; at < paths->count; at++) {
            paths->valid[at] = paths->valid[at + 1];
        }
    }
    return 0;
}

unsigned rg_paths_keep(struct rg_paths *paths, const uint8_t *datagram, size_t length,
                       uint64_t path) {
    if (length > RG_EARLY_BYTES) {
        return 1;
    }
    unsigned lost = 0;
    while (paths->early.count > 0 && !rg_queue_fits(&paths->early, length)) {
        rg_block_free(rg_queue_pop(&paths->early));
        lost++;
    }
    return rg_queue_push(&paths->early, datagram, length, path, 0) == 0 ? lost : lost + 1;
}
