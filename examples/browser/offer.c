/* See offer.h. */
#include "offer.h"

#include <stdlib.h>
#include <string.h>

#include <rtpgate/rtpgate.h>

bool next_line(struct span *rest, struct span *line) {
    const char *end;
    if (rest->length == 0) {
        return false;
    }
    end = memchr(rest->text, '\n', rest->length);
    line->text = rest->text;
    line->length = end != NULL ? (size_t)(end - rest->text) : rest->length;
    rest->text += line->length + (end != NULL);
    rest->length -= line->length + (end != NULL);
    if (line->length > 0 && line->text[line->length - 1] == '\r') {
        line->length--;
    }
    return true;
}

bool line_has(struct span line, const char *prefix, struct span *value) {
    size_t length = strlen(prefix);
    if (line.length < length || memcmp(line.text, prefix, length) != 0) {
        return false;
    }
    if (value != NULL) {
        value->text = line.text + length;
        value->length = line.length - length;
    }
    return true;
}

/* The first line that begins with `prefix`. */
static bool find(struct span text, const char *prefix, struct span *value) {
    struct span line;
    while (next_line(&text, &line)) {
        if (line_has(line, prefix, value)) {
            return true;
        }
    }
    return false;
}

/* An attribute counts when the section has it, or else the session. */
static bool find_attribute(const struct offer *offer, const struct section *section,
                           const char *prefix, struct span *value) {
    return find(section->text, prefix, value) || find(offer->session, prefix, value);
}

static void read_direction(const struct offer *offer, struct section *section) {
    section->sends = section->receives = true;
    if (find_attribute(offer, section, "a=inactive", NULL)) {
        section->sends = section->receives = false;
    } else if (find(section->text, "a=sendonly", NULL)) {
        section->receives = false;
    } else if (find(section->text, "a=recvonly", NULL)) {
        section->sends = false;
    }
}

static void read_kind(struct section *section) {
    struct span line = {NULL, 0};
    struct span rest = section->text;
    (void)next_line(&rest, &line);
    section->kind = SECTION_OTHER;
    if ((line_has(line, "m=audio ", NULL) || line_has(line, "m=video ", NULL)) &&
        memchr(line.text, '\0', line.length) == NULL) {
        section->kind = SECTION_MEDIA;
    } else if (line_has(line, "m=application ", NULL) &&
               find(section->text, "a=sctp-port:", NULL)) {
        section->kind = SECTION_DATA;
    }
}

static const char *split(struct offer *offer, size_t length) {
    struct span rest = {offer->text, length};
    struct span line;
    struct span *current = &offer->session;
    current->text = offer->text;
    while (next_line(&rest, &line)) {
        if (line_has(line, "m=", NULL)) {
            if (offer->section_count == OFFER_MAX_SECTIONS) {
                return "The offer has more than 16 media sections.";
            }
            current = &offer->sections[offer->section_count++].text;
            current->text = line.text;
        }
        current->length = (size_t)(rest.text - current->text);
    }
    return offer->section_count > 0 ? NULL : "The offer has no media section (no line m=).";
}

static const char *read_sections(struct offer *offer) {
    for (size_t i = 0; i < offer->section_count; i++) {
        struct section *section = &offer->sections[i];
        read_kind(section);
        read_direction(offer, section);
        if (section->kind == SECTION_MEDIA && !find_attribute(offer, section, "a=rtcp-mux", NULL)) {
            return "RTP and RTCP have to share one port here: the offer lacks a=rtcp-mux.";
        }
        if (!find(section->text, "a=mid:", NULL)) {
            return "A media section of the offer has no a=mid.";
        }
    }
    return offer->section_count == 1 || find(offer->session, "a=group:BUNDLE ", NULL)
               ? NULL
               : "All media have to share one port here: the offer lacks a=group:BUNDLE.";
}

/* All media share one transport; what counts is said in the first section that is used. */
static const char *read_transport(struct offer *offer, size_t length) {
    size_t first = 0;
    while (first < offer->section_count && offer->sections[first].kind == SECTION_OTHER) {
        first++;
    }
    if (first == offer->section_count) {
        return "The offer has neither audio nor video nor a data channel.";
    }
    /* An agent that is lite sends no checks: it needs no password of the browser's. */
    if (!find_attribute(offer, &offer->sections[first], "a=ice-ufrag:", &offer->ufrag)) {
        return "The offer has no a=ice-ufrag: nothing can be sent without ICE.";
    }
    if (offer->ufrag.length > OFFER_MAX_UFRAG) {
        return "The a=ice-ufrag of the offer is longer than 256 characters.";
    }
    if (rtpgate_description_parse(&offer->dtls, offer->text, length, first) != 0) {
        return "The a=fingerprint, a=setup or a=tls-id of the offer cannot be understood.";
    }
    return offer->dtls.fingerprint_count > 0
               ? NULL
               : "The offer has no a=fingerprint: nobody could tell who the browser is.";
}

const char *offer_read(struct offer *offer, const char *text, size_t length) {
    const char *wrong;
    memset(offer, 0, sizeof(*offer));
    if (length < 4 || memcmp(text, "v=0", 3) != 0) {
        return "This is no SDP: it does not begin with v=0.";
    }
    offer->text = calloc(1, length + 1); /* strtoul must meet an end */
    if (offer->text == NULL) {
        return "There is no memory left for the offer.";
    }
    memcpy(offer->text, text, length);
    wrong = split(offer, length);
    wrong = wrong != NULL ? wrong : read_sections(offer);
    return wrong != NULL ? wrong : read_transport(offer, length);
}

void offer_free(struct offer *offer) {
    free(offer->text);
    offer->text = NULL;
}
