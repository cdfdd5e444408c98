/* What somebody who proves nothing can make an association spend: memory, and bytes to send. */
#include <malloc.h>

#include "sim/attack.h"
#include "sim/pair.h"
#include "suite.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#ifdef SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void);

static size_t in_use(void) {
    return __sanitizer_get_current_allocated_bytes();
}
#else
/* Of all the program, GnuTLS's engines with it. */
static size_t in_use(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
#endif

enum { ROUNDS = 4, OUTPUT_MAX = 40 * 1024 };

static struct sim_volley volley;

/* Nothing is taken out of it: neither datagrams nor events. */
static size_t most_in_use(rtpgate_session *session, struct sim_scene *scene) {
    size_t before = in_use();
    size_t most = 0;
    uint64_t now = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; sim_attack(i) != NULL && !sim_attack_reads(sim_attack(i)); i++) {
            sim_volley_clear(&volley);
            sim_attack(i)->make(&volley, scene, sim_attack(i)->parameter);
            for (size_t j = 0; j < volley.count; j++, now += 100) {
                (void)rtpgate_session_input(session, sim_volley_at(&volley, j),
                                            volley.items[j].length, 0, now);
                size_t used = in_use();
                most = used > before + most ? used - before : most;
            }
        }
    }
    return most;
}

enum { SERVER, CLIENT, WITHOUT_ROLE, SERVER_WITHOUT_PATH, SITUATIONS };

/* With what the C library keeps of what was freed. */
static const size_t limits[SITUATIONS] = {[SERVER] = 200 * 1024,
                                          [CLIENT] = 64 * 1024,
                                          [WITHOUT_ROLE] = 20 * 1024,
                                          [SERVER_WITHOUT_PATH] = 20 * 1024};

START_TEST(memory_is_bounded) {
    struct sim_scene scene = {.target = _i == CLIENT ? SIM_CLIENT : SIM_SERVER};
    struct sim_ours ours;
    rtpgate_config *config = sim_config(1);
    static const enum rtpgate_role roles[SITUATIONS] = {
        RTPGATE_ROLE_SERVER, RTPGATE_ROLE_CLIENT, RTPGATE_ROLE_UNDECIDED, RTPGATE_ROLE_SERVER};
    sim_scene_record(&scene);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, _i != SERVER_WITHOUT_PATH), 0);
    sim_ours_init(&ours, config, roles[_i], 0);
    sim_ours_expect(&ours, 0, 0);
    if (_i == CLIENT) {
        ck_assert_int_eq(rtpgate_session_start(ours.session, 0), 0);
    }
    size_t most = most_in_use(ours.session, &scene);
    ck_assert_msg(most > 1024, "only %zu bytes: is anything counted?", most);
    ck_assert_msg(most <= limits[_i], "situation %d: %zu bytes", _i, most);
    sim_ours_clear(&ours);
}
END_TEST

START_TEST(what_is_sent_for_forgeries_is_bounded) {
    struct sim_scene scene = {0};
    sim_scene_record(&scene);
    for (size_t i = 0; sim_attack(i) != NULL && !sim_attack_reads(sim_attack(i)); i++) {
        for (scene.target = 0; scene.target < 2; scene.target++) {
            sim_volley_clear(&volley);
            sim_attack(i)->make(&volley, &scene, sim_attack(i)->parameter);
            size_t sent = sim_scene_answer(&scene, &volley);
            ck_assert_msg(sent <= OUTPUT_MAX, "%s: %zu bytes", sim_attack(i)->name, sent);
        }
    }
}
END_TEST

START_TEST(a_repeated_hello_is_answered_sixteen_times) {
    struct sim_forged hello = sim_forge_client_hello(1, 0);
    struct sim_ours ours;
    sim_ours_init(&ours, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    for (uint64_t now = 0; now < 2 * SIM_SECOND; now += 1000) {
        (void)rtpgate_session_input(ours.session, hello.bytes, hello.length, 0, now);
    }
    ck_assert_uint_eq(sim_ours_stats(&ours).answers, 16);
    ck_assert_uint_eq(sim_ours_stats(&ours).candidates, 1);
    sim_ours_clear(&ours);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("flood");
    TCase *tests = suite_case(suite, "what strangers cost");
    tcase_set_timeout(tests, 200);
    tcase_add_loop_test(tests, memory_is_bounded, 0, SITUATIONS);
    tcase_add_test(tests, what_is_sent_for_forgeries_is_bounded);
    tcase_add_test(tests, a_repeated_hello_is_answered_sixteen_times);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
