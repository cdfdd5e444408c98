/*
 * Hands the SRTP keys to another SRTP stack: as SDES writes them, and as GStreamer's caps do.
 *
 *     export_keys [profile]       for example: export_keys AES128_CM_SHA1_80
 *
 * Two sessions of this process negotiate in memory and in virtual time, without sockets or waiting:
 * rtpgate does neither by itself. Their association protects nothing and ends with this program,
 * which is the only reason why its keys may be printed. Never print or log keys of real media.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rtpgate/rtpgate.h>

enum { DAY = 86400 };

/* What GStreamer's srtpenc and srtpdec call a profile in their caps. The "32" of AES128_CM_SHA1_32
 * is for SRTP alone: SRTCP always has 80 bits (RFC 5764 4.1.2). */
static const struct caps {
    enum rtpgate_srtp_profile profile;
    const char *text;
} all_caps[] = {
    {RTPGATE_SRTP_AES128_CM_SHA1_80, "srtp-cipher=aes-128-icm, srtp-auth=hmac-sha1-80, "
                                     "srtcp-cipher=aes-128-icm, srtcp-auth=hmac-sha1-80"},
    {RTPGATE_SRTP_AES128_CM_SHA1_32, "srtp-cipher=aes-128-icm, srtp-auth=hmac-sha1-32, "
                                     "srtcp-cipher=aes-128-icm, srtcp-auth=hmac-sha1-80"},
    {RTPGATE_SRTP_AEAD_AES_128_GCM,
     "srtp-cipher=aes-128-gcm, srtp-auth=null, srtcp-cipher=aes-128-gcm, srtcp-auth=null"},
    {RTPGATE_SRTP_AEAD_AES_256_GCM,
     "srtp-cipher=aes-256-gcm, srtp-auth=null, srtcp-cipher=aes-256-gcm, srtcp-auth=null"},
};
enum { CAPS = sizeof(all_caps) / sizeof(all_caps[0]) };

static void need(int result, const char *what) {
    if (result < 0) {
        (void)fprintf(stderr, "export_keys: %s: %s\n", what, rtpgate_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/* The profiles to offer: the one whose name was given, or rtpgate's own choice. */
static void choose_profile(rtpgate_config *config, const char *name) {
    for (size_t i = 0; name != NULL && i < CAPS; i++) {
        enum rtpgate_srtp_profile profile = all_caps[i].profile;
        if (strcmp(name, rtpgate_srtp_profile_info((uint16_t)profile)->name) == 0) {
            need(rtpgate_config_set_profiles(config, &profile, 1), "profile");
            return;
        }
    }
    if (name != NULL) {
        (void)fprintf(stderr, "export_keys: no profile is called %s\n", name);
        exit(EXIT_FAILURE);
    }
}

static rtpgate_session *make_session(rtpgate_identity *identity, enum rtpgate_role role,
                                     const char *profile) {
    struct rtpgate_fingerprint fingerprint;
    rtpgate_config *config = NULL;
    rtpgate_session *session = NULL;

    need(rtpgate_config_new(&config, identity), "config");
    need(rtpgate_config_set_any_path(config, true), "any path"); /* memory needs no ICE */
    choose_profile(config, profile);
    need(rtpgate_session_new(&session, config, role, 0), "session");
    rtpgate_config_free(config);
    /* Both ends share one identity here, so the peer's fingerprint is our own. */
    need(rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, &fingerprint), "fingerprint");
    need(rtpgate_session_set_remote(session, &fingerprint, 1, 0), "set_remote");
    return session;
}

/* Gives all output of one to the other; returns how many datagrams that were. */
static int carry(rtpgate_session *from, rtpgate_session *to, uint64_t now) {
    uint8_t datagram[RTPGATE_DATAGRAM_DEFAULT];
    struct rtpgate_event event;
    uint64_t path;
    int length;
    int count = 0;

    while ((length = rtpgate_session_output(from, datagram, sizeof(datagram), &path)) > 0) {
        need(rtpgate_session_input(to, datagram, (size_t)length, path, now), "input");
        count++;
    }
    need(length, "output");
    while (rtpgate_session_next_event(from, &event) == 1) {
        if (event.type == RTPGATE_EVENT_FAILED) {
            (void)fprintf(stderr, "export_keys: %s\n", event.text);
        }
    }
    return count;
}

/* Nothing is lost in memory, so no timer is needed; each turn may take a virtual millisecond. */
static void negotiate(rtpgate_session *client, rtpgate_session *server) {
    uint64_t now = 0;

    need(rtpgate_session_start(client, now), "start");
    while (carry(client, server, now) + carry(server, client, now) > 0) {
        now += 1000;
    }
    (void)printf("client %s and server %s after %" PRIu64 " virtual microseconds\n",
                 rtpgate_state_name(rtpgate_session_state(client)),
                 rtpgate_state_name(rtpgate_session_state(server)), now);
}

static const char *find_caps(enum rtpgate_srtp_profile profile) {
    for (size_t i = 0; i < CAPS; i++) {
        if (all_caps[i].profile == profile) {
            return all_caps[i].text;
        }
    }
    need(RTPGATE_ERR_NO_PROFILE, "keys");
    return NULL;
}

/* What `session` protects with its local keys its peer unprotects with its remote ones. The other
 * direction is rtpgate_srtp_keys_remote, in the same way. */
static void print_local_to_remote(const rtpgate_session *session) {
    struct rtpgate_srtp_keys keys;
    char sdes[RTPGATE_SRTP_MAX_TEXT];
    char hex[RTPGATE_SRTP_MAX_TEXT];

    need(rtpgate_session_keys(session, &keys), "keys");
    const struct rtpgate_srtp_profile_info *profile =
        rtpgate_srtp_profile_info((uint16_t)keys.profile);
    const struct rtpgate_srtp_master *local = rtpgate_srtp_keys_local(&keys);
    need(rtpgate_srtp_keys_inline(&keys, local, sdes, sizeof(sdes)), "SDES");
    need(rtpgate_srtp_keys_hex(&keys, local, hex, sizeof(hex)), "hex");
    (void)printf("SRTP profile  %s: a key of %zu bytes, a salt of %zu\n", profile->name,
                 keys.key_length, keys.salt_length);
    (void)printf("local -> remote\n");
    (void)printf("  SDES        a=crypto:1 %s %s\n", profile->sdes, sdes);
    /* srtpdec takes no keys from caps without an SSRC, and says nothing: write that of your stream.
     */
    (void)printf("  GStreamer   application/x-srtp, ssrc=(uint)1, srtp-key=(buffer)%s,\n"
                 "              %s\n",
                 hex, find_caps(keys.profile));

    /* The other stack has them now: nothing that holds key bytes outlives this function. */
    rtpgate_zero(sdes, sizeof(sdes));
    rtpgate_zero(hex, sizeof(hex));
    rtpgate_srtp_keys_clear(&keys);
}

int main(int argc, char **argv) {
    const char *profile = argc > 1 ? argv[1] : NULL;
    uint64_t date = (uint64_t)time(NULL);
    rtpgate_identity *identity = NULL;

    need(rtpgate_identity_generate(&identity, date - DAY, date + DAY), "identity");
    rtpgate_session *client = make_session(identity, RTPGATE_ROLE_CLIENT, profile);
    rtpgate_session *server = make_session(identity, RTPGATE_ROLE_SERVER, profile);
    negotiate(client, server);
    print_local_to_remote(client);
    rtpgate_session_free(client); /* zeroes what the sessions know of the keys */
    rtpgate_session_free(server);
    rtpgate_identity_free(identity);
    return EXIT_SUCCESS;
}
