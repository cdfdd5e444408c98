#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/proof.h"
#include "wire/handshake.h"

enum { MESSAGES = 3 };

/* What a client sends (RFC 5246 7.3 with mutual certificates), by message_seq. Nothing else is
 * taken. */
static const struct {
    uint8_t type;
    uint32_t longest;
} client_sends[] = {
    {RG_CLIENT_HELLO, 8192},
    {RG_CERTIFICATE, 12288},
    {RG_CLIENT_KEY_EXCHANGE, 512},
    {RG_CERTIFICATE_VERIFY, 1024},
};

bool rg_server_takes(const struct rtpgate_session *session, const struct rg_fragment *fragment) {
    (void)session;
    return fragment->sequence < sizeof(client_sends) / sizeof(client_sends[0]) &&
           fragment->type == client_sends[fragment->sequence].type &&
           fragment->total <= client_sends[fragment->sequence].longest;
}

static struct rg_candidate *find(struct rtpgate_session *session, struct rg_bytes hello) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->transcript_length >= hello.length &&
            memcmp(candidate->transcript, hello.at, hello.length) == 0) {
            return candidate;
        }
    }
    return NULL;
}

/* A free place, or that of a handshake that has been silent: whoever floods us with hellos cannot
 * take the place of one that is heard. */
static struct rg_candidate **place(struct rtpgate_session *session) {
    struct rg_candidate **oldest = &session->candidates[0];
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate **here = &session->candidates[i];
        if (*here == NULL) {
            return here;
        }
        if ((*here)->seen_at < (*oldest)->seen_at) {
            oldest = here;
        }
    }
    bool stale = session->now - (*oldest)->seen_at >= RG_CANDIDATE_STALE;
    return stale && (*oldest)->stage == RG_STAGE_HELLO ? oldest : NULL;
}

static bool answer_hello(struct rg_candidate *candidate, struct rg_bytes hello) {
    candidate->transcript = rg_alloc(hello.length);
    if (candidate->transcript == NULL || rg_candidate_open(candidate, NULL) != 0) {
        return false;
    }
    memcpy(candidate->transcript, hello.at, hello.length);
    candidate->transcript_length = hello.length;
    candidate->recording = true;
    enum rg_engine_status status = rg_candidate_message(candidate, hello);
    candidate->recording = false;
    return status == RG_ENGINE_HANDSHAKE;
}

static void begin(struct rtpgate_session *session) {
    if (session->state == RTPGATE_STATE_NEW) {
        session->state = RTPGATE_STATE_HANDSHAKE;
        session->began = session->now;
        session->deadline = rg_time_add(session->now, session->config->deadline);
    }
}

static void new_candidate(struct rtpgate_session *session, struct rg_bytes hello,
                          uint16_t profile) {
    struct rg_candidate **where = place(session);
    struct rg_candidate *candidate = where == NULL ? NULL : rg_candidate_new(session);
    if (candidate == NULL) {
        session->stats.dropped_hello++;
        return;
    }
    candidate->profile = profile;
    rg_follow(session, candidate);
    if (!answer_hello(candidate, hello)) {
        session->stats.dropped_hello++;
        const char *reason = candidate->engine == NULL ? "the engine could not be opened"
                                                       : session->engine->reason(candidate->engine);
        rg_advise(session, RTPGATE_ERR_HANDSHAKE, 0, reason);
        rg_candidate_free(candidate);
        return;
    }
    rg_candidate_free(*where);
    *where = candidate;
    begin(session);
    rg_candidate_flight_left(candidate);
    rg_heard(session, candidate);
}

static void take_hello(struct rtpgate_session *session, const struct rg_message *message) {
    struct rg_client_hello hello;
    char text[RG_TEXT];
    uint16_t profile = 0;
    if (!rg_client_hello_parse(rg_message_body(message), &hello)) {
        session->stats.dropped_malformed++;
        return;
    }
    int cause = rg_vet_client_hello(session->config, &hello, &profile, text);
    if (cause != 0) {
        session->stats.dropped_hello++;
        rg_advise(session, cause, 0, text);
        return;
    }
    new_candidate(session, rg_message_whole(message), profile);
}

/* A new hello, or one that is repeated; one that found no place before may find one now. */
static void look_at_hello(struct rtpgate_session *session, const struct rg_message *message) {
    struct rg_candidate *candidate = find(session, rg_message_whole(message));
    if (candidate == NULL) {
        take_hello(session, message);
    } else if (candidate->stage == RG_STAGE_HELLO) {
        rg_heard(session, candidate);
        rg_candidate_answer(candidate);
    }
}

static bool proves(const struct rg_candidate *candidate, struct rg_bytes leaf,
                   const struct rg_message *const *flight) {
    struct rg_bytes certificate = rg_message_whole(flight[0]);
    struct rg_bytes exchange = rg_message_whole(flight[1]);
    struct rg_bytes signature;
    uint16_t scheme;
    if (!rg_certificate_verify(rg_message_body(flight[2]), &scheme, &signature)) {
        return false;
    }
    size_t length = candidate->transcript_length + certificate.length + exchange.length;
    uint8_t *transcript = rg_alloc(length);
    if (transcript == NULL) {
        return false;
    }
    memcpy(transcript, candidate->transcript, candidate->transcript_length);
    memcpy(transcript + candidate->transcript_length, certificate.at, certificate.length);
    memcpy(transcript + length - exchange.length, exchange.at, exchange.length);
    bool holds = rg_proof_holds(leaf, scheme, (struct rg_bytes){transcript, length}, signature);
    rg_free(transcript);
    return holds;
}

static void feed(struct rg_candidate *candidate, const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    for (size_t i = 0; i < MESSAGES; i++) {
        if (rg_candidate_message(candidate, rg_message_whole(flight[i])) != RG_ENGINE_HANDSHAKE) {
            const char *reason = session->engine->reason(candidate->engine);
            session->stats.dropped_forged++;
            rg_candidate_drop(session, candidate);
            rg_advise(session, RTPGATE_ERR_HANDSHAKE, 0, reason);
            return;
        }
        candidate->flight.final_credit += rg_message_whole(flight[i]).length;
    }
    candidate->stage = RG_STAGE_FINISHED;
    rg_flight_disarm(&candidate->flight);
    rg_heard(session, candidate);
    rg_follow(session, candidate);
    rg_guard_release_held(session);
}

/* Tries one combination; true when it settles the candidate, for good or bad. */
static bool try_flight(struct rg_candidate *candidate, const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    struct rg_bytes leaf;
    if (!rg_certificate_leaf(rg_message_body(flight[0]), &leaf) || leaf.length == 0) {
        return false;
    }
    if (!proves(candidate, leaf, flight)) {
        session->stats.dropped_forged++;
        return false;
    }
    if (!rg_is_expected(session, leaf)) {
        rg_candidate_drop(session, candidate);
        rg_advise_mismatch(session, leaf);
        return true;
    }
    feed(candidate, flight);
    return true;
}

static uint64_t newest(const struct rg_message *const *flight) {
    uint64_t serial = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        serial = flight[i]->serial > serial ? flight[i]->serial : serial;
    }
    return serial;
}

static void try_flights(struct rg_candidate *candidate) {
    static const uint8_t types[MESSAGES] = {RG_CERTIFICATE, RG_CLIENT_KEY_EXCHANGE,
                                            RG_CERTIFICATE_VERIFY};
    const struct rg_messages *messages = &candidate->session->messages;
    uint64_t tried = candidate->tried;
    candidate->tried = messages->completed;
    for (unsigned n = 0; n < RG_VARIANTS * RG_VARIANTS * RG_VARIANTS; n++) {
        const struct rg_message *flight[MESSAGES];
        if (rg_messages_pick(messages, 1, types, MESSAGES, n, flight) && newest(flight) > tried &&
            try_flight(candidate, flight)) {
            return;
        }
    }
}

/* A client that has no certificate says so with an empty list (RFC 5246 7.4.6). */
static void look_for_empty_certificate(struct rtpgate_session *session, uint64_t seen) {
    const struct rg_message *message = rg_messages_get(&session->messages, 1, RG_CERTIFICATE, 0);
    struct rg_bytes leaf;
    if (message != NULL && message->serial > seen &&
        rg_certificate_leaf(rg_message_body(message), &leaf) && leaf.length == 0) {
        for (size_t i = 0; i < RG_CANDIDATES; i++) {
            if (session->candidates[i] != NULL && session->candidates[i]->stage != RG_STAGE_DONE) {
                session->candidates[i]->doubted = true;
            }
        }
        rg_advise(session, RTPGATE_ERR_NO_CERTIFICATE, 0, "the client sent no certificate");
    }
}

void rg_server_advance(struct rtpgate_session *session) {
    uint64_t seen = session->messages_seen;
    session->messages_seen = session->messages.completed;
    for (unsigned rank = 0; rank < RG_VARIANTS; rank++) {
        const struct rg_message *hello =
            rg_messages_get(&session->messages, 0, RG_CLIENT_HELLO, rank);
        if (hello != NULL && hello->serial > seen) {
            look_at_hello(session, hello);
        }
    }
    look_for_empty_certificate(session, seen);
    for (size_t i = 0; i < RG_CANDIDATES && session->state < RTPGATE_STATE_READY; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage == RG_STAGE_HELLO) {
            try_flights(candidate);
        }
    }
}

void rg_server_repeated(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    for (unsigned rank = 0; rank < RG_VARIANTS && fragment->type == RG_CLIENT_HELLO; rank++) {
        const struct rg_message *message =
            rg_messages_get(&session->messages, 0, RG_CLIENT_HELLO, rank);
        if (message != NULL && rg_message_agrees(message, fragment)) {
            look_at_hello(session, message);
        }
    }
}
