#include <rtpgate/names.h>
#include <stdio.h>
#include <string.h>

#include "dtls/association.h"
#include "wire/alert.h"
#include "wire/handshake.h"
#include "wire/record.h"

/* What an AEAD of ours makes of the largest plaintext (RFC 5246 6.2.1, RFC 5288 3, RFC 7905 2). */
enum { PROTECTED_MAX = 16384 + 8 + 16 };

static bool over(const struct rtpgate_session *session) {
    return session->state == RTPGATE_STATE_CLOSED || session->state == RTPGATE_STATE_FAILED;
}

static void plain_alert(struct rtpgate_session *session, struct rg_bytes body) {
    session->stats.dropped_alert++;
    if (body.length != 2 || (body.at[0] != RG_ALERT_FATAL && body.at[1] != RG_ALERT_CLOSE_NOTIFY)) {
        return;
    }
    bool concerned = false;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage != RG_STAGE_DONE) {
            rg_candidate_doubt(candidate);
            concerned = true;
        }
    }
    if (concerned) {
        char text[RG_TEXT];
        (void)snprintf(text, sizeof(text), "the peer sent a plaintext alert: %s (%u)",
                       rtpgate_alert_name(body.at[1]), (unsigned)body.at[1]);
        rg_advise(session, RTPGATE_ERR_ALERT, body.at[1], text);
    }
}

static bool is_server(const struct rtpgate_session *session) {
    return session->role == RTPGATE_ROLE_SERVER;
}

/* The peer repeats its last flight in plaintext: it may lack our final one. */
static void repeat_final(struct rtpgate_session *session, struct rg_candidate *candidate) {
    if (candidate == NULL || candidate->stage != RG_STAGE_DONE || !is_server(session)) {
        session->stats.dropped_stale++;
        return;
    }
    if (session->length == 0) {
        return; /* its bytes were credited before */
    }
    if (rg_flight_repeat_final(&candidate->flight, session->now, session->rtt, session->length)) {
        session->stats.answers++;
    } else {
        session->stats.answers_refused++;
    }
    session->length = 0;
}

/* A server that answers piece by piece is not silent. */
static void heard_in_part(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES && !is_server(session); i++) {
        if (session->candidates[i] != NULL) {
            rg_still_there(session, session->candidates[i]);
        }
    }
}

/* Once for all that a datagram holds: its messages belong together. */
static void advance(struct rtpgate_session *session) {
    bool whole = session->whole;
    session->whole = false;
    if (whole && !over(session) && session->state != RTPGATE_STATE_READY) {
        if (is_server(session)) {
            rg_server_advance(session);
        } else {
            rg_client_advance(session);
        }
    }
}

bool rg_may_prove(struct rtpgate_session *session, enum rg_check check) {
    uint64_t earned = (session->now - session->proofs_since) / RG_PROOF_INTERVAL;
    if (earned > 0) {
        session->proofs_since += earned * RG_PROOF_INTERVAL;
        session->proofs =
            earned < RG_PROOFS - session->proofs ? session->proofs + (unsigned)earned : RG_PROOFS;
    }
    unsigned reserved = check == RG_CHECK_FIRST ? 0 : RG_PROOFS / 2;
    if (session->proofs <= reserved) {
        uint64_t wait = (reserved + 1 - session->proofs) * RG_PROOF_INTERVAL;
        uint64_t due = rg_time_add(session->proofs_since, wait);
        if (is_server(session) && check != RG_CHECK_STRANGERS && due < session->proof_due) {
            session->proof_due = due;
        }
        session->stats.dropped_limit++;
        return false;
    }
    session->proofs--;
    return true;
}

void rg_guard_expire(struct rtpgate_session *session) {
    if (session->proof_due != RTPGATE_NEVER && session->now >= session->proof_due) {
        session->proof_due = RTPGATE_NEVER;
        session->whole = true;
        advance(session);
    }
}

static void store(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    const struct rg_origin origin = {session->datagram, session->from};
    switch (rg_messages_add(&session->messages, fragment, origin)) {
    case RG_ADDED_REFUSED:
        session->stats.dropped_limit++;
        break;
    case RG_ADDED_WHOLE:
        session->whole = true;
        heard_in_part(session);
        break;
    case RG_ADDED_REPEATED:
        if (is_server(session)) {
            rg_server_repeated(session, fragment);
        } else {
            rg_client_repeated(session, fragment);
        }
        break;
    case RG_ADDED_PARTIAL:
        heard_in_part(session);
        break;
    case RG_ADDED_KNOWN:
        break;
    }
}

static void plain_handshake(struct rtpgate_session *session, struct rg_bytes body) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    struct rg_fragment fragment;
    while (!over(session) && rg_fragment_next(&reader, &fragment)) {
        if (session->state == RTPGATE_STATE_READY && fragment.type == RG_CLIENT_HELLO) {
            session->stats.dropped_stale++;
        } else if (session->state == RTPGATE_STATE_READY) {
            repeat_final(session, session->active);
        } else if (is_server(session) ? rg_server_takes(session, &fragment)
                                      : rg_client_takes(session, &fragment)) {
            store(session, &fragment);
        } else {
            session->stats.dropped_type++;
        }
    }
    session->stats.dropped_malformed += reader.failed ? 1 : 0;
}

static void plain_record(struct rtpgate_session *session, const struct rg_record *record) {
    if (record->type == RG_CONTENT_HANDSHAKE) {
        plain_handshake(session, record->body);
    } else if (record->type == RG_CONTENT_ALERT) {
        plain_alert(session, record->body);
    } else if (record->type != RG_CONTENT_CCS) {
        /* ChangeCipherSpec is expected and means nothing here: the epoch of a record says it all.
         */
        session->stats.dropped_type++;
    }
}

static void hold(struct rtpgate_session *session, const struct rg_record *record) {
    struct rg_bytes whole = record->whole;
    if (whole.length > RG_HELD_BYTES) {
        session->stats.dropped_limit++;
        return;
    }
    while (session->held.count > 0 && !rg_queue_fits(&session->held, whole.length)) {
        rg_block_free(rg_queue_pop(&session->held));
        session->stats.dropped_limit++;
    }
    if (rg_queue_push(&session->held, whole.at, whole.length, session->from, 0) != 0) {
        session->stats.dropped_limit++;
    }
}

/* Only a record that authenticated moves the path (RFC 5763 6.7.1 latching, made safe). */
static void ready_record(struct rtpgate_session *session, const struct rg_record *record) {
    struct rg_candidate *candidate = session->active;
    if (record->type == RG_CONTENT_HANDSHAKE) {
        /* A repeated Finished, or a renegotiation, which is never taken up. */
        repeat_final(session, candidate);
        return;
    }
    enum rg_engine_status status = rg_candidate_record(candidate, record->whole);
    if (candidate->delivered) {
        rg_follow(session, candidate, session->from);
    }
    rg_candidate_settle(candidate, status);
}

static bool takes_record(const struct rg_candidate *candidate, uint8_t type) {
    return candidate != NULL && candidate->engine != NULL &&
           (candidate->stage == RG_STAGE_FINISHED ||
            (candidate->stage == RG_STAGE_DONE && type == RG_CONTENT_ALERT));
}

/* Whether its peer has finished another handshake with us, which is not verified yet: one that
 * tries several must not be told of two that they are over, for he would choose between them. */
static bool has_finished_twin(const struct rtpgate_session *session,
                              const struct rg_candidate *candidate) {
    const struct rg_bytes leaf = session->engine->certificate(candidate->engine);
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *other = session->candidates[i];
        if (other == NULL || other == candidate || other->stage != RG_STAGE_DONE) {
            continue;
        }
        const struct rg_bytes theirs = session->engine->certificate(other->engine);
        if (leaf.length == theirs.length && leaf.length > 0 &&
            memcmp(leaf.at, theirs.at, leaf.length) == 0) {
            return true;
        }
    }
    return false;
}

/* Whose keys a record is under is not known before it is tried. */
static void early_record(struct rtpgate_session *session, const struct rg_record *record) {
    bool taken = false;
    enum rtpgate_state state = session->state;
    for (size_t i = 0; i < RG_CANDIDATES && session->state == state; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (record->type == RG_CONTENT_HANDSHAKE && candidate != NULL &&
            candidate->stage == RG_STAGE_DONE && candidate->from == session->from) {
            repeat_final(session, candidate);
            taken = true;
        } else if (record->type != RG_CONTENT_DATA && takes_record(candidate, record->type)) {
            if (candidate->stage == RG_STAGE_DONE || !has_finished_twin(session, candidate)) {
                rg_candidate_settle(candidate, rg_candidate_record(candidate, record->whole));
            }
            taken = true;
        }
    }
    if (!taken) {
        hold(session, record);
    }
}

static void protected_record(struct rtpgate_session *session, const struct rg_record *record) {
    bool known = record->type == RG_CONTENT_HANDSHAKE || record->type == RG_CONTENT_ALERT ||
                 record->type == RG_CONTENT_DATA;
    if (!known) {
        session->stats.dropped_type++;
    } else if (record->body.length > PROTECTED_MAX) {
        session->stats.dropped_malformed++;
    } else if (session->state == RTPGATE_STATE_READY) {
        ready_record(session, record);
    } else {
        early_record(session, record);
    }
}

static void take_record(struct rtpgate_session *session, const struct rg_record *record) {
    if (record->epoch == 0) {
        plain_record(session, record);
    } else if (record->epoch == 1) {
        advance(session); /* the keys may come of what stands before it */
        protected_record(session, record);
    } else {
        session->stats.dropped_epoch++;
    }
}

static void look_at(struct rtpgate_session *session, const uint8_t *datagram, size_t length,
                    uint64_t path) {
    session->datagram++;
    session->from = path;
    session->length = length;
    struct rg_reader reader = rg_reader_make(datagram, length);
    struct rg_record record;
    while (!over(session) && rg_record_next(&reader, &record)) {
        take_record(session, &record);
    }
    advance(session);
    session->stats.dropped_malformed += reader.failed || length == 0 ? 1 : 0;
}

void rg_guard_release_held(struct rtpgate_session *session) {
    for (size_t left = session->held.count; left > 0 && !over(session); left--) {
        struct rg_block *block = rg_queue_pop(&session->held);
        if (block == NULL) {
            return;
        }
        struct rg_reader reader = rg_reader_make(block->bytes, block->length);
        struct rg_record record;
        uint64_t from = session->from;
        session->from = block->path;
        if (rg_record_next(&reader, &record)) {
            protected_record(session, &record);
        }
        session->from = from;
        rg_block_free(block);
    }
}

void rg_guard_release_early(struct rtpgate_session *session) {
    for (size_t left = session->paths.early.count; left > 0 && !over(session); left--) {
        struct rg_block *block = rg_queue_pop(&session->paths.early);
        if (block == NULL) {
            return;
        }
        rg_guard_input(session, block->bytes, block->length, block->path);
        rg_block_free(block);
    }
}

/* Nobody answers a hello that has not left. */
static bool is_unasked(const struct rtpgate_session *session) {
    return session->role == RTPGATE_ROLE_CLIENT && session->state == RTPGATE_STATE_NEW;
}

void rg_guard_input(struct rtpgate_session *session, const uint8_t *datagram, size_t length,
                    uint64_t path) {
    if (is_unasked(session)) {
        session->stats.dropped_early++;
    } else if (session->role != RTPGATE_ROLE_UNDECIDED &&
               rg_paths_is_valid(&session->paths, path)) {
        look_at(session, datagram, length, path);
    } else if (session->state == RTPGATE_STATE_READY) {
        session->stats.dropped_path++;
    } else {
        session->stats.dropped_early += rg_paths_keep(&session->paths, datagram, length, path);
    }
}
