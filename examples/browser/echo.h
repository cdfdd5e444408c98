/*
 * Sending a browser's own media back to it.
 *
 * It must not meet its own SSRCs, so each is changed by the same exclusive-or in both directions:
 * the stream S of the browser comes back as S ^ ECHO_SSRC, and what the browser reports about
 * that one (a lost packet, a picture that it cannot decode) comes back as a report about S.
 */
#ifndef BROWSER_ECHO_H
#define BROWSER_ECHO_H

#include <stddef.h>
#include <stdint.h>

#define ECHO_SSRC UINT32_C(0x5a17e000)

/* Change a plaintext packet in place; lengths that lie are left as they are. */
void echo_rtp(uint8_t *packet, size_t length);
void echo_rtcp(uint8_t *compound, size_t length);

#endif
