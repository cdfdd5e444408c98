/*
 * Writes the attacks of whoever does not read the path, but floods, as files of hexadecimal text, a
 * datagram a line: FOLDER/ROLE.FAMILY is for a target of that role. With the files of both sides'
 * identities, as PEM with certificate and key, the attacker knows what these send to strangers.
 *
 * Usage: forge FOLDER [TARGET.pem PEER.pem]
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/attack.h"
#include "sim/ours.h"
#include "sim/pair.h"

enum {
    PEM_MAX = 65536,
    PATH_MAX_LENGTH = 4096,
    DATAGRAMS_MAX = 64, /* of an attack, evenly: a socket's buffer has no room for hundreds */
};

static const char *const families[] = {
    [SIM_ALERTS] = "alerts",
    [SIM_HELLOS] = "hellos",
    [SIM_VERIFY_REQUESTS] = "verify-requests",
    [SIM_TO_CLIENT] = "to-client",
    [SIM_TO_SERVER] = "to-server",
    [SIM_ELSEWHERE] = "elsewhere",
    [SIM_FRAGMENTS] = "fragments",
    [SIM_RECORDS] = "records",
    [SIM_CONTENT_TYPES] = "content-types",
    [SIM_PROTECTED] = "protected",
};

static void fail(const char *what) {
    (void)fprintf(stderr, "forge: %s\n", what);
    exit(EXIT_FAILURE);
}

static rtpgate_identity *read_identity(const char *name) {
    static char pem[PEM_MAX];
    rtpgate_identity *identity = NULL;
    FILE *file = fopen(name, "rb");
    size_t length = file != NULL ? fread(pem, 1, sizeof(pem), file) : 0;
    if (file == NULL || fclose(file) != 0 ||
        rtpgate_identity_import_pem(&identity, pem, length, pem, length, NULL) != 0) {
        fail(name);
    }
    return identity;
}

static void write_volley(FILE *file, const struct sim_volley *volley) {
    size_t step = (volley->count + DATAGRAMS_MAX - 1) / DATAGRAMS_MAX;
    for (size_t i = 0; i < volley->count; i += step) {
        for (size_t b = 0; b < volley->items[i].length; b++) {
            (void)fprintf(file, "%02x", sim_volley_at(volley, i)[b]);
        }
        (void)fputc('\n', file);
    }
}

static void write_family(const char *folder, const struct sim_scene *scene,
                         enum sim_family family) {
    static struct sim_volley volley;
    char name[PATH_MAX_LENGTH];
    (void)snprintf(name, sizeof(name), "%s/%s.%s", folder,
                   scene->target == SIM_CLIENT ? "client" : "server", families[family]);
    FILE *file = fopen(name, "w");
    if (file == NULL) {
        fail(name);
    }
    for (size_t i = 0; sim_attack(i) != NULL; i++) {
        const struct sim_attack *attack = sim_attack(i);
        if (attack->family == family && !sim_attack_is_family(attack) &&
            !sim_attack_is_expected(attack)) {
            sim_volley_clear(&volley);
            attack->make(&volley, scene, attack->parameter);
            write_volley(file, &volley);
        }
    }
    if (fclose(file) != 0) {
        fail(name);
    }
}

/* What a stranger sees of both sides depends on who is the client. */
static void write_target(const char *folder, size_t target, char **identities) {
    static struct sim_scene scene;
    if (identities != NULL) {
        sim_identity_use(target, read_identity(identities[0]));
        sim_identity_use(target ^ 1U, read_identity(identities[1]));
    }
    scene.target = target;
    sim_scene_record(&scene);
    for (enum sim_family family = 0; family < SIM_FLOODS; family++) {
        write_family(folder, &scene, family);
    }
    sim_ours_finish();
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 4) {
        fail("usage: forge FOLDER [TARGET.pem PEER.pem]");
    }
    char **identities = argc == 4 ? argv + 2 : NULL;
    write_target(argv[1], SIM_CLIENT, identities);
    write_target(argv[1], SIM_SERVER, identities);
    return 0;
}
