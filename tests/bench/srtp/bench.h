/* Who is measured, and on what. */
#ifndef RG_BENCH_SRTP_BENCH_H
#define RG_BENCH_SRTP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/classify.h>
#include <rtpgate/srtp_keys.h>

enum { BENCH_ROOM = 1300, RTP_HEADER = 12, RTCP_HEADER = 8 };

/* Packets are protected and unprotected in place. Both functions return the new length, or a number
 * below 1 when they could not. */
struct contender {
    const char *name;
    bool whole; /* SRTP and SRTCP; otherwise ciphers alone, which know RTP's header */
    void *(*open)(const struct rtpgate_srtp_keys *keys); /* both directions; NULL: it could not */
    int (*protect)(void *context, enum rtpgate_kind kind, uint8_t *packet, int length);
    int (*unprotect)(void *context, enum rtpgate_kind kind, uint8_t *packet, int length);
    void (*close)(void *context);
};

extern const struct contender bench_rtpgate;
extern const struct contender bench_libsrtp;            /* as Debian ships it */
extern const struct contender bench_libsrtp_our_cipher; /* opened after bench_rtpgate */
extern const struct contender bench_openssl;            /* the bare primitives of EVP */
extern const struct contender bench_nettle;             /* the bare primitives that we use */

enum { BENCH_PROFILES = 4 };

extern const uint16_t bench_profiles[BENCH_PROFILES];

/* Both directions have one key, so that one end is enough. */
struct rtpgate_srtp_keys bench_keys(uint16_t profile);
void bench_header(enum rtpgate_kind kind, uint8_t *packet, unsigned sequence);
void bench_fail(const char *who, const char *what);

/* Lines "contender;profile;made or in use;heap;bytes": what both directions take, without packets,
 * and after RTP and RTCP of one SSRC passed each way. */
void bench_heap(const struct contender *contender, size_t count);

#endif
