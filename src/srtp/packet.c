#include "srtp/packet.h"

enum {
    RTP_HEADER = 12,
    RTCP_HEADER = 8,
    EXTENSION_HEADER = 4,
    MAX_RTP_HEADER = 2048, /* on NSS, libsrtp authenticates no longer one with GCM */
    CRYPTEX_ONE_BYTE = 0xc0de,
    CRYPTEX_TWO_BYTES = 0xc2de,
    ONE_BYTE = 0xbede,
    TWO_BYTES = 0x1000,
    LAST_ID = 15, /* of one byte: nothing behind it is an element */
};

/* RFC 3550 5.1, 5.3.1 */
static size_t length_with_csrcs(const uint8_t *packet) {
    return RTP_HEADER + 4 * (size_t)(packet[0] & 0x0f);
}

static bool has_extension(const uint8_t *packet) {
    return (packet[0] & 0x10) != 0;
}

static unsigned get_u16(const uint8_t *at) {
    return (unsigned)at[0] << 8 | at[1];
}

/* The length of an RTP header with its CSRCs and extension; more than `length` when it does not
 * fit. */
static size_t rtp_header_length(const uint8_t *packet, size_t length) {
    size_t header = RTP_HEADER;

    if (length < header) {
        return header;
    }
    header = length_with_csrcs(packet);
    if (!has_extension(packet)) {
        return header;
    }
    header += EXTENSION_HEADER;
    return length < header ? header : header + 4 * (size_t)get_u16(packet + header - 2);
}

bool rg_packet_well_formed(enum rtpgate_kind kind, const uint8_t *packet, size_t length) {
    size_t header =
        kind == RTPGATE_KIND_RTP ? rtp_header_length(packet, length) : (size_t)RTCP_HEADER;

    return length >= header && header <= MAX_RTP_HEADER && packet[0] >> 6 == 2;
}

bool rg_packet_uses_cryptex(const uint8_t *packet) {
    unsigned form = has_extension(packet) ? get_u16(packet + length_with_csrcs(packet)) : 0;

    return form == CRYPTEX_ONE_BYTE || form == CRYPTEX_TWO_BYTES;
}

/* How many bytes the element at `at` has with its header; 0 when it is none that may stand there:
 * the identifier 0 is padding, which has no length. */
static size_t element_length(const uint8_t *elements, size_t at, size_t end, bool one_byte) {
    if (one_byte) {
        return elements[at] >> 4 == 0 ? 0 : 2 + (size_t)(elements[at] & 0x0f);
    }
    return at + 1 < end ? 2 + (size_t)elements[at + 1] : 0;
}

static bool pads_elements(const uint8_t *elements, size_t end, bool one_byte) {
    bool padded = false;

    for (size_t at = 0; at < end && !(one_byte && elements[at] >> 4 == LAST_ID);) {
        size_t length = elements[at] == 0 ? 1 : element_length(elements, at, end, one_byte);

        if (length == 0 || (padded && elements[at] != 0)) {
            return true;
        }
        padded = elements[at] == 0;
        at += length;
    }
    return false;
}

bool rg_packet_pads_elements(const uint8_t *packet) {
    const uint8_t *extension = packet + length_with_csrcs(packet);
    unsigned form = has_extension(packet) ? get_u16(extension) : 0;

    return (form == ONE_BYTE || (form & 0xfff0) == TWO_BYTES) &&
           pads_elements(extension + EXTENSION_HEADER, 4 * (size_t)get_u16(extension + 2),
                         form == ONE_BYTE);
}

uint32_t rg_packet_ssrc(enum rtpgate_kind kind, const uint8_t *packet) {
    const uint8_t *at = packet + (kind == RTPGATE_KIND_RTP ? 8 : 4);

    return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

uint16_t rg_packet_sequence(const uint8_t *packet) {
    return (uint16_t)get_u16(packet + 2);
}
