/* Which indices passed, for each SSRC of one direction: what resuming stands on. */
#ifndef RG_SRTP_SOURCES_H
#define RG_SRTP_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/classify.h>

/* So many indices has an SSRC: then libsrtp's rollover counter would begin again with 0. */
#define RG_RTP_INDICES (UINT64_C(1) << 48)

/* The indices of RTP or SRTCP. UINT64_MAX as a limit is none. */
struct rg_span {
    uint64_t first;    /* those below may have passed before the contexts were resumed */
    uint64_t next;     /* above all that passed; 0 when none did */
    uint64_t limit;    /* those from here on wait for a snapshot that is stored */
    uint64_t wanted;   /* the highest that waited */
    uint64_t promised; /* the limit when the last snapshot is stored */
};

struct rg_source {
    uint32_t ssrc;
    struct rg_span rtp;
    struct rg_span rtcp;
};

/* Sorted by SSRC. All zeros but `limit` is an empty one. */
struct rg_sources {
    struct rg_source *at;
    size_t count;
    size_t room;
    uint64_t limit; /* of a source that is new */
};

void rg_sources_clear(struct rg_sources *sources);

/* NULL when there is none of `ssrc`. It stays where it is until the next rg_sources_add. */
struct rg_source *rg_sources_find(const struct rg_sources *sources, uint32_t ssrc);

/* Makes room for one more, so that the next rg_sources_add succeeds. False without memory. */
bool rg_sources_reserve(struct rg_sources *sources);

/* That of `ssrc`, made when there is none. NULL without memory. */
struct rg_source *rg_sources_add(struct rg_sources *sources, uint32_t ssrc);

struct rg_span *rg_source_span(struct rg_source *source, enum rtpgate_kind kind);

/* Which index an RTP packet with the sequence number `sequence` has: libsrtp's answer, when `next`
 * is above the highest that it knows. */
uint64_t rg_span_rtp_index(const struct rg_span *span, uint16_t sequence);

/* Whether `index` may pass: 0; RTPGATE_ERR_REPLAY; RTPGATE_ERR_STATE when it has to wait for a
 * snapshot, which is remembered; RTPGATE_ERR_EXPIRED. */
int rg_span_check(struct rg_span *span, uint64_t index);

/* `index` passed. */
void rg_span_use(struct rg_span *span, uint64_t index);

/* Where another process may begin when this one goes on for `reserve` indices more. */
uint64_t rg_span_after(const struct rg_span *span, unsigned reserve);

#endif
