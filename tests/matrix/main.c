/*
 * The injection matrix: every attack at every moment, against both roles of ours and, to compare,
 * of stock GnuTLS. Prints dead cells of all cells as a Markdown table; fails when a cell is dead
 * that must not be.
 *
 * Usage: matrix [full] [ours] [verbose] [first] [after-anomaly] [ATTACK]
 *
 * full: record numbers and paths combined; ours: without stock GnuTLS; verbose: names the dead
 * cells of stock GnuTLS; first: ends at the first cell that is dead and must not be; after-anomaly:
 * with RTPGATE_PROOF_AFTER_ANOMALY; ATTACK: only attacks with this in their name.
 */
#include <stdio.h>
#include <string.h>

#include "matrix/cell.h"
#include "matrix/verdict.h"
#include "sim/ours.h"
#include "sim/pair.h"
#include "sim/stock.h"

enum { STOCK = 2 }; /* columns: our client and server, then those of stock GnuTLS */

static struct tally tally;
static struct sim_scene scene;
static bool full;

static void ours(const struct cell *cell) {
    if (tally.first && tally.wrong > 0) {
        return;
    }
    char why[1200] = "";
    enum outcome outcome = cell_ours(cell, &scene, why, sizeof(why));
    tally_count(&tally, cell, cell->target, outcome, why);
}

static void stock(const struct cell *cell) {
    tally_count(&tally, cell, STOCK + cell->target, cell_stock(cell, &scene), "");
}

static void at_every_moment(struct cell cell, void (*run)(const struct cell *), size_t datagrams) {
    for (cell.moment = 0; cell.moment < MOMENTS; cell.moment++) {
        size_t count = cell.moment == BEFORE_DATAGRAM ? datagrams : 1;
        for (cell.datagram = 0; cell.datagram < count; cell.datagram++) {
            run(&cell);
        }
    }
}

static void only_between_datagrams(struct cell cell, void (*run)(const struct cell *),
                                   size_t datagrams) {
    cell.moment = BEFORE_DATAGRAM;
    for (cell.datagram = 0; cell.datagram < datagrams; cell.datagram++) {
        run(&cell);
    }
}

/* Without `full` a foreign path and a record number are not combined. */
static void against_ours(struct cell cell) {
    for (cell.numbers = 0; cell.numbers < NUMBERS; cell.numbers++) {
        for (cell.origin = 0; cell.origin < ORIGINS; cell.origin++) {
            bool wanted = full || cell.numbers == AS_MADE ||
                          (cell.origin == OWN_PATH && cell.numbers == HIGHEST);
            for (int repeated = 0; wanted && repeated < 2; repeated++) {
                cell.repeated = repeated != 0;
                at_every_moment(cell, ours, cell_datagrams_ours(false));
            }
        }
    }
    cell.small = true;
    cell.numbers = AS_MADE;
    cell.origin = OWN_PATH;
    for (int repeated = 0; repeated < (full ? 2 : 1); repeated++) {
        cell.repeated = repeated != 0;
        only_between_datagrams(cell, ours, cell_datagrams_ours(true));
    }
}

static void against_stock(struct cell cell) {
    for (cell.numbers = 0; cell.numbers < NUMBERS; cell.numbers++) {
        bool wanted = full || cell.numbers == NEXT_EXPECTED || cell.numbers == NINE_HUNDRED;
        for (int repeated = 0; wanted && repeated < (full ? 2 : 1); repeated++) {
            cell.repeated = repeated != 0;
            at_every_moment(cell, stock, cell_datagrams_stock());
        }
    }
}

struct options {
    bool ours;
    const char *attack;
};

static struct options read_options(int argc, char **argv) {
    struct options options = {false, ""};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "full") == 0) {
            full = true;
        } else if (strcmp(argv[i], "ours") == 0) {
            options.ours = true;
        } else if (strcmp(argv[i], "verbose") == 0) {
            tally.verbose = true;
        } else if (strcmp(argv[i], "first") == 0) {
            tally.first = true;
        } else if (strcmp(argv[i], "after-anomaly") == 0) {
            cell_prove(RTPGATE_PROOF_AFTER_ANOMALY);
        } else {
            options.attack = argv[i];
        }
    }
    return options;
}

static void run(const struct options *options, const struct sim_attack *attack) {
    for (size_t target = 0; target < 2; target++) {
        const struct cell cell = {.attack = attack, .target = target};
        against_ours(cell);
        if (!options->ours) {
            against_stock(cell);
        }
    }
}

int main(int argc, char **argv) {
    struct options options = read_options(argc, argv);
    sim_scene_record(&scene);
    for (size_t i = 0; sim_attack(i) != NULL && !(tally.first && tally.wrong > 0); i++) {
        if (strstr(sim_attack(i)->name, options.attack) != NULL) {
            run(&options, sim_attack(i));
        }
    }
    tally_print(&tally);
    int failed = tally_failed(&tally, !options.ours && *options.attack == 0);
    cell_finish();
    sim_stock_finish();
    sim_ours_finish();
    return failed;
}
