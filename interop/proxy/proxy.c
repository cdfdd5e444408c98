/*
 * Stands between UDP clients and a UDP server on this machine and loses, duplicates, reorders and
 * delays what passes, or forges datagrams of one side. "up" is from a client to the server. What
 * happens to the nth datagram of a direction, counted over all clients, depends on the seed, the
 * direction and n alone. Prints one line a datagram that it counts, before it is sent on.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "options.h"
#include "volley.h"

enum chance { LOSE, DUPLICATE, REORDER, DELAY };
enum {
    WAITING_MAX = 8192,
    CLIENTS_MAX = 16,
    REORDER_DELAY = 20,
    VOLLEY_PACE = 16, /* datagrams a millisecond, which a socket's buffer bears */
};

static const char *const NAMES[DIRECTIONS] = {"up", "down"};

struct client {
    struct sockaddr_in address;
    int upstream; /* the server knows the client by this socket's address */
};

struct datagram {
    uint64_t due;
    int direction;
    const struct client *client;
    size_t length;
    uint8_t bytes[CAPTURED_MAX];
};

struct proxy {
    struct options options;
    struct capture capture;
    struct sockaddr_in server;
    int socket; /* all clients send to this one */
    struct client clients[CLIENTS_MAX];
    size_t client_count;
    struct volley volleys[DIRECTIONS];
    uint64_t count[DIRECTIONS];
    uint64_t volley_count;
    struct datagram *waiting[WAITING_MAX];
    size_t waiting_count;
};

static uint64_t now(void) {
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static bool equal(const struct sockaddr_in *one, const struct sockaddr_in *other) {
    return one->sin_port == other->sin_port && one->sin_addr.s_addr == other->sin_addr.s_addr;
}

/* An address that is not this machine's cannot be bound. */
static int open_socket(struct in_addr address, uint16_t port) {
    struct sockaddr_in bound = {
        .sin_family = AF_INET, .sin_addr = address, .sin_port = htons(port)};
    int opened = socket(AF_INET, SOCK_DGRAM, 0);
    if (opened < 0 || bind(opened, (struct sockaddr *)&bound, sizeof bound) != 0) {
        die("socket", strerror(errno));
    }
    return opened;
}

/* The finaliser of splitmix64 (public domain, S. Vigna). */
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static uint64_t dice(const struct proxy *proxy, int direction, enum chance what) {
    uint64_t roll = mix(proxy->options.seed);
    roll = mix(roll ^ (uint64_t)direction);
    roll = mix(roll ^ proxy->count[direction]);
    return mix(roll ^ (uint64_t)what);
}

static bool happens(const struct proxy *proxy, int direction, enum chance what, uint64_t percent) {
    return dice(proxy, direction, what) % 100 < percent;
}

static bool is_dtls(const struct datagram *datagram) {
    return datagram->length > 0 && datagram->bytes[0] >= 20 && datagram->bytes[0] <= 63;
}

static void say(const struct proxy *proxy, const struct datagram *datagram, const char *what) {
    (void)printf("%s %s %llu %zu\n", what, NAMES[datagram->direction],
                 (unsigned long long)proxy->count[datagram->direction], datagram->length);
}

static void write_down(struct proxy *proxy, const struct datagram *datagram, const char *comment) {
    const struct sockaddr_in *client = &datagram->client->address;
    bool up = datagram->direction == UP;
    capture_write(&proxy->capture, up ? client : &proxy->server, up ? &proxy->server : client,
                  datagram->bytes, datagram->length, is_dtls(datagram), comment);
}

static void enqueue(struct proxy *proxy, const struct datagram *datagram) {
    struct datagram *copy = malloc(sizeof *copy);
    if (copy == NULL || proxy->waiting_count == WAITING_MAX) {
        die("queue", "full");
    }
    *copy = *datagram;
    proxy->waiting[proxy->waiting_count++] = copy;
}

static bool lost(const struct proxy *proxy, int direction) {
    const struct options *options = &proxy->options;
    return proxy->count[direction] == options->drop[direction] ||
           happens(proxy, direction, LOSE, options->loss[direction]);
}

/* What the capture says of a datagram that passes. */
static void tell_fate(struct proxy *proxy, const struct datagram *datagram, bool doubled,
                      uint64_t delay) {
    char fate[64];
    char late[32] = "";
    if (delay > 0) {
        (void)snprintf(late, sizeof late, "%llu ms late", (unsigned long long)delay);
    }
    (void)snprintf(fate, sizeof fate, "%s%s%s", doubled ? "doubled" : "",
                   doubled && delay > 0 ? ", " : "", late);
    write_down(proxy, datagram, fate);
}

static void pass_on(struct proxy *proxy, struct datagram *datagram) {
    const struct options *options = &proxy->options;
    int direction = datagram->direction;
    bool overtaken = happens(proxy, direction, REORDER, options->reorder);
    bool doubled = happens(proxy, direction, DUPLICATE, options->duplicate);
    uint64_t delay = options->far + dice(proxy, direction, DELAY) % (options->delay + 1);
    delay += overtaken ? REORDER_DELAY : 0;
    datagram->due += delay;
    if (overtaken) {
        say(proxy, datagram, "reorder");
    }
    if (doubled) {
        say(proxy, datagram, "duplicate");
        enqueue(proxy, datagram);
    }
    say(proxy, datagram, "pass");
    enqueue(proxy, datagram);
    tell_fate(proxy, datagram, doubled, delay);
}

/* Before a datagram of either direction, in the name of who sends in the volley's. */
static void forge(struct proxy *proxy, struct datagram *genuine, int direction) {
    static struct datagram forged;
    const struct volley *volley = &proxy->volleys[direction];
    uint64_t passed = proxy->count[UP] + proxy->count[DOWN];
    if (volley->count == 0 || passed <= proxy->options.forge_after ||
        proxy->volley_count == proxy->options.forge_times ||
        proxy->waiting_count + volley->count >= WAITING_MAX) {
        return;
    }
    proxy->volley_count++;
    forged.direction = direction;
    forged.client = genuine->client;
    for (size_t i = 0; i < volley->count; i++) {
        forged.due = genuine->due + i / VOLLEY_PACE;
        forged.length = volley->datagrams[i].length;
        (void)memcpy(forged.bytes, volley->datagrams[i].bytes, forged.length);
        enqueue(proxy, &forged);
        if (proxy->volley_count == 1) {
            write_down(proxy, &forged, "forged, and again before those that follow");
        }
    }
    genuine->due += volley->count / VOLLEY_PACE;
    (void)printf("forge %s %zu\n", NAMES[direction], volley->count);
}

static void decide(struct proxy *proxy, struct datagram *datagram) {
    datagram->due = now();
    if (proxy->options.only_dtls && !is_dtls(datagram)) {
        write_down(proxy, datagram, "");
        enqueue(proxy, datagram);
        return;
    }
    proxy->count[datagram->direction]++;
    forge(proxy, datagram, UP);
    forge(proxy, datagram, DOWN);
    if (lost(proxy, datagram->direction)) {
        say(proxy, datagram, "drop");
        write_down(proxy, datagram, "lost");
    } else {
        pass_on(proxy, datagram);
    }
}

static struct client *client_at(struct proxy *proxy, const struct sockaddr_in *address) {
    for (size_t i = 0; i < proxy->client_count; i++) {
        if (equal(&proxy->clients[i].address, address)) {
            return &proxy->clients[i];
        }
    }
    if (proxy->client_count == CLIENTS_MAX) {
        die("clients", "too many");
    }
    struct client *client = &proxy->clients[proxy->client_count++];
    client->address = *address;
    client->upstream = open_socket(proxy->options.to_address, (uint16_t)proxy->options.from);
    proxy->options.from = 0;
    return client;
}

static bool read_datagram(int from, struct datagram *datagram, struct sockaddr_in *sender) {
    socklen_t size = sizeof *sender;
    ssize_t length = recvfrom(from, datagram->bytes, sizeof datagram->bytes, MSG_DONTWAIT,
                              (struct sockaddr *)sender, &size);
    datagram->length = length > 0 ? (size_t)length : 0;
    return length > 0;
}

static void receive_up(struct proxy *proxy) {
    static struct datagram datagram = {.direction = UP};
    struct sockaddr_in sender = {0};
    if (read_datagram(proxy->socket, &datagram, &sender)) {
        datagram.client = client_at(proxy, &sender);
        decide(proxy, &datagram);
    }
}

static void receive_down(struct proxy *proxy, const struct client *client) {
    static struct datagram datagram = {.direction = DOWN};
    struct sockaddr_in sender = {0};
    if (read_datagram(client->upstream, &datagram, &sender) && equal(&sender, &proxy->server)) {
        datagram.client = client;
        decide(proxy, &datagram);
    }
}

static void pass(const struct proxy *proxy, const struct datagram *datagram) {
    bool up = datagram->direction == UP;
    const struct sockaddr_in *to = up ? &proxy->server : &datagram->client->address;
    (void)sendto(up ? datagram->client->upstream : proxy->socket, datagram->bytes, datagram->length,
                 0, (const struct sockaddr *)to, sizeof *to);
}

/* Sends what is due, in the order of arrival. Returns when the next one will be. */
static uint64_t pass_due(struct proxy *proxy) {
    uint64_t next = UINT64_MAX;
    uint64_t time = now();
    size_t kept = 0;
    for (size_t i = 0; i < proxy->waiting_count; i++) {
        struct datagram *datagram = proxy->waiting[i];
        if (datagram->due <= time) {
            pass(proxy, datagram);
            free(datagram);
        } else {
            next = datagram->due < next ? datagram->due : next;
            proxy->waiting[kept++] = datagram;
        }
    }
    proxy->waiting_count = kept;
    return next;
}

static void receive_until(struct proxy *proxy, uint64_t until) {
    struct pollfd waits[CLIENTS_MAX + 1];
    size_t clients = proxy->client_count;
    for (size_t i = 0; i < clients; i++) {
        waits[i] = (struct pollfd){.fd = proxy->clients[i].upstream, .events = POLLIN};
    }
    waits[clients] = (struct pollfd){.fd = proxy->socket, .events = POLLIN};
    uint64_t time = now();
    if (poll(waits, clients + 1, until > time ? (int)(until - time) : 0) < 0 && errno != EINTR) {
        die("poll", strerror(errno));
    }
    for (size_t i = 0; i < clients; i++) {
        if (waits[i].revents != 0) {
            receive_down(proxy, &proxy->clients[i]);
        }
    }
    if (waits[clients].revents != 0) {
        receive_up(proxy);
    }
}

static void run(struct proxy *proxy) {
    uint64_t end = now() + proxy->options.limit * 1000;
    uint64_t next = end;
    while (now() < end) {
        receive_until(proxy, next < end ? next : end);
        next = pass_due(proxy);
    }
}

static uint16_t port_of(int bound) {
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    (void)getsockname(bound, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

int main(int argc, char **argv) {
    static struct proxy proxy;
    proxy.options = read_options(argc, argv);
    proxy.server = (struct sockaddr_in){.sin_family = AF_INET,
                                        .sin_addr = proxy.options.to_address,
                                        .sin_port = htons((uint16_t)proxy.options.to)};
    for (int direction = UP; direction < DIRECTIONS; direction++) {
        if (proxy.options.forge[direction] != NULL) {
            read_volley(&proxy.volleys[direction], proxy.options.forge[direction]);
        }
    }
    if (proxy.options.pcap != NULL) {
        capture_open(&proxy.capture, proxy.options.pcap);
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    proxy.socket = open_socket(proxy.options.listen, (uint16_t)proxy.options.port);
    (void)printf("port %u\n", port_of(proxy.socket));
    run(&proxy);
    return EXIT_SUCCESS;
}
