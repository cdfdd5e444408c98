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

enum network {
    CALM,
    SMALL,   /* an MTU of 300 */
    BREAK,   /* nothing passes for a second and a half after the attack; timers of 400 ms */
    LATE,    /* the target is told the fingerprint three seconds after the client's start */
    SILENCE, /* one datagram to the target passes after the attack, then nothing for six seconds */
    NETWORKS
};

enum numbers { AS_MADE, NEXT_EXPECTED, NINE_HUNDRED, HIGHEST, NUMBERS };

struct cell {
    const struct sim_attack *attack;
    size_t target; /* SIM_CLIENT or SIM_SERVER */
    enum moment moment;
    size_t datagram;
    enum origin origin;
    enum numbers numbers;
    bool repeated; /* before each datagram that follows, and each 100 ms for two seconds */
    enum network network;
};

enum outcome {
    ALIVE,
    DEAD,
    STRAYED,      /* alive, but output went to the attacker's path until the peer sent something */
    BROKEN,       /* alive, but something was sent that must never be */
    NOTHING_SENT, /* the attack has nothing to send here */
};

struct account;

/* Two associations of ours: both are READY with equal keys in the end, and data passes both ways.
 * account: what it cost. why: `capacity` bytes, a sentence when it is not ALIVE. */
enum outcome cell_ours(const struct cell *cell, struct sim_scene *scene, struct account *account,
                       char *why, size_t capacity);
/* The same for two sessions of GnuTLS without anything of ours; it has no paths. */
enum outcome cell_stock(const struct cell *cell, struct sim_scene *scene);

/* Both before the first cell. When servers of ours prove flight 5; RTPGATE_PROOF_ALWAYS without it.
 * GnuTLS is kept after READY; without it, it is given back at once. */
void cell_prove(enum rtpgate_proof when);
void cell_keep(void);

/* How many datagrams an undisturbed handshake has. */
size_t cell_datagrams_ours(enum network network);
size_t cell_datagrams_stock(void);
/* Says where the cell is. */
void cell_describe(const struct cell *cell, char *text, size_t capacity);
void cell_finish(void);

#endif
