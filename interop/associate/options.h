/* The command line of associate. */
#ifndef ASSOCIATE_OPTIONS_H
#define ASSOCIATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rtpgate/rtpgate.h>

enum { EXIT_USAGE = 2, FINGERPRINTS_MAX = 8, PROFILES_MAX = 4 };

static const char USAGE[] =
    "usage: associate client|server [OPTION VALUE]...\n"
    "  --port N            client: the peer's port; server: ours (default: the kernel chooses)\n"
    "  --profile NAME      an SRTP profile; repeat it, best first (default: all)\n"
    "  --fingerprint TEXT  an expected fingerprint, as in SDP; repeat it (default: none)\n"
    "  --identity FILE     certificate and key in PEM (default: a new one)\n"
    "  --mtu N --deadline MS --retransmission MS --grace MS    as in rtpgate/config.h\n"
    "  --limit MS          when to give up in any case (default: 20000)\n";

struct options {
    enum rtpgate_role role;
    uint64_t port;
    enum rtpgate_srtp_profile profiles[PROFILES_MAX];
    size_t profile_count;
    struct rtpgate_fingerprint fingerprints[FINGERPRINTS_MAX];
    size_t fingerprint_count;
    const char *identity;
    uint64_t mtu;
    uint64_t deadline;
    uint64_t retransmission;
    uint64_t grace;
    uint64_t limit;
};

static void die(const char *what, const char *why) {
    (void)fprintf(stderr, "associate: %s: %s\n", what, why);
    exit(EXIT_USAGE);
}

static void must(const char *what, int result) {
    if (result < 0) {
        die(what, rtpgate_strerror(result));
    }
}

static void add_profile(struct options *options, const char *name) {
    for (uint16_t number = 1; number < 16; number++) {
        const struct rtpgate_srtp_profile_info *info = rtpgate_srtp_profile_info(number);
        if (info != NULL && strcmp(info->name, name) == 0 &&
            options->profile_count < PROFILES_MAX) {
            options->profiles[options->profile_count++] = info->profile;
            return;
        }
    }
    die(name, "not an SRTP profile, or too many");
}

static void add_fingerprint(struct options *options, const char *text) {
    if (options->fingerprint_count == FINGERPRINTS_MAX) {
        die(text, "too many fingerprints");
    }
    must(text, rtpgate_fingerprint_parse(&options->fingerprints[options->fingerprint_count], text,
                                         strlen(text)));
    options->fingerprint_count++;
}

static bool read_number(struct options *options, const char *name, const char *value) {
    const struct {
        const char *name;
        uint64_t *number;
        unsigned long max;
    } numbers[] = {
        {"--port", &options->port, UINT16_MAX},
        {"--mtu", &options->mtu, RTPGATE_MTU_MAX},
        {"--deadline", &options->deadline, 600000},
        {"--retransmission", &options->retransmission, 3000},
        {"--grace", &options->grace, 600000},
        {"--limit", &options->limit, 600000},
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

static void read_option(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--profile") == 0) {
        add_profile(options, value);
    } else if (strcmp(name, "--fingerprint") == 0) {
        add_fingerprint(options, value);
    } else if (strcmp(name, "--identity") == 0) {
        options->identity = value;
    } else if (!read_number(options, name, value)) {
        die(name, "no such option, or not a value for it");
    }
}

static enum rtpgate_role read_role(const char *word) {
    if (strcmp(word, "client") == 0) {
        return RTPGATE_ROLE_CLIENT;
    }
    if (strcmp(word, "server") != 0) {
        die(word, USAGE);
    }
    return RTPGATE_ROLE_SERVER;
}

static struct options read_options(int argc, char **argv) {
    struct options options = {
        .mtu = 1200, .deadline = 15000, .retransmission = 50, .grace = 1000, .limit = 20000};
    if (argc < 2 || argc % 2 != 0) {
        die("options", USAGE);
    }
    options.role = read_role(argv[1]);
    for (int i = 2; i < argc; i += 2) {
        read_option(&options, argv[i], argv[i + 1]);
    }
    return options;
}

#endif
