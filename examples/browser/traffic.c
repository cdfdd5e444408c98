/* What a call does with datagrams and events. See call.h. */
#include "call.h"

#include <string.h>

#include "echo.h"
#include "survive.h"

enum { PACKET_MAX = 2048 };

static void note_arrival(struct call *call, const struct rtpgate_arrival *arrival, uint64_t now) {
    char text[TIMELINE_TEXT];
    call->heard = now;
    if (arrival->kind == RTPGATE_KIND_DTLS && arrival->length > 0) {
        bool data = arrival->data[0] == 23; /* they would fill the list */
        if (!data) {
            timeline_name_dtls(text, arrival->data, arrival->length);
            timeline_add(&call->timeline, now, LANE_DTLS, DIRECTION_IN, arrival->length, "%s",
                         text);
        }
        call->dtls_before_nomination += !call->nominated;
    }
}

/* Why there is output: the counters have moved since the last time. NULL: application data. */
static const char *reason(const struct call *call, const struct rtpgate_session_stats *now) {
    const struct rtpgate_session_stats *old = &call->session;
    bool client = call->association.role == RTPGATE_ROLE_CLIENT;
    enum rtpgate_state state = rtpgate_session_state(rtpgate_peer_session(call->peer));
    if (now->retransmissions > old->retransmissions) {
        return "the last flight again: no answer in time";
    }
    if (now->answers > old->answers) {
        return "the last flight again: the browser repeated its own";
    }
    if (now->flights_sent > old->flights_sent && old->flights_sent == 0) {
        return client ? "ClientHello"
                      : "ServerHello, Certificate, ServerKeyExchange, CertificateRequest, "
                        "ServerHelloDone";
    }
    if (now->flights_sent > old->flights_sent) {
        return client ? "Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, "
                        "Finished (encrypted)"
                      : "ChangeCipherSpec, Finished (encrypted)";
    }
    return state == RTPGATE_STATE_CLOSED   ? "alert close_notify (encrypted)"
           : state == RTPGATE_STATE_FAILED ? "alert"
                                           : NULL;
}

/* The endpoint sends the library's datagrams by itself. */
static void note_output(struct call *call, uint64_t now) {
    struct rtpgate_session_stats stats;
    if (rtpgate_session_stats(rtpgate_peer_session(call->peer), &stats, sizeof(stats)) != 0) {
        return;
    }
    const char *what = reason(call, &stats);
    uint64_t datagrams = stats.datagrams_sent - call->session.datagrams_sent;
    if (datagrams > 0 && what != NULL) {
        timeline_add(&call->timeline, now, LANE_DTLS, DIRECTION_OUT,
                     (size_t)(stats.bytes_sent - call->session.bytes_sent), "%s%s", what,
                     datagrams > 1 ? " (several datagrams)" : "");
    }
    call->dtls_sent += datagrams;
    call->session = stats;
}

/* Not before the browser knows of it: a ClientHello that comes before our answer is dropped. */
static void start_client(struct call *call, uint64_t now) {
    if (call->association.role == RTPGATE_ROLE_CLIENT && !call->started && call->checked) {
        call->started = true;
        (void)rtpgate_session_start(rtpgate_peer_session(call->peer), now);
    }
}

/* A browser may prove many paths; the oldest that is not in use makes room. */
static void forget_path(struct call *call, uint64_t now) {
    size_t index = call->nominated && call->paths[0] == call->path ? 1 : 0;
    (void)rtpgate_peer_path_valid(call->peer, call->paths[index], false, now);
    call->path_count--;
    memmove(&call->paths[index], &call->paths[index + 1],
            (call->path_count - index) * sizeof(*call->paths));
}

static bool knows_path(const struct call *call, uint64_t path) {
    for (size_t i = 0; i < call->path_count; i++) {
        if (call->paths[i] == path) {
            return true;
        }
    }
    return false;
}

void call_learn_path(struct call *call, uint64_t path, uint64_t now) {
    if (knows_path(call, path)) {
        return;
    }
    if (call->path_count == CALL_PATHS) {
        forget_path(call, now);
    }
    call->paths[call->path_count++] = path;
    (void)rtpgate_endpoint_bind(call->endpoint, path, call->peer);
    (void)rtpgate_peer_path_valid(call->peer, path, true, now);
    timeline_add(&call->timeline, now, LANE_ICE, DIRECTION_IN, 0,
                 "a check proves path %u: whoever is there has our password", (unsigned)path);
}

static void nominate(struct call *call, uint64_t path, uint64_t now) {
    if (call->nominated && call->path == path) {
        return;
    }
    call->nominated = true;
    call->path = path;
    (void)rtpgate_peer_set_path(call->peer, path, now);
    timeline_add(&call->timeline, now, LANE_ICE, DIRECTION_IN, 0,
                 "the browser nominates path %u: media goes there", (unsigned)path);
}

static void take_stun(struct call *call, const struct rtpgate_arrival *arrival, uint64_t now) {
    struct ice_check check;
    struct sockaddr_storage source;
    socklen_t length = sizeof(source);
    bool old = !ice_is_for(&call->ice[0], arrival->data, arrival->length);
    if (rtpgate_endpoint_address(call->endpoint, arrival->path, (struct sockaddr *)&source,
                                 &length) != 0) {
        return;
    }
    call->stun_received++; /* here, for the first one of a path is bound to nobody yet */
    ice_check(&check, &call->ice[old], arrival->data, arrival->length, &source, length);
    if (check.reply_length > 0 && rtpgate_endpoint_send(call->endpoint, arrival->path, check.reply,
                                                        check.reply_length) == 0) {
        call->sent.stun++;
    }
    if (check.proven && call->ended_at == 0) {
        call->checked = call->checked || !old;
        call_learn_path(call, arrival->path, now);
    }
    if (check.nominated && call->ended_at == 0) {
        nominate(call, arrival->path, now);
    }
}

/* What waits for a snapshot, because its SSRC is new, say, gets one. */
static int protect(struct call *call, enum rtpgate_kind kind, const uint8_t *packet, size_t length,
                   uint8_t protected[PACKET_MAX + RTPGATE_MEDIA_OVERHEAD]) {
    static const size_t room = PACKET_MAX + RTPGATE_MEDIA_OVERHEAD;
    int size = rtpgate_peer_protect(call->peer, kind, packet, length, protected, room);
    if (size == RTPGATE_ERR_STATE && call->keeper != NULL) {
        call_keep(call, true);
        size = rtpgate_peer_protect(call->peer, kind, packet, length, protected, room);
    }
    return size;
}

static void send_back(struct call *call, enum rtpgate_kind kind, uint8_t *packet, size_t length) {
    uint8_t protected[PACKET_MAX + RTPGATE_MEDIA_OVERHEAD];
    uint64_t *count = kind == RTPGATE_KIND_RTP ? &call->sent.rtp : &call->sent.rtcp;
    if (!call->echoes || call->path_count == 0 || length > PACKET_MAX) {
        return;
    }
    (kind == RTPGATE_KIND_RTP ? echo_rtp : echo_rtcp)(packet, length);
    int size = protect(call, kind, packet, length, protected);
    uint64_t path = call->nominated ? call->path : call->paths[0];
    if (size > 0 && rtpgate_endpoint_send(call->endpoint, path, protected, (size_t)size) == 0) {
        if ((*count)++ == 0) {
            timeline_add(&call->timeline, rtpgate_endpoint_now(), LANE_MEDIA, DIRECTION_OUT,
                         (size_t)size, "the first S%s packet, protected again, goes back",
                         rtpgate_kind_name(kind));
        }
    }
}

static void take_media(struct call *call, enum rtpgate_kind kind, uint8_t *packet, size_t length,
                       const char *how) {
    struct rtpgate_peer_stats stats;
    if (rtpgate_peer_stats(call->peer, &stats, sizeof(stats)) == 0 &&
        (kind == RTPGATE_KIND_RTP ? stats.media.rtp_unprotected : stats.media.rtcp_unprotected) ==
            1) {
        timeline_add(&call->timeline, rtpgate_endpoint_now(), LANE_MEDIA, DIRECTION_IN, length,
                     "the first S%s packet is authentic%s", rtpgate_kind_name(kind), how);
    }
    send_back(call, kind, packet, length);
}

void call_arrival(struct call *call, const struct rtpgate_arrival *arrival, call_find_pair find) {
    uint64_t now = rtpgate_endpoint_now();
    note_arrival(call, arrival, now);
    switch (arrival->kind) {
    case RTPGATE_KIND_STUN:
        take_stun(call, arrival, now);
        call_drain(call, find);
        break;
    case RTPGATE_KIND_DTLS:
        call_drain(call, find);
        break;
    case RTPGATE_KIND_RTP:
    case RTPGATE_KIND_RTCP:
        take_media(call, arrival->kind, arrival->data, arrival->length, "");
        break;
    default: /* counted by the library */
        break;
    }
}

/* SCTP packets: counted, not interpreted; in tests they reach the other browser as they are. */
static void take_data(struct call *call, const struct rtpgate_event *event, call_find_pair find) {
    uint64_t now = rtpgate_endpoint_now();
    struct call *pair = find != NULL ? find(call) : NULL;
    if (call->data_received++ == 0) {
        timeline_add(&call->timeline, now, LANE_DATA, DIRECTION_IN, event->length,
                     "the first SCTP packet of the data channel");
    }
    call->data_bytes += event->length;
    if (pair != NULL && rtpgate_session_send(rtpgate_peer_session(pair->peer), event->data,
                                             event->length, now) == 0) {
        pair->sent.data++;
        (void)rtpgate_endpoint_flush(pair->endpoint, pair->peer);
    }
}

static void take_event(struct call *call, const struct rtpgate_event *event, call_find_pair find) {
    static const char *const meaning[] = {
        [RTPGATE_EVENT_ADVICE] = "perhaps bad news, from nobody in particular: ",
        [RTPGATE_EVENT_CERTIFICATE] =
            "the browser proved that it owns the certificate of its fingerprint",
        [RTPGATE_EVENT_KEYS] = "ready: both sides have the same SRTP keys",
        [RTPGATE_EVENT_CLOSED] = "the browser closed the association",
        [RTPGATE_EVENT_FAILED] = "failed: ",
    };
    if (event->type == RTPGATE_EVENT_DATA) {
        take_data(call, event, find);
    } else if ((size_t)event->type < sizeof(meaning) / sizeof(*meaning) &&
               meaning[event->type] != NULL) {
        timeline_add(&call->timeline, rtpgate_endpoint_now(), LANE_DTLS, DIRECTION_NONE, 0, "%s%s",
                     meaning[event->type], event->text);
    }
}

void call_drain(struct call *call, call_find_pair find) {
    uint8_t packet[PACKET_MAX];
    size_t length;
    int kind;
    struct rtpgate_event event;
    uint64_t now = rtpgate_endpoint_now();
    start_client(call, now);
    (void)rtpgate_endpoint_flush(call->endpoint, call->peer);
    note_output(call, now);
    while (rtpgate_peer_next_event(call->peer, &event) == 1) {
        take_event(call, &event, find);
    }
    while ((kind = rtpgate_peer_next_packet(call->peer, packet, sizeof(packet), &length)) > 0) {
        take_media(call, (enum rtpgate_kind)kind, packet, length, ", after it waited for the keys");
    }
}
