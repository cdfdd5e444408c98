/* One cell of the injection matrix: one attack at one moment of one handshake. */
#ifndef MATRIX_CELL_H
#define MATRIX_CELL_H

#include <stdbool.h>

#include <rtpgate/config.h>

#include "sim/attack.h"

enum moment {
    BEFORE_START,
    BEFORE_DATAGRAM, /* number `datagram` of the handshake */
    UNVERIFIED,      /* the target does not know the fingerprint yet */
    COMPLETE,
    MOMENTS
};

enum origin { OWN_PATH, VALID_PATH, UNDECLARED_PATH, ORIGINS };

enum numbers { AS_MADE, NEXT_EXPECTED, NINE_HUNDRED, HIGHEST, NUMBERS };

struct cell {
    const struct sim_attack *attack;
    size_t target; /* SIM_CLIENT or SIM_SERVER */
    enum moment moment;
    size_t datagram;
    enum origin origin;
    enum numbers numbers;
    bool repeated; /* before each datagram that follows, and each 100 ms for two seconds */
    bool small;    /* an MTU of 300 */
};

enum outcome {
    ALIVE,
    DEAD,
    STRAYED,      /* alive, but output went to the attacker's path until the peer sent something */
    NOTHING_SENT, /* the attack has nothing to send here */
};

/* Two associations of ours: both are READY with equal keys in the end, and data passes both ways.
 */
enum outcome cell_ours(const struct cell *cell, struct sim_scene *scene, char *why,
                       size_t capacity);
/* The same for two sessions of GnuTLS without anything of ours; it has no paths. */
enum outcome cell_stock(const struct cell *cell, struct sim_scene *scene);

/* When servers of ours prove flight 5; before the first cell. RTPGATE_PROOF_ALWAYS without it. */
void cell_prove(enum rtpgate_proof when);

/* How many datagrams an undisturbed handshake has. */
size_t cell_datagrams_ours(bool small);
size_t cell_datagrams_stock(void);
/* Says where the cell is. */
void cell_describe(const struct cell *cell, char *text, size_t capacity);
void cell_finish(void);

#endif
