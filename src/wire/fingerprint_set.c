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

static bool is_valid(const struct rtpgate_fingerprint *item) {
    size_t length = rg_hash_length(item->hash);

    return length != 0 && item->length == length;
}

int rg_fingerprint_set_make(struct rg_fingerprint_set *set,
                            const struct rtpgate_fingerprint *fingerprints, size_t count) {
    enum rtpgate_hash strongest;

    if (count == 0 || count > RG_FINGERPRINTS) {
        return RTPGATE_ERR_INVAL;
    }
    strongest = fingerprints[0].hash;
    for (size_t i = 0; i < count; i++) {
        if (!is_valid(&fingerprints[i])) {
            return RTPGATE_ERR_INVAL;
        }
        if (fingerprints[i].hash > strongest) {
            strongest = fingerprints[i].hash;
        }
    }
    set->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (fingerprints[i].hash == strongest) {
            set->items[set->count++] = fingerprints[i];
        }
    }
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
