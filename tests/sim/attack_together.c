/* Whole families of attacks in one go, as somebody sends them who does not know which one bites. */
#include "sim/attack.h"

static void together(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    sim_attack_family(volley, scene, (enum sim_family)parameter);
}

bool sim_attack_is_family(const struct sim_attack *attack) {
    return attack->make == together;
}

void sim_attack_family(struct sim_volley *volley, const struct sim_scene *scene,
                       enum sim_family family) {
    for (size_t i = 0; sim_attack(i) != NULL; i++) {
        const struct sim_attack *attack = sim_attack(i);
        if (attack->family == family && attack->make != together &&
            !sim_attack_is_expected(attack)) {
            attack->make(volley, scene, attack->parameter);
        }
    }
}

const struct sim_attack sim_attacks_together[] = {
    {"all alerts", SIM_ALERTS, together, SIM_ALERTS, NULL},
    {"all hellos", SIM_HELLOS, together, SIM_HELLOS, NULL},
    {"all HelloVerifyRequests", SIM_VERIFY_REQUESTS, together, SIM_VERIFY_REQUESTS, NULL},
    {"all messages of a server", SIM_TO_CLIENT, together, SIM_TO_CLIENT, NULL},
    {"all messages of a client", SIM_TO_SERVER, together, SIM_TO_SERVER, NULL},
    {"all flights of others", SIM_ELSEWHERE, together, SIM_ELSEWHERE, NULL},
    {"all fragments", SIM_FRAGMENTS, together, SIM_FRAGMENTS, NULL},
    {"all bad records", SIM_RECORDS, together, SIM_RECORDS, NULL},
    {"all content types", SIM_CONTENT_TYPES, together, SIM_CONTENT_TYPES, NULL},
    {"all junk of epoch 1", SIM_PROTECTED, together, SIM_PROTECTED, NULL},
};
const size_t sim_attacks_together_count =
    sizeof(sim_attacks_together) / sizeof(sim_attacks_together[0]);
