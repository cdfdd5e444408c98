/* SRTP and SRTCP with exported keys (RFC 3711, RFC 7714). */
#ifndef RTPGATE_MEDIA_H
#define RTPGATE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/classify.h>
#include <rtpgate/export.h>
#include <rtpgate/srtp_keys.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Both directions of one association: any number of SSRCs. Belongs to one thread at a time. */
typedef struct rtpgate_media rtpgate_media;

/* What protection adds to a packet at most (tag and SRTCP index), for sizing buffers. */
#define RTPGATE_MEDIA_OVERHEAD 32

/* Counters since the contexts were made. Fields are only ever appended. */
struct rtpgate_media_stats {
    uint64_t rtp_protected;
    uint64_t rtcp_protected;
    uint64_t rtp_unprotected;
    uint64_t rtcp_unprotected;
    uint64_t auth_failures; /* wrong tag: forged, damaged, or not encrypted at all */
    uint64_t replays;       /* seen or sent before, or older than the window */
    uint64_t malformed;     /* too short or too long, or lengths that lie */
    uint64_t unencrypted;   /* of the auth_failures: SRTCP without encryption */
    uint64_t too_old;       /* of the replays: older than the window */
    uint64_t cryptex;       /* hidden headers (RFC 9335), refused */
    uint64_t expired;       /* refused since the keys have protected enough */
    uint64_t uncovered;     /* refused since no stored snapshot covers them (media_state.h) */
    uint64_t ssrcs;         /* refused since the peer sends under too many SSRCs */
};

/* What differs from the usual; all zeros is the default. Fields are only ever appended. */
struct rtpgate_media_settings {
    unsigned replay_window; /* of RTP, in packets: 64 to 32767, or 0 for 1024. SRTCP's is 128. */
    /* rtpgate_media_protect takes an RTP packet of an index that it protected before. Only for the
     * same payload: two of them under one index tell an eavesdropper their difference. Not with the
     * AEAD profiles, where a changed header gives the key of the tag away (RFC 7714 8.1): there,
     * keep the protected packet and send that again. */
    bool repeats;
    /* `encrypted_extension_count` (up to 255) identifiers from 1 to 255, copied: the header
     * extension elements that are encrypted (RFC 6904, a=extmap with
     * urn:ietf:params:rtp-hdrext:encrypt). A packet with padding before an element is MALFORMED
     * then, in both directions, since libsrtp 2 would use a wrong key stream: put padding last. */
    const uint8_t *encrypted_extensions;
    size_t encrypted_extension_count;
    /* Keeps account of the indices of each SSRC (about 100 bytes), so that another process can go
     * on (media_state.h). Not with `repeats`, nor with rtpgate_media_set_roc. */
    bool resumable;
    /* How many packets a key may protect in each direction, for who wants new keys sooner than the
     * RFCs ask for them; 0, or more than they allow, for what they allow (rtpgate_media_protect).
     */
    uint64_t rtp_limit;
    uint64_t rtcp_limit;
    /* From how many SSRCs of the peer packets are taken: 1 to 65536, or 0 for 1024. Each costs
     * about 0.5 KB until the end, and makes libsrtp search longer for each packet. Who has the keys
     * could take all memory without a limit. */
    unsigned ssrc_limit;
};

enum rtpgate_media_direction { RTPGATE_MEDIA_OUTBOUND, RTPGATE_MEDIA_INBOUND };

/*
 * Makes the contexts from `keys`, which are copied: clear yours.
 *
 * out: written only on success; release it with rtpgate_media_free.
 * The first call of the process (or of rtpgate_peer_new) initialises libsrtp and gives it ciphers
 * on GnuTLS and nettle; neither is ever undone. Whoever else uses libsrtp in the process may call
 * srtp_init before that (not at the same time) or ignore that it fails later (libsrtp 2 refuses a
 * second call), but must not call srtp_shutdown. Contexts that they make later have the new
 * ciphers, too, which do the same; those that they made before stay as they are.
 *
 * Returns 0; RTPGATE_ERR_INVAL for a NULL, an unknown profile, or lengths that are not the
 * profile's; RTPGATE_ERR_NOMEM; RTPGATE_ERR_CRYPTO, for this and all later calls also when a cipher
 * failed libsrtp's self-test: rtpgate_media_keep_libsrtp_ciphers avoids ours.
 */
RTPGATE_API int rtpgate_media_new(rtpgate_media **out, const struct rtpgate_srtp_keys *keys);

/*
 * As rtpgate_media_new, with other settings.
 *
 * settings: `size` bytes are read, so that a program that was built against an older header goes on
 * working: pass sizeof(struct rtpgate_media_settings).
 *
 * Returns the same; RTPGATE_ERR_INVAL also for a value that is out of range, `repeats` with an AEAD
 * profile or `resumable`, or a `size` of a newer header.
 */
RTPGATE_API int rtpgate_media_new_with(rtpgate_media **out, const struct rtpgate_srtp_keys *keys,
                                       const struct rtpgate_media_settings *settings, size_t size);

/*
 * Leaves libsrtp the ciphers that it came with, for the whole process. By default it gets others,
 * which are 2 to 10 times as fast as those on NSS in Debian's libsrtp2; this is for those who must
 * use a certain crypto library. Call it before anything else of media.h and peer.h.
 *
 * Returns 0, also when it was called before; RTPGATE_ERR_STATE, without effect, when libsrtp got
 * other ciphers already: call it earlier.
 */
RTPGATE_API int rtpgate_media_keep_libsrtp_ciphers(void);

/* Zeroes the keys and frees the contexts. NULL is fine. */
RTPGATE_API void rtpgate_media_free(rtpgate_media *media);

/*
 * Protects one packet that we send.
 *
 * kind: RTPGATE_KIND_RTP or RTPGATE_KIND_RTCP. in: `length` bytes of plaintext. out: `capacity`
 * bytes; length + RTPGATE_MEDIA_OVERHEAD is always enough. It may be `in` itself, but not overlap
 * it otherwise.
 *
 * Returns the length of the protected packet; RTPGATE_ERR_INVAL for a NULL or another
 * kind; RTPGATE_ERR_NOBUF when `capacity` is too small (nothing is written); RTPGATE_ERR_MALFORMED
 * when it is not a packet of that kind, or longer than a datagram can be, or its RTP header with
 * extension is longer than 2048 bytes; RTPGATE_ERR_REPLAY when its index was used before or is
 * older than the replay window; RTPGATE_ERR_CRYPTEX; RTPGATE_ERR_EXPIRED when the key protected
 * 2^31 RTP or SRTCP packets with AES128_CM (RFC 5764 4.1.2), 2^48 RTP or 2^31 SRTCP packets with
 * AEAD (RFC 7714 13.1, 14.1), or the limit of the settings: negotiate a new association;
 * RTPGATE_ERR_NOMEM, only for the first packet of an SSRC; RTPGATE_ERR_CRYPTO, for the first packet
 * of a kind also without memory; RTPGATE_ERR_STATE when suspended, or no stored snapshot covers it
 * (media_state.h). After NOMEM, REPLAY, STATE or CRYPTO `out` holds nothing of use, and after
 * CRYPTO the packet's index is used up.
 */
RTPGATE_API int rtpgate_media_protect(rtpgate_media *media, enum rtpgate_kind kind,
                                      const uint8_t *in, size_t length, uint8_t *out,
                                      size_t capacity);

/*
 * Authenticates and decrypts one packet of the peer; errors harm nothing: drop the packet and go
 * on.
 *
 * in, out: as above; `capacity` of at least `length` is always enough.
 *
 * Returns the length of the plaintext packet; RTPGATE_ERR_INVAL for a NULL or another kind;
 * RTPGATE_ERR_NOBUF when `capacity` is below `length` (nothing is written); RTPGATE_ERR_AUTH, also
 * for SRTCP that is authenticated but not encrypted; RTPGATE_ERR_REPLAY; RTPGATE_ERR_MALFORMED;
 * RTPGATE_ERR_CRYPTEX; RTPGATE_ERR_EXPIRED, as above; RTPGATE_ERR_SSRC for an SSRC beyond the limit
 * of the settings (each of the six is counted); RTPGATE_ERR_NOMEM, RTPGATE_ERR_CRYPTO and
 * RTPGATE_ERR_STATE, as above. After an error other than INVAL and NOBUF `out` holds nothing of
 * use.
 */
RTPGATE_API int rtpgate_media_unprotect(rtpgate_media *media, enum rtpgate_kind kind,
                                        const uint8_t *in, size_t length, uint8_t *out,
                                        size_t capacity);

/* One of many packets: what rtpgate_media_protect and rtpgate_media_unprotect take, and what they
 * return. */
struct rtpgate_media_packet {
    rtpgate_media *media;
    const uint8_t *in; /* `length` bytes */
    size_t length;
    uint8_t *out; /* `capacity` bytes, of this packet alone */
    size_t capacity;
    int result; /* written */
};

/*
 * Protects or unprotects many packets in turn: one plaintext for many receivers (the same `in`, a
 * `media` for each), or a burst of one sender. It spares the caller a loop with its errors; a
 * packet costs what it costs alone. One that fails hinders none after it.
 *
 * packets: `count` of them; the caller's, as are their buffers. Where several have the same `in`,
 * none but the last may have it as `out`.
 * Returns how many succeeded, those with a `result` of 0 or more; RTPGATE_ERR_INVAL for a NULL with
 * a `count` above 0, or a `count` above INT_MAX: then nothing is written.
 */
RTPGATE_API int rtpgate_media_protect_many(enum rtpgate_kind kind,
                                           struct rtpgate_media_packet *packets, size_t count);
RTPGATE_API int rtpgate_media_unprotect_many(enum rtpgate_kind kind,
                                             struct rtpgate_media_packet *packets, size_t count);

/* Whether 90 % of the packets that a key may protect are used up, in a direction, of RTP or SRTCP:
 * time for a new association, before RTPGATE_ERR_EXPIRED. False for a NULL. */
RTPGATE_API bool rtpgate_media_expiring(const rtpgate_media *media);

/*
 * The rollover counter of `ssrc` (RFC 3711 3.2.1), for whoever joins late and must be told.
 * roc: written only on success. Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_STATE when no
 * packet of `ssrc` has passed in that direction.
 */
RTPGATE_API int rtpgate_media_roc(const rtpgate_media *media,
                                  enum rtpgate_media_direction direction, uint32_t ssrc,
                                  uint32_t *roc);

/*
 * Lets `ssrc` begin with the rollover counter `roc` in place of 0: for a stream that was joined
 * late. Each SSRC that is set costs about 2 KB.
 *
 * roc: up to 2^31 - 1, so that it does not come to its end. Returns 0; RTPGATE_ERR_INVAL for a NULL
 * or a `roc` above that; RTPGATE_ERR_STATE when it was set or a packet of `ssrc`
 * has passed in that direction, or `media` is resumable; RTPGATE_ERR_NOMEM; RTPGATE_ERR_CRYPTO.
 */
RTPGATE_API int rtpgate_media_set_roc(rtpgate_media *media, enum rtpgate_media_direction direction,
                                      uint32_t ssrc, uint32_t roc);

/* The counters. stats: `size` bytes are filled; pass sizeof(struct rtpgate_media_stats).
 * Returns 0; RTPGATE_ERR_INVAL for a NULL. */
RTPGATE_API int rtpgate_media_stats(const rtpgate_media *media, struct rtpgate_media_stats *stats,
                                    size_t size);

#ifdef __cplusplus
}
#endif

#endif
