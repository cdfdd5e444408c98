/*
 * What attacks cost. Without arguments: bytes that a server and a client of ours send for each, as
 * a Markdown table. With ATTACK and TIMES: gives that volley so often to a server that has answered
 * a hello, and prints how many datagrams that were; a profiler counts instructions (tests/cost.sh).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/attack.h"
#include "sim/pair.h"

static struct sim_volley volley;
static struct sim_scene scene;

static size_t answer(const struct sim_attack *attack, size_t target) {
    scene.target = target;
    sim_volley_clear(&volley);
    size_t alone = sim_scene_answer(&scene, &volley);
    attack->make(&volley, &scene, attack->parameter);
    size_t sent = sim_scene_answer(&scene, &volley);
    return sent > alone ? sent - alone : 0;
}

static void print_answers(void) {
    (void)puts(
        "| attack | bytes to the server | sent for it | ratio | bytes to the client | sent for it "
        "| ratio |\n|---|---|---|---|---|---|---|");
    for (size_t i = 0; sim_attack(i) != NULL && !sim_attack_reads(sim_attack(i)); i++) {
        size_t server = answer(sim_attack(i), SIM_SERVER);
        size_t to_server = volley.used;
        size_t client = answer(sim_attack(i), SIM_CLIENT);
        if (server > 0 || client > 0) {
            (void)printf("| %s | %zu | %zu | %.1f | %zu | %zu | %.1f |\n", sim_attack(i)->name,
                         to_server, server, (double)server / (double)to_server, volley.used, client,
                         (double)client / (double)volley.used);
        }
    }
}

/* The pair's server has answered the pair's client, of whom nothing more is heard. */
static void shoot(const struct sim_attack *attack, unsigned long times) {
    struct sim_pair pair;
    sim_pair_init(&pair, 1, &sim_calm);
    sim_pair_run(&pair, 15000);
    scene.target = SIM_SERVER;
    attack->make(&volley, &scene, attack->parameter);
    for (unsigned long n = 0; n < times; n++) {
        for (size_t i = 0; i < volley.count; i++) {
            (void)rtpgate_session_input(pair.server.session, sim_volley_at(&volley, i),
                                        volley.items[i].length, 0, 15000);
        }
    }
    (void)printf("%zu\n", times * volley.count);
    sim_pair_clear(&pair);
}

int main(int argc, char **argv) {
    sim_scene_record(&scene);
    if (argc != 3) {
        print_answers();
    }
    for (size_t i = 0; argc == 3 && sim_attack(i) != NULL; i++) {
        if (strcmp(sim_attack(i)->name, argv[1]) == 0) {
            shoot(sim_attack(i), strtoul(argv[2], NULL, 10));
        }
    }
    sim_ours_finish();
    return 0;
}
