/*
 * One DTLS-SRTP association without sockets, threads, callbacks or a clock.
 *
 * The drain rule: after start, input, expire, set_role, set_remote, set_path, path_valid, send or
 * close, call rtpgate_session_output until it returns 0, then rtpgate_session_next_event until it
 * returns 0, then read rtpgate_session_deadline and call rtpgate_session_expire when it has come.
 *
 * `now` is the caller's time in microseconds of any clock that does not run backwards; a smaller
 * value than the last one counts as the last one. `path` is a number of the caller's choice that
 * stands for a pair of addresses. A session belongs to one thread at a time.
 */
#ifndef RTPGATE_SESSION_H
#define RTPGATE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/config.h>
#include <rtpgate/error.h>
#include <rtpgate/export.h>
#include <rtpgate/fingerprint.h>
#include <rtpgate/srtp_keys.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rtpgate_session rtpgate_session;

/* The largest datagram that rtpgate_session_output writes when the MTU is the default one. */
#define RTPGATE_DATAGRAM_DEFAULT 1200

enum rtpgate_role {
    RTPGATE_ROLE_UNDECIDED, /* a=setup:actpass: datagrams wait until rtpgate_session_set_role */
    RTPGATE_ROLE_CLIENT,    /* a=setup:active */
    RTPGATE_ROLE_SERVER,    /* a=setup:passive */
};

enum rtpgate_state {
    RTPGATE_STATE_NEW,        /* nothing was sent or accepted yet */
    RTPGATE_STATE_HANDSHAKE,  /* a handshake runs */
    RTPGATE_STATE_UNVERIFIED, /* it ran to its end; the peer's fingerprint is not known yet */
    RTPGATE_STATE_READY,      /* the fingerprint matched: keys, export and application data exist */
    RTPGATE_STATE_CLOSED,     /* closed by us or by the peer's close_notify */
    RTPGATE_STATE_FAILED,     /* rtpgate_session_error says why */
};

enum rtpgate_event_type {
    RTPGATE_EVENT_NONE,
    RTPGATE_EVENT_ADVICE,      /* `cause`, `text`: unauthenticated bad news; nothing ended (yet) */
    RTPGATE_EVENT_CERTIFICATE, /* `data`: the DER certificate that the peer proved to own */
    RTPGATE_EVENT_KEYS,        /* READY: rtpgate_session_keys works */
    RTPGATE_EVENT_ACCEPTED,    /* the peer is known to have accepted us (DTLS 1.2: with READY) */
    RTPGATE_EVENT_DATA,        /* `data`: one record of application data */
    RTPGATE_EVENT_CLOSED,      /* the peer sent close_notify */
    RTPGATE_EVENT_FAILED,      /* `cause`, `text`: the association is over */
    RTPGATE_EVENT_EXPIRING,    /* peer.h: 90 % of the packets that the keys may protect are used up;
                                  restart before RTPGATE_ERR_EXPIRED */
};

struct rtpgate_event {
    enum rtpgate_event_type type;
    int cause;           /* ADVICE, FAILED: an RTPGATE_ERR_* of the class ASSOCIATION or MACHINE */
    uint8_t alert;       /* when `cause` is RTPGATE_ERR_ALERT: its description (RFC 5246 7.2) */
    const char *text;    /* ADVICE, FAILED: a sentence for a person; "" otherwise */
    const uint8_t *data; /* `length` bytes, as the type says; NULL otherwise */
    size_t length;
};

/* Counters since the session was made. Fields are only ever appended. */
struct rtpgate_session_stats {
    uint64_t datagrams_received; /* given to rtpgate_session_input */
    uint64_t bytes_received;
    uint64_t datagrams_sent; /* taken by rtpgate_session_output */
    uint64_t bytes_sent;
    uint64_t flights_sent;    /* first transmissions of a handshake flight */
    uint64_t retransmissions; /* flights sent again because our timer fired */
    uint64_t answers;         /* flights sent again because the peer repeated its own */
    uint64_t answers_refused; /* repeats that were not answered: the reflector limits */
    uint64_t handshake_time;  /* microseconds from start or first hello to READY or UNVERIFIED */
    uint64_t dropped_path;  /* in READY, from a path that is not valid; before, see dropped_early */
    uint64_t dropped_early; /* early ones that newer ones pushed out, or before a client's start */
    uint64_t dropped_malformed; /* records or fragments that do not parse, long cookies */
    uint64_t dropped_type;      /* unknown or unexpected content or handshake types */
    uint64_t dropped_epoch;     /* records of an epoch that cannot be */
    uint64_t dropped_alert;     /* plaintext alerts */
    uint64_t dropped_hello;     /* hellos that cannot be answered, or not yet, beside another */
    uint64_t dropped_stale;     /* handshake messages that are no longer, or not yet, of interest */
    uint64_t dropped_limit;     /* what the memory limits of the guard pushed out */
    uint64_t dropped_forged;    /* complete messages that failed their proof */
    uint64_t dropped_record;    /* encrypted records that did not authenticate or were replayed */
    uint64_t dropped_data;      /* application data beyond the event queue's bound */
    uint64_t dropped_late;      /* datagrams after CLOSED or FAILED */
    uint64_t dropped_output;    /* datagrams of ours that found no room in the output */
    uint64_t candidates;        /* handshakes that were tried: hellos answered, engines rebuilt */
};

/* What was negotiated, in IANA numbers; 0 where not known. */
struct rtpgate_session_info {
    enum rtpgate_role role;
    uint16_t version;      /* 0xfefd: DTLS 1.2 */
    uint16_t cipher_suite; /* for example 0xc02b */
    uint16_t group;        /* 29: x25519, 23: secp256r1 */
    uint16_t profile;      /* enum rtpgate_srtp_profile */
    bool extended_master_secret;
};

/*
 * Makes a session; takes a reference to `config` and freezes it.
 *
 * out: written only on success; release it with rtpgate_session_free. now: see the head of this
 * file. A server listens from here on; a client needs rtpgate_session_start. Returns 0;
 * RTPGATE_ERR_INVAL for a NULL or an unknown `role`; RTPGATE_ERR_NOMEM.
 */
RTPGATE_API int rtpgate_session_new(rtpgate_session **out, rtpgate_config *config,
                                    enum rtpgate_role role, uint64_t now);

/* Zeroes every secret and frees the session. Nothing is sent: call rtpgate_session_close and drain
 * first when the peer shall know. NULL is fine. */
RTPGATE_API void rtpgate_session_free(rtpgate_session *session);

/*
 * Decides the role of a session that was made UNDECIDED; early datagrams are looked at now.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL or a role that is not CLIENT or SERVER; RTPGATE_ERR_STATE
 * when the role was decided before.
 */
RTPGATE_API int rtpgate_session_set_role(rtpgate_session *session, enum rtpgate_role role,
                                         uint64_t now);

/*
 * Says which fingerprints the peer may have: any time, also in UNVERIFIED (keys are withheld until
 * then); not after READY. Of the given ones only those with the strongest hash count, and one of
 * them must match (RFC 8122 5). A later call replaces an earlier one.
 *
 * fingerprints: `count` entries (1 to 8), copied.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL, a count out of range, or a length that does not fit its
 * hash; RTPGATE_ERR_STATE in READY or CLOSED; the cause when FAILED.
 */
RTPGATE_API int rtpgate_session_set_remote(rtpgate_session *session,
                                           const struct rtpgate_fingerprint *fingerprints,
                                           size_t count, uint64_t now);

/*
 * Client: makes the ClientHello.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when not a client or started before;
 * RTPGATE_ERR_NOMEM, RTPGATE_ERR_CRYPTO: the session has FAILED.
 */
RTPGATE_API int rtpgate_session_start(rtpgate_session *session, uint64_t now);

/*
 * Takes one received datagram of the kind DTLS. Noise is dropped and counted, never an error; a
 * datagram before the role is decided or the path is valid is kept (the last 4, at most 8 KB) and
 * looked at then. A client that was not started drops it: it can answer nothing.
 *
 * datagram: `length` bytes, read only, owned by the caller; nothing is kept that is not copied.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL session, or a NULL datagram with a length;
 * RTPGATE_ERR_CLOSED after CLOSED and the cause after FAILED (the datagram is counted as late). A
 * caller that passes good arguments may ignore the result: the end is told by the event and the
 * state.
 */
RTPGATE_API int rtpgate_session_input(rtpgate_session *session, const uint8_t *datagram,
                                      size_t length, uint64_t path, uint64_t now);

/*
 * Gives the next datagram to send, in every state (close_notify and last alerts come here too).
 *
 * buffer: `capacity` bytes of the caller's; the config's MTU is always enough. path: where to send
 * it, written when the result is above 0. Returns the datagram's length, 0 when there is none;
 * RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_NOBUF when `capacity` is too small (the datagram
 * stays).
 */
RTPGATE_API int rtpgate_session_output(rtpgate_session *session, uint8_t *buffer, size_t capacity,
                                       uint64_t *path);

/*
 * Gives the next event. What it points to lives until the next call on the session.
 * Returns 1 with an event, 0 without (type NONE); RTPGATE_ERR_INVAL for a NULL.
 */
RTPGATE_API int rtpgate_session_next_event(rtpgate_session *session, struct rtpgate_event *event);

/* The time at which rtpgate_session_expire wants to be called; RTPGATE_NEVER when none. */
RTPGATE_API uint64_t rtpgate_session_deadline(const rtpgate_session *session);

/*
 * The time from `now` to `deadline` in whole milliseconds, rounded up: the timeout of poll and
 * epoll. Returns 0 when it has come, -1 (for ever) for RTPGATE_NEVER, INT_MAX at most.
 */
RTPGATE_API int rtpgate_timeout_ms(uint64_t deadline, uint64_t now);

/*
 * Does what is due at `now`; harmless when nothing is. A caller that is late loses nothing but
 * time; it should read what waits in its socket first. Returns 0; RTPGATE_ERR_INVAL for a NULL.
 */
RTPGATE_API int rtpgate_session_expire(rtpgate_session *session, uint64_t now);

/*
 * ICE's verdict on a path: `valid` opens it and looks at the datagrams that waited; otherwise
 * closes it. Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_NOBUF when 8 paths are valid:
 * close one first.
 */
RTPGATE_API int rtpgate_session_path_valid(rtpgate_session *session, uint64_t path, bool valid,
                                           uint64_t now);

/*
 * Where output goes from now on (ICE's nomination). Before this call it goes where the last
 * accepted message came from, or else to the path that was declared valid first, or else to path 0.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL.
 */
RTPGATE_API int rtpgate_session_set_path(rtpgate_session *session, uint64_t path, uint64_t now);

/*
 * The round-trip time that the caller knows (ICE measured it), in microseconds; 0: unknown. From
 * the next flight on the timer starts from 1.5 * rtt, but not below 20 ms nor above the config's
 * first value, and a client doubts no silence of the server before twice that (3 s at most).
 * Returns 0; RTPGATE_ERR_INVAL for a NULL.
 */
RTPGATE_API int rtpgate_session_set_rtt(rtpgate_session *session, uint64_t rtt, uint64_t now);

/*
 * The SRTP master keys (RFC 5764 4.2); the same in every call.
 * keys: written only on success; zero it with rtpgate_srtp_keys_clear.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when not READY; RTPGATE_ERR_CRYPTO.
 */
RTPGATE_API int rtpgate_session_keys(const rtpgate_session *session,
                                     struct rtpgate_srtp_keys *keys);

/*
 * Exports keying material under a label of the caller's (RFC 5705).
 *
 * label: NUL-terminated. context: `context_length` bytes; NULL means no context, which differs from
 * an empty one. out: `length` bytes, filled whole. Returns 0; RTPGATE_ERR_INVAL for a NULL or a
 * length of 0; RTPGATE_ERR_STATE when not READY; RTPGATE_ERR_CRYPTO.
 */
RTPGATE_API int rtpgate_session_export(const rtpgate_session *session, const char *label,
                                       const uint8_t *context, size_t context_length, uint8_t *out,
                                       size_t length);

/*
 * Sends one record of application data (SCTP packets of data channels, RFC 8261).
 *
 * data: `length` bytes (1 to rtpgate_session_data_mtu). Returns 0; RTPGATE_ERR_INVAL for a NULL or
 * a length out of range; RTPGATE_ERR_STATE when not READY; RTPGATE_ERR_CLOSED after CLOSED, the
 * cause after FAILED; RTPGATE_ERR_NOBUF when 64 KB or 224 datagrams wait in the output: drain it
 * and send again; RTPGATE_ERR_CRYPTO.
 */
RTPGATE_API int rtpgate_session_send(rtpgate_session *session, const uint8_t *data, size_t length,
                                     uint64_t now);

/* How many bytes one rtpgate_session_send may carry within the MTU and the peer's limit (RFC 6066
 * 4, RFC 8449); 0 when not READY. */
RTPGATE_API size_t rtpgate_session_data_mtu(const rtpgate_session *session);

/*
 * Ends the association; in READY with a close_notify in the output. No event follows but data
 * that waits.
 * Returns 0, also when CLOSED or FAILED before; RTPGATE_ERR_INVAL for a NULL.
 */
RTPGATE_API int rtpgate_session_close(rtpgate_session *session, uint64_t now);

/* The state; FAILED for NULL. */
RTPGATE_API enum rtpgate_state rtpgate_session_state(const rtpgate_session *session);

/* The name of `type`, for logs; static storage, never NULL. */
RTPGATE_API const char *rtpgate_event_name(enum rtpgate_event_type type);

/* The name of `state`, for logs; static storage, never NULL. */
RTPGATE_API const char *rtpgate_state_name(enum rtpgate_state state);

/*
 * The counters. stats: `size` bytes are filled, so that a program that was built against an older
 * header goes on working: pass sizeof(struct rtpgate_session_stats). Returns 0; RTPGATE_ERR_INVAL
 * for a NULL.
 */
RTPGATE_API int rtpgate_session_stats(const rtpgate_session *session,
                                      struct rtpgate_session_stats *stats, size_t size);

/*
 * What was negotiated. info: `size` bytes are filled; pass sizeof(struct rtpgate_session_info).
 * Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when neither UNVERIFIED nor
 * READY.
 */
RTPGATE_API int rtpgate_session_info(const rtpgate_session *session,
                                     struct rtpgate_session_info *info, size_t size);

/*
 * The fingerprint of the certificate that the peer proved to own.
 * out: written only on success. Returns 0; RTPGATE_ERR_INVAL for a NULL or an unknown `hash`;
 * RTPGATE_ERR_STATE when neither UNVERIFIED nor READY.
 */
RTPGATE_API int rtpgate_session_peer_fingerprint(const rtpgate_session *session,
                                                 enum rtpgate_hash hash,
                                                 struct rtpgate_fingerprint *out);

/*
 * The cause of the first failure: a sentence for a person, which names the values that matter. ""
 * while there is none; never NULL. It lives as long as the session. `cause` may be NULL; otherwise
 * it gets the RTPGATE_ERR_* (0: none).
 */
RTPGATE_API const char *rtpgate_session_error(const rtpgate_session *session, int *cause);

#ifdef __cplusplus
}
#endif

#endif
