#include <rtpgate/session.h>

#include <gnutls/crypto.h>
#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/identity.h"

/* Takes the caller's time, which must not run backwards, into the session. */
static void advance(struct rtpgate_session *session, uint64_t now) {
    session->now = now > session->now ? now : session->now;
}

/* What the next call may no longer look at. */
static void release_shown(struct rtpgate_session *session) {
    rg_block_free(session->shown);
    session->shown = NULL;
}

static int enter(struct rtpgate_session *session, uint64_t now) {
    if (session == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    advance(session, now);
    release_shown(session);
    return 0;
}

/* 0, or the error that is sticky after the end. */
static int ended(const struct rtpgate_session *session) {
    if (session->state == RTPGATE_STATE_FAILED) {
        return session->cause;
    }
    return session->state == RTPGATE_STATE_CLOSED ? RTPGATE_ERR_CLOSED : 0;
}

int rtpgate_session_new(rtpgate_session **out, rtpgate_config *config, enum rtpgate_role role,
                        uint64_t now) {
    if (out == NULL || config == NULL || (unsigned)role > RTPGATE_ROLE_SERVER) {
        return RTPGATE_ERR_INVAL;
    }
    struct rtpgate_session *session = rg_alloc(sizeof(*session));
    struct rtpgate_fingerprint *remote = rg_alloc(RG_FINGERPRINTS * sizeof(*remote));
    if (session == NULL || remote == NULL) {
        rg_free(session);
        rg_free(remote);
        return RTPGATE_ERR_NOMEM;
    }
    atomic_store(&config->frozen, true);
    session->config = rtpgate_config_ref(config);
    session->engine = &rg_engine_gnutls;
    session->role = role;
    session->now = now;
    session->deadline = RTPGATE_NEVER;
    session->remote.items = remote;
    session->proofs = RG_PROOFS;
    session->proofs_since = now;
    session->proof_due = RTPGATE_NEVER;
    session->hello_due = RTPGATE_NEVER;
    rg_paths_init(&session->paths, config->any_path);
    rg_outbox_init(&session->outbox);
    rg_queue_init(&session->held, RG_HELD_RECORDS, RG_HELD_BYTES);
    rg_queue_init(&session->events, RG_EVENTS, RG_EVENTS_BYTES);
    if (gnutls_rnd(GNUTLS_RND_NONCE, &session->scatter, sizeof(session->scatter)) != 0 ||
        session->scatter == 0) {
        session->scatter = 1; /* the one state that xorshift cannot leave is 0 */
    }
    *out = session;
    return 0;
}

void rtpgate_session_free(rtpgate_session *session) {
    if (session == NULL) {
        return;
    }
    session->active = NULL;
    rg_forget_handshake(session);
    rg_queue_clear(&session->held);
    rg_queue_clear(&session->events);
    rg_outbox_clear(&session->outbox);
    release_shown(session);
    rtpgate_config_free(session->config);
    rg_free(session->remote.items);
    rg_free(session->error);
    rg_free_secret(session, sizeof(*session));
}

int rtpgate_session_set_role(rtpgate_session *session, enum rtpgate_role role, uint64_t now) {
    if (enter(session, now) != 0 || (role != RTPGATE_ROLE_CLIENT && role != RTPGATE_ROLE_SERVER)) {
        return RTPGATE_ERR_INVAL;
    }
    if (session->role != RTPGATE_ROLE_UNDECIDED) {
        return RTPGATE_ERR_STATE;
    }
    session->role = role;
    rg_guard_release_early(session);
    rg_judge(session);
    return 0;
}

int rtpgate_session_set_remote(rtpgate_session *session,
                               const struct rtpgate_fingerprint *fingerprints, size_t count,
                               uint64_t now) {
    if (enter(session, now) != 0 || fingerprints == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    if (session->state == RTPGATE_STATE_FAILED) {
        return session->cause;
    }
    if (session->state >= RTPGATE_STATE_READY) {
        return RTPGATE_ERR_STATE;
    }
    int status = rg_fingerprint_set_make(&session->remote, fingerprints, count);
    if (status == 0) {
        rg_verify_finished(session);
        rg_judge(session);
    }
    return status;
}

int rtpgate_session_start(rtpgate_session *session, uint64_t now) {
    if (enter(session, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    if (session->role != RTPGATE_ROLE_CLIENT || session->state != RTPGATE_STATE_NEW) {
        return RTPGATE_ERR_STATE;
    }
    session->state = RTPGATE_STATE_HANDSHAKE;
    session->began = session->now;
    session->deadline = rg_time_add(session->now, session->config->deadline);
    int status = rg_client_start(session);
    if (status != 0) {
        rg_fail(session, status, 0, "the engine could not make a ClientHello");
        return status;
    }
    rg_judge(session);
    return 0;
}

int rtpgate_session_input(rtpgate_session *session, const uint8_t *datagram, size_t length,
                          uint64_t path, uint64_t now) {
    if (enter(session, now) != 0 || (datagram == NULL && length > 0)) {
        return RTPGATE_ERR_INVAL;
    }
    session->stats.datagrams_received++;
    session->stats.bytes_received += length;
    int status = ended(session);
    if (status != 0) {
        session->stats.dropped_late++;
        return status;
    }
    rg_guard_input(session, datagram, length, path);
    rg_judge(session);
    return 0;
}

int rtpgate_session_output(rtpgate_session *session, uint8_t *buffer, size_t capacity,
                           uint64_t *path) {
    if (session == NULL || buffer == NULL || path == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    release_shown(session);
    const struct rg_block *first = session->outbox.queue.first;
    if (first == NULL) {
        return 0;
    }
    if (first->length > capacity) {
        return RTPGATE_ERR_NOBUF;
    }
    struct rg_block *block = rg_queue_pop(&session->outbox.queue);
    int length = (int)block->length;
    memcpy(buffer, block->bytes, block->length);
    *path = session->path_fixed ? session->path : block->path;
    session->stats.datagrams_sent++;
    session->stats.bytes_sent += block->length;
    rg_block_free(block);
    return length;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t rtpgate_session_deadline(const rtpgate_session *session) {
    if (session == NULL) {
        return RTPGATE_NEVER;
    }
    uint64_t when = session->deadline;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL) {
            when = earlier(when, session->candidates[i]->flight.due);
        }
    }
    when = earlier(when, earlier(session->proof_due, session->hello_due));
    return earlier(when, rg_verdict_due(session));
}

int rtpgate_session_expire(rtpgate_session *session, uint64_t now) {
    if (enter(session, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    rg_judge(session);
    rg_guard_expire(session);
    rg_server_expire(session);
    rg_expire_flights(session);
    if (session->role == RTPGATE_ROLE_CLIENT) {
        rg_client_explore(session);
    }
    rg_judge(session);
    return 0;
}

int rtpgate_session_path_valid(rtpgate_session *session, uint64_t path, bool valid, uint64_t now) {
    if (enter(session, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    bool first = session->paths.count == 0;
    int status = rg_paths_set(&session->paths, path, valid);
    if (status == 0 && valid && ended(session) == 0) {
        if (first && !session->path_fixed && !session->followed) {
            rg_redirect(session, path);
        }
        rg_guard_release_early(session);
        rg_judge(session);
    }
    return status;
}

int rtpgate_session_set_path(rtpgate_session *session, uint64_t path, uint64_t now) {
    if (enter(session, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    session->path_fixed = true;
    rg_redirect(session, path);
    return 0;
}

int rtpgate_session_set_rtt(rtpgate_session *session, uint64_t rtt, uint64_t now) {
    if (enter(session, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    session->rtt = rtt;
    return 0;
}

int rtpgate_session_export(const rtpgate_session *session, const char *label,
                           const uint8_t *context, size_t context_length, uint8_t *out,
                           size_t length) {
    if (session == NULL || label == NULL || out == NULL || length == 0 ||
        (context == NULL && context_length > 0)) {
        return RTPGATE_ERR_INVAL;
    }
    if (session->state != RTPGATE_STATE_READY) {
        return RTPGATE_ERR_STATE;
    }
    return session->engine->export_key(session->active->engine, label, context, context_length, out,
                                       length);
}

size_t rtpgate_session_data_mtu(const rtpgate_session *session) {
    if (session == NULL || session->state != RTPGATE_STATE_READY) {
        return 0;
    }
    size_t most = session->config->mtu - session->engine->overhead(session->active->engine);
    size_t limit = session->active->record_limit;
    return limit != 0 && limit < most ? limit : most;
}

int rtpgate_session_send(rtpgate_session *session, const uint8_t *data, size_t length,
                         uint64_t now) {
    if (enter(session, now) != 0 || data == NULL || length == 0) {
        return RTPGATE_ERR_INVAL;
    }
    int status = ended(session);
    if (status != 0) {
        return status;
    }
    if (session->state != RTPGATE_STATE_READY) {
        return RTPGATE_ERR_STATE;
    }
    if (length > rtpgate_session_data_mtu(session)) {
        return RTPGATE_ERR_INVAL;
    }
    if (session->outbox.queue.bytes + session->config->mtu > RG_OUTBOX_BYTES ||
        session->outbox.queue.count + RG_OUTBOX_SPARE > RG_OUTBOX_DATAGRAMS) {
        return RTPGATE_ERR_NOBUF;
    }
    status = session->engine->write(session->active->engine, (struct rg_bytes){data, length});
    rg_flight_flush(&session->active->flight);
    return status;
}

int rtpgate_session_close(rtpgate_session *session, uint64_t now) {
    if (enter(session, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    if (ended(session) == 0) {
        rg_close(session);
    }
    return 0;
}
