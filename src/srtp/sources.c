#include "srtp/sources.h"

#include <string.h>

#include <rtpgate/error.h>

#include "base/alloc.h"

enum { FIRST_ROOM = 4, SEQUENCE_BITS = 16 };

static const unsigned HALF = 0x8000; /* of the sequence numbers */

void rg_sources_clear(struct rg_sources *sources) {
    rg_free(sources->at);
    *sources = (struct rg_sources){.limit = sources->limit};
}

/* Where `ssrc` is, or belongs. */
static size_t place(const struct rg_sources *sources, uint32_t ssrc) {
    size_t low = 0;
    size_t high = sources->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (sources->at[middle].ssrc < ssrc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct rg_source *rg_sources_find(const struct rg_sources *sources, uint32_t ssrc) {
    size_t at = place(sources, ssrc);

    return at < sources->count && sources->at[at].ssrc == ssrc ? &sources->at[at] : NULL;
}

bool rg_sources_reserve(struct rg_sources *sources) {
    size_t room = sources->room == 0 ? FIRST_ROOM : 2 * sources->room;
    struct rg_source *more;

    if (sources->count < sources->room) {
        return true;
    }
    more = rg_alloc(room * sizeof *more);
    if (more == NULL) {
        return false;
    }
    if (sources->count > 0) {
        memcpy(more, sources->at, sources->count * sizeof *more);
    }
    rg_free(sources->at);
    sources->at = more;
    sources->room = room;
    return true;
}

struct rg_source *rg_sources_add(struct rg_sources *sources, uint32_t ssrc) {
    struct rg_source *source = rg_sources_find(sources, ssrc);
    size_t at;

    if (source != NULL) {
        return source;
    }
    if (!rg_sources_reserve(sources)) {
        return NULL;
    }
    at = place(sources, ssrc);
    source = &sources->at[at];
    memmove(source + 1, source, (sources->count - at) * sizeof *source);
    *source =
        (struct rg_source){.ssrc = ssrc, .rtp.limit = sources->limit, .rtcp.limit = sources->limit};
    sources->count++;
    return source;
}

struct rg_span *rg_source_span(struct rg_source *source, enum rtpgate_kind kind) {
    return kind == RTPGATE_KIND_RTP ? &source->rtp : &source->rtcp;
}

/* RFC 3711 3.3.1, with libsrtp's answers at the edges: a distance of just a half is taken as no
 * rollover, and up to index 0x8000 there is none in any case. */
uint64_t rg_span_rtp_index(const struct rg_span *span, uint16_t sequence) {
    uint64_t highest = span->next == 0 ? 0 : span->next - 1;
    unsigned local = (unsigned)(highest & 0xffff);
    uint64_t rollovers = highest >> SEQUENCE_BITS;

    if (highest <= HALF) {
        return sequence;
    }
    if (sequence > local + HALF) {
        rollovers--;
    } else if (local > sequence + HALF) {
        rollovers++;
    }
    return rollovers << SEQUENCE_BITS | sequence;
}

int rg_span_check(struct rg_span *span, uint64_t index) {
    if (index < span->first) {
        return RTPGATE_ERR_REPLAY;
    }
    if (index >= RG_RTP_INDICES) {
        return RTPGATE_ERR_EXPIRED;
    }
    if (index < span->limit) {
        return 0;
    }
    if (span->wanted < index) {
        span->wanted = index;
    }
    return RTPGATE_ERR_STATE;
}

void rg_span_use(struct rg_span *span, uint64_t index) {
    if (span->next <= index) {
        span->next = index + 1;
    }
}

uint64_t rg_span_after(const struct rg_span *span, unsigned reserve) {
    uint64_t from = span->next > span->wanted || reserve == 0 ? span->next : span->wanted;
    uint64_t after = from + reserve;

    return span->limit != UINT64_MAX && reserve > 0 && after < span->limit ? span->limit : after;
}
