#include "dtls/association.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "dtls/identity.h"
#include "wire/alert.h"
#include "wire/record.h"

static uint32_t bit(unsigned n) {
    return UINT32_C(1) << (n & 31U);
}

void rg_follow(struct rtpgate_session *session, struct rg_candidate *candidate, uint64_t path) {
    if (!session->path_fixed) {
        session->path = path;
        candidate->flight.path = path;
    }
    candidate->from = path;
    session->followed = true;
}

void rg_activate(struct rtpgate_session *session, struct rg_candidate *candidate) {
    if (candidate != NULL && candidate != session->active) {
        session->pending |= bit(RTPGATE_EVENT_CERTIFICATE);
    }
    session->active = candidate;
}

void rg_redirect(struct rtpgate_session *session, uint64_t path) {
    session->path = path;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL) {
            session->candidates[i]->flight.path = path;
        }
    }
}

void rg_event_data(struct rtpgate_session *session, struct rg_bytes data) {
    if (rg_queue_push(&session->events, data.at, data.length, 0, RTPGATE_EVENT_DATA) != 0) {
        session->stats.dropped_data++;
    }
}

void rg_keep_text(char **kept, const char *text) {
    size_t size = text == NULL ? 0 : strlen(text) + 1;
    char *copy = size == 0 ? NULL : rg_alloc(size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    rg_free(*kept);
    *kept = copy;
}

void rg_forget_handshake(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL && session->candidates[i] != session->active) {
            rg_candidate_free(session->candidates[i]);
            session->candidates[i] = NULL;
        }
    }
    session->stats.dropped_limit += session->messages.evicted;
    session->messages.evicted = 0;
    rg_messages_clear(&session->messages);
    rg_paths_forget_early(&session->paths);
    session->bad_news.cause = 0;
    session->proof_due = RTPGATE_NEVER;
    session->hello_due = RTPGATE_NEVER;
    rg_keep_text(&session->bad_news.text, NULL);
}

static void send_plain_alert(struct rtpgate_session *session, uint8_t description) {
    const uint8_t body[] = {RG_ALERT_FATAL, description};
    uint8_t record[RG_RECORD_HEADER + sizeof(body)];
    rg_record_put_header(record, RG_CONTENT_ALERT, RG_VERSION_DTLS12, 0,
                         session->outbox.next_sequence++, sizeof(body));
    memcpy(record + RG_RECORD_HEADER, body, sizeof(body));
    if (rg_queue_push(&session->outbox.queue, record, sizeof(record), session->path, 0) != 0) {
        session->outbox.dropped++;
    }
}

/* The peer learns why (RFC 8122 6.2); before both Finished no key protects it. */
static void send_mismatch_alert(struct rtpgate_session *session) {
    struct rg_candidate *candidate = session->active;
    if (candidate == NULL) {
        send_plain_alert(session, RG_ALERT_BAD_CERTIFICATE);
    } else if (session->engine->alert(candidate->engine, RG_ALERT_BAD_CERTIFICATE) == 0) {
        rg_flight_flush(&candidate->flight);
    }
}

static void end(struct rtpgate_session *session, enum rtpgate_state state) {
    session->state = state;
    session->deadline = RTPGATE_NEVER;
    session->active = NULL;
    /* Whoever has not looked yet finds nothing to look at any more. */
    session->pending &= bit(RTPGATE_EVENT_CLOSED) | bit(RTPGATE_EVENT_FAILED);
    rg_forget_handshake(session);
    rg_queue_clear(&session->held);
}

void rg_fail(struct rtpgate_session *session, int cause, uint8_t alert, const char *text) {
    if (session->state == RTPGATE_STATE_FAILED || session->state == RTPGATE_STATE_CLOSED) {
        return;
    }
    session->cause = cause;
    session->alert = alert;
    rg_keep_text(&session->error, text);
    if (cause == RTPGATE_ERR_FINGERPRINT) {
        send_mismatch_alert(session);
    }
    session->pending |= bit(RTPGATE_EVENT_FAILED);
    end(session, RTPGATE_STATE_FAILED);
}

static void close_engine(struct rtpgate_session *session) {
    struct rg_candidate *candidate = session->active;
    if (candidate != NULL && session->state == RTPGATE_STATE_READY &&
        session->engine->close(candidate->engine) == 0) {
        rg_flight_flush(&candidate->flight);
    }
}

void rg_close(struct rtpgate_session *session) {
    close_engine(session);
    session->cause = RTPGATE_ERR_CLOSED;
    end(session, RTPGATE_STATE_CLOSED);
}

void rg_closed_by_peer(struct rtpgate_session *session) {
    session->pending |= bit(RTPGATE_EVENT_CLOSED);
    rg_keep_text(&session->error, "the peer closed the association");
    rg_close(session);
}

bool rg_is_expected(const struct rtpgate_session *session, struct rg_bytes leaf) {
    if (session->remote.count == 0) {
        return true;
    }
    struct rtpgate_fingerprint seen;
    return rg_certificate_fingerprint(leaf, session->remote.items[0].hash, &seen) == 0 &&
           rg_fingerprint_set_has(&session->remote, &seen);
}

void rg_advise_mismatch(struct rtpgate_session *session, struct rg_bytes leaf) {
    char text[RG_TEXT] = "the peer proved a certificate that is not expected";
    char seen_text[RTPGATE_FINGERPRINT_MAX_TEXT];
    char expected_text[RTPGATE_FINGERPRINT_MAX_TEXT];
    struct rtpgate_fingerprint seen;
    const struct rtpgate_fingerprint *expected = &session->remote.items[0];
    if (session->remote.count > 0 && rg_certificate_fingerprint(leaf, expected->hash, &seen) == 0 &&
        rtpgate_fingerprint_format(&seen, seen_text, sizeof(seen_text)) > 0 &&
        rtpgate_fingerprint_format(expected, expected_text, sizeof(expected_text)) > 0) {
        (void)snprintf(text, sizeof(text),
                       "the peer's certificate has the fingerprint %s, expected %s%s", seen_text,
                       expected_text, session->remote.count > 1 ? " (or another given one)" : "");
    }
    rg_advise(session, RTPGATE_ERR_FINGERPRINT, 0, text);
}

/* What the engine says counts here, not what the guard read on the way. */
static const char *contradiction(const struct rtpgate_session *session,
                                 const struct rg_candidate *candidate) {
    const struct rg_engine *engine = candidate->engine;
    if (candidate->profile == 0 || session->engine->profile(engine) != candidate->profile) {
        return "the engine has not selected the negotiated SRTP profile";
    }
    if (!session->engine->extended_master_secret(engine)) {
        return "the engine has no extended master secret";
    }
    if (session->engine->certificate(engine).length == 0) {
        return "the engine has no certificate of the peer";
    }
    return NULL;
}

/* They stay as they are from now on: there is no need of room for more. */
static void slim_remote(struct rg_fingerprint_set *remote) {
    size_t size = remote->count * sizeof(*remote->items);
    struct rtpgate_fingerprint *items = rg_alloc(size);
    if (items != NULL) {
        memcpy(items, remote->items, size);
        rg_free(remote->items);
        remote->items = items;
    }
}

static void make_ready(struct rtpgate_session *session, struct rg_candidate *candidate) {
    rg_activate(session, candidate);
    rg_candidate_slim(candidate);
    session->path = candidate->flight.path;
    session->state = RTPGATE_STATE_READY;
    session->deadline = rg_time_add(session->now, session->config->linger);
    session->pending |= bit(RTPGATE_EVENT_KEYS) | bit(RTPGATE_EVENT_ACCEPTED);
    rg_queue_clear(&session->events); /* advice that nothing came of */
    rg_forget_handshake(session);
    slim_remote(&session->remote);
    rg_guard_release_held(session);
}

/* UNVERIFIED as long as a handshake is over that may yet be the expected one, else HANDSHAKE. */
void rg_look_for_finished(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage == RG_STAGE_DONE && !candidate->doubted) {
            rg_activate(session, candidate);
            return;
        }
    }
    session->state = RTPGATE_STATE_HANDSHAKE;
}

/* One mismatching candidate stays, so that its alert can go under its keys when it comes to that.
 */
static void keep_for_the_alert(struct rtpgate_session *session, struct rg_candidate *candidate) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *other = session->candidates[i];
        if (other != NULL && other != candidate && other->stage == RG_STAGE_DONE &&
            other->doubted) {
            rg_candidate_drop(session, other);
        }
    }
    session->active = candidate;
}

static bool is_hopeless(const struct rtpgate_session *session,
                        const struct rg_candidate *candidate) {
    return candidate->stage == RG_STAGE_HELLO ||
           (candidate->stage == RG_STAGE_FINISHED &&
            !rg_is_expected(session, session->engine->certificate(candidate->engine)));
}

/* A client's other attempts were made for want of an answer: now there is one. */
static void drop_hopeless(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && is_hopeless(session, candidate)) {
            rg_candidate_drop(session, candidate);
        }
    }
}

static void verify(struct rtpgate_session *session, struct rg_candidate *candidate) {
    struct rg_bytes leaf = session->engine->certificate(candidate->engine);
    if (rg_is_expected(session, leaf)) {
        make_ready(session, candidate);
        return;
    }
    session->state = RTPGATE_STATE_HANDSHAKE;
    candidate->doubted = true;
    keep_for_the_alert(session, candidate);
    rg_advise_mismatch(session, leaf);
    if (session->role == RTPGATE_ROLE_CLIENT) {
        drop_hopeless(session);
        rg_client_begin_again(session, candidate, true);
    }
}

/* Its certificate was proven before any was expected; its Finished need not be waited for. */
static void drop_unexpected(struct rtpgate_session *session, struct rg_candidate *candidate) {
    struct rg_bytes leaf = session->engine->certificate(candidate->engine);
    if (leaf.length == 0 || rg_is_expected(session, leaf)) {
        return;
    }
    candidate->doubted = true;
    rg_advise_mismatch(session, leaf);
    if (session->role == RTPGATE_ROLE_CLIENT) {
        rg_client_begin_again(session, candidate, false);
    } else {
        rg_candidate_drop(session, candidate);
    }
}

void rg_verify_finished(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES && session->state < RTPGATE_STATE_READY; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage == RG_STAGE_DONE) {
            verify(session, candidate);
        } else if (candidate != NULL && candidate->stage == RG_STAGE_FINISHED) {
            drop_unexpected(session, candidate);
        }
    }
    if (session->role == RTPGATE_ROLE_SERVER && session->state < RTPGATE_STATE_READY) {
        rg_server_look_again(session);
    }
}

static void wait_for_fingerprint(struct rtpgate_session *session, struct rg_candidate *candidate) {
    if (session->state == RTPGATE_STATE_UNVERIFIED) {
        return;
    }
    rg_activate(session, candidate);
    session->state = RTPGATE_STATE_UNVERIFIED;
    /* Twice in all, or strangers who finish again and again could put it off for ever. */
    uint64_t once = rg_time_add(session->began, session->config->deadline);
    uint64_t twice = rg_time_add(once, session->config->deadline);
    uint64_t deadline = rg_time_add(session->now, session->config->deadline);
    session->deadline = deadline < twice ? deadline : twice;
}

void rg_finished(struct rtpgate_session *session, struct rg_candidate *candidate) {
    const char *text = contradiction(session, candidate);
    if (text != NULL) {
        rg_candidate_drop(session, candidate);
        rg_advise(session, RTPGATE_ERR_HANDSHAKE, 0, text);
        return;
    }
    candidate->stage = RG_STAGE_DONE;
    /* Finished is the first that nobody else can have sent. */
    rg_follow(session, candidate, session->from);
    rg_heard(session, candidate);
    rg_flight_disarm(&candidate->flight);
    candidate->flight.sent_at = session->now;
    candidate->flight.answers = 0;
    candidate->flight.final_until = rg_time_add(session->now, RG_FINAL_LIFETIME);
    session->stats.flights_sent += session->role == RTPGATE_ROLE_SERVER ? 1 : 0;
    session->stats.handshake_time = session->now - session->began;
    if (session->remote.count == 0) {
        wait_for_fingerprint(session, candidate);
    } else {
        verify(session, candidate);
    }
}
