/* One cell of the injection matrix: one attack at one moment of one handshake. */
#ifndef MATRIX_CELL_H
#define MATRIX_CELL_H

#include <stdbool.h>

#include <rtpgate/config.h>

#include "sim/attack.h"
#include "sim/ours.h"
#include "sim/pair.h"

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
    GONE,    /* nothing passes any more after the attack: all must come to an end */
    SWALLOWED,  /* what the target says next is lost, and all else for a second */
    MOVED,      /* what the peer sends after the attack comes on another valid path */
    CORRECTED,  /* the target is told a wrong fingerprint, and the right one half a second after the
                   start */
    MISTAKEN,   /* the target expects nobody who is there: all must come to an end */
    DENIED,     /* the same, which it is told half a second after the start */
    NEVER,      /* the peer gone, nobody is expected, and a deadline of ten seconds */
    LATE_BREAK, /* both; for a peer that is not ours */
    SLOW,       /* 700 ms one way, as the target knows; for a server that asks for a cookie */
    BUSY, /* the target's caller looks at its socket each 350 ms; for a peer that is not ours */
    NETWORKS
};

enum peer {
    PEER_OURS,
    PEER_STOCK,   /* GnuTLS, as its users configure it, with its own timers */
    PEER_COOKIES, /* the same, as a server that asks for a cookie first */
    PEERS
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
    enum peer peer;
};

#define PATIENCE (40 * SIM_SECOND) /* beyond the deadline of 30 s */

enum outcome {
    ALIVE,
    DEAD,
    STRAYED,      /* alive, but output went to the attacker's path until the peer sent something */
    BROKEN,       /* alive, but something was sent that must never be */
    MISLED,       /* dead, and it was a foreign peer that ended, at an answer of ours */
    NOTHING_SENT, /* the attack has nothing to send here */
};

struct account;

/* Two associations of ours: both are READY with equal keys in the end, and data passes both ways;
 * or, with a peer that is GONE, the target waits for nothing any more. account: what it cost. why:
 * `capacity` bytes, a sentence when it is not ALIVE. */
enum outcome cell_ours(const struct cell *cell, struct sim_scene *scene, struct account *account,
                       char *why, size_t capacity);
/* The same for one association of ours whose peer is not. */
enum outcome cell_foreign(const struct cell *cell, struct sim_scene *scene, struct account *account,
                          char *why, size_t capacity);
/* The same for two sessions of GnuTLS without anything of ours; it has no paths. */
enum outcome cell_stock(const struct cell *cell, struct sim_scene *scene);

/* Both before the first cell. When servers of ours prove flight 5; RTPGATE_PROOF_ALWAYS without it.
 * GnuTLS is kept after READY; without it, it is given back at once. */
void cell_prove(enum rtpgate_proof when);
bool cell_proves_always(void);
void cell_keep(void);

/* How many datagrams an undisturbed handshake has. */
size_t cell_datagrams_ours(enum network network);
size_t cell_datagrams_foreign(enum peer peer, size_t target);
size_t cell_datagrams_stock(void);

/* Whom the target is told to expect, at first and later. */
enum whom { ITS_PEER, NOBODY, UNTOLD };

struct telling {
    enum whom first;
    uint64_t after; /* since the start, and a tenth of a second; 0: there is no second time */
    enum whom then;
};

struct telling cell_telling(const struct cell *cell);

/* What cells share: a reference to the config of identity `which`; the target learns whom to
 * expect; the target's path, and that of an attacker who has a valid one; what no attack may bring
 * about, however well it ends. */
rtpgate_config *cell_config(enum network network, size_t which);
void cell_tell(struct sim_ours *target, const struct cell *cell, const struct sim_scene *scene,
               enum whom whom, uint64_t now);
void cell_declare_paths(struct sim_ours *target, const struct cell *cell);
enum outcome cell_audit(const struct account *account, char *why, size_t capacity);

/* Says where the cell is. */
void cell_describe(const struct cell *cell, char *text, size_t capacity);
void cell_finish(void);

#endif
