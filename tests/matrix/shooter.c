#include "matrix/shooter.h"

#include "matrix/account.h"
#include "wire/record.h"

enum { REPETITIONS = 20, STRANGER = 2 /* his number on the link */ };

#define GAP (SIM_SECOND / 10)
#define NEAR (SIM_SECOND / 1000) /* to a stranger, and from him */

static struct sim_volley seen;
static struct sim_volley volley;

/* What somebody off the path sends is the same each time. */
static const struct sim_attack *made;
static size_t made_for;

static void on_passing(void *context, struct sim_link *link, struct sim_passing *passing);

void shooter_init(struct shooter *shooter, const struct cell *cell, struct sim_scene *scene,
                  struct account *account, struct sim_link *link) {
    *shooter = (struct shooter){.cell = cell, .scene = scene, .account = account};
    sim_volley_clear(&seen);
    scene->seen = &seen;
    sim_link_tap(link, on_passing, shooter);
    if (sim_attack_is_stranger(cell->attack)) {
        sim_stranger_init(&shooter->stranger, cell->target,
                          (enum sim_stranger_kind)cell->attack->parameter);
        (void)sim_link_add(link, sim_stranger_endpoint(&shooter->stranger));
    }
}

void shooter_clear(struct shooter *shooter) {
    if (sim_attack_is_stranger(shooter->cell->attack)) {
        sim_stranger_clear(&shooter->stranger);
    }
}

static void make(const struct shooter *shooter) {
    const struct cell *cell = shooter->cell;
    bool same = cell->attack == made && cell->target == made_for && cell->numbers != AS_MADE;
    if (!same || sim_attack_reads(cell->attack)) {
        sim_volley_clear(&volley);
        shooter->scene->shot = (unsigned)shooter->shots;
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

static uint64_t origin_of(const struct cell *cell) {
    return cell->origin == OWN_PATH ? 0 : SHOOTER_PATH;
}

static uint64_t origin_of_item(const struct cell *cell, size_t i) {
    return volley.items[i].as_peer || cell->origin == OWN_PATH
               ? 0
               : SHOOTER_PATH + volley.items[i].path;
}

/* A stranger comes, and knows what the target has said before. */
static void admit(struct shooter *shooter, struct sim_link *link) {
    for (size_t i = 0; i < seen.count && !shooter->stranger.here; i++) {
        if (seen.items[i].from == shooter->cell->target) {
            sim_link_inject(link, STRANGER, sim_volley_at(&seen, i), seen.items[i].length, 0, NEAR);
        }
    }
    sim_stranger_come(&shooter->stranger, sim_link_now(link));
}

static void shoot(struct shooter *shooter, struct sim_link *link, uint64_t delay) {
    const struct cell *cell = shooter->cell;
    if (sim_attack_is_stranger(cell->attack)) {
        admit(shooter, link);
    }
    make(shooter);
    for (size_t i = 0; i < volley.count; i++) {
        sim_link_inject(link, cell->target, sim_volley_at(&volley, i), volley.items[i].length,
                        origin_of_item(cell, i), delay + volley.items[i].delay);
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

/* For how long nothing passes once the attack has begun, from this datagram on. */
static uint64_t outage(const struct cell *cell, bool from_target) {
    switch (cell->network) {
    case BREAK:
    case LATE_BREAK:
        return 3 * SIM_SECOND / 2;
    case GONE:
    case NEVER:
        return UINT64_MAX;
    case SILENCE:
        return from_target ? 0 : 6 * SIM_SECOND;
    case SWALLOWED:
        return from_target ? SIM_SECOND : 0;
    default:
        return 0;
    }
}

/* Whether the network of the cell loses this one. */
static bool is_lost(struct shooter *shooter, const struct sim_passing *passing, uint64_t now) {
    uint64_t length = outage(shooter->cell, passing->from == shooter->cell->target);
    bool begins = shooter->shots > 0 && shooter->dead_until == 0 && !shooter->over;
    if (begins && length > 0) {
        shooter->dead_from = now + (shooter->cell->network == SILENCE ? 1 : 0);
        shooter->dead_until = length < UINT64_MAX - now ? now + length : UINT64_MAX;
    }
    return now >= shooter->dead_from && now < shooter->dead_until;
}

/* To which path the peer's datagrams come, and where the target reaches it. */
static void lead(struct shooter *shooter, struct sim_passing *passing) {
    if (passing->from != shooter->cell->target) {
        bool moves = shooter->cell->network == MOVED && shooter->shots > 0;
        shooter->peers_path = moves ? MOVED_PATH : 0;
        passing->path = shooter->peers_path;
    } else {
        passing->drop = passing->path != shooter->peers_path;
        passing->path = 0;
    }
}

/* What a stranger says comes to the target alone. */
static void pass_on(struct shooter *shooter, struct sim_link *link,
                    const struct sim_passing *passing) {
    if (passing->from == STRANGER) {
        sim_link_inject(link, shooter->cell->target, passing->bytes, *passing->length,
                        origin_of(shooter->cell), NEAR);
        shooter->sent++;
    } else if (passing->from == shooter->cell->target && shooter->stranger.here) {
        sim_link_inject(link, STRANGER, passing->bytes, *passing->length, 0, NEAR);
    }
}

static void look_at(struct shooter *shooter, const struct sim_passing *passing) {
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
}

static void on_passing(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct shooter *shooter = context;
    const struct cell *cell = shooter->cell;
    if (passing->from == STRANGER) {
        pass_on(shooter, link, passing);
        return;
    }
    look_at(shooter, passing);
    bool here = cell->moment == BEFORE_DATAGRAM && passing->number == cell->datagram;
    size_t most = sim_attack_is_family(cell->attack) ? FAMILIES_MAX : SHOTS_MAX;
    bool again = cell->repeated && !shooter->over && shooter->shots > 0 && shooter->shots < most;
    if (here || again) {
        /* Just before this datagram, and after the one before it. */
        shoot(shooter, link, passing->from != cell->target ? sim_calm.delay : 0);
    }
    pass_on(shooter, link, passing);
    lead(shooter, passing);
    passing->drop = passing->drop || is_lost(shooter, passing, sim_link_now(link));
}
