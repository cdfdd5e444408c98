/* The page, and WHIP (RFC 9725): an offer is posted, the answer comes back. On libmicrohttpd. */
#ifndef BROWSER_WEB_H
#define BROWSER_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"

enum { GATE_CALLS = 32 };

/* All that the program has. */
struct gate {
    rtpgate_endpoint *endpoint;
    rtpgate_identity *identity;
    const char *address;   /* of our candidate */
    const char *page;      /* the folder of the page's files */
    struct keeper *keeper; /* NULL: no call outlives this program */
    bool test;             /* wishes that only tests have are heard */
    struct call *calls[GATE_CALLS];
};

struct web;

/* Serves http://address:port. Returns NULL when that is not possible. */
struct web *web_new(struct gate *gate, const char *address, uint16_t port);
void web_free(struct web *web);

uint16_t web_port(const struct web *web);

/* For the event loop: what to poll, for how long at most (-1: any time), and what to do then. */
int web_fd(const struct web *web);
int web_timeout(const struct web *web);
void web_run(struct web *web);

#endif
