#include "sim/cookies.h"

#include <gnutls/crypto.h>
#include <gnutls/dtls.h>
#include <stdlib.h>
#include <string.h>

static char who[] = "client";

static ssize_t push_request(gnutls_transport_ptr_t pointer, const void *bytes, size_t length) {
    struct sim_cookies *cookies = pointer;
    cookies->request_length = length < sizeof(cookies->request) ? length : 0;
    memcpy(cookies->request, bytes, cookies->request_length);
    return (ssize_t)length;
}

static void ask(struct sim_cookies *cookies, const uint8_t *datagram, size_t length) {
    gnutls_dtls_prestate_st prestate = {0};
    uint8_t copy[SIM_DATAGRAM_MAX];
    memcpy(copy, datagram, length);
    if (gnutls_dtls_cookie_verify(&cookies->key, who, sizeof(who), copy, length, &prestate) < 0) {
        (void)gnutls_dtls_cookie_send(&cookies->key, who, sizeof(who), &prestate, cookies,
                                      push_request);
        return;
    }
    gnutls_dtls_prestate_set(cookies->stock.tls, &prestate);
    cookies->verified = true;
}

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct sim_cookies *cookies = self;
    if (!cookies->verified) {
        ask(cookies, datagram, length);
    }
    if (cookies->verified) {
        cookies->inner.input(cookies->inner.self, datagram, length, path, now);
    }
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct sim_cookies *cookies = self;
    if (cookies->request_length == 0 || cookies->request_length > capacity) {
        return cookies->inner.output(cookies->inner.self, buffer, capacity, path);
    }
    int length = (int)cookies->request_length;
    memcpy(buffer, cookies->request, cookies->request_length);
    cookies->request_length = 0;
    *path = 0;
    return length;
}

static uint64_t deadline(const void *self) {
    const struct sim_cookies *cookies = self;
    return cookies->inner.deadline(cookies->inner.self);
}

static void expire(void *self, uint64_t now) {
    struct sim_cookies *cookies = self;
    cookies->inner.expire(cookies->inner.self, now);
}

void sim_cookies_init(struct sim_cookies *cookies, const struct sim_stock_setup *setup) {
    *cookies = (struct sim_cookies){.verified = false};
    sim_stock_init(&cookies->stock, setup);
    cookies->inner = sim_stock_endpoint(&cookies->stock);
    if (gnutls_key_generate(&cookies->key, GNUTLS_COOKIE_KEY_SIZE) < 0) {
        abort();
    }
}

void sim_cookies_clear(struct sim_cookies *cookies) {
    sim_stock_clear(&cookies->stock);
    gnutls_free(cookies->key.data);
}

struct sim_endpoint sim_cookies_endpoint(struct sim_cookies *cookies) {
    return (struct sim_endpoint){cookies, input, output, deadline, expire, "GnuTLS"};
}
