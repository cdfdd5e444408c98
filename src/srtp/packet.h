/* What an RTP or RTCP packet says of itself, before and after its protection. */
#ifndef RG_SRTP_PACKET_H
#define RG_SRTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rtpgate/classify.h>

/* Whether `length` bytes of plaintext, or of a protected packet without its trailer, can be of
 * `kind`. */
bool rg_packet_well_formed(enum rtpgate_kind kind, const uint8_t *packet, size_t length);

/* Whether a well-formed RTP packet hides its header (cryptex, RFC 9335 4). */
bool rg_packet_uses_cryptex(const uint8_t *packet);

/* Whether an element of a well-formed RTP packet's header extension stands behind padding (RFC 8285
 * 4.1.1), where libsrtp counts another key stream than RFC 6904 3.1 does, or takes padding for an
 * element. */
bool rg_packet_pads_elements(const uint8_t *packet);

/* Of a well-formed packet: who sent it, and the sequence number of RTP (RFC 3550 5.1, 6.4.1). */
uint32_t rg_packet_ssrc(enum rtpgate_kind kind, const uint8_t *packet);
uint16_t rg_packet_sequence(const uint8_t *packet);

#endif
