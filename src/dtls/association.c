#include "dtls/association.h"

#include <stdio.h>
#include <string.h>

#include "dtls/identity.h"
#include "wire/alert.h"
#include "wire/record.h"

static uint32_t bit(unsigned n) {
    return UINT32_C(1) << (n & 31U);
}

static void event_text(struct rtpgate_session *session, int cause, uint8_t alert,
                       const char *text) {
    /* The tag carries the cause (as a positive number) and the alert. */
    uint64_t tag = (uint64_t)(-cause) << 8 | alert;
    if (rg_queue_push(&session->events, (const uint8_t *)text, strlen(text) + 1, tag,
                      RTPGATE_EVENT_ADVICE) == 0) {
        session->advised |= bit((unsigned)-cause);
    }
}

void rg_advise(struct rtpgate_session *session, int cause, uint8_t alert, const char *text) {
    if ((session->advised & bit((unsigned)-cause)) == 0) {
        event_text(session, cause, alert, text);
    }
    if (session->bad_news.cause == 0) {
        session->bad_news.cause = cause;
        session->bad_news.alert = alert;
        session->bad_news.since = session->now;
        (void)snprintf(session->bad_news.text, sizeof(session->bad_news.text), "%s", text);
    }
}

void rg_heard(struct rtpgate_session *session, struct rg_candidate *candidate) {
    candidate->doubted = false;
    candidate->seen_at = session->now;
    session->bad_news.cause = 0;
}

void rg_follow(struct rtpgate_session *session, struct rg_candidate *candidate) {
    if (!session->path_fixed) {
        session->path = session->from;
        candidate->flight.path = session->from;
    }
}

void rg_redirect(struct rtpgate_session *session, uint64_t path) {
    session->path = path;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL) {
            session->candidates[i]->flight.path = path;
        }
    }
}

bool rg_has_hope(const struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL && !session->candidates[i]->doubted) {
            return true;
        }
    }
    return false;
}

void rg_event_data(struct rtpgate_session *session, struct rg_bytes data) {
    if (rg_queue_push(&session->events, data.at, data.length, 0, RTPGATE_EVENT_DATA) != 0) {
        session->stats.dropped_data++;
    }
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
    session->bad_news.cause = 0;
    session->active = NULL;
    rg_forget_handshake(session);
    rg_queue_clear(&session->held);
}

void rg_fail(struct rtpgate_session *session, int cause, uint8_t alert, const char *text) {
    if (session->state == RTPGATE_STATE_FAILED || session->state == RTPGATE_STATE_CLOSED) {
        return;
    }
    session->cause = cause;
    session->alert = alert;
    (void)snprintf(session->error, sizeof(session->error), "%s", text);
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
    (void)snprintf(session->error, sizeof(session->error), "the peer closed the association");
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

static void make_ready(struct rtpgate_session *session, struct rg_candidate *candidate) {
    session->active = candidate;
    session->path = candidate->flight.path;
    session->state = RTPGATE_STATE_READY;
    session->deadline = RTPGATE_NEVER;
    session->bad_news.cause = 0;
    session->pending |= bit(RTPGATE_EVENT_KEYS) | bit(RTPGATE_EVENT_ACCEPTED);
    rg_forget_handshake(session);
    rg_guard_release_held(session);
}

static void verify(struct rtpgate_session *session, struct rg_candidate *candidate) {
    struct rg_bytes leaf = session->engine->certificate(candidate->engine);
    if (rg_is_expected(session, leaf)) {
        make_ready(session, candidate);
        return;
    }
    session->active = candidate; /* the alert, if it comes to that, goes under its keys */
    session->state = RTPGATE_STATE_HANDSHAKE;
    candidate->doubted = true;
    rg_advise_mismatch(session, leaf);
}

void rg_verify_finished(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES && session->state != RTPGATE_STATE_READY &&
                       session->state != RTPGATE_STATE_FAILED;
         i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage == RG_STAGE_DONE) {
            verify(session, candidate);
        }
    }
}

static void wait_for_fingerprint(struct rtpgate_session *session, struct rg_candidate *candidate) {
    if (session->state == RTPGATE_STATE_UNVERIFIED) {
        return;
    }
    session->active = candidate;
    session->state = RTPGATE_STATE_UNVERIFIED;
    session->deadline = rg_time_add(session->now, session->config->deadline);
}

void rg_finished(struct rtpgate_session *session, struct rg_candidate *candidate) {
    const char *text = contradiction(session, candidate);
    if (text != NULL) {
        rg_candidate_drop(session, candidate);
        rg_advise(session, RTPGATE_ERR_HANDSHAKE, 0, text);
        return;
    }
    candidate->stage = RG_STAGE_DONE;
    rg_flight_disarm(&candidate->flight);
    candidate->flight.sent_at = session->now;
    candidate->flight.answers = 0;
    candidate->flight.final_until = rg_time_add(session->now, RG_FINAL_LIFETIME);
    session->stats.flights_sent += session->role == RTPGATE_ROLE_SERVER ? 1 : 0;
    session->stats.handshake_time = session->now - session->began;
    session->pending |= bit(RTPGATE_EVENT_CERTIFICATE);
    if (session->remote.count == 0) {
        wait_for_fingerprint(session, candidate);
    } else {
        verify(session, candidate);
    }
}

static void time_out(struct rtpgate_session *session) {
    const struct rg_bad_news *news = &session->bad_news;
    const struct rg_candidate *candidate = session->candidates[0];
    bool finishing = candidate != NULL && candidate->stage == RG_STAGE_FINISHED;
    if (news->cause != 0) {
        rg_fail(session, news->cause, news->alert, news->text);
        return;
    }
    const char *text =
        "the client did not answer our certificate (flight 4) with a proof of its own";
    if (session->state == RTPGATE_STATE_UNVERIFIED) {
        text = "the peer's fingerprint did not come in time";
    } else if (session->role == RTPGATE_ROLE_CLIENT) {
        text = finishing ? "the server is silent since our Finished (flight 5)"
                         : "the server did not answer our ClientHello (flight 1) completely";
    }
    rg_fail(session, RTPGATE_ERR_TIMEOUT, 0, text);
}

/* Whether `when` has come; RTPGATE_NEVER never does. */
static bool is_due(const struct rtpgate_session *session, uint64_t when) {
    return when != RTPGATE_NEVER && session->now >= when;
}

uint64_t rg_verdict_due(const struct rtpgate_session *session) {
    if (session->bad_news.cause == 0 || rg_has_hope(session)) {
        return RTPGATE_NEVER;
    }
    return rg_time_add(session->bad_news.since, session->config->grace);
}

void rg_judge(struct rtpgate_session *session) {
    const struct rg_bad_news *news = &session->bad_news;
    if (is_due(session, rg_verdict_due(session))) {
        rg_fail(session, news->cause, news->alert, news->text);
    } else if (is_due(session, session->deadline)) {
        time_out(session);
    }
}

void rg_expire_flights(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && is_due(session, candidate->flight.due) &&
            !rg_client_obey_waiting(session)) {
            rg_candidate_expire(candidate);
        }
    }
}
