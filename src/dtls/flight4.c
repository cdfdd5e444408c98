#include "dtls/flight4.h"

#include <string.h>

#include "dtls/proof.h"
#include "wire/handshake.h"

enum {
    TRIES_MAX = 16, /* combinations that are looked at in one go */
    COMBINATIONS = 243,
    STRANGERS = 27, /* of them, those with the newest of what follows the ServerKeyExchange */
    PARAMETERS_MAX = 3 + 256, /* curve_type, group, public key */
};

static const uint8_t types[RG_FLIGHT4] = {RG_SERVER_HELLO, RG_CERTIFICATE, RG_SERVER_KEY_EXCHANGE,
                                          RG_CERTIFICATE_REQUEST, RG_SERVER_HELLO_DONE};
static const uint32_t longest[RG_FLIGHT4] = {1024, 12288, 2048, 8192, 0};

enum { SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, CERTIFICATE_REQUEST, HELLO_DONE };

bool rg_flight4_fits(const struct rg_fragment *fragment, unsigned first) {
    unsigned at = fragment->sequence - first;
    if (fragment->sequence < first || at >= RG_FLIGHT4) {
        return false;
    }
    /* A server that asks for no certificate sends ServerHelloDone one place early. */
    bool early_end = at == CERTIFICATE_REQUEST && fragment->type == RG_SERVER_HELLO_DONE;
    return (fragment->type == types[at] || early_end) &&
           fragment->total <= longest[early_end ? HELLO_DONE : at];
}

bool rg_flight4_reopen(struct rg_candidate *candidate, bool cookie) {
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

/* A ServerKeyExchange (RFC 8422 5.4). */
struct key_exchange {
    struct rg_bytes parameters;
    uint16_t scheme;
    struct rg_bytes signature;
};

static bool parse_key_exchange(const struct rg_message *message, struct key_exchange *out) {
    struct rg_bytes body = rg_message_body(message);
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    (void)rg_read_u24(&reader); /* curve_type, group */
    (void)rg_read_vector8(&reader);
    out->parameters = (struct rg_bytes){body.at, body.length - reader.left};
    out->scheme = rg_read_u16(&reader);
    out->signature = rg_read_vector16(&reader);
    return rg_reader_finished(&reader) && out->parameters.length <= PARAMETERS_MAX;
}

/* The server owns the key of its certificate when that signed our random. */
static bool proves(const struct rg_candidate *candidate, struct rg_bytes leaf,
                   struct rg_bytes random, const struct key_exchange *exchange) {
    uint8_t data[2 * RG_RANDOM + PARAMETERS_MAX];
    const size_t randoms = (size_t)2 * RG_RANDOM;
    memcpy(data, candidate->random, RG_RANDOM);
    memcpy(data + RG_RANDOM, random.at, RG_RANDOM);
    memcpy(data + randoms, exchange->parameters.at, exchange->parameters.length);
    return rg_proof_holds(leaf, exchange->scheme,
                          (struct rg_bytes){data, randoms + exchange->parameters.length},
                          exchange->signature);
}

static uint64_t newest(const struct rg_message *const *flight) {
    uint64_t serial = 0;
    for (size_t i = 0; i < RG_FLIGHT4; i++) {
        serial = flight[i]->serial > serial ? flight[i]->serial : serial;
    }
    return serial;
}

/* What a version is worth on its own, found out once in a look: junk in other messages must not
 * multiply what it costs, nor hide the genuine ones behind as many combinations. */
enum worth { UNKNOWN, WORTHLESS, UNEXPECTED, PLAUSIBLE };

struct look {
    enum worth hellos[RG_VARIANTS];
    enum worth leaves[RG_VARIANTS];
    enum worth exchanges[RG_VARIANTS];
    int tries;
};

static enum worth judge_hello(struct rg_candidate *candidate, const struct rg_message *message) {
    struct rtpgate_session *session = candidate->session;
    struct rg_server_hello hello;
    char text[RG_TEXT];
    if (!rg_server_hello_parse(rg_message_body(message), &hello)) {
        session->stats.dropped_malformed++;
        return WORTHLESS;
    }
    int cause = rg_vet_server_hello(session->config, &hello, text);
    if (cause == 0) {
        return PLAUSIBLE;
    }
    rg_candidate_doubt(candidate);
    session->stats.dropped_hello++;
    rg_advise(session, cause, 0, text);
    return WORTHLESS;
}

static enum worth judge_leaf(struct rg_candidate *candidate, const struct rg_message *message) {
    struct rg_bytes leaf;
    if (!rg_certificate_leaf(rg_message_body(message), &leaf) || leaf.length == 0) {
        candidate->session->stats.dropped_malformed++;
        return WORTHLESS;
    }
    return rg_is_expected(candidate->session, leaf) ? PLAUSIBLE : UNEXPECTED;
}

static enum worth judge_exchange(struct rg_candidate *candidate, const struct rg_message *message) {
    struct key_exchange exchange;
    if (!parse_key_exchange(message, &exchange)) {
        candidate->session->stats.dropped_malformed++;
        return WORTHLESS;
    }
    return PLAUSIBLE;
}

/* Of combination `n`: the right hello, the right certificate? */
static enum worth worth(struct rg_candidate *candidate, struct look *look, unsigned n,
                        const struct rg_message *const *flight) {
    enum worth *hello = &look->hellos[n % RG_VARIANTS];
    enum worth *leaf = &look->leaves[n / RG_VARIANTS % RG_VARIANTS];
    enum worth *exchange = &look->exchanges[n / (RG_VARIANTS * RG_VARIANTS) % RG_VARIANTS];
    if (*hello == UNKNOWN) {
        *hello = judge_hello(candidate, flight[SERVER_HELLO]);
    }
    if (*hello == PLAUSIBLE && *exchange == UNKNOWN) {
        *exchange = judge_exchange(candidate, flight[KEY_EXCHANGE]);
    }
    if (*hello == WORTHLESS || *exchange == WORTHLESS) {
        return WORTHLESS;
    }
    if (*leaf == UNKNOWN) {
        *leaf = judge_leaf(candidate, flight[CERTIFICATE]);
    }
    return *leaf;
}

/* Somebody who owns another certificate answers; what comes after the ServerKeyExchange says no
 * more about that. */
static void note_stranger(struct rg_candidate *candidate, const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    struct rg_server_hello hello;
    struct rg_bytes leaf;
    struct key_exchange exchange;
    if (parse_key_exchange(flight[KEY_EXCHANGE], &exchange) &&
        rg_server_hello_parse(rg_message_body(flight[SERVER_HELLO]), &hello) &&
        rg_certificate_leaf(rg_message_body(flight[CERTIFICATE]), &leaf) &&
        rg_may_prove(session, RG_CHECK_STRANGERS) &&
        proves(candidate, leaf, hello.random, &exchange)) {
        rg_candidate_doubt(candidate);
        rg_advise_mismatch(session, leaf);
    }
}

static bool is_acceptable(const struct rg_message *const *flight) {
    struct rg_bytes leaf;
    struct key_exchange exchange;
    return parse_key_exchange(flight[KEY_EXCHANGE], &exchange) &&
           rg_certificate_leaf(rg_message_body(flight[CERTIFICATE]), &leaf) &&
           rg_proof_key_is_acceptable(leaf, exchange.scheme);
}

/* Shows the combination to an engine that has only sent its hello; true when it made flight
 * 5 of it. */
static bool show(struct rg_candidate *candidate, unsigned first,
                 const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    bool cookie = first == 1;
    bool fresh = candidate->pristine && candidate->cookie == cookie;
    if (!fresh && !rg_flight4_reopen(candidate, cookie)) {
        return false;
    }
    /* Flight 5 goes to whoever signed; anybody can forge what is not signed. */
    uint64_t before = candidate->flight.path;
    uint64_t path = flight[KEY_EXCHANGE]->origin.path;
    candidate->pristine = false;
    candidate->flight.path = session->path_fixed ? before : path;
    for (size_t i = 0; i < RG_FLIGHT4; i++) {
        struct rg_bytes message = rg_message_whole(flight[i]);
        rg_candidate_learn(candidate, message);
        if (rg_candidate_message(candidate, message) != RG_ENGINE_HANDSHAKE) {
            session->stats.dropped_forged++;
            candidate->flight.path = before;
            (void)rg_flight4_reopen(candidate, candidate->request != NULL);
            return false;
        }
    }
    rg_follow(session, candidate, path);
    return true;
}

/* The first time, or when they were repeated; nobody else can repeat a ServerKeyExchange in one
 * piece without reading it. */
static bool came_together(const struct rg_message *a, const struct rg_message *b) {
    return a->origin.datagram == b->origin.datagram || a->again.datagram == b->again.datagram;
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

/*
 * Who does not read the path hardly hits the moment between two datagrams of one flight: of what is
 * not signed the last Certificate before the ServerKeyExchange and the first CertificateRequest
 * after it are the genuine ones, most likely.
 */
static bool is_nearest(const struct rtpgate_session *session, unsigned first,
                       const struct rg_message *const *flight) {
    uint64_t certificate = flight[CERTIFICATE]->serial;
    uint64_t exchange = flight[KEY_EXCHANGE]->serial;
    uint64_t request = flight[CERTIFICATE_REQUEST]->serial;
    bool nearest = certificate < exchange && exchange < request;
    for (unsigned rank = 0; rank < RG_VARIANTS && nearest; rank++) {
        const struct rg_message *other =
            rg_messages_get(&session->messages, first + CERTIFICATE, RG_CERTIFICATE, rank);
        struct rg_bytes leaf;
        bool between = other != NULL && certificate < other->serial && other->serial < exchange;
        nearest = !between || !rg_certificate_leaf(rg_message_body(other), &leaf) ||
                  !rg_is_expected(session, leaf);
        other = rg_messages_get(&session->messages, first + CERTIFICATE_REQUEST,
                                RG_CERTIFICATE_REQUEST, rank);
        between = other != NULL && exchange < other->serial && other->serial < request;
        nearest = nearest && !between;
    }
    return nearest;
}

/* The same when some of them had come before, be it from the server or as copies: nobody else can
 * repeat a ServerKeyExchange, so these were its neighbours when the server sent it last. */
static bool is_beside(const struct rg_message *const *flight) {
    const struct rg_message *exchange = flight[KEY_EXCHANGE];
    return exchange->before == flight[CERTIFICATE]->serial &&
           exchange->after == flight[CERTIFICATE_REQUEST]->serial;
}

static bool is_same(const uint64_t *used, const struct rg_message *const *flight) {
    for (size_t i = 0; i < RG_FLIGHT4; i++) {
        if (used[i] != flight[i]->serial) {
            return false;
        }
    }
    return true;
}

/* Whether a flight 5 of ours answers just this already, or did until its handshake was over. */
static bool is_used(const struct rtpgate_session *session, const struct rg_message *const *flight) {
    if (flight[KEY_EXCHANGE]->taken) {
        return true;
    }
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL && is_same(session->candidates[i]->used, flight)) {
            return true;
        }
    }
    return false;
}

void rg_flight4_retire(const struct rg_candidate *candidate) {
    struct rg_messages *messages = &candidate->session->messages;
    for (unsigned i = 0; i < 2 * RG_VARIANTS; i++) {
        unsigned sequence = i / RG_VARIANTS + KEY_EXCHANGE;
        const struct rg_message *message =
            rg_messages_get(messages, sequence, RG_SERVER_KEY_EXCHANGE, i % RG_VARIANTS);
        if (message != NULL && message->serial == candidate->used[KEY_EXCHANGE]) {
            rg_messages_take(messages, message);
        }
    }
}

static void accept(struct rg_candidate *candidate, const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    for (size_t i = 0; i < RG_FLIGHT4; i++) {
        candidate->used[i] = flight[i]->serial;
    }
    candidate->stage = RG_STAGE_FINISHED;
    if (newest(flight) > candidate->known) {
        rg_candidate_answered(candidate);
        rg_heard(session, candidate);
    }
    rg_candidate_flight_left(candidate);
    rg_guard_release_held(session); /* the last: the candidate may be gone after it */
}

enum trial { NEXT, LATER, TAKEN };

/* LATER: no more signature may be checked now. */
static enum trial try_flight(struct rg_candidate *candidate, unsigned first,
                             const struct rg_message *const *flight) {
    if (!is_acceptable(flight)) {
        return NEXT;
    }
    if (!rg_may_prove(candidate->session, RG_CHECK_FIRST)) {
        return LATER;
    }
    if (!show(candidate, first, flight)) {
        return NEXT;
    }
    accept(candidate, flight);
    return TAKEN;
}

static bool is_trusted(const struct rtpgate_session *session, unsigned first,
                       const struct rg_message *const *flight) {
    return is_request_trusted(&session->messages, first, flight) &&
           is_certificate_trusted(session, first, flight);
}

enum kind { TRUSTED, BESIDE, NEAREST, OTHERS /* than these two */, ANY };

static bool is_of(enum kind kind, const struct rtpgate_session *session, unsigned first,
                  const struct rg_message *const *flight) {
    switch (kind) {
    case BESIDE:
        return is_beside(flight);
    case NEAREST:
        return !is_beside(flight) && is_nearest(session, first, flight);
    case OTHERS:
        return !is_beside(flight) && !is_nearest(session, first, flight);
    default:
        return true;
    }
}

/* These are few, and looked at from the first each time. */
static bool is_likely(enum kind kind) {
    return kind == BESIDE || kind == NEAREST;
}

/* Combination `n` of this look, if it is of the `kind`. */
static enum trial look_at(struct rg_candidate *candidate, struct look *look, unsigned first,
                          unsigned n, enum kind kind) {
    struct rtpgate_session *session = candidate->session;
    const struct rg_message *flight[RG_FLIGHT4];
    if (!rg_messages_pick(&session->messages, first, types, RG_FLIGHT4, n, flight) ||
        newest(flight) <= candidate->tried || is_used(session, flight)) {
        return NEXT;
    }
    enum worth value = worth(candidate, look, n, flight);
    if (value == UNEXPECTED && n < STRANGERS && !is_likely(kind)) {
        note_stranger(candidate, flight);
    }
    if (value != PLAUSIBLE || !is_of(kind, session, first, flight)) {
        return NEXT;
    }
    if (kind == TRUSTED && !is_trusted(session, first, flight)) {
        /* The network has turned the messages around, or the genuine one is on its way. */
        rg_flight_hurry(&candidate->flight, session->now);
        return NEXT;
    }
    return look->tries++ == TRIES_MAX ? LATER : try_flight(candidate, first, flight);
}

/* Looks at some combinations that are new, from where the last look ended. */
static enum trial try_flights(struct rg_candidate *candidate, unsigned first, enum kind kind) {
    struct rtpgate_session *session = candidate->session;
    struct look look = {.tries = 0};
    for (unsigned i = 0; i < COMBINATIONS; i++) {
        unsigned n = ((is_likely(kind) ? 0 : candidate->cursor) + i) % COMBINATIONS;
        enum trial trial = look_at(candidate, &look, first, n, kind);
        if (trial == TAKEN) {
            session->combination = n + 1; /* the candidate may be gone */
            return TAKEN;
        }
        if (trial == LATER) {
            candidate->cursor = is_likely(kind) ? candidate->cursor : n;
            return LATER;
        }
    }
    return NEXT;
}

static void look_for_missing_request(struct rg_candidate *candidate, unsigned first) {
    struct rtpgate_session *session = candidate->session;
    const struct rg_messages *messages = &session->messages;
    const struct rg_message *end =
        rg_messages_get(messages, first + CERTIFICATE_REQUEST, RG_SERVER_HELLO_DONE, 0);
    if (end != NULL && end->serial > candidate->tried &&
        rg_messages_get(messages, first, RG_SERVER_HELLO, 0) != NULL) {
        rg_candidate_doubt(candidate);
        rg_advise(session, RTPGATE_ERR_NO_CERTIFICATE, 0,
                  "the server does not ask for our certificate (RFC 5763 5)");
    }
}

/* NEXT when nothing of that kind is left. */
static enum trial search(struct rg_candidate *candidate, enum kind kind) {
    enum trial result = NEXT;
    unsigned last = candidate->request != NULL ? 1 : 0;
    for (unsigned first = 0; first <= last && result != TAKEN; first++) {
        enum trial trial = try_flights(candidate, first, kind);
        result = trial != NEXT ? trial : result;
        if (trial != TAKEN) {
            look_for_missing_request(candidate, first);
        }
    }
    return result;
}

bool rg_flight4_search(struct rg_candidate *candidate, bool trusted_only) {
    enum trial result = search(candidate, trusted_only ? TRUSTED : BESIDE);
    if (result == NEXT && !trusted_only) {
        result = search(candidate, NEAREST);
    }
    if (result != TAKEN && !trusted_only) {
        result = search(candidate, result == NEXT ? OTHERS : ANY);
    }
    if (result == NEXT) {
        candidate->tried = candidate->session->messages.completed;
        candidate->cursor = 0;
    }
    return result == TAKEN;
}
