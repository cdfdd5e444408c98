/* The state of media contexts in the clear. */
#ifndef RG_SRTP_MEDIA_STATE_H
#define RG_SRTP_MEDIA_STATE_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/media.h>

/* Contexts of `length` bytes that were unsealed. Returns what rtpgate_media_resume returns. */
int rg_media_restore(rtpgate_media **out, const uint8_t *state, size_t length,
                     const struct rtpgate_media_settings *settings);

#endif
