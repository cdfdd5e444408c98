/*
 * Any packet, in both directions, with all profiles. Byte 0 of the input: bits 0 and 1 the profile,
 * bit 2 RTCP, bit 3 in place; byte 1: how far the capacity is from the packet's length. The rest is
 * the packet.
 */
#include <rtpgate/media.h>

#include <string.h>

#include <rtpgate/error.h>
#include <rtpgate/srtp_profile.h>

#include "fuzz/fuzz.h"

enum { ROOM = 4096, GUARD = 0xe7, SAMPLE = 40 };

struct attempt {
    const struct rtpgate_srtp_profile_info *profile;
    enum rtpgate_kind kind;
    bool in_place;
    const uint8_t *packet;
    size_t length;
    size_t capacity;
};

static rtpgate_media *end(const struct rtpgate_srtp_profile_info *profile, bool client) {
    struct rtpgate_srtp_keys keys = {.profile = profile->profile,
                                     .key_length = profile->key_length,
                                     .salt_length = profile->salt_length,
                                     .local_is_client = client};
    rtpgate_media *media = NULL;

    keys.client.key[0] = 1;
    keys.server.key[0] = 2;
    must(rtpgate_media_new(&media, &keys) == 0);
    return media;
}

static size_t trailer(const struct attempt *attempt) {
    return attempt->kind == RTPGATE_KIND_RTP ? attempt->profile->rtp_tag_length
                                             : attempt->profile->rtcp_tag_length + 4;
}

static bool guarded(const uint8_t *out, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (out[i] != GUARD) {
            return false;
        }
    }
    return true;
}

/* An ordinary packet still passes. */
static void must_work(const struct attempt *attempt, rtpgate_media *from, rtpgate_media *to) {
    uint8_t packet[SAMPLE + RTPGATE_MEDIA_OVERHEAD] = {0x80, 0,   0,   0,   'u', 'n',
                                                       'u',  's', 'e', 'd', '?', '!'};
    int length = rtpgate_media_protect(from, attempt->kind, packet, SAMPLE, packet, sizeof packet);

    must(length == SAMPLE + (int)trailer(attempt));
    must(rtpgate_media_unprotect(to, attempt->kind, packet, (size_t)length, packet,
                                 sizeof packet) == SAMPLE);
}

/* Nothing beyond the capacity is written, and nothing at all where there is too little of it. */
static void must_stay_inside(const struct attempt *attempt, const uint8_t *out, int code) {
    size_t used = attempt->in_place ? attempt->length : 0;

    must(guarded(out, attempt->capacity > used ? attempt->capacity : used, ROOM));
    if (code == RTPGATE_ERR_NOBUF || code == RTPGATE_ERR_MALFORMED || code == RTPGATE_ERR_CRYPTEX) {
        must(guarded(out, used, ROOM));
        must(used == 0 || memcmp(out, attempt->packet, used) == 0);
    }
}

/* Where `out` is prepared; what the packet is read from. */
static const uint8_t *prepare(const struct attempt *attempt, uint8_t *out) {
    memset(out, GUARD, ROOM);
    return attempt->in_place ? memcpy(out, attempt->packet, attempt->length) : attempt->packet;
}

static void protect(const struct attempt *attempt, rtpgate_media *from, rtpgate_media *to) {
    static uint8_t wire[ROOM];
    static uint8_t back[ROOM];
    const uint8_t *in = prepare(attempt, wire);
    int code =
        rtpgate_media_protect(from, attempt->kind, in, attempt->length, wire, attempt->capacity);

    must_stay_inside(attempt, wire, code);
    if (code < 0) {
        must(code == RTPGATE_ERR_NOBUF || code == RTPGATE_ERR_MALFORMED ||
             code == RTPGATE_ERR_CRYPTEX);
        return;
    }
    must((size_t)code == attempt->length + trailer(attempt));
    must(rtpgate_media_unprotect(to, attempt->kind, wire, (size_t)code, back, ROOM) ==
         (int)attempt->length);
    must(memcmp(back, attempt->packet, attempt->length) == 0);
    must(rtpgate_media_unprotect(to, attempt->kind, wire, (size_t)code, back, ROOM) ==
         RTPGATE_ERR_REPLAY);
}

static void unprotect(const struct attempt *attempt, rtpgate_media *to) {
    static uint8_t plain[ROOM];
    const uint8_t *in = prepare(attempt, plain);
    int code =
        rtpgate_media_unprotect(to, attempt->kind, in, attempt->length, plain, attempt->capacity);

    must_stay_inside(attempt, plain, code);
    if (code >= 0) {
        must((size_t)code == attempt->length - trailer(attempt));
    } else {
        must(code == RTPGATE_ERR_NOBUF || code == RTPGATE_ERR_MALFORMED ||
             code == RTPGATE_ERR_CRYPTEX || code == RTPGATE_ERR_AUTH);
    }
}

static struct attempt read_attempt(const uint8_t *data, size_t size) {
    static const uint16_t profiles[] = {1, 2, 7, 8};
    struct attempt attempt = {.profile = rtpgate_srtp_profile_info(profiles[data[0] & 3]),
                              .kind = (data[0] & 4) != 0 ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP,
                              .in_place = (data[0] & 8) != 0,
                              .packet = data + 2,
                              .length = size - 2};
    size_t less = data[1] & 0x7f;

    attempt.capacity = attempt.length + RTPGATE_MEDIA_OVERHEAD;
    attempt.capacity -= less < attempt.capacity ? less : attempt.capacity;
    return attempt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct attempt attempt;
    rtpgate_media *client;
    rtpgate_media *server;

    if (size < 2 || size > ROOM - 2 * RTPGATE_MEDIA_OVERHEAD) {
        return 0;
    }
    attempt = read_attempt(data, size);
    client = end(attempt.profile, true);
    server = end(attempt.profile, false);
    unprotect(&attempt, server);
    must_work(&attempt, client, server);
    protect(&attempt, server, client);
    rtpgate_media_free(client);
    rtpgate_media_free(server);
    return 0;
}
