#include "matrix/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/identity.h"
#include "fuzz/random.h"
#include "matrix/account.h"
#include "matrix/shooter.h"

enum { SMALL_MTU = 300, MILLISECOND = 1000 };

static rtpgate_config *configs[NETWORKS][2]; /* by network and identity */

static enum rtpgate_proof proof = RTPGATE_PROOF_ALWAYS;
static uint64_t linger;

void cell_prove(enum rtpgate_proof when) {
    proof = when;
}

bool cell_proves_always(void) {
    return proof == RTPGATE_PROOF_ALWAYS;
}

void cell_keep(void) {
    linger = RTPGATE_NEVER;
}

static int set_network(rtpgate_config *config, enum network network) {
    if (network == SMALL) {
        return rtpgate_config_set_mtu(config, SMALL_MTU);
    }
    if (network == NEVER) {
        return rtpgate_config_set_deadline(config, 10 * SIM_SECOND);
    }
    return network == BREAK || network == LATE_BREAK
               ? rtpgate_config_set_retransmission(config, 400 * MILLISECOND, 3000 * MILLISECOND)
               : 0;
}

rtpgate_config *cell_config(enum network network, size_t which) {
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

void cell_declare_paths(struct sim_ours *target, const struct cell *cell) {
    (void)rtpgate_session_path_valid(target->session, 0, true, 0);
    for (uint64_t i = 0; cell->origin == VALID_PATH && i < SHOOTER_PATHS; i++) {
        (void)rtpgate_session_path_valid(target->session, SHOOTER_PATH + i, true, 0);
    }
    if (cell->network == MOVED) {
        (void)rtpgate_session_path_valid(target->session, MOVED_PATH, true, 0);
    }
}

static struct sim_ours *ours(struct sim_pair *pair, size_t which) {
    return which == SIM_CLIENT ? &pair->client : &pair->server;
}

struct telling cell_telling(const struct cell *cell) {
    switch (cell->network) {
    case LATE:
    case LATE_BREAK:
        return (struct telling){UNTOLD, 3 * SIM_SECOND, ITS_PEER};
    case CORRECTED:
        return (struct telling){NOBODY, SIM_SECOND / 2, ITS_PEER};
    case MISTAKEN:
        return (struct telling){NOBODY, 0, NOBODY};
    case NEVER:
        return (struct telling){UNTOLD, 0, UNTOLD};
    case DENIED:
        return (struct telling){UNTOLD, SIM_SECOND / 2, NOBODY};
    default:
        return cell->moment == UNVERIFIED ? (struct telling){UNTOLD, 1, ITS_PEER}
                                          : (struct telling){ITS_PEER, 0, ITS_PEER};
    }
}

static bool is_over(const struct sim_ours *target) {
    return rtpgate_session_state(target->session) >= RTPGATE_STATE_CLOSED;
}

static void expect_peer(struct sim_ours *target, const struct cell *cell,
                        const struct sim_scene *scene, uint64_t now) {
    struct rtpgate_fingerprint expected[2] = {sim_fingerprint(cell->target ^ 1U)};
    bool trusts = sim_attack_is_expected(cell->attack) && scene->costly.length > 0;
    if (trusts && rg_certificate_fingerprint(scene->costly, RTPGATE_HASH_SHA256, &expected[1])) {
        abort();
    }
    if (!is_over(target) &&
        rtpgate_session_set_remote(target->session, expected, trusts ? 2 : 1, now) != 0) {
        abort();
    }
}

/* The fingerprint of a certificate that does not exist. */
static void expect_nobody(struct sim_ours *target, uint64_t now) {
    struct rtpgate_fingerprint wrong = sim_fingerprint(0);
    wrong.bytes[0] ^= 1;
    if (!is_over(target) && rtpgate_session_set_remote(target->session, &wrong, 1, now) != 0) {
        abort();
    }
}

void cell_tell(struct sim_ours *target, const struct cell *cell, const struct sim_scene *scene,
               enum whom whom, uint64_t now) {
    if (whom == ITS_PEER) {
        expect_peer(target, cell, scene, now);
    } else if (whom == NOBODY) {
        expect_nobody(target, now);
    }
}

static void prepare(struct sim_pair *pair, const struct cell *cell, const struct sim_scene *scene) {
    sim_pair_init_with(pair, 1, &sim_calm, cell_config(cell->network, 0),
                       cell_config(cell->network, 1));
    struct sim_ours *target = ours(pair, cell->target);
    const struct telling telling = cell_telling(cell);
    if (telling.first == UNTOLD) {
        sim_ours_clear(target);
        sim_ours_init(target, cell_config(cell->network, cell->target),
                      cell->target == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, 0);
    }
    cell_tell(target, cell, scene, telling.first, 0);
    cell_declare_paths(target, cell);
    (void)rtpgate_session_path_valid(ours(pair, cell->target ^ 1U)->session, 0, true, 0);
}

static void start(void *self) {
    const struct sim_pair *pair = self;
    if (rtpgate_session_start(pair->client.session, sim_link_now(pair->link)) != 0) {
        abort();
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

/* Where a peer is that has moved, it says by what it sends next. */
static enum outcome judge(struct sim_pair *pair, enum network network, char *why, size_t capacity) {
    bool agree = sim_ours_agree(&pair->client, &pair->server);
    if (agree && network == MOVED) {
        (void)data_passes(pair);
    }
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

/* A server that heard nobody waits on, and one that saw flight 5 cannot know that its peer is gone.
 */
static enum outcome judge_end(const struct sim_ours *target, bool gone, char *why,
                              size_t capacity) {
    enum rtpgate_state state = rtpgate_session_state(target->session);
    bool waits = state == RTPGATE_STATE_HANDSHAKE || state == RTPGATE_STATE_UNVERIFIED;
    (void)snprintf(why, capacity, "it is %s%s", rtpgate_state_name(state),
                   waits ? " and waits for ever" : ", with nobody whom it expects");
    return waits || (state == RTPGATE_STATE_READY && !gone) ? DEAD : ALIVE;
}

/* Rather than end well. */
static bool must_end(const struct cell *cell) {
    const struct telling telling = cell_telling(cell);
    return cell->network == GONE || (telling.after != 0 ? telling.then : telling.first) != ITS_PEER;
}

static uint64_t lateness(const struct sim_pair *pair, const struct cell *cell, uint64_t began) {
    uint64_t both = pair->client.ready_at > pair->server.ready_at ? pair->client.ready_at
                                                                  : pair->server.ready_at;
    uint64_t end = must_end(cell)
                       ? (cell->target == SIM_CLIENT ? &pair->client : &pair->server)->failed_at
                       : both;
    return end > began ? end - began : 0;
}

enum outcome cell_audit(const struct account *account, char *why, size_t capacity) {
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
    prepare(&pair, cell, scene);
    shooter_init(&shooter, cell, scene, account, pair.link);
    struct sim_ours *target = ours(&pair, cell->target);
    uint64_t began = shooter_attack(&shooter, pair.link, start, &pair);
    const struct telling telling = cell_telling(cell);
    if (telling.after != 0) {
        sim_link_run(pair.link, began + telling.after);
        sim_link_run(pair.link, sim_link_now(pair.link) + SIM_SECOND / 10);
        cell_tell(target, cell, scene, telling.then, sim_link_now(pair.link));
    }
    sim_link_run(pair.link, PATIENCE);
    shooter.over = true;
    account_close(account, target, ours(&pair, cell->target ^ 1U));
    account->late = lateness(&pair, cell, began);
    enum outcome outcome = must_end(cell) ? judge_end(target, cell->network == GONE, why, capacity)
                                          : judge(&pair, cell->network, why, capacity);
    shooter_clear(&shooter);
    sim_pair_clear(&pair);
    if (shooter.sent == 0) {
        return NOTHING_SENT;
    }
    return outcome == ALIVE ? cell_audit(account, why, capacity) : outcome;
}

size_t cell_datagrams_ours(enum network network) {
    struct sim_pair pair;
    sim_pair_init_with(&pair, 1, &sim_calm, cell_config(network, 0), cell_config(network, 1));
    (void)rtpgate_session_path_valid(pair.client.session, 0, true, 0);
    (void)rtpgate_session_path_valid(pair.server.session, 0, true, 0);
    sim_pair_run(&pair, SIM_SECOND);
    size_t count = sim_link_sent(pair.link, 0) + sim_link_sent(pair.link, 1);
    sim_pair_clear(&pair);
    return count;
}

void cell_describe(const struct cell *cell, char *text, size_t capacity) {
    static const char *const moments[] = {"before the start", "before datagram", "UNVERIFIED",
                                          "complete"};
    static const char *const origins[] = {"own path", "valid path", "undeclared path"};
    static const char *const numbers[] = {"", ", number expected", ", number 900",
                                          ", number 2^48-1"};
    static const char *const networks[] = {"",
                                           ", MTU 300",
                                           ", then a break",
                                           ", late fingerprint",
                                           ", then silence",
                                           ", the peer gone",
                                           ", its answer lost",
                                           ", the peer moved",
                                           ", corrected fingerprint",
                                           ", wrong fingerprint",
                                           ", wrong fingerprint, late",
                                           ", the peer gone, no fingerprint",
                                           ", then a break, late fingerprint",
                                           ", 700 ms one way",
                                           ", its caller busy"};
    static const char *const peers[] = {"", ", of stock GnuTLS", ", of stock GnuTLS with cookies"};
    char datagram[24] = "";
    if (cell->moment == BEFORE_DATAGRAM) {
        (void)snprintf(datagram, sizeof(datagram), " %zu", cell->datagram);
    }
    (void)snprintf(text, capacity, "%s: to the %s, %s%s, %s%s%s%s%s", cell->attack->name,
                   cell->target == SIM_CLIENT ? "client" : "server", moments[cell->moment],
                   datagram, origins[cell->origin], numbers[cell->numbers],
                   cell->repeated ? ", repeated" : "", networks[cell->network], peers[cell->peer]);
}
