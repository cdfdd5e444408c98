/* Demultiplexing of the protocols that share one UDP port (RFC 7983, RFC 9443, RFC 5761). */
#ifndef RTPGATE_CLASSIFY_H
#define RTPGATE_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rtpgate_kind {
    RTPGATE_KIND_UNKNOWN,      /* empty, first byte 4..15, or too short to tell RTP from RTCP */
    RTPGATE_KIND_STUN,         /* first byte 0..3 */
    RTPGATE_KIND_ZRTP,         /* first byte 16..19 */
    RTPGATE_KIND_DTLS,         /* first byte 20..63 */
    RTPGATE_KIND_TURN_CHANNEL, /* first byte 64..79, from the caller's TURN server */
    RTPGATE_KIND_QUIC, /* first byte 64..79 from elsewhere, 80..127, 192..255 (RFC 9443 3) */
    RTPGATE_KIND_RTP,  /* first byte 128..191, second byte not 192..223 */
    RTPGATE_KIND_RTCP, /* first byte 128..191, second byte 192..223 (RFC 5761 4) */
};

/*
 * Tells which protocol one UDP datagram belongs to, from its first two bytes alone.
 *
 * datagram: `length` bytes, read only, owned by the caller; may be NULL when `length` is 0.
 * from_turn_server: true when the source address is the caller's TURN server, which decides what
 * 64..79 means. Cannot fail; RTP and SRTP, RTCP and SRTCP are not told apart here.
 */
RTPGATE_API enum rtpgate_kind rtpgate_classify(const uint8_t *datagram, size_t length,
                                               bool from_turn_server);

/* The name of `kind`, for logs and counters; static storage, never NULL. */
RTPGATE_API const char *rtpgate_kind_name(enum rtpgate_kind kind);

#ifdef __cplusplus
}
#endif

#endif
