/* One session of ours whose peer is stock GnuTLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/association.h"
#include "dtls/identity.h"
#include "fuzz/random.h"
#include "matrix/account.h"
#include "matrix/cell.h"
#include "matrix/shooter.h"
#include "sim/cookies.h"
#include "sim/sleeper.h"

enum { KEYS = 60, SLOW_DELAY = 700000, BUSY_PERIOD = 350000 };

struct meeting {
    struct sim_link *link;
    struct sim_ours ours;
    struct sim_sleeper sleeper;
    struct sim_cookies peer; /* without PEER_COOKIES its `stock` alone counts */
};

static void meet(struct meeting *meeting, enum network network, enum peer peer, size_t target) {
    static const uint16_t profiles[] = {1};
    const struct sim_stock_setup setup = {.server = target == SIM_CLIENT,
                                          .profiles = profiles,
                                          .profile_count = 1,
                                          .credentials = sim_identity(target ^ 1U)->credentials};
    const struct sim_conditions slow = {.delay = SLOW_DELAY};
    meeting->link = sim_link_new(1, network == SLOW ? &slow : &sim_calm);
    sim_cookies_init(&meeting->peer, &setup);
    sim_ours_init(&meeting->ours, cell_config(network, target),
                  target == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, 0);
    sim_ours_seed(&meeting->ours, sim_link_random(meeting->link, UINT32_MAX));
    if (network == SLOW &&
        rtpgate_session_set_rtt(meeting->ours.session, UINT64_C(2) * SLOW_DELAY, 0) != 0) {
        abort();
    }
    sim_sleeper_init(&meeting->sleeper, sim_ours_endpoint(&meeting->ours), BUSY_PERIOD);
    const struct sim_endpoint ours = network == BUSY ? sim_sleeper_endpoint(&meeting->sleeper)
                                                     : sim_ours_endpoint(&meeting->ours);
    const struct sim_endpoint theirs = peer == PEER_COOKIES
                                           ? sim_cookies_endpoint(&meeting->peer)
                                           : sim_stock_endpoint(&meeting->peer.stock);
    (void)sim_link_add(meeting->link, target == SIM_CLIENT ? ours : theirs);
    (void)sim_link_add(meeting->link, target == SIM_CLIENT ? theirs : ours);
}

static void part(struct meeting *meeting) {
    sim_sleeper_clear(&meeting->sleeper);
    sim_ours_clear(&meeting->ours);
    sim_cookies_clear(&meeting->peer);
    sim_link_free(meeting->link);
}

static void start(void *self) {
    struct meeting *meeting = self;
    if (!meeting->peer.stock.started) {
        sim_stock_start(&meeting->peer.stock);
    } else if (rtpgate_session_start(meeting->ours.session, sim_link_now(meeting->link)) != 0) {
        abort();
    }
}

static bool agree(struct meeting *meeting) {
    uint8_t ours[KEYS];
    uint8_t theirs[KEYS];
    return rtpgate_session_export(meeting->ours.session, "EXTRACTOR-dtls_srtp", NULL, 0, ours,
                                  KEYS) == 0 &&
           sim_stock_export(&meeting->peer.stock, theirs, KEYS) && memcmp(ours, theirs, KEYS) == 0;
}

static bool data_passes(struct meeting *meeting) {
    meeting->ours.data_count = 0;
    (void)sim_stock_send(&meeting->peer.stock, "still", 5);
    (void)rtpgate_session_send(meeting->ours.session, (const uint8_t *)"still", 5,
                               sim_link_now(meeting->link));
    sim_link_run(meeting->link, sim_link_now(meeting->link) + SIM_SECOND);
    return meeting->ours.data_count == 1 && meeting->peer.stock.data_length == 5;
}

static enum outcome judge(struct meeting *meeting, enum network network, char *why,
                          size_t capacity) {
    const struct sim_stock *stock = &meeting->peer.stock;
    bool equal = agree(meeting);
    if (equal && network == MOVED) {
        (void)data_passes(meeting);
    }
    if (equal && data_passes(meeting)) {
        return ALIVE;
    }
    (void)snprintf(why, capacity, "%s; ours %s (%s); GnuTLS %s (%s)",
                   equal ? "no data passes" : "no equal keys",
                   rtpgate_state_name(rtpgate_session_state(meeting->ours.session)),
                   rtpgate_session_error(meeting->ours.session, NULL),
                   stock->done ? "is done" : "waits", gnutls_strerror(stock->failure));
    /* GnuTLS repeats no hello any more once it holds an answer, be it to somebody else's, and takes
     * up no second one. */
    bool client_holds_another = !stock->done && sim_ours_stats(&meeting->ours).candidates > 0 &&
                                meeting->ours.session->role == RTPGATE_ROLE_SERVER;
    /* Nor does it answer any hello once it holds one with a cookie that it never gave. */
    bool server_holds_another = sim_link_sent(meeting->link, SIM_SERVER) == 0 &&
                                meeting->ours.session->role == RTPGATE_ROLE_CLIENT;
    return stock->failure != 0 || client_holds_another || server_holds_another ? MISLED : DEAD;
}

enum outcome cell_foreign(const struct cell *cell, struct sim_scene *scene, struct account *account,
                          char *why, size_t capacity) {
    struct meeting meeting;
    struct shooter shooter;
    scene->target = cell->target;
    fuzz_random_begin((const uint8_t *)cell->attack->name, strlen(cell->attack->name));
    account_open(account);
    meet(&meeting, cell->network, cell->peer, cell->target);
    cell_declare_paths(&meeting.ours, cell);
    const struct telling telling = cell_telling(cell);
    cell_tell(&meeting.ours, cell, scene, telling.first, 0);
    shooter_init(&shooter, cell, scene, account, meeting.link);
    uint64_t began = shooter_attack(&shooter, meeting.link, start, &meeting);
    if (telling.after != 0) {
        sim_link_run(meeting.link, began + telling.after);
        cell_tell(&meeting.ours, cell, scene, telling.then, sim_link_now(meeting.link));
    }
    sim_link_run(meeting.link, began + PATIENCE);
    shooter.over = true;
    account_close(account, &meeting.ours, NULL);
    account->late = meeting.ours.ready_at > began ? meeting.ours.ready_at - began : 0;
    enum outcome outcome = judge(&meeting, cell->network, why, capacity);
    shooter_clear(&shooter);
    part(&meeting);
    if (shooter.sent == 0) {
        return NOTHING_SENT;
    }
    return outcome == ALIVE ? cell_audit(account, why, capacity) : outcome;
}

size_t cell_datagrams_foreign(enum peer peer, size_t target) {
    struct meeting meeting;
    meet(&meeting, CALM, peer, target);
    (void)rtpgate_session_path_valid(meeting.ours.session, 0, true, 0);
    sim_ours_expect(&meeting.ours, target ^ 1U, 0);
    start(&meeting);
    sim_link_run(meeting.link, SIM_SECOND);
    size_t count = sim_link_sent(meeting.link, 0) + sim_link_sent(meeting.link, 1);
    part(&meeting);
    return count;
}
