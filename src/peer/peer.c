#include <rtpgate/peer.h>

#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "peer/peer.h"
#include "srtp/media.h"
#include "wire/record.h"

/* How long the old keys are tried after the new association is READY (RFC 5764 4.3). */
#define OLD_KEYS UINT64_C(3000000)

static void retire_media(struct rtpgate_peer *peer, struct rg_association *association) {
    if (association->media != NULL) {
        rg_media_add_stats(&peer->retired, association->media);
        rtpgate_media_free(association->media);
        association->media = NULL;
        association->told_expiring = false;
    }
}

static void retire(struct rtpgate_peer *peer, struct rg_association *association) {
    retire_media(peer, association);
    rtpgate_session_free(association->session);
    association->session = NULL;
}

static bool is_ready(const struct rg_association *association) {
    return association->session != NULL
               ? rtpgate_session_state(association->session) == RTPGATE_STATE_READY
               : association->media != NULL;
}

static bool is_over(const struct rg_association *association) {
    return association->session != NULL &&
           rtpgate_session_state(association->session) > RTPGATE_STATE_READY;
}

/* Media lives exactly as long as its association is READY, or until it is closed when it has none.
 */
static void follow_state(struct rtpgate_peer *peer, struct rg_association *association) {
    if (!is_ready(association)) {
        retire_media(peer, association);
    } else if (association->media == NULL) {
        struct rtpgate_srtp_keys keys;
        if (rtpgate_session_keys(association->session, &keys) == 0) {
            /* without memory: tried again */
            (void)rg_media_new_of(&association->media, &keys, association->session->config);
            rtpgate_srtp_keys_clear(&keys);
        }
    }
}

static void take_over(struct rtpgate_peer *peer) {
    retire(peer, &peer->current);
    peer->current = peer->next;
    peer->next = (struct rg_association){NULL, NULL, false};
    peer->takes_over_at = RTPGATE_NEVER;
}

void rg_peer_settle(struct rtpgate_peer *peer) {
    follow_state(peer, &peer->current);
    follow_state(peer, &peer->next);
    if (peer->next.media != NULL && peer->takes_over_at == RTPGATE_NEVER) {
        bool late = peer->now > UINT64_MAX - OLD_KEYS;
        peer->takes_over_at = late ? UINT64_MAX - 1 : peer->now + OLD_KEYS;
    }
    if (peer->next.session != NULL && peer->takes_over_at != RTPGATE_NEVER &&
        peer->now >= peer->takes_over_at) {
        take_over(peer);
    }
    if (rtpgate_session_state(rtpgate_peer_session(peer)) > RTPGATE_STATE_READY) {
        rg_hold_clear(&peer->hold); /* no keys will come for these */
    }
}

static int enter(struct rtpgate_peer *peer, uint64_t now) {
    if (peer == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    peer->now = now > peer->now ? now : peer->now;
    return 0;
}

static struct rtpgate_peer *make_peer(uint64_t now) {
    struct rtpgate_peer *peer = rg_alloc(sizeof(*peer));
    if (peer != NULL) {
        peer->now = now;
        peer->takes_over_at = RTPGATE_NEVER;
        rg_paths_init(&peer->paths, false);
        rg_hold_init(&peer->hold);
    }
    return peer;
}

int rtpgate_peer_new(rtpgate_peer **out, rtpgate_config *config, enum rtpgate_role role,
                     uint64_t now) {
    if (out == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    struct rtpgate_peer *peer = make_peer(now);
    if (peer == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    int status = rtpgate_session_new(&peer->current.session, config, role, now);
    if (status == 0) {
        status = rg_media_prepare(); /* or the handshake would wait for it */
    }
    if (status != 0) {
        rtpgate_session_free(peer->current.session);
        rg_free(peer);
        return status;
    }
    *out = peer;
    return 0;
}

int rtpgate_peer_resume(rtpgate_peer **out, rtpgate_media *media, uint64_t now) {
    if (out == NULL || media == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    struct rtpgate_peer *peer = make_peer(now);
    if (peer == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    peer->current.media = media;
    *out = peer;
    return 0;
}

void rtpgate_peer_free(rtpgate_peer *peer) {
    if (peer == NULL) {
        return;
    }
    retire(peer, &peer->next);
    retire(peer, &peer->current);
    rg_hold_clear(&peer->hold);
    rg_free(peer);
}

rtpgate_session *rtpgate_peer_session(rtpgate_peer *peer) {
    if (peer == NULL) {
        return NULL;
    }
    bool failed = is_over(&peer->next) && is_ready(&peer->current);
    return peer->next.session != NULL && !failed ? peer->next.session : peer->current.session;
}

rtpgate_media *rtpgate_peer_media(rtpgate_peer *peer) {
    if (peer == NULL) {
        return NULL;
    }
    rg_peer_settle(peer);
    return peer->next.media != NULL ? peer->next.media : peer->current.media;
}

/* The sessions that there are, the older one first; how many. */
static size_t sessions_of(const struct rtpgate_peer *peer, rtpgate_session *sessions[2]) {
    size_t count = 0;
    if (peer->current.session != NULL) {
        sessions[count++] = peer->current.session;
    }
    if (peer->next.session != NULL) {
        sessions[count++] = peer->next.session;
    }
    return count;
}

static int inherit(const struct rtpgate_peer *peer, rtpgate_session *session) {
    const struct rtpgate_session *old = peer->current.session;
    int status = rtpgate_session_set_rtt(session, peer->rtt, peer->now);
    if (old != NULL && old->followed) {
        rg_redirect(session, old->path);
        session->followed = true;
    }
    for (size_t i = 0; status == 0 && i < peer->paths.count; i++) {
        status = rtpgate_session_path_valid(session, peer->paths.valid[i], true, peer->now);
    }
    if (status == 0 && peer->path_fixed) {
        status = rtpgate_session_set_path(session, peer->path, peer->now);
    }
    return status;
}

int rtpgate_peer_restart(rtpgate_peer *peer, rtpgate_config *config, enum rtpgate_role role,
                         uint64_t now) {
    rtpgate_session *session = NULL;
    if (enter(peer, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    int status = rtpgate_session_new(&session, config, role, peer->now);
    if (status == 0) {
        status = inherit(peer, session);
    }
    if (status != 0) {
        rtpgate_session_free(session);
        return status;
    }
    rg_peer_settle(peer);
    if (peer->next.media != NULL) {
        take_over(peer); /* a third association: the second is the old one now */
    }
    retire(peer, &peer->next);
    peer->takes_over_at = RTPGATE_NEVER;
    if (is_ready(&peer->current)) {
        peer->next.session = session;
    } else {
        retire(peer, &peer->current);
        peer->current.session = session;
    }
    return 0;
}

/* While a second association is negotiated the handshake is its own; whose keys an alert or data is
 * under is found by trying. */
static void take_dtls(struct rtpgate_peer *peer, const uint8_t *datagram, size_t length,
                      uint64_t path) {
    struct rg_reader reader = rg_reader_make(datagram, length);
    struct rg_record record = {0};
    bool handshake = rg_record_next(&reader, &record) &&
                     (record.epoch == 0 || record.type == RG_CONTENT_HANDSHAKE);
    if (peer->current.session != NULL && (peer->next.session == NULL || !handshake)) {
        (void)rtpgate_session_input(peer->current.session, datagram, length, path, peer->now);
    }
    if (peer->next.session != NULL) {
        (void)rtpgate_session_input(peer->next.session, datagram, length, path, peer->now);
    }
}

int rtpgate_peer_input(rtpgate_peer *peer, uint8_t *datagram, size_t *length, uint64_t path,
                       bool from_turn_server, uint64_t now) {
    if (enter(peer, now) != 0 || length == NULL || (datagram == NULL && *length > 0)) {
        return RTPGATE_ERR_INVAL;
    }
    enum rtpgate_kind kind = rtpgate_classify(datagram, *length, from_turn_server);
    peer->stats.received[kind]++;
    rg_peer_settle(peer);
    if (kind == RTPGATE_KIND_DTLS) {
        take_dtls(peer, datagram, *length, path);
        rg_peer_settle(peer);
    } else if (kind == RTPGATE_KIND_RTP || kind == RTPGATE_KIND_RTCP) {
        return rg_peer_take_media(peer, kind, datagram, length);
    }
    return (int)kind;
}

int rtpgate_peer_output(rtpgate_peer *peer, uint8_t *buffer, size_t capacity, uint64_t *path) {
    if (peer == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    rtpgate_session *sessions[2];
    size_t count = sessions_of(peer, sessions);
    int length = 0;
    for (size_t i = 0; length == 0 && i < count; i++) {
        length = rtpgate_session_output(sessions[i], buffer, capacity, path);
    }
    return length;
}

/* Of an association that is being replaced only the data still counts. */
static int event_of_replaced(struct rtpgate_peer *peer, struct rtpgate_event *event) {
    int status = 0;
    do {
        status = rtpgate_session_next_event(peer->current.session, event);
    } while (status == 1 && event->type != RTPGATE_EVENT_DATA);
    return status;
}

/* The keys that are in use come near their end: told once. */
static int event_of_media(struct rtpgate_peer *peer, struct rtpgate_event *event) {
    struct rg_association *used = peer->next.media != NULL ? &peer->next : &peer->current;
    if (used->told_expiring || !rtpgate_media_expiring(used->media)) {
        return 0;
    }
    used->told_expiring = true;
    *event = (struct rtpgate_event){.type = RTPGATE_EVENT_EXPIRING, .text = ""};
    return 1;
}

int rtpgate_peer_next_event(rtpgate_peer *peer, struct rtpgate_event *event) {
    if (peer == NULL || event == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    rg_peer_settle(peer);
    int status = 0;
    if (peer->current.session == NULL) {
        *event = (struct rtpgate_event){.type = RTPGATE_EVENT_NONE, .text = ""};
    } else if (peer->next.session == NULL || is_over(&peer->next)) {
        status = rtpgate_session_next_event(peer->current.session, event);
    } else {
        status = event_of_replaced(peer, event);
    }
    if (status == 0 && peer->next.session != NULL) {
        status = rtpgate_session_next_event(peer->next.session, event);
    }
    return status == 0 ? event_of_media(peer, event) : status;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t rtpgate_peer_deadline(const rtpgate_peer *peer) {
    if (peer == NULL) {
        return RTPGATE_NEVER;
    }
    return earlier(peer->takes_over_at, earlier(rtpgate_session_deadline(peer->current.session),
                                                rtpgate_session_deadline(peer->next.session)));
}

int rtpgate_peer_expire(rtpgate_peer *peer, uint64_t now) {
    if (enter(peer, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    rtpgate_session *sessions[2];
    size_t count = sessions_of(peer, sessions);
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = rtpgate_session_expire(sessions[i], peer->now);
    }
    rg_peer_settle(peer);
    return status;
}

int rtpgate_peer_path_valid(rtpgate_peer *peer, uint64_t path, bool valid, uint64_t now) {
    if (enter(peer, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    rtpgate_session *sessions[2];
    size_t count = sessions_of(peer, sessions);
    int status = rg_paths_set(&peer->paths, path, valid);
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = rtpgate_session_path_valid(sessions[i], path, valid, peer->now);
    }
    rg_peer_settle(peer);
    return status;
}

int rtpgate_peer_set_path(rtpgate_peer *peer, uint64_t path, uint64_t now) {
    if (enter(peer, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    rtpgate_session *sessions[2];
    size_t count = sessions_of(peer, sessions);
    peer->path_fixed = true;
    peer->path = path;
    for (size_t i = 0; i < count; i++) {
        (void)rtpgate_session_set_path(sessions[i], path, peer->now);
    }
    return 0;
}

int rtpgate_peer_set_rtt(rtpgate_peer *peer, uint64_t rtt, uint64_t now) {
    if (enter(peer, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    rtpgate_session *sessions[2];
    size_t count = sessions_of(peer, sessions);
    peer->rtt = rtt;
    for (size_t i = 0; i < count; i++) {
        (void)rtpgate_session_set_rtt(sessions[i], rtt, peer->now);
    }
    return 0;
}

int rtpgate_peer_close(rtpgate_peer *peer, uint64_t now) {
    if (enter(peer, now) != 0) {
        return RTPGATE_ERR_INVAL;
    }
    int status = 0;
    if (peer->next.session != NULL) {
        (void)rtpgate_session_close(peer->next.session, peer->now);
    }
    if (peer->current.session != NULL) {
        status = rtpgate_session_close(peer->current.session, peer->now);
    } else {
        retire_media(peer, &peer->current);
    }
    rg_peer_settle(peer);
    return status;
}

int rtpgate_peer_stats(const rtpgate_peer *peer, struct rtpgate_peer_stats *stats, size_t size) {
    if (peer == NULL || stats == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    struct rtpgate_peer_stats all = peer->stats;
    all.held = peer->hold.held;
    all.dropped_held = peer->hold.dropped;
    all.media = peer->retired;
    rg_media_add_stats(&all.media, peer->current.media);
    rg_media_add_stats(&all.media, peer->next.media);
    memset(stats, 0, size);
    memcpy(stats, &all, size < sizeof(all) ? size : sizeof(all));
    return 0;
}
