/*
 * Two peers of one kind that shake hands over a queue in memory: X25519, certificates from both
 * sides (P-256, made once), use_srtp, MTU 1200; each compares the other's SHA-256 fingerprint with
 * the expected one and exports 60 bytes.
 */
#ifndef HANDSHAKE_PAIRS_H
#define HANDSHAKE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAIR_MTU = 1200, PAIR_KEYS = 60, PAIR_FINGERPRINT = 32 };

/* Client and server; what they point to is the kind's own. */
struct pair {
    void *peers[2];
    void *media[2]; /* NULL where the kind has none */
};

struct kind {
    const char *name;
    /* Once for the program: identities and configurations, which all pairs share. */
    void (*begin)(void);
    /* A whole handshake; false when it failed. */
    bool (*meet)(struct pair *pair);
    void (*part)(struct pair *pair);
    void (*end)(void);
};

extern const struct kind kind_ours;
extern const struct kind kind_ours_after_anomaly; /* RTPGATE_PROOF_AFTER_ANOMALY */
extern const struct kind kind_ours_live;          /* GnuTLS is kept */
extern const struct kind kind_ours_srtp;          /* with SRTP contexts of both directions */
extern const struct kind kind_ours_srtp_in_use;   /* RTP and RTCP passed each way */
extern const struct kind kind_ours_live_srtp;
extern const struct kind kind_ours_live_srtp_in_use;
extern const struct kind kind_gnutls;
extern const struct kind kind_openssl;

#endif
