/* The packets that one side of handover protects, and what is written down of packets. */
#ifndef HANDOVER_PACKETS_H
#define HANDOVER_PACKETS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rtpgate/rtpgate.h>

enum {
    EXIT_USAGE = 2,
    PACKETS = 200, /* RTP and RTCP together */
    REPORT_EVERY = 20,
    FIRST_SEQUENCE = 65440, /* it wraps on the way, so that the rollover counter counts */
    SSRC = 0x68616e64,
    RTP_HEADER = 12,
    RTCP_SENDER_REPORT = 200,
    REPORT_LENGTH = 28,
    PAYLOAD_MAX = 1200,
    PAYLOAD_SMALL = 160,
    PACKET_MAX = RTP_HEADER + PAYLOAD_MAX,
};

struct traffic {
    uint32_t packets; /* RTP */
    uint32_t octets;  /* of RTP payload */
};

struct transcript {
    FILE *rtp;
    FILE *rtcp;
    FILE *payload;
    FILE *packets;
    struct traffic traffic;
    struct traffic report; /* what the last sender report says */
};

static void die(const char *what, const char *why) {
    (void)fprintf(stderr, "handover: %s: %s\n", what, why);
    exit(EXIT_USAGE);
}

static void must(const char *what, int result) {
    if (result < 0) {
        die(what, rtpgate_strerror(result));
    }
}

/* Big-endian numbers. */

static uint8_t *put16(uint8_t *to, uint32_t number) {
    to[0] = (uint8_t)(number >> 8);
    to[1] = (uint8_t)number;
    return to + 2;
}

static uint8_t *put32(uint8_t *to, uint32_t number) {
    return put16(put16(to, number >> 16), number);
}

static uint32_t get32(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
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
    payload = put32(payload, SSRC);
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
    to = put32(to, SSRC);
    to = put32(to, 0x83aa7e80 + traffic->packets); /* 1970 */
    to = put32(to, 0);
    to = put32(to, traffic->octets);
    to = put32(to, traffic->packets);
    (void)put32(to, traffic->octets);
    return REPORT_LENGTH;
}

static size_t make_packet(unsigned index, struct traffic *traffic, enum rtpgate_kind *kind,
                          uint8_t *packet) {
    *kind = index % REPORT_EVERY == REPORT_EVERY - 1 ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP;
    return *kind == RTPGATE_KIND_RTP ? make_rtp(traffic, packet) : make_report(traffic, packet);
}

/* What is written down. */

static FILE *open_file(const char *directory, const char *name, const char *suffix) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s.%s", directory, name, suffix);
    FILE *file = length > 0 && (size_t)length < sizeof path ? fopen(path, "wb") : NULL;
    if (file == NULL) {
        die(directory, strerror(errno));
    }
    return file;
}

static void open_transcript(struct transcript *transcript, const char *directory,
                            const char *name) {
    *transcript = (struct transcript){
        .rtp = open_file(directory, name, "rtp"),
        .rtcp = open_file(directory, name, "rtcp"),
        .payload = open_file(directory, name, "payload"),
        .packets = open_file(directory, name, "packets"),
    };
}

static void write_bytes(FILE *file, const uint8_t *bytes, size_t length) {
    if (fwrite(bytes, 1, length, file) != length) {
        die("write", strerror(errno));
    }
}

static void write_frame(FILE *file, const uint8_t *packet, size_t length) {
    uint8_t frame[2];
    (void)put16(frame, (uint32_t)length);
    write_bytes(file, frame, sizeof frame);
    write_bytes(file, packet, length);
}

static void record_rtp(struct transcript *transcript, const uint8_t *packet, size_t length) {
    write_frame(transcript->rtp, packet, length);
    write_bytes(transcript->payload, packet + RTP_HEADER, length - RTP_HEADER);
    transcript->traffic.packets++;
    transcript->traffic.octets += (uint32_t)(length - RTP_HEADER);
}

static void record_rtcp(struct transcript *transcript, const uint8_t *packet, size_t length) {
    write_frame(transcript->rtcp, packet, length);
    if (packet[1] == RTCP_SENDER_REPORT && length >= REPORT_LENGTH) {
        transcript->report = (struct traffic){get32(packet + 20), get32(packet + 24)};
    }
}

static void record(struct transcript *transcript, enum rtpgate_kind kind, const uint8_t *packet,
                   size_t length) {
    write_bytes(transcript->packets, packet, length);
    if (kind == RTPGATE_KIND_RTP) {
        record_rtp(transcript, packet, length);
    } else {
        record_rtcp(transcript, packet, length);
    }
}

static void close_transcript(struct transcript *transcript) {
    FILE *files[] = {transcript->rtp, transcript->rtcp, transcript->payload, transcript->packets};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (fclose(files[i]) != 0) {
            die("write", strerror(errno));
        }
    }
}

static void write_plain(const char *directory) {
    struct transcript plain;
    struct traffic traffic = {0};
    uint8_t packet[PACKET_MAX];
    enum rtpgate_kind kind;
    open_transcript(&plain, directory, "plain");
    for (unsigned i = 0; i < PACKETS; i++) {
        size_t length = make_packet(i, &traffic, &kind, packet);
        record(&plain, kind, packet, length);
    }
    close_transcript(&plain);
    (void)printf("plain-rtp %u\n", traffic.packets);
    (void)printf("plain-rtcp %u\n", PACKETS - traffic.packets);
}

#endif
