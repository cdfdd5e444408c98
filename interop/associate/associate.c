/*
 * Plays one remote over UDP on the loopback interface, its DTLS-SRTP association and its media, and
 * prints what came of it, one fact a line. Once a handshake has run, each line of the standard
 * input is a command; its end closes the association.
 *
 *     data TEXT           sends a line of application data
 *     media N LEAST       sends N packets more, and says when LEAST of the other side's have come
 *     expect FINGERPRINT  when none was given before
 *     restart client|server IDENTITY FINGERPRINT|none    a second association on the same port
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

#include "facts.h"
#include "media.h"
#include "options.h"

enum {
    EXIT_LIMIT = 3,
    PEM_MAX = 65536,
    MILLISECOND = 1000,
    RETRANSMISSION_CAP = 3000 * MILLISECOND,
};

struct associate {
    struct options options;
    rtpgate_peer *peer;
    struct media media;
    int socket;
    uint64_t path; /* the other side's port */
    uint64_t end;
    enum rtpgate_state shown;
    unsigned count; /* of associations that were READY */
    bool input_open;
    char line[1024];
    size_t line_length;
};

static uint64_t now(void) {
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static rtpgate_session *session_of(const struct associate *associate) {
    return rtpgate_peer_session(associate->peer);
}

/* The beginning of an association. */

static rtpgate_identity *load_identity(const char *name) {
    static char pem[PEM_MAX];
    rtpgate_identity *identity = NULL;
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        die(name, strerror(errno));
    }
    size_t length = fread(pem, 1, sizeof pem, file);
    (void)fclose(file);
    must(name, rtpgate_identity_import_pem(&identity, pem, length, pem, length, NULL));
    return identity;
}

static rtpgate_identity *make_identity(const struct options *options) {
    rtpgate_identity *identity = NULL;
    if (options->identity != NULL) {
        identity = load_identity(options->identity);
    } else {
        uint64_t date = (uint64_t)time(NULL);
        must("identity", rtpgate_identity_generate(&identity, date - 86400, date + 86400));
    }
    struct rtpgate_fingerprint fingerprint;
    must("fingerprint", rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, &fingerprint));
    print_fingerprint("local", &fingerprint);
    return identity;
}

static rtpgate_config *make_config(const struct options *options) {
    rtpgate_identity *identity = make_identity(options);
    rtpgate_config *config = NULL;
    must("config", rtpgate_config_new(&config, identity));
    rtpgate_identity_free(identity);
    must("any path", rtpgate_config_set_any_path(config, true));
    must("--mtu", rtpgate_config_set_mtu(config, (size_t)options->mtu));
    must("--deadline", rtpgate_config_set_deadline(config, options->deadline * MILLISECOND));
    must("--grace", rtpgate_config_set_grace(config, options->grace * MILLISECOND));
    must("--retransmission",
         rtpgate_config_set_retransmission(config, options->retransmission * MILLISECOND,
                                           RETRANSMISSION_CAP));
    if (options->profile_count > 0) {
        must("--profiles",
             rtpgate_config_set_profiles(config, options->profiles, options->profile_count));
    }
    return config;
}

/* The first association, or the one after it. */
static void associate_anew(struct associate *associate) {
    const struct options *options = &associate->options;
    rtpgate_config *config = make_config(options);
    if (associate->peer == NULL) {
        must("peer", rtpgate_peer_new(&associate->peer, config, options->role, now()));
    } else {
        must("restart", rtpgate_peer_restart(associate->peer, config, options->role, now()));
    }
    rtpgate_config_free(config);
    if (options->fingerprint_count > 0) {
        must("--fingerprint",
             rtpgate_session_set_remote(session_of(associate), options->fingerprints,
                                        options->fingerprint_count, now()));
    }
    if (options->role == RTPGATE_ROLE_CLIENT) {
        must("path", rtpgate_peer_set_path(associate->peer, associate->path, now()));
        must("start", rtpgate_session_start(session_of(associate), now()));
    }
}

/* Commands. */

static void expect(struct associate *associate, const char *text) {
    struct options *options = &associate->options;
    options->fingerprint_count = 0;
    add_fingerprint(options, text);
    must("expect",
         rtpgate_session_set_remote(session_of(associate), options->fingerprints, 1, now()));
}

static void restart(struct associate *associate, char *arguments) {
    struct options *options = &associate->options;
    char *role = strtok(arguments, " ");
    char *identity = strtok(NULL, " ");
    char *fingerprint = strtok(NULL, "");
    if (role == NULL || identity == NULL || fingerprint == NULL) {
        die("restart", "needs a role, a file and a fingerprint");
    }
    options->role = read_role(role);
    options->identity = identity;
    options->fingerprint_count = 0;
    if (strcmp(fingerprint, "none") != 0) {
        add_fingerprint(options, fingerprint);
    }
    associate_anew(associate);
    associate->shown = RTPGATE_STATE_NEW;
}

static void start_packets(struct associate *associate, const char *arguments) {
    char *end = NULL;
    unsigned long more = strtoul(arguments, &end, 10);
    unsigned long least = strtoul(end, &end, 10);
    if (more == 0 || more > PACKETS_MAX || least > PACKETS_MAX) {
        die("media", arguments);
    }
    want_media(&associate->media, (unsigned)more, (unsigned)least, now());
}

/* In the place of its terminator it gets its line feed back. */
static void send_line(struct associate *associate, char *text) {
    size_t length = strlen(text);
    text[length++] = '\n';
    must("data", rtpgate_session_send(session_of(associate), (const uint8_t *)text, length, now()));
}

static void obey(struct associate *associate, char *line) {
    char *rest = strchr(line, ' ');
    if (rest == NULL) {
        die(line, "is not a command");
    }
    *rest++ = '\0';
    if (strcmp(line, "data") == 0) {
        send_line(associate, rest);
    } else if (strcmp(line, "media") == 0) {
        start_packets(associate, rest);
    } else if (strcmp(line, "expect") == 0) {
        expect(associate, rest);
    } else if (strcmp(line, "restart") == 0) {
        restart(associate, rest);
    } else {
        die(line, "is not a command");
    }
}

static void read_input(struct associate *associate) {
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        associate->input_open = false;
        must("close", rtpgate_peer_close(associate->peer, now()));
    } else if (byte == '\n') {
        associate->line[associate->line_length] = '\0';
        associate->line_length = 0;
        obey(associate, associate->line);
    } else if (associate->line_length < sizeof associate->line - 1) {
        associate->line[associate->line_length++] = byte;
    }
}

/* What came of it. */

static void print_state(struct associate *associate) {
    enum rtpgate_state state = rtpgate_session_state(session_of(associate));
    if (state != associate->shown) {
        associate->shown = state;
        (void)printf("state %s\n", rtpgate_state_name(state));
    }
}

static void print_event(struct associate *associate, const struct rtpgate_event *event) {
    switch (event->type) {
    case RTPGATE_EVENT_ADVICE:
        (void)printf("advice %s %s\n", cause_name(event->cause), event->text);
        break;
    case RTPGATE_EVENT_FAILED:
        (void)printf("failed %s %s\n", cause_name(event->cause), event->text);
        break;
    case RTPGATE_EVENT_KEYS:
        print_remote(session_of(associate));
        print_info(session_of(associate));
        print_keys(session_of(associate));
        (void)printf("association %u\n", ++associate->count);
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

/* The loop. */

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void send_datagram(const struct associate *associate, const uint8_t *datagram,
                          size_t length) {
    struct sockaddr_in to = loopback((uint16_t)associate->path);
    (void)sendto(associate->socket, datagram, length, 0, (struct sockaddr *)&to, sizeof to);
}

static void send_all(struct associate *associate) {
    static uint8_t datagram[RTPGATE_MTU_MAX];
    for (;;) {
        int length =
            rtpgate_peer_output(associate->peer, datagram, sizeof datagram, &associate->path);
        must("output", length);
        if (length == 0) {
            return;
        }
        send_datagram(associate, datagram, (size_t)length);
    }
}

static void drain(struct associate *associate) {
    static uint8_t packet[RTPGATE_MTU_MAX];
    struct rtpgate_event event;
    size_t length = 0;
    int kind = 0;
    send_all(associate);
    print_state(associate);
    while (rtpgate_peer_next_event(associate->peer, &event) == 1) {
        print_event(associate, &event);
    }
    while ((kind = rtpgate_peer_next_packet(associate->peer, packet, sizeof packet, &length)) > 0) {
        take_packet(&associate->media, kind == RTPGATE_KIND_RTCP, packet, length);
    }
}

static void receive(struct associate *associate) {
    static uint8_t datagram[RTPGATE_MTU_MAX];
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    ssize_t received = recvfrom(associate->socket, datagram, sizeof datagram, MSG_DONTWAIT,
                                (struct sockaddr *)&from, &size);
    if (received <= 0) {
        return;
    }
    size_t length = (size_t)received;
    int kind =
        rtpgate_peer_input(associate->peer, datagram, &length, ntohs(from.sin_port), false, now());
    if (kind == RTPGATE_KIND_RTP || kind == RTPGATE_KIND_RTCP) {
        take_packet(&associate->media, kind == RTPGATE_KIND_RTCP, datagram, length);
    }
}

static void send_media(struct associate *associate) {
    uint8_t packet[PACKET_MAX];
    uint8_t datagram[PACKET_MAX + RTPGATE_MEDIA_OVERHEAD];
    bool rtcp = false;
    size_t length = next_packet(&associate->media, &rtcp, packet, now());
    if (length > 0) {
        enum rtpgate_kind kind = rtcp ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP;
        int result =
            rtpgate_peer_protect(associate->peer, kind, packet, length, datagram, sizeof datagram);
        must("protect", result);
        send_datagram(associate, datagram, (size_t)result);
    }
}

/* Milliseconds for poll, rounded up. */
static int patience(const struct associate *associate) {
    uint64_t until = rtpgate_peer_deadline(associate->peer);
    until = until < associate->end ? until : associate->end;
    until = until < associate->media.due ? until : associate->media.due;
    return rtpgate_timeout_ms(until, now());
}

static bool wants_input(const struct associate *associate) {
    return associate->input_open && (associate->shown == RTPGATE_STATE_UNVERIFIED ||
                                     associate->shown == RTPGATE_STATE_READY);
}

static bool over(const struct associate *associate) {
    return associate->shown == RTPGATE_STATE_CLOSED || associate->shown == RTPGATE_STATE_FAILED;
}

static void step(struct associate *associate) {
    struct pollfd waits[2] = {{.fd = associate->socket, .events = POLLIN},
                              {.fd = wants_input(associate) ? STDIN_FILENO : -1, .events = POLLIN}};
    if (poll(waits, 2, patience(associate)) < 0 && errno != EINTR) {
        die("poll", strerror(errno));
    }
    if (waits[0].revents != 0) {
        receive(associate);
        drain(associate);
    }
    if (waits[1].revents != 0 && wants_input(associate)) {
        read_input(associate);
    }
    must("expire", rtpgate_peer_expire(associate->peer, now()));
    drain(associate);
    if (!over(associate)) {
        send_media(associate);
    }
}

static int play(struct associate *associate) {
    drain(associate);
    while (!over(associate) && now() < associate->end) {
        step(associate);
    }
    print_stats(session_of(associate));
    print_media(&associate->media);
    print_srtp(associate->peer);
    (void)printf("end %s\n", over(associate) ? rtpgate_state_name(associate->shown) : "limit");
    if (!over(associate)) {
        return EXIT_LIMIT;
    }
    return associate->shown == RTPGATE_STATE_FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void open_socket(struct associate *associate) {
    bool server = associate->options.role == RTPGATE_ROLE_SERVER;
    struct sockaddr_in address = loopback(server ? (uint16_t)associate->options.port : 0);
    socklen_t size = sizeof address;
    associate->socket = socket(AF_INET, SOCK_DGRAM, 0);
    if (associate->socket < 0 || bind(associate->socket, (struct sockaddr *)&address, size) != 0 ||
        getsockname(associate->socket, (struct sockaddr *)&address, &size) != 0) {
        die("socket", strerror(errno));
    }
    (void)printf("port %u\n", ntohs(address.sin_port));
}

int main(int argc, char **argv) {
    static struct associate associate = {.input_open = true};
    associate.options = read_options(argc, argv);
    associate.path = associate.options.port;
    associate.end = now() + associate.options.limit * MILLISECOND;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    associate_anew(&associate);
    start_media(&associate.media, associate.options.role == RTPGATE_ROLE_CLIENT);
    open_socket(&associate);
    int status = play(&associate);
    rtpgate_peer_free(associate.peer);
    (void)close(associate.socket);
    return status;
}
