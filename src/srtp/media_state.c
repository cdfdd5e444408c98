#include "srtp/media_state.h"

#include <string.h>

#include <rtpgate/error.h>
#include <rtpgate/media_state.h>
#include <rtpgate/srtp_profile.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/secure.h"
#include "srtp/context.h"
#include "srtp/keys.h"
#include "srtp/seal.h"

_Static_assert(RG_SEAL_KEY == RTPGATE_MEDIA_STATE_KEY, "the header tells the length of the key");

/*
 * A state is the version, the id, the nonce, what is sealed, and the tag; version and id are
 * authenticated. Sealed are the profile (2 bytes), whether we are the DTLS client (1), the block of
 * keys (RFC 5764 4.2), the four counters that limit them (6 each), how many SSRCs there are
 * outbound and inbound (4 each), and of each the SSRC (4), the next index of RTP (6) and of SRTCP
 * (4).
 */
enum {
    VERSION = 1,
    AAD = 1 + 8,
    ENVELOPE = AAD + RG_SEAL_NONCE + RG_SEAL_TAG,
    COUNTERS = 4,
    FIXED = 2 + 1 + 6 * COUNTERS + 2 * 4,
    SOURCE = 4 + 6 + 4,
};

#define MAX_RTP_NEXT (RG_RTP_INDICES - 1)
#define RTCP_INDICES (UINT64_C(1) << 31)
/* A sender's libsrtp is shown an index that is higher by its window. */
#define MAX_RTCP_NEXT (RTCP_INDICES - 128)

struct writer {
    uint8_t *at;
    int code;
};

static const struct rtpgate_media_reserve nothing;

static bool is_open(const rtpgate_media *media) {
    return media != NULL && media->resumable && media->outbound != NULL;
}

static size_t block_length(const struct rtpgate_srtp_profile_info *profile) {
    return 2 * (profile->key_length + profile->salt_length);
}

static size_t sealed_length(const rtpgate_media *media) {
    return FIXED + block_length(media->profile) +
           SOURCE * (media->sent.count + media->received.count);
}

size_t rtpgate_media_state_size(const rtpgate_media *media) {
    return is_open(media) ? ENVELOPE + sealed_length(media) : 0;
}

static void write_u32(struct writer *writer, uint64_t value) {
    rg_put_u32(writer->at, (uint32_t)value);
    writer->at += 4;
}

static void write_u48(struct writer *writer, uint64_t value) {
    rg_put_u48(writer->at, value);
    writer->at += 6;
}

static const struct rg_sources *sources_of(const rtpgate_media *media,
                                           enum rtpgate_media_direction direction) {
    return direction == RTPGATE_MEDIA_OUTBOUND ? &media->sent : &media->received;
}

/* Whether libsrtp counted as we did. */
static bool agrees(const rtpgate_media *media, enum rtpgate_media_direction direction,
                   const struct rg_source *source) {
    uint32_t rollovers;

    return source->rtp.next == 0 ||
           (rtpgate_media_roc(media, direction, source->ssrc, &rollovers) == 0 &&
            rollovers == (source->rtp.next - 1) >> 16);
}

/* The peer chooses the indices that it sends with: whatever they are, a state can be made. */
static uint64_t max_rtcp_next(enum rtpgate_media_direction direction) {
    return direction == RTPGATE_MEDIA_OUTBOUND ? MAX_RTCP_NEXT : RTCP_INDICES;
}

static void write_sources(struct writer *writer, const rtpgate_media *media,
                          enum rtpgate_media_direction direction,
                          const struct rtpgate_media_reserve *reserve) {
    const struct rg_sources *sources = sources_of(media, direction);

    for (size_t i = 0; i < sources->count; i++) {
        const struct rg_source *source = &sources->at[i];
        uint64_t rtp = rg_span_after(&source->rtp, reserve->rtp);
        uint64_t rtcp = rg_span_after(&source->rtcp, reserve->rtcp);

        if (direction == RTPGATE_MEDIA_INBOUND && rtcp > RTCP_INDICES) {
            rtcp = RTCP_INDICES;
        }
        if (rtp > MAX_RTP_NEXT || rtcp > max_rtcp_next(direction)) {
            writer->code = RTPGATE_ERR_EXPIRED;
        } else if (!agrees(media, direction, source)) {
            writer->code = RTPGATE_ERR_CRYPTO;
        }
        write_u32(writer, source->ssrc);
        write_u48(writer, rtp);
        write_u32(writer, rtcp);
    }
}

/* What was counted, and all that is reserved beyond it. No limit is above 2^48. */
static void write_count(struct writer *writer, uint64_t counted, uint64_t reserved) {
    uint64_t most = (UINT64_C(1) << 48) - 1;

    write_u48(writer, counted + reserved < most ? counted + reserved : most);
}

static void write_counters(struct writer *writer, const rtpgate_media *media,
                           const struct rtpgate_media_reserve *reserve) {
    const struct rtpgate_media_stats *stats = &media->stats;

    write_count(writer, stats->rtp_protected, media->sent.count * reserve->rtp);
    write_count(writer, stats->rtcp_protected, media->sent.count * reserve->rtcp);
    write_count(writer, stats->rtp_unprotected, media->received.count * reserve->rtp);
    write_count(writer, stats->rtcp_unprotected, media->received.count * reserve->rtcp);
}

/* Writes what is sealed, sealed_length bytes. */
static int write_state(struct writer *writer, const rtpgate_media *media,
                       const struct rtpgate_media_reserve *reserve) {
    rg_put_u16(writer->at, (uint16_t)media->keys.profile);
    writer->at[2] = media->keys.local_is_client;
    writer->at += 3;
    writer->at += rtpgate_srtp_keys_block(&media->keys, writer->at, block_length(media->profile));
    write_counters(writer, media, reserve);
    write_u32(writer, media->sent.count);
    write_u32(writer, media->received.count);
    write_sources(writer, media, RTPGATE_MEDIA_OUTBOUND, reserve);
    write_sources(writer, media, RTPGATE_MEDIA_INBOUND, reserve);
    return writer->code;
}

static void put_aad(uint8_t *aad, uint64_t id) {
    aad[0] = VERSION;
    rg_put_u32(aad + 1, (uint32_t)(id >> 32));
    rg_put_u32(aad + 5, (uint32_t)id);
}

/* Makes a state in memory of its own, `size` bytes; NULL and why otherwise. */
static uint8_t *make_state(const rtpgate_media *media, const struct rtpgate_media_reserve *reserve,
                           const uint8_t *key, uint64_t id, size_t size, int *code) {
    uint8_t *state = rg_alloc(size);
    uint8_t *secret;

    if (state == NULL) {
        *code = RTPGATE_ERR_NOMEM;
        return NULL;
    }
    secret = state + AAD + RG_SEAL_NONCE;
    put_aad(state, id);
    *code = write_state(&(struct writer){.at = secret}, media, reserve);
    if (*code == 0) {
        *code = rg_seal(key, state, AAD, secret, size - ENVELOPE);
    }
    if (*code < 0) {
        rg_free_secret(state, size);
        return NULL;
    }
    return state;
}

static int check(const rtpgate_media *media, const uint8_t *key, const uint8_t *out,
                 size_t capacity) {
    if (media == NULL || key == NULL || out == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    if (!is_open(media)) {
        return RTPGATE_ERR_STATE;
    }
    return capacity < rtpgate_media_state_size(media) ? RTPGATE_ERR_NOBUF : 0;
}

int rtpgate_media_suspend(rtpgate_media *media, const uint8_t *key, uint64_t id, uint8_t *out,
                          size_t capacity) {
    size_t size = rtpgate_media_state_size(media);
    int code = check(media, key, out, capacity);
    uint8_t *state;

    if (code < 0) {
        return code;
    }
    state = make_state(media, &nothing, key, id, size, &code);
    if (state == NULL) {
        return code;
    }
    rg_contexts_close(media);
    rtpgate_srtp_keys_clear(&media->keys);
    memcpy(out, state, size);
    rg_free(state);
    return (int)size;
}

/* The state with `reserve` is made. When it is the first one, it holds at once: until then nothing
 * was limited. */
static void promise(struct rg_sources *sources, const struct rtpgate_media_reserve *reserve) {
    bool first = sources->limit != 0;

    for (size_t i = 0; i < sources->count; i++) {
        struct rg_source *source = &sources->at[i];

        source->rtp.promised = rg_span_after(&source->rtp, reserve->rtp);
        source->rtcp.promised = rg_span_after(&source->rtcp, reserve->rtcp);
        if (first) {
            source->rtp.limit = source->rtp.promised;
            source->rtcp.limit = source->rtcp.promised;
        }
    }
    sources->limit = 0;
}

static void keep_promise(struct rg_sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        sources->at[i].rtp.limit = sources->at[i].rtp.promised;
        sources->at[i].rtcp.limit = sources->at[i].rtcp.promised;
    }
}

static bool is_reserve(unsigned reserve) {
    return reserve >= 1 && reserve <= RTPGATE_MEDIA_MAX_RESERVE;
}

int rtpgate_media_snapshot(rtpgate_media *media, const struct rtpgate_media_reserve *reserve,
                           const uint8_t *key, uint64_t id, uint8_t *out, size_t capacity) {
    size_t size = rtpgate_media_state_size(media);
    int code = check(media, key, out, capacity);
    uint8_t *state;

    if (reserve == NULL || !is_reserve(reserve->rtp) || !is_reserve(reserve->rtcp)) {
        return RTPGATE_ERR_INVAL;
    }
    if (code < 0) {
        return code;
    }
    state = make_state(media, reserve, key, id, size, &code);
    if (state == NULL) {
        return code;
    }
    promise(&media->sent, reserve);
    promise(&media->received, reserve);
    media->snapshot = id;
    media->snapshot_pending = true;
    memcpy(out, state, size);
    rg_free(state);
    return (int)size;
}

int rtpgate_media_snapshot_stored(rtpgate_media *media, uint64_t id) {
    if (media == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    if (!is_open(media) || !media->snapshot_pending || media->snapshot != id) {
        return RTPGATE_ERR_STATE;
    }
    keep_promise(&media->sent);
    keep_promise(&media->received);
    media->snapshot_pending = false;
    return 0;
}

static int read_keys(struct rtpgate_srtp_keys *keys, struct rg_reader *reader) {
    const struct rtpgate_srtp_profile_info *profile =
        rtpgate_srtp_profile_info(rg_read_u16(reader));
    uint8_t role = rg_read_u8(reader);
    struct rg_bytes block;

    if (profile == NULL || role > 1) {
        return RTPGATE_ERR_MALFORMED;
    }
    block = rg_read_bytes(reader, block_length(profile));
    return reader->failed ? RTPGATE_ERR_MALFORMED
                          : rg_srtp_keys_split(keys, profile, role == 1, block.at);
}

/* One SSRC of a state: its account, and a context that obeys it. */
static int read_source(rtpgate_media *media, enum rtpgate_media_direction direction,
                       struct rg_reader *reader) {
    struct rg_sources *sources =
        direction == RTPGATE_MEDIA_OUTBOUND ? &media->sent : &media->received;
    uint32_t ssrc = rg_read_u32(reader);
    uint64_t rtp = rg_read_u48(reader);
    uint64_t rtcp = rg_read_u32(reader);
    struct rg_source *source;

    if (rtcp > max_rtcp_next(direction) || rg_sources_find(sources, ssrc) != NULL) {
        return RTPGATE_ERR_MALFORMED;
    }
    source = rg_sources_add(sources, ssrc);
    if (source == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    source->rtp.first = source->rtp.next = rtp;
    source->rtcp.first = source->rtcp.next = rtcp;
    return rg_contexts_resume(media, direction, source);
}

static int read_sources(rtpgate_media *media, struct rg_reader *reader) {
    uint64_t outbound = rg_read_u32(reader);
    uint64_t inbound = rg_read_u32(reader);
    int code = 0;

    if (reader->failed || (outbound + inbound) * SOURCE != reader->left) {
        return RTPGATE_ERR_MALFORMED;
    }
    for (uint64_t i = 0; i < outbound + inbound && code == 0; i++) {
        code = read_source(media, i < outbound ? RTPGATE_MEDIA_OUTBOUND : RTPGATE_MEDIA_INBOUND,
                           reader);
    }
    return code;
}

int rg_media_restore(rtpgate_media **out, const uint8_t *state, size_t length,
                     const struct rtpgate_media_settings *settings) {
    struct rg_reader reader = rg_reader_make(state, length);
    struct rtpgate_media_settings resumable = *settings;
    struct rtpgate_srtp_keys keys;
    rtpgate_media *media = NULL;
    int code = read_keys(&keys, &reader);

    if (code < 0) {
        return code;
    }
    resumable.resumable = true;
    code = rtpgate_media_new_with(&media, &keys, &resumable, sizeof resumable);
    rtpgate_srtp_keys_clear(&keys);
    if (code < 0) {
        return code;
    }
    media->stats.rtp_protected = rg_read_u48(&reader);
    media->stats.rtcp_protected = rg_read_u48(&reader);
    media->stats.rtp_unprotected = rg_read_u48(&reader);
    media->stats.rtcp_unprotected = rg_read_u48(&reader);
    code = read_sources(media, &reader);
    media->ssrc_count = (unsigned)media->received.count;
    if (code < 0) {
        rtpgate_media_free(media);
        return code;
    }
    *out = media;
    return 0;
}

/* Unseals `state` into `secret`, which has room for it. */
static int open_state(const uint8_t *key, uint64_t id, const uint8_t *state, size_t length,
                      uint8_t *secret) {
    uint8_t aad[AAD];
    int code = rg_unseal(key, state, AAD, state + AAD, secret, length - ENVELOPE);

    put_aad(aad, id);
    return code == 0 && memcmp(aad, state, AAD) != 0 ? RTPGATE_ERR_REPLAY : code;
}

int rtpgate_media_resume(rtpgate_media **out, const uint8_t *key, uint64_t id, const uint8_t *state,
                         size_t length, const struct rtpgate_media_settings *settings,
                         size_t size) {
    struct rtpgate_media_settings all = {0};
    uint8_t *secret;
    int code;

    if (out == NULL || key == NULL || state == NULL || settings == NULL || size > sizeof all) {
        return RTPGATE_ERR_INVAL;
    }
    memcpy(&all, settings, size);
    if (length <= ENVELOPE || state[0] != VERSION) {
        return RTPGATE_ERR_MALFORMED;
    }
    secret = rg_alloc(length - ENVELOPE);
    if (secret == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    code = open_state(key, id, state, length, secret);
    if (code == 0) {
        code = rg_media_restore(out, secret, length - ENVELOPE, &all);
    }
    rg_free_secret(secret, length - ENVELOPE);
    return code;
}

int rtpgate_media_next_index(const rtpgate_media *media, enum rtpgate_media_direction direction,
                             uint32_t ssrc, uint64_t *index) {
    const struct rg_source *source;

    if (media == NULL || index == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    source = rg_sources_find(direction == RTPGATE_MEDIA_OUTBOUND ? &media->sent : &media->received,
                             ssrc);
    if (!is_open(media) || source == NULL || source->rtp.next == 0) {
        return RTPGATE_ERR_STATE;
    }
    *index = source->rtp.next;
    return 0;
}
