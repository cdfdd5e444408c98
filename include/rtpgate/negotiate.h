/*
 * What an offer and its answer decide about DTLS: is the association kept or is there a new one,
 * and who is the client (RFC 8842 3 to 5, RFC 5763 5, RFC 4145 4.1). Pure functions, for one m=
 * line or one BUNDLE group: which descriptions count there, the caller knows.
 *
 * The caller keeps one struct rtpgate_association for each transport, all zeros at first.
 *   Offerer: sends an offer with setup ACTPASS, its fingerprints and a tls-id: the association's
 *   local one, or one of rtpgate_tls_id_make when there is none or the association shall be
 *   replaced (RFC 8842 5.2, 5.5). When the answer comes: rtpgate_negotiate.
 *   Answerer: rtpgate_negotiate_answer says what to answer; with that answer, rtpgate_negotiate.
 *   RTPGATE_NEW: rtpgate_session_new, or rtpgate_peer_restart when an association existed, with
 *   `role` of the association; then rtpgate_session_set_remote with its remote fingerprints, and
 *   rtpgate_session_start when the role is CLIENT (RFC 8842 5.3, 5.4).
 *   RTPGATE_KEEP: nothing is done.
 * An offer that several remotes answer (RFC 8842 8, forking) has one association for each answer.
 *
 * An offer that was refused as a whole, or whose m= line the answer rejects, decides nothing:
 * rtpgate_negotiate is not called, the association stays as it was (RFC 8842 3.1, 5.3). An
 * association that failed or was closed is replaced like any other: by a new tls-id.
 *
 * Two associations over one UDP port can be told apart by the transport alone: with a new one, one
 * side takes new ICE candidates or a new address (RFC 8842 5.1, 6). That is not checked here, since
 * peers live that only change their fingerprint; rtpgate_peer_restart serves these too.
 */
#ifndef RTPGATE_NEGOTIATE_H
#define RTPGATE_NEGOTIATE_H

#include <stdbool.h>

#include <rtpgate/description.h>
#include <rtpgate/error.h>
#include <rtpgate/export.h>
#include <rtpgate/session.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rtpgate_verdict {
    RTPGATE_KEEP = 0,
    RTPGATE_NEW = 1,
};

/* What was agreed last. All zeros: there was no association yet. */
struct rtpgate_association {
    enum rtpgate_role role; /* ours; UNDECIDED: there is no association */
    struct rtpgate_description local;
    struct rtpgate_description remote;
};

/* One offer with its answer. */
struct rtpgate_exchange {
    bool offered; /* `local` is the offer, `remote` the answer; else the reverse */
    /* Without ICE: the address or port of either side is not what it was. With ICE: false, since
     * neither other candidates nor an ICE restart are such a change (RFC 8842 6). It only counts
     * when a side has no tls-id (RFC 8842 3.2, 4). */
    bool transport_changed;
    const struct rtpgate_description *local;  /* what we sent; owned by the caller */
    const struct rtpgate_description *remote; /* what we received; owned by the caller */
};

/*
 * Decides what a completed offer and answer mean, and remembers them. There is a new association
 * when none existed; when the tls-id of either side changed; when the set of fingerprints of either
 * side changed (their order does not matter); and, when the offer or the answer has no tls-id, when
 * the roles or the transport changed (RFC 8842 3.1, 4). A tls-id that appears or is left out is not
 * a changed one. An absent a=setup means active in the offer and passive in the answer (RFC 4145
 * 4.1), although RFC 8842 5.2 wants it there; offers of active or passive are taken too.
 *
 * association: written only on success; the exchange may point into it. why: when not NULL,
 * receives a sentence of static storage for a log, also on success. Returns RTPGATE_KEEP or
 * RTPGATE_NEW. Below 0 the descriptions contradict the RFCs, nothing has changed, and the
 * association goes on; whose fault it is, the code says. RTPGATE_ERR_MALFORMED, the remote's:
 * reject the m= line, or refuse the answer; RTPGATE_ERR_INVAL, ours: correct our description (or a
 * NULL, or a struct out of its ranges). The faults: HOLDCONN (RFC 8842 5.1); no fingerprint
 * (5.2, 5.3); an answer that is ACTPASS, or the same role as the offer (RFC 4145 4.1); an answer
 * with a tls-id to an offer without (RFC 8842 5.3); an answer that changes the roles of an
 * association whose tls-ids and fingerprints all stay (5.3). Ours only: an answer with our old
 * tls-id when there is a new association (5.3); a remote that does so is understood.
 */
RTPGATE_API int rtpgate_negotiate(struct rtpgate_association *association,
                                  const struct rtpgate_exchange *exchange, const char **why);

/*
 * Says what to answer: the association is kept when the offer lets us, with its roles and our
 * tls-id (RFC 8842 5.3). Nothing is remembered: call rtpgate_negotiate when the answer is sent.
 *
 * exchange: `offered` is false, `remote` the offer, `local` the answer for a new association: our
 * fingerprints; setup ACTIVE or PASSIVE as we like it when the offer is ACTPASS (anything else is
 * ACTIVE, which RFC 5763 5 recommends); a tls-id that was never used, or "" to do without.
 * answer: written only on success; it may be what `local` points to. why: as above.
 * Returns what rtpgate_negotiate will return for this answer; its errors; RTPGATE_ERR_INVAL when
 * `offered`.
 */
RTPGATE_API int rtpgate_negotiate_answer(struct rtpgate_description *answer,
                                         const struct rtpgate_association *association,
                                         const struct rtpgate_exchange *exchange, const char **why);

#ifdef __cplusplus
}
#endif

#endif
