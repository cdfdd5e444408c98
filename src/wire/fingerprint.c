#include <rtpgate/fingerprint.h>

#include <stdbool.h>
#include <string.h>

#include <rtpgate/error.h>

#include "wire/fingerprint_set.h"

static const char attribute[] = "a=fingerprint:";
enum { ATTRIBUTE_LENGTH = sizeof(attribute) - 1 };

/* A view of text that somebody else owns. */
struct text {
    const char *at;
    size_t length;
};

/* Without its first `start` bytes; empty when it has no more. */
static struct text text_from(struct text text, size_t start) {
    if (start > text.length) {
        start = text.length;
    }
    return (struct text){text.at + start, text.length - start};
}

static size_t text_find(struct text text, char wanted) {
    const char *found = text.length > 0 ? memchr(text.at, wanted, text.length) : NULL;

    return found != NULL ? (size_t)(found - text.at) : text.length;
}

static bool is_attribute(struct text line) {
    return line.length >= ATTRIBUTE_LENGTH && memcmp(line.at, attribute, ATTRIBUTE_LENGTH) == 0;
}

/* tolower and isxdigit obey the locale; SDP does not. */
static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(struct text text, const char *name) {
    if (text.length != strlen(name)) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (lower(text.at[i]) != name[i]) {
            return false;
        }
    }
    return true;
}

static const char *hash_name(enum rtpgate_hash hash) {
    switch (hash) {
    case RTPGATE_HASH_SHA256:
        return "sha-256";
    case RTPGATE_HASH_SHA384:
        return "sha-384";
    case RTPGATE_HASH_SHA512:
        return "sha-512";
    }
    return "";
}

static bool hash_by_name(struct text name, enum rtpgate_hash *hash) {
    static const enum rtpgate_hash usable[] = {RTPGATE_HASH_SHA256, RTPGATE_HASH_SHA384,
                                               RTPGATE_HASH_SHA512};

    for (size_t i = 0; i < sizeof(usable) / sizeof(usable[0]); i++) {
        if (same_name(name, hash_name(usable[i]))) {
            *hash = usable[i];
            return true;
        }
    }
    return false;
}

static bool is_blank(char c) {
    return c == '\r' || c == '\n' || c == ' ';
}

static struct text without_line_end(struct text text) {
    while (text.length > 0 && is_blank(text.at[text.length - 1])) {
        text.length--;
    }
    return text;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of digits, a colon between two pairs, nothing before or behind. */
static bool parse_bytes(uint8_t *bytes, size_t count, struct text text) {
    if (text.length != 3 * count - 1) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *pair = text.at + 3 * i;
        int high = hex_digit(pair[0]);
        int low = hex_digit(pair[1]);

        if (high < 0 || low < 0 || (i + 1 < count && pair[2] != ':')) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

enum outcome { PARSED, MALFORMED, NOT_USABLE };

/* `value` is what follows "a=fingerprint:". */
static enum outcome parse_value(struct rtpgate_fingerprint *out, struct text value) {
    struct rtpgate_fingerprint fingerprint = {.length = 0};
    size_t space;

    value = without_line_end(value);
    space = text_find(value, ' ');
    if (!hash_by_name((struct text){value.at, space}, &fingerprint.hash)) {
        return NOT_USABLE;
    }
    fingerprint.length = rg_hash_length(fingerprint.hash);
    if (!parse_bytes(fingerprint.bytes, fingerprint.length, text_from(value, space + 1))) {
        return MALFORMED;
    }
    *out = fingerprint;
    return PARSED;
}

int rtpgate_fingerprint_parse(struct rtpgate_fingerprint *out, const char *text, size_t length) {
    struct text line = {text, length};

    if (out == NULL || text == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    if (is_attribute(line)) {
        line = text_from(line, ATTRIBUTE_LENGTH);
    }
    return parse_value(out, line) == PARSED ? 0 : RTPGATE_ERR_MALFORMED;
}

/* The line at the front of `rest`, without its LF; `rest` becomes what follows. */
static struct text next_line(struct text *rest) {
    struct text line = {rest->at, text_find(*rest, '\n')};

    *rest = text_from(*rest, line.length + 1);
    return line;
}

int rtpgate_fingerprint_parse_sdp(struct rtpgate_fingerprint *out, size_t capacity,
                                  const char *text, size_t length) {
    struct text rest = {text, length};
    size_t count = 0;

    if (out == NULL || text == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    while (rest.length > 0) {
        struct text line = next_line(&rest);
        struct rtpgate_fingerprint fingerprint;
        enum outcome outcome = is_attribute(line)
                                   ? parse_value(&fingerprint, text_from(line, ATTRIBUTE_LENGTH))
                                   : NOT_USABLE;

        if (outcome == MALFORMED) {
            return RTPGATE_ERR_MALFORMED;
        }
        if (outcome == PARSED) {
            if (count < capacity) {
                out[count] = fingerprint;
            }
            count++;
        }
    }
    if (count == 0) {
        return RTPGATE_ERR_MALFORMED;
    }
    return count <= capacity ? (int)count : RTPGATE_ERR_NOBUF;
}

static void write_bytes(char *text, const uint8_t *bytes, size_t count) {
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < count; i++) {
        text[3 * i] = digits[bytes[i] >> 4];
        text[3 * i + 1] = digits[bytes[i] & 15];
        text[3 * i + 2] = i + 1 < count ? ':' : '\0';
    }
}

int rtpgate_fingerprint_format(const struct rtpgate_fingerprint *fingerprint, char *text,
                               size_t capacity) {
    size_t length;
    size_t name_length;
    const char *name;

    if (fingerprint == NULL || text == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    length = rg_hash_length(fingerprint->hash);
    if (length == 0 || fingerprint->length != length) {
        return RTPGATE_ERR_INVAL;
    }
    name = hash_name(fingerprint->hash);
    name_length = strlen(name);
    if (capacity < name_length + 1 + 3 * length) {
        return RTPGATE_ERR_NOBUF;
    }
    memcpy(text, name, name_length);
    text[name_length] = ' ';
    write_bytes(text + name_length + 1, fingerprint->bytes, length);
    return (int)(name_length + 3 * length);
}
