/*
 * Datagrams to a session that has no peer: the first byte chooses the role, what is known before
 * the third datagram and what only then; then each datagram has its length in two bytes before it.
 * Whatever comes, the session ends only by its rules, and what it sends stays within its bounds.
 */
#include <rtpgate/rtpgate.h>

#include "base/bytes.h"
#include "fuzz/fuzz.h"
#include "fuzz/random.h"

enum {
    SERVER = 1,
    KNOWN = 2,
    SMALL = 4,
    ROLE_LATE = 8,
    PATH_LATE = 16,
    FINGERPRINT_LATE = 32,
    OUTPUT_MAX = 2000
};

static rtpgate_identity *identity;

static enum rtpgate_role role_of(uint8_t choice) {
    return (choice & SERVER) != 0 ? RTPGATE_ROLE_SERVER : RTPGATE_ROLE_CLIENT;
}

static void expect(rtpgate_session *session, uint64_t now) {
    struct rtpgate_fingerprint fingerprint;
    must(rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, &fingerprint) == 0);
    (void)rtpgate_session_set_remote(session, &fingerprint, 1, now);
}

static rtpgate_session *make_session(uint8_t choice) {
    rtpgate_config *config = NULL;
    rtpgate_session *session = NULL;
    bool undecided = (choice & ROLE_LATE) != 0;
    must(rtpgate_config_new(&config, identity) == 0);
    must(rtpgate_config_set_any_path(config, (choice & PATH_LATE) == 0) == 0);
    must(rtpgate_config_set_mtu(config, (choice & SMALL) != 0 ? 256 : 1200) == 0);
    must(rtpgate_session_new(&session, config, undecided ? RTPGATE_ROLE_UNDECIDED : role_of(choice),
                             0) == 0);
    rtpgate_config_free(config);
    if ((choice & KNOWN) != 0) {
        expect(session, 0);
    }
    if (!undecided && (choice & SERVER) == 0) {
        must(rtpgate_session_start(session, 0) == 0);
    }
    return session;
}

/* What is known late. */
static void tell(rtpgate_session *session, uint8_t choice, uint64_t now) {
    if ((choice & ROLE_LATE) != 0) {
        must(rtpgate_session_set_role(session, role_of(choice), now) == 0);
        must((choice & SERVER) != 0 || rtpgate_session_start(session, now) == 0);
    }
    if ((choice & PATH_LATE) != 0) {
        must(rtpgate_session_path_valid(session, 1, true, now) == 0);
    }
    if ((choice & FINGERPRINT_LATE) != 0) {
        expect(session, now);
    }
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
    rtpgate_session *session;
    uint64_t now = 0;
    if (identity == NULL) {
        must(rtpgate_identity_generate(&identity, 1700000000, 1800000000) == 0);
    }
    fuzz_random_begin(data, size);
    session = make_session(choice);
    while (reader.left > 0 && !reader.failed) {
        struct rg_bytes datagram = rg_read_vector16(&reader);
        now += 10000;
        if (now == 30000) {
            tell(session, choice, now);
        }
        (void)rtpgate_session_input(session, datagram.at, datagram.length, now % 3, now);
        must(rtpgate_session_expire(session, now) == 0);
        drain(session, (choice & SMALL) != 0 ? 256 : 1200);
    }
    must(rtpgate_session_state(session) != RTPGATE_STATE_READY);
    rtpgate_session_free(session);
    return 0;
}
