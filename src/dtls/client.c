#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/proof.h"
#include "wire/handshake.h"

enum {
    FLIGHT4 = 5,
    TRIES_MAX = 16,           /* combinations that are looked at in one go */
    LOSSES_BEFORE_OTHERS = 4, /* after which other requests and combinations get their chance */
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

static const struct rg_message *request_with(const struct rtpgate_session *session,
                                             uint64_t serial) {
    for (unsigned rank = 0; rank < RG_VARIANTS; rank++) {
        const struct rg_message *request =
            rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, rank);
        if (request != NULL && request->serial == serial) {
            return request;
        }
    }
    return NULL;
}

/* Sends the ClientHello with the cookie of a HelloVerifyRequest. */
static void obey(struct rtpgate_session *session, const struct rg_message *request) {
    struct rg_candidate *candidate = only(session);
    bool fresh = candidate->pristine && !candidate->cookie;
    session->request_waits = 0;
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

static bool is_obeyed(const struct rg_candidate *candidate, const struct rg_message *request) {
    struct rg_bytes whole = rg_message_whole(request);
    return candidate->request != NULL && candidate->request_length == whole.length &&
           memcmp(candidate->request, whole.at, whole.length) == 0;
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
    if (!rg_hello_verify_request_parse(rg_message_body(request), &cookie)) {
        session->stats.dropped_malformed++;
    } else if (is_obeyed(candidate, request)) {
        return;
    } else if (candidate->request == NULL && !part_of_flight4_came(session)) {
        obey(session, request);
    } else if (session->request_waits == 0) {
        session->request_waits = request->serial;
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
    if (rg_is_expected(session, leaf)) {
        return rg_proof_key_is_acceptable(leaf);
    }
    if (rg_may_prove(session, false) && proves(candidate, leaf, flight)) {
        candidate->doubted = true;
        rg_advise_mismatch(session, leaf);
    }
    return false;
}

/* Shows the combination to an engine that has only sent its hello; true when it made flight
 * 5 of it. */
static bool try_flight(struct rg_candidate *candidate, unsigned first,
                       const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    bool cookie = first == 1;
    bool fresh = candidate->pristine && candidate->cookie == cookie;
    if (!rg_may_prove(session, true) || (!fresh && !reopen(candidate, cookie))) {
        return false;
    }
    candidate->pristine = false;
    /* Flight 5 goes to whoever signed; anybody can forge what is not signed. */
    uint64_t before = candidate->flight.path;
    uint64_t path = flight[KEY_EXCHANGE]->origin.path;
    candidate->flight.path = session->path_fixed ? before : path;
    for (size_t i = 0; i < FLIGHT4; i++) {
        struct rg_bytes message = rg_message_whole(flight[i]);
        rg_candidate_learn(candidate, message);
        if (rg_candidate_message(candidate, message) != RG_ENGINE_HANDSHAKE) {
            session->stats.dropped_forged++;
            candidate->flight.path = before;
            candidate->stage = RG_STAGE_HELLO;
            candidate->used_request = 0;
            (void)reopen(candidate, candidate->request != NULL);
            return false;
        }
    }
    rg_follow(session, candidate, path);
    return true;
}

static uint64_t newest(const struct rg_message *const *flight) {
    uint64_t serial = 0;
    for (size_t i = 0; i < FLIGHT4; i++) {
        serial = flight[i]->serial > serial ? flight[i]->serial : serial;
    }
    return serial;
}

static bool came_together(const struct rg_message *a, const struct rg_message *b) {
    return a->origin.datagram == b->origin.datagram;
}

/*
 * A CertificateRequest is not signed. Whoever cannot read the path cannot make one that comes in a
 * datagram with the signed ServerKeyExchange, and hardly one that comes after it before the genuine
 * one.
 */
static bool is_request_trusted(const struct rg_messages *messages, unsigned first,
                               const struct rg_message *const *flight) {
    const struct rg_message *request = flight[CERTIFICATE_REQUEST];
    const struct rg_message *exchange = flight[KEY_EXCHANGE];
    return came_together(request, exchange) ||
           (request->serial > exchange->serial &&
            rg_messages_get(messages, first + CERTIFICATE_REQUEST, RG_CERTIFICATE_REQUEST, 1) ==
                NULL);
}

/* Nor are the certificates that a server sends beside its own, which anybody knows. */
static bool is_certificate_trusted(const struct rtpgate_session *session, unsigned first,
                                   const struct rg_message *const *flight) {
    unsigned expected = 0;
    for (unsigned rank = 0; rank < RG_VARIANTS; rank++) {
        const struct rg_message *version =
            rg_messages_get(&session->messages, first + CERTIFICATE, RG_CERTIFICATE, rank);
        struct rg_bytes leaf;
        expected += version != NULL && rg_certificate_leaf(rg_message_body(version), &leaf) &&
                    rg_is_expected(session, leaf);
    }
    return expected <= 1 || came_together(flight[CERTIFICATE], flight[KEY_EXCHANGE]);
}

/* Whether our flight 5 answers just this already, or something that is not given up for it. */
static bool is_ruled_out(const struct rg_candidate *candidate,
                         const struct rg_message *const *flight) {
    bool certificate = flight[CERTIFICATE]->serial == candidate->used_certificate;
    bool request = flight[CERTIFICATE_REQUEST]->serial == candidate->used_request;
    return candidate->used_request != 0 &&
           ((certificate && request) || (candidate->settled_certificate && !certificate) ||
            (candidate->settled_request && !request));
}

enum trust { TRUSTED_ONLY, ANY };

static void accept_flight(struct rg_candidate *candidate, unsigned first,
                          const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    candidate->stage = RG_STAGE_FINISHED;
    candidate->used_certificate = flight[CERTIFICATE]->serial;
    candidate->used_request = flight[CERTIFICATE_REQUEST]->serial;
    candidate->settled_certificate = came_together(flight[CERTIFICATE], flight[KEY_EXCHANGE]);
    candidate->settled_request = is_request_trusted(&session->messages, first, flight);
    rg_heard(session, candidate);
    rg_candidate_flight_left(candidate);
    rg_guard_release_held(session); /* the last: the candidate may be gone after it */
}

/* Looks at some combinations that are new since `tried`, from where the last look ended; true when
 * flight 5 has left. `*finished`: there are no more. */
static bool try_flights(struct rg_candidate *candidate, unsigned first, enum trust trust,
                        uint64_t tried, bool *finished) {
    const struct rtpgate_session *session = candidate->session;
    const struct rg_messages *messages = &session->messages;
    int tries = 0;
    for (unsigned i = 0; i < COMBINATIONS; i++) {
        const struct rg_message *flight[FLIGHT4];
        unsigned n = (candidate->cursor + i) % COMBINATIONS;
        if (!rg_messages_pick(messages, first, flight4, FLIGHT4, n, flight) ||
            newest(flight) <= tried || is_ruled_out(candidate, flight)) {
            continue;
        }
        if (trust == TRUSTED_ONLY && !(is_request_trusted(messages, first, flight) &&
                                       is_certificate_trusted(session, first, flight))) {
            /* The network has turned the messages around, or the genuine one is on its way. */
            rg_flight_hurry(&candidate->flight, session->now);
            continue;
        }
        if (tries++ == TRIES_MAX) {
            candidate->cursor = n;
            *finished = false;
            return false;
        }
        if (is_plausible(candidate, flight) && try_flight(candidate, first, flight)) {
            candidate->cursor = (n + 1) % COMBINATIONS; /* in silence the others get their turn */
            accept_flight(candidate, first, flight);
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

static bool search(struct rtpgate_session *session, enum trust trust) {
    struct rg_candidate *candidate = only(session);
    uint64_t tried = trust == ANY ? 0 : candidate->tried;
    bool finished = true;
    unsigned last = candidate->request != NULL ? 1 : 0;
    for (unsigned first = 0; first <= last; first++) {
        if (try_flights(candidate, first, trust, tried, &finished)) {
            return true;
        }
        look_for_missing_request(session, first, tried);
    }
    if (finished) {
        candidate->tried = session->messages.completed;
        candidate->cursor = 0;
    }
    return false;
}

void rg_client_advance(struct rtpgate_session *session) {
    const struct rg_candidate *candidate = only(session);
    if (candidate == NULL || candidate->stage != RG_STAGE_HELLO) {
        return;
    }
    const struct rg_message *request =
        rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, 0);
    if (request != NULL && request->serial > candidate->tried) {
        take_request(session, request);
    }
    (void)search(session, TRUSTED_ONLY);
}

/* Silence: perhaps we believed the wrong HelloVerifyRequest or CertificateRequest, or none that is
 * genuine. */
bool rg_client_expire(struct rtpgate_session *session) {
    struct rg_candidate *candidate = only(session);
    bool patient = candidate->flight.losses < LOSSES_BEFORE_OTHERS;
    if (candidate->engine == NULL) {
        (void)reopen(candidate, candidate->request != NULL);
    }
    if (candidate->stage == RG_STAGE_HELLO && session->request_waits != 0 &&
        (candidate->request == NULL || !patient)) {
        obey(session, request_with(session, session->request_waits));
        return true;
    }
    return (candidate->stage == RG_STAGE_HELLO || !patient) && search(session, ANY);
}

/* A repeated HelloVerifyRequest that we have not obeyed is the genuine one, most likely. */
static void repeated_request(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    struct rg_candidate *candidate = only(session);
    for (unsigned rank = 0; rank < RG_VARIANTS && candidate->stage == RG_STAGE_HELLO; rank++) {
        const struct rg_message *request =
            rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, rank);
        if (request == NULL || !rg_message_agrees(request, fragment)) {
            continue;
        }
        if (is_obeyed(candidate, request)) {
            rg_candidate_answer(candidate);
        } else if (session->request_waits == 0) {
            session->request_waits = request->serial;
        }
    }
}

void rg_client_repeated(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    struct rg_candidate *candidate = only(session);
    if (candidate == NULL || candidate->stage == RG_STAGE_DONE) {
        return;
    }
    if (fragment->type == RG_HELLO_VERIFY_REQUEST) {
        repeated_request(session, fragment);
    } else if (candidate->stage == RG_STAGE_HELLO) {
        rg_client_advance(session); /* goes on where the last look ended */
    } else {
        rg_still_there(session, candidate);
        if (fragment->total > 0) { /* anybody can forge a ServerHelloDone */
            rg_follow(session, candidate, session->from);
        }
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
