/* A server of ours, to which a client comes when a test says so: ours, OpenSSL or GnuTLS. */
#ifndef RG_TESTS_VISIT_H
#define RG_TESTS_VISIT_H

#include "dtls/association.h"
#include "dtls/identity.h"
#include "sim/forge.h"
#include "sim/openssl.h"
#include "sim/pair.h"
#include "sim/stock.h"
#include "state.h"
#include "suite.h"

enum kind { OURS, OPENSSL, GNUTLS, KINDS };

/* Paths: the client's, and one of somebody else. */
enum { HERE = 0, ELSEWHERE = 5 };

static struct visit {
    enum kind kind;
    struct sim_link *link; /* 25 ms one way */
    struct sim_ours server;
    struct sim_ours ours;
    struct sim_openssl openssl;
    struct sim_stock stock;
} visit;

static inline struct sim_endpoint make_visitor(void) {
    static const uint16_t profiles[] = {7};
    const struct sim_openssl_setup openssl = {.profiles = "SRTP_AEAD_AES_128_GCM",
                                              .groups = "X25519:P-256"};
    const struct sim_stock_setup stock = {.profiles = profiles, .profile_count = 1};
    if (visit.kind == OPENSSL) {
        sim_openssl_init(&visit.openssl, &openssl);
        return sim_openssl_endpoint(&visit.openssl);
    }
    if (visit.kind == GNUTLS) {
        sim_stock_init(&visit.stock, &stock);
        return sim_stock_endpoint(&visit.stock);
    }
    sim_ours_init(&visit.ours, sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_seed(&visit.ours, 8);
    sim_ours_expect(&visit.ours, 1, 0);
    return sim_ours_endpoint(&visit.ours);
}

/* The server, which knows no fingerprint, and a client that has not begun. */
static inline void invite(enum kind kind) {
    const struct sim_conditions conditions = {.delay = 25000};
    visit.kind = kind;
    visit.link = sim_link_new(1, &conditions);
    sim_ours_init(&visit.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_ours_seed(&visit.server, 7);
    (void)sim_link_add(visit.link, make_visitor());
    (void)sim_link_add(visit.link, sim_ours_endpoint(&visit.server));
}

static inline void part(void) {
    sim_ours_clear(&visit.server);
    if (visit.kind == OPENSSL) {
        sim_openssl_clear(&visit.openssl);
    } else if (visit.kind == GNUTLS) {
        sim_stock_clear(&visit.stock);
    } else {
        sim_ours_clear(&visit.ours);
    }
    sim_link_free(visit.link);
}

static inline struct rtpgate_fingerprint visitor_fingerprint(void) {
    struct rtpgate_fingerprint fingerprint = sim_fingerprint(0);
    gnutls_datum_t stock = sim_stock_certificate();
    struct rg_bytes der = {stock.data, stock.size};
    if (visit.kind == OPENSSL) {
        der = sim_openssl_certificate();
    }
    if (visit.kind != OURS) {
        ck_assert_int_eq(rg_certificate_fingerprint(der, RTPGATE_HASH_SHA256, &fingerprint), 0);
    }
    return fingerprint;
}

/* From now on the server expects the client. */
static inline void expect_visitor(void) {
    struct rtpgate_fingerprint fingerprint = visitor_fingerprint();
    uint64_t now = sim_link_now(visit.link);
    ck_assert_int_eq(rtpgate_session_set_remote(visit.server.session, &fingerprint, 1, now), 0);
    sim_ours_drain(&visit.server, now);
}

/* The client comes now; then time goes on until `until`. */
static inline void come(uint64_t until) {
    if (visit.kind == OPENSSL) {
        sim_openssl_start(&visit.openssl);
    } else if (visit.kind == GNUTLS) {
        sim_stock_start(&visit.stock);
    } else {
        ck_assert_int_eq(rtpgate_session_start(visit.ours.session, sim_link_now(visit.link)), 0);
    }
    sim_link_run(visit.link, until);
}

/* Both sides are through with it, and the server not later than `when`. */
static inline void assert_met_by(uint64_t when) {
    assert_state(&visit.server, RTPGATE_STATE_READY);
    ck_assert_uint_le(visit.server.ready_at, when);
    ck_assert(visit.kind != OURS || sim_ours_agree(&visit.ours, &visit.server));
    ck_assert(visit.kind != OPENSSL || visit.openssl.done);
    ck_assert(visit.kind != GNUTLS || visit.stock.done);
}

static inline void finish_visits(void) {
    sim_ours_finish();
    sim_openssl_finish();
    sim_stock_finish();
}

#endif
