/* Datagrams from a file of hex lines. */
#ifndef RG_TESTS_SIM_HEX_H
#define RG_TESTS_SIM_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEX_DATAGRAMS = 8, HEX_BYTES = 2048 };

struct hex_datagram {
    uint8_t bytes[HEX_BYTES];
    size_t length;
};

struct hex_file {
    struct hex_datagram datagrams[HEX_DATAGRAMS];
    size_t count;
};

/*
 * Reads the file at `path`: one datagram a line; empty lines and lines that begin with
 * '#' are skipped. False when it cannot be read, holds anything else or is too large.
 */
bool hex_read(struct hex_file *file, const char *path);

#endif
