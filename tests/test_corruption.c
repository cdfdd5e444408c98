/* Datagrams whose bytes change in flight: a corrupt one is a lost one or a forged one. */
#include "scale.h"
#include "sim/trial.h"
#include "suite.h"

#include <math.h>

enum { DATAGRAMS = 4, HANDSHAKES = 4000, SHARES = 4 };

/* One byte of one datagram of a calm handshake is changed, once. */
struct change {
    size_t number;
    size_t at;
    uint8_t mask;
    bool done;
};

static void change_byte(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct change *change = context;
    (void)link;
    if (passing->number == change->number && change->at < *passing->length) {
        passing->bytes[change->at] ^= change->mask;
        change->done = true;
    }
}

/* Most bytes cost one timer; those that only CertificateVerify signs (RFC 5246 7.4.8), a second
 * attempt. */
static void assert_end(struct sim_pair *pair, const struct change *change) {
    if (!sim_ours_agree(&pair->client, &pair->server) || pair->client.ready_at > SIM_SECOND) {
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

/* How much corruption in each direction, and how many of a thousand handshakes it may cost beyond
 * what loss explains: with a tenth of the datagrams damaged the few places for versions of a hello
 * may all be taken for too long. */
static const struct {
    unsigned corrupt;
    unsigned costs;
} levels[] = {{50, 0}, {200, 20}};

START_TEST(corrupt_networks_cost_hardly_any_handshake) {
    const struct sim_badness badness = {
        .loss = 100, .corrupt = levels[_i % 2].corrupt, .truncate = 50};
    double explained = 0;
    unsigned failed = 0;
    unsigned count = 0;
    for (uint64_t seed = (uint64_t)_i / 2; seed < scaled(HANDSHAKES); seed += SHARES) {
        struct sim_trial trial = sim_trial_draw(seed, &badness);
        struct sim_outcome outcome = sim_trial_run(&trial, NULL, NULL);
        ck_assert_msg(outcome.datagrams <= outcome.datagrams_max, "seed %lu: %lu datagrams",
                      (unsigned long)seed, (unsigned long)outcome.datagrams);
        failed += !outcome.equal;
        explained += outcome.timeouts;
        count++;
    }
    explained += count * levels[_i % 2].costs / 1000.0;
    ck_assert_double_le(failed, explained + 5 * sqrt(explained));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("corruption");
    TCase *tests = suite_case(suite, "changed in flight");
    tcase_set_timeout(tests, 280);
    tcase_add_loop_test(tests, each_byte_may_change_once, 0, 2 * DATAGRAMS);
    tcase_add_loop_test(tests, corrupt_networks_cost_hardly_any_handshake, 0, 2 * SHARES);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
