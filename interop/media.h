/* The packets that both sides of an association send each other, and the count of what came. */
#ifndef INTEROP_MEDIA_H
#define INTEROP_MEDIA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"

/* Times are in microseconds. */
#define NOTHING_DUE UINT64_MAX

enum { SSRC_CLIENT = 0x636c6965, SSRC_SERVER = 0x73657276, PACKETS_MAX = 1000, PAUSE = 1000 };

struct media {
    struct traffic traffic; /* what we made */
    unsigned made;
    unsigned wanted; /* of ours */
    unsigned least;  /* of theirs; told when so many have come */
    uint64_t due;
    uint32_t their_ssrc;
    bool seen[PACKETS_MAX];
    unsigned sent[2]; /* RTP, RTCP */
    unsigned received[2];
    unsigned repeated;
    unsigned strange; /* authentic, but nothing that the other side sends */
};

static void start_media(struct media *media, bool client) {
    media->traffic.ssrc = client ? SSRC_CLIENT : SSRC_SERVER;
    media->their_ssrc = client ? SSRC_SERVER : SSRC_CLIENT;
    media->due = NOTHING_DUE;
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
        (void)fprintf(stderr, "media: more than %d packets\n", PACKETS_MAX);
        exit(EXIT_FAILURE);
    }
    tell_enough(media);
}

/* The length of the next packet; 0 when none is due. */
static size_t next_packet(struct media *media, bool *rtcp, uint8_t *packet, uint64_t now) {
    if (now < media->due) {
        return 0;
    }
    size_t length = make_packet(media->made++, &media->traffic, rtcp, packet);
    media->sent[*rtcp]++;
    media->due = now + PAUSE;
    if (media->made == media->wanted) {
        (void)printf("media-sent %u\n", media->made);
        media->due = NOTHING_DUE;
    }
    return length;
}

/* Which of the packets of the other side it is; PACKETS_MAX: none. */
static unsigned recognise(const struct media *media, const uint8_t *packet, size_t length) {
    struct traffic theirs = {.ssrc = media->their_ssrc};
    uint8_t known[PACKET_MAX];
    bool rtcp = false;
    for (unsigned i = 0; i < PACKETS_MAX; i++) {
        if (make_packet(i, &theirs, &rtcp, known) == length && memcmp(known, packet, length) == 0) {
            return i;
        }
    }
    return PACKETS_MAX;
}

static void take_packet(struct media *media, bool rtcp, const uint8_t *packet, size_t length) {
    unsigned number = recognise(media, packet, length);
    if (number == PACKETS_MAX) {
        media->strange++;
    } else if (media->seen[number]) {
        media->repeated++;
    } else {
        media->seen[number] = true;
        media->received[rtcp]++;
    }
    tell_enough(media);
}

static void print_media(const struct media *media) {
    (void)printf("rtp-sent %u\nrtcp-sent %u\n", media->sent[0], media->sent[1]);
    (void)printf("rtp-received %u\nrtcp-received %u\n", media->received[0], media->received[1]);
    (void)printf("repeated %u\nstrange %u\n", media->repeated, media->strange);
}

#endif
