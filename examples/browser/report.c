/* A call as JSON. See call.h. */
#include "call.h"

static void field(FILE *out, const char *name, const char *text) {
    (void)fprintf(out, ",\"%s\":", name);
    json_string(out, text);
}

static void count(FILE *out, const char *name, uint64_t in, uint64_t sent) {
    (void)fprintf(out, "\"%s\":{\"in\":%llu,\"out\":%llu},", name, (unsigned long long)in,
                  (unsigned long long)sent);
}

static void number(FILE *out, const char *name, uint64_t value) {
    (void)fprintf(out, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void fingerprint(FILE *out, const char *name, const struct rtpgate_fingerprint *value) {
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];
    if (rtpgate_fingerprint_format(value, text, sizeof(text)) > 0) {
        field(out, name, text);
    }
}

static void report_counts(const struct call *call, FILE *out) {
    struct rtpgate_peer_stats stats;
    if (rtpgate_peer_stats(call->peer, &stats, sizeof(stats)) != 0) {
        return;
    }
    (void)fputs(",\"counts\":{", out);
    count(out, "stun", call->stun_received, call->sent.stun);
    count(out, "dtls", stats.received[RTPGATE_KIND_DTLS], call->dtls_sent);
    count(out, "srtp", stats.received[RTPGATE_KIND_RTP], call->sent.rtp);
    count(out, "srtcp", stats.received[RTPGATE_KIND_RTCP], call->sent.rtcp);
    count(out, "sctp", call->data_received, call->sent.data);
    (void)fprintf(out, "\"unknown\":{\"in\":%llu,\"out\":0}}",
                  (unsigned long long)stats.received[RTPGATE_KIND_UNKNOWN]);
    (void)fputs(",\"media\":{\"held\":", out);
    (void)fprintf(out, "%llu", (unsigned long long)stats.held);
    number(out, "droppedHeld", stats.dropped_held);
    number(out, "droppedClosed", stats.dropped_closed);
    number(out, "rtpUnprotected", stats.media.rtp_unprotected);
    number(out, "rtcpUnprotected", stats.media.rtcp_unprotected);
    number(out, "rtpProtected", stats.media.rtp_protected);
    number(out, "rtcpProtected", stats.media.rtcp_protected);
    number(out, "authFailures", stats.media.auth_failures);
    number(out, "replays", stats.media.replays);
    number(out, "malformed", stats.media.malformed);
    number(out, "uncovered", stats.media.uncovered);
    (void)fputc('}', out);
}

static void report_agreed(const rtpgate_session *session, FILE *out) {
    struct rtpgate_session_info info;
    struct rtpgate_fingerprint peer;
    if (rtpgate_session_info(session, &info, sizeof(info)) != 0) {
        return;
    }
    const struct rtpgate_srtp_profile_info *profile = rtpgate_srtp_profile_info(info.profile);
    field(out, "dtls", info.version == 0xfefd ? "DTLS 1.2" : "unknown");
    field(out, "cipherSuite", rtpgate_cipher_suite_name(info.cipher_suite));
    field(out, "group", rtpgate_group_name(info.group));
    field(out, "profile", profile != NULL ? profile->name : "unknown");
    if (rtpgate_session_peer_fingerprint(session, RTPGATE_HASH_SHA256, &peer) == 0) {
        fingerprint(out, "provenFingerprint", &peer);
    }
}

static void report_session(const struct call *call, FILE *out) {
    const rtpgate_session *session = rtpgate_peer_session(call->peer);
    bool client = call->association.role == RTPGATE_ROLE_CLIENT;
    int cause = 0;
    const char *error = rtpgate_session_error(session, &cause);
    field(out, "state", rtpgate_state_name(call_state(call)));
    field(out, "role", client ? "client" : "server");
    field(out, "error", error);
    field(out, "cause", cause != 0 ? rtpgate_strerror(cause) : "");
    fingerprint(out, "ourFingerprint", &call->association.local.fingerprints[0]);
    fingerprint(out, "offeredFingerprint", &call->association.remote.fingerprints[0]);
    report_agreed(session, out);
    number(out, "handshakeMicroseconds", call->session.handshake_time);
    number(out, "retransmissions", call->session.retransmissions);
    number(out, "repeatedAnswers", call->session.answers);
    number(out, "handshakesTried", call->session.candidates);
    number(out, "droppedRecords", call->session.dropped_record);
}

void call_report(const struct call *call, FILE *out) {
    (void)fputs("{\"id\":", out);
    json_string(out, call->id);
    field(out, "library", rtpgate_version());
    (void)fprintf(out, ",\"ended\":%s,\"resumed\":%s,\"nominated\":%s,\"echoes\":%s",
                  call->ended_at != 0 ? "true" : "false", call->resumed ? "true" : "false",
                  call->nominated ? "true" : "false", call->echoes ? "true" : "false");
    number(out, "answers", call->answers);
    number(out, "associations", call->associations);
    number(out, "paths", call->path_count);
    number(out, "dtlsBeforeNomination", call->dtls_before_nomination);
    number(out, "dataBytes", call->data_bytes);
    report_session(call, out);
    report_counts(call, out);
    (void)fputs(",\"timeline\":", out);
    timeline_write(out, &call->timeline);
    number(out, "timelineLeftOut", call->timeline.left_out);
    (void)fputs("}\n", out);
}
