/* The fingerprints that a peer may have (RFC 8122 5). */
#ifndef RG_WIRE_FINGERPRINT_SET_H
#define RG_WIRE_FINGERPRINT_SET_H

#include <stdbool.h>
#include <stddef.h>

#include <rtpgate/fingerprint.h>

enum { RG_FINGERPRINTS = 8 };

struct rg_fingerprint_set {
    struct rtpgate_fingerprint *items; /* the owner's */
    size_t count;
};

/* Bytes of a digest by `hash`; 0 for an unknown one. */
size_t rg_hash_length(enum rtpgate_hash hash);

/* Keeps, of `count` fingerprints (1 to RG_FINGERPRINTS), those with the strongest hash in `set`,
 * whose items have room for as many. Returns 0, or RTPGATE_ERR_INVAL when count or a length is out
 * of range; `set` is then unchanged. */
int rg_fingerprint_set_make(struct rg_fingerprint_set *set,
                            const struct rtpgate_fingerprint *fingerprints, size_t count);

/* Whether `seen` equals one of the set; compared in constant time. */
bool rg_fingerprint_set_has(const struct rg_fingerprint_set *set,
                            const struct rtpgate_fingerprint *seen);

#endif
