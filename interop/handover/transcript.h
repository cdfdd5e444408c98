/* What the two sides of handover write down of packets. */
#ifndef HANDOVER_TRANSCRIPT_H
#define HANDOVER_TRANSCRIPT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rtpgate/rtpgate.h>

#include "packets.h"

enum {
    EXIT_USAGE = 2,
    PACKETS = 200, /* RTP and RTCP together */
    SSRC = 0x68616e64,
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

static uint32_t get32(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

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
        transcript->report = (struct traffic){
            .ssrc = SSRC, .packets = get32(packet + 20), .octets = get32(packet + 24)};
    }
}

static void record(struct transcript *transcript, bool rtcp, const uint8_t *packet, size_t length) {
    write_bytes(transcript->packets, packet, length);
    if (rtcp) {
        record_rtcp(transcript, packet, length);
    } else {
        record_rtp(transcript, packet, length);
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
    struct traffic traffic = {.ssrc = SSRC};
    uint8_t packet[PACKET_MAX];
    bool rtcp = false;
    open_transcript(&plain, directory, "plain");
    for (unsigned i = 0; i < PACKETS; i++) {
        size_t length = make_packet(i, &traffic, &rtcp, packet);
        record(&plain, rtcp, packet, length);
    }
    close_transcript(&plain);
    (void)printf("plain-rtp %u\n", traffic.packets);
    (void)printf("plain-rtcp %u\n", PACKETS - traffic.packets);
}

#endif
