/* What a caller can see of a session: events, state, counters, what was negotiated. */
#include <rtpgate/error.h>
#include <rtpgate/session.h>

#include <string.h>

#include "dtls/association.h"
#include "dtls/identity.h"
#include "wire/record.h"

static bool take_pending(struct rtpgate_session *session, enum rtpgate_event_type type) {
    uint32_t bit = UINT32_C(1) << type;
    bool there = (session->pending & bit) != 0;
    session->pending &= ~bit;
    return there;
}

static bool show_once(struct rtpgate_session *session, struct rtpgate_event *event,
                      enum rtpgate_event_type type) {
    if (!take_pending(session, type) ||
        (type == RTPGATE_EVENT_CERTIFICATE && session->active == NULL)) {
        return false;
    }
    event->type = type;
    if (type == RTPGATE_EVENT_CERTIFICATE) {
        struct rg_bytes leaf = session->engine->certificate(session->active->engine);
        event->data = leaf.at;
        event->length = leaf.length;
    } else if (type == RTPGATE_EVENT_FAILED) {
        event->cause = session->cause;
        event->alert = session->alert;
        event->text = rtpgate_session_error(session, NULL);
    }
    return true;
}

static bool show_queued(struct rtpgate_session *session, struct rtpgate_event *event) {
    struct rg_block *block = rg_queue_pop(&session->events);
    if (block == NULL) {
        return false;
    }
    session->shown = block;
    event->type = (enum rtpgate_event_type)block->kind;
    if (block->kind == RTPGATE_EVENT_ADVICE) {
        event->cause = -(int)(block->path >> 8);
        event->alert = (uint8_t)block->path;
        event->text = (const char *)block->bytes;
    } else {
        event->data = block->bytes;
        event->length = block->length;
    }
    return true;
}

int rtpgate_session_next_event(rtpgate_session *session, struct rtpgate_event *event) {
    if (session == NULL || event == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    rg_block_free(session->shown);
    session->shown = NULL;
    *event = (struct rtpgate_event){.type = RTPGATE_EVENT_NONE, .text = ""};
    /* Each of these happens once and in this order; advice and data lie between. */
    bool shown = show_once(session, event, RTPGATE_EVENT_CERTIFICATE) ||
                 show_once(session, event, RTPGATE_EVENT_KEYS) ||
                 show_once(session, event, RTPGATE_EVENT_ACCEPTED) || show_queued(session, event) ||
                 show_once(session, event, RTPGATE_EVENT_CLOSED) ||
                 show_once(session, event, RTPGATE_EVENT_FAILED);
    return shown ? 1 : 0;
}

enum rtpgate_state rtpgate_session_state(const rtpgate_session *session) {
    return session == NULL ? RTPGATE_STATE_FAILED : session->state;
}

const char *rtpgate_event_name(enum rtpgate_event_type type) {
    static const char *const names[] = {
        [RTPGATE_EVENT_NONE] = "none",
        [RTPGATE_EVENT_ADVICE] = "advice",
        [RTPGATE_EVENT_CERTIFICATE] = "certificate",
        [RTPGATE_EVENT_KEYS] = "keys",
        [RTPGATE_EVENT_ACCEPTED] = "accepted",
        [RTPGATE_EVENT_DATA] = "data",
        [RTPGATE_EVENT_CLOSED] = "closed",
        [RTPGATE_EVENT_FAILED] = "failed",
        [RTPGATE_EVENT_EXPIRING] = "expiring",
    };
    return (unsigned)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

const char *rtpgate_state_name(enum rtpgate_state state) {
    switch (state) {
    case RTPGATE_STATE_NEW:
        return "new";
    case RTPGATE_STATE_HANDSHAKE:
        return "handshake";
    case RTPGATE_STATE_UNVERIFIED:
        return "unverified";
    case RTPGATE_STATE_READY:
        return "ready";
    case RTPGATE_STATE_CLOSED:
        return "closed";
    case RTPGATE_STATE_FAILED:
        return "failed";
    }
    return "unknown";
}

int rtpgate_session_stats(const rtpgate_session *session, struct rtpgate_session_stats *stats,
                          size_t size) {
    if (session == NULL || stats == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    struct rtpgate_session_stats all = session->stats;
    all.dropped_limit += session->messages.evicted;
    all.dropped_output = session->outbox.dropped;
    memset(stats, 0, size);
    memcpy(stats, &all, size < sizeof(all) ? size : sizeof(all));
    return 0;
}

static const struct rg_candidate *negotiated(const rtpgate_session *session) {
    bool done = session->state == RTPGATE_STATE_READY || session->state == RTPGATE_STATE_UNVERIFIED;
    return done ? session->active : NULL;
}

int rtpgate_session_info(const rtpgate_session *session, struct rtpgate_session_info *info,
                         size_t size) {
    if (session == NULL || info == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    const struct rg_candidate *candidate = negotiated(session);
    if (candidate == NULL) {
        return RTPGATE_ERR_STATE;
    }
    const struct rtpgate_session_info all = {
        .role = session->role,
        .version = RG_VERSION_DTLS12,
        .cipher_suite = candidate->suite,
        .group = candidate->group,
        .profile = candidate->profile,
        .extended_master_secret = session->engine->extended_master_secret(candidate->engine),
    };
    memset(info, 0, size);
    memcpy(info, &all, size < sizeof(all) ? size : sizeof(all));
    return 0;
}

int rtpgate_session_peer_fingerprint(const rtpgate_session *session, enum rtpgate_hash hash,
                                     struct rtpgate_fingerprint *out) {
    if (session == NULL || out == NULL || rg_hash_length(hash) == 0) {
        return RTPGATE_ERR_INVAL;
    }
    const struct rg_candidate *candidate = negotiated(session);
    if (candidate == NULL) {
        return RTPGATE_ERR_STATE;
    }
    return rg_certificate_fingerprint(session->engine->certificate(candidate->engine), hash, out);
}

const char *rtpgate_session_error(const rtpgate_session *session, int *cause) {
    if (session == NULL) {
        return "";
    }
    if (cause != NULL) {
        *cause = session->cause;
    }
    if (session->error != NULL) {
        return session->error;
    }
    /* There was no memory for the sentence, or nothing went wrong. */
    return session->state == RTPGATE_STATE_FAILED ? rtpgate_strerror(session->cause) : "";
}
