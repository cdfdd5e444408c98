#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/engine_records.h"
#include "wire/handshake.h"

/* Microseconds; the first timer of RFC 6347, and what it may have come to where the RTT is known.
 */
enum { PATIENCE_MAX = 1000000, PATIENCE_KNOWN = 3000000 };
/* RFC 8422 5.4: curve_type named_curve, then the group. */
enum { NAMED_CURVE = 3 };

void rg_candidate_learn(struct rg_candidate *candidate, struct rg_bytes message) {
    struct rg_bytes body = {message.at + RG_HANDSHAKE_HEADER, message.length - RG_HANDSHAKE_HEADER};
    struct rg_server_hello hello;
    if (message.at[0] == RG_SERVER_HELLO && rg_server_hello_parse(body, &hello)) {
        candidate->suite = hello.suite;
        candidate->profile = hello.profile;
        if (candidate->session->role == RTPGATE_ROLE_CLIENT) {
            candidate->record_limit = hello.record_limit;
        }
    } else if (message.at[0] == RG_SERVER_KEY_EXCHANGE) {
        struct rg_reader reader = rg_reader_make(body.at, body.length);
        if (rg_read_u8(&reader) == NAMED_CURVE) {
            candidate->group = rg_read_u16(&reader);
        }
    } else if (message.at[0] == RG_CLIENT_HELLO && body.length >= 2 + RG_RANDOM) {
        memcpy(candidate->random, body.at + 2, RG_RANDOM);
    }
}

static void remember(struct rg_candidate *candidate, struct rg_bytes message) {
    size_t length = candidate->transcript_length + message.length;
    uint8_t *longer = rg_alloc(length);
    if (longer == NULL) {
        /* Without a transcript no proof will hold: the client must not see this flight. */
        rg_candidate_slim(candidate);
        candidate->muted = true;
        rg_flight_discard(&candidate->flight);
        return;
    }
    if (candidate->transcript_length > 0) {
        memcpy(longer, candidate->transcript, candidate->transcript_length);
    }
    memcpy(longer + candidate->transcript_length, message.at, message.length);
    rg_free(candidate->transcript);
    candidate->transcript = longer;
    candidate->transcript_length = length;
}

static void on_send(void *context, const struct rg_record *record) {
    struct rg_candidate *candidate = context;
    if (candidate->muted) {
        return;
    }
    if (record->epoch == 0 && record->type == RG_CONTENT_HANDSHAKE && candidate->recording) {
        rg_candidate_learn(candidate, record->body);
        if (candidate->session->role == RTPGATE_ROLE_SERVER) {
            remember(candidate, record->body);
        }
    }
    rg_flight_add(&candidate->flight, record);
}

static void on_data(void *context, struct rg_bytes data) {
    struct rg_candidate *candidate = context;
    candidate->flight.final_until = 0; /* whoever sends data has our Finished */
    candidate->delivered = true;
    rg_event_data(candidate->session, data);
}

struct rg_candidate *rg_candidate_new(struct rtpgate_session *session) {
    struct rg_candidate *candidate = rg_alloc(sizeof(*candidate));
    if (candidate != NULL) {
        candidate->session = session;
        candidate->made_at = session->now;
        candidate->left_at = session->now;
        rg_flight_init(&candidate->flight, &session->outbox, session->config->mtu, session->path);
    }
    return candidate;
}

void rg_candidate_slim(struct rg_candidate *candidate) {
    rg_free(candidate->transcript);
    rg_free(candidate->request);
    rg_free(candidate->search);
    candidate->search = NULL;
    candidate->transcript = NULL;
    candidate->transcript_length = 0;
    candidate->request = NULL;
    candidate->request_length = 0;
}

void rg_candidate_release(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    struct rg_engine *small = NULL;
    if (session->engine->release(candidate->engine, &small) == 0) {
        session->engine->free(candidate->engine);
        session->engine = &rg_engine_records;
        candidate->engine = small;
    }
}

void rg_candidate_free(struct rg_candidate *candidate) {
    if (candidate == NULL) {
        return;
    }
    candidate->session->engine->free(candidate->engine);
    rg_flight_clear(&candidate->flight);
    rg_candidate_slim(candidate);
    rg_free_secret(candidate, sizeof(*candidate));
}

void rg_candidate_drop(struct rtpgate_session *session, struct rg_candidate *candidate) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] == candidate) {
            session->candidates[i] = NULL;
        }
    }
    if (session->active == candidate) {
        session->active = NULL;
        session->pending &=
            ~(UINT32_C(1) << RTPGATE_EVENT_CERTIFICATE); /* it cannot be shown any more */
    }
    rg_candidate_free(candidate);
}

int rg_candidate_open(struct rg_candidate *candidate, const uint8_t *random) {
    struct rtpgate_session *session = candidate->session;
    session->engine->free(candidate->engine);
    candidate->engine = NULL;
    session->stats.candidates++;
    const struct rg_engine_setup setup = {
        .config = session->config,
        .server = session->role == RTPGATE_ROLE_SERVER,
        .profile = candidate->profile,
        .first = candidate->first,
        .random = random,
        .host = {.context = candidate, .send = on_send, .data = on_data},
    };
    return session->engine->open(&candidate->engine, &setup);
}

static enum rg_engine_status sent(struct rg_candidate *candidate, enum rg_engine_status status) {
    if (status == RG_ENGINE_FAILED) {
        rg_flight_discard(&candidate->flight);
    } else {
        rg_flight_flush(&candidate->flight);
    }
    return status;
}

enum rg_engine_status rg_candidate_start(struct rg_candidate *candidate) {
    return sent(candidate, candidate->session->engine->start(candidate->engine));
}

enum rg_engine_status rg_candidate_message(struct rg_candidate *candidate,
                                           struct rg_bytes message) {
    return sent(candidate, candidate->session->engine->message(candidate->engine, message));
}

enum rg_engine_status rg_candidate_record(struct rg_candidate *candidate, struct rg_bytes record) {
    struct rtpgate_session *session = candidate->session;
    uint64_t discarded = session->engine->discarded(candidate->engine);
    bool final = session->role == RTPGATE_ROLE_SERVER && candidate->stage == RG_STAGE_FINISHED;
    if (final && !rg_flight_reserve(&candidate->flight)) {
        /* The client repeats its Finished, but the engine makes ours only once. */
        session->stats.dropped_limit++;
        return RG_ENGINE_HANDSHAKE;
    }
    candidate->flight.keep = final;
    candidate->delivered = false;
    enum rg_engine_status status =
        sent(candidate, session->engine->record(candidate->engine, record));
    candidate->flight.keep = false;
    session->stats.dropped_record += session->engine->discarded(candidate->engine) - discarded;
    return status;
}

void rg_candidate_retransmit(struct rg_candidate *candidate) {
    if (candidate->engine != NULL) { /* or there was no memory to open it again */
        (void)sent(candidate, candidate->session->engine->retransmit(candidate->engine));
    }
}

/* xorshift32: scatter is no secret, and repeatable when a test sets its state. */
static uint32_t jitter(struct rtpgate_session *session) {
    session->scatter ^= session->scatter << 13;
    session->scatter ^= session->scatter >> 17;
    session->scatter ^= session->scatter << 5;
    return session->scatter;
}

/* A known RTT makes the timer shorter, never longer: a small datagram that was not needed costs
 * less than a lost one that is waited for. */
static uint64_t first_rto(const struct rtpgate_session *session) {
    uint64_t most = session->config->rto_initial;
    if (session->rtt == 0 || session->rtt >= most) {
        return most;
    }
    uint64_t rto = session->rtt + session->rtt / 2;
    rto = rto > RG_RTO_MIN ? rto : RG_RTO_MIN;
    return rto < most ? rto : most;
}

uint64_t rg_candidate_slower(const struct rtpgate_session *session) {
    const uint64_t most = session->config->rto_cap;
    uint64_t rto = session->config->rto_initial;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *candidate = session->candidates[i];
        rto = candidate != NULL && candidate->rto_least > rto ? candidate->rto_least : rto;
    }
    return rto < most / 4 ? 4 * rto : most;
}

void rg_candidate_flight_left(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    uint64_t rto = first_rto(session);
    session->stats.flights_sent++;
    candidate->left_at = session->now;
    rg_flight_arm(&candidate->flight, session->now,
                  rto > candidate->rto_least ? rto : candidate->rto_least, jitter(session));
    candidate->flight.answers = candidate->answers_least;
}

void rg_candidate_answered(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    uint64_t took = session->now - candidate->left_at;
    session->slowness = took > session->slowness ? took : session->slowness;
}

static uint64_t twice(uint64_t time, uint64_t most) {
    return time < most / 2 ? 2 * time : most;
}

/* What a server took for an answer was longer, perhaps, than it needed: it came late, or something
 * was lost. */
bool rg_candidate_is_unanswered(const struct rg_candidate *candidate, unsigned losses) {
    const struct rtpgate_session *session = candidate->session;
    uint64_t silence = session->now - candidate->left_at;
    return candidate->flight.losses >= losses && silence >= twice(session->rtt, PATIENCE_KNOWN) &&
           silence >= twice(session->slowness, PATIENCE_MAX);
}

void rg_candidate_doubt(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    if (!candidate->doubted) {
        candidate->unheard = 0;
        rg_flight_quicken(&candidate->flight, session->now, first_rto(session), jitter(session));
    }
    candidate->doubted = true;
}

void rg_candidate_answer(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    if (candidate->engine == NULL ||
        !rg_flight_may_answer(&candidate->flight, session->now, session->rtt, jitter(session))) {
        session->stats.answers_refused++;
        return;
    }
    session->stats.answers++;
    rg_candidate_retransmit(candidate);
}

void rg_candidate_expire(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    if (session->role == RTPGATE_ROLE_CLIENT && rg_client_expire(candidate)) {
        return;
    }
    bool loss = rg_flight_backoff(&candidate->flight, session->now, session->config->rto_cap,
                                  jitter(session));
    session->stats.retransmissions += loss ? 1 : 0;
    session->stats.answers += loss ? 0 : 1;
    rg_candidate_retransmit(candidate);
}

/* Whoever has the keys of one handshake and is expected speaks for the others, too; what silence
 * there was before counts. */
static void doubt_others(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES && session->remote.count > 0; i++) {
        struct rg_candidate *other = session->candidates[i];
        if (other != NULL) {
            unsigned unheard = other->unheard;
            rg_candidate_doubt(other);
            other->unheard = unheard;
        }
    }
}

/* Of what a stranger does who has finished a handshake, before we know whom we expect, only he is
 * concerned. */
static void lost(struct rg_candidate *candidate, int cause, uint8_t alert, const char *text) {
    struct rtpgate_session *session = candidate->session;
    bool finished = candidate->stage == RG_STAGE_DONE;
    if (session->state == RTPGATE_STATE_READY) {
        rg_fail(session, cause, alert, text);
        return;
    }
    if (finished && session->role == RTPGATE_ROLE_CLIENT) {
        candidate->doubted = true;
        rg_tell(session, cause, alert, text);
        rg_look_for_finished(session);
        rg_client_begin_again(session, candidate, false);
        return;
    }
    rg_candidate_drop(session, candidate);
    if (finished) {
        rg_tell(session, cause, alert, text);
        rg_look_for_finished(session);
    } else {
        doubt_others(session);
        rg_advise(session, cause, alert, text);
    }
}

void rg_candidate_settle(struct rg_candidate *candidate, enum rg_engine_status status) {
    struct rtpgate_session *session = candidate->session;
    const struct rg_engine_ops *engine = session->engine;
    switch (status) {
    case RG_ENGINE_HANDSHAKE:
        break;
    case RG_ENGINE_DONE:
        if (candidate->stage == RG_STAGE_FINISHED) {
            rg_finished(session, candidate);
        }
        break;
    case RG_ENGINE_CLOSED:
        if (session->state == RTPGATE_STATE_READY) {
            rg_closed_by_peer(session);
        } else {
            lost(candidate, RTPGATE_ERR_CLOSED, 0, "the peer closed before it was verified");
        }
        break;
    case RG_ENGINE_ALERT:
        lost(candidate, RTPGATE_ERR_ALERT, engine->alert_received(candidate->engine),
             "the peer sent a fatal alert under the negotiated keys");
        break;
    case RG_ENGINE_FAILED:
        lost(candidate, RTPGATE_ERR_HANDSHAKE, 0, engine->reason(candidate->engine));
        break;
    }
}
