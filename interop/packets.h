/* RTP and RTCP packets of known content, which both ends of a case can make. */
#ifndef INTEROP_PACKETS_H
#define INTEROP_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPORT_EVERY = 20,
    FIRST_SEQUENCE = 65440, /* it wraps on the way, so that the rollover counter counts */
    RTP_HEADER = 12,
    RTCP_SENDER_REPORT = 200,
    REPORT_LENGTH = 28,
    PAYLOAD_MAX = 1200,
    PAYLOAD_SMALL = 160,
    PACKET_MAX = RTP_HEADER + PAYLOAD_MAX,
};

struct traffic {
    uint32_t ssrc;
    uint32_t packets; /* RTP */
    uint32_t octets;  /* of RTP payload */
};

/* Big-endian numbers. */

static uint8_t *put16(uint8_t *to, uint32_t number) {
    to[0] = (uint8_t)(number >> 8);
    to[1] = (uint8_t)number;
    return to + 2;
}

static uint8_t *put32(uint8_t *to, uint32_t number) {
    return put16(put16(to, number >> 16), number);
}

/* The packets. */

static size_t make_rtp(struct traffic *traffic, uint8_t *packet) {
    uint32_t number = traffic->packets;
    /* Most are small: all of them wait in a socket's buffer when its reader is slow. */
    uint32_t most = number % 8 == 0 ? PAYLOAD_MAX : PAYLOAD_SMALL;
    uint32_t length = 1 + number * 211 % most;
    uint8_t *payload = put16(packet, 0x8000); /* version 2, PCMU */
    payload = put16(payload, FIRST_SEQUENCE + number);
    payload = put32(payload, traffic->octets);
    payload = put32(payload, traffic->ssrc);
    for (uint32_t i = 0; i < length; i++) {
        payload[i] = (uint8_t)(number * 7 + i * 13);
    }
    traffic->packets++;
    traffic->octets += length;
    return RTP_HEADER + length;
}

static size_t make_report(const struct traffic *traffic, uint8_t *packet) {
    uint8_t *to = put16(packet, 0x8000 | RTCP_SENDER_REPORT);
    to = put16(to, REPORT_LENGTH / 4 - 1);
    to = put32(to, traffic->ssrc);
    to = put32(to, 0x83aa7e80 + traffic->packets); /* 1970 */
    to = put32(to, 0);
    to = put32(to, traffic->octets);
    to = put32(to, traffic->packets);
    (void)put32(to, traffic->octets);
    return REPORT_LENGTH;
}

/* Every REPORT_EVERYth packet is RTCP. */
static size_t make_packet(unsigned index, struct traffic *traffic, bool *rtcp, uint8_t *packet) {
    *rtcp = index % REPORT_EVERY == REPORT_EVERY - 1;
    return *rtcp ? make_report(traffic, packet) : make_rtp(traffic, packet);
}

#endif
