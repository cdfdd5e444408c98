#include "net/table.h"

#include <netinet/in.h>
#include <search.h>
#include <string.h>

#include "base/alloc.h"

static int compare_addresses(const void *a, const void *b) {
    const struct rg_remote *left = a;
    const struct rg_remote *right = b;
    return memcmp(&left->address, &right->address, sizeof(left->address));
}

static int compare_paths(const void *a, const void *b) {
    const struct rg_remote *left = a;
    const struct rg_remote *right = b;
    return (left->path > right->path) - (left->path < right->path);
}

static void take_v4(struct rg_remote *remote, const struct sockaddr_in *from) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_addr = from->sin_addr;
    to.sin_port = from->sin_port;
    memcpy(&remote->address, &to, sizeof(to));
    remote->length = sizeof(to);
}

static void take_mapped(struct rg_remote *remote, const struct sockaddr_in *from) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = from->sin_port};
    memset(to.sin6_addr.s6_addr + 10, 0xff, 2);
    memcpy(to.sin6_addr.s6_addr + 12, &from->sin_addr, 4);
    memcpy(&remote->address, &to, sizeof(to));
    remote->length = sizeof(to);
}

static void take_v6(struct rg_remote *remote, const struct sockaddr_in6 *from) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    to.sin6_addr = from->sin6_addr;
    to.sin6_port = from->sin6_port;
    to.sin6_scope_id = from->sin6_scope_id;
    memcpy(&remote->address, &to, sizeof(to));
    remote->length = sizeof(to);
}

/* The fields that tell addresses apart, in the one form that the socket knows, and nothing else. */
static bool normalise(struct rg_remote *remote, const struct sockaddr *address, socklen_t length,
                      bool map_v4) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memset(&remote->address, 0, sizeof(remote->address));
    if (address->sa_family == AF_INET && length >= sizeof(v4)) {
        memcpy(&v4, address, sizeof(v4));
        (map_v4 ? take_mapped : take_v4)(remote, &v4);
        return true;
    }
    if (address->sa_family == AF_INET6 && length >= sizeof(v6)) {
        memcpy(&v6, address, sizeof(v6));
        take_v6(remote, &v6);
        return true;
    }
    return false;
}

static size_t list_of(const struct rg_remote *remote) {
    return remote->peer != NULL ? 1 : 0;
}

static void append(struct rg_table *table, struct rg_remote *remote) {
    size_t list = list_of(remote);
    remote->next = NULL;
    remote->previous = table->newest[list];
    if (remote->previous != NULL) {
        remote->previous->next = remote;
    } else {
        table->oldest[list] = remote;
    }
    table->newest[list] = remote;
    table->unbound += list == 0 ? 1 : 0;
}

static void take_out(struct rg_table *table, struct rg_remote *remote) {
    size_t list = list_of(remote);
    struct rg_remote **before =
        remote->previous != NULL ? &remote->previous->next : &table->oldest[list];
    struct rg_remote **after =
        remote->next != NULL ? &remote->next->previous : &table->newest[list];
    *before = remote->next;
    *after = remote->previous;
    table->unbound -= list == 0 ? 1 : 0;
}

static void forget(struct rg_table *table, struct rg_remote *remote) {
    take_out(table, remote);
    (void)tdelete(remote, &table->by_address, compare_addresses);
    (void)tdelete(remote, &table->by_path, compare_paths);
    rg_free(remote);
}

static struct rg_remote *make(struct rg_table *table, const struct rg_remote *model) {
    struct rg_remote *remote = rg_alloc(sizeof(*remote));
    if (remote == NULL) {
        return NULL;
    }
    *remote = *model;
    remote->path = ++table->last_path;
    if (tsearch(remote, &table->by_address, compare_addresses) == NULL) {
        rg_free(remote);
        return NULL;
    }
    if (tsearch(remote, &table->by_path, compare_paths) == NULL) {
        (void)tdelete(remote, &table->by_address, compare_addresses);
        rg_free(remote);
        return NULL;
    }
    append(table, remote);
    return remote;
}

struct rg_remote *rg_table_find(struct rg_table *table, const struct sockaddr *address,
                                socklen_t length) {
    struct rg_remote model = {0};
    if (!normalise(&model, address, length, table->map_v4)) {
        return NULL;
    }
    struct rg_remote *const *node = tfind(&model, &table->by_address, compare_addresses);
    if (node != NULL) {
        return *node;
    }
    while (table->unbound >= RG_UNBOUND_MAX) {
        forget(table, table->oldest[0]);
        table->forgotten++;
    }
    return make(table, &model);
}

struct rg_remote *rg_table_path(const struct rg_table *table, uint64_t path) {
    const struct rg_remote model = {.path = path};
    struct rg_remote *const *node = tfind(&model, &table->by_path, compare_paths);
    return node == NULL ? NULL : *node;
}

void rg_table_bind(struct rg_table *table, struct rg_remote *remote, rtpgate_peer *peer) {
    take_out(table, remote);
    remote->peer = peer;
    append(table, remote);
}

void rg_table_unbind_peer(struct rg_table *table, const rtpgate_peer *peer) {
    struct rg_remote *next = NULL;
    for (struct rg_remote *remote = table->oldest[1]; remote != NULL; remote = next) {
        next = remote->next;
        if (remote->peer == peer) {
            rg_table_bind(table, remote, NULL);
        }
    }
}

void rg_table_clear(struct rg_table *table) {
    for (size_t list = 0; list < 2; list++) {
        while (table->oldest[list] != NULL) {
            forget(table, table->oldest[list]);
        }
    }
}
