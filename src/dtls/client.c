#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/proof.h"
#include "wire/handshake.h"

enum {
    FLIGHT4 = 5,
    TRIES_MAX = 16, /* engines that one arriving message may cost */
    COMBINATIONS = 243,
    REQUEST_LONGEST = 3 + 255,
};

/* What a server sends (RFC 5246 7.3 with mutual certificates), by message_seq, without cookie. */
static const uint8_t flight4[FLIGHT4] = {RG_SERVER_HELLO, RG_CERTIFICATE, RG_SERVER_KEY_EXCHANGE,
                                         RG_CERTIFICATE_REQUEST, RG_SERVER_HELLO_DONE};
static const uint32_t longest[FLIGHT4] = {1024, 12288, 2048, 8192, 0};

enum { SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, CERTIFICATE_REQUEST, HELLO_DONE };

static struct rg_candidate *only(const struct rtpgate_session *session) {
    return session->candidates[0];
}

static bool fits(const struct rg_fragment *fragment, unsigned first) {
    unsigned at = fragment->sequence - first;
    if (fragment->sequence < first || at >= FLIGHT4) {
        return false;
    }
    /* A server that asks for no certificate sends ServerHelloDone one place early. */
    bool early_end = at == CERTIFICATE_REQUEST && fragment->type == RG_SERVER_HELLO_DONE;
    return (fragment->type == flight4[at] || early_end) &&
           fragment->total <= longest[early_end ? HELLO_DONE : at];
}

bool rg_client_takes(const struct rtpgate_session *session, const struct rg_fragment *fragment) {
    const struct rg_candidate *candidate = only(session);
    if (candidate == NULL) {
        return false;
    }
    if (fragment->type == RG_HELLO_VERIFY_REQUEST) {
        return fragment->sequence == 0 && fragment->total <= REQUEST_LONGEST;
    }
    return fits(fragment, 0) || (candidate->request != NULL && fits(fragment, 1));
}

/* Opens the engine anew with the ClientHello that was sent already, and, when asked to, with the
 * HelloVerifyRequest that was obeyed. */
static bool reopen(struct rg_candidate *candidate, bool cookie) {
    const struct rg_bytes request = {candidate->request, candidate->request_length};
    candidate->muted = true;
    bool good = rg_candidate_open(candidate, candidate->random) == 0 &&
                rg_candidate_start(candidate) == RG_ENGINE_HANDSHAKE &&
                (!cookie || rg_candidate_message(candidate, request) == RG_ENGINE_HANDSHAKE);
    candidate->muted = false;
    candidate->pristine = good;
    candidate->cookie = cookie;
    return good;
}

static bool keep_request(struct rg_candidate *candidate, struct rg_bytes request) {
    uint8_t *copy = rg_alloc(request.length);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, request.at, request.length);
    rg_free(candidate->request);
    candidate->request = copy;
    candidate->request_length = request.length;
    return true;
}

/* Sends the ClientHello with the cookie of the newest HelloVerifyRequest. */
static void obey(struct rtpgate_session *session) {
    struct rg_candidate *candidate = only(session);
    const struct rg_message *request =
        rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, 0);
    bool fresh = candidate->pristine && !candidate->cookie;
    session->request_waits = false;
    if (request == NULL || (!fresh && !reopen(candidate, false)) ||
        !keep_request(candidate, rg_message_whole(request))) {
        return;
    }
    if (rg_candidate_message(candidate, rg_message_whole(request)) != RG_ENGINE_HANDSHAKE) {
        session->stats.dropped_forged++;
        rg_free(candidate->request);
        candidate->request = NULL;
        (void)reopen(candidate, false);
        return;
    }
    candidate->cookie = true;
    rg_heard(session, candidate);
    rg_candidate_flight_left(candidate);
}

bool rg_client_obey_waiting(struct rtpgate_session *session) {
    if (!session->request_waits || only(session)->stage != RG_STAGE_HELLO) {
        return false;
    }
    obey(session);
    return true;
}

static bool part_of_flight4_came(const struct rtpgate_session *session) {
    for (unsigned i = 0; i < FLIGHT4; i++) {
        for (unsigned v = 0; v < RG_VARIANTS; v++) {
            const struct rg_message *message = &session->messages.slots[i][v];
            if (message->bytes != NULL && message->type != RG_HELLO_VERIFY_REQUEST) {
                return true;
            }
        }
    }
    return false;
}

/* RFC 6347 4.2.1. Anybody can forge a HelloVerifyRequest: the first is obeyed at once only while it
 * is all that came, any other when our timer shows that no flight 4 follows. */
static void take_request(struct rtpgate_session *session, const struct rg_message *request) {
    const struct rg_candidate *candidate = only(session);
    struct rg_bytes cookie;
    struct rg_bytes whole = rg_message_whole(request);
    if (!rg_hello_verify_request_parse(rg_message_body(request), &cookie)) {
        session->stats.dropped_malformed++;
    } else if (candidate->request != NULL && candidate->request_length == whole.length &&
               memcmp(candidate->request, whole.at, whole.length) == 0) {
        return;
    } else if (candidate->request == NULL && !part_of_flight4_came(session)) {
        obey(session);
    } else {
        session->request_waits = true;
    }
}

/* The server owns the key of its certificate when that signed our random (RFC 8422 5.4). */
static bool proves(const struct rg_candidate *candidate, struct rg_bytes leaf,
                   const struct rg_message *const *flight) {
    struct rg_server_hello hello;
    if (!rg_server_hello_parse(rg_message_body(flight[SERVER_HELLO]), &hello)) {
        return false;
    }
    struct rg_bytes body = rg_message_body(flight[KEY_EXCHANGE]);
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    (void)rg_read_u24(&reader); /* curve_type, group */
    (void)rg_read_vector8(&reader);
    size_t parameters = body.length - reader.left;
    uint16_t scheme = rg_read_u16(&reader);
    struct rg_bytes signature = rg_read_vector16(&reader);
    uint8_t data[2 * RG_RANDOM + 3 + 256];
    if (!rg_reader_finished(&reader) || parameters > 3 + 256) {
        return false;
    }
    memcpy(data, candidate->random, RG_RANDOM);
    memcpy(data + RG_RANDOM, hello.random.at, RG_RANDOM);
    memcpy(data + (size_t)2 * RG_RANDOM, body.at, parameters);
    return rg_proof_holds(leaf, scheme, (struct rg_bytes){data, (size_t)2 * RG_RANDOM + parameters},
                          signature);
}

/* Whether the combination may be shown to the engine: the right hello, the right certificate. */
static bool is_plausible(struct rg_candidate *candidate, const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    struct rg_server_hello hello;
    char text[RG_TEXT];
    if (!rg_server_hello_parse(rg_message_body(flight[SERVER_HELLO]), &hello)) {
        session->stats.dropped_malformed++;
        return false;
    }
    int cause = rg_vet_server_hello(session->config, &hello, text);
    if (cause != 0) {
        candidate->doubted = true;
        session->stats.dropped_hello++;
        rg_advise(session, cause, 0, text);
        return false;
    }
    struct rg_bytes leaf;
    if (!rg_certificate_leaf(rg_message_body(flight[CERTIFICATE]), &leaf) || leaf.length == 0) {
        session->stats.dropped_malformed++;
        return false;
    }
    if (!rg_is_expected(session, leaf)) {
        if (proves(candidate, leaf, flight)) {
            candidate->doubted = true;
            rg_advise_mismatch(session, leaf);
        }
        return false;
    }
    return true;
}

static void accept_flight(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    candidate->stage = RG_STAGE_FINISHED;
    rg_heard(session, candidate);
    rg_follow(session, candidate);
    rg_candidate_flight_left(candidate);
    rg_guard_release_held(session);
}

/* Shows the combination to an engine that has only sent its hello; true when flight 5 has left. */
static bool try_flight(struct rg_candidate *candidate, unsigned first,
                       const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    bool cookie = first == 1;
    bool fresh = candidate->pristine && candidate->cookie == cookie;
    if (!fresh && !reopen(candidate, cookie)) {
        return false;
    }
    candidate->pristine = false;
    /* Flight 5 shall leave on the path that flight 4 came from. */
    uint64_t path = candidate->flight.path;
    rg_follow(session, candidate);
    for (size_t i = 0; i < FLIGHT4; i++) {
        struct rg_bytes message = rg_message_whole(flight[i]);
        rg_candidate_learn(candidate, message);
        if (rg_candidate_message(candidate, message) != RG_ENGINE_HANDSHAKE) {
            session->stats.dropped_forged++;
            candidate->flight.path = path;
            (void)reopen(candidate, candidate->request != NULL);
            return false;
        }
    }
    accept_flight(candidate);
    return true;
}

static uint64_t newest(const struct rg_message *const *flight) {
    uint64_t serial = 0;
    for (size_t i = 0; i < FLIGHT4; i++) {
        serial = flight[i]->serial > serial ? flight[i]->serial : serial;
    }
    return serial;
}

/*
 * A CertificateRequest is not signed. One that came with the ServerKeyExchange in one datagram is
 * believed before one that came alone, since whoever cannot read the path cannot forge the former.
 */
static bool has_affinity(const struct rg_message *const *flight) {
    return flight[CERTIFICATE_REQUEST]->datagram == flight[KEY_EXCHANGE]->datagram;
}

static bool try_flights(struct rg_candidate *candidate, unsigned first, bool affine,
                        uint64_t tried) {
    const struct rg_messages *messages = &candidate->session->messages;
    int tries = 0;
    for (unsigned n = 0; n < COMBINATIONS && tries < TRIES_MAX; n++) {
        const struct rg_message *flight[FLIGHT4];
        if (!rg_messages_pick(messages, first, flight4, FLIGHT4, n, flight) ||
            newest(flight) <= tried || has_affinity(flight) != affine) {
            continue;
        }
        tries++;
        if (is_plausible(candidate, flight) && try_flight(candidate, first, flight)) {
            return true;
        }
    }
    return false;
}

static void look_for_missing_request(struct rtpgate_session *session, unsigned first,
                                     uint64_t tried) {
    struct rg_candidate *candidate = only(session);
    const struct rg_messages *messages = &session->messages;
    const struct rg_message *end =
        rg_messages_get(messages, first + CERTIFICATE_REQUEST, RG_SERVER_HELLO_DONE, 0);
    if (end != NULL && end->serial > tried &&
        rg_messages_get(messages, first, RG_SERVER_HELLO, 0) != NULL) {
        candidate->doubted = true;
        rg_advise(session, RTPGATE_ERR_NO_CERTIFICATE, 0,
                  "the server does not ask for our certificate (RFC 5763 5)");
    }
}

void rg_client_advance(struct rtpgate_session *session) {
    struct rg_candidate *candidate = only(session);
    if (candidate == NULL || candidate->stage != RG_STAGE_HELLO) {
        return;
    }
    uint64_t tried = candidate->tried;
    candidate->tried = session->messages.completed;
    const struct rg_message *request =
        rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, 0);
    if (request != NULL && request->serial > tried) {
        take_request(session, request);
    }
    unsigned last = candidate->request != NULL ? 1 : 0;
    for (unsigned first = 0; first <= last; first++) {
        if (try_flights(candidate, first, true, tried) ||
            try_flights(candidate, first, false, tried)) {
            return;
        }
        look_for_missing_request(session, first, tried);
    }
}

void rg_client_repeated(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    struct rg_candidate *candidate = only(session);
    bool request = fragment->type == RG_HELLO_VERIFY_REQUEST;
    if (candidate == NULL || candidate->stage == RG_STAGE_DONE) {
        return;
    }
    bool due = request ? candidate->stage == RG_STAGE_HELLO && candidate->request != NULL
                       : candidate->stage == RG_STAGE_FINISHED;
    if (due) {
        rg_heard(session, candidate);
        rg_candidate_answer(candidate);
    }
}

int rg_client_start(struct rtpgate_session *session) {
    struct rg_candidate *candidate = rg_candidate_new(session);
    if (candidate == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    int status = rg_candidate_open(candidate, NULL);
    if (status == 0) {
        candidate->recording = true;
        status = rg_candidate_start(candidate) == RG_ENGINE_HANDSHAKE ? 0 : RTPGATE_ERR_CRYPTO;
        candidate->recording = false;
    }
    if (status != 0) {
        rg_candidate_free(candidate);
        return status;
    }
    candidate->pristine = true;
    session->candidates[0] = candidate;
    rg_candidate_flight_left(candidate);
    return 0;
}
