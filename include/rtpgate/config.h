/* What sessions have in common: identity, profiles, timers, limits. */
#ifndef RTPGATE_CONFIG_H
#define RTPGATE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>
#include <rtpgate/identity.h>
#include <rtpgate/srtp_profile.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RTPGATE_NEVER UINT64_MAX
#define RTPGATE_MTU_MIN 256
#define RTPGATE_MTU_MAX 16384

/*
 * Reference counted. The setters work until the first session is made from it; then it is frozen
 * (RTPGATE_ERR_STATE) and any number of threads may share it. All times are microseconds.
 */
typedef struct rtpgate_config rtpgate_config;

/*
 * A config with every default. It takes a reference of its own to `identity`.
 * out: written only on success; release it with rtpgate_config_free.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_NOMEM; RTPGATE_ERR_CRYPTO.
 */
RTPGATE_API int rtpgate_config_new(rtpgate_config **out, rtpgate_identity *identity);

/* One more reference to `config`; returns it. */
RTPGATE_API rtpgate_config *rtpgate_config_ref(rtpgate_config *config);

/* Gives one reference back; sessions hold their own. NULL is fine. */
RTPGATE_API void rtpgate_config_free(rtpgate_config *config);

/*
 * The SRTP profiles that are offered and accepted, best first; as server our order decides.
 * profiles: `count` entries (1 to 4), copied. Default: AEAD_AES_128_GCM, AEAD_AES_256_GCM,
 * AES128_CM_SHA1_80, AES128_CM_SHA1_32.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL, a count out of range, an unknown or a repeated profile;
 * RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_profiles(rtpgate_config *config,
                                            const enum rtpgate_srtp_profile *profiles,
                                            size_t count);

/*
 * The largest UDP payload that is sent, in bytes: RTPGATE_MTU_MIN to RTPGATE_MTU_MAX, default 1200.
 * Returns 0; RTPGATE_ERR_INVAL; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_mtu(rtpgate_config *config, size_t mtu);

/*
 * The retransmission timer: its first value (default 50 ms, as in browsers; a known RTT makes it
 * shorter, see rtpgate_session_set_rtt), and the cap to which it doubles from the third repetition
 * on (default 3 s). Both 10 ms to 60 s. RFC 6347 4.2.4.1 says 1 s and 60 s. Where the RTT reaches
 * `initial`, flights are repeated that were not lost, about 15 small datagrams more at 200 ms;
 * whoever minds sets it to more than the RTT. Returns 0; RTPGATE_ERR_INVAL when out of range or
 * initial > cap; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_retransmission(rtpgate_config *config, uint64_t initial,
                                                  uint64_t cap);

/*
 * How long a handshake may take, from start (or, as server, from the first hello, and anew from the
 * first that was answered) to its end, and then again from its end to the arrival of a fingerprint,
 * twice this time in all. Default 30 s; RTPGATE_NEVER: no deadline. Returns 0; RTPGATE_ERR_INVAL
 * for 0; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_deadline(rtpgate_config *config, uint64_t deadline);

/*
 * How long unauthenticated bad news (a plaintext alert, a hello that cannot be answered, a
 * certificate that was not expected) must stand alone before it ends the association: an advice
 * event comes at once, the verdict after the grace and eight of our timers without an answer
 * (3 s), or at the deadline, when a server talks to nobody or a message came in two versions.
 * Default 1 s; 0: at once, and whoever can send one datagram ends it; RTPGATE_NEVER: only at the
 * deadline. Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_grace(rtpgate_config *config, uint64_t grace);

/*
 * How long an association keeps its GnuTLS session (about 11 KB) after READY. Then it gives it back
 * and goes on with keys and record numbers alone (under 1 KB). Nothing changes for the caller or
 * the peer: alerts, application data, keys, rtpgate_session_export and what else works in READY
 * work as before. Default 0: at once, so that nobody must be woken for it. RTPGATE_NEVER: it is
 * kept, for whoever needs every record to pass through GnuTLS; it is also kept when there is no
 * memory for the change. Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_release(rtpgate_config *config, uint64_t linger);

/* When a server checks the client's signature before GnuTLS is shown flight 5. */
enum rtpgate_proof {
    RTPGATE_PROOF_ALWAYS,
    RTPGATE_PROOF_AFTER_ANOMALY,
};

/*
 * When a server checks the client's CertificateVerify before GnuTLS, which checks it again, sees
 * flight 5. GnuTLS cannot go back after a forged one, so that proof keeps a stranger's from ending
 * the handshake; it is about a fifth of what a handshake costs both sides. Who the peer is and the
 * keys are as safe without it: this is about availability alone. A client does not need the proof.
 *
 * proof: RTPGATE_PROOF_ALWAYS, the default. RTPGATE_PROOF_AFTER_ANOMALY: only where the fingerprint
 * is not known yet or the association saw anything but one client that talks undisturbed: anything
 * dropped, an alert, a second hello or version of a message, another path, datagrams out of order.
 * Its price: who knows the client's certificate, sends from a valid path and forges the first
 * flight 5 to arrive, with nothing odd before it, costs the client its handshake, once. The server
 * tells it as advice (RTPGATE_ERR_HANDSHAKE) and sends a new flight 4, which a client of rtpgate
 * takes up within a second. Stock GnuTLS does not, nor does RFC 6347 ask it of anybody (browsers
 * were not tried): then the association ends at its deadline.
 *
 * Returns 0; RTPGATE_ERR_INVAL for a NULL or an unknown `proof`; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_proof(rtpgate_config *config, enum rtpgate_proof proof);

/*
 * Whether datagrams are taken from every path (true) or only from those that the caller declared
 * valid with rtpgate_session_path_valid (false, the default: ICE proves paths). Without ICE set it
 * to true. Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_any_path(rtpgate_config *config, bool any_path);

struct rtpgate_media_settings; /* media.h */

/*
 * How peers, and with them endpoints, make their SRTP contexts: for each association of this
 * config. Sessions alone make none.
 *
 * settings: copied with its list; `size` bytes are read: pass sizeof(struct
 * rtpgate_media_settings). `repeats` is for the AES128_CM profiles alone: where an AEAD profile is
 * negotiated, no index is used twice.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL, a value that is out of range, `repeats` with
 * `resumable`, or a `size` of a newer header; RTPGATE_ERR_STATE when frozen.
 */
RTPGATE_API int rtpgate_config_set_media(rtpgate_config *config,
                                         const struct rtpgate_media_settings *settings,
                                         size_t size);

#ifdef __cplusplus
}
#endif

#endif
