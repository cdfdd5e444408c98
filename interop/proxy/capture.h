/*
 * Writes datagrams down as if both ends had met without a proxy: pcapng with raw IPv4. What befell
 * a datagram is the comment of its packet.
 */
#ifndef PROXY_CAPTURE_H
#define PROXY_CAPTURE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "options.h"

enum {
    CAPTURED_MAX = 20000,
    OTHERS_MAX = 2000000, /* bytes of media that are written down */
    SECTION_HEADER = 0x0a0d0d0a,
    INTERFACE = 1,
    ENHANCED_PACKET = 6,
    RAW_IP = 101,
    IP_HEADER = 20,
    UDP_HEADER = 8,
    HEADERS = IP_HEADER + UDP_HEADER,
    UDP = 17,
    BLOCK_MAX = CAPTURED_MAX + 256,
};

struct capture {
    FILE *file;
    size_t others;
    size_t length;
    uint8_t block[BLOCK_MAX];
};

static void append(struct capture *capture, const void *bytes, size_t length) {
    (void)memcpy(capture->block + capture->length, bytes, length);
    capture->length += length;
}

static void append_padded(struct capture *capture, const void *bytes, size_t length) {
    static const uint8_t zeros[4] = {0};
    append(capture, bytes, length);
    append(capture, zeros, (4 - length % 4) % 4);
}

static void append_number(struct capture *capture, uint32_t number) {
    append(capture, &number, sizeof number);
}

static void begin_block(struct capture *capture, uint32_t type) {
    capture->length = 0;
    append_number(capture, type);
    append_number(capture, 0);
}

/* A block says its length at both ends. It leaves at once: we may be killed. */
static void end_block(struct capture *capture) {
    uint32_t total = (uint32_t)capture->length + 4;
    append_number(capture, total);
    (void)memcpy(capture->block + 4, &total, sizeof total);
    if (fwrite(capture->block, capture->length, 1, capture->file) != 1) {
        die("--pcap", "cannot be written");
    }
}

static void capture_open(struct capture *capture, const char *name) {
    static const uint16_t version[2] = {1, 0};
    static const uint16_t link[2] = {RAW_IP, 0};
    static const int64_t unknown_length = -1;
    capture->file = fopen(name, "wb");
    if (capture->file == NULL) {
        die(name, "cannot be opened");
    }
    (void)setvbuf(capture->file, NULL, _IONBF, 0);
    begin_block(capture, SECTION_HEADER);
    append_number(capture, 0x1a2b3c4d);
    append(capture, version, sizeof version);
    append(capture, &unknown_length, sizeof unknown_length);
    end_block(capture);
    begin_block(capture, INTERFACE);
    append(capture, link, sizeof link);
    append_number(capture, 0);
    end_block(capture);
}

static void put(uint8_t *at, size_t number) {
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void checksum(uint8_t header[IP_HEADER]) {
    uint32_t sum = 0;
    for (size_t i = 0; i < IP_HEADER; i += 2) {
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    put(header + 10, ~(sum + (sum >> 16)) & 0xffff);
}

/* Without a checksum of UDP, which IPv4 allows. */
static void make_headers(uint8_t out[HEADERS], const struct sockaddr_in *from,
                         const struct sockaddr_in *to, size_t length) {
    out[0] = 0x45;
    put(out + 2, HEADERS + length);
    out[8] = 64;
    out[9] = UDP;
    (void)memcpy(out + 12, &from->sin_addr, 4);
    (void)memcpy(out + 16, &to->sin_addr, 4);
    checksum(out);
    put(out + 20, ntohs(from->sin_port));
    put(out + 22, ntohs(to->sin_port));
    put(out + 24, UDP_HEADER + length);
}

static void append_comment(struct capture *capture, const char *comment) {
    if (*comment != '\0') {
        const uint16_t option[2] = {1, (uint16_t)strlen(comment)};
        append(capture, option, sizeof option);
        append_padded(capture, comment, strlen(comment));
        append_number(capture, 0);
    }
}

static void append_packet(struct capture *capture, const uint8_t *packet, size_t length) {
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_REALTIME, &time);
    uint64_t stamp = (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
    append_number(capture, 0);
    append_number(capture, (uint32_t)(stamp >> 32));
    append_number(capture, (uint32_t)stamp);
    append_number(capture, (uint32_t)length);
    append_number(capture, (uint32_t)length);
    append_padded(capture, packet, length);
}

static bool is_worth_it(struct capture *capture, bool dtls, size_t length) {
    capture->others += dtls ? 0 : length;
    return capture->file != NULL && (dtls || capture->others <= OTHERS_MAX);
}

/* Does nothing unless the capture was opened. The comment has at most 64 characters. */
static void capture_write(struct capture *capture, const struct sockaddr_in *from,
                          const struct sockaddr_in *to, const uint8_t *datagram, size_t length,
                          bool dtls, const char *comment) {
    static uint8_t packet[CAPTURED_MAX + HEADERS];
    if (!is_worth_it(capture, dtls, length)) {
        return;
    }
    make_headers(packet, from, to, length);
    (void)memcpy(packet + HEADERS, datagram, length);
    begin_block(capture, ENHANCED_PACKET);
    append_packet(capture, packet, HEADERS + length);
    append_comment(capture, comment);
    end_block(capture);
}

#endif
