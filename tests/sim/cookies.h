/* A stock GnuTLS server that opens a session only for a hello with its cookie (RFC 6347 4.2.1). */
#ifndef SIM_COOKIES_H
#define SIM_COOKIES_H

#include "sim/stock.h"

struct sim_cookies {
    struct sim_stock stock;
    struct sim_endpoint inner; /* that of `stock` */
    gnutls_datum_t key;
    uint8_t request[256]; /* its HelloVerifyRequest, when one waits to be sent */
    size_t request_length;
    bool verified;
};

/* setup: of a server. */
void sim_cookies_init(struct sim_cookies *cookies, const struct sim_stock_setup *setup);
void sim_cookies_clear(struct sim_cookies *cookies);
struct sim_endpoint sim_cookies_endpoint(struct sim_cookies *cookies);

#endif
