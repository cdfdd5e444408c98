#include "sim/ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/association.h"

enum { NOT_BEFORE = 1700000000, NOT_AFTER = 1702592000 };

enum { IDENTITIES = 3 };

static rtpgate_identity *identities[IDENTITIES];

static void need(int status, const char *what) {
    if (status < 0) {
        (void)fprintf(stderr, "sim: %s: %s\n", what, rtpgate_strerror(status));
        abort();
    }
}

rtpgate_identity *sim_identity(size_t which) {
    if (identities[which] == NULL) {
        need(rtpgate_identity_generate(&identities[which], NOT_BEFORE, NOT_AFTER), "identity");
    }
    return identities[which];
}

void sim_identity_use(size_t which, rtpgate_identity *identity) {
    identities[which] = identity;
}

struct rtpgate_fingerprint sim_fingerprint(size_t which) {
    struct rtpgate_fingerprint fingerprint;
    need(rtpgate_identity_fingerprint(sim_identity(which), RTPGATE_HASH_SHA256, &fingerprint),
         "fingerprint");
    return fingerprint;
}

void sim_ours_finish(void) {
    for (size_t i = 0; i < IDENTITIES; i++) {
        rtpgate_identity_free(identities[i]);
        identities[i] = NULL;
    }
}

rtpgate_config *sim_config(size_t which) {
    rtpgate_config *config = NULL;
    need(rtpgate_config_new(&config, sim_identity(which)), "config");
    need(rtpgate_config_set_any_path(config, true), "any path");
    return config;
}

void sim_ours_init(struct sim_ours *ours, rtpgate_config *config, enum rtpgate_role role,
                   uint64_t now) {
    memset(ours, 0, sizeof(*ours));
    need(rtpgate_session_new(&ours->session, config, role, now), "session");
    rtpgate_config_free(config);
}

void sim_ours_expect(struct sim_ours *ours, size_t which, uint64_t now) {
    struct rtpgate_fingerprint fingerprint = sim_fingerprint(which);
    need(rtpgate_session_set_remote(ours->session, &fingerprint, 1, now), "set_remote");
}

void sim_ours_seed(struct sim_ours *ours, uint64_t seed) {
    ours->session->scatter = (uint32_t)seed | 1;
}

void sim_ours_clear(struct sim_ours *ours) {
    rtpgate_session_free(ours->session);
    ours->session = NULL;
}

struct rtpgate_session_stats sim_ours_stats(const struct sim_ours *ours) {
    struct rtpgate_session_stats stats;
    need(rtpgate_session_stats(ours->session, &stats, sizeof(stats)), "stats");
    return stats;
}

void sim_ours_drain(struct sim_ours *ours, uint64_t now) {
    struct rtpgate_event event;
    while (rtpgate_session_next_event(ours->session, &event) == 1) {
        if (event.type == RTPGATE_EVENT_KEYS) {
            ours->ready_at = now;
        }
        if (event.type == RTPGATE_EVENT_FAILED) {
            ours->failed_at = now;
        }
        if (event.type == RTPGATE_EVENT_DATA) {
            ours->data_length = event.length < SIM_DATA ? event.length : SIM_DATA;
            memcpy(ours->data, event.data, ours->data_length);
            ours->data_count++;
        }
        if (ours->count < SIM_EVENTS) {
            (void)snprintf(ours->texts[ours->count], sizeof(ours->texts[0]), "%s", event.text);
            event.text = ours->texts[ours->count];
            event.data = NULL;
            ours->events[ours->count++] = event;
        }
    }
}

const struct rtpgate_event *sim_ours_event(const struct sim_ours *ours,
                                           enum rtpgate_event_type type) {
    for (size_t i = 0; i < ours->count; i++) {
        if (ours->events[i].type == type) {
            return &ours->events[i];
        }
    }
    return NULL;
}

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct sim_ours *ours = self;
    (void)rtpgate_session_input(ours->session, datagram, length, path, now);
    sim_ours_drain(ours, now);
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct sim_ours *ours = self;
    return rtpgate_session_output(ours->session, buffer, capacity, path);
}

static uint64_t deadline(const void *self) {
    const struct sim_ours *ours = self;
    return rtpgate_session_deadline(ours->session);
}

static void expire(void *self, uint64_t now) {
    struct sim_ours *ours = self;
    need(rtpgate_session_expire(ours->session, now), "expire");
    sim_ours_drain(ours, now);
}

struct sim_endpoint sim_ours_endpoint(struct sim_ours *ours) {
    const char *name = ours->session->role == RTPGATE_ROLE_CLIENT ? "client" : "server";
    return (struct sim_endpoint){ours, input, output, deadline, expire, name};
}

bool sim_ours_agree(const struct sim_ours *a, const struct sim_ours *b) {
    struct rtpgate_srtp_keys ours;
    struct rtpgate_srtp_keys theirs;
    if (rtpgate_session_keys(a->session, &ours) != 0 ||
        rtpgate_session_keys(b->session, &theirs) != 0) {
        return false;
    }
    bool same = ours.profile == theirs.profile && ours.local_is_client != theirs.local_is_client &&
                memcmp(&ours.client, &theirs.client, sizeof(ours.client)) == 0 &&
                memcmp(&ours.server, &theirs.server, sizeof(ours.server)) == 0;
    rtpgate_srtp_keys_clear(&ours);
    rtpgate_srtp_keys_clear(&theirs);
    return same;
}
