#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "dtls/flight5.h"
#include "wire/handshake.h"

/* Microseconds. */
enum { HELLO_PATIENCE = 300000, HELLO_PAUSE = 10000, SHARING_AGE = 300000 };
/* What failed once may have failed for want of memory. */
enum { REFUSALS = 2 };

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

static bool fits(const struct rg_fragment *fragment, unsigned first) {
    unsigned at = fragment->sequence - first;
    return fragment->sequence >= first && at < sizeof(client_sends) / sizeof(client_sends[0]) &&
           fragment->type == client_sends[at].type && fragment->total <= client_sends[at].longest;
}

/* A client that has obeyed a HelloVerifyRequest, be it forged, numbers its messages from 1. */
bool rg_server_takes(const struct rtpgate_session *session, const struct rg_fragment *fragment) {
    (void)session;
    return fits(fragment, 0) || fits(fragment, 1);
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

static bool may_go(const struct rtpgate_session *session, const struct rg_candidate *candidate) {
    bool old = session->now - candidate->made_at >= RG_CANDIDATE_AGE;
    return (candidate->stage == RG_STAGE_HELLO && old) ||
           (candidate->stage == RG_STAGE_DONE && candidate->doubted) ||
           /* Anybody can prove a certificate of his own while none is expected. */
           (candidate->stage == RG_STAGE_FINISHED && old && session->remote.count == 0);
}

/* Somebody may still take up the answer that he has, or his signature waits for its check, or only
 * his Finished is missing. */
static bool is_expected_soon(const struct rtpgate_session *session,
                             const struct rg_candidate *candidate) {
    uint64_t age = session->now - candidate->made_at;
    if (candidate->stage == RG_STAGE_HELLO && session->proof_due == RTPGATE_NEVER) {
        return age < HELLO_PATIENCE;
    }
    return age < RG_CANDIDATE_AGE && !(candidate->stage == RG_STAGE_DONE && candidate->doubted);
}

/* Anybody can forge a hello, and a client may end at the answer to it: another one from a path on
 * which somebody is expected waits to be repeated. */
static bool must_wait(const struct rtpgate_session *session, uint64_t path) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->from == path && is_expected_soon(session, candidate)) {
            return true;
        }
    }
    return false;
}

static size_t count_from(const struct rtpgate_session *session, uint64_t path, size_t first) {
    size_t count = 0;
    for (size_t i = first; i < RG_CANDIDATES; i++) {
        count += session->candidates[i] != NULL && session->candidates[i]->from == path;
    }
    return count;
}

/* Whoever has both places that rotate gives one to a path that has none. */
static bool must_share(const struct rtpgate_session *session, const struct rg_candidate *candidate,
                       uint64_t path) {
    return candidate->stage == RG_STAGE_HELLO && session->now - candidate->made_at >= SHARING_AGE &&
           count_from(session, path, 0) == 0 && count_from(session, candidate->from, 1) > 1;
}

/* Who has proven a certificate keeps his place as long as somebody has one that rotates for a hello
 * alone. */
static bool is_safe(const struct rtpgate_session *session, const struct rg_candidate *candidate) {
    bool hello = false;
    for (size_t i = 1; i < RG_CANDIDATES; i++) {
        hello = hello ||
                (session->candidates[i] != NULL && session->candidates[i]->stage == RG_STAGE_HELLO);
    }
    return hello && candidate->stage == RG_STAGE_FINISHED;
}

/* A free place, or the oldest that may go. The first keeps its place: nobody who comes later can
 * take it; the others rotate, so that nobody who came earlier can keep them. */
static struct rg_candidate **place(struct rtpgate_session *session, uint64_t path) {
    struct rg_candidate **oldest = NULL;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate **here = &session->candidates[i];
        if (*here == NULL) {
            return here;
        }
        bool rotates = (i > 0 || (*here)->stage != RG_STAGE_HELLO) && !is_safe(session, *here);
        if (rotates && (may_go(session, *here) || must_share(session, *here, path)) &&
            (oldest == NULL || (*here)->made_at < (*oldest)->made_at)) {
            oldest = here;
        }
    }
    return oldest;
}

static int answer_hello(struct rg_candidate *candidate, struct rg_bytes hello) {
    candidate->transcript = rg_alloc(hello.length);
    if (candidate->transcript == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    int status = rg_candidate_open(candidate, NULL);
    if (status != 0) {
        return status;
    }
    memcpy(candidate->transcript, hello.at, hello.length);
    candidate->transcript_length = hello.length;
    candidate->recording = true;
    bool good = rg_candidate_message(candidate, hello) == RG_ENGINE_HANDSHAKE;
    candidate->recording = false;
    if (candidate->transcript == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    return good ? 0 : RTPGATE_ERR_HANDSHAKE;
}

static void begin(struct rtpgate_session *session) {
    if (session->state == RTPGATE_STATE_NEW) {
        session->state = RTPGATE_STATE_HANDSHAKE;
        session->began = session->now;
        session->deadline = rg_time_add(session->now, session->config->deadline);
    }
}

/* The most that the client takes in a record; record_size_limit comes first (RFC 8449 5). */
static uint16_t record_limit(const struct rg_client_hello *hello) {
    return hello->record_limit != 0 ? hello->record_limit : hello->fragment_length;
}

/* A caller that is late finds a hello that somebody forged before the flight 5 that the client sent
 * meanwhile, and an answer could end that client. Nobody else waits: a flood of hellos would drive
 * him out of the memory for messages. */
static bool has_waited(const struct rtpgate_session *session, const struct rg_message *message) {
    return count_from(session, message->again.path, 0) == 0 ||
           (message->waits && session->hello_due == RTPGATE_NEVER);
}

static void let_wait(struct rtpgate_session *session, const struct rg_message *message) {
    uint64_t due = rg_time_add(session->now, HELLO_PAUSE);
    session->hello_due = due < session->hello_due ? due : session->hello_due;
    rg_messages_wait(&session->messages, message, true);
}

static void new_candidate(struct rtpgate_session *session, const struct rg_message *message,
                          const struct rg_client_hello *view, uint16_t profile) {
    struct rg_bytes hello = rg_message_whole(message);
    uint64_t path = message->again.path;
    struct rg_candidate **where = must_wait(session, path) ? NULL : place(session, path);
    if (where != NULL && !has_waited(session, message)) {
        let_wait(session, message);
        return;
    }
    struct rg_candidate *candidate = where == NULL ? NULL : rg_candidate_new(session);
    if (candidate == NULL) {
        session->stats.dropped_hello++;
        return;
    }
    candidate->profile = profile;
    candidate->record_limit = record_limit(view);
    candidate->first = message->sequence;
    rg_follow(session, candidate, path);
    int status = answer_hello(candidate, hello);
    if (status != 0) {
        session->stats.dropped_hello++;
        const char *reason = status == RTPGATE_ERR_HANDSHAKE
                                 ? session->engine->reason(candidate->engine)
                                 : "the engine could not make flight 4";
        rg_advise(session, status, 0, reason);
        rg_candidate_free(candidate);
        if (status == RTPGATE_ERR_HANDSHAKE) {
            rg_messages_refuse(&session->messages, message);
        }
        return;
    }
    if (*where != NULL) {
        rg_candidate_drop(session, *where);
    }
    *where = candidate;
    rg_messages_take(&session->messages, message);
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
    new_candidate(session, message, &hello, profile);
}

/* A new hello, or one that is repeated; one that found no place before may find one now. */
static void look_at_hello(struct rtpgate_session *session, const struct rg_message *message) {
    struct rg_candidate *candidate = find(session, rg_message_whole(message));
    if (candidate == NULL && message->refusals < REFUSALS) {
        take_hello(session, message);
    } else if (candidate != NULL && candidate->stage == RG_STAGE_HELLO) {
        if (!candidate->mismatched) { /* or a client that is not expected would never be told */
            rg_still_there(session, candidate);
        }
        rg_follow(session, candidate, session->from);
        rg_candidate_answer(candidate);
    }
}

static void look_at_hellos(struct rtpgate_session *session, uint64_t seen) {
    for (unsigned n = 0; n < 2 * RG_VARIANTS; n++) {
        const struct rg_message *hello =
            rg_messages_get(&session->messages, n % 2, RG_CLIENT_HELLO, n / 2);
        if (hello != NULL && hello->serial > seen) {
            look_at_hello(session, hello);
        }
    }
}

/* A client that has no certificate says so with an empty list (RFC 5246 7.4.6). */
static void look_for_empty_certificate(struct rg_candidate *candidate, uint64_t seen) {
    struct rtpgate_session *session = candidate->session;
    const struct rg_message *message =
        rg_messages_get(&session->messages, candidate->first + 1, RG_CERTIFICATE, 0);
    struct rg_bytes leaf;
    if (message != NULL && message->serial > seen &&
        rg_certificate_leaf(rg_message_body(message), &leaf) && leaf.length == 0) {
        rg_candidate_doubt(candidate);
        rg_advise(session, RTPGATE_ERR_NO_CERTIFICATE, 0, "the client sent no certificate");
    }
}

static void look_for_flights(struct rtpgate_session *session, uint64_t seen) {
    session->turn++;
    for (size_t i = 0; i < RG_CANDIDATES && session->state < RTPGATE_STATE_READY; i++) {
        struct rg_candidate *candidate = session->candidates[(i + session->turn) % RG_CANDIDATES];
        if (candidate != NULL && candidate->stage == RG_STAGE_HELLO) {
            look_for_empty_certificate(candidate, seen);
            if (!rg_flight5_search(candidate)) {
                /* Another one answers the same hello, for a client that looks at a second flight
                 * 4. */
                look_at_hellos(session, 0);
            }
        }
    }
}

void rg_server_advance(struct rtpgate_session *session) {
    uint64_t seen = session->messages_seen;
    session->messages_seen = session->messages.completed;
    look_at_hellos(session, seen);
    look_for_flights(session, seen);
}

/* Others are expected now: a flight that was not may be, and a hello that found no place before
 * gets one that has become free. */
void rg_server_look_again(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL) {
            rg_flight5_forget(session->candidates[i]);
        }
    }
    look_for_flights(session, session->messages.completed);
    for (unsigned n = 0; n < 2 * RG_VARIANTS; n++) {
        const struct rg_message *hello =
            rg_messages_get(&session->messages, n % 2, RG_CLIENT_HELLO, n / 2);
        if (hello != NULL && !hello->taken) {
            look_at_hello(session, hello);
        }
    }
}

/* Whoever repeats a hello knows its random; all else in it may be known to everybody. */
static bool has_random(const struct rg_fragment *fragment) {
    return fragment->offset <= 2 && fragment->offset + fragment->body.length >= 2 + RG_RANDOM;
}

void rg_server_repeated(struct rtpgate_session *session, const struct rg_fragment *fragment) {
    if (fragment->type != RG_CLIENT_HELLO) {
        session->whole = true; /* the search goes on where the last look ended */
        return;
    }
    if (!has_random(fragment)) {
        return;
    }
    for (unsigned rank = 0; rank < RG_VARIANTS; rank++) {
        const struct rg_message *message =
            rg_messages_get(&session->messages, fragment->sequence, RG_CLIENT_HELLO, rank);
        if (message != NULL && rg_message_agrees(message, fragment)) {
            look_at_hello(session, message);
        }
    }
}

/* A client that has sent flight 5 passes over another flight 4, but for one that begins with
 * message_seq 1: the last of it has the number that Finished should have. So those come last, and
 * else the oldest first. */
void rg_server_expire(struct rtpgate_session *session) {
    if (session->hello_due == RTPGATE_NEVER || session->now < session->hello_due) {
        return;
    }
    session->hello_due = RTPGATE_NEVER;
    for (unsigned n = 0; n < 2 * RG_VARIANTS; n++) {
        const struct rg_message *hello =
            rg_messages_get(&session->messages, n / RG_VARIANTS, RG_CLIENT_HELLO,
                            RG_VARIANTS - 1 - n % RG_VARIANTS);
        if (hello != NULL && hello->waits) {
            look_at_hello(session, hello);
            rg_messages_wait(&session->messages, hello, false);
        }
    }
}
