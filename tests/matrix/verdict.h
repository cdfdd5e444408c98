/* Which cells may be dead, and what was counted. */
#ifndef MATRIX_VERDICT_H
#define MATRIX_VERDICT_H

#include "matrix/cell.h"

enum { OURS = 0, FACING = 2, STOCK = 4, COLUMNS = 6, KNOWN_MAX = 64 };

/* Cells of one role that may be dead, all for the same reason. */
struct known {
    const struct sim_attack *attack; /* the last one */
    const char *why;
    size_t target;
    unsigned attacks;
    unsigned cells;
};

struct tally {
    bool verbose; /* names the dead cells of stock GnuTLS, too */
    bool first;   /* the caller ends with the first that is wrong */
    unsigned dead[SIM_FAMILIES][COLUMNS];
    unsigned cells[SIM_FAMILIES][COLUMNS];
    unsigned wrong; /* dead, and must not be */
    struct known known[KNOWN_MAX];
    size_t known_count;
};

/* Columns, always the client and the server: from OURS on ours with a peer of ours, from FACING on
 * ours with one of stock GnuTLS, from STOCK on stock GnuTLS alone. */
void tally_count(struct tally *tally, const struct cell *cell, size_t column, enum outcome outcome,
                 const char *text);
void tally_print(const struct tally *tally);
/* What main returns: there were cells, none was dead that must not be, and (when asked to look at
 * it) stock GnuTLS died, or the attacks would have lost their teeth. */
int tally_failed(const struct tally *tally, bool stock);

#endif
