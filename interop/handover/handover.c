/*
 * Hands the SRTP keys of one side of a DTLS-SRTP association to another SRTP stack, as text, and
 * plays the other side itself: it protects packets that the stack must decrypt, or unprotects what
 * the stack protected. Prints one fact a line.
 *
 * Two sessions of this process negotiate in memory and in virtual time. The packets that the sender
 * has are in plain.*, those that we unprotected in got.*, both in DIRECTORY: .rtp and .rtcp in the
 * frames of RFC 4571, .payload the RTP payloads alone, .packets all that came, without frames.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rtpgate/rtpgate.h>

#include "transcript.h"

static const char USAGE[] =
    "usage: handover protect|unprotect PROFILE client|server DIRECTORY\n"
    "  protect     sends RTP and RTCP to two ports, each a line of the standard input\n"
    "  unprotect   takes both on one port until the standard input ends\n"
    "  the role is ours; the keys that are printed are those of the other side\n";

enum {
    DAY = 86400,
    DATAGRAM_MAX = 2048,
    PAIR_ATTEMPTS = 100,
    PAUSE = 1000000, /* nanoseconds between packets, for the receiver's socket buffer */
};

struct handover {
    rtpgate_session *ours;
    rtpgate_session *theirs;
    rtpgate_media *media; /* of ours */
    int socket;
    unsigned datagrams; /* received */
    const char *directory;
};

/* The association. */

static enum rtpgate_srtp_profile find_profile(const char *name) {
    for (uint16_t number = 1; number < 16; number++) {
        const struct rtpgate_srtp_profile_info *info = rtpgate_srtp_profile_info(number);
        if (info != NULL && strcmp(info->name, name) == 0) {
            return info->profile;
        }
    }
    die(name, "no such profile");
    return RTPGATE_SRTP_AES128_CM_SHA1_80;
}

static rtpgate_session *make_session(rtpgate_identity *identity, enum rtpgate_role role,
                                     enum rtpgate_srtp_profile profile) {
    struct rtpgate_fingerprint fingerprint;
    rtpgate_config *config = NULL;
    rtpgate_session *session = NULL;
    must("config", rtpgate_config_new(&config, identity));
    must("any path", rtpgate_config_set_any_path(config, true));
    must("profile", rtpgate_config_set_profiles(config, &profile, 1));
    must("session", rtpgate_session_new(&session, config, role, 0));
    rtpgate_config_free(config);
    must("fingerprint", rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, &fingerprint));
    must("set_remote", rtpgate_session_set_remote(session, &fingerprint, 1, 0));
    return session;
}

static int carry(rtpgate_session *from, rtpgate_session *to, uint64_t now) {
    uint8_t datagram[RTPGATE_DATAGRAM_DEFAULT];
    uint64_t path = 0;
    int count = 0;
    int length = 0;
    while ((length = rtpgate_session_output(from, datagram, sizeof datagram, &path)) > 0) {
        must("input", rtpgate_session_input(to, datagram, (size_t)length, path, now));
        count++;
    }
    must("output", length);
    return count;
}

static void negotiate(struct handover *handover, enum rtpgate_role role,
                      enum rtpgate_srtp_profile profile) {
    uint64_t date = (uint64_t)time(NULL);
    bool client = role == RTPGATE_ROLE_CLIENT;
    rtpgate_identity *identity = NULL;
    must("identity", rtpgate_identity_generate(&identity, date - DAY, date + DAY));
    handover->ours = make_session(identity, role, profile);
    handover->theirs =
        make_session(identity, client ? RTPGATE_ROLE_SERVER : RTPGATE_ROLE_CLIENT, profile);
    rtpgate_identity_free(identity);
    must("start", rtpgate_session_start(client ? handover->ours : handover->theirs, 0));
    for (uint64_t now = 0; carry(handover->ours, handover->theirs, now) +
                               carry(handover->theirs, handover->ours, now) >
                           0;) {
        now += 1000;
    }
}

static void make_media(struct handover *handover) {
    struct rtpgate_srtp_keys keys;
    must("our keys", rtpgate_session_keys(handover->ours, &keys));
    must("media", rtpgate_media_new(&handover->media, &keys));
    rtpgate_srtp_keys_clear(&keys);
}

/* Keys are printed here because they protect nothing but made-up packets, for a second. */
static void print_keys(const struct handover *handover, bool what_they_send) {
    struct rtpgate_srtp_keys keys;
    char sdes[RTPGATE_SRTP_MAX_TEXT];
    char hex[RTPGATE_SRTP_MAX_TEXT];
    must("their keys", rtpgate_session_keys(handover->theirs, &keys));
    const struct rtpgate_srtp_master *half =
        what_they_send ? rtpgate_srtp_keys_local(&keys) : rtpgate_srtp_keys_remote(&keys);
    must("SDES", rtpgate_srtp_keys_inline(&keys, half, sdes, sizeof sdes));
    must("hex", rtpgate_srtp_keys_hex(&keys, half, hex, sizeof hex));
    (void)printf("suite %s\n", rtpgate_srtp_profile_info((uint16_t)keys.profile)->sdes);
    (void)printf("sdes %s\n", sdes);
    (void)printf("hex %s\n", hex);
    (void)printf("ssrc %u\n", (unsigned)SSRC);
    rtpgate_zero(sdes, sizeof sdes);
    rtpgate_zero(hex, sizeof hex);
    rtpgate_srtp_keys_clear(&keys);
}

/* Both directions. */

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* The port; 0 when `wanted` is taken. If that is 0, the system chooses. */
static uint16_t open_socket(int *out, uint16_t wanted) {
    struct sockaddr_in address = loopback(wanted);
    socklen_t size = sizeof address;
    *out = socket(AF_INET, SOCK_DGRAM, 0);
    if (*out < 0) {
        die("socket", strerror(errno));
    }
    if (bind(*out, (struct sockaddr *)&address, size) != 0 ||
        getsockname(*out, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return ntohs(address.sin_port);
}

/* For a receiver that cannot let the system choose: an even port for RTP, with the next one free
 * for RTCP, too (RFC 3550 11). */
static uint16_t find_pair(void) {
    for (int attempt = 0; attempt < PAIR_ATTEMPTS; attempt++) {
        int rtp = -1;
        int rtcp = -1;
        uint16_t port = open_socket(&rtp, 0);
        bool found = open_socket(&rtcp, (uint16_t)(port + 1)) != 0 && port % 2 == 0;
        (void)close(rtp);
        (void)close(rtcp);
        if (found) {
            return port;
        }
    }
    die("socket", "no two ports in a row are free");
    return 0;
}

static void send_protected(const struct handover *handover, enum rtpgate_kind kind,
                           const uint8_t *packet, size_t length, uint16_t port) {
    uint8_t datagram[DATAGRAM_MAX];
    struct sockaddr_in to = loopback(port);
    int protected_length =
        rtpgate_media_protect(handover->media, kind, packet, length, datagram, sizeof datagram);
    must("protect", protected_length);
    if (sendto(handover->socket, datagram, (size_t)protected_length, 0, (struct sockaddr *)&to,
               sizeof to) < 0) {
        die("send", strerror(errno));
    }
}

static uint16_t read_port(void) {
    char line[16] = "";
    unsigned long port = fgets(line, sizeof line, stdin) != NULL ? strtoul(line, NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX) {
        die("the standard input", "not a port");
    }
    return (uint16_t)port;
}

static void protect_all(struct handover *handover) {
    struct timespec pause = {.tv_nsec = PAUSE};
    struct traffic traffic = {.ssrc = SSRC};
    uint8_t packet[DATAGRAM_MAX];
    bool rtcp_next = false;
    uint16_t rtp = read_port();
    uint16_t rtcp = read_port();
    for (unsigned i = 0; i < PACKETS; i++) {
        size_t length = make_packet(i, &traffic, &rtcp_next, packet);
        send_protected(handover, rtcp_next ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP, packet, length,
                       rtcp_next ? rtcp : rtp);
        (void)nanosleep(&pause, NULL);
    }
    (void)printf("sent %d\n", PACKETS);
}

/* Returns false when nothing waits. */
static bool receive(struct handover *handover, struct transcript *got) {
    uint8_t datagram[DATAGRAM_MAX];
    ssize_t received = recv(handover->socket, datagram, sizeof datagram, MSG_DONTWAIT);
    if (received < 0) {
        return false;
    }
    handover->datagrams++;
    enum rtpgate_kind kind = rtpgate_classify(datagram, (size_t)received, false);
    int length = rtpgate_media_unprotect(handover->media, kind, datagram, (size_t)received,
                                         datagram, sizeof datagram);
    if (length >= 0) {
        record(got, kind == RTPGATE_KIND_RTCP, datagram, (size_t)length);
    }
    return true;
}

static void print_result(const struct handover *handover, const struct transcript *got) {
    struct rtpgate_media_stats stats;
    must("counters", rtpgate_media_stats(handover->media, &stats, sizeof stats));
    (void)printf("datagrams %u\n", handover->datagrams);
    (void)printf("rtp %" PRIu64 "\n", stats.rtp_unprotected);
    (void)printf("rtcp %" PRIu64 "\n", stats.rtcp_unprotected);
    (void)printf("unauthentic %" PRIu64 "\n", stats.auth_failures);
    (void)printf("traffic %u %u\n", got->traffic.packets, got->traffic.octets);
    (void)printf("report %u %u\n", got->report.packets, got->report.octets);
}

static void unprotect_all(struct handover *handover) {
    struct transcript got;
    struct pollfd waits[2] = {{.fd = handover->socket, .events = POLLIN},
                              {.fd = STDIN_FILENO, .events = POLLIN}};
    open_transcript(&got, handover->directory, "got");
    do {
        if (poll(waits, 2, -1) < 0 && errno != EINTR) {
            die("poll", strerror(errno));
        }
        while (receive(handover, &got)) {
        }
    } while (waits[1].revents == 0);
    close_transcript(&got);
    print_result(handover, &got);
}

int main(int argc, char **argv) {
    struct handover handover = {0};
    bool protect = argc == 5 && strcmp(argv[1], "protect") == 0;
    bool client = argc == 5 && strcmp(argv[3], "client") == 0;
    if (argc != 5 || (!protect && strcmp(argv[1], "unprotect") != 0) ||
        (!client && strcmp(argv[3], "server") != 0)) {
        die("arguments", USAGE);
    }
    handover.directory = argv[4];
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    write_plain(handover.directory);
    negotiate(&handover, client ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, find_profile(argv[2]));
    make_media(&handover);
    print_keys(&handover, !protect);
    uint16_t port = open_socket(&handover.socket, 0);
    (void)printf("port %u\n", protect ? find_pair() : port);
    if (protect) {
        protect_all(&handover);
    } else {
        unprotect_all(&handover);
    }
    rtpgate_media_free(handover.media);
    rtpgate_session_free(handover.ours);
    rtpgate_session_free(handover.theirs);
    (void)close(handover.socket);
    return EXIT_SUCCESS;
}
