#include "peer/peer.h"

#include <string.h>

#include "base/alloc.h"

/* On a copy: a failed try may leave anything in its output, and the packet is needed again. */
static int try_keys(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *packet,
                    size_t length, uint8_t *out) {
    uint8_t *copy = rg_alloc(length);
    if (copy == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    int status = rtpgate_media_unprotect(media, kind, packet, length, copy, length);
    if (status > 0) {
        memcpy(out, copy, (size_t)status);
    }
    rg_free_secret(copy, length);
    return status;
}

/* All but the first is looked at before the packet is authenticated: what is good under other keys
 * may be an old number under these, one SSRC or one packet too many, or not what their settings
 * say. */
static bool is_for_other_keys(int status) {
    return status == RTPGATE_ERR_AUTH || status == RTPGATE_ERR_REPLAY ||
           status == RTPGATE_ERR_SSRC || status == RTPGATE_ERR_EXPIRED ||
           status == RTPGATE_ERR_MALFORMED;
}

static bool has_media(const struct rtpgate_peer *peer) {
    return peer->current.media != NULL || peer->next.media != NULL;
}

static bool awaits_keys(const struct rtpgate_peer *peer) {
    return peer->next.session != NULL && peer->next.media == NULL &&
           rtpgate_session_state(peer->next.session) <= RTPGATE_STATE_READY;
}

/* With two associations the new keys are tried first. */
static int unprotect(struct rtpgate_peer *peer, enum rtpgate_kind kind, const uint8_t *packet,
                     size_t length, uint8_t *out) {
    rtpgate_media *media = peer->current.media;
    if (peer->next.media != NULL) {
        int status = try_keys(peer->next.media, kind, packet, length, out);
        if (!is_for_other_keys(status) || media == NULL) {
            return status;
        }
    }
    if (media == NULL) {
        return RTPGATE_ERR_STATE;
    }
    return awaits_keys(peer) ? try_keys(media, kind, packet, length, out)
                             : rtpgate_media_unprotect(media, kind, packet, length, out, length);
}

/* Whether the packet is under keys to come, as far as can be known. */
static bool is_early(const struct rtpgate_peer *peer, int status) {
    return has_media(peer) ? awaits_keys(peer) && is_for_other_keys(status)
                           : status == RTPGATE_ERR_STATE;
}

int rg_peer_take_media(struct rtpgate_peer *peer, enum rtpgate_kind kind, uint8_t *packet,
                       size_t *length) {
    int status = unprotect(peer, kind, packet, *length, packet);
    if (is_early(peer, status)) {
        status = RTPGATE_ERR_STATE;
        if (rtpgate_session_state(rtpgate_peer_session(peer)) > RTPGATE_STATE_READY) {
            peer->stats.dropped_closed++;
        } else {
            rg_hold_push(&peer->hold, kind, packet, *length, peer->now);
        }
    }
    if (status < 0) {
        return status;
    }
    *length = (size_t)status;
    return (int)kind;
}

int rtpgate_peer_next_packet(rtpgate_peer *peer, uint8_t *buffer, size_t capacity, size_t *length) {
    if (peer == NULL || buffer == NULL || length == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    rg_peer_settle(peer);
    while (has_media(peer) && !awaits_keys(peer)) {
        const struct rg_block *block = rg_hold_first(&peer->hold, peer->now);
        if (block == NULL) {
            return 0;
        }
        if (block->length > capacity) {
            return RTPGATE_ERR_NOBUF;
        }
        enum rtpgate_kind kind = (enum rtpgate_kind)block->kind;
        int status = unprotect(peer, kind, block->bytes, block->length, buffer);
        rg_hold_pop(&peer->hold);
        if (status > 0) {
            *length = (size_t)status;
            return (int)kind;
        }
    }
    return 0;
}

int rtpgate_peer_protect(rtpgate_peer *peer, enum rtpgate_kind kind, const uint8_t *in,
                         size_t length, uint8_t *out, size_t capacity) {
    if (peer == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    rtpgate_media *media = rtpgate_peer_media(peer);
    if (media == NULL) {
        return RTPGATE_ERR_STATE;
    }
    return rtpgate_media_protect(media, kind, in, length, out, capacity);
}
