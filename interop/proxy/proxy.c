/*
 * Stands between a UDP client and a UDP server on the loopback interface and loses, duplicates,
 * reorders and delays what passes. "up" is from the client to the server. What happens to the nth
 * datagram of a direction depends on the seed, the direction and n alone. Prints one line a
 * datagram, before it is sent on.
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

enum { UP, DOWN, DIRECTIONS };
enum chance { LOSE, DUPLICATE, REORDER, DELAY };
enum { EXIT_USAGE = 2, WAITING_MAX = 256, DATAGRAM_MAX = 16384, REORDER_DELAY = 20 };

static const char USAGE[] =
    "usage: proxy --to PORT [OPTION N]...\n"
    "  --drop-up N, --drop-down N    drop the Nth datagram of that direction\n"
    "  --loss-up N, --loss-down N    drop N of 100\n"
    "  --duplicate N                 send N of 100 twice\n"
    "  --reorder N                   let N of 100 be overtaken\n"
    "  --delay MS                    delay each by 0 to MS milliseconds\n"
    "  --seed N                      another course of events\n"
    "  --limit SECONDS               when to end (default: 60)\n";

static const char *const NAMES[DIRECTIONS] = {"up", "down"};

struct options {
    uint64_t to;
    uint64_t drop[DIRECTIONS];
    uint64_t loss[DIRECTIONS];
    uint64_t duplicate;
    uint64_t reorder;
    uint64_t delay;
    uint64_t seed;
    uint64_t limit;
};

struct datagram {
    uint64_t due;
    int direction;
    size_t length;
    uint8_t bytes[DATAGRAM_MAX];
};

struct proxy {
    struct options options;
    int sockets[DIRECTIONS]; /* [UP] receives from the client, [DOWN] from the server */
    uint16_t client;
    uint64_t count[DIRECTIONS];
    struct datagram *waiting[WAITING_MAX];
    size_t waiting_count;
};

static void die(const char *what, const char *why) {
    (void)fprintf(stderr, "proxy: %s: %s\n", what, why);
    exit(EXIT_USAGE);
}

static uint64_t now(void) {
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
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

static void say(const struct proxy *proxy, int direction, const char *what, size_t length) {
    (void)printf("%s %s %llu %zu\n", what, NAMES[direction],
                 (unsigned long long)proxy->count[direction], length);
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

static void decide(struct proxy *proxy, struct datagram *datagram) {
    const struct options *options = &proxy->options;
    int direction = datagram->direction;
    proxy->count[direction]++;
    if (lost(proxy, direction)) {
        say(proxy, direction, "drop", datagram->length);
        return;
    }
    datagram->due = now() + dice(proxy, direction, DELAY) % (options->delay + 1);
    if (happens(proxy, direction, REORDER, options->reorder)) {
        say(proxy, direction, "reorder", datagram->length);
        datagram->due += REORDER_DELAY;
    }
    if (happens(proxy, direction, DUPLICATE, options->duplicate)) {
        say(proxy, direction, "duplicate", datagram->length);
        enqueue(proxy, datagram);
    }
    say(proxy, direction, "pass", datagram->length);
    enqueue(proxy, datagram);
}

static void receive(struct proxy *proxy, int direction) {
    static struct datagram datagram;
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(proxy->sockets[direction], datagram.bytes, sizeof datagram.bytes,
                              MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (length <= 0 || (direction == DOWN && ntohs(from.sin_port) != proxy->options.to)) {
        return;
    }
    if (direction == UP) {
        proxy->client = ntohs(from.sin_port);
    }
    datagram.direction = direction;
    datagram.length = (size_t)length;
    decide(proxy, &datagram);
}

static void pass(const struct proxy *proxy, const struct datagram *datagram) {
    bool up = datagram->direction == UP;
    struct sockaddr_in to = loopback(up ? (uint16_t)proxy->options.to : proxy->client);
    (void)sendto(proxy->sockets[up ? DOWN : UP], datagram->bytes, datagram->length, 0,
                 (struct sockaddr *)&to, sizeof to);
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

static void run(struct proxy *proxy) {
    uint64_t end = now() + proxy->options.limit * 1000;
    uint64_t next = end;
    for (uint64_t time = now(); time < end; time = now()) {
        uint64_t until = next < end ? next : end;
        struct pollfd waits[DIRECTIONS] = {{.fd = proxy->sockets[UP], .events = POLLIN},
                                           {.fd = proxy->sockets[DOWN], .events = POLLIN}};
        if (poll(waits, DIRECTIONS, until > time ? (int)(until - time) : 0) < 0 && errno != EINTR) {
            die("poll", strerror(errno));
        }
        for (int direction = UP; direction < DIRECTIONS; direction++) {
            if (waits[direction].revents != 0) {
                receive(proxy, direction);
            }
        }
        next = pass_due(proxy);
    }
}

static uint16_t open_socket(int *out) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    *out = socket(AF_INET, SOCK_DGRAM, 0);
    if (*out < 0 || bind(*out, (struct sockaddr *)&address, size) != 0 ||
        getsockname(*out, (struct sockaddr *)&address, &size) != 0) {
        die("socket", strerror(errno));
    }
    return ntohs(address.sin_port);
}

static void read_option(struct options *options, const char *name, const char *value) {
    const struct {
        const char *name;
        uint64_t *number;
        unsigned long max;
    } numbers[] = {
        {"--to", &options->to, UINT16_MAX},          {"--drop-up", &options->drop[UP], 1000},
        {"--drop-down", &options->drop[DOWN], 1000}, {"--loss-up", &options->loss[UP], 100},
        {"--loss-down", &options->loss[DOWN], 100},  {"--duplicate", &options->duplicate, 100},
        {"--reorder", &options->reorder, 100},       {"--delay", &options->delay, 10000},
        {"--seed", &options->seed, UINT32_MAX},      {"--limit", &options->limit, 600},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char *end = NULL;
        unsigned long number = strtoul(value, &end, 10);
        if (strcmp(numbers[i].name, name) == 0 && *value != '\0' && *end == '\0' &&
            number <= numbers[i].max) {
            *numbers[i].number = number;
            return;
        }
    }
    die(name, USAGE);
}

int main(int argc, char **argv) {
    static struct proxy proxy = {.options = {.limit = 60}};
    for (int i = 1; i < argc; i += 2) {
        read_option(&proxy.options, argv[i], i + 1 < argc ? argv[i + 1] : "");
    }
    if (proxy.options.to == 0) {
        die("--to", USAGE);
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    uint16_t port = open_socket(&proxy.sockets[UP]);
    (void)open_socket(&proxy.sockets[DOWN]);
    (void)printf("port %u\n", port);
    run(&proxy);
    return EXIT_SUCCESS;
}
