/* Forged datagrams in states that the injection matrix does not visit, and what they leave behind.
 */
#include "dtls/association.h"
#include "dtls/engine_records.h"
#include "sim/attack.h"
#include "sim/pair.h"
#include "suite.h"

enum { PHASES = 6 };

static struct sim_volley volley;
static struct sim_scene scene;

static void prepare(const struct sim_attack *attack, size_t target) {
    scene.target = target;
    sim_volley_clear(&volley);
    attack->make(&volley, &scene, attack->parameter);
}

struct injection {
    size_t phase;
    uint64_t path;
};

static void on_passing(void *context, struct sim_link *link, struct sim_passing *passing) {
    const struct injection *injection = context;
    for (size_t i = 0; i < volley.count && passing->number == injection->phase; i++) {
        sim_link_inject(link, SIM_SERVER, sim_volley_at(&volley, i), volley.items[i].length,
                        injection->path, 0);
    }
}

/* What came from a path that was not declared valid is not even looked at. */
START_TEST(an_undeclared_path_costs_nothing) {
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, false), 0);
    struct injection injection = {.phase = (size_t)_i % PHASES, .path = 66};
    struct sim_pair pair;
    prepare(sim_attack((size_t)_i / PHASES), SIM_SERVER);
    sim_pair_init_with(&pair, 1, &sim_calm, NULL, config);
    ck_assert_int_eq(rtpgate_session_path_valid(pair.server.session, 0, true, 0), 0);
    sim_link_tap(pair.link, on_passing, &injection);
    sim_pair_run(&pair, 20 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_ptr_null(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE));
    struct rtpgate_session_stats stats = sim_ours_stats(&pair.server);
    ck_assert_uint_eq(stats.candidates, 1);
    sim_pair_clear(&pair);
}
END_TEST

static void give(rtpgate_session *session, int expected, uint64_t now) {
    for (size_t i = 0; i < volley.count; i++) {
        ck_assert_int_eq(rtpgate_session_input(session, sim_volley_at(&volley, i),
                                               volley.items[i].length, 0, now),
                         expected);
    }
}

/* Before a start, while the fingerprint is awaited, and after the end. */
START_TEST(every_other_state_takes_it_as_well) {
    struct sim_pair pair;
    prepare(sim_attack((size_t)_i), SIM_CLIENT);
    sim_pair_init(&pair, 1, &sim_calm);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    give(pair.client.session, 0, 0); /* NEW: nobody asked */
    sim_pair_run(&pair, SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_UNVERIFIED);
    prepare(sim_attack((size_t)_i), SIM_SERVER);
    give(pair.server.session, 0, SIM_SECOND);
    sim_ours_expect(&pair.server, 0, SIM_SECOND);
    ck_assert_msg(sim_ours_agree(&pair.client, &pair.server), "%s: client %s; server %s",
                  sim_attack((size_t)_i)->name, rtpgate_session_error(pair.client.session, NULL),
                  rtpgate_session_error(pair.server.session, NULL));
    ck_assert_int_eq(rtpgate_session_close(pair.server.session, SIM_SECOND), 0);
    give(pair.server.session, RTPGATE_ERR_CLOSED, SIM_SECOND);
    ck_assert_uint_eq(sim_ours_stats(&pair.server).dropped_late, volley.count);
    sim_pair_clear(&pair);
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 40 * SIM_SECOND), 0);
    give(pair.client.session, RTPGATE_ERR_TIMEOUT, 40 * SIM_SECOND);
    sim_pair_clear(&pair);
}
END_TEST

START_TEST(a_released_association_takes_it_as_well) {
    struct sim_pair pair;
    sim_pair_ready(&pair);
    struct sim_ours *sides[] = {&pair.client, &pair.server};
    for (size_t i = 0; i < 2; i++) {
        prepare(sim_attack((size_t)_i), i);
        ck_assert_ptr_eq(sides[i]->session->engine, &rg_engine_records);
        give(sides[i]->session, 0, SIM_SECOND);
        sim_ours_drain(sides[i], SIM_SECOND);
        ck_assert_uint_eq(sides[i]->count, 3); /* certificate, keys, accepted */
    }
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(rtpgate_session_send(sides[i]->session, (const uint8_t *)"still", 5, 0),
                         0);
        sim_link_run(pair.link, (2 + i) * SIM_SECOND);
        ck_assert_msg(sides[1 - i]->data_count == 1, "%s: no data passes",
                      sim_attack((size_t)_i)->name);
    }
    sim_pair_clear(&pair);
}
END_TEST

/* A flood of hellos cannot push out the one that is heard. */
START_TEST(a_flood_of_hellos_is_bounded) {
    struct sim_pair pair;
    sim_pair_init(&pair, 1, &sim_calm);
    for (unsigned i = 0; i < 200; i++) {
        struct sim_forged hello = sim_forge_client_hello((uint8_t)i, 0);
        hello.bytes[40] = (uint8_t)(i >> 8);
        sim_link_inject(pair.link, SIM_SERVER, hello.bytes, hello.length, 0, i * 100);
    }
    sim_pair_run(&pair, 29 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    struct rtpgate_session_stats stats = sim_ours_stats(&pair.server);
    ck_assert_uint_gt(stats.dropped_hello, 180);
    ck_assert_uint_le(stats.candidates, 5);
    sim_pair_clear(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attack");
    TCase *tests = suite_case(suite, "forged datagrams");
    tcase_set_timeout(tests, 280);
    int attacks = 0;
    while (sim_attack((size_t)attacks) != NULL && !sim_attack_reads(sim_attack((size_t)attacks))) {
        attacks++;
    }
    sim_scene_record(&scene);
    tcase_add_loop_test(tests, an_undeclared_path_costs_nothing, 0, attacks * PHASES);
    tcase_add_loop_test(tests, every_other_state_takes_it_as_well, 0, attacks);
    tcase_add_loop_test(tests, a_released_association_takes_it_as_well, 0, attacks);
    tcase_add_test(tests, a_flood_of_hellos_is_bounded);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
