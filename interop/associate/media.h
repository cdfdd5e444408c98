/* The packets that both sides of an association send each other, and the count of what came. */
#ifndef ASSOCIATE_MEDIA_H
#define ASSOCIATE_MEDIA_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <rtpgate/rtpgate.h>

#include "../packets.h"
#include "options.h"

enum { SSRC_CLIENT = 0x636c6965, SSRC_SERVER = 0x73657276, PACKETS_MAX = 1000, PAUSE = 1000 };

struct media {
    rtpgate_peer *peer;
    struct traffic traffic; /* what we made */
    unsigned made;
    unsigned wanted; /* of ours */
    unsigned least;  /* of theirs; told when so many have come */
    uint64_t due;
    uint32_t their_ssrc;
    bool seen[PACKETS_MAX];
    unsigned received[2]; /* RTP, RTCP */
    unsigned repeated;
    unsigned strange; /* authentic, but nothing that the other side sends */
};

static void start_media(struct media *media, rtpgate_peer *peer, enum rtpgate_role role) {
    bool client = role == RTPGATE_ROLE_CLIENT;
    media->peer = peer;
    media->traffic.ssrc = client ? SSRC_CLIENT : SSRC_SERVER;
    media->their_ssrc = client ? SSRC_SERVER : SSRC_CLIENT;
    media->due = RTPGATE_NEVER;
}

static void tell_enough(struct media *media) {
    if (media->least > 0 && media->received[0] + media->received[1] >= media->least) {
        (void)printf("media-received %u\n", media->received[0] + media->received[1]);
        media->least = 0;
    }
}

/* From now on so many more packets go out, and so many more are expected. */
static void want_media(struct media *media, unsigned more, unsigned least, uint64_t now) {
    media->wanted += more;
    media->least = least;
    media->due = now;
    if (media->wanted > PACKETS_MAX) {
        die("media", "too many packets");
    }
    tell_enough(media);
}

/* Returns the length of the next protected packet; 0 when none is due. */
static size_t next_protected(struct media *media, uint8_t *datagram, size_t capacity,
                             uint64_t now) {
    uint8_t packet[PACKET_MAX];
    enum rtpgate_kind kind;
    if (now < media->due) {
        return 0;
    }
    size_t length = make_packet(media->made++, &media->traffic, &kind, packet);
    int result = rtpgate_peer_protect(media->peer, kind, packet, length, datagram, capacity);
    must("protect", result);
    media->due = now + PAUSE;
    if (media->made == media->wanted) {
        (void)printf("media-sent %u\n", media->made);
        media->due = RTPGATE_NEVER;
    }
    return (size_t)result;
}

/* Which of the packets of the other side it is; PACKETS_MAX: none. */
static unsigned recognise(const struct media *media, const uint8_t *packet, size_t length) {
    struct traffic theirs = {.ssrc = media->their_ssrc};
    uint8_t known[PACKET_MAX];
    enum rtpgate_kind kind;
    for (unsigned i = 0; i < PACKETS_MAX; i++) {
        if (make_packet(i, &theirs, &kind, known) == length && memcmp(known, packet, length) == 0) {
            return i;
        }
    }
    return PACKETS_MAX;
}

static void take_packet(struct media *media, int kind, const uint8_t *packet, size_t length) {
    unsigned number = recognise(media, packet, length);
    if (number == PACKETS_MAX) {
        media->strange++;
    } else if (media->seen[number]) {
        media->repeated++;
    } else {
        media->seen[number] = true;
        media->received[kind == RTPGATE_KIND_RTCP]++;
    }
    tell_enough(media);
}

static void print_media(const struct media *media) {
    struct rtpgate_peer_stats stats;
    must("the counters of media", rtpgate_peer_stats(media->peer, &stats, sizeof stats));
    (void)printf("rtp-sent %" PRIu64 "\n", stats.media.rtp_protected);
    (void)printf("rtcp-sent %" PRIu64 "\n", stats.media.rtcp_protected);
    (void)printf("rtp-received %u\n", media->received[0]);
    (void)printf("rtcp-received %u\n", media->received[1]);
    (void)printf("rtp-decrypted %" PRIu64 "\n", stats.media.rtp_unprotected);
    (void)printf("rtcp-decrypted %" PRIu64 "\n", stats.media.rtcp_unprotected);
    (void)printf("repeated %u\n", media->repeated);
    (void)printf("strange %u\n", media->strange);
    (void)printf("unauthentic %" PRIu64 "\n", stats.media.auth_failures);
    (void)printf("replayed %" PRIu64 "\n", stats.media.replays);
    (void)printf("held %" PRIu64 "\n", stats.held);
}

#endif
