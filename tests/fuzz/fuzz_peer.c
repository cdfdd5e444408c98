/*
 * Datagrams of any kind to a peer that nobody answers: bit 0 of the first byte chooses the role,
 * bit 1 a restart after each datagram. Each datagram has its length in two bytes before it.
 */
#include <rtpgate/rtpgate.h>
#include <string.h>

#include "base/bytes.h"
#include "fuzz/fuzz.h"
#include "fuzz/random.h"

enum { SERVER = 1, RESTART = 2, DATAGRAM_MAX = 2048 };

static rtpgate_config *make_config(void) {
    static rtpgate_identity *identity;
    rtpgate_config *config = NULL;
    must(identity != NULL || rtpgate_identity_generate(&identity, 1700000000, 1800000000) == 0);
    must(rtpgate_config_new(&config, identity) == 0);
    must(rtpgate_config_set_any_path(config, true) == 0);
    return config;
}

static void drain(rtpgate_peer *peer) {
    uint8_t buffer[DATAGRAM_MAX];
    struct rtpgate_event event;
    uint64_t path;
    size_t length;
    int status;
    while ((status = rtpgate_peer_output(peer, buffer, sizeof(buffer), &path)) > 0) {
    }
    must(status == 0);
    while (rtpgate_peer_next_event(peer, &event) == 1) {
        must(event.type != RTPGATE_EVENT_KEYS); /* nobody here has the key */
    }
    must(rtpgate_peer_next_packet(peer, buffer, sizeof(buffer), &length) == 0);
}

static void give(rtpgate_peer *peer, struct rg_bytes bytes, uint64_t now) {
    uint8_t datagram[DATAGRAM_MAX];
    size_t length = bytes.length < DATAGRAM_MAX ? bytes.length : DATAGRAM_MAX;
    if (length > 0) {
        memcpy(datagram, bytes.at, length);
    }
    int kind = rtpgate_peer_input(peer, datagram, &length, now % 3, (now & 4) != 0, now);
    must(kind != RTPGATE_KIND_RTP && kind != RTPGATE_KIND_RTCP); /* there are no keys */
    must(rtpgate_peer_expire(peer, now) == 0);
    drain(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rg_reader reader = rg_reader_make(data, size);
    uint8_t choice = rg_read_u8(&reader);
    enum rtpgate_role role = (choice & SERVER) != 0 ? RTPGATE_ROLE_SERVER : RTPGATE_ROLE_CLIENT;
    rtpgate_config *config = make_config();
    rtpgate_peer *peer = NULL;
    fuzz_random_begin(data, size);
    must(rtpgate_peer_new(&peer, config, role, 0) == 0);
    for (uint64_t now = 1; reader.left > 0 && !reader.failed; now += 10007) {
        if (role == RTPGATE_ROLE_CLIENT) {
            (void)rtpgate_session_start(rtpgate_peer_session(peer), now);
        }
        give(peer, rg_read_vector16(&reader), now);
        if ((choice & RESTART) != 0) {
            must(rtpgate_peer_restart(peer, config, role, now) == 0);
        }
    }
    rtpgate_peer_free(peer);
    rtpgate_config_free(config);
    return 0;
}
