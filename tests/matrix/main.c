/*
 * The injection matrix: every attack at every moment, against both roles of ours and, to compare,
 * of stock GnuTLS. Prints dead cells of all cells as a Markdown table; fails when a cell is dead
 * that must not be, or when an attack's bill is not as in bills.tsv or bills-after-anomaly.tsv.
 *
 * Usage: matrix [full] [sparse] [ours] [verbose] [first] [after-anomaly] [kept] [bills] [even|odd]
 *               [ATTACK]
 *
 * full: record numbers and paths combined; sparse: every fourth cell, without bills; ours: without
 * stock GnuTLS; verbose: names the dead cells of stock GnuTLS; first: ends at the first cell that
 * is dead and must not be; after-anomaly: with RTPGATE_PROOF_AFTER_ANOMALY; kept: GnuTLS is not
 * given back after READY; bills: prints these files anew; even, odd: every second attack alone;
 * ATTACK: only attacks with this in their name.
 */
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/random.h"
#include "matrix/bills.h"
#include "matrix/cell.h"
#include "matrix/verdict.h"
#include "sim/ours.h"
#include "sim/pair.h"
#include "sim/stock.h"

static struct tally tally;
static struct bills bills;
static struct sim_scene scene;
static bool full;
static unsigned step = 1; /* from cell to cell */

static void ours(const struct cell *cell) {
    static unsigned count;
    if ((tally.first && tally.wrong > 0) || count++ % step != 0) {
        return;
    }
    char why[1200] = "";
    struct account account;
    enum outcome outcome = (cell->peer == PEER_OURS ? cell_ours : cell_foreign)(
        cell, &scene, &account, why, sizeof(why));
    size_t column = (cell->peer == PEER_OURS ? OURS : FACING) + cell->target;
    tally_count(&tally, cell, column, outcome, why);
    if (outcome != NOTHING_SENT) {
        bills_add(&bills, cell, &account);
    }
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

/* Nobody comes twice. */
static int times(const struct cell *cell) {
    return sim_attack_is_stranger(cell->attack) ? 1 : 2;
}

/* Without `full` a foreign path and a record number are not combined. */
static void against_ours(struct cell cell) {
    for (cell.numbers = 0; cell.numbers < NUMBERS; cell.numbers++) {
        for (cell.origin = 0; cell.origin < ORIGINS; cell.origin++) {
            bool wanted = full || cell.numbers == AS_MADE ||
                          (cell.origin == OWN_PATH && cell.numbers == HIGHEST);
            for (int repeated = 0; wanted && repeated < times(&cell); repeated++) {
                cell.repeated = repeated != 0;
                at_every_moment(cell, ours, cell_datagrams_ours(CALM));
            }
        }
    }
    cell.numbers = AS_MADE;
    cell.origin = OWN_PATH;
    for (cell.network = SMALL; cell.network < LATE_BREAK; cell.network++) {
        bool again = full || cell.network == DENIED;
        for (int repeated = 0; repeated < (again ? times(&cell) : 1); repeated++) {
            cell.repeated = repeated != 0;
            only_between_datagrams(cell, ours, cell_datagrams_ours(cell.network));
        }
    }
    cell.network = SWALLOWED;
    cell.origin = VALID_PATH;
    for (int repeated = 0; repeated < times(&cell); repeated++) {
        cell.repeated = repeated != 0;
        only_between_datagrams(cell, ours, cell_datagrams_ours(cell.network));
    }
}

/* A server that asks for a cookie cannot be followed before it signs, and it alone must be asked
 * for so long. */
static bool is_played(enum network network, enum peer peer) {
    return network == BREAK || network == SWALLOWED || network == LATE || network == LATE_BREAK ||
           (peer == PEER_COOKIES ? network == SLOW : network == MOVED || network == BUSY);
}

/* A peer that is not ours makes other datagrams, and gives up sooner. */
static void with_foreign_peer(struct cell cell) {
    for (cell.peer = PEER_STOCK; cell.peer < PEERS; cell.peer++) {
        bool possible = cell.target == SIM_CLIENT || cell.peer != PEER_COOKIES;
        for (int repeated = 0; possible && repeated < times(&cell); repeated++) {
            size_t datagrams = cell_datagrams_foreign(cell.peer, cell.target);
            cell.repeated = repeated != 0;
            cell.network = CALM;
            at_every_moment(cell, ours, datagrams);
            for (cell.network = SMALL; cell.network < NETWORKS; cell.network++) {
                if (is_played(cell.network, cell.peer)) {
                    only_between_datagrams(cell, ours, datagrams);
                }
            }
        }
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
    bool bills;
    size_t step; /* 2: from `from` on every second attack alone */
    size_t from;
    const char *expected; /* the file with the bills; NULL: none is kept of this kind */
    const char *attack;
};

static struct options read_options(int argc, char **argv) {
    struct options options = {.attack = "", .step = 1, .expected = MATRIX_FOLDER "/bills.tsv"};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "full") == 0) {
            full = true;
            options.expected = NULL;
        } else if (strcmp(argv[i], "sparse") == 0) {
            step = 4;
            options.expected = NULL;
        } else if (strcmp(argv[i], "ours") == 0) {
            options.ours = true;
        } else if (strcmp(argv[i], "verbose") == 0) {
            tally.verbose = true;
        } else if (strcmp(argv[i], "first") == 0) {
            tally.first = true;
        } else if (strcmp(argv[i], "after-anomaly") == 0) {
            cell_prove(RTPGATE_PROOF_AFTER_ANOMALY);
            options.expected = MATRIX_FOLDER "/bills-after-anomaly.tsv";
        } else if (strcmp(argv[i], "kept") == 0) {
            cell_keep();
            options.expected = NULL;
        } else if (strcmp(argv[i], "even") == 0 || strcmp(argv[i], "odd") == 0) {
            options.step = 2;
            options.from = argv[i][0] == 'o' ? 1 : 0;
        } else if (strcmp(argv[i], "bills") == 0) {
            options.bills = options.ours = true;
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
        with_foreign_peer(cell);
        if (!options->ours) {
            against_stock(cell);
        }
    }
}

static int compare_bills(const char *expected) {
    FILE *file = fopen(expected, "r");
    if (file == NULL) {
        (void)printf("matrix: %s cannot be read\n", expected);
        return 1;
    }
    size_t different = bills_compare(&bills, file);
    (void)fclose(file);
    if (different > 0) {
        (void)printf("%zu bills differ; if they should, make %s anew: sh tests/matrix.sh bills\n",
                     different, expected);
    }
    return different > 0;
}

static int report(const struct options *options) {
    if (options->bills) {
        bills_print(&bills, stdout);
        return tally.wrong != 0;
    }
    tally_print(&tally);
    int failed = tally_failed(&tally, !options->ours && *options->attack == 0);
    return options->expected == NULL ? failed : compare_bills(options->expected) | failed;
}

static gnutls_datum_t read_costly(void) {
    gnutls_datum_t text;
    gnutls_datum_t der;
    if (gnutls_load_file(MATRIX_FOLDER "/../data/identity-rsa8200-cert.pem", &text) < 0 ||
        gnutls_pem_base64_decode2("CERTIFICATE", &text, &der) < 0) {
        (void)fputs("matrix: the certificate with a large key cannot be read\n", stderr);
        abort();
    }
    gnutls_free(text.data);
    return der;
}

int main(int argc, char **argv) {
    struct options options = read_options(argc, argv);
    fuzz_random_begin(NULL, 0);
    sim_scene_record(&scene);
    gnutls_datum_t costly = read_costly();
    scene.costly = (struct rg_bytes){costly.data, costly.size};
    for (size_t i = options.from; sim_attack(i) != NULL && !(tally.first && tally.wrong > 0);
         i += options.step) {
        if (strstr(sim_attack(i)->name, options.attack) != NULL) {
            run(&options, sim_attack(i));
        }
    }
    int failed = report(&options);
    gnutls_free(costly.data);
    cell_finish();
    sim_stock_finish();
    sim_ours_finish();
    return failed;
}
