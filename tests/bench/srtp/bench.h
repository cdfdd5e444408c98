/* Who is measured, and on what. */
#ifndef RG_BENCH_SRTP_BENCH_H
#define RG_BENCH_SRTP_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/srtp_keys.h>

enum { BENCH_ROOM = 1300, RTP_HEADER = 12 };

/* Packets are protected and unprotected in place. Both functions return the new length, or a number
 * below 1 when they could not. */
struct contender {
    const char *name;
    void *(*open)(const struct rtpgate_srtp_keys *keys); /* NULL: it could not */
    int (*protect)(void *context, uint8_t *packet, int length);
    int (*unprotect)(void *context, uint8_t *packet, int length);
    void (*close)(void *context);
};

extern const struct contender bench_rtpgate;
extern const struct contender bench_libsrtp;            /* as Debian ships it */
extern const struct contender bench_libsrtp_our_cipher; /* opened after bench_rtpgate */
extern const struct contender bench_openssl;            /* the bare primitives of EVP */
extern const struct contender bench_nettle;             /* the bare primitives that we use */

#endif
