/* See answer.h. */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "echo.h"

static void write_line(FILE *out, struct span line) {
    (void)fwrite(line.text, 1, line.length, out);
    (void)fputs("\r\n", out);
}

static const char *family(const char *address) {
    return strchr(address, ':') != NULL ? "IP6" : "IP4";
}

static void write_session(FILE *out, const struct offer *offer, const struct terms *terms) {
    struct span rest = offer->session;
    struct span line;
    (void)fprintf(out,
                  "v=0\r\no=rtpgate 1 %u IN %s %s\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n"
                  "a=msid-semantic: WMS *\r\n",
                  terms->version, family(terms->address), terms->address);
    while (next_line(&rest, &line)) {
        if (line_has(line, "a=group:BUNDLE ", NULL)) {
            write_line(out, line);
        }
    }
}

/* The offer's m= line with another port. */
static void write_media_line(FILE *out, struct span line, unsigned port) {
    const char *end = line.text + line.length;
    const char *before = memchr(line.text, ' ', line.length);
    const char *after = before != NULL ? memchr(before + 1, ' ', (size_t)(end - before - 1)) : NULL;
    if (after == NULL) {
        before = after = end;
    }
    (void)fprintf(out, "%.*s %u%.*s\r\n", (int)(before - line.text), line.text, port,
                  (int)(end - after), after);
}

static void write_transport(FILE *out, const struct terms *terms) {
    (void)fprintf(out,
                  "c=IN %s %s\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"
                  "a=candidate:1 1 udp 2130706431 %s %u typ host\r\na=end-of-candidates\r\n"
                  "%s",
                  family(terms->address), terms->address, terms->ufrag, terms->password,
                  terms->address, terms->port, terms->dtls);
}

static void write_direction(FILE *out, const struct section *section) {
    static const char *const names[2][2] = {{"inactive", "inactive"}, {"recvonly", "sendrecv"}};
    (void)fprintf(out, "a=%s\r\n", names[section->sends][section->receives]);
}

/* Numbers with the echo's SSRC in place of the browser's, behind one name for all of them. */
static void write_echoed(FILE *out, const char *prefix, struct span value) {
    (void)fputs(prefix, out);
    for (const char *at = value.text, *end = at + value.length; at < end;) {
        const char *stop = memchr(at, ' ', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        if (*at >= '0' && *at <= '9') {
            (void)fprintf(out, " %lu", strtoul(at, NULL, 10) ^ ECHO_SSRC);
        } else {
            (void)fprintf(out, "%.*s", (int)(stop - at), at);
        }
        at = stop + 1;
    }
    (void)fputs("\r\n", out);
}

/* A source has several lines a=ssrc, but one cname. */
static bool is_cname(struct span value) {
    const char *space = memchr(value.text, ' ', value.length);
    struct span word = {space, space != NULL ? value.length - (size_t)(space - value.text) : 0};
    return space != NULL && line_has(word, " cname:", NULL);
}

/* What the browser sends comes back under other SSRCs, in a track of ours. */
static void write_sources(FILE *out, const struct section *section) {
    struct span rest = section->text;
    struct span line;
    struct span value;
    while (next_line(&rest, &line)) {
        if (line_has(line, "a=ssrc-group:", &value)) {
            write_echoed(out, "a=ssrc-group:", value);
        } else if (line_has(line, "a=ssrc:", &value) && is_cname(value)) {
            (void)fprintf(out, "a=ssrc:%lu cname:echo\r\n",
                          strtoul(value.text, NULL, 10) ^ ECHO_SSRC);
        } else if (line_has(line, "a=mid:", &value)) {
            (void)fprintf(out, "a=msid:echo echo-%.*s\r\n", (int)value.length, value.text);
        }
    }
}

/* Lines that hold for both directions. An extmap with a direction of its own is left out. */
static bool holds_for_both(struct span line) {
    static const char *const prefixes[] = {
        "a=mid:",       "a=rtpmap:", "a=fmtp:",      "a=rtcp-fb:",         "a=rtcp-mux",
        "a=rtcp-rsize", "a=extmap:", "a=sctp-port:", "a=max-message-size:"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        if (line_has(line, prefixes[i], NULL)) {
            const char *space = memchr(line.text, ' ', line.length);
            size_t name = space != NULL ? (size_t)(space - line.text) : line.length;
            return !line_has(line, "a=extmap:", NULL) || memchr(line.text, '/', name) == NULL;
        }
    }
    return false;
}

static void write_section(FILE *out, const struct section *section, const struct terms *terms) {
    struct span rest = section->text;
    struct span line = {NULL, 0};
    bool used = section->kind != SECTION_OTHER;
    (void)next_line(&rest, &line);
    write_media_line(out, line, used ? terms->port : 0);
    if (used) {
        write_transport(out, terms);
    }
    while (next_line(&rest, &line)) {
        if (used ? holds_for_both(line) : line_has(line, "a=mid:", NULL)) {
            write_line(out, line);
        }
    }
    if (section->kind == SECTION_MEDIA) {
        write_direction(out, section);
        if (section->sends && section->receives) {
            write_sources(out, section);
        }
    }
}

void answer_write(FILE *out, const struct offer *offer, const struct terms *terms) {
    write_session(out, offer, terms);
    for (size_t i = 0; i < offer->section_count; i++) {
        write_section(out, &offer->sections[i], terms);
    }
}
