/* The remote addresses of an endpoint: each has a path, and may be bound to a peer. */
#ifndef RG_NET_TABLE_H
#define RG_NET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <rtpgate/peer.h>

enum { RG_UNBOUND_MAX = 256 }; /* addresses bound to nobody: newer ones push out the oldest */

struct rg_remote {
    struct sockaddr_storage
        address; /* zero where the family has no bytes, so that it compares whole */
    socklen_t length;
    uint64_t path;              /* never 0, never given twice */
    rtpgate_peer *peer;         /* NULL: unbound */
    struct rg_remote *previous; /* in the list of its peer's kind, oldest first */
    struct rg_remote *next;
};

struct rg_table {
    void *by_address; /* trees of <search.h> */
    void *by_path;
    struct rg_remote *oldest[2]; /* unbound, bound */
    struct rg_remote *newest[2];
    size_t unbound;
    uint64_t last_path;
    bool map_v4; /* the socket is IPv6: IPv4 comes as ::ffff:a.b.c.d (RFC 4291 2.5.5.2) */
    uint64_t forgotten;
};

/* The entry of an address, made when there is none; NULL without memory or when it is not IPv4 or
 * IPv6. */
struct rg_remote *rg_table_find(struct rg_table *table, const struct sockaddr *address,
                                socklen_t length);
/* The entry of a path; NULL when it is not known (any more). */
struct rg_remote *rg_table_path(const struct rg_table *table, uint64_t path);
/* Binds an entry to a peer; NULL unbinds it. */
void rg_table_bind(struct rg_table *table, struct rg_remote *remote, rtpgate_peer *peer);
/* Unbinds every address of a peer. */
void rg_table_unbind_peer(struct rg_table *table, const rtpgate_peer *peer);
void rg_table_clear(struct rg_table *table);

#endif
