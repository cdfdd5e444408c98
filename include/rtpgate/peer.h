/*
 * One remote on one port: demultiplexing, the DTLS association (and its successor), SRTP.
 *
 * It takes every datagram of the remote and says what the caller holds now. The drain rule is that
 * of session.h, with one step more: after each call that changes the peer, call rtpgate_peer_output
 * until it returns 0, rtpgate_peer_next_event until it returns 0, rtpgate_peer_next_packet until it
 * returns 0, then read rtpgate_peer_deadline. Times, paths and threads are as in session.h.
 */
#ifndef RTPGATE_PEER_H
#define RTPGATE_PEER_H

#include <rtpgate/classify.h>
#include <rtpgate/export.h>
#include <rtpgate/media.h>
#include <rtpgate/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rtpgate_peer rtpgate_peer;

/* Counters since the peer was made. Fields are only ever appended. */
struct rtpgate_peer_stats {
    uint64_t received[RTPGATE_KIND_RTCP + 1]; /* datagrams by enum rtpgate_kind */
    uint64_t held;                            /* SRTP that came before the keys and was kept */
    uint64_t dropped_held;                    /* of these: pushed out by newer ones, or too old */
    uint64_t dropped_closed;                  /* SRTP when there is no association (any more) */
    struct rtpgate_media_stats media;         /* of all associations together */
};

/*
 * Makes a peer with its first association, as rtpgate_session_new does. A server listens from here
 * on; a client needs rtpgate_session_start(rtpgate_peer_session(peer), now). out: written only on
 * success; release it with rtpgate_peer_free. Returns 0; RTPGATE_ERR_INVAL; RTPGATE_ERR_NOMEM.
 */
RTPGATE_API int rtpgate_peer_new(rtpgate_peer **out, rtpgate_config *config, enum rtpgate_role role,
                                 uint64_t now);

/*
 * Makes a peer whose association ended with another process, and whose media goes on: SRTP passes
 * in both directions at once. Nothing is left of DTLS: rtpgate_peer_session is NULL, there are no
 * events but RTPGATE_EVENT_EXPIRING, what comes is dropped, and rtpgate_peer_close tells the remote
 * nothing. rtpgate_peer_restart negotiates a new association, with media meanwhile. Paths and RTT
 * have to be told anew.
 *
 * out: written only on success; release it with rtpgate_peer_free. media: what rtpgate_media_resume
 * made; it belongs to the peer then. Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_NOMEM.
 */
RTPGATE_API int rtpgate_peer_resume(rtpgate_peer **out, rtpgate_media *media, uint64_t now);

/* Zeroes all secrets and frees the peer. NULL is fine. */
RTPGATE_API void rtpgate_peer_free(rtpgate_peer *peer);

/*
 * The association that is being negotiated or, when none is or it has failed, the one that is used:
 * for set_remote, set_role, start, send, info, stats, error and what else session.h has, followed
 * by the drain rule of this header. Datagrams, output, events, expiry and paths go through the
 * peer. It changes with rtpgate_peer_restart and with its outcome (ask again after each call), and
 * lives at most as long as the peer. NULL for NULL, and when there is none (rtpgate_peer_resume).
 */
RTPGATE_API rtpgate_session *rtpgate_peer_session(rtpgate_peer *peer);

/*
 * The SRTP contexts that protect now: for rtpgate_media_roc, _set_roc and _next_index, and to let
 * them survive with rtpgate_media_snapshot, _snapshot_stored or _suspend, for which the config's
 * media settings are `resumable`. The peer owns them; packets go through the peer. It changes as
 * rtpgate_peer_session does: a snapshot is of one association. After rtpgate_media_suspend free the
 * peer without closing it, or the remote ends the media that goes on. NULL without keys, and for
 * NULL.
 */
RTPGATE_API rtpgate_media *rtpgate_peer_media(rtpgate_peer *peer);

/*
 * Begins a second association on the same port, after an offer and answer that ask for one (RFC
 * 8842 5, RFC 5764 4.3): new identity, new fingerprints, new role, as `config` and
 * rtpgate_peer_session say. Media goes on under the old keys until the new ones exist; what the
 * old ones refuse is held until then, as before the first keys, and counts as refused by the old
 * ones, most often as an authentication failure. SRTP is then tried with the new keys first,
 * with the old ones for 3 s more, in which each packet under these counts as a failure of the new
 * ones. An association that is not READY (yet, or any more) is replaced at once. Returns 0;
 * RTPGATE_ERR_INVAL; RTPGATE_ERR_NOMEM: nothing has changed.
 */
RTPGATE_API int rtpgate_peer_restart(rtpgate_peer *peer, rtpgate_config *config,
                                     enum rtpgate_role role, uint64_t now);

/*
 * Takes one datagram of the remote and says what it is now.
 *
 * datagram: `*length` bytes, which SRTP is decrypted in; owned by the caller. On return `*length`
 * is that of what the caller holds. from_turn_server: as in rtpgate_classify. Returns a kind: STUN
 * for the caller's ICE (then rtpgate_peer_path_valid); RTP or RTCP in plaintext; ZRTP,
 * TURN_CHANNEL, QUIC or UNKNOWN as it came. DTLS was taken in: drain. Below 0 nothing is there for
 * the caller: RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE for SRTP before the keys (it is held,
 * up to 128 packets, 128 KB, 2048 bytes each and 5 s, and comes out of rtpgate_peer_next_packet),
 * without an association, or when its index waits for a snapshot (media_state.h);
 * RTPGATE_ERR_NOMEM, RTPGATE_ERR_CRYPTO; RTPGATE_ERR_AUTH, RTPGATE_ERR_REPLAY,
 * RTPGATE_ERR_MALFORMED, RTPGATE_ERR_CRYPTEX, RTPGATE_ERR_EXPIRED, RTPGATE_ERR_SSRC, as
 * rtpgate_media_unprotect says: dropped and counted, nothing is harmed.
 */
RTPGATE_API int rtpgate_peer_input(rtpgate_peer *peer, uint8_t *datagram, size_t *length,
                                   uint64_t path, bool from_turn_server, uint64_t now);

/*
 * Gives the next packet that was held until there were keys, in the order of arrival, in plaintext.
 *
 * buffer: `capacity` bytes; 2048 is always enough. length: written when there is one.
 * Returns RTPGATE_KIND_RTP or RTPGATE_KIND_RTCP; 0 when there is none; RTPGATE_ERR_INVAL for a
 * NULL; RTPGATE_ERR_NOBUF when `capacity` is too small (it stays). What does not authenticate is
 * dropped and counted.
 */
RTPGATE_API int rtpgate_peer_next_packet(rtpgate_peer *peer, uint8_t *buffer, size_t capacity,
                                         size_t *length);

/* As rtpgate_media_protect, with the keys in use. RTPGATE_ERR_STATE when there are none. The caller
 * sends the result itself, on the path of its choice. */
RTPGATE_API int rtpgate_peer_protect(rtpgate_peer *peer, enum rtpgate_kind kind, const uint8_t *in,
                                     size_t length, uint8_t *out, size_t capacity);

/* As rtpgate_session_output, _next_event, _deadline and _expire, for all associations. Events of an
 * association that was replaced are not told. RTPGATE_EVENT_EXPIRING comes once for each
 * association. */
RTPGATE_API int rtpgate_peer_output(rtpgate_peer *peer, uint8_t *buffer, size_t capacity,
                                    uint64_t *path);
RTPGATE_API int rtpgate_peer_next_event(rtpgate_peer *peer, struct rtpgate_event *event);
RTPGATE_API uint64_t rtpgate_peer_deadline(const rtpgate_peer *peer);
RTPGATE_API int rtpgate_peer_expire(rtpgate_peer *peer, uint64_t now);

/* As rtpgate_session_path_valid, _set_path, _set_rtt and _close, for all associations, and for
 * those that rtpgate_peer_restart will make. */
RTPGATE_API int rtpgate_peer_path_valid(rtpgate_peer *peer, uint64_t path, bool valid,
                                        uint64_t now);
RTPGATE_API int rtpgate_peer_set_path(rtpgate_peer *peer, uint64_t path, uint64_t now);
RTPGATE_API int rtpgate_peer_set_rtt(rtpgate_peer *peer, uint64_t rtt, uint64_t now);
RTPGATE_API int rtpgate_peer_close(rtpgate_peer *peer, uint64_t now);

/* The counters. stats: `size` bytes are filled; pass sizeof(struct rtpgate_peer_stats).
 * Returns 0; RTPGATE_ERR_INVAL for a NULL. */
RTPGATE_API int rtpgate_peer_stats(const rtpgate_peer *peer, struct rtpgate_peer_stats *stats,
                                   size_t size);

#ifdef __cplusplus
}
#endif

#endif
