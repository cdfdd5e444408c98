/* The attacker of a cell: reads the link, and shoots at his moment. */
#ifndef MATRIX_SHOOTER_H
#define MATRIX_SHOOTER_H

#include "matrix/cell.h"
#include "sim/stranger.h"

enum {
    SHOOTER_PATH = 7, /* his own, and one more; the peers' is 0 */
    SHOOTER_PATHS = 2,
    MOVED_PATH = 9,    /* the peer's in network MOVED */
    SHOTS_MAX = 64,    /* or our answers to him would make him go on for ever */
    FAMILIES_MAX = 16, /* of whole families, which flood a flight of one message a datagram */
};

struct shooter {
    const struct cell *cell;
    struct sim_scene *scene;
    struct sim_stranger stranger; /* takes part when the attack is one */
    struct account *account;      /* NULL: nobody asks */
    uint64_t next;                /* record number of epoch 0 that the target expects */
    size_t sent;                  /* datagrams */
    size_t shots;
    uint64_t peers_path;
    uint64_t dead_from; /* between these two nothing passes */
    uint64_t dead_until;
    bool over; /* the attack has stopped */
};

/* Takes part in the link from now on, as a tap, too: what is sent to the attacker's path is lost to
 * the peer, and what the network loses. */
void shooter_init(struct shooter *shooter, const struct cell *cell, struct sim_scene *scene,
                  struct account *account, struct sim_link *link);
void shooter_clear(struct shooter *shooter);
/* Starts the handshake and attacks it, as the cell says; returns when it was started. */
uint64_t shooter_attack(struct shooter *shooter, struct sim_link *link, void (*start)(void *self),
                        void *self);

#endif
