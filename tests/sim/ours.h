/* Sessions of ours as endpoints of a link. */
#ifndef SIM_OURS_H
#define SIM_OURS_H

#include <rtpgate/rtpgate.h>

#include "sim/link.h"

enum { SIM_EVENTS = 64, SIM_DATA = 2048 };

/* A session and what it told. */
struct sim_ours {
    rtpgate_session *session;
    struct rtpgate_event events[SIM_EVENTS]; /* pointers in them are not valid any more */
    char texts[SIM_EVENTS][512];
    size_t count;
    uint8_t data[SIM_DATA]; /* the last application data */
    size_t data_length;
    size_t data_count;
    uint64_t ready_at;  /* 0: not yet */
    uint64_t failed_at; /* 0: not yet */
};

/* One identity for a whole test program: making one costs more than a handshake. Never freed before
 * exit: sim_ours_finish does. `which` is 0 or 1, or 2 for a stranger. */
rtpgate_identity *sim_identity(size_t which);
/* Another one in its place, before it was asked for; takes over the caller's reference. */
void sim_identity_use(size_t which, rtpgate_identity *identity);
struct rtpgate_fingerprint sim_fingerprint(size_t which);
/* Frees the identities. */
void sim_ours_finish(void);

/* A config with the identity `which` that listens to every path. */
rtpgate_config *sim_config(size_t which);

/* A session that expects the other identity's fingerprint; takes over the caller's reference to
 * `config`. */
void sim_ours_init(struct sim_ours *ours, rtpgate_config *config, enum rtpgate_role role,
                   uint64_t now);
void sim_ours_expect(struct sim_ours *ours, size_t which, uint64_t now);
/* Its timers scatter as `seed` says: the one thing at random that decides when a session acts. */
void sim_ours_seed(struct sim_ours *ours, uint64_t seed);
void sim_ours_clear(struct sim_ours *ours);
struct sim_endpoint sim_ours_endpoint(struct sim_ours *ours);

struct rtpgate_session_stats sim_ours_stats(const struct sim_ours *ours);

/* Takes the events that wait. */
void sim_ours_drain(struct sim_ours *ours, uint64_t now);
/* The first event of `type` that came, NULL when none did. */
const struct rtpgate_event *sim_ours_event(const struct sim_ours *ours,
                                           enum rtpgate_event_type type);

/* Whether both are READY with the same keys. */
bool sim_ours_agree(const struct sim_ours *a, const struct sim_ours *b);

#endif
