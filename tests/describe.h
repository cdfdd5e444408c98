/* Descriptions in short, for the tests of offers and answers. */
#ifndef RG_TESTS_DESCRIBE_H
#define RG_TESTS_DESCRIBE_H

#include <stdbool.h>
#include <string.h>

#include <rtpgate/negotiate.h>

enum { ABSENT = RTPGATE_SETUP_ABSENT, ACTPASS, ACTIVE, PASSIVE, HOLDCONN };
enum { NONE = RTPGATE_ROLE_UNDECIDED, CLIENT, SERVER };

/* One side in short: `id` stands for a tls-id of it, each of `fingerprints` for one of it; upper
 * case is a SHA-512, lower case a SHA-256. */
struct side {
    int setup;
    char id; /* 0: absent */
    const char *fingerprints;
};

static inline struct rtpgate_description describe(struct side side) {
    struct rtpgate_description description = {.setup = (enum rtpgate_setup)side.setup};

    if (side.id != 0) {
        memset(description.tls_id, side.id, RTPGATE_TLS_ID_MIN);
    }
    for (const char *at = side.fingerprints; *at != '\0'; at++) {
        struct rtpgate_fingerprint *item =
            &description.fingerprints[description.fingerprint_count++];
        bool large = *at >= 'A' && *at <= 'Z';

        item->hash = large ? RTPGATE_HASH_SHA512 : RTPGATE_HASH_SHA256;
        item->length = large ? 64 : 32;
        memset(item->bytes, large ? *at - 'A' + 'a' : *at, item->length);
    }
    return description;
}

#endif
