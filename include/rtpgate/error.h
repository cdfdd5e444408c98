/*
 * Errors. Every function that can fail returns an int: 0 or more is success (or a length), below 0
 * is one of the codes here. The codes stand in classes by who has to act.
 */
#ifndef RTPGATE_ERROR_H
#define RTPGATE_ERROR_H

#include <rtpgate/export.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rtpgate_error {
    RTPGATE_OK = 0,

    /* The caller: the call was wrong and changed nothing. Correct the call. */
    RTPGATE_ERR_INVAL = -1, /* an argument is NULL, out of range or contradicts another */
    RTPGATE_ERR_STATE = -2, /* not allowed now: too early, too late, or the object is frozen */
    RTPGATE_ERR_NOBUF =
        -3, /* the buffer or queue is too small; nothing was lost: make room, retry */

    /* The machine: out of memory, or the crypto library or the system refused. */
    RTPGATE_ERR_NOMEM = -16,
    RTPGATE_ERR_CRYPTO = -17,
    RTPGATE_ERR_IO = -18, /* the system refused a socket call; errno says why */

    /* The association: fatal and sticky. Free the session; a new one may be tried. */
    RTPGATE_ERR_FINGERPRINT = -32,    /* the peer proved a certificate that was not expected */
    RTPGATE_ERR_NO_CERTIFICATE = -33, /* the peer sent no certificate, or asked for none of ours */
    RTPGATE_ERR_NO_PROFILE = -34,     /* no common SRTP protection profile (RFC 5764 4.1.2) */
    RTPGATE_ERR_NO_USE_SRTP = -35,    /* the peer did not negotiate use_srtp (RFC 5764 4.1) */
    RTPGATE_ERR_MKI = -36,            /* the peer insists on an SRTP MKI (RFC 5764 4.1.3) */
    RTPGATE_ERR_VERSION = -37,        /* the peer does not speak DTLS 1.2 */
    RTPGATE_ERR_CIPHER = -38,         /* no common cipher suite, group or signature scheme */
    RTPGATE_ERR_EMS = -39,            /* the peer lacks the extended master secret (RFC 7627) */
    RTPGATE_ERR_HANDSHAKE = -40,      /* the peer's flight contradicts the protocol */
    RTPGATE_ERR_ALERT = -41,          /* the peer sent a fatal alert */
    RTPGATE_ERR_TIMEOUT = -42,        /* the deadline passed */
    RTPGATE_ERR_CLOSED = -43,         /* the association was closed */
    RTPGATE_ERR_EXPIRED = -44, /* the SRTP keys protected as many packets as they may: new ones */

    /* One packet: drop it and go on; the association is not harmed. */
    RTPGATE_ERR_AUTH = -64,      /* the authentication tag is wrong */
    RTPGATE_ERR_REPLAY = -65,    /* the packet was seen before or is too old */
    RTPGATE_ERR_MALFORMED = -66, /* the bytes or the text do not parse */
    RTPGATE_ERR_CRYPTEX = -67,   /* the RTP header is hidden (RFC 9335): leave out a=cryptex */
    RTPGATE_ERR_SSRC = -68,      /* the peer sends under more SSRCs than the settings allow */
};

enum rtpgate_error_class {
    RTPGATE_CLASS_NONE,        /* not an error */
    RTPGATE_CLASS_CALLER,      /* the caller corrects the call */
    RTPGATE_CLASS_MACHINE,     /* memory or crypto library */
    RTPGATE_CLASS_ASSOCIATION, /* fatal for this association alone */
    RTPGATE_CLASS_PACKET,      /* this packet alone */
};

/* The class of `code`. Any int may be asked; unknown negative codes are of the class MACHINE. */
RTPGATE_API enum rtpgate_error_class rtpgate_error_class(int code);

/* One short English phrase for `code`; static storage, never NULL. */
RTPGATE_API const char *rtpgate_strerror(int code);

#ifdef __cplusplus
}
#endif

#endif
