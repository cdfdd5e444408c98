#include "sim/hex.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 2 * HEX_BYTES + 2 };

static bool parse_line(struct hex_datagram *datagram, const char *line) {
    static const char digits[] = "0123456789abcdef";
    size_t length = strspn(line, digits);

    if (length % 2 != 0 || strcmp(line + length, "\n") != 0) {
        return false;
    }
    for (size_t i = 0; i < length; i += 2) {
        size_t high = (size_t)(strchr(digits, line[i]) - digits);
        size_t low = (size_t)(strchr(digits, line[i + 1]) - digits);
        datagram->bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    datagram->length = length / 2;
    return true;
}

static bool parse_file(struct hex_file *file, FILE *stream) {
    char line[LINE];

    while (fgets(line, sizeof(line), stream) != NULL) {
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (file->count == HEX_DATAGRAMS || !parse_line(&file->datagrams[file->count], line)) {
            return false;
        }
        file->count++;
    }
    return ferror(stream) == 0;
}

bool hex_read(struct hex_file *file, const char *path) {
    FILE *stream = fopen(path, "r");
    bool parsed;

    if (stream == NULL) {
        return false;
    }
    file->count = 0;
    parsed = parse_file(file, stream);
    (void)fclose(stream);
    return parsed;
}
