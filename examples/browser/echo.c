/* See echo.h. */
#include "echo.h"

enum {
    HEADER = 4, /* bytes before the first SSRC of an RTCP packet */
    WORD = 4,
    REPORT_BLOCK = 24,
    SENDER_INFO = 20,

};

/* RTCP packet types (RFC 3550, 4585, 3611). */
enum { SR = 200, RR, SDES, BYE, APP, RTPFB, PSFB, XR };

static void flip(uint8_t *packet, size_t length, size_t at) {
    if (at + WORD <= length) {
        packet[at] ^= ECHO_SSRC >> 24 & 0xff;
        packet[at + 1] ^= ECHO_SSRC >> 16 & 0xff;
        packet[at + 2] ^= ECHO_SSRC >> 8 & 0xff;
        packet[at + 3] ^= ECHO_SSRC & 0xff;
    }
}

/* `count` SSRCs at most, one every `step` bytes. */
static void flip_each(uint8_t *packet, size_t length, size_t at, size_t step, size_t count) {
    for (; count > 0 && at + WORD <= length; at += step, count--) {
        flip(packet, length, at);
    }
}

/* Chunks: an SSRC and items, padded with zeros to a word, at least one. */
static void flip_chunks(uint8_t *packet, size_t length, size_t count) {
    size_t at = HEADER;
    for (; count > 0 && at + WORD <= length; count--) {
        flip(packet, length, at);
        at += WORD;
        while (at + 1 < length && packet[at] != 0) {
            at += 2 + (size_t)packet[at + 1];
        }
        at = (at / WORD + 1) * WORD;
    }
}

/* Feedback names who sends it and what it is about, some kinds once more in each entry. */
static void flip_feedback(uint8_t *packet, size_t length, unsigned type, unsigned format) {
    static const size_t entries = HEADER + 2 * WORD;
    flip_each(packet, length, HEADER, WORD, 2);
    if ((type == PSFB && format == 4) || (type == RTPFB && (format == 3 || format == 4))) {
        flip_each(packet, length, entries, 2 * WORD, SIZE_MAX); /* FIR, TMMBR, TMMBN */
    } else if (type == PSFB && format == 15 && entries + 2 * WORD <= length) { /* REMB */
        flip_each(packet, length, entries + 2 * WORD, WORD, packet[entries + WORD]);
    }
}

/* Extended reports: of the blocks only DLRR (RFC 3611 4.5) repeats SSRCs for us. */
static void flip_extended(uint8_t *packet, size_t length) {
    size_t at = HEADER + WORD;
    flip(packet, length, HEADER);
    while (at + WORD <= length) {
        size_t words = (size_t)packet[at + 2] << 8 | packet[at + 3];
        size_t end = at + WORD + words * WORD;
        if (packet[at] == 5 && end <= length) {
            flip_each(packet, end, at + WORD, 3 * WORD, SIZE_MAX);
        }
        at = end;
    }
}

static void flip_one(uint8_t *packet, size_t length) {
    unsigned count = packet[0] & 0x1f;
    unsigned type = packet[1];
    switch (type) {
    case SR:
    case RR:
        flip(packet, length, HEADER);
        flip_each(packet, length, HEADER + WORD + (type == SR ? SENDER_INFO : 0), REPORT_BLOCK,
                  count);
        break;
    case SDES:
        flip_chunks(packet, length, count);
        break;
    case BYE:
        flip_each(packet, length, HEADER, WORD, count);
        break;
    case APP:
        flip(packet, length, HEADER);
        break;
    case RTPFB:
    case PSFB:
        flip_feedback(packet, length, type, count);
        break;
    case XR:
        flip_extended(packet, length);
        break;
    default:
        break;
    }
}

void echo_rtp(uint8_t *packet, size_t length) {
    flip(packet, length, 8);
}

void echo_rtcp(uint8_t *compound, size_t length) {
    size_t at = 0;
    while (at + HEADER <= length) {
        size_t size = (((size_t)compound[at + 2] << 8 | compound[at + 3]) + 1) * WORD;
        if (size > length - at) {
            return;
        }
        flip_one(compound + at, size);
        at += size;
    }
}
