/* The command line: that of associate. */
#ifndef MBEDTLS_OPTIONS_H
#define MBEDTLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ssl.h>

struct options {
    bool client;
    uint16_t port;
    mbedtls_ssl_srtp_profile profiles[2]; /* ends with MBEDTLS_TLS_SRTP_UNSET */
    char identity[512];                   /* a file */
    char fingerprint[128];                /* "": not known yet */
    uint64_t limit;                       /* milliseconds */
};

static void die(const char *what, const char *why) {
    (void)fprintf(stderr, "ERROR: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void must(const char *what, int result) {
    if (result < 0) {
        char why[16];
        (void)snprintf(why, sizeof why, "-0x%04x", (unsigned)-result);
        die(what, why);
    }
}

static const struct {
    mbedtls_ssl_srtp_profile number;
    const char *name;
} PROFILES[] = {
    {MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80, "AES128_CM_SHA1_80"},
    {MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_32, "AES128_CM_SHA1_32"},
};
enum { PROFILE_COUNT = sizeof PROFILES / sizeof PROFILES[0] };

static mbedtls_ssl_srtp_profile profile_of(const char *name) {
    for (int i = 0; i < PROFILE_COUNT; i++) {
        if (strcmp(PROFILES[i].name, name) == 0) {
            return PROFILES[i].number;
        }
    }
    die(name, "Mbed TLS has no such profile");
    return MBEDTLS_TLS_SRTP_UNSET;
}

static const char *name_of(mbedtls_ssl_srtp_profile number) {
    for (int i = 0; i < PROFILE_COUNT; i++) {
        if (PROFILES[i].number == number) {
            return PROFILES[i].name;
        }
    }
    return "none";
}

static void copy(char *to, size_t capacity, const char *text) {
    if (strlen(text) >= capacity) {
        die(text, "too long");
    }
    (void)strcpy(to, text);
}

static bool read_role(const char *word) {
    if (strcmp(word, "client") != 0 && strcmp(word, "server") != 0) {
        die(word, "is not a role");
    }
    return strcmp(word, "client") == 0;
}

static void read_option(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--port") == 0) {
        options->port = (uint16_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--profile") == 0) {
        options->profiles[0] = profile_of(value);
    } else if (strcmp(name, "--identity") == 0) {
        copy(options->identity, sizeof options->identity, value);
    } else if (strcmp(name, "--fingerprint") == 0) {
        copy(options->fingerprint, sizeof options->fingerprint, value);
    } else if (strcmp(name, "--limit") == 0) {
        options->limit = strtoul(value, NULL, 10);
    } else {
        die(name, "is not an option");
    }
}

static struct options read_options(int argc, char **argv) {
    struct options options = {.profiles = {MBEDTLS_TLS_SRTP_UNSET, MBEDTLS_TLS_SRTP_UNSET},
                              .limit = 20000};
    if (argc < 2 || argc % 2 != 0) {
        die("usage", "peer client|server [OPTION VALUE]...");
    }
    options.client = read_role(argv[1]);
    for (int i = 2; i < argc; i += 2) {
        read_option(&options, argv[i], argv[i + 1]);
    }
    return options;
}

#endif
