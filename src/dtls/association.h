/*
 * What a session consists of, and the turns that its life can take. The calls go one way:
 * session (the public functions) -> guard (what came in) -> server or client (the role's flights)
 * -> candidate (one handshake: engine and flight) -> association (READY, the end) and verdict.
 */
#ifndef RG_DTLS_ASSOCIATION_H
#define RG_DTLS_ASSOCIATION_H

#include <stdbool.h>
#include <stdint.h>

#include <rtpgate/session.h>

#include "base/queue.h"
#include "dtls/engine.h"
#include "dtls/flight.h"
#include "dtls/messages.h"
#include "dtls/paths.h"
#include "dtls/vet.h"
#include "wire/fingerprint_set.h"
#include "wire/hello.h"

enum {
    RG_CANDIDATES = 3, /* handshakes that run side by side */
    RG_FLIGHT4 = 5,    /* messages of a server's flight 4 */
    RG_HELD_RECORDS = 8,
    RG_HELD_BYTES = 8192,
    RG_EVENTS = 256,
    RG_EVENTS_BYTES = 65536,
    RG_PROOFS = 64, /* signature checks that an association may have in one go */
};

/* A server's candidates but the first may be replaced by a new hello when they are so old. */
#define RG_CANDIDATE_AGE UINT64_C(1000000)
/* How long it takes until one more signature check may be made. */
#define RG_PROOF_INTERVAL UINT64_C(20000)

enum rg_stage {
    RG_STAGE_HELLO,    /* client: ClientHello is out; server: flight 4 is out */
    RG_STAGE_FINISHED, /* client: flight 5 is out; server: flight 5 is proven; Finished is missing
                        */
    RG_STAGE_DONE,     /* both Finished are through */
};

/* One handshake that may become the association. */
struct rg_candidate {
    struct rtpgate_session *session;
    struct rg_engine *engine;
    struct rg_flight flight;
    enum rg_stage stage;
    bool muted;       /* the engine repeats what was sent before: keep it from the flight */
    bool recording;   /* server: what the engine sends belongs to the transcript */
    bool doubted;     /* unauthenticated bad news concerns it, and it was not heard since */
    bool delivered;   /* the last protected record was authenticated data */
    unsigned unheard; /* how often our timer fired since it was heard */
    uint64_t made_at;
    uint64_t left_at;          /* when its last flight left for the first time */
    uint64_t from;             /* the path of the last accepted message */
    uint64_t tried;            /* rg_messages.completed when its peer's flight was last tried */
    uint8_t random[RG_RANDOM]; /* the ClientHello's */
    uint16_t suite;
    uint16_t group;
    uint16_t profile;
    uint16_t record_limit; /* the most that the peer takes in a record; 0: it did not say */

    /* server */
    unsigned first;      /* message_seq of the ClientHello: 1 after a HelloVerifyRequest */
    uint8_t *transcript; /* ClientHello and flight 4 */
    size_t transcript_length;
    struct rg_search *search; /* flight5.c: what was tried */
    bool mismatched;          /* somebody has proven a certificate that is not expected */

    /* client */
    unsigned cursor;           /* where the search for flight 4 goes on */
    bool pristine;             /* the engine has only made its hello */
    bool cookie;               /* and that with the cookie of `request` */
    uint64_t used[RG_FLIGHT4]; /* serials of what our flight 5 answers; 0: nothing yet */
    uint64_t known;            /* rg_messages.completed when the candidate began */
    uint64_t rto_least;        /* its first timeout, if that is more than usual */
    unsigned answers_least;    /* how often the attempt before it had answered */
    uint8_t *request;          /* the HelloVerifyRequest that was obeyed; NULL: none */
    size_t request_length;
};

/* Bad news that nobody authenticated and that has not (yet) ended the association. */
struct rg_bad_news {
    int cause; /* 0: none */
    uint8_t alert;
    uint64_t since;
    bool hope;  /* when it came some handshake was not concerned */
    char *text; /* see rg_keep_text */
};

struct rtpgate_session {
    rtpgate_config *config;
    const struct rg_engine_ops *engine;
    enum rtpgate_role role;
    enum rtpgate_state state;
    uint64_t now;
    uint64_t began;    /* start, or the first hello that was answered */
    uint64_t deadline; /* of the handshake, or of UNVERIFIED; in READY: the end of the linger */
    uint64_t rtt;      /* 0: not known */
    uint64_t slowness; /* client: how long the server took for an answer, at most */
    uint32_t scatter;  /* state of the jitter generator */

    uint64_t path;
    bool path_fixed; /* by rtpgate_session_set_path */
    bool followed;   /* a message was accepted, which moved `path` */
    struct rg_paths paths;
    struct rg_outbox outbox;

    struct rg_messages messages;
    struct rg_queue held;   /* protected records that came too early */
    uint64_t datagram;      /* number of the one being looked at */
    uint64_t from;          /* its path */
    bool whole;             /* a message became whole in it that nobody has looked at */
    size_t length;          /* its length, until somebody has taken credit for it */
    uint64_t messages_seen; /* server: rg_messages.completed up to which messages were looked at */
    bool request_waits;     /* client: a HelloVerifyRequest came that is not obeyed */
    bool asked_again;       /* and after it our hello was sent once more */
    bool at_arrival;        /* the next that is obeyed is the next that comes, not one that waits */
    unsigned turn;          /* of HelloVerifyRequests that are obeyed without being repeated, or,
                             * as server, of candidates whose flight 5 is looked for */
    unsigned combination;   /* client: of a flight 4, the one after that which was taken last */
    unsigned proofs;        /* signature checks that may be made now */
    uint64_t proofs_since;  /* when the last one was added */
    uint64_t proof_due;     /* when one that waits may be made; RTPGATE_NEVER: none waits */
    uint64_t hello_due;     /* server: when the hellos that wait are answered; RTPGATE_NEVER: none
                               waits */

    struct rg_candidate *candidates[RG_CANDIDATES];
    struct rg_candidate
        *active; /* the one that is READY or UNVERIFIED, or that gets the last alert */
    struct rg_fingerprint_set remote;

    struct rg_bad_news bad_news;
    uint32_t advised; /* one bit a cause: its advice was given */
    int cause;
    uint8_t alert;
    char *error; /* see rg_keep_text */

    struct rg_queue events; /* advice and application data */
    uint32_t pending;       /* one bit a type of event that comes once */
    struct rg_block *shown; /* the event that the caller may still look at */

    struct rtpgate_session_stats stats;
};

/* verdict.c: bad news, grace, deadlines */

/* An advice event, once a cause. */
void rg_tell(struct rtpgate_session *session, int cause, uint8_t alert, const char *text);

/* Bad news that nobody authenticated: an advice event now (once a cause), the verdict after the
 * grace. */
void rg_advise(struct rtpgate_session *session, int cause, uint8_t alert, const char *text);
/* A candidate has come further: bad news is taken back. */
void rg_heard(struct rtpgate_session *session, struct rg_candidate *candidate);
/* Its peer is not silent, as far as anybody can tell: the grace of bad news begins anew. */
void rg_still_there(struct rtpgate_session *session, struct rg_candidate *candidate);
/* Whether a handshake with somebody who is not expected is over. */
bool rg_has_mismatch(const struct rtpgate_session *session);
/* Passes the verdict when bad news has outlived its grace, or does what the deadline is for. */
void rg_judge(struct rtpgate_session *session);
/* When the grace of bad news is over; RTPGATE_NEVER when there is none, or hope. */
uint64_t rg_verdict_due(const struct rtpgate_session *session);
/* Sends the flights whose timer has come. */
void rg_expire_flights(struct rtpgate_session *session);
/* Whether a handshake of ours is alive that no bad news concerns. */
bool rg_has_hope(const struct rtpgate_session *session);

/* anomaly.c: whether somebody else may have shown up */

/* Whether the association met anything but one peer that talks undisturbed. */
bool rg_saw_anomaly(const struct rtpgate_session *session);

/* association.c: READY, the end, and what is seen of it */

/* Output goes to where an accepted message came from, unless the caller fixed the path. */
void rg_follow(struct rtpgate_session *session, struct rg_candidate *candidate, uint64_t path);
/* Output goes to `path`. */
void rg_redirect(struct rtpgate_session *session, uint64_t path);
/* What is negotiated with this candidate is what can be seen; its certificate is told. */
void rg_activate(struct rtpgate_session *session, struct rg_candidate *candidate);
/* After a finished candidate went: activates another one, or goes back to HANDSHAKE. */
void rg_look_for_finished(struct rtpgate_session *session);
/* Puts a copy of `text` in the place of `*kept`; NULL stands there for NULL, or without memory. */
void rg_keep_text(char **kept, const char *text);
/* Ends the association. text: NULL for the phrase of `cause`. */
void rg_fail(struct rtpgate_session *session, int cause, uint8_t alert, const char *text);
/* Closes, with a close_notify when READY. */
void rg_close(struct rtpgate_session *session);
/* The peer's close_notify came. */
void rg_closed_by_peer(struct rtpgate_session *session);
/* A candidate's handshake is over: verify it, as far as the fingerprints are known. */
void rg_finished(struct rtpgate_session *session, struct rg_candidate *candidate);
/* The fingerprints are known now: verify all that are over. */
void rg_verify_finished(struct rtpgate_session *session);
/* Whether the leaf is one that is expected, or none is known yet. */
bool rg_is_expected(const struct rtpgate_session *session, struct rg_bytes leaf);
/* Bad news: a certificate that was proven and is not expected. */
void rg_advise_mismatch(struct rtpgate_session *session, struct rg_bytes leaf);
void rg_event_data(struct rtpgate_session *session, struct rg_bytes data);
/* Frees candidates, messages and queues that only a handshake needs. */
void rg_forget_handshake(struct rtpgate_session *session);

/* candidate.c: one engine with its flight */

struct rg_candidate *rg_candidate_new(struct rtpgate_session *session);
void rg_candidate_free(struct rg_candidate *candidate);
/* Frees it and takes it out of the session. */
void rg_candidate_drop(struct rtpgate_session *session, struct rg_candidate *candidate);
/* Frees what only its handshake needed. */
void rg_candidate_slim(struct rg_candidate *candidate);
/* READY: its engine gives way to a small one; when that cannot be made it stays. */
void rg_candidate_release(struct rg_candidate *candidate);
/* Opens an engine (again). Returns 0, RTPGATE_ERR_NOMEM, RTPGATE_ERR_CRYPTO. */
int rg_candidate_open(struct rg_candidate *candidate, const uint8_t *random);
/* The engine's calls, each followed by sending what it made. */
enum rg_engine_status rg_candidate_start(struct rg_candidate *candidate);
enum rg_engine_status rg_candidate_message(struct rg_candidate *candidate, struct rg_bytes message);
enum rg_engine_status rg_candidate_record(struct rg_candidate *candidate, struct rg_bytes record);
void rg_candidate_retransmit(struct rg_candidate *candidate);
/* A new flight has left: counts it and starts its timer. */
void rg_candidate_flight_left(struct rg_candidate *candidate);
/* The first timeout of another attempt: four times that of those before it. */
uint64_t rg_candidate_slower(const struct rtpgate_session *session);
/* The server has answered its last flight: notes how long that took. */
void rg_candidate_answered(struct rg_candidate *candidate);
/* Whether so many timers of it fired without an answer, and as much time passed as the server may
 * need for one. */
bool rg_candidate_is_unanswered(const struct rg_candidate *candidate, unsigned losses);
/* Bad news that nobody authenticated concerns it: if its peer is silent that shows soon. */
void rg_candidate_doubt(struct rg_candidate *candidate);
/* The peer repeated what our last flight answers: sends it again within the limits. */
void rg_candidate_answer(struct rg_candidate *candidate);
/* The timer of the candidate fired. */
void rg_candidate_expire(struct rg_candidate *candidate);
/* Acts on what the engine said about a protected record. */
void rg_candidate_settle(struct rg_candidate *candidate, enum rg_engine_status status);
/* Notes suite, group and profile of a ServerHello or ServerKeyExchange. */
void rg_candidate_learn(struct rg_candidate *candidate, struct rg_bytes message);

/* guard.c: what came in */

/* Signature checks by how likely they are to hold. All but the first have half of the checks, so
 * that nobody uses up those of the first. */
enum rg_check {
    RG_CHECK_FIRST,
    RG_CHECK_OTHERS,
    RG_CHECK_STRANGERS, /* of a certificate that is not expected; they are not made up for */
};

/* Whether one more signature may be checked: whoever sends junk gets a bounded share of our time.
 * If not, a server's search goes on when it may; a client's does with its timer. */
bool rg_may_prove(struct rtpgate_session *session, enum rg_check check);
/* Goes on with a search that waited for a signature check. */
void rg_guard_expire(struct rtpgate_session *session);
/* Looks at one datagram, or keeps it until its path is valid and our role decided. */
void rg_guard_input(struct rtpgate_session *session, const uint8_t *datagram, size_t length,
                    uint64_t path);
/* Looks again at records that were held. */
void rg_guard_release_held(struct rtpgate_session *session);
/* Looks again at datagrams that were early. */
void rg_guard_release_early(struct rtpgate_session *session);

/* server.c, client.c: which messages a role takes, and what it does when one is whole or repeated
 */

bool rg_server_takes(const struct rtpgate_session *session, const struct rg_fragment *fragment);
void rg_server_advance(struct rtpgate_session *session);
void rg_server_look_again(struct rtpgate_session *session);
void rg_server_repeated(struct rtpgate_session *session, const struct rg_fragment *fragment);
/* Answers the hellos that have waited long enough. */
void rg_server_expire(struct rtpgate_session *session);
bool rg_client_takes(const struct rtpgate_session *session, const struct rg_fragment *fragment);
void rg_client_advance(struct rtpgate_session *session);
void rg_client_repeated(struct rtpgate_session *session, const struct rg_fragment *fragment);
int rg_client_start(struct rtpgate_session *session);
/* The timer fired: whether something else than the last flight was sent. */
bool rg_client_expire(struct rg_candidate *candidate);
/* After the timers: another attempt, when nobody answers. */
void rg_client_explore(struct rtpgate_session *session);
/* A handshake with somebody who is not expected is over, or was ended by him: another attempt, when
 * there is no other. Drops the candidate, unless it is kept for an alert. */
void rg_client_begin_again(struct rtpgate_session *session, struct rg_candidate *stranger,
                           bool keep);

#endif
