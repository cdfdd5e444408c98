/* A client whose flight 5 nobody answers. */
#ifndef RG_TESTS_ATTEMPTS_H
#define RG_TESTS_ATTEMPTS_H

#include <string.h>

#include "dtls/association.h"
#include "sim/forge.h"
#include "sim/pair.h"
#include "suite.h"
#include "wire/alert.h"
#include "wire/handshake.h"

enum { FLIGHT4 = 5, DATAGRAM_MAX = 2000 };

#define MINUTE (60 * SIM_SECOND)
#define HOUR (60 * MINUTE)

struct datagram {
    uint8_t bytes[DATAGRAM_MAX];
    size_t length; /* 0: there is none */
};

static struct sim_pair pair;
static struct datagram hello;
static struct datagram flight4;
static struct datagram flight5;
static struct sim_message genuine[FLIGHT4];

static inline struct datagram next(rtpgate_session *session) {
    struct datagram datagram;
    uint64_t path;
    int length = rtpgate_session_output(session, datagram.bytes, DATAGRAM_MAX, &path);
    ck_assert_int_ge(length, 0);
    datagram.length = (size_t)length;
    return datagram;
}

static inline void give(rtpgate_session *session, const struct datagram *datagram, uint64_t now) {
    ck_assert_int_eq(rtpgate_session_input(session, datagram->bytes, datagram->length, 0, now), 0);
}

/* The client answers a genuine flight 4. */
static inline void answer(void) {
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    hello = next(pair.client.session);
    give(pair.server.session, &hello, 0);
    flight4 = next(pair.server.session);
    (void)sim_take_apart(flight4.bytes, flight4.length, genuine, 0, FLIGHT4);
    give(pair.client.session, &flight4, 0);
    flight5 = next(pair.client.session);
    ck_assert_uint_gt(flight5.length, 400);
}

static inline void teardown(void) {
    sim_pair_clear(&pair);
}

static inline bool is_hello(const struct datagram *datagram) {
    struct sim_message message[1] = {{0}};
    (void)sim_take_apart(datagram->bytes, datagram->length, message, 0, 1);
    return message[0].type == RG_CLIENT_HELLO;
}

/* Lets the client's timers fire until then. Counts what it sends; `*last` is the last of it. */
static inline unsigned be_silent(uint64_t until, struct datagram *last, unsigned *hellos) {
    unsigned sent = 0;
    *hellos = 0;
    for (uint64_t due; (due = rtpgate_session_deadline(pair.client.session)) <= until;) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, due), 0);
        for (struct datagram datagram; (datagram = next(pair.client.session)).length > 0; sent++) {
            *hellos += is_hello(&datagram);
            *last = datagram;
        }
    }
    return sent;
}

/* Hands over all that both have to send, until there is nothing. */
static inline void talk(rtpgate_session *server, uint64_t now) {
    for (bool more = true; more;) {
        struct datagram ours = next(pair.client.session);
        struct datagram theirs = next(server);
        more = ours.length + theirs.length > 0;
        if (ours.length > 0) {
            give(server, &ours, now);
        }
        if (theirs.length > 0) {
            give(pair.client.session, &theirs, now);
        }
    }
}

static inline unsigned attempts(void) {
    unsigned count = 0;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        count += pair.client.session->candidates[i] != NULL;
    }
    return count;
}

static inline void assert_failed(int expected) {
    int cause = 0;
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_FAILED);
    (void)rtpgate_session_error(pair.client.session, &cause);
    ck_assert_int_eq(cause, expected);
}

#endif
