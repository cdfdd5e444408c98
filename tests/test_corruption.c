/* Datagrams whose bytes change in flight: a corrupt one is a lost one or a forged one. */
#include "scale.h"
#include "sim/trial.h"
#include "suite.h"
#include "wire/handshake.h"
#include "wire/record.h"

#include <math.h>

enum { DATAGRAMS = 4, RANDOM_FROM = 2, RANDOM_TO = 34, HANDSHAKES = 4000, SHARES = 4 };

/* One byte of one datagram of a calm handshake is changed, once. */
struct change {
    size_t number;
    size_t at;
    uint8_t mask;
    bool done;
    bool unsigned_yet; /* it lies where only CertificateVerify signs */
};

/* The hellos but their randoms, and CertificateRequest: DTLS 1.2 signs them in CertificateVerify
 * alone (RFC 5246 7.4.3, 7.4.8), when flight 4 is already believed. */
static bool is_unsigned_yet(uint8_t type, size_t offset) {
    bool hello = type == RG_CLIENT_HELLO || type == RG_SERVER_HELLO;
    return type == RG_CERTIFICATE_REQUEST ||
           (hello && (offset < RANDOM_FROM || offset >= RANDOM_TO));
}

static bool lies_in_unsigned(const uint8_t *bytes, size_t length, size_t at) {
    struct rg_reader records = rg_reader_make(bytes, length);
    struct rg_record record;
    while (rg_record_next(&records, &record)) {
        struct rg_reader fragments = rg_reader_make(record.body.at, record.body.length);
        struct rg_fragment fragment;
        while (record.epoch == 0 && record.type == RG_CONTENT_HANDSHAKE &&
               rg_fragment_next(&fragments, &fragment)) {
            const uint8_t *here = bytes + at;
            if (here >= fragment.body.at && here < fragment.body.at + fragment.body.length) {
                return is_unsigned_yet(fragment.type, (size_t)(here - fragment.body.at));
            }
        }
    }
    return false;
}

static void change_byte(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct change *change = context;
    (void)link;
    if (passing->number == change->number && change->at < *passing->length) {
        change->unsigned_yet = lies_in_unsigned(passing->bytes, *passing->length, change->at);
        passing->bytes[change->at] ^= change->mask;
        change->done = true;
    }
}

/* What lies where nobody has signed costs the handshake when it is accepted, but not before the
 * deadline; everything else costs one timer. */
static void assert_end(struct sim_pair *pair, const struct change *change) {
    bool equal = sim_ours_agree(&pair->client, &pair->server);
    bool fine = equal ? pair->client.ready_at <= 250000 + 60000
                      : change->unsigned_yet && pair->client.failed_at >= SIM_DEADLINE;
    if (!fine) {
        sim_link_trace(pair->link, stderr);
        ck_abort_msg("datagram %zu, byte %zu, mask %02x: client: %s; server: %s", change->number,
                     change->at, change->mask, rtpgate_session_error(pair->client.session, NULL),
                     rtpgate_session_error(pair->server.session, NULL));
    }
}

/* Each datagram x two masks. */
START_TEST(each_byte_may_change_once) {
    static const uint8_t masks[] = {0x01, 0xff};
    struct change change = {.number = (size_t)_i % DATAGRAMS, .mask = masks[_i / DATAGRAMS]};
    size_t changed = 0;
    do {
        struct sim_pair pair;
        change.done = false;
        sim_pair_init(&pair, 1, &sim_calm);
        sim_link_tap(pair.link, change_byte, &change);
        sim_pair_run(&pair, 60 * SIM_SECOND);
        assert_end(&pair, &change);
        sim_pair_clear(&pair);
        changed += change.done;
        change.at += TEST_SHARE;
    } while (change.done);
    ck_assert_uint_ge(changed, 75 / TEST_SHARE);
}
END_TEST

/* Up to 20 % of the datagrams in each direction. An end before the deadline needs three timers
 * without an answer, and then a changed message that is bad news. */
START_TEST(corrupt_networks_end_hardly_anything_before_the_deadline) {
    const struct sim_badness badness = {.loss = 100, .corrupt = 200, .truncate = 50};
    double explained = 0;
    unsigned timeouts = 0;
    unsigned early = 0;
    for (uint64_t seed = (uint64_t)_i; seed < scaled(HANDSHAKES); seed += SHARES) {
        struct sim_trial trial = sim_trial_draw(seed, &badness);
        struct sim_outcome outcome = sim_trial_run(&trial, NULL, NULL);
        ck_assert_msg(outcome.datagrams <= outcome.datagrams_max, "seed %lu: %lu datagrams",
                      (unsigned long)seed, (unsigned long)outcome.datagrams);
        early += outcome.early;
        timeouts += !outcome.equal;
        /* As above: a hello or a flight 4 that was changed and believed. */
        explained += outcome.timeouts + trial.conditions.corrupt / 1000.0;
    }
    ck_assert_uint_le(early, 1 + scaled(HANDSHAKES) / SHARES / 1000);
    ck_assert_double_le(timeouts, explained + 5 * sqrt(explained));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("corruption");
    TCase *tests = suite_case(suite, "changed in flight");
    tcase_set_timeout(tests, 280);
    tcase_add_loop_test(tests, each_byte_may_change_once, 0, 2 * DATAGRAMS);
    tcase_add_loop_test(tests, corrupt_networks_end_hardly_anything_before_the_deadline, 0, SHARES);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
