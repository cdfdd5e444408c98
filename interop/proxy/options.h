/* The command line of proxy. */
#ifndef PROXY_OPTIONS_H
#define PROXY_OPTIONS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UP, DOWN, DIRECTIONS };
enum { EXIT_USAGE = 2 };

static const char USAGE[] =
    "usage: proxy --to PORT [OPTION VALUE]...\n"
    "  --to-address A, --listen A    where the server is, and where we are (default: 127.0.0.1)\n"
    "  --port N                      our port (default: the kernel chooses)\n"
    "  --from N                      the port that the server sees the first client at\n"
    "  --drop-up N, --drop-down N    drop the Nth datagram of that direction\n"
    "  --loss-up N, --loss-down N    drop N of 100\n"
    "  --duplicate N                 send N of 100 twice\n"
    "  --reorder N                   let N of 100 be overtaken\n"
    "  --far MS                      delay each by MS milliseconds\n"
    "  --delay MS                    delay each by 0 to MS milliseconds more\n"
    "  --forge-up FILE, --forge-down FILE    before each datagram of either direction forge those\n"
    "                                of FILE in that direction, a line each\n"
    "  --forge-after N               not before the first N\n"
    "  --forge-times N               so often at most (default: 24; answers would go on for ever)\n"
    "  --only dtls                   do so to DTLS alone, and count nothing else\n"
    "  --pcap FILE                   write down what comes\n"
    "  --seed N                      another course of events\n"
    "  --limit SECONDS               when to end (default: 60)\n";

struct options {
    struct in_addr to_address;
    struct in_addr listen;
    uint64_t to;
    uint64_t port;
    uint64_t from;
    uint64_t drop[DIRECTIONS];
    uint64_t loss[DIRECTIONS];
    uint64_t duplicate;
    uint64_t reorder;
    uint64_t far;
    uint64_t delay;
    uint64_t seed;
    uint64_t limit;
    uint64_t forge_after;
    uint64_t forge_times;
    const char *forge[DIRECTIONS];
    const char *pcap;
    bool only_dtls;
};

static void die(const char *what, const char *why) {
    (void)fprintf(stderr, "proxy: %s: %s\n", what, why);
    exit(EXIT_USAGE);
}

static bool read_number(struct options *options, const char *name, const char *value) {
    const struct {
        const char *name;
        uint64_t *number;
        unsigned long max;
    } numbers[] = {
        {"--to", &options->to, UINT16_MAX},
        {"--port", &options->port, UINT16_MAX},
        {"--from", &options->from, UINT16_MAX},
        {"--drop-up", &options->drop[UP], 1000},
        {"--drop-down", &options->drop[DOWN], 1000},
        {"--loss-up", &options->loss[UP], 100},
        {"--loss-down", &options->loss[DOWN], 100},
        {"--duplicate", &options->duplicate, 100},
        {"--reorder", &options->reorder, 100},
        {"--far", &options->far, 10000},
        {"--delay", &options->delay, 10000},
        {"--seed", &options->seed, UINT32_MAX},
        {"--limit", &options->limit, 600},
        {"--forge-after", &options->forge_after, 1000},
        {"--forge-times", &options->forge_times, 1000},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(numbers[i].name, name) == 0) {
            char *end = NULL;
            unsigned long number = strtoul(value, &end, 10);
            *numbers[i].number = number;
            return *value != '\0' && *end == '\0' && number <= numbers[i].max;
        }
    }
    return false;
}

static bool read_option(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--to-address") == 0) {
        return inet_pton(AF_INET, value, &options->to_address) == 1;
    }
    if (strcmp(name, "--listen") == 0) {
        return inet_pton(AF_INET, value, &options->listen) == 1;
    }
    if (strcmp(name, "--only") == 0) {
        options->only_dtls = strcmp(value, "dtls") == 0;
        return options->only_dtls;
    }
    const struct {
        const char *name;
        const char **file;
    } files[] = {
        {"--pcap", &options->pcap},
        {"--forge-up", &options->forge[UP]},
        {"--forge-down", &options->forge[DOWN]},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(files[i].name, name) == 0) {
            *files[i].file = value;
            return *value != '\0';
        }
    }
    return read_number(options, name, value);
}

static struct options read_options(int argc, char **argv) {
    struct options options = {.limit = 60, .forge_times = 24};
    options.to_address.s_addr = options.listen.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 1; i < argc; i += 2) {
        if (!read_option(&options, argv[i], i + 1 < argc ? argv[i + 1] : "")) {
            die(argv[i], USAGE);
        }
    }
    if (options.to == 0) {
        die("--to", USAGE);
    }
    return options;
}

#endif
