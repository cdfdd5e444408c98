/* Certificate fingerprints as SDP carries them (RFC 8122 5). */
#ifndef RTPGATE_FINGERPRINT_H
#define RTPGATE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Usable hashes, weakest first. sha-1, md5, md2 and sha-224 are known and refused. */
enum rtpgate_hash {
    RTPGATE_HASH_SHA256 = 1,
    RTPGATE_HASH_SHA384 = 2,
    RTPGATE_HASH_SHA512 = 3,
};

#define RTPGATE_FINGERPRINT_MAX_BYTES 64
/* Room for the longest text that rtpgate_fingerprint_format writes, its NUL included. */
#define RTPGATE_FINGERPRINT_MAX_TEXT 200

struct rtpgate_fingerprint {
    enum rtpgate_hash hash;
    size_t length; /* of `bytes`: 32, 48 or 64, as `hash` says */
    uint8_t bytes[RTPGATE_FINGERPRINT_MAX_BYTES];
};

/*
 * Reads one fingerprint: "sha-256 AB:CD:...", with or without "a=fingerprint:" before it and a line
 * end behind it. The hash name and the hex digits may be of either case (RFC 8122 5).
 *
 * out: written only on success. text: `length` bytes, no NUL needed, owned by the caller.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_MALFORMED when it does not parse or the hash
 * is refused or unknown: skip the line.
 */
RTPGATE_API int rtpgate_fingerprint_parse(struct rtpgate_fingerprint *out, const char *text,
                                          size_t length);

/*
 * Collects the usable fingerprints of an SDP text: every line that begins with "a=fingerprint:".
 * Lines with a refused or unknown hash are skipped, all other attributes too.
 *
 * out: room for `capacity` fingerprints, filled in the text's order. text: `length` bytes.
 * Returns how many were written (at least 1); RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_MALFORMED
 * when a line with a usable hash does not parse, or no usable fingerprint is left: refuse the
 * description; RTPGATE_ERR_NOBUF when there are more than `capacity`: call again with more room.
 */
RTPGATE_API int rtpgate_fingerprint_parse_sdp(struct rtpgate_fingerprint *out, size_t capacity,
                                              const char *text, size_t length);

/*
 * Writes "sha-256 AB:CD:..." and a NUL, the value of an a=fingerprint attribute.
 *
 * text: `capacity` bytes; RTPGATE_FINGERPRINT_MAX_TEXT is always enough.
 * Returns the length without the NUL; RTPGATE_ERR_INVAL for a NULL or a fingerprint whose length
 * does not fit its hash; RTPGATE_ERR_NOBUF when `capacity` is too small (nothing is written).
 */
RTPGATE_API int rtpgate_fingerprint_format(const struct rtpgate_fingerprint *fingerprint,
                                           char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
