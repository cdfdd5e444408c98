#include <rtpgate/rtpgate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairs.h"
#include "sim/ours.h"

static rtpgate_config *configs[2];
static struct rtpgate_fingerprint fingerprints[2];

static void need(int status, const char *what) {
    if (status < 0) {
        (void)fprintf(stderr, "handshake: rtpgate: %s: error %d\n", what, status);
        abort();
    }
}

static void begin_with(enum rtpgate_proof proof, uint64_t linger) {
    for (size_t i = 0; i < 2; i++) {
        configs[i] = sim_config(i);
        need(rtpgate_config_set_proof(configs[i], proof), "proof");
        need(rtpgate_config_set_release(configs[i], linger), "release");
        fingerprints[i] = sim_fingerprint(i);
    }
}

static void begin(void) {
    begin_with(RTPGATE_PROOF_ALWAYS, 0);
}

static void begin_after_anomaly(void) {
    begin_with(RTPGATE_PROOF_AFTER_ANOMALY, 0);
}

static void begin_live(void) {
    begin_with(RTPGATE_PROOF_ALWAYS, RTPGATE_NEVER);
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

static bool meet_srtp(struct pair *pair) {
    bool good = meet(pair);
    for (size_t i = 0; i < 2 && good; i++) {
        struct rtpgate_srtp_keys keys;
        rtpgate_media *media = NULL;
        good = rtpgate_session_keys(pair->peers[i], &keys) == 0 &&
               rtpgate_media_new(&media, &keys) == 0;
        pair->media[i] = media;
    }
    return good;
}

/* One packet of `kind`, passed on from peer `from`. */
static bool pass_media(struct pair *pair, size_t from, enum rtpgate_kind kind) {
    static const uint8_t plain[2][12] = {{0x80, 96}, {0x80, 201, 0, 1}};
    uint8_t packet[sizeof(plain[0]) + RTPGATE_MEDIA_OVERHEAD];
    int length = rtpgate_media_protect(pair->media[from], kind, plain[kind == RTPGATE_KIND_RTCP],
                                       sizeof(plain[0]), packet, sizeof(packet));
    return length > 0 && rtpgate_media_unprotect(pair->media[1 - from], kind, packet,
                                                 (size_t)length, packet, sizeof(packet)) > 0;
}

static bool meet_srtp_in_use(struct pair *pair) {
    bool good = meet_srtp(pair);
    for (size_t i = 0; i < 2; i++) {
        good =
            good && pass_media(pair, i, RTPGATE_KIND_RTP) && pass_media(pair, i, RTPGATE_KIND_RTCP);
    }
    return good;
}

static void part(struct pair *pair) {
    for (size_t i = 0; i < 2; i++) {
        rtpgate_media_free(pair->media[i]);
        rtpgate_session_free(pair->peers[i]);
    }
}

const struct kind kind_ours = {"rtpgate", begin, meet, part, end};
const struct kind kind_ours_after_anomaly = {"rtpgate, proof after anomaly", begin_after_anomaly,
                                             meet, part, end};
const struct kind kind_ours_live = {"rtpgate, GnuTLS kept", begin_live, meet, part, end};
const struct kind kind_ours_srtp = {"rtpgate, with SRTP", begin, meet_srtp, part, end};
const struct kind kind_ours_srtp_in_use = {"rtpgate, with SRTP in use", begin, meet_srtp_in_use,
                                           part, end};
const struct kind kind_ours_live_srtp = {"rtpgate, GnuTLS kept, with SRTP", begin_live, meet_srtp,
                                         part, end};
const struct kind kind_ours_live_srtp_in_use = {"rtpgate, GnuTLS kept, with SRTP in use",
                                                begin_live, meet_srtp_in_use, part, end};
