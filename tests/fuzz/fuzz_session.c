/*
 * Datagrams to a session in each role: the first byte chooses role and whether the fingerprint is
 * known; then each datagram has its length in two bytes before it. Whatever comes, the session ends
 * only by its rules, and what it sends stays within its bounds.
 */
#include <rtpgate/rtpgate.h>

#include "base/bytes.h"
#include "fuzz/fuzz.h"

enum { SERVER = 1, KNOWN = 2, SMALL = 4, OUTPUT_MAX = 2000 };

static rtpgate_identity *identity;

static rtpgate_session *make_session(uint8_t choice) {
    rtpgate_config *config = NULL;
    rtpgate_session *session = NULL;
    struct rtpgate_fingerprint fingerprint;
    if (identity == NULL) {
        must(rtpgate_identity_generate(&identity, 1700000000, 1800000000) == 0);
    }
    must(rtpgate_config_new(&config, identity) == 0);
    must(rtpgate_config_set_any_path(config, true) == 0);
    must(rtpgate_config_set_mtu(config, (choice & SMALL) != 0 ? 256 : 1200) == 0);
    must(rtpgate_session_new(&session, config,
                             (choice & SERVER) != 0 ? RTPGATE_ROLE_SERVER : RTPGATE_ROLE_CLIENT,
                             0) == 0);
    rtpgate_config_free(config);
    if ((choice & KNOWN) != 0) {
        must(rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, &fingerprint) == 0);
        must(rtpgate_session_set_remote(session, &fingerprint, 1, 0) == 0);
    }
    if ((choice & SERVER) == 0) {
        must(rtpgate_session_start(session, 0) == 0);
    }
    return session;
}

static void drain(rtpgate_session *session, size_t mtu) {
    uint8_t datagram[OUTPUT_MAX];
    struct rtpgate_event event;
    uint64_t path;
    int length;
    while ((length = rtpgate_session_output(session, datagram, sizeof(datagram), &path)) > 0) {
        must((size_t)length <= mtu);
    }
    must(length == 0);
    while (rtpgate_session_next_event(session, &event) == 1) {
        must(event.type != RTPGATE_EVENT_KEYS); /* nobody here has the key */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rg_reader reader = rg_reader_make(data, size);
    uint8_t choice = rg_read_u8(&reader);
    rtpgate_session *session = make_session(choice);
    uint64_t now = 0;
    while (reader.left > 0 && !reader.failed) {
        struct rg_bytes datagram = rg_read_vector16(&reader);
        now += 10000;
        (void)rtpgate_session_input(session, datagram.at, datagram.length, now % 3, now);
        must(rtpgate_session_expire(session, now) == 0);
        drain(session, (choice & SMALL) != 0 ? 256 : 1200);
    }
    must(rtpgate_session_state(session) != RTPGATE_STATE_READY);
    rtpgate_session_free(session);
    return 0;
}
