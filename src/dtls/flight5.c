#include "dtls/flight5.h"

#include <string.h>

#include "base/alloc.h"
#include "dtls/proof.h"
#include "wire/handshake.h"

enum { MESSAGES = 3, COMBINATIONS = RG_VARIANTS * RG_VARIANTS * RG_VARIANTS };

/* Likely combinations that there may be at a time: by their newest message, and that of what came
 * last. */
enum { LIKELY = 3 * RG_VARIANTS + 1 };

/* What was tried. */
struct rg_search {
    uint64_t likely[LIKELY][MESSAGES]; /* the last ones, by their serials */
    unsigned likely_next;
    uint64_t other[MESSAGES]; /* of the others the last one */
};

static const uint8_t types[MESSAGES] = {RG_CERTIFICATE, RG_CLIENT_KEY_EXCHANGE,
                                        RG_CERTIFICATE_VERIFY};

enum proof { FAILS, HOLDS, UNKNOWN /* there is no memory now */ };

static enum proof proves(const struct rg_candidate *candidate, struct rg_bytes leaf,
                         const struct rg_message *const *flight) {
    struct rg_bytes certificate = rg_message_whole(flight[0]);
    struct rg_bytes exchange = rg_message_whole(flight[1]);
    struct rg_bytes signature;
    uint16_t scheme;
    if (!rg_certificate_verify(rg_message_body(flight[2]), &scheme, &signature)) {
        return FAILS;
    }
    size_t length = candidate->transcript_length + certificate.length + exchange.length;
    uint8_t *transcript = rg_alloc(length);
    if (transcript == NULL) {
        return UNKNOWN;
    }
    memcpy(transcript, candidate->transcript, candidate->transcript_length);
    memcpy(transcript + candidate->transcript_length, certificate.at, certificate.length);
    memcpy(transcript + length - exchange.length, exchange.at, exchange.length);
    bool holds = rg_proof_holds(leaf, scheme, (struct rg_bytes){transcript, length}, signature);
    rg_free(transcript);
    return holds ? HOLDS : FAILS;
}

/* Shows flight 5 to the engine; false when that refused it and the candidate is gone. */
static bool feed(struct rg_candidate *candidate, const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    for (size_t i = 0; i < MESSAGES; i++) {
        if (rg_candidate_message(candidate, rg_message_whole(flight[i])) != RG_ENGINE_HANDSHAKE) {
            const char *reason = session->engine->reason(candidate->engine);
            session->stats.dropped_forged++;
            rg_candidate_drop(session, candidate);
            rg_advise(session, RTPGATE_ERR_HANDSHAKE, 0, reason);
            return false;
        }
        candidate->flight.final_credit += rg_message_whole(flight[i]).length;
    }
    candidate->stage = RG_STAGE_FINISHED;
    rg_flight_disarm(&candidate->flight);
    rg_heard(session, candidate);
    rg_follow(session, candidate, flight[MESSAGES - 1]->origin.path);
    rg_guard_release_held(session);
    return true;
}

/* NEXT: try another combination. LATER: no signature can be checked now. SETTLED: for good or bad.
 * MISLED: for bad, and nothing was proven. */
enum trial { NEXT, LATER, SETTLED, MISLED };

/* An unexpected certificate is worth a proof only for the advice that it gives. */
static enum trial try_mismatch(struct rg_candidate *candidate, struct rg_bytes leaf,
                               const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    if (!rg_may_prove(session, RG_CHECK_STRANGERS) || proves(candidate, leaf, flight) != HOLDS) {
        return NEXT;
    }
    /* Who reads the path may have signed over it: the client's own flight may yet come. */
    rg_candidate_doubt(candidate);
    candidate->mismatched = true;
    rg_advise_mismatch(session, leaf);
    return NEXT;
}

/* Whether the engine may be the first to check the signature, by the caller's setting: nobody but
 * the client has shown up, and its key costs no more than others. */
static bool needs_no_proof(const struct rg_candidate *candidate, struct rg_bytes leaf,
                           const struct rg_message *const *flight) {
    const struct rtpgate_session *session = candidate->session;
    struct rg_bytes signature;
    uint16_t scheme;
    if (session->config->proof == RTPGATE_PROOF_ALWAYS || session->remote.count == 0 ||
        rg_saw_anomaly(session) ||
        !rg_messages_is_undisputed(&session->messages, candidate->first, 1 + MESSAGES)) {
        return false;
    }
    for (size_t i = 0; i < MESSAGES; i++) {
        if (flight[i]->origin.path != candidate->from) {
            return false;
        }
    }
    return rg_certificate_verify(rg_message_body(flight[2]), &scheme, &signature) &&
           rg_proof_key_is_acceptable(leaf, scheme);
}

static enum trial try_flight(struct rg_candidate *candidate, enum rg_check check,
                             const struct rg_message *const *flight) {
    struct rtpgate_session *session = candidate->session;
    struct rg_bytes leaf;
    if (!rg_certificate_leaf(rg_message_body(flight[0]), &leaf) || leaf.length == 0) {
        return NEXT;
    }
    if (!rg_is_expected(session, leaf)) {
        return try_mismatch(candidate, leaf, flight);
    }
    if (!rg_may_prove(session, check)) {
        return LATER;
    }
    if (needs_no_proof(candidate, leaf, flight)) {
        return feed(candidate, flight) ? SETTLED : MISLED;
    }
    switch (proves(candidate, leaf, flight)) {
    case UNKNOWN:
        return LATER;
    case FAILS:
        session->stats.dropped_forged++;
        return NEXT;
    case HOLDS:
        (void)feed(candidate, flight);
        break;
    }
    return SETTLED;
}

static uint64_t newest(const struct rg_message *const *flight) {
    uint64_t serial = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        serial = flight[i]->serial > serial ? flight[i]->serial : serial;
    }
    return serial;
}

/* Combination `n`, if there is one with anything new in it. */
static bool pick(const struct rg_candidate *candidate, unsigned n,
                 const struct rg_message **flight) {
    return rg_messages_pick(&candidate->session->messages, candidate->first + 1, types, MESSAGES, n,
                            flight) &&
           newest(flight) > candidate->tried;
}

/* All in one datagram, be it that a message in it was known before. */
static bool came_as_one(const struct rg_message *const *flight) {
    return (flight[0]->origin.datagram == flight[1]->origin.datagram &&
            flight[1]->origin.datagram == flight[2]->origin.datagram) ||
           (flight[0]->again.datagram == flight[1]->again.datagram &&
            flight[1]->again.datagram == flight[2]->again.datagram);
}

/* A client's own flight comes in one datagram, mostly, and else it is the last of its messages that
 * belong together, unless somebody comes between them. */
static bool is_likely(unsigned n, const struct rg_message *const *flight) {
    return n == 0 || came_as_one(flight);
}

/* Serials that name a combination, the newest first: one that comes to be later has a newer one. */
struct key {
    uint64_t serials[MESSAGES];
};

static struct key key_of(const struct rg_message *const *flight) {
    uint64_t a = flight[0]->serial;
    uint64_t b = flight[1]->serial;
    uint64_t c = flight[2]->serial;
    uint64_t high = newest(flight);
    uint64_t low = a < b ? (a < c ? a : c) : (b < c ? b : c);
    return (struct key){{high, a + b + c - high - low, low}};
}

/* Of those that the newest message came with as one, and of those that only came last, one. */
static uint64_t mark_of(const struct rg_message *const *flight) {
    return 2 * newest(flight) + came_as_one(flight);
}

static bool was_tried(const struct rg_candidate *candidate, uint64_t mark) {
    for (size_t i = 0; i < LIKELY; i++) {
        if (candidate->search->likely[i][0] == mark) {
            return true;
        }
    }
    return false;
}

static bool was_likely(const struct rg_candidate *candidate,
                       const struct rg_message *const *flight) {
    const struct key key = key_of(flight);
    for (size_t i = 0; i < LIKELY; i++) {
        const uint64_t *tried = candidate->search->likely[i];
        if (tried[0] / 2 == key.serials[0] && tried[1] == key.serials[1] &&
            tried[2] == key.serials[2]) {
            return true;
        }
    }
    return false;
}

/* The newest likely combination that was not tried; 0 when there is none, or its mark. */
static uint64_t next_likely(const struct rg_candidate *candidate, const struct rg_message **found) {
    uint64_t latest = 0;
    for (unsigned n = 0; n < COMBINATIONS; n++) {
        const struct rg_message *flight[MESSAGES];
        if (pick(candidate, n, flight) && is_likely(n, flight) && mark_of(flight) > latest &&
            !was_tried(candidate, mark_of(flight))) {
            latest = mark_of(flight);
            memcpy(found, flight, sizeof(flight));
        }
    }
    return latest;
}

static enum trial try_likely(struct rg_candidate *candidate) {
    const struct rg_message *flight[MESSAGES];
    uint64_t mark;
    while ((mark = next_likely(candidate, flight)) != 0) {
        enum trial trial = try_flight(candidate, RG_CHECK_FIRST, flight);
        if (trial != NEXT) {
            return trial;
        }
        struct key key = key_of(flight);
        key.serials[0] = mark;
        memcpy(candidate->search->likely[candidate->search->likely_next++ % LIKELY], key.serials,
               sizeof(key));
    }
    return NEXT;
}

static bool is_less(const uint64_t *a, const uint64_t *b) {
    size_t i = 0;
    while (i < MESSAGES - 1 && a[i] == b[i]) {
        i++;
    }
    return a[i] < b[i];
}

/* The first combination behind the one that was tried last; false when there is none. */
static bool next_other(const struct rg_candidate *candidate, const struct rg_message **found,
                       struct key *key) {
    *key = (struct key){{UINT64_MAX, 0, 0}};
    for (unsigned n = 0; n < COMBINATIONS; n++) {
        const struct rg_message *flight[MESSAGES];
        if (!pick(candidate, n, flight) || was_likely(candidate, flight)) {
            continue;
        }
        struct key other = key_of(flight);
        if (is_less(candidate->search->other, other.serials) &&
            is_less(other.serials, key->serials)) {
            *key = other;
            memcpy(found, flight, sizeof(flight));
        }
    }
    return key->serials[0] != UINT64_MAX;
}

static enum trial try_others(struct rg_candidate *candidate) {
    const struct rg_message *flight[MESSAGES];
    struct key key;
    while (next_other(candidate, flight, &key)) {
        enum trial trial = try_flight(candidate, RG_CHECK_OTHERS, flight);
        if (trial != NEXT) {
            return trial;
        }
        memcpy(candidate->search->other, key.serials, sizeof(candidate->search->other));
    }
    return NEXT;
}

bool rg_flight5_search(struct rg_candidate *candidate) {
    if (candidate->search == NULL) {
        candidate->search = rg_alloc(sizeof(*candidate->search));
    }
    if (candidate->search == NULL) {
        return true; /* the client's next repetition finds memory, perhaps */
    }
    enum trial trial = try_likely(candidate);
    if (trial == NEXT) {
        trial = try_others(candidate);
    }
    if (trial == NEXT) {
        candidate->tried = candidate->session->messages.completed;
    }
    return trial != MISLED;
}

void rg_flight5_forget(struct rg_candidate *candidate) {
    candidate->tried = 0;
    candidate->mismatched = false;
    rg_free(candidate->search);
    candidate->search = NULL;
}
