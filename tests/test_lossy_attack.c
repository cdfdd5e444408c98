/* Forgeries that only bite where datagrams are lost, too. */
#include "dtls/flight.h"
#include "dtls/identity.h"
#include "sim/cookies.h"
#include "sim/forge.h"
#include "sim/pair.h"
#include "suite.h"
#include "wire/alert.h"
#include "wire/handshake.h"

enum { SEEDS = 150, SLOTS = 11 };

/* How many handshakes fail while so many fatal alerts come to both sides each second. */
static unsigned count_dead(unsigned alerts) {
    const struct sim_conditions lossy = {.loss = 300, .delay = 150000};
    struct sim_forged alert = sim_forge_alert(RG_ALERT_FATAL, 40);
    unsigned dead = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct sim_pair pair;
        sim_pair_init(&pair, seed, &lossy);
        for (uint64_t i = 0; i < (uint64_t)30 * alerts; i++) {
            uint64_t when = i * SIM_SECOND / alerts;
            sim_link_inject(pair.link, SIM_CLIENT, alert.bytes, alert.length, 0, when);
            sim_link_inject(pair.link, SIM_SERVER, alert.bytes, alert.length, 0, when);
        }
        sim_pair_run(&pair, 40 * SIM_SECOND);
        dead += sim_ours_agree(&pair.client, &pair.server) ? 0 : 1;
        sim_pair_clear(&pair);
    }
    return dead;
}

struct losses {
    size_t numbers[2];
};

/* After the server's own request, and before anything else of it. */
static void forge_after_request(void *context, struct sim_link *link, struct sim_passing *passing) {
    const struct losses *losses = context;
    if (passing->from == SIM_SERVER && sim_link_sent(link, SIM_SERVER) == 1) {
        struct sim_forged forged = sim_forge_verify_request(9);
        sim_link_inject(link, SIM_CLIENT, forged.bytes, forged.length, 0, sim_calm.delay + 1000);
    }
    passing->drop = passing->number == losses->numbers[0] || passing->number == losses->numbers[1];
}

static bool survives(struct losses losses) {
    static const uint16_t profiles[] = {1};
    const struct sim_stock_setup setup = {.server = true, .profiles = profiles, .profile_count = 1};
    struct sim_cookies server;
    struct sim_ours client;
    struct rtpgate_fingerprint expected;
    struct sim_link *link = sim_link_new(1, &sim_calm);
    sim_cookies_init(&server, &setup);
    sim_ours_init(&client, sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    gnutls_datum_t leaf = sim_stock_certificate();
    (void)rg_certificate_fingerprint((struct rg_bytes){leaf.data, leaf.size}, RTPGATE_HASH_SHA256,
                                     &expected);
    (void)rtpgate_session_set_remote(client.session, &expected, 1, 0);
    (void)sim_link_add(link, sim_ours_endpoint(&client));
    (void)sim_link_add(link, sim_cookies_endpoint(&server));
    sim_link_tap(link, forge_after_request, &losses);
    (void)rtpgate_session_start(client.session, 0);
    sim_link_run(link, 40 * SIM_SECOND);
    bool alive = server.stock.done && server.stock.failure == 0 &&
                 rtpgate_session_state(client.session) == RTPGATE_STATE_READY;
    sim_link_free(link);
    sim_ours_clear(&client);
    sim_cookies_clear(&server);
    return alive;
}

/* A silence in which every one of our timers is lost cannot be told from a refusal: that is rare.
 */
START_TEST(a_stream_of_alerts_ends_hardly_any_handshake) {
    ck_assert_uint_le(count_dead((unsigned)_i), 1);
}
END_TEST

/* Each pattern of two lost datagrams. A stock server ends when it is sent a hello with the cookie
 * of the forged HelloVerifyRequest. */
START_TEST(a_forged_request_after_the_servers_own_is_not_obeyed_too_soon) {
    for (size_t second = 0; second < SLOTS; second++) {
        const struct losses losses = {{(size_t)_i, second}};
        ck_assert_msg(survives(losses), "datagrams %d and %zu lost", _i, second);
    }
}
END_TEST

/* Each junk asks a server in READY for its final flight while the network is dead. */
START_TEST(no_blackout_uses_up_the_final_flight) {
    static const uint8_t body[100] = {0};
    const struct sim_conditions dead = {.delay = 10000,
                                        .hole = {.from = 25000, .until = 5 * SIM_SECOND}};
    struct sim_pair pair;
    sim_pair_init(&pair, 1, &dead);
    for (uint64_t i = 1; i < 100; i++) {
        struct sim_forged junk =
            sim_forge_fragment(RG_CLIENT_KEY_EXCHANGE, 2, sizeof(body), 0, body, sizeof(body), i);
        sim_link_inject(pair.link, SIM_SERVER, junk.bytes, junk.length, 0, i * SIM_SECOND / 20);
    }
    sim_pair_run(&pair, 4 * SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_READY);
    ck_assert_int_eq(rtpgate_session_state(pair.client.session), RTPGATE_STATE_HANDSHAKE);
    ck_assert_uint_ge(sim_ours_stats(&pair.server).answers, RG_ANSWERS_MAX);
    sim_link_run(pair.link, 20 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    sim_pair_clear(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lossy_attack");
    TCase *tests = suite_case(suite, "forged and lost");
    tcase_set_timeout(tests, 200);
    tcase_add_loop_test(tests, a_stream_of_alerts_ends_hardly_any_handshake, 0, 11);
    tcase_add_loop_test(tests, a_forged_request_after_the_servers_own_is_not_obeyed_too_soon, 0,
                        SLOTS);
    tcase_add_test(tests, no_blackout_uses_up_the_final_flight);
    int failed = suite_run(suite);
    sim_ours_finish();
    sim_stock_finish();
    return failed;
}
