/* A session of ours and a stock GnuTLS endpoint on one link. */
#ifndef RG_TESTS_MEETING_H
#define RG_TESTS_MEETING_H

#include <check.h>

#include "dtls/identity.h"
#include "sim/pair.h"
#include "sim/stock.h"

static const uint16_t all_profiles[] = {0x0001, 0x0002, 0x0007, 0x0008};

struct meeting {
    struct sim_link *link;
    struct sim_ours ours;
    struct sim_stock stock;
};

static inline struct rtpgate_fingerprint stock_fingerprint(void) {
    gnutls_datum_t der = sim_stock_certificate();
    struct rtpgate_fingerprint fingerprint;
    const struct rg_bytes bytes = {der.data, der.size};
    ck_assert_int_eq(rg_certificate_fingerprint(bytes, RTPGATE_HASH_SHA256, &fingerprint), 0);
    return fingerprint;
}

static inline void meet(struct meeting *meeting, const struct sim_stock_setup *setup,
                        rtpgate_config *config, uint64_t seed,
                        const struct sim_conditions *conditions) {
    struct rtpgate_fingerprint fingerprint = stock_fingerprint();
    enum rtpgate_role role = setup->server ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER;
    meeting->link = sim_link_new(seed, conditions);
    sim_ours_init(&meeting->ours, config != NULL ? config : sim_config(0), role, 0);
    sim_stock_init(&meeting->stock, setup);
    ck_assert_int_eq(rtpgate_session_set_remote(meeting->ours.session, &fingerprint, 1, 0), 0);
    (void)sim_link_add(meeting->link, sim_ours_endpoint(&meeting->ours));
    (void)sim_link_add(meeting->link, sim_stock_endpoint(&meeting->stock));
}

static inline void begin(struct meeting *meeting) {
    if (meeting->stock.started) {
        ck_assert_int_eq(rtpgate_session_start(meeting->ours.session, 0), 0);
    } else {
        sim_stock_start(&meeting->stock);
    }
}

static inline void part(struct meeting *meeting) {
    sim_ours_clear(&meeting->ours);
    sim_stock_clear(&meeting->stock);
    sim_link_free(meeting->link);
}

static inline void assert_same_keys(struct meeting *meeting) {
    uint8_t ours[SIM_STOCK_KEYS] = {0};
    uint8_t theirs[SIM_STOCK_KEYS] = {1};
    if (rtpgate_session_export(meeting->ours.session, "EXTRACTOR-dtls_srtp", NULL, 0, ours,
                               sizeof(ours)) != 0) {
        sim_link_trace(meeting->link, stderr);
        ck_abort_msg("ours: %s; stock: %s", rtpgate_session_error(meeting->ours.session, NULL),
                     gnutls_strerror(meeting->stock.failure));
    }
    ck_assert(sim_stock_export(&meeting->stock, theirs, sizeof(theirs)));
    ck_assert_mem_eq(ours, theirs, sizeof(ours));
}

#endif
