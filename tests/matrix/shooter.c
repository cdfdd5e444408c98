#include "matrix/shooter.h"

#include "matrix/account.h"
#include "wire/record.h"

enum { REPETITIONS = 20 };

#define GAP (SIM_SECOND / 10)

static struct sim_volley seen;
static struct sim_volley volley;

/* What somebody off the path sends is the same each time. */
static const struct sim_attack *made;
static size_t made_for;

void shooter_init(struct shooter *shooter, const struct cell *cell, struct sim_scene *scene,
                  struct account *account) {
    *shooter = (struct shooter){.cell = cell, .scene = scene, .account = account};
    sim_volley_clear(&seen);
    scene->seen = &seen;
}

static void make(const struct shooter *shooter) {
    const struct cell *cell = shooter->cell;
    bool same = cell->attack == made && cell->target == made_for && cell->numbers != AS_MADE;
    if (!same || sim_attack_reads(cell->attack)) {
        sim_volley_clear(&volley);
        cell->attack->make(&volley, shooter->scene, cell->attack->parameter);
        made = cell->attack;
        made_for = cell->target;
    }
    static const uint64_t numbers[] = {[NINE_HUNDRED] = 900, [HIGHEST] = UINT64_C(0xffffffffffff)};
    if (cell->numbers != AS_MADE) {
        sim_volley_renumber(&volley, cell->numbers == NEXT_EXPECTED ? shooter->next
                                                                    : numbers[cell->numbers]);
    }
}

static void shoot(struct shooter *shooter, struct sim_link *link, uint64_t delay) {
    const struct cell *cell = shooter->cell;
    make(shooter);
    for (size_t i = 0; i < volley.count; i++) {
        sim_link_inject(link, cell->target, sim_volley_at(&volley, i), volley.items[i].length,
                        cell->origin == OWN_PATH ? 0 : SHOOTER_PATH, delay + volley.items[i].delay);
    }
    shooter->sent += volley.count;
    shooter->shots++;
}

static void repeat(struct shooter *shooter, struct sim_link *link) {
    for (int i = 0; shooter->cell->repeated && i < REPETITIONS; i++) {
        sim_link_run(link, sim_link_now(link) + GAP);
        shoot(shooter, link, 0);
    }
}

uint64_t shooter_attack(struct shooter *shooter, struct sim_link *link, void (*start)(void *self),
                        void *self) {
    enum moment moment = shooter->cell->moment;
    if (moment == BEFORE_START) {
        shoot(shooter, link, 0);
        repeat(shooter, link);
    }
    uint64_t began = sim_link_now(link);
    start(self);
    sim_link_run(link, began + SIM_SECOND / 5);
    if (moment == COMPLETE || moment == UNVERIFIED) {
        shoot(shooter, link, 0);
    }
    repeat(shooter, link);
    return began;
}

static void count_records(struct shooter *shooter, const struct sim_passing *passing) {
    struct rg_reader reader = rg_reader_make(passing->bytes, *passing->length);
    struct rg_record record;
    while (rg_record_next(&reader, &record)) {
        if (record.epoch == 0) {
            shooter->next = record.sequence;
        }
    }
}

/* Whether the network of the cell loses this one. */
static bool is_lost(struct shooter *shooter, const struct sim_passing *passing, uint64_t now) {
    enum network network = shooter->cell->network;
    bool begins = shooter->shots > 0 && shooter->dead_until == 0;
    if (network == BREAK && begins) {
        shooter->dead_from = now;
        shooter->dead_until = now + 3 * SIM_SECOND / 2;
    } else if (network == GONE && begins) {
        shooter->dead_from = now;
        shooter->dead_until = UINT64_MAX;
    } else if (network == SILENCE && begins && passing->from != shooter->cell->target) {
        shooter->dead_from = now + 1;
        shooter->dead_until = now + 6 * SIM_SECOND;
    }
    return now >= shooter->dead_from && now < shooter->dead_until;
}

void shooter_on_passing(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct shooter *shooter = context;
    const struct cell *cell = shooter->cell;
    if (shooter->account != NULL) {
        account_passing(shooter->account, cell, passing);
    }
    if (sim_attack_reads(cell->attack) && seen.count < 64) {
        sim_volley_add(&seen, passing->bytes, *passing->length, passing->from);
    }
    if (passing->from != cell->target) {
        count_records(shooter, passing);
    }
    bool here = cell->moment == BEFORE_DATAGRAM && passing->number == cell->datagram;
    size_t most = sim_attack_is_family(cell->attack) ? FAMILIES_MAX : SHOTS_MAX;
    bool again = cell->repeated && !shooter->over && shooter->shots > 0 && shooter->shots < most;
    if (here || again) {
        /* Just before this datagram, and after the one before it. */
        shoot(shooter, link, passing->from != cell->target ? sim_calm.delay : 0);
    }
    passing->drop = passing->path != 0 || is_lost(shooter, passing, sim_link_now(link));
}
