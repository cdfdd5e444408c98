/* What an SDP offer of a browser says that matters here (RFC 8866, RFC 9429). */
#ifndef BROWSER_OFFER_H
#define BROWSER_OFFER_H

#include <stdbool.h>
#include <stddef.h>

#include <rtpgate/description.h>

enum {
    OFFER_MAX_BYTES = 64 * 1024,
    OFFER_MAX_SECTIONS = 16,
    OFFER_MAX_UFRAG = 256, /* RFC 8839 5.4 */
};

/* A piece of the offer's text. */
struct span {
    const char *text;
    size_t length;
};

struct section {
    struct span text; /* from its m= line to the next one */
    enum { SECTION_MEDIA, SECTION_DATA, SECTION_OTHER } kind;
    bool sends; /* the browser does */
    bool receives;
};

struct offer {
    char *text;          /* a copy, which the spans point into */
    struct span session; /* the lines before the first m= */
    struct section sections[OFFER_MAX_SECTIONS];
    size_t section_count;
    struct span ufrag;               /* another one than before: ICE begins anew */
    struct rtpgate_description dtls; /* of the first section that is used: the BUNDLE's */
};

/*
 * Reads an offer. Returns NULL, or a sentence for a person that says what is wrong with it. The
 * offer is to be freed in both cases.
 */
const char *offer_read(struct offer *offer, const char *text, size_t length);
void offer_free(struct offer *offer);

/* Walks over lines without their ends: false when there is none any more. */
bool next_line(struct span *rest, struct span *line);

/* Whether `line` begins with `prefix`; `*value` (may be NULL) is then what follows. */
bool line_has(struct span line, const char *prefix, struct span *value);

#endif
