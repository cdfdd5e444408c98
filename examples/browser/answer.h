/* The SDP answer: one port, ICE-lite, the same codecs back. */
#ifndef BROWSER_ANSWER_H
#define BROWSER_ANSWER_H

#include <stdint.h>
#include <stdio.h>

#include "offer.h"

/* Our side of the agreement. */
struct terms {
    const char *address; /* of the only candidate */
    uint16_t port;
    const char *ufrag;
    const char *password;
    const char *dtls; /* lines of rtpgate_description_format */
    unsigned version; /* of the description: 1 for the first answer, then one more each */
};

void answer_write(FILE *out, const struct offer *offer, const struct terms *terms);

#endif
