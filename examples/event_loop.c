/*
 * A DTLS-SRTP endpoint inside an event loop that belongs to somebody else; here, poll.
 *
 *     event_loop server PORT FINGERPRINT
 *     event_loop client HOST PORT FINGERPRINT
 *
 * FINGERPRINT is the peer's, as SDP has it: "sha-256 AB:CD:...". "-" says that it is not known yet:
 * it is then the first line of the standard input, for which the handshake does not wait. The lines
 * after it go to the peer as application data; the end of the input closes the association.
 *
 * Try it against itself, or against OpenSSL with an ECDSA certificate; its fingerprint is what
 * `openssl x509 -noout -fingerprint -sha256 -in C` prints behind the "=":
 *     openssl s_client -dtls1_2 -use_srtp SRTP_AEAD_AES_128_GCM -cert C -key K -connect HOST:PORT
 *     openssl s_server -dtls1_2 -use_srtp SRTP_AEAD_AES_128_GCM -cert C -key K -Verify 1 -port PORT
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rtpgate/rtpgate.h>

enum { DAY = 86400 };

struct endpoint {
    rtpgate_session *session;
    int socket;
    bool knows_peer;          /* the fingerprint was given */
    enum rtpgate_state state; /* as it was printed last */
};

static void need_system(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(EXIT_FAILURE);
    }
}

static void need(int result, const char *what) {
    if (result < 0) {
        (void)fprintf(stderr, "event_loop: %s: %s\n", what, rtpgate_strerror(result));
        exit(EXIT_FAILURE);
    }
}

static uint64_t monotonic(void) {
    struct timespec time;
    need_system(clock_gettime(CLOCK_MONOTONIC, &time), "clock");
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* A path is any number that stands for a pair of addresses. Here, with one socket and IPv4, it is
 * the peer's address and port themselves; elsewhere it may be an index into a table. */
static uint64_t path_of(const struct sockaddr_in *address) {
    return (uint64_t)ntohl(address->sin_addr.s_addr) << 16 | ntohs(address->sin_port);
}

static struct sockaddr_in address_of(uint64_t path) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl((uint32_t)(path >> 16));
    address.sin_port = htons((uint16_t)path);
    return address;
}

static void print_fingerprint(const char *whose, const struct rtpgate_fingerprint *fingerprint) {
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];
    need(rtpgate_fingerprint_format(fingerprint, text, sizeof(text)), "format");
    (void)printf("%s fingerprint: %s\n", whose, text);
}

/* What an SRTP stack would be given. Keys are held for as long as it takes, and not printed. */
static void use_keys(const rtpgate_session *session) {
    struct rtpgate_srtp_keys keys;
    need(rtpgate_session_keys(session, &keys), "keys");
    (void)printf("SRTP: %s, keys of %zu + %zu bytes for each direction\n",
                 rtpgate_srtp_profile_info((uint16_t)keys.profile)->name, keys.key_length,
                 keys.salt_length);
    rtpgate_srtp_keys_clear(&keys);
}

static void use_event(const struct endpoint *endpoint, const struct rtpgate_event *event) {
    switch (event->type) {
    case RTPGATE_EVENT_ADVICE: /* perhaps forged: good to log, nothing to act upon */
        (void)printf("advice: %s\n", event->text);
        break;
    case RTPGATE_EVENT_CERTIFICATE:
        (void)printf("the peer owns a certificate of %zu bytes\n", event->length);
        break;
    case RTPGATE_EVENT_KEYS:
        use_keys(endpoint->session);
        break;
    case RTPGATE_EVENT_DATA:
        (void)printf("data: ");
        (void)fwrite(event->data, 1, event->length, stdout);
        break;
    case RTPGATE_EVENT_CLOSED:
        (void)printf("the peer closed the association\n");
        break;
    case RTPGATE_EVENT_FAILED:
        (void)printf("failed: %s\n", event->text);
        break;
    default: /* ACCEPTED; in later versions there may be more */
        break;
    }
}

static void print_state(struct endpoint *endpoint) {
    enum rtpgate_state state = rtpgate_session_state(endpoint->session);
    struct rtpgate_fingerprint peer;
    if (state == endpoint->state) {
        return;
    }
    endpoint->state = state;
    (void)printf("state: %s\n", rtpgate_state_name(state));
    if (state == RTPGATE_STATE_UNVERIFIED) { /* somebody is there; keys have to wait for who */
        need(rtpgate_session_peer_fingerprint(endpoint->session, RTPGATE_HASH_SHA256, &peer),
             "peer");
        print_fingerprint("somebody's", &peer);
    }
}

/* The drain rule, after every call that may change the session: all output, all events, and before
 * the next wait the deadline (in run). */
static void drain(struct endpoint *endpoint) {
    uint8_t bytes[RTPGATE_DATAGRAM_DEFAULT];
    struct rtpgate_event event;
    uint64_t path;
    int length;
    while ((length = rtpgate_session_output(endpoint->session, bytes, sizeof(bytes), &path)) > 0) {
        struct sockaddr_in to = address_of(path);
        if (sendto(endpoint->socket, bytes, (size_t)length, 0, (void *)&to, sizeof(to)) < 0) {
            perror("sendto"); /* as if it were lost: the timer will send it again */
        }
    }
    need(length, "output");
    while (rtpgate_session_next_event(endpoint->session, &event) == 1) {
        use_event(endpoint, &event);
    }
    print_state(endpoint);
}

/* The socket is readable: what the datagram is decides who gets it. */
static void on_datagram(struct endpoint *endpoint) {
    uint8_t datagram[2048];
    struct sockaddr_in from;
    socklen_t from_length = sizeof(from);
    ssize_t length = recvfrom(endpoint->socket, datagram, sizeof(datagram), MSG_DONTWAIT,
                              (struct sockaddr *)&from, &from_length);
    if (length < 0) {
        return; /* nothing there, or an ICMP message that anybody can forge */
    }
    enum rtpgate_kind kind = rtpgate_classify(datagram, (size_t)length, false);
    if (kind == RTPGATE_KIND_DTLS) {
        uint64_t path = path_of(&from);
        /* Noise is no error; the end of the association is seen in its state. */
        (void)rtpgate_session_input(endpoint->session, datagram, (size_t)length, path, monotonic());
    } else { /* STUN is for an ICE agent, SRTP and SRTCP for an SRTP stack */
        (void)printf("%zd bytes of %s\n", length, rtpgate_kind_name(kind));
    }
}

/* The peer's fingerprint: "sha-256 AB:...", or the whole line of an SDP. */
static int expect_peer(struct endpoint *endpoint, const char *text) {
    struct rtpgate_fingerprint peer;
    int result = rtpgate_fingerprint_parse(&peer, text, strlen(text));
    if (result == 0) {
        result = rtpgate_session_set_remote(endpoint->session, &peer, 1, monotonic());
    }
    endpoint->knows_peer = result == 0;
    return result;
}

/* Data can be sent in READY. Before that the input waits, but for the fingerprint. */
static bool wants_line(const struct endpoint *endpoint) {
    return !endpoint->knows_peer || endpoint->state == RTPGATE_STATE_READY;
}

/* The standard input is readable. It has no buffer (see main), or else poll would not know of the
 * lines in there. */
static void on_line(struct endpoint *endpoint) {
    char line[1000]; /* fits into rtpgate_session_data_mtu */
    int result;
    if (fgets(line, sizeof(line), stdin) == NULL) {
        result = rtpgate_session_close(endpoint->session, monotonic());
    } else if (!endpoint->knows_peer) {
        result = expect_peer(endpoint, line);
    } else {
        const uint8_t *data = (const uint8_t *)line;
        result = rtpgate_session_send(endpoint->session, data, strlen(line), monotonic());
    }
    if (result != 0) {
        (void)printf("not possible: %s\n", rtpgate_strerror(result));
    }
}

/* Somebody else's loop: rtpgate adds a socket, a timer and a drain to it. */
static int run(struct endpoint *endpoint) {
    enum { SOCKET, INPUT, FDS };
    while (endpoint->state != RTPGATE_STATE_CLOSED && endpoint->state != RTPGATE_STATE_FAILED) {
        uint64_t deadline = rtpgate_session_deadline(endpoint->session);
        struct pollfd fds[FDS] = {
            {.fd = endpoint->socket, .events = POLLIN},
            {.fd = wants_line(endpoint) ? STDIN_FILENO : -1, .events = POLLIN}};
        need_system(poll(fds, FDS, rtpgate_timeout_ms(deadline, monotonic())), "poll");
        if (fds[SOCKET].revents != 0) {
            on_datagram(endpoint);
            drain(endpoint);
        }
        if (fds[INPUT].revents != 0) {
            on_line(endpoint);
            drain(endpoint);
        }
        need(rtpgate_session_expire(endpoint->session, monotonic()), "expire");
        drain(endpoint);
    }
    return endpoint->state == RTPGATE_STATE_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}

static struct sockaddr_in resolve(const char *host, const char *port, int flags) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM, .ai_flags = flags};
    struct addrinfo *list = NULL;
    struct sockaddr_in address;
    int result = getaddrinfo(host, port, &hints, &list);
    if (result != 0) {
        (void)fprintf(stderr, "event_loop: %s\n", gai_strerror(result));
        exit(EXIT_FAILURE);
    }
    memcpy(&address, list->ai_addr, sizeof(address));
    freeaddrinfo(list);
    return address;
}

static void make_session(struct endpoint *endpoint, enum rtpgate_role role) {
    rtpgate_identity *identity = NULL;
    rtpgate_config *config = NULL;
    struct rtpgate_fingerprint own;
    uint64_t date = (uint64_t)time(NULL);
    need(rtpgate_identity_generate(&identity, date - DAY, date + DAY), "identity");
    need(rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, &own), "fingerprint");
    need(rtpgate_config_new(&config, identity), "config");
    /* There is no ICE to prove paths, so every source is listened to. With ICE leave it out, and
     * call rtpgate_session_path_valid when a check succeeded. */
    need(rtpgate_config_set_any_path(config, true), "any path");
    need(rtpgate_session_new(&endpoint->session, config, role, monotonic()), "session");
    rtpgate_config_free(config);
    rtpgate_identity_free(identity);
    print_fingerprint("our", &own);
}

/* A server answers where datagrams come from; a client has to say where it starts. */
static void start(struct endpoint *endpoint, bool server, const char *host, const char *port) {
    struct sockaddr_in address = resolve(host, port, server ? AI_PASSIVE : 0);
    make_session(endpoint, server ? RTPGATE_ROLE_SERVER : RTPGATE_ROLE_CLIENT);
    need_system(endpoint->socket = socket(AF_INET, SOCK_DGRAM, 0), "socket");
    if (server) {
        need_system(bind(endpoint->socket, (struct sockaddr *)&address, sizeof(address)), "bind");
        return;
    }
    need(rtpgate_session_set_path(endpoint->session, path_of(&address), monotonic()), "path");
    need(rtpgate_session_start(endpoint->session, monotonic()), "start");
}

int main(int argc, char **argv) {
    struct endpoint endpoint = {.state = RTPGATE_STATE_NEW};
    bool server = argc == 4 && strcmp(argv[1], "server") == 0;
    bool client = argc == 5 && strcmp(argv[1], "client") == 0;
    if (!server && !client) {
        (void)fprintf(stderr, "usage: event_loop server PORT FINGERPRINT\n"
                              "       event_loop client HOST PORT FINGERPRINT\n");
        return EXIT_FAILURE;
    }
    if (setvbuf(stdin, NULL, _IONBF, 0) != 0 || setvbuf(stdout, NULL, _IOLBF, 0) != 0) {
        return EXIT_FAILURE;
    }
    start(&endpoint, server, client ? argv[2] : NULL, argv[argc - 2]);
    if (strcmp(argv[argc - 1], "-") != 0) {
        need(expect_peer(&endpoint, argv[argc - 1]), "FINGERPRINT");
    }
    drain(&endpoint);
    int status = run(&endpoint);
    rtpgate_session_free(endpoint.session);
    return status;
}
