/* Two sessions of GnuTLS without anything of ours. */
#include <string.h>

#include "matrix/cell.h"
#include "matrix/shooter.h"
#include "sim/pair.h"
#include "sim/stock.h"

enum { KEYS = 60 };

struct stock_pair {
    struct sim_link *link;
    struct sim_stock ends[2];
};

static void stock_init(struct stock_pair *pair) {
    static const uint16_t profiles[] = {1};
    pair->link = sim_link_new(1, &sim_calm);
    for (size_t i = 0; i < 2; i++) {
        const struct sim_stock_setup setup = {
            .server = i == SIM_SERVER, .profiles = profiles, .profile_count = 1};
        sim_stock_init(&pair->ends[i], &setup);
        (void)sim_link_add(pair->link, sim_stock_endpoint(&pair->ends[i]));
    }
}

static void stock_clear(struct stock_pair *pair) {
    sim_stock_clear(&pair->ends[0]);
    sim_stock_clear(&pair->ends[1]);
    sim_link_free(pair->link);
}

static bool stock_lives(struct stock_pair *pair) {
    uint8_t keys[2][KEYS];
    for (size_t i = 0; i < 2; i++) {
        if (pair->ends[i].failure != 0 || pair->ends[i].closed ||
            !sim_stock_export(&pair->ends[i], keys[i], KEYS)) {
            return false;
        }
        (void)sim_stock_send(&pair->ends[i], "still", 5);
    }
    sim_link_run(pair->link, sim_link_now(pair->link) + SIM_SECOND);
    return memcmp(keys[0], keys[1], KEYS) == 0 && pair->ends[0].data_length == 5 &&
           pair->ends[1].data_length == 5;
}

static void start(void *self) {
    sim_stock_start(self);
}

enum outcome cell_stock(const struct cell *cell, struct sim_scene *scene) {
    struct stock_pair pair;
    struct shooter shooter;
    if (cell->moment == UNVERIFIED || sim_attack_is_stranger(cell->attack)) {
        return NOTHING_SENT; /* who the peer is does not concern it */
    }
    scene->target = cell->target;
    stock_init(&pair);
    shooter_init(&shooter, cell, scene, NULL, pair.link);
    (void)shooter_attack(&shooter, pair.link, start, &pair.ends[SIM_CLIENT]);
    sim_link_run(pair.link, 2 * PATIENCE);
    shooter.over = true;
    bool alive = stock_lives(&pair);
    shooter_clear(&shooter);
    stock_clear(&pair);
    return shooter.sent == 0 ? NOTHING_SENT : alive ? ALIVE : DEAD;
}

size_t cell_datagrams_stock(void) {
    struct stock_pair pair;
    stock_init(&pair);
    sim_stock_start(&pair.ends[SIM_CLIENT]);
    sim_link_run(pair.link, SIM_SECOND);
    size_t count = sim_link_sent(pair.link, 0) + sim_link_sent(pair.link, 1);
    stock_clear(&pair);
    return count;
}
