/* What associate prints: one fact a line. */
#ifndef ASSOCIATE_FACTS_H
#define ASSOCIATE_FACTS_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <rtpgate/rtpgate.h>

#include "options.h"

#define LABEL "EXTRACTOR-dtls_srtp"

enum { MAX_KEYMAT = 2 * (RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT) };

static const char *cause_name(int cause) {
    static const struct {
        int cause;
        const char *name;
    } names[] = {
        {RTPGATE_ERR_NOMEM, "NOMEM"},
        {RTPGATE_ERR_CRYPTO, "CRYPTO"},
        {RTPGATE_ERR_FINGERPRINT, "FINGERPRINT"},
        {RTPGATE_ERR_NO_CERTIFICATE, "NO_CERTIFICATE"},
        {RTPGATE_ERR_NO_PROFILE, "NO_PROFILE"},
        {RTPGATE_ERR_NO_USE_SRTP, "NO_USE_SRTP"},
        {RTPGATE_ERR_MKI, "MKI"},
        {RTPGATE_ERR_VERSION, "VERSION"},
        {RTPGATE_ERR_CIPHER, "CIPHER"},
        {RTPGATE_ERR_EMS, "EMS"},
        {RTPGATE_ERR_HANDSHAKE, "HANDSHAKE"},
        {RTPGATE_ERR_ALERT, "ALERT"},
        {RTPGATE_ERR_TIMEOUT, "TIMEOUT"},
        {RTPGATE_ERR_CLOSED, "CLOSED"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].cause == cause) {
            return names[i].name;
        }
    }
    return "UNKNOWN";
}

static void print_hex(const char *name, const uint8_t *bytes, size_t length) {
    (void)printf("%s ", name);
    for (size_t i = 0; i < length; i++) {
        (void)printf("%02x", bytes[i]);
    }
    (void)printf("\n");
}

static void print_fingerprint(const char *name, const struct rtpgate_fingerprint *fingerprint) {
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];
    must(name, rtpgate_fingerprint_format(fingerprint, text, sizeof text));
    (void)printf("%s %s\n", name, text);
}

static void print_text(const char *name, const uint8_t *bytes, size_t length) {
    (void)printf("%s ", name);
    for (size_t i = 0; i < length && bytes[i] != '\n'; i++) {
        (void)putchar(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
    }
    (void)printf("\n");
}

static void print_remote(const rtpgate_session *session) {
    struct rtpgate_fingerprint fingerprint;
    must("the peer's fingerprint",
         rtpgate_session_peer_fingerprint(session, RTPGATE_HASH_SHA256, &fingerprint));
    print_fingerprint("remote", &fingerprint);
}

static void print_info(const rtpgate_session *session) {
    struct rtpgate_session_info info;
    must("what was negotiated", rtpgate_session_info(session, &info, sizeof info));
    const struct rtpgate_srtp_profile_info *profile = rtpgate_srtp_profile_info(info.profile);
    (void)printf("version 0x%04x\n", info.version);
    (void)printf("suite 0x%04x\n", info.cipher_suite);
    (void)printf("group %u\n", info.group);
    (void)printf("profile %s\n", profile != NULL ? profile->name : "UNKNOWN");
    (void)printf("ems %s\n", info.extended_master_secret ? "yes" : "no");
}

static uint8_t *append(uint8_t *to, const uint8_t *from, size_t length) {
    (void)memcpy(to, from, length);
    return to + length;
}

/* The same bytes by two ways: the exporter, and the SRTP keys laid out as RFC 5764 4.2 says. */
static void print_keys(const rtpgate_session *session) {
    struct rtpgate_srtp_keys keys;
    must("the keys", rtpgate_session_keys(session, &keys));
    uint8_t layout[MAX_KEYMAT];
    uint8_t *end = append(layout, keys.client.key, keys.key_length);
    end = append(end, keys.server.key, keys.key_length);
    end = append(end, keys.client.salt, keys.salt_length);
    end = append(end, keys.server.salt, keys.salt_length);
    size_t length = (size_t)(end - layout);
    uint8_t exported[MAX_KEYMAT];
    must("the exporter", rtpgate_session_export(session, LABEL, NULL, 0, exported, length));
    print_hex("srtp-keys", layout, length);
    print_hex("keymat", exported, length);
    rtpgate_srtp_keys_clear(&keys);
}

static void print_stats(const rtpgate_session *session) {
    struct rtpgate_session_stats stats;
    must("the counters", rtpgate_session_stats(session, &stats, sizeof stats));
    (void)printf("received %" PRIu64 "\n", stats.datagrams_received);
    (void)printf("sent %" PRIu64 "\n", stats.datagrams_sent);
    (void)printf("retransmissions %" PRIu64 "\n", stats.retransmissions);
    (void)printf("answers %" PRIu64 "\n", stats.answers);
    (void)printf("handshake-time %" PRIu64 "\n", stats.handshake_time);
    (void)printf("candidates %" PRIu64 "\n", stats.candidates);
    (void)printf("dropped-alert %" PRIu64 "\n", stats.dropped_alert);
    (void)printf("dropped-hello %" PRIu64 "\n", stats.dropped_hello);
    (void)printf("dropped-stale %" PRIu64 "\n", stats.dropped_stale);
    (void)printf("dropped-forged %" PRIu64 "\n", stats.dropped_forged);
    (void)printf("dropped-record %" PRIu64 "\n", stats.dropped_record);
}

static void print_srtp(const rtpgate_peer *peer) {
    struct rtpgate_peer_stats stats;
    must("the counters of SRTP", rtpgate_peer_stats(peer, &stats, sizeof stats));
    (void)printf("unauthentic %" PRIu64 "\n", stats.media.auth_failures);
    (void)printf("replayed %" PRIu64 "\n", stats.media.replays);
    (void)printf("held %" PRIu64 "\n", stats.held);
}

#endif
