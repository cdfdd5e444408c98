/* Datagrams that the proxy forges: read from a file, a line of hexadecimal text each. */
#ifndef PROXY_VOLLEY_H
#define PROXY_VOLLEY_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

enum { FORGED_MAX = 4096 };

/* It lives as long as the program. */
struct volley {
    size_t count;
    struct {
        uint8_t *bytes;
        size_t length;
    } datagrams[FORGED_MAX];
};

static bool read_hex(const char *text, uint8_t *out, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        char *end = NULL;
        out[i] = (uint8_t)strtoul(digits, &end, 16);
        if (end != digits + 2) {
            return false;
        }
    }
    return true;
}

/* An empty line is an empty datagram. */
static void read_volley(struct volley *volley, const char *name) {
    FILE *file = fopen(name, "r");
    if (file == NULL) {
        die(name, strerror(errno));
    }
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t size = 0; (size = getline(&line, &capacity, file)) > 0; volley->count++) {
        size_t length = (size_t)size / 2;
        uint8_t *bytes = malloc(length + 1);
        if (bytes == NULL || volley->count == FORGED_MAX || size % 2 == 0 ||
            line[size - 1] != '\n' || !read_hex(line, bytes, length)) {
            die(name, "is not a list of datagrams");
        }
        volley->datagrams[volley->count].bytes = bytes;
        volley->datagrams[volley->count].length = length;
    }
    free(line);
    (void)fclose(file);
    if (volley->count == 0) {
        die(name, "is empty");
    }
}

#endif
