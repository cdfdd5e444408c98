#include "wire/fingerprint_set.h"

#include <rtpgate/error.h>

#include "base/secure.h"

size_t rg_hash_length(enum rtpgate_hash hash) {
    switch (hash) {
    case RTPGATE_HASH_SHA256:
        return 32;
    case RTPGATE_HASH_SHA384:
        return 48;
    case RTPGATE_HASH_SHA512:
        return 64;
    }
    return 0;
}

int rg_fingerprint_set_make(struct rg_fingerprint_set *set,
                            const struct rtpgate_fingerprint *fingerprints, size_t count) {
    struct rg_fingerprint_set strongest = {.count = 0};

    if (count == 0 || count > RG_FINGERPRINTS) {
        return RTPGATE_ERR_INVAL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct rtpgate_fingerprint *item = &fingerprints[i];
        size_t length = rg_hash_length(item->hash);

        if (length == 0 || item->length != length) {
            return RTPGATE_ERR_INVAL;
        }
        if (strongest.count > 0 && item->hash > strongest.items[0].hash) {
            strongest.count = 0;
        }
        if (strongest.count == 0 || item->hash == strongest.items[0].hash) {
            strongest.items[strongest.count++] = *item;
        }
    }
    *set = strongest;
    return 0;
}

bool rg_fingerprint_set_has(const struct rg_fingerprint_set *set,
                            const struct rtpgate_fingerprint *seen) {
    unsigned found = 0;

    for (size_t i = 0; i < set->count; i++) {
        const struct rtpgate_fingerprint *item = &set->items[i];
        unsigned same = item->hash == seen->hash && item->length == seen->length;

        found |= same & (unsigned)rg_equal(item->bytes, seen->bytes, item->length);
    }
    return found != 0;
}
