/*
 * Plays one DTLS-SRTP association over UDP on the loopback interface and prints what came of it,
 * one fact a line. Once the keys exist, each line of the standard input goes out as application
 * data; the end of the input closes the association.
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

#include "options.h"

#define LABEL "EXTRACTOR-dtls_srtp"

enum {
    EXIT_LIMIT = 3,
    PEM_MAX = 65536,
    MILLISECOND = 1000,
    RETRANSMISSION_CAP = 3000 * MILLISECOND,
    MAX_KEYMAT = 2 * (RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT),
};

struct peer {
    const struct options *options;
    rtpgate_identity *identity;
    rtpgate_config *config;
    rtpgate_session *session;
    int socket;
    uint64_t end;
    enum rtpgate_state shown;
    bool input_open;
    bool failed;
    char line[1024];
    size_t line_length;
};

static uint64_t now(void) {
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* What is printed. */

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

static void print_remote(const struct peer *peer) {
    struct rtpgate_fingerprint fingerprint;
    must("the peer's fingerprint",
         rtpgate_session_peer_fingerprint(peer->session, RTPGATE_HASH_SHA256, &fingerprint));
    print_fingerprint("remote", &fingerprint);
}

static void print_info(const struct peer *peer) {
    struct rtpgate_session_info info;
    must("what was negotiated", rtpgate_session_info(peer->session, &info, sizeof info));
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
static void print_keys(const struct peer *peer) {
    struct rtpgate_srtp_keys keys;
    must("the keys", rtpgate_session_keys(peer->session, &keys));
    uint8_t layout[MAX_KEYMAT];
    uint8_t *end = append(layout, keys.client.key, keys.key_length);
    end = append(end, keys.server.key, keys.key_length);
    end = append(end, keys.client.salt, keys.salt_length);
    end = append(end, keys.server.salt, keys.salt_length);
    size_t length = (size_t)(end - layout);
    uint8_t exported[MAX_KEYMAT];
    must("the exporter", rtpgate_session_export(peer->session, LABEL, NULL, 0, exported, length));
    print_hex("srtp-keys", layout, length);
    print_hex("keymat", exported, length);
    rtpgate_srtp_keys_clear(&keys);
}

static void print_stats(const struct peer *peer) {
    struct rtpgate_session_stats stats;
    must("the counters", rtpgate_session_stats(peer->session, &stats, sizeof stats));
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

static void set_remote(struct peer *peer) {
    if (peer->options->fingerprint_count > 0) {
        must("--fingerprint", rtpgate_session_set_remote(peer->session, peer->options->fingerprints,
                                                         peer->options->fingerprint_count, now()));
    }
}

static void print_state(struct peer *peer) {
    enum rtpgate_state state = rtpgate_session_state(peer->session);
    if (state == peer->shown) {
        return;
    }
    peer->shown = state;
    (void)printf("state %s\n", rtpgate_state_name(state));
    if (state == RTPGATE_STATE_UNVERIFIED && peer->options->late) {
        set_remote(peer);
    }
}

static void print_event(struct peer *peer, const struct rtpgate_event *event) {
    switch (event->type) {
    case RTPGATE_EVENT_ADVICE:
        (void)printf("advice %s %s\n", cause_name(event->cause), event->text);
        break;
    case RTPGATE_EVENT_FAILED:
        (void)printf("failed %s %s\n", cause_name(event->cause), event->text);
        peer->failed = true;
        break;
    case RTPGATE_EVENT_KEYS:
        print_remote(peer);
        print_info(peer);
        print_keys(peer);
        break;
    case RTPGATE_EVENT_DATA:
        print_text("data", event->data, event->length);
        break;
    case RTPGATE_EVENT_CLOSED:
        (void)printf("closed by the peer\n");
        break;
    default:
        break;
    }
}

/* The loop. A path is the peer's port. */

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void send_all(struct peer *peer) {
    static uint8_t datagram[RTPGATE_MTU_MAX];
    uint64_t path = 0;
    for (;;) {
        int length = rtpgate_session_output(peer->session, datagram, sizeof datagram, &path);
        must("output", length);
        if (length == 0) {
            return;
        }
        struct sockaddr_in to = loopback((uint16_t)path);
        (void)sendto(peer->socket, datagram, (size_t)length, 0, (struct sockaddr *)&to, sizeof to);
    }
}

static void drain(struct peer *peer) {
    struct rtpgate_event event;
    do {
        send_all(peer);
        print_state(peer);
        while (rtpgate_session_next_event(peer->session, &event) == 1) {
            print_event(peer, &event);
        }
    } while (rtpgate_session_state(peer->session) != peer->shown);
}

static void receive(struct peer *peer) {
    static uint8_t datagram[RTPGATE_MTU_MAX];
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(peer->socket, datagram, sizeof datagram, MSG_DONTWAIT,
                              (struct sockaddr *)&from, &size);
    if (length > 0 && rtpgate_classify(datagram, (size_t)length, false) == RTPGATE_KIND_DTLS) {
        (void)rtpgate_session_input(peer->session, datagram, (size_t)length, ntohs(from.sin_port),
                                    now());
    }
}

static void send_line(struct peer *peer) {
    must("send", rtpgate_session_send(peer->session, (const uint8_t *)peer->line, peer->line_length,
                                      now()));
    peer->line_length = 0;
}

static void read_input(struct peer *peer) {
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        peer->input_open = false;
        must("close", rtpgate_session_close(peer->session, now()));
        return;
    }
    peer->line[peer->line_length++] = byte;
    if (byte == '\n' || peer->line_length == sizeof peer->line) {
        send_line(peer);
    }
}

/* Milliseconds for poll, rounded up. */
static int patience(const struct peer *peer) {
    uint64_t until = rtpgate_session_deadline(peer->session);
    until = until < peer->end ? until : peer->end;
    uint64_t time = now();
    return until <= time ? 0 : (int)((until - time + MILLISECOND - 1) / MILLISECOND);
}

static void step(struct peer *peer) {
    bool ready = peer->shown == RTPGATE_STATE_READY && peer->input_open;
    struct pollfd waits[2] = {{.fd = peer->socket, .events = POLLIN},
                              {.fd = ready ? STDIN_FILENO : -1, .events = POLLIN}};
    if (poll(waits, 2, patience(peer)) < 0 && errno != EINTR) {
        die("poll", strerror(errno));
    }
    if (waits[0].revents != 0) {
        receive(peer);
    }
    if (waits[1].revents != 0 && rtpgate_session_state(peer->session) == RTPGATE_STATE_READY) {
        read_input(peer);
    }
    if (rtpgate_session_deadline(peer->session) <= now()) {
        must("expire", rtpgate_session_expire(peer->session, now()));
    }
    drain(peer);
}

static bool over(const struct peer *peer) {
    return peer->shown == RTPGATE_STATE_CLOSED || peer->shown == RTPGATE_STATE_FAILED;
}

static int play(struct peer *peer) {
    drain(peer);
    while (!over(peer) && now() < peer->end) {
        step(peer);
    }
    print_stats(peer);
    (void)printf("end %s\n", over(peer) ? rtpgate_state_name(peer->shown) : "limit");
    if (!over(peer)) {
        return EXIT_LIMIT;
    }
    return peer->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The beginning. */

static void open_socket(struct peer *peer) {
    bool server = peer->options->role == RTPGATE_ROLE_SERVER;
    struct sockaddr_in address = loopback(server ? (uint16_t)peer->options->port : 0);
    socklen_t size = sizeof address;
    peer->socket = socket(AF_INET, SOCK_DGRAM, 0);
    if (peer->socket < 0 || bind(peer->socket, (struct sockaddr *)&address, size) != 0 ||
        getsockname(peer->socket, (struct sockaddr *)&address, &size) != 0) {
        die("socket", strerror(errno));
    }
    (void)printf("port %u\n", ntohs(address.sin_port));
}

static void load_identity(struct peer *peer) {
    static char pem[PEM_MAX];
    FILE *file = fopen(peer->options->identity, "rb");
    if (file == NULL) {
        die(peer->options->identity, strerror(errno));
    }
    size_t length = fread(pem, 1, sizeof pem, file);
    (void)fclose(file);
    must(peer->options->identity,
         rtpgate_identity_import_pem(&peer->identity, pem, length, pem, length, NULL));
}

static void make_identity(struct peer *peer) {
    if (peer->options->identity != NULL) {
        load_identity(peer);
    } else {
        uint64_t date = (uint64_t)time(NULL);
        must("identity", rtpgate_identity_generate(&peer->identity, date - 86400, date + 86400));
    }
    struct rtpgate_fingerprint fingerprint;
    must("fingerprint",
         rtpgate_identity_fingerprint(peer->identity, RTPGATE_HASH_SHA256, &fingerprint));
    print_fingerprint("local", &fingerprint);
}

static void make_config(struct peer *peer) {
    const struct options *options = peer->options;
    must("config", rtpgate_config_new(&peer->config, peer->identity));
    must("any path", rtpgate_config_set_any_path(peer->config, true));
    must("--mtu", rtpgate_config_set_mtu(peer->config, (size_t)options->mtu));
    must("--deadline", rtpgate_config_set_deadline(peer->config, options->deadline * MILLISECOND));
    must("--grace", rtpgate_config_set_grace(peer->config, options->grace * MILLISECOND));
    must("--retransmission",
         rtpgate_config_set_retransmission(peer->config, options->retransmission * MILLISECOND,
                                           RETRANSMISSION_CAP));
    if (options->profile_count > 0) {
        must("--profiles",
             rtpgate_config_set_profiles(peer->config, options->profiles, options->profile_count));
    }
}

static void make_session(struct peer *peer) {
    const struct options *options = peer->options;
    must("session", rtpgate_session_new(&peer->session, peer->config, options->role, now()));
    if (!options->late) {
        set_remote(peer);
    }
    if (options->role == RTPGATE_ROLE_CLIENT) {
        must("path", rtpgate_session_set_path(peer->session, options->port, now()));
        must("start", rtpgate_session_start(peer->session, now()));
    }
}

static void release(struct peer *peer) {
    rtpgate_session_free(peer->session);
    rtpgate_config_free(peer->config);
    rtpgate_identity_free(peer->identity);
    (void)close(peer->socket);
}

int main(int argc, char **argv) {
    struct options options = read_options(argc, argv);
    struct peer peer = {.options = &options, .input_open = true};
    peer.end = now() + options.limit * MILLISECOND;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    make_identity(&peer);
    make_config(&peer);
    make_session(&peer);
    open_socket(&peer);
    int status = play(&peer);
    release(&peer);
    return status;
}
