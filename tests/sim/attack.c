#include "sim/attack.h"

#include <stdbool.h>

#include "sim/pair.h"

const struct sim_attack *sim_attack(size_t i) {
    const struct {
        const struct sim_attack *attacks;
        size_t count;
    } lists[] = {
        {sim_attacks_records, sim_attacks_records_count},
        {sim_attacks_hellos, sim_attacks_hellos_count},
        {sim_attacks_messages, sim_attacks_messages_count},
        {sim_attacks_copies, sim_attacks_copies_count},
        {sim_attacks_together, sim_attacks_together_count},
        {sim_attacks_reader, sim_attacks_reader_count},
    };
    for (size_t n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
        if (i < lists[n].count) {
            return &lists[n].attacks[i];
        }
        i -= lists[n].count;
    }
    return NULL;
}

bool sim_attack_reads(const struct sim_attack *attack) {
    return attack->family >= SIM_REPLAYS;
}

const char *sim_family_name(enum sim_family family) {
    static const char *const names[SIM_FAMILIES] = {
        [SIM_ALERTS] = "plaintext alerts of every level and description",
        [SIM_HELLOS] = "forged hellos",
        [SIM_VERIFY_REQUESTS] = "HelloVerifyRequests",
        [SIM_TO_CLIENT] = "forged whole messages of a server",
        [SIM_TO_SERVER] = "forged whole messages of a client",
        [SIM_ELSEWHERE] = "flights that the peer sent to the attacker",
        [SIM_FRAGMENTS] = "forged fragments",
        [SIM_RECORDS] = "malformed, cut and oversize records",
        [SIM_CONTENT_TYPES] = "other content types and versions, DTLS 1.3, CID",
        [SIM_PROTECTED] = "junk of epoch 1",
        [SIM_FLOODS] = "floods of hundreds",
        [SIM_REPLAYS] = "replays and reflections",
        [SIM_SIGNED] = "genuine flights, altered where they are signed",
        [SIM_SEALED] = "genuine protected records, altered",
        [SIM_UNSIGNED] = "genuine flights, altered where nothing signs them",
        [SIM_STRANGERS] = "handshakes of strangers",
    };
    return names[family];
}

static void record(void *context, struct sim_link *link, struct sim_passing *passing) {
    (void)link;
    sim_volley_add(context, passing->bytes, *passing->length, passing->from);
}

static const struct sim_volley *handshake(struct sim_volley *out, size_t client, size_t server) {
    struct sim_pair pair;
    sim_volley_clear(out);
    pair.link = sim_link_new(1, &sim_calm);
    sim_ours_init(&pair.client, sim_config(client), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_init(&pair.server, sim_config(server), RTPGATE_ROLE_SERVER, 0);
    (void)sim_link_add(pair.link, sim_ours_endpoint(&pair.client));
    (void)sim_link_add(pair.link, sim_ours_endpoint(&pair.server));
    sim_link_tap(pair.link, record, out);
    sim_pair_run(&pair, SIM_SECOND);
    sim_pair_clear(&pair);
    return out;
}

void sim_scene_record(struct sim_scene *scene) {
    static struct sim_volley lured;
    static struct sim_volley probed;
    static struct sim_volley earlier;
    scene->lured = handshake(&lured, 0, 2);
    scene->probed = handshake(&probed, 2, 1);
    scene->earlier = handshake(&earlier, 0, 1);
}

void sim_scene_messages(const struct sim_volley *seen, size_t from, struct sim_message *out,
                        size_t count) {
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->items[i].from == from) {
            (void)sim_take_apart(sim_volley_at(seen, i), seen->items[i].length, out, 0, count);
        }
    }
}

size_t sim_scene_answer(const struct sim_scene *scene, const struct sim_volley *volley) {
    const struct sim_conditions silent = {.loss = 1000};
    struct sim_pair pair;
    sim_pair_init(&pair, 1, &silent);
    for (size_t i = 0; i < volley->count; i++) {
        sim_link_inject(pair.link, scene->target, sim_volley_at(volley, i), volley->items[i].length,
                        0, i * 1000);
    }
    if (scene->target == SIM_CLIENT) {
        sim_pair_run(&pair, 40 * SIM_SECOND);
    }
    sim_link_run(pair.link, 40 * SIM_SECOND);
    size_t sent = sim_link_bytes(pair.link, scene->target);
    sim_pair_clear(&pair);
    return sent;
}
