#include "matrix/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pair.h"

enum { STOCK_DIES_MIN = 100 };

static bool is_alert(const struct sim_attack *attack) {
    return attack->family == SIM_ALERTS || strcmp(attack->name, "flood of alerts") == 0;
}

/* Stock GnuTLS ends at an answer that does not fit, for which nobody but it can be blamed:
 * design.md does not promise otherwise. */
static const char *excuse_misled(const struct cell *cell) {
    bool reads = sim_attack_reads(cell->attack);
    if (cell->network == BREAK && cell->repeated) {
        return "the network is dead for a second and a half, and nothing but the forgery is heard";
    }
    bool first =
        cell->moment == BEFORE_START || (cell->moment == BEFORE_DATAGRAM && cell->datagram == 0);
    if (cell->target == SIM_SERVER && !first && !cell_proves_always()) {
        return "GnuTLS was shown a forged flight 5, and its client takes up no second flight 4: "
               "the price of RTPGATE_PROOF_AFTER_ANOMALY";
    }
    if (cell->target == SIM_SERVER) {
        return first ? "its client ends at the answer to a hello that was forged before its own"
                     : NULL;
    }
    /* Its ServerKeyExchange, and the CertificateRequest that follows. */
    size_t signed_one = cell->peer == PEER_COOKIES ? 7 : 3;
    bool between = cell->moment == BEFORE_DATAGRAM &&
                   (cell->datagram == signed_one || cell->datagram == signed_one + 1);
    if (between) {
        return "its server ends where what is not signed was forged just between two datagrams of "
               "its flight 4";
    }
    return reads && cell->peer == PEER_COOKIES
               ? "behind a cookie this alters its ServerHello where nothing signs it"
               : NULL;
}

/* NULL: this cell must not be dead. */
static const char *excuse(const struct cell *cell, enum outcome outcome) {
    const struct sim_attack *attack = cell->attack;
    if (outcome == MISLED && attack->why == NULL) {
        return excuse_misled(cell);
    }
    if (is_alert(attack) && cell->repeated && cell->network == SILENCE) {
        return "one alert after the other and six seconds of silence: the grace is over";
    }
    bool races = attack->family == SIM_REPLAYS && cell->origin == VALID_PATH;
    if (outcome == STRAYED && (races || attack->why != NULL)) {
        return races ? "alive; output goes to where Finished was replayed from until the peer "
                       "sends data"
                     : attack->why;
    }
    if (races && cell->target == SIM_SERVER) {
        return "the final flight goes to the valid path from which flight 5 was replayed";
    }
    return attack->why;
}

static void note(struct tally *tally, const struct cell *cell, const char *why) {
    for (size_t i = 0; i < tally->known_count; i++) {
        struct known *known = &tally->known[i];
        if (known->target == cell->target && strcmp(known->why, why) == 0) {
            known->attacks += known->attack != cell->attack ? 1 : 0;
            known->attack = cell->attack;
            known->cells++;
            return;
        }
    }
    if (tally->known_count == KNOWN_MAX) {
        (void)fputs("matrix: too many known cells\n", stderr);
        abort();
    }
    tally->known[tally->known_count++] = (struct known){cell->attack, why, cell->target, 1, 1};
}

void tally_count(struct tally *tally, const struct cell *cell, size_t column, enum outcome outcome,
                 const char *text) {
    char where[200];
    if (outcome == NOTHING_SENT) {
        return;
    }
    const char *why = outcome != ALIVE && column < STOCK ? excuse(cell, outcome) : NULL;
    bool wrong = outcome != ALIVE && column < STOCK && why == NULL;
    bool dead = outcome == DEAD || outcome == MISLED || wrong;
    tally->cells[cell->attack->family][column]++;
    tally->dead[cell->attack->family][column] += dead ? 1 : 0;
    tally->wrong += wrong ? 1 : 0;
    if (why != NULL) {
        note(tally, cell, why);
    }
    if (wrong || (tally->verbose && dead && column >= FACING)) {
        cell_describe(cell, where, sizeof(where));
        (void)printf("dead%s: %s: %s\n", column < STOCK ? "" : " (stock)", where, text);
    }
}

void tally_print(const struct tally *tally) {
    (void)puts("| dead / cells | our client | our server | our client, GnuTLS server "
               "| our server, GnuTLS client | GnuTLS client | GnuTLS server |\n"
               "|---|---|---|---|---|---|---|");
    for (enum sim_family family = 0; family < SIM_FAMILIES; family++) {
        (void)printf("| %s%s |", family < SIM_REPLAYS ? "" : "reader: ", sim_family_name(family));
        for (size_t i = 0; i < COLUMNS; i++) {
            (void)printf(" %u/%u |", tally->dead[family][i], tally->cells[family][i]);
        }
        (void)puts("");
    }
    (void)puts("");
    for (size_t i = 0; i < tally->known_count; i++) {
        const struct known *known = &tally->known[i];
        (void)printf("- to the %s, %u attacks, %u cells: %s\n",
                     known->target == SIM_CLIENT ? "client" : "server", known->attacks,
                     known->cells, known->why);
    }
}

int tally_failed(const struct tally *tally, bool stock) {
    unsigned died = 0;
    unsigned cells = 0;
    for (size_t family = 0; family < SIM_FAMILIES; family++) {
        for (size_t column = OURS; column < STOCK; column++) {
            cells += tally->cells[family][column];
        }
        died += tally->dead[family][STOCK] + tally->dead[family][STOCK + 1];
    }
    if (stock && died < STOCK_DIES_MIN) {
        (void)printf("\nstock GnuTLS died in %u cells only: do the attacks still bite?\n", died);
        return 1;
    }
    (void)printf("\n%u of our %u cells are dead and must not be\n", tally->wrong, cells);
    return cells == 0 || tally->wrong != 0;
}
