/*
 * Two peers negotiate SRTP keys over two UDP sockets of 127.0.0.1 that lose datagrams.
 *
 *     loopback [loss-percent [seed]]
 *
 * Each peer is what a media program would have on its side: an identity, a session, a socket.
 * What is lost depends on the seed: the n-th datagram of a direction has the same fate in each run.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <rtpgate/rtpgate.h>

enum { CLIENT, SERVER, PEERS, DAY = 86400 };
static const char CHECK_LABEL[] = "EXPERIMENTAL rtpgate example";

struct peer {
    const char *name;
    const char *arrow[2]; /* in the timeline: a datagram that arrives, one that is lost */
    uint64_t chance;      /* state of the generator that decides what is lost */
    uint64_t lost;
    int socket;
    rtpgate_identity *identity;
    rtpgate_session *session;
    struct rtpgate_session_stats stats;
};

static unsigned long loss = 10; /* percent */
static uint64_t start_time;

static void need_system(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(EXIT_FAILURE);
    }
}

/* Every rtpgate function that can fail returns an int below 0 then. */
static void need(int result, const char *what) {
    if (result < 0) {
        (void)fprintf(stderr, "%s: %s\n", what, rtpgate_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/* rtpgate reads no clock. Any that never runs backwards will do, in microseconds. */
static uint64_t monotonic(void) {
    struct timespec time;
    need_system(clock_gettime(CLOCK_MONOTONIC, &time), "clock");
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* A real program shares one identity and one config between its sessions. */
static void make_session(struct peer *peer, enum rtpgate_role role) {
    rtpgate_config *config = NULL;
    uint64_t date = (uint64_t)time(NULL);
    need(rtpgate_identity_generate(&peer->identity, date - DAY, date + DAY), "identity");
    need(rtpgate_config_new(&config, peer->identity), "config");
    /* There is no ICE here that would prove paths with rtpgate_session_path_valid. */
    need(rtpgate_config_set_any_path(config, true), "any path");
    need(rtpgate_session_new(&peer->session, config, role, monotonic()), "session");
    rtpgate_config_free(config); /* the session has its own reference */
}

static void open_sockets(struct peer *peers) {
    struct sockaddr_in address[PEERS] = {{.sin_family = AF_INET}, {.sin_family = AF_INET}};
    socklen_t length = sizeof(address[0]);
    for (int i = 0; i < PEERS; i++) {
        struct sockaddr *own = (struct sockaddr *)&address[i];
        address[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        need_system(peers[i].socket = socket(AF_INET, SOCK_DGRAM, 0), "socket");
        need_system(bind(peers[i].socket, own, length), "bind");
        need_system(getsockname(peers[i].socket, own, &length), "getsockname");
    }
    for (int i = 0; i < PEERS; i++) {
        need_system(connect(peers[i].socket, (struct sockaddr *)&address[!i], length), "connect");
    }
}

/* What a peer says of itself in its SDP, and what the other makes of it: whoever owns the
 * certificate with this fingerprint is the peer, and nobody else. */
static void signal_to(struct peer *other, const struct peer *peer, const char *setup) {
    struct rtpgate_fingerprint own;
    struct rtpgate_fingerprint found[4];
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];
    char sdp[RTPGATE_FINGERPRINT_MAX_TEXT + 64];
    need(rtpgate_identity_fingerprint(peer->identity, RTPGATE_HASH_SHA256, &own), "fingerprint");
    need(rtpgate_fingerprint_format(&own, text, sizeof(text)), "format");
    (void)snprintf(sdp, sizeof(sdp), "a=setup:%s\r\na=fingerprint:%s\r\n", setup, text);
    (void)printf("\nThe %s's SDP:\n%s", peer->name, sdp);
    int count = rtpgate_fingerprint_parse_sdp(found, 4, sdp, strlen(sdp));
    need(count, "SDP");
    need(rtpgate_session_set_remote(other->session, found, (size_t)count, monotonic()), "remote");
}

static void print_time(void) {
    (void)printf("%9.1f  ", (double)(monotonic() - start_time) / 1000);
}

/* Why there is output: the counters have moved since the last time. */
static const char *reason(const struct peer *peer) {
    struct rtpgate_session_stats stats;
    need(rtpgate_session_stats(peer->session, &stats, sizeof(stats)), "stats");
    if (stats.retransmissions > peer->stats.retransmissions) {
        return "again: no answer in time";
    }
    return stats.answers > peer->stats.answers ? "again: the other repeated its own" : "new";
}

static bool is_lost(struct peer *peer) {
    peer->chance = peer->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (peer->chance >> 33) % 100 < loss;
}

static void send_or_lose(struct peer *peer, const void *datagram, size_t length, const char *why) {
    bool lost = is_lost(peer);
    enum rtpgate_kind kind = rtpgate_classify(datagram, length, false);
    print_time();
    (void)printf("%s  %5zu  %s flight, %s%s\n", peer->arrow[lost], length, rtpgate_kind_name(kind),
                 why, lost ? " (LOST)" : "");
    peer->lost += lost;
    if (!lost) { /* and one that the system does not take is lost, too */
        (void)send(peer->socket, datagram, length, 0);
    }
}

static void print_event(const struct peer *peer, const struct rtpgate_event *event) {
    static const char *const meaning[] = {
        [RTPGATE_EVENT_ADVICE] = "advice that nobody vouches for: ",
        [RTPGATE_EVENT_CERTIFICATE] = "the other proved to own a certificate",
        [RTPGATE_EVENT_KEYS] = "READY: its fingerprint is the expected one, SRTP keys exist",
        [RTPGATE_EVENT_ACCEPTED] = "the other has accepted us, too",
        [RTPGATE_EVENT_DATA] = "",   /* nobody sends any here, */
        [RTPGATE_EVENT_CLOSED] = "", /* and nobody closes */
        [RTPGATE_EVENT_FAILED] = "FAILED: ",
    };
    print_time();
    (void)printf("%s: %s%s\n", peer->name, meaning[event->type], event->text);
}

/* The drain rule: after every call that may change a session, all its output, then all its events,
 * then (in poll_timeout) its deadline. */
static void drain(struct peer *peer) {
    const char *why = reason(peer);
    uint8_t bytes[RTPGATE_DATAGRAM_DEFAULT];
    struct rtpgate_event event;
    uint64_t path; /* of no use here: each socket has just one peer */
    int length;
    while ((length = rtpgate_session_output(peer->session, bytes, sizeof(bytes), &path)) > 0) {
        send_or_lose(peer, bytes, (size_t)length, why);
    }
    need(length, "output");
    while (rtpgate_session_next_event(peer->session, &event) == 1) {
        print_event(peer, &event);
    }
    need(rtpgate_session_stats(peer->session, &peer->stats, sizeof(peer->stats)), "stats");
}

/* Takes one datagram off the socket, if any; poll tells when there are more. */
static void receive(struct peer *peer) {
    uint8_t bytes[2048];
    ssize_t length = recv(peer->socket, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (length > 0 && rtpgate_classify(bytes, (size_t)length, false) == RTPGATE_KIND_DTLS) {
        /* Noise is no error, and the end of the association is told by event and state. */
        (void)rtpgate_session_input(peer->session, bytes, (size_t)length, 0, monotonic());
    }
}

/* How long poll may wait for the nearer deadline. */
static int poll_timeout(const struct peer *peers) {
    uint64_t client = rtpgate_session_deadline(peers[CLIENT].session);
    uint64_t server = rtpgate_session_deadline(peers[SERVER].session);
    return rtpgate_timeout_ms(client < server ? client : server, monotonic());
}

/* True when both are READY. It ends: a client FAILED when the config's deadline has passed. */
static bool negotiate(struct peer *peers) {
    start_time = monotonic();
    need(rtpgate_session_start(peers[CLIENT].session, start_time), "start");
    drain(&peers[CLIENT]);
    for (int ready = 0; ready < PEERS;) {
        struct pollfd wait[PEERS] = {{.fd = peers[CLIENT].socket, .events = POLLIN},
                                     {.fd = peers[SERVER].socket, .events = POLLIN}};
        need_system(poll(wait, PEERS, poll_timeout(peers)), "poll");
        ready = 0;
        for (struct peer *peer = peers; peer < peers + PEERS; peer++) {
            receive(peer);
            need(rtpgate_session_expire(peer->session, monotonic()), "expire");
            drain(peer);
            ready += rtpgate_session_state(peer->session) == RTPGATE_STATE_READY;
            if (rtpgate_session_state(peer->session) == RTPGATE_STATE_FAILED) {
                return false;
            }
        }
    }
    return true;
}

static void row(const char *what, uint64_t client, uint64_t server) {
    (void)printf("%-26s%9lu%9lu\n", what, (unsigned long)client, (unsigned long)server);
}

static void print_counters(const struct peer *client, const struct peer *server) {
    uint64_t flights = client->stats.flights_sent + server->stats.flights_sent;
    (void)printf("\n%-26s%9s%9s\n", "", client->name, server->name);
    row("flights", client->stats.flights_sent, server->stats.flights_sent);
    row("  again, by the timer", client->stats.retransmissions, server->stats.retransmissions);
    row("  again, as an answer", client->stats.answers, server->stats.answers);
    row("datagrams", client->stats.datagrams_sent, server->stats.datagrams_sent);
    row("  lost", client->lost, server->lost);
    row("bytes", client->stats.bytes_sent, server->stats.bytes_sent);
    row("handshake, microseconds", client->stats.handshake_time, server->stats.handshake_time);
    row("round trips, without loss", flights / 2, flights / 2); /* of two flights each */
}

/* Never print keys. A value exported under a label of our own (RFC 5705) is equal on both sides
 * when the keys are, and says nothing else of them. */
static void print_agreed(const struct peer *peer) {
    struct rtpgate_session_info info;
    struct rtpgate_fingerprint remote;
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];
    uint8_t check[8];
    need(rtpgate_session_info(peer->session, &info, sizeof(info)), "info");
    need(rtpgate_session_export(peer->session, CHECK_LABEL, NULL, 0, check, 8), "export");
    need(rtpgate_session_peer_fingerprint(peer->session, RTPGATE_HASH_SHA256, &remote), "peer");
    need(rtpgate_fingerprint_format(&remote, text, sizeof(text)), "format");
    (void)printf("\nThe %s: DTLS %s, %s, %s,\n  SRTP profile %s\n"
                 "  other's fingerprint: %s\n  check value: ",
                 peer->name, info.version == 0xfefd ? "1.2" : "?",
                 rtpgate_cipher_suite_name(info.cipher_suite), rtpgate_group_name(info.group),
                 rtpgate_srtp_profile_info(info.profile)->name, text);
    for (size_t i = 0; i < sizeof(check); i++) {
        (void)printf("%02x%s", check[i], i + 1 < sizeof(check) ? "" : "\n");
    }
}

static void print_cause(const struct peer *peer) {
    (void)printf("\nThe %s, whose state is \"%s\": %s\n", peer->name,
                 rtpgate_state_name(rtpgate_session_state(peer->session)),
                 rtpgate_session_error(peer->session, NULL));
}

static bool equal(const struct rtpgate_srtp_keys *keys, const struct rtpgate_srtp_master *a,
                  const struct rtpgate_srtp_master *b) {
    return memcmp(a->key, b->key, keys->key_length) == 0 &&
           memcmp(a->salt, b->salt, keys->salt_length) == 0;
}

/* What one sends with, the other must receive with. */
static bool hold_the_same_keys(const struct peer *peers) {
    struct rtpgate_srtp_keys a;
    struct rtpgate_srtp_keys b;
    need(rtpgate_session_keys(peers[CLIENT].session, &a), "keys");
    need(rtpgate_session_keys(peers[SERVER].session, &b), "keys");
    bool same = a.profile == b.profile &&
                equal(&a, rtpgate_srtp_keys_local(&a), rtpgate_srtp_keys_remote(&b)) &&
                equal(&a, rtpgate_srtp_keys_remote(&a), rtpgate_srtp_keys_local(&b));
    rtpgate_srtp_keys_clear(&a);
    rtpgate_srtp_keys_clear(&b);
    return same;
}

int main(int argc, char **argv) {
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 2;
    struct peer peers[PEERS] = {
        {.name = "client", .arrow = {"client ---> server", "client --x  server"}},
        {.name = "server", .arrow = {"client <--- server", "client  x-- server"}},
    };
    loss = argc > 1 ? strtoul(argv[1], NULL, 10) : loss;
    (void)printf("%lu %% of the datagrams get lost, seed %lu\n", loss, seed);
    for (int i = 0; i < PEERS; i++) {
        peers[i].chance = (2 * seed + (uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        make_session(&peers[i], i == CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER);
    }
    open_sockets(peers);
    signal_to(&peers[SERVER], &peers[CLIENT], "active");
    signal_to(&peers[CLIENT], &peers[SERVER], "passive");
    (void)printf("\n       ms  datagram            bytes\n");
    bool ready = negotiate(peers);
    print_counters(&peers[CLIENT], &peers[SERVER]);
    (ready ? print_agreed : print_cause)(&peers[CLIENT]);
    (ready ? print_agreed : print_cause)(&peers[SERVER]);
    bool good = ready && hold_the_same_keys(peers);
    (void)printf("\n%s\n", good ? "Both hold the same SRTP keys." : "They share no SRTP keys.");
    for (int i = 0; i < PEERS; i++) {
        rtpgate_session_free(peers[i].session);
        rtpgate_identity_free(peers[i].identity);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
