/*
 * Any bytes as a state of media contexts, once unsealed: refused, or contexts that work and never
 * take an index below what the state says. A sealed state of the same bytes is refused.
 */
#include <rtpgate/media_state.h>

#include <string.h>

#include <rtpgate/error.h>

#include "fuzz/fuzz.h"
#include "srtp/context.h"
#include "srtp/media_state.h"

enum { MAX_SIZE = 2048, PACKET = 20 };

static const struct rtpgate_media_settings defaults;
static const uint8_t key[RTPGATE_MEDIA_STATE_KEY] = {1};

static int protect(rtpgate_media *media, uint32_t ssrc, uint64_t index) {
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD] = {0x80};

    rg_put_u16(packet + 2, (uint16_t)(index & 0xffff));
    rg_put_u32(packet + 8, ssrc);
    return rtpgate_media_protect(media, RTPGATE_KIND_RTP, packet, PACKET, packet, sizeof packet);
}

static void must_go_on(rtpgate_media *media) {
    for (size_t i = 0; i < media->sent.count; i++) {
        struct rg_source source = media->sent.at[i];

        if (source.rtp.next > 0) {
            must(protect(media, source.ssrc, source.rtp.next - 1) != PACKET);
            must(media->sent.at[i].rtp.next == source.rtp.next);
        }
        must(protect(media, source.ssrc, source.rtp.next) > PACKET ||
             media->stats.rtp_protected >= media->limits.rtp);
    }
}

/* What was resumed can be suspended and resumed again, unless an SSRC has come to its end. */
static void must_move(rtpgate_media *media) {
    uint8_t state[MAX_SIZE + 64];
    rtpgate_media *next = NULL;
    int length = rtpgate_media_suspend(media, key, 1, state, sizeof state);

    if (length < 0) {
        must(length == RTPGATE_ERR_EXPIRED);
        return;
    }
    must(rtpgate_media_resume(&next, key, 1, state, (size_t)length, &defaults, sizeof defaults) ==
         0);
    rtpgate_media_free(next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rtpgate_media *media = NULL;
    int code;

    if (size == 0 || size > MAX_SIZE) {
        return 0;
    }
    must(rtpgate_media_resume(&media, key, 1, data, size, &defaults, sizeof defaults) < 0);
    code = rg_media_restore(&media, data, size, &defaults);
    if (code < 0) {
        must(code == RTPGATE_ERR_MALFORMED && media == NULL);
        return 0;
    }
    must_go_on(media);
    must_move(media);
    rtpgate_media_free(media);
    return 0;
}
