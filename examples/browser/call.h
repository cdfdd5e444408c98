/* One browser: its association, its paths, and its media on the way back to it. */
#ifndef BROWSER_CALL_H
#define BROWSER_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <rtpgate/endpoint.h>
#include <rtpgate/rtpgate.h>

#include "ice.h"
#include "offer.h"
#include "timeline.h"

enum {
    CALL_ID = 16,
    CALL_PATHS = 8, /* that a peer holds to be valid at the same time */
    CALL_PROFILES = 4,
    CALL_PAIR = 16,
};

/* What the page asked for beside its offer. */
struct wishes {
    enum rtpgate_setup setup; /* our role in a new association */
    enum rtpgate_srtp_profile profiles[CALL_PROFILES];
    size_t profile_count; /* 0: the library's own list */
    /* The rest is for tests. */
    bool late;         /* the fingerprint of this offer is not known: a later one brings it */
    bool mute;         /* receive, but send no media back */
    bool new_identity; /* and with it a new association */
    char pair[CALL_PAIR + 1]; /* the call of the same name gets our application data */
};

/* Datagrams and records that we sent; the library counts those that came. */
struct sent {
    uint64_t stun;
    uint64_t rtp;
    uint64_t rtcp;
    uint64_t data;
};

struct keeper;

/* What was stored of the call, so that its media may outlive this program. */
struct kept {
    uint64_t id; /* of the last state */
    uint64_t at;
    uint64_t packets; /* that had passed then, and that had waited for a snapshot */
    uint64_t uncovered;
    bool suspended;
};

struct call {
    char id[CALL_ID + 1];
    rtpgate_endpoint *endpoint;
    rtpgate_identity *identity; /* of the association that was agreed last */
    rtpgate_peer *peer;
    struct rtpgate_association association;
    struct wishes wishes;
    unsigned answers;
    unsigned associations;
    bool started; /* as client: the ClientHello was made */
    bool checked; /* a check had the password of the last answer: the browser has got it */
    bool echoes;
    bool resumed;                /* it was another program's: there is no association */
    const struct keeper *keeper; /* NULL: it ends with this program */
    struct kept kept;

    char remote_ufrag[OFFER_MAX_UFRAG + 1];
    struct ice_credentials ice[2]; /* of the last answer, and of the one before */
    uint64_t paths[CALL_PATHS];    /* that a check proved, the oldest first */
    size_t path_count;
    bool nominated;
    uint64_t path; /* where media goes */
    uint64_t dtls_before_nomination;

    struct sent sent;
    uint64_t stun_received;
    uint64_t data_received;
    uint64_t data_bytes;
    struct rtpgate_session_stats session; /* as they were last */
    uint64_t dtls_sent;                   /* of all associations */

    uint64_t heard;    /* when the last datagram came */
    uint64_t ended_at; /* 0: not yet */
    struct timeline timeline;
};

/* The call that gets the application data of `call`; NULL when there is none. */
typedef struct call *(*call_find_pair)(const struct call *call);

/* Returns 0, or an RTPGATE_ERR_*. */
int call_new(struct call **out, rtpgate_endpoint *endpoint, rtpgate_identity *identity);
void call_free(struct call *call);

/*
 * Takes an offer, the first one or a later one, and writes the answer.
 * Returns 0; below 0 an RTPGATE_ERR_*, with a sentence in *why; the call is as it was.
 */
int call_answer(struct call *call, const struct offer *offer, const struct wishes *wishes,
                const char *address, FILE *out, const char **why);

bool call_is_addressed(const struct call *call, const uint8_t *stun, size_t length);

/* Of the association; a call that was resumed has none, and is READY while it has media. */
enum rtpgate_state call_state(const struct call *call);

/* Ended, closed or failed: only its counts are still of interest. */
bool call_is_over(const struct call *call);

/* Takes datagrams of `path`, which is proven. */
void call_learn_path(struct call *call, uint64_t path, uint64_t now);

/* What has arrived for this call. */
void call_arrival(struct call *call, const struct rtpgate_arrival *arrival, call_find_pair find);

/* After time has passed, or anything else that may have changed the peer. */
void call_drain(struct call *call, call_find_pair find);

/* Says goodbye to the browser, once. */
void call_end(struct call *call, const char *why);

/* All that is known, as JSON. */
void call_report(const struct call *call, FILE *out);

#endif
