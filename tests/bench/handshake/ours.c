#include <rtpgate/rtpgate.h>
#include <string.h>

#include "pairs.h"
#include "sim/ours.h"

static rtpgate_config *configs[2];
static struct rtpgate_fingerprint fingerprints[2];

static void begin(void) {
    for (size_t i = 0; i < 2; i++) {
        configs[i] = sim_config(i);
        fingerprints[i] = sim_fingerprint(i);
    }
}

static void end(void) {
    for (size_t i = 0; i < 2; i++) {
        rtpgate_config_free(configs[i]);
    }
    sim_ours_finish();
}

static bool make(struct pair *pair, size_t which, enum rtpgate_role role) {
    rtpgate_session *session = NULL;
    bool good = rtpgate_session_new(&session, configs[which], role, 0) == 0 &&
                rtpgate_session_set_remote(session, &fingerprints[1 - which], 1, 0) == 0;
    pair->peers[which] = session;
    return good;
}

/* Passes on what a peer has to send; false when that was nothing. */
static bool pass(rtpgate_session *from, rtpgate_session *to) {
    uint8_t datagram[PAIR_MTU];
    uint64_t path;
    bool any = false;
    int length = 0;
    while ((length = rtpgate_session_output(from, datagram, sizeof(datagram), &path)) > 0) {
        (void)rtpgate_session_input(to, datagram, (size_t)length, path, 0);
        any = true;
    }
    return any;
}

static bool keys(const rtpgate_session *session, uint8_t *out) {
    return rtpgate_session_export(session, "EXTRACTOR-dtls_srtp", NULL, 0, out, PAIR_KEYS) == 0;
}

static bool meet(struct pair *pair) {
    uint8_t exported[2][PAIR_KEYS];
    if (!make(pair, 0, RTPGATE_ROLE_CLIENT) || !make(pair, 1, RTPGATE_ROLE_SERVER) ||
        rtpgate_session_start(pair->peers[0], 0) != 0) {
        return false;
    }
    while (pass(pair->peers[0], pair->peers[1]) || pass(pair->peers[1], pair->peers[0])) {
    }
    return keys(pair->peers[0], exported[0]) && keys(pair->peers[1], exported[1]) &&
           memcmp(exported[0], exported[1], PAIR_KEYS) == 0;
}

static void part(struct pair *pair) {
    rtpgate_session_free(pair->peers[0]);
    rtpgate_session_free(pair->peers[1]);
}

const struct kind kind_ours = {"rtpgate", begin, meet, part, end};
