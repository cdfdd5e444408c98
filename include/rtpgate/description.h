/*
 * The attributes of DTLS in SDP: a=setup (RFC 4145), a=tls-id (RFC 8842 4), a=fingerprint (RFC
 * 8122). Nothing else of SDP is looked at. In a BUNDLE group the attributes that count are those of
 * one m= line, the tagged one (RFC 9143 7.1.3): which one it is, the caller knows.
 */
#ifndef RTPGATE_DESCRIPTION_H
#define RTPGATE_DESCRIPTION_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>
#include <rtpgate/fingerprint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rtpgate_setup {
    RTPGATE_SETUP_ABSENT,   /* active in an offer, passive in an answer (RFC 4145 4.1) */
    RTPGATE_SETUP_ACTPASS,  /* either role: what an offer says */
    RTPGATE_SETUP_ACTIVE,   /* DTLS client */
    RTPGATE_SETUP_PASSIVE,  /* DTLS server */
    RTPGATE_SETUP_HOLDCONN, /* can be read, not written: RFC 8842 5.1 forbids it */
};

#define RTPGATE_TLS_ID_MIN 20
#define RTPGATE_TLS_ID_MAX 255
#define RTPGATE_DESCRIPTION_FINGERPRINTS 8
/* Room for the longest text that rtpgate_description_format writes, its NUL included. */
#define RTPGATE_DESCRIPTION_MAX_TEXT 2004

/* What one side says of DTLS for one m= line. All zeros: nothing. */
struct rtpgate_description {
    enum rtpgate_setup setup;
    /* "" when absent, else 20 to 255 letters, digits, '+', '/', '-' or '_' */
    char tls_id[RTPGATE_TLS_ID_MAX + 1];
    struct rtpgate_fingerprint fingerprints[RTPGATE_DESCRIPTION_FINGERPRINTS];
    size_t fingerprint_count;
};

/*
 * Reads what holds for m= line number `index` (the first is 0) of an SDP text. a=setup and
 * a=fingerprint of the media section replace those of the session section, the lines before the
 * first m= (RFC 4145 4, RFC 8122 5); a=tls-id exists in media sections alone (RFC 8842 4),
 * elsewhere it is ignored. A text without any m= line is taken as one media section, number 0: so
 * the lines of a section that the caller cut out can be given too. An absent attribute is no error.
 *
 * out: written only on success. sdp: `length` bytes, no NUL needed, owned by the caller.
 * Returns 0; RTPGATE_ERR_INVAL for a NULL, or when there is no such m= line; RTPGATE_ERR_MALFORMED
 * when a value does not parse, a=setup or a=tls-id is given twice with different values, there are
 * fingerprints but none is usable, or more than 8 are: refuse the description.
 */
RTPGATE_API int rtpgate_description_parse(struct rtpgate_description *out, const char *sdp,
                                          size_t length, size_t index);

/*
 * Writes the attributes as lines of a media section, each with its CRLF, and a NUL; what is absent
 * is left out.
 *
 * text: `capacity` bytes; RTPGATE_DESCRIPTION_MAX_TEXT is always enough.
 * Returns the length without the NUL; RTPGATE_ERR_INVAL for a NULL, a description that is not well
 * formed, or HOLDCONN; RTPGATE_ERR_NOBUF when `capacity` is too small (nothing is written).
 */
RTPGATE_API int rtpgate_description_format(const struct rtpgate_description *description,
                                           char *text, size_t capacity);

/*
 * Makes a new tls-id of random bytes: their hexadecimal digits and a NUL. RFC 8842 4 wants at least
 * 120 bits of a strong generator, such as getrandom.
 *
 * text: `capacity` bytes, 2 * length + 1 are enough. random: `length` bytes, 15 to 127.
 * Returns the length without the NUL; RTPGATE_ERR_INVAL for a NULL or a length out of range;
 * RTPGATE_ERR_NOBUF when `capacity` is too small (nothing is written).
 */
RTPGATE_API int rtpgate_tls_id_make(char *text, size_t capacity, const uint8_t *random,
                                    size_t length);

#ifdef __cplusplus
}
#endif

#endif
