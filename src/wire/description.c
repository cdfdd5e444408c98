#include "wire/description.h"

#include <string.h>

#include <rtpgate/error.h>

#include "wire/fingerprint_set.h"

/* A view of text that somebody else owns. */
struct text {
    const char *at;
    size_t length;
};

static const struct {
    const char *name;
    enum rtpgate_setup setup;
} setups[] = {
    {"actpass", RTPGATE_SETUP_ACTPASS},
    {"active", RTPGATE_SETUP_ACTIVE},
    {"passive", RTPGATE_SETUP_PASSIVE},
    {"holdconn", RTPGATE_SETUP_HOLDCONN},
};
enum { SETUPS = sizeof(setups) / sizeof(setups[0]) };

static struct text text_from(struct text text, size_t start) {
    return (struct text){text.at + start, text.length - start};
}

/* The line at the front of `rest`, without its end; `rest` becomes what follows. */
static struct text next_line(struct text *rest) {
    const char *end = memchr(rest->at, '\n', rest->length);
    struct text line = {rest->at, end != NULL ? (size_t)(end - rest->at) : rest->length};

    *rest = text_from(*rest, line.length + (end != NULL ? 1U : 0U));
    while (line.length > 0 &&
           (line.at[line.length - 1] == '\r' || line.at[line.length - 1] == ' ')) {
        line.length--;
    }
    return line;
}

static bool begins_with(struct text line, const char *prefix) {
    size_t length = strlen(prefix);

    return line.length >= length && memcmp(line.at, prefix, length) == 0;
}

/* Moves `rest` behind its next line that begins with `prefix`; false when there is none. */
static bool next_value(struct text *rest, const char *prefix, struct text *value) {
    while (rest->length > 0) {
        struct text line = next_line(rest);

        if (begins_with(line, prefix)) {
            *value = text_from(line, strlen(prefix));
            return true;
        }
    }
    return false;
}

/* How much of `text` stands before its next m= line. */
static size_t before_media(struct text text) {
    struct text rest = text;

    while (rest.length > 0) {
        size_t passed = text.length - rest.length;

        if (begins_with(next_line(&rest), "m=")) {
            return passed;
        }
    }
    return text.length;
}

/* Cuts media section number `index` out of `sdp`, and the session section. Without m= lines `sdp`
 * is both. */
static bool find_sections(struct text sdp, size_t index, struct text *session, struct text *media) {
    struct text rest = text_from(sdp, before_media(sdp));

    *session = (struct text){sdp.at, sdp.length - rest.length};
    *media = rest;
    if (rest.length == 0) {
        *media = sdp;
        return index == 0;
    }
    for (size_t number = 0; rest.length > 0; number++) {
        *media = rest;
        (void)next_line(&rest);
        rest = text_from(rest, before_media(rest));
        media->length -= rest.length;
        if (number == index) {
            return true;
        }
    }
    return false;
}

/* tolower and isalnum obey the locale; SDP does not. */
static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Literals of ABNF may be of either case (RFC 5234 2.3). */
static bool same_word(struct text text, const char *word) {
    if (text.length != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (lower(text.at[i]) != word[i]) {
            return false;
        }
    }
    return true;
}

static enum rtpgate_setup setup_by_name(struct text name) {
    for (size_t i = 0; i < SETUPS; i++) {
        if (same_word(name, setups[i].name)) {
            return setups[i].setup;
        }
    }
    return RTPGATE_SETUP_ABSENT;
}

static bool parse_setup(struct rtpgate_description *out, struct text section) {
    struct text value;

    while (next_value(&section, "a=setup:", &value)) {
        enum rtpgate_setup setup = setup_by_name(value);

        if (setup == RTPGATE_SETUP_ABSENT ||
            (out->setup != RTPGATE_SETUP_ABSENT && out->setup != setup)) {
            return false;
        }
        out->setup = setup;
    }
    return true;
}

static bool is_tls_id_char(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '-' || c == '_';
}

static bool is_tls_id(struct text value) {
    if (value.length < RTPGATE_TLS_ID_MIN || value.length > RTPGATE_TLS_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < value.length; i++) {
        if (!is_tls_id_char(value.at[i])) {
            return false;
        }
    }
    return true;
}

static bool parse_tls_id(struct rtpgate_description *out, struct text section) {
    struct text value;

    while (next_value(&section, "a=tls-id:", &value)) {
        size_t known = strlen(out->tls_id);

        if (!is_tls_id(value) ||
            (known > 0 && (known != value.length || memcmp(out->tls_id, value.at, known) != 0))) {
            return false;
        }
        memcpy(out->tls_id, value.at, value.length);
    }
    return true;
}

static bool parse_fingerprints(struct rtpgate_description *out, struct text section) {
    struct text rest = section;
    struct text value;
    int count = 0;

    if (next_value(&rest, "a=fingerprint:", &value)) {
        count = rtpgate_fingerprint_parse_sdp(out->fingerprints, RTPGATE_DESCRIPTION_FINGERPRINTS,
                                              section.at, section.length);
    }
    out->fingerprint_count = count > 0 ? (size_t)count : 0;
    return count >= 0;
}

int rtpgate_description_parse(struct rtpgate_description *out, const char *sdp, size_t length,
                              size_t index) {
    struct rtpgate_description parsed = {.setup = RTPGATE_SETUP_ABSENT};
    struct text session;
    struct text media;

    if (out == NULL || sdp == NULL ||
        !find_sections((struct text){sdp, length}, index, &session, &media)) {
        return RTPGATE_ERR_INVAL;
    }
    if (!parse_tls_id(&parsed, media) || !parse_setup(&parsed, media) ||
        !parse_fingerprints(&parsed, media)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (parsed.setup == RTPGATE_SETUP_ABSENT && !parse_setup(&parsed, session)) {
        return RTPGATE_ERR_MALFORMED;
    }
    if (parsed.fingerprint_count == 0 && !parse_fingerprints(&parsed, session)) {
        return RTPGATE_ERR_MALFORMED;
    }
    *out = parsed;
    return 0;
}

bool rg_description_well_formed(const struct rtpgate_description *description) {
    const char *end = memchr(description->tls_id, '\0', sizeof(description->tls_id));

    if ((unsigned)description->setup > RTPGATE_SETUP_HOLDCONN || end == NULL ||
        description->fingerprint_count > RTPGATE_DESCRIPTION_FINGERPRINTS) {
        return false;
    }
    if (end != description->tls_id &&
        !is_tls_id((struct text){description->tls_id, (size_t)(end - description->tls_id)})) {
        return false;
    }
    for (size_t i = 0; i < description->fingerprint_count; i++) {
        const struct rtpgate_fingerprint *item = &description->fingerprints[i];

        if (item->length == 0 || item->length != rg_hash_length(item->hash)) {
            return false;
        }
    }
    return true;
}

/* Lines that together are at most RTPGATE_DESCRIPTION_MAX_TEXT long. */
struct lines {
    char text[RTPGATE_DESCRIPTION_MAX_TEXT];
    size_t length;
};

static void append(struct lines *lines, const char *text) {
    size_t length = strlen(text);

    memcpy(lines->text + lines->length, text, length);
    lines->length += length;
}

static void append_line(struct lines *lines, const char *attribute, const char *value) {
    append(lines, attribute);
    append(lines, value);
    append(lines, "\r\n");
}

static const char *setup_name(enum rtpgate_setup setup) {
    for (size_t i = 0; i < SETUPS; i++) {
        if (setups[i].setup == setup) {
            return setups[i].name;
        }
    }
    return "";
}

int rtpgate_description_format(const struct rtpgate_description *description, char *text,
                               size_t capacity) {
    struct lines lines = {.length = 0};

    if (description == NULL || text == NULL || !rg_description_well_formed(description) ||
        description->setup == RTPGATE_SETUP_HOLDCONN) {
        return RTPGATE_ERR_INVAL;
    }
    if (description->setup != RTPGATE_SETUP_ABSENT) {
        append_line(&lines, "a=setup:", setup_name(description->setup));
    }
    if (description->tls_id[0] != '\0') {
        append_line(&lines, "a=tls-id:", description->tls_id);
    }
    for (size_t i = 0; i < description->fingerprint_count; i++) {
        char value[RTPGATE_FINGERPRINT_MAX_TEXT];

        (void)rtpgate_fingerprint_format(&description->fingerprints[i], value, sizeof(value));
        append_line(&lines, "a=fingerprint:", value);
    }
    if (capacity <= lines.length) {
        return RTPGATE_ERR_NOBUF;
    }
    memcpy(text, lines.text, lines.length);
    text[lines.length] = '\0';
    return (int)lines.length;
}

int rtpgate_tls_id_make(char *text, size_t capacity, const uint8_t *random, size_t length) {
    static const char digits[] = "0123456789abcdef";

    if (text == NULL || random == NULL || length < 15 || length > RTPGATE_TLS_ID_MAX / 2) {
        return RTPGATE_ERR_INVAL;
    }
    if (capacity < 2 * length + 1) {
        return RTPGATE_ERR_NOBUF;
    }
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[random[i] >> 4];
        text[2 * i + 1] = digits[random[i] & 15];
    }
    text[2 * length] = '\0';
    return (int)(2 * length);
}
