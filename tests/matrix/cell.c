#include "matrix/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/random.h"
#include "matrix/account.h"
#include "matrix/shooter.h"
#include "sim/stock.h"

enum { SMALL_MTU = 300, REPETITIONS = 20, KEYS = 60, MILLISECOND = 1000 };

#define GAP (SIM_SECOND / 10)
#define PATIENCE (40 * SIM_SECOND) /* beyond the deadline of 30 s */

static rtpgate_config *configs[NETWORKS][2]; /* by network and identity */

static enum rtpgate_proof proof = RTPGATE_PROOF_ALWAYS;
static uint64_t linger;

void cell_prove(enum rtpgate_proof when) {
    proof = when;
}

void cell_keep(void) {
    linger = RTPGATE_NEVER;
}

static int set_network(rtpgate_config *config, enum network network) {
    if (network == SMALL) {
        return rtpgate_config_set_mtu(config, SMALL_MTU);
    }
    return network == BREAK
               ? rtpgate_config_set_retransmission(config, 400 * MILLISECOND, 3000 * MILLISECOND)
               : 0;
}

static rtpgate_config *config(enum network network, size_t which) {
    rtpgate_config **place = &configs[network][which];
    if (*place == NULL) {
        *place = sim_config(which);
        if (rtpgate_config_set_any_path(*place, false) != 0 ||
            rtpgate_config_set_proof(*place, proof) != 0 ||
            rtpgate_config_set_release(*place, linger) != 0 || set_network(*place, network) != 0) {
            abort();
        }
    }
    return rtpgate_config_ref(*place);
}

void cell_finish(void) {
    for (size_t i = 0; i < (size_t)NETWORKS * 2; i++) {
        rtpgate_config_free(configs[i / 2][i % 2]);
    }
}

static void repeat(struct shooter *shooter, struct sim_link *link, int times) {
    for (int i = 0; i < times; i++) {
        sim_link_run(link, sim_link_now(link) + GAP);
        shooter_shoot(shooter, link);
    }
}

static struct sim_ours *ours(struct sim_pair *pair, size_t which) {
    return which == SIM_CLIENT ? &pair->client : &pair->server;
}

static void prepare(struct sim_pair *pair, const struct cell *cell) {
    sim_pair_init_with(pair, 1, &sim_calm, config(cell->network, 0), config(cell->network, 1));
    if (cell->moment == UNVERIFIED || cell->network == LATE) {
        struct sim_ours *target = ours(pair, cell->target);
        sim_ours_clear(target);
        sim_ours_init(target, config(cell->network, cell->target),
                      cell->target == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, 0);
    }
    for (size_t i = 0; i < 2; i++) {
        rtpgate_session *session = ours(pair, i)->session;
        (void)rtpgate_session_path_valid(session, 0, true, 0);
        if (cell->origin == VALID_PATH && i == cell->target) {
            (void)rtpgate_session_path_valid(session, SHOOTER_PATH, true, 0);
        }
    }
}

static bool data_passes(struct sim_pair *pair) {
    for (size_t i = 0; i < 2; i++) {
        ours(pair, i)->data_count = 0;
        (void)rtpgate_session_send(ours(pair, i)->session, (const uint8_t *)"still", 5,
                                   sim_link_now(pair->link));
    }
    sim_link_run(pair->link, sim_link_now(pair->link) + SIM_SECOND);
    return pair->client.data_count == 1 && pair->server.data_count == 1;
}

static enum outcome judge(struct sim_pair *pair, char *why, size_t capacity) {
    bool agree = sim_ours_agree(&pair->client, &pair->server);
    if (agree && data_passes(pair)) {
        return ALIVE;
    }
    (void)snprintf(why, capacity, "%s; client %s (%s); server %s (%s)",
                   agree ? "no data passes" : "no equal keys",
                   rtpgate_state_name(rtpgate_session_state(pair->client.session)),
                   rtpgate_session_error(pair->client.session, NULL),
                   rtpgate_state_name(rtpgate_session_state(pair->server.session)),
                   rtpgate_session_error(pair->server.session, NULL));
    return agree && data_passes(pair) ? STRAYED : DEAD;
}

static void tell_fingerprint(struct sim_ours *target, size_t which, uint64_t now) {
    if (rtpgate_session_state(target->session) < RTPGATE_STATE_CLOSED) {
        sim_ours_expect(target, which, now);
    }
}

/* What no attack may bring about, however well it ends. */
static enum outcome audit(const struct account *account, char *why, size_t capacity) {
    if (account->strayed == 0 && account->reused == 0) {
        return ALIVE;
    }
    (void)snprintf(why, capacity,
                   "%llu datagrams to a path that is not valid, %llu record numbers used twice",
                   (unsigned long long)account->strayed, (unsigned long long)account->reused);
    return BROKEN;
}

enum outcome cell_ours(const struct cell *cell, struct sim_scene *scene, struct account *account,
                       char *why, size_t capacity) {
    struct sim_pair pair;
    struct shooter shooter;
    scene->target = cell->target;
    fuzz_random_begin((const uint8_t *)cell->attack->name, strlen(cell->attack->name));
    account_open(account);
    prepare(&pair, cell);
    shooter_init(&shooter, cell, scene, account);
    sim_link_tap(pair.link, shooter_on_passing, &shooter);
    if (cell->moment == BEFORE_START) {
        shooter_shoot(&shooter, pair.link);
        repeat(&shooter, pair.link, cell->repeated ? REPETITIONS : 0);
    }
    uint64_t began = sim_link_now(pair.link);
    sim_pair_run(&pair, began + SIM_SECOND / 5);
    if (cell->moment == COMPLETE || cell->moment == UNVERIFIED) {
        shooter_shoot(&shooter, pair.link);
    }
    repeat(&shooter, pair.link, cell->repeated ? REPETITIONS : 0);
    if (cell->network == LATE) {
        sim_link_run(pair.link, began + 3 * SIM_SECOND);
    }
    if (cell->moment == UNVERIFIED || cell->network == LATE) {
        sim_link_run(pair.link, sim_link_now(pair.link) + GAP);
        tell_fingerprint(ours(&pair, cell->target), cell->target ^ 1U, sim_link_now(pair.link));
    }
    sim_link_run(pair.link, PATIENCE);
    shooter.over = true;
    account_close(account, cell, &pair, began);
    enum outcome outcome = judge(&pair, why, capacity);
    sim_pair_clear(&pair);
    if (shooter.sent == 0) {
        return NOTHING_SENT;
    }
    return outcome == ALIVE ? audit(account, why, capacity) : outcome;
}

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

enum outcome cell_stock(const struct cell *cell, struct sim_scene *scene) {
    struct stock_pair pair;
    struct shooter shooter;
    scene->target = cell->target;
    stock_init(&pair);
    shooter_init(&shooter, cell, scene, NULL);
    sim_link_tap(pair.link, shooter_on_passing, &shooter);
    if (cell->moment == BEFORE_START) {
        shooter_shoot(&shooter, pair.link);
        repeat(&shooter, pair.link, cell->repeated ? REPETITIONS : 0);
    }
    sim_stock_start(&pair.ends[SIM_CLIENT]);
    sim_link_run(pair.link, sim_link_now(pair.link) + SIM_SECOND / 5);
    if (cell->moment == COMPLETE) {
        shooter_shoot(&shooter, pair.link);
    }
    repeat(&shooter, pair.link, cell->repeated ? REPETITIONS : 0);
    sim_link_run(pair.link, 2 * PATIENCE);
    shooter.over = true;
    bool alive = stock_lives(&pair);
    stock_clear(&pair);
    return shooter.sent == 0 ? NOTHING_SENT : alive ? ALIVE : DEAD;
}

size_t cell_datagrams_ours(enum network network) {
    const struct cell calm = {.network = network};
    struct sim_pair pair;
    prepare(&pair, &calm);
    sim_pair_run(&pair, SIM_SECOND);
    size_t count = sim_link_sent(pair.link, 0) + sim_link_sent(pair.link, 1);
    sim_pair_clear(&pair);
    return count;
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

void cell_describe(const struct cell *cell, char *text, size_t capacity) {
    static const char *const moments[] = {"before the start", "before datagram", "UNVERIFIED",
                                          "complete"};
    static const char *const origins[] = {"own path", "valid path", "undeclared path"};
    static const char *const numbers[] = {"", ", number expected", ", number 900",
                                          ", number 2^48-1"};
    static const char *const networks[] = {"", ", MTU 300", ", then a break", ", late fingerprint",
                                           ", then silence"};
    char datagram[24] = "";
    if (cell->moment == BEFORE_DATAGRAM) {
        (void)snprintf(datagram, sizeof(datagram), " %zu", cell->datagram);
    }
    (void)snprintf(text, capacity, "%s: to the %s, %s%s, %s%s%s%s", cell->attack->name,
                   cell->target == SIM_CLIENT ? "client" : "server", moments[cell->moment],
                   datagram, origins[cell->origin], numbers[cell->numbers],
                   cell->repeated ? ", repeated" : "", networks[cell->network]);
}
