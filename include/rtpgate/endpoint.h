/*
 * One UDP port with many peers on it. This is the part with a socket; it needs POSIX.
 *
 * A path (the uint64 of session.h and peer.h) stands for one remote address here: the endpoint
 * gives it when the first datagram of that address comes. The caller's ICE decides to which peer a
 * path belongs.
 *
 *     for (;;) {
 *         rtpgate_endpoint_wait(endpoint, 100);             or: poll its fd in a loop of your own
 *         while (rtpgate_endpoint_receive(endpoint, &arrival, now) == 1)
 *             look at arrival.kind
 *         rtpgate_endpoint_expire(endpoint, now);
 *         for each peer: rtpgate_peer_next_event ...        output is sent by the endpoint
 *     }
 */
#ifndef RTPGATE_ENDPOINT_H
#define RTPGATE_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <rtpgate/export.h>
#include <rtpgate/peer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Belongs to one thread at a time, with all its peers. */
typedef struct rtpgate_endpoint rtpgate_endpoint;

/* What has arrived. It lives until the next call on the endpoint. */
struct rtpgate_arrival {
    enum rtpgate_kind kind; /* RTP and RTCP are plaintext */
    rtpgate_peer *peer; /* whose it is; NULL: a STUN packet of an address that is bound to nobody */
    uint64_t path;      /* where it came from */
    uint8_t *data;      /* `length` bytes, which the caller may change */
    size_t length;
};

/* Counters since the endpoint was made. Fields are only ever appended. */
struct rtpgate_endpoint_stats {
    uint64_t datagrams_received;
    uint64_t datagrams_sent;
    uint64_t dropped_unbound; /* not STUN, from an address that is bound to nobody */
    uint64_t dropped_packet;  /* SRTP that was held or refused: see the peer's counters */
    uint64_t send_failures;   /* not taken by the system, or for a path that is not known */
    uint64_t paths_forgotten; /* unbound addresses that newer ones pushed out */
};

/*
 * Opens a UDP socket and binds it.
 *
 * out: written only on success; release it with rtpgate_endpoint_free. address: an IPv4 or IPv6
 * address as text, or NULL for every address of both families (one dual-stack socket). port: 0 lets
 * the system choose. Returns 0; RTPGATE_ERR_INVAL for a NULL or a text that is no address;
 * RTPGATE_ERR_NOMEM; RTPGATE_ERR_IO when the system refuses (errno says why).
 */
RTPGATE_API int rtpgate_endpoint_new(rtpgate_endpoint **out, const char *address, uint16_t port);

/* Closes the socket. Peers that were added stay the caller's; they are removed first. NULL is fine.
 */
RTPGATE_API void rtpgate_endpoint_free(rtpgate_endpoint *endpoint);

/* For a foreign event loop: wait for this descriptor to be readable; it is non-blocking. */
RTPGATE_API int rtpgate_endpoint_fd(const rtpgate_endpoint *endpoint);

/* The port that the socket is bound to. */
RTPGATE_API uint16_t rtpgate_endpoint_port(const rtpgate_endpoint *endpoint);

/* The time of a monotonic clock in microseconds: a `now` for those who have none. */
RTPGATE_API uint64_t rtpgate_endpoint_now(void);

/* Adds a peer: from now on the endpoint sends its output and expires it. The peer stays the
 * caller's, who removes it before freeing it. Returns 0; RTPGATE_ERR_INVAL; RTPGATE_ERR_NOMEM. */
RTPGATE_API int rtpgate_endpoint_add(rtpgate_endpoint *endpoint, rtpgate_peer *peer);
RTPGATE_API void rtpgate_endpoint_remove(rtpgate_endpoint *endpoint, rtpgate_peer *peer);

/*
 * Says that datagrams from `path` are for `peer` (ICE found the ufrag in the first STUN packet). It
 * does not declare the path valid: that is rtpgate_peer_path_valid, when a check succeeded. Returns
 * 0; RTPGATE_ERR_INVAL for a NULL, a peer that was not added, or a path that is not known (any
 * more).
 */
RTPGATE_API int rtpgate_endpoint_bind(rtpgate_endpoint *endpoint, uint64_t path,
                                      rtpgate_peer *peer);

/* The path of a remote address that is known from elsewhere (SDP), for a client without ICE. A
 * dual-stack endpoint knows IPv4 addresses in their mapped form (::ffff:a.b.c.d). Returns 0 and
 * *path; RTPGATE_ERR_INVAL; RTPGATE_ERR_NOMEM. */
RTPGATE_API int rtpgate_endpoint_path(rtpgate_endpoint *endpoint, const struct sockaddr *address,
                                      socklen_t length, uint64_t *path);

/* The address of a path. address: *length bytes of room; *length is set. Returns 0;
 * RTPGATE_ERR_INVAL when the path is not known; RTPGATE_ERR_NOBUF. */
RTPGATE_API int rtpgate_endpoint_address(const rtpgate_endpoint *endpoint, uint64_t path,
                                         struct sockaddr *address, socklen_t *length);

/*
 * Takes the next datagram off the socket, gives it to its peer, sends what the peer answers, and
 * says what it is.
 *
 * Returns 1 and *arrival for what the caller has to look at: STUN (whoever it is from), RTP, RTCP,
 * and other kinds of a bound address; DTLS too, so that the caller drains the peer's events and
 * packets. 0 when nothing waits, or after 64 useless datagrams (an edge-triggered loop
 * calls again until it has looked twice); RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_IO when the
 * socket is broken (errno says why). Datagrams that are of no use are counted and passed over.
 */
RTPGATE_API int rtpgate_endpoint_receive(rtpgate_endpoint *endpoint,
                                         struct rtpgate_arrival *arrival, uint64_t now);

/* Sends one datagram (a STUN answer, protected media). Returns 0; RTPGATE_ERR_INVAL; RTPGATE_ERR_IO
 * (errno). */
RTPGATE_API int rtpgate_endpoint_send(rtpgate_endpoint *endpoint, uint64_t path,
                                      const uint8_t *data, size_t length);

/* Sends the output of `peer`: call it after a call on the peer or its session that may have made
 * some. */
RTPGATE_API int rtpgate_endpoint_flush(rtpgate_endpoint *endpoint, rtpgate_peer *peer);

/* The earliest deadline of the peers, and what is due at `now` (with its output sent). */
RTPGATE_API uint64_t rtpgate_endpoint_deadline(const rtpgate_endpoint *endpoint);
RTPGATE_API int rtpgate_endpoint_expire(rtpgate_endpoint *endpoint, uint64_t now);

/* Waits until the socket is readable, a deadline comes, or `milliseconds` are over (-1: for ever).
 * Deadlines are taken as times of rtpgate_endpoint_now: pass those to the peers.
 * Returns 0; RTPGATE_ERR_INVAL; RTPGATE_ERR_IO (errno; EINTR counts as 0). */
RTPGATE_API int rtpgate_endpoint_wait(rtpgate_endpoint *endpoint, int milliseconds);

/* The counters. stats: `size` bytes are filled. Returns 0; RTPGATE_ERR_INVAL for a NULL. */
RTPGATE_API int rtpgate_endpoint_stats(const rtpgate_endpoint *endpoint,
                                       struct rtpgate_endpoint_stats *stats, size_t size);

#ifdef __cplusplus
}
#endif

#endif
