#include <rtpgate/classify.h>

/* RFC 5761 4: the packet types of RTCP, where RTP has its marker bit and payload type. */
static enum rtpgate_kind classify_media(const uint8_t *datagram, size_t length) {
    if (length < 2) {
        return RTPGATE_KIND_UNKNOWN;
    }
    return datagram[1] >= 192 && datagram[1] <= 223 ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP;
}

enum rtpgate_kind rtpgate_classify(const uint8_t *datagram, size_t length, bool from_turn_server) {
    uint8_t first;

    if (length == 0) {
        return RTPGATE_KIND_UNKNOWN;
    }
    first = datagram[0];
    if (first <= 3) {
        return RTPGATE_KIND_STUN;
    }
    if (first <= 15) {
        return RTPGATE_KIND_UNKNOWN;
    }
    if (first <= 19) {
        return RTPGATE_KIND_ZRTP;
    }
    if (first <= 63) {
        return RTPGATE_KIND_DTLS;
    }
    if (first <= 79 && from_turn_server) {
        return RTPGATE_KIND_TURN_CHANNEL;
    }
    if (first >= 128 && first <= 191) {
        return classify_media(datagram, length);
    }
    return RTPGATE_KIND_QUIC;
}

const char *rtpgate_kind_name(enum rtpgate_kind kind) {
    switch (kind) {
    case RTPGATE_KIND_STUN:
        return "STUN";
    case RTPGATE_KIND_ZRTP:
        return "ZRTP";
    case RTPGATE_KIND_DTLS:
        return "DTLS";
    case RTPGATE_KIND_TURN_CHANNEL:
        return "TURN channel";
    case RTPGATE_KIND_QUIC:
        return "QUIC";
    case RTPGATE_KIND_RTP:
        return "RTP";
    case RTPGATE_KIND_RTCP:
        return "RTCP";
    case RTPGATE_KIND_UNKNOWN:
        break;
    }
    return "unknown";
}
