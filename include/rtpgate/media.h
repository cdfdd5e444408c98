/* SRTP and SRTCP with exported keys (RFC 3711, RFC 7714). */
#ifndef RTPGATE_MEDIA_H
#define RTPGATE_MEDIA_H

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
};

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
 * older than the window of 1024 packets; RTPGATE_ERR_NOMEM, only for the first packet of an SSRC;
 * RTPGATE_ERR_CRYPTO. After NOMEM, REPLAY or CRYPTO `out` holds nothing of use.
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
 * for SRTCP that is authenticated but not encrypted; RTPGATE_ERR_REPLAY; RTPGATE_ERR_MALFORMED
 * (each of the three is counted); RTPGATE_ERR_NOMEM, only for the first packet of an SSRC;
 * RTPGATE_ERR_CRYPTO. After an error other than INVAL and NOBUF `out` holds nothing of use.
 */
RTPGATE_API int rtpgate_media_unprotect(rtpgate_media *media, enum rtpgate_kind kind,
                                        const uint8_t *in, size_t length, uint8_t *out,
                                        size_t capacity);

/* The counters. stats: `size` bytes are filled; pass sizeof(struct rtpgate_media_stats).
 * Returns 0; RTPGATE_ERR_INVAL for a NULL. */
RTPGATE_API int rtpgate_media_stats(const rtpgate_media *media, struct rtpgate_media_stats *stats,
                                    size_t size);

#ifdef __cplusplus
}
#endif

#endif
