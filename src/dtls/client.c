#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/flight4.h"
#include "wire/handshake.h"

enum {
    LOSSES_BEFORE_OTHERS = 4, /* after which other messages get their chance */
    /* The same for another cookie when a part of flight 4 is there: the server has accepted ours,
     * and its timer may be that of RFC 6347. */
    LOSSES_BEFORE_OTHER_COOKIE = 7,
    /* And behind flight 5 when nothing shows that somebody forges: some servers end at a hello. */
    LOSSES_BEFORE_OTHER_HELLO = 5,
    REQUEST_LONGEST = 3 + 255,
    COOKIE_LONGEST = 32,
    SIGNED_PIECE_MIN = 32, /* curve, group and length are 4 bytes that anybody knows */
};

/* Its handshake is over, and it is not whom we expect. */
static bool is_strangers(const struct rg_candidate *candidate) {
    return candidate->stage == RG_STAGE_DONE && candidate->doubted;
}

/* The oldest attempt. It is never given up for another one: its peer may have accepted it. */
static struct rg_candidate *first(const struct rtpgate_session *session) {
    struct rg_candidate *oldest = NULL;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && !is_strangers(candidate) &&
            (oldest == NULL || candidate->made_at < oldest->made_at)) {
            oldest = candidate;
        }
    }
    return oldest;
}

bool rg_client_takes(const struct rtpgate_session *session, const struct rg_fragment *fragment) {
    const struct rg_candidate *candidate = first(session);
    if (candidate == NULL) {
        return false;
    }
    if (fragment->type == RG_HELLO_VERIFY_REQUEST) {
        return fragment->sequence == 0 && fragment->total <= REQUEST_LONGEST;
    }
    return rg_flight4_fits(fragment, 0) ||
           (candidate->request != NULL && rg_flight4_fits(fragment, 1));
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

/* Sends the ClientHello with the cookie of a HelloVerifyRequest. */
static bool obey(struct rtpgate_session *session, const struct rg_message *request) {
    struct rg_candidate *candidate = first(session);
    bool fresh = candidate->pristine && !candidate->cookie;
    bool again = candidate->request != NULL;
    if ((!fresh && !rg_flight4_reopen(candidate, false)) ||
        !keep_request(candidate, rg_message_whole(request))) {
        return false;
    }
    if (rg_candidate_message(candidate, rg_message_whole(request)) != RG_ENGINE_HANDSHAKE) {
        session->stats.dropped_forged++;
        rg_free(candidate->request);
        candidate->request = NULL;
        (void)rg_flight4_reopen(candidate, false);
        return false;
    }
    candidate->cookie = true;
    if (!again) { /* or it is we who waited */
        rg_candidate_answered(candidate);
    }
    session->request_waits = false;
    session->asked_again = false;
    session->at_arrival = again && !session->at_arrival;
    if (!rg_has_mismatch(session)) {
        rg_heard(session, candidate);
    } else if (!again) { /* once: a server that wants a cookie may be there */
        session->bad_news.since = session->now;
    }
    rg_candidate_flight_left(candidate);
    return true;
}

static bool is_obeyed(const struct rg_candidate *candidate, const struct rg_message *request) {
    struct rg_bytes whole = rg_message_whole(request);
    return candidate->request != NULL && candidate->request_length == whole.length &&
           memcmp(candidate->request, whole.at, whole.length) == 0;
}

/* RFC 6347 4.2.1; of cookies GnuTLS takes but short ones. */
static bool is_sound(const struct rg_message *request) {
    struct rg_bytes cookie;
    return rg_hello_verify_request_parse(rg_message_body(request), &cookie) &&
           cookie.length <= COOKIE_LONGEST;
}

static bool part_of_flight4_came(const struct rg_candidate *candidate) {
    const struct rtpgate_session *session = candidate->session;
    for (unsigned i = 0; i < RG_FLIGHT4; i++) {
        for (unsigned v = 0; v < RG_VARIANTS; v++) {
            const struct rg_message *message = &session->messages.slots[i][v];
            if (message->bytes != NULL && message->type != RG_HELLO_VERIFY_REQUEST &&
                (message->serial == 0 || message->serial > candidate->known)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether more of a flight 4 that has begun may still come. */
static bool awaits_flight4(const struct rg_candidate *candidate) {
    return part_of_flight4_came(candidate) && candidate->flight.losses < LOSSES_BEFORE_OTHER_COOKIE;
}

/* Whether the request that was obeyed may have been the wrong one. */
static bool may_obey_another(const struct rg_candidate *candidate) {
    return candidate->request != NULL &&
           rg_candidate_is_unanswered(candidate, LOSSES_BEFORE_OTHERS) &&
           !awaits_flight4(candidate);
}

/*
 * Anybody can forge a HelloVerifyRequest, and a server that did not send it may end at a hello with
 * its cookie. The one that did has nothing else to say, and says it again when our hello comes
 * again.
 */
static void consider(struct rtpgate_session *session, const struct rg_message *request) {
    const struct rg_candidate *candidate = first(session);
    if (!is_sound(request)) {
        session->stats.dropped_malformed++;
    } else if (is_obeyed(candidate, request)) {
        return;
    } else if (candidate->request == NULL ? session->asked_again && !awaits_flight4(candidate)
                                          : session->at_arrival && may_obey_another(candidate)) {
        (void)obey(session, request);
    } else {
        session->request_waits = true;
    }
}

/* The attempt beside the first one that has not taken a flight 4 yet. */
static struct rg_candidate *waiting(const struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate != first(session) &&
            candidate->stage == RG_STAGE_HELLO) {
            return candidate;
        }
    }
    return NULL;
}

void rg_client_advance(struct rtpgate_session *session) {
    struct rg_candidate *candidate = first(session);
    if (candidate == NULL) {
        return;
    }
    if (candidate->stage != RG_STAGE_HELLO) {
        struct rg_candidate *another = waiting(session);
        if (another != NULL) {
            (void)rg_flight4_search(another, false);
        }
        return;
    }
    const struct rg_message *request =
        rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, 0);
    if (request != NULL && request->serial > candidate->tried) {
        consider(session, request);
    }
    (void)rg_flight4_search(candidate, true);
}

/* Each time another one, and once in a round none: nothing tells which is genuine. */
static const struct rg_message *another_request(struct rtpgate_session *session) {
    for (unsigned i = 0; i < RG_VARIANTS; i++) {
        unsigned rank = session->turn++ % (RG_VARIANTS + 1);
        const struct rg_message *request =
            rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, rank);
        if (rank == RG_VARIANTS) {
            return NULL;
        }
        if (request != NULL && !is_obeyed(first(session), request) && is_sound(request)) {
            return request;
        }
    }
    return NULL;
}

/* The request that was obeyed may have been forged: now another one is obeyed, or the hello is sent
 * with and without its cookie in turn, for a server that has never asked for one. */
static bool doubt_request(struct rtpgate_session *session) {
    struct rg_candidate *candidate = first(session);
    const struct rg_message *request = session->request_waits ? another_request(session) : NULL;
    if (request != NULL) {
        return obey(session, request);
    }
    (void)rg_flight4_reopen(candidate, !candidate->cookie);
    return false;
}

/* Silence: perhaps we believed the wrong HelloVerifyRequest, or none that is genuine, or what is
 * there was not trusted. */
bool rg_client_expire(struct rg_candidate *candidate) {
    struct rtpgate_session *session = candidate->session;
    if (candidate->engine == NULL) {
        (void)rg_flight4_reopen(candidate, candidate->request != NULL);
    }
    if (candidate->stage != RG_STAGE_HELLO) {
        /* A server that takes but one flight 5 shall see the most trusted one first. */
        struct rg_candidate *leader = first(session);
        if (leader != NULL && leader != candidate && leader->stage == RG_STAGE_FINISHED &&
            !candidate->flight.owed) {
            rg_candidate_retransmit(leader);
        }
        return false;
    }
    if (candidate == first(session)) {
        if (may_obey_another(candidate) && doubt_request(session)) {
            return true;
        }
        /* Before that a server that wants no cookie cannot have answered. */
        session->asked_again =
            session->request_waits && session->now - session->began >= session->rtt;
        candidate->tried = 0;
    }
    return rg_flight4_search(candidate, false);
}

/* Whether every attempt has sent a flight 5, and nobody answers it; sooner when somebody forges. */
static bool is_silent(const struct rtpgate_session *session) {
    unsigned losses = rg_messages_is_disputed(&session->messages) ? LOSSES_BEFORE_OTHERS
                                                                  : LOSSES_BEFORE_OTHER_HELLO;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && !is_strangers(candidate) &&
            (candidate->stage != RG_STAGE_FINISHED ||
             !rg_candidate_is_unanswered(candidate, losses))) {
            return false;
        }
    }
    return first(session) != NULL;
}

/* A free place, or that of the oldest attempt but the first. */
static struct rg_candidate **place(struct rtpgate_session *session) {
    struct rg_candidate **oldest = NULL;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate **here = &session->candidates[i];
        if (*here == NULL) {
            return here;
        }
        if (*here != first(session) && (oldest == NULL || (*here)->made_at < (*oldest)->made_at)) {
            oldest = here;
        }
    }
    return oldest;
}

/* The same hello once more. It brings no hope of its own: nobody was heard. */
static struct rg_candidate *attempt(struct rtpgate_session *session,
                                    const struct rg_candidate *model) {
    const struct rg_bytes request = {model->request, model->request_length};
    struct rg_candidate **where = place(session);
    struct rg_candidate *candidate = rg_candidate_new(session);
    if (candidate == NULL) {
        return NULL;
    }
    memcpy(candidate->random, model->random, sizeof(candidate->random));
    candidate->doubted = model->doubted;
    candidate->unheard = model->unheard;
    candidate->known = session->messages.completed;
    candidate->cursor = session->combination;
    candidate->rto_least = rg_candidate_slower(session);
    candidate->answers_least = model->flight.answers;
    if ((request.at != NULL && !keep_request(candidate, request)) ||
        !rg_flight4_reopen(candidate, request.at != NULL)) {
        rg_candidate_free(candidate);
        return NULL;
    }
    if (*where != NULL) {
        rg_candidate_drop(session, *where);
    }
    *where = candidate;
    return candidate;
}

static void look_further(struct rg_candidate *candidate) {
    if (candidate != NULL && !rg_flight4_search(candidate, false)) {
        rg_candidate_retransmit(candidate);
        rg_candidate_flight_left(candidate);
    }
}

/*
 * Nobody answers our flight 5: something that is not signed was forged or damaged, in the flight 4
 * that it answers or in our hello. So another flight 4 is answered beside it, or the hello sent
 * again to have one.
 */
void rg_client_explore(struct rtpgate_session *session) {
    if (is_silent(session)) {
        look_further(attempt(session, first(session)));
    }
}

static bool is_only_attempt(const struct rtpgate_session *session,
                            const struct rg_candidate *candidate) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *other = session->candidates[i];
        if (other != NULL && other != candidate && !is_strangers(other)) {
            return false;
        }
    }
    return true;
}

/* A stranger has answered our hello before whom we expect, whose flight 4 may be here or come: our
 * hello leaves at once, however slow its timer has become. */
void rg_client_begin_again(struct rtpgate_session *session, struct rg_candidate *stranger,
                           bool keep) {
    if (stranger->stage == RG_STAGE_DONE) { /* or the next fingerprint may be his */
        rg_flight4_retire(stranger);
    }
    session->slowness = 0; /* that was his */
    if (is_only_attempt(session, stranger)) {
        (void)attempt(session, stranger);
    }
    if (!keep) {
        rg_candidate_drop(session, stranger);
    }
    struct rg_candidate *candidate = first(session);
    if (candidate != NULL && candidate->stage == RG_STAGE_FINISHED) {
        candidate = waiting(session);
    }
    if (candidate != NULL && candidate->stage == RG_STAGE_HELLO) {
        candidate->rto_least = 0;
        look_further(candidate);
    }
}

/* It does want the cookie (see doubt_request): a flight of its own, or our timer would doubt that
 * at once, but as slow as we have become, and with no more answers. */
static void send_cookie_again(struct rg_candidate *candidate) {
    uint64_t rto_least = candidate->rto_least;
    unsigned answers_least = candidate->answers_least;
    candidate->rto_least = candidate->flight.rto;
    candidate->answers_least = candidate->flight.answers;
    rg_candidate_retransmit(candidate);
    rg_candidate_flight_left(candidate);
    candidate->rto_least = rto_least;
    candidate->answers_least = answers_least;
}

/* The server asks for a cookie, still or again. */
static void repeated_request(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    struct rg_candidate *candidate = first(session);
    for (unsigned rank = 0; rank < RG_VARIANTS && candidate->stage == RG_STAGE_HELLO; rank++) {
        const struct rg_message *request =
            rg_messages_get(&session->messages, 0, RG_HELLO_VERIFY_REQUEST, rank);
        if (request == NULL || !rg_message_agrees(request, fragment)) {
            continue;
        }
        rg_still_there(session, candidate);
        if (is_obeyed(candidate, request)) {
            if (!candidate->cookie && rg_flight4_reopen(candidate, true)) {
                send_cookie_again(candidate);
            } else {
                rg_candidate_answer(candidate);
            }
        } else {
            consider(session, request);
        }
    }
}

/* Of what a server repeats, a piece of its signature alone cannot be known beforehand, if it is
 * that which the candidate has seen to be genuine. */
static bool is_unforgeable(const struct rg_candidate *candidate,
                           const struct rg_fragment *fragment) {
    for (unsigned rank = 0; rank < RG_VARIANTS; rank++) {
        const struct rg_message *message = rg_messages_get(
            &candidate->session->messages, fragment->sequence, RG_SERVER_KEY_EXCHANGE, rank);
        if (message != NULL && message->serial == candidate->used[2] &&
            rg_message_agrees(message, fragment)) {
            return fragment->body.length >= SIGNED_PIECE_MIN;
        }
    }
    return false;
}

static void answer_flight4(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage == RG_STAGE_FINISHED) {
            rg_still_there(session, candidate);
            if (is_unforgeable(candidate, fragment)) {
                rg_follow(session, candidate, session->from);
            }
            rg_candidate_answer(candidate);
        }
    }
}

void rg_client_repeated(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    const struct rg_candidate *candidate = first(session);
    if (candidate == NULL || candidate->stage == RG_STAGE_DONE) {
        return;
    }
    if (fragment->type == RG_HELLO_VERIFY_REQUEST) {
        repeated_request(session, fragment);
        return;
    }
    answer_flight4(session, fragment);
    session->whole = true; /* the search goes on where the last look ended */
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
