#include <limits.h>

#include <rtpgate/error.h>
#include <rtpgate/media.h>

typedef int packet_function(rtpgate_media *media, enum rtpgate_kind kind, const uint8_t *in,
                            size_t length, uint8_t *out, size_t capacity);

static int in_turn(packet_function *call, enum rtpgate_kind kind,
                   struct rtpgate_media_packet *packets, size_t count) {
    int succeeded = 0;

    if ((packets == NULL && count > 0) || count > INT_MAX) {
        return RTPGATE_ERR_INVAL;
    }
    for (size_t i = 0; i < count; i++) {
        struct rtpgate_media_packet *packet = &packets[i];
        packet->result =
            call(packet->media, kind, packet->in, packet->length, packet->out, packet->capacity);
        succeeded += packet->result >= 0;
    }
    return succeeded;
}

int rtpgate_media_protect_many(enum rtpgate_kind kind, struct rtpgate_media_packet *packets,
                               size_t count) {
    return in_turn(rtpgate_media_protect, kind, packets, count);
}

int rtpgate_media_unprotect_many(enum rtpgate_kind kind, struct rtpgate_media_packet *packets,
                                 size_t count) {
    return in_turn(rtpgate_media_unprotect, kind, packets, count);
}
