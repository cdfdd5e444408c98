#include "matrix/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pair.h"

enum { STOCK_DIES_MIN = 100 };

static bool is_alert(const struct sim_attack *attack) {
    return attack->family == SIM_ALERTS || strcmp(attack->name, "flood of alerts") == 0;
}

/* NULL: this cell must not be dead. */
static const char *excuse(const struct cell *cell, enum outcome outcome) {
    const struct sim_attack *attack = cell->attack;
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
        if (known->attack == cell->attack && known->target == cell->target && known->why == why) {
            known->cells++;
            return;
        }
    }
    if (tally->known_count == KNOWN_MAX) {
        (void)fputs("matrix: too many known cells\n", stderr);
        abort();
    }
    tally->known[tally->known_count++] = (struct known){cell->attack, why, cell->target, 1};
}

void tally_count(struct tally *tally, const struct cell *cell, size_t column, enum outcome outcome,
                 const char *text) {
    char where[200];
    if (outcome == NOTHING_SENT) {
        return;
    }
    const char *why = outcome != ALIVE && column < OURS ? excuse(cell, outcome) : NULL;
    bool wrong = outcome != ALIVE && column < OURS && why == NULL;
    tally->cells[cell->attack->family][column]++;
    tally->dead[cell->attack->family][column] += outcome == DEAD || wrong ? 1 : 0;
    tally->wrong += wrong ? 1 : 0;
    if (why != NULL) {
        note(tally, cell, why);
    }
    if (wrong || (tally->verbose && outcome == DEAD && column >= OURS)) {
        cell_describe(cell, where, sizeof(where));
        (void)printf("dead%s: %s: %s\n", column < OURS ? "" : " (stock)", where, text);
    }
}

void tally_print(const struct tally *tally) {
    (void)puts("| dead / cells | our client | our server | GnuTLS client | GnuTLS server |\n"
               "|---|---|---|---|---|");
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
        (void)printf("- %s, to the %s: %u cells: %s\n", known->attack->name,
                     known->target == SIM_CLIENT ? "client" : "server", known->cells, known->why);
    }
}

int tally_failed(const struct tally *tally, bool stock) {
    unsigned died = 0;
    unsigned cells = 0;
    for (size_t family = 0; family < SIM_FAMILIES; family++) {
        cells += tally->cells[family][0] + tally->cells[family][1];
        died += tally->dead[family][OURS] + tally->dead[family][OURS + 1];
    }
    if (stock && died < STOCK_DIES_MIN) {
        (void)printf("\nstock GnuTLS died in %u cells only: do the attacks still bite?\n", died);
        return 1;
    }
    (void)printf("\n%u of our %u cells are dead and must not be\n", tally->wrong, cells);
    return cells == 0 || tally->wrong != 0;
}
