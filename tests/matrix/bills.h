/*
 * The bill of each attack: what all of its cells cost together. What it was stands in bills.tsv; a
 * guard that lets something through, or that answers too much, has another bill even where every
 * handshake ends well.
 */
#ifndef MATRIX_BILLS_H
#define MATRIX_BILLS_H

#include <stdio.h>

#include "matrix/account.h"

enum { BILLS_MAX = 512 };

struct bill {
    const struct sim_attack *attack;
    size_t target;
    uint64_t cells;
    uint64_t late; /* milliseconds; this and those below: of all cells */
    uint64_t engines;
    uint64_t sent;
    uint64_t heap; /* kilobytes, of the cell with the most */
    uint32_t counters;
    uint64_t causes;
};

struct bills {
    size_t count;
    struct bill at[BILLS_MAX];
};

void bills_add(struct bills *bills, const struct cell *cell, const struct account *account);
/* One line an attack and target, as in bills.tsv. */
void bills_print(const struct bills *bills, FILE *out);
/* Says which bills differ from those in the file, and returns how many; what the file does not have
 * differs. Exactly, when the file was made with this version of GnuTLS, or else by a sixteenth. */
size_t bills_compare(const struct bills *bills, FILE *file);

#endif
