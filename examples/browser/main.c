/*
 * A browser sends its camera here over DTLS-SRTP, and gets the picture back.
 *
 *     browser [--address ADDRESS] [--port PORT] [--media-address ADDRESS] [--media-port PORT]
 *             [--page FOLDER] [--limit SECONDS] [--states FOLDER --key FILE] [--test]
 *
 * It serves the page at http://ADDRESS:PORT (127.0.0.1:8080) and all media on one UDP port of
 * --media-address, which is also the only ICE candidate; by default this machine's own address, for
 * Firefox does not talk to 127.0.0.1. Port 0 lets the system choose. --limit ends the program after
 * so many seconds. With --states and --key, a file of 32 random bytes, calls go on when the program
 * was killed or ended, and begins anew on the same port before the browser gives up. --test hears
 * what interop/browser asks for, such as a wrong fingerprint.
 *
 * One thread, one poll: the web server's descriptor, the endpoint's, and the nearest deadline.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "survive.h"
#include "web.h"

#ifndef BROWSER_PAGE
#define BROWSER_PAGE "examples/browser"
#endif

enum {
    DAY = 86400,
    SECOND = 1000000,
    SILENCE = 30 * SECOND,  /* after which a browser is taken for gone: it checks every few s */
    REMEMBER = 20 * SECOND, /* how long the counts of an ended call can be asked for */
    BURST = 256,            /* datagrams between two looks at the web server */
    TURN = 500,             /* milliseconds between two looks for calls that are over */
};

struct options {
    const char *address;
    const char *media_address;
    const char *page;
    const char *states;
    const char *key;
    uint16_t port;
    uint16_t media_port;
    uint64_t limit; /* seconds; 0: none */
    bool test;
};

static struct gate gate;
static struct keeper keeper;
static volatile sig_atomic_t stopped;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

static void need(bool good, const char *what) {
    if (!good) {
        (void)fprintf(stderr, "browser: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static uint16_t read_port(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    need(*text != '\0' && *end == '\0' && value <= 65535, "a port is a number up to 65535");
    return (uint16_t)value;
}

static bool take_option(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--address") == 0) {
        options->address = value;
    } else if (strcmp(name, "--media-address") == 0) {
        options->media_address = value;
    } else if (strcmp(name, "--page") == 0) {
        options->page = value;
    } else if (strcmp(name, "--states") == 0) {
        options->states = value;
    } else if (strcmp(name, "--key") == 0) {
        options->key = value;
    } else if (strcmp(name, "--port") == 0) {
        options->port = read_port(value);
    } else if (strcmp(name, "--media-port") == 0) {
        options->media_port = read_port(value);
    } else if (strcmp(name, "--limit") == 0) {
        options->limit = strtoul(value, NULL, 10);
    } else {
        return false;
    }
    return true;
}

static struct options read_options(int argc, char **argv) {
    struct options options = {.address = "127.0.0.1", .page = BROWSER_PAGE, .port = 8080};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--test") == 0) {
            options.test = true;
        } else {
            need(i + 1 < argc && take_option(&options, argv[i], argv[i + 1]),
                 "usage: browser [--address ADDRESS] [--port PORT] [--media-address ADDRESS] "
                 "[--media-port PORT] [--page FOLDER] [--limit SECONDS] "
                 "[--states FOLDER --key FILE] [--test]");
            i++;
        }
    }
    need((options.states == NULL) == (options.key == NULL), "--states and --key go together");
    return options;
}

/* A browser speaks to the call whose user fragment its first STUN packet names. */
static struct call *find_addressed(const struct rtpgate_arrival *arrival) {
    for (size_t i = 0; i < GATE_CALLS; i++) {
        struct call *call = gate.calls[i];
        if (call != NULL && call->ended_at == 0 &&
            call_is_addressed(call, arrival->data, arrival->length)) {
            return call;
        }
    }
    return NULL;
}

static struct call *find_owner(const rtpgate_peer *peer) {
    for (size_t i = 0; i < GATE_CALLS; i++) {
        if (gate.calls[i] != NULL && gate.calls[i]->peer == peer) {
            return gate.calls[i];
        }
    }
    return NULL;
}

static struct call *find_pair(const struct call *call) {
    for (size_t i = 0; i < GATE_CALLS; i++) {
        struct call *other = gate.calls[i];
        if (other != NULL && other != call && other->ended_at == 0 &&
            call->wishes.pair[0] != '\0' && strcmp(call->wishes.pair, other->wishes.pair) == 0) {
            return other;
        }
    }
    return NULL;
}

static void receive(void) {
    struct rtpgate_arrival arrival;
    for (int left = BURST;
         left > 0 && rtpgate_endpoint_receive(gate.endpoint, &arrival, rtpgate_endpoint_now()) == 1;
         left--) {
        /* An address may be taken over by another call of the same browser. */
        struct call *call = arrival.kind == RTPGATE_KIND_STUN ? find_addressed(&arrival) : NULL;
        if (call == NULL && arrival.peer != NULL) {
            call = find_owner(arrival.peer);
        }
        if (call != NULL) {
            call_arrival(call, &arrival, find_pair);
        }
    }
}

static void look_after(struct call **place, uint64_t now) {
    struct call *call = *place;
    if (call == NULL) {
        return;
    }
    call_drain(call, find_pair);
    call_keep(call, false);
    if (call->ended_at == 0 && now - call->heard > SILENCE) {
        call_end(call, "nothing was heard of the browser for 30 seconds");
    } else if (call->ended_at != 0 && now - call->ended_at > REMEMBER) {
        call_free(call);
        *place = NULL;
    }
}

static int shorter(int a, int b) {
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void turn(struct web *web) {
    struct pollfd wait[] = {{.fd = web_fd(web), .events = POLLIN},
                            {.fd = rtpgate_endpoint_fd(gate.endpoint), .events = POLLIN}};
    uint64_t deadline = rtpgate_endpoint_deadline(gate.endpoint);
    int timeout = rtpgate_timeout_ms(deadline, rtpgate_endpoint_now());
    (void)poll(wait, 2, shorter(shorter(timeout, web_timeout(web)), TURN));
    web_run(web);
    receive();
    (void)rtpgate_endpoint_expire(gate.endpoint, rtpgate_endpoint_now());
    for (size_t i = 0; i < GATE_CALLS; i++) {
        look_after(&gate.calls[i], rtpgate_endpoint_now());
    }
}

/* The address from which this machine would reach another one: connecting a UDP socket sends
 * nothing, it only looks for the route. Without a network there is loopback alone. */
static const char *find_own_address(void) {
    static char text[INET_ADDRSTRLEN] = "127.0.0.1";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    (void)inet_pton(AF_INET, "198.51.100.1", &address.sin_addr); /* nobody's: RFC 5737 */
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, length) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
        (void)inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return text;
}

static void open_gate(struct options *options) {
    uint64_t date = (uint64_t)time(NULL);
    if (options->media_address == NULL) {
        options->media_address = find_own_address();
    }
    need(rtpgate_identity_generate(&gate.identity, date - DAY, date + 30 * DAY) == 0,
         "no certificate could be made");
    need(rtpgate_endpoint_new(&gate.endpoint, options->media_address, options->media_port) == 0,
         "the UDP port cannot be opened");
    gate.address = options->media_address;
    gate.page = options->page;
    gate.test = options->test;
    if (options->states != NULL) {
        need(keeper_open(&keeper, options->states, options->key), "the key has to have 32 bytes");
        gate.keeper = &keeper;
    }
}

static void resume_calls(void) {
    for (size_t i = 0; gate.keeper != NULL && i < GATE_CALLS; i++) {
        gate.calls[i] = call_resume(gate.keeper, gate.endpoint, gate.identity);
    }
}

static void close_gate(void) {
    for (size_t i = 0; i < GATE_CALLS; i++) {
        if (gate.calls[i] != NULL) {
            if (!call_suspend(gate.calls[i])) {
                call_end(gate.calls[i], "the program ends");
            }
            call_free(gate.calls[i]);
        }
    }
    rtpgate_endpoint_free(gate.endpoint);
    rtpgate_identity_free(gate.identity);
    keeper_clear(&keeper);
}

int main(int argc, char **argv) {
    struct options options = read_options(argc, argv);
    struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    open_gate(&options);
    resume_calls();
    struct web *web = web_new(&gate, options.address, options.port);
    need(web != NULL, "the page cannot be served there: is the port taken?");
    (void)printf("open http://%s:%u\n", options.address, web_port(web));
    (void)printf("media: UDP port %u of %s\n", rtpgate_endpoint_port(gate.endpoint),
                 options.media_address);
    (void)fflush(stdout);
    uint64_t end = rtpgate_endpoint_now() + options.limit * SECOND;
    while (!stopped && (options.limit == 0 || rtpgate_endpoint_now() < end)) {
        turn(web);
    }
    close_gate();
    web_free(web);
    return EXIT_SUCCESS;
}
