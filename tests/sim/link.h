/*
 * A network in virtual time: any number of endpoints that exchange datagrams under the conditions
 * of fate.h, all drawn from one seed. Nothing sleeps and no clock is read.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/fate.h"

enum { SIM_DATAGRAM_MAX = 20000 };

/* What takes part. `self` is the endpoint's own, `name` a static string for traces. */
struct sim_endpoint {
    void *self;
    void (*input)(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now);
    int (*output)(void *self, uint8_t *buffer, size_t capacity, uint64_t *path);
    uint64_t (*deadline)(const void *self);
    void (*expire)(void *self, uint64_t now);
    const char *name;
};

struct sim_link;

/* Sees every datagram before its fate is drawn; `drop`, `path` and the bytes may be changed.
 * Datagrams are numbered from 0. */
struct sim_passing {
    size_t from;
    size_t number; /* among all of the link */
    uint64_t path; /* to which it was sent, and on which it will arrive */
    uint8_t *bytes;
    size_t *length;
    bool drop;
};
typedef void (*sim_tap)(void *context, struct sim_link *link, struct sim_passing *passing);

struct sim_link *sim_link_new(uint64_t seed, const struct sim_conditions *conditions);
void sim_link_free(struct sim_link *link);

/* Adds an endpoint; the one with number n sends to number n ^ 1. Returns its number. */
size_t sim_link_add(struct sim_link *link, struct sim_endpoint endpoint);
void sim_link_tap(struct sim_link *link, sim_tap tap, void *context);
void sim_link_set_conditions(struct sim_link *link, const struct sim_conditions *conditions);

/* Puts a datagram on its way to endpoint `to`, to arrive after `delay`, on `path`; it is not
 * tapped. */
void sim_link_inject(struct sim_link *link, size_t to, const uint8_t *datagram, size_t length,
                     uint64_t path, uint64_t delay);

/* Collects what the endpoints want to send: call it after changing one from outside. */
void sim_link_collect(struct sim_link *link);
/* Goes on to the next thing that happens, but not beyond `until`. False when nothing does. */
bool sim_link_step(struct sim_link *link, uint64_t until);
/* Runs until nothing happens or `until` has come. */
void sim_link_run(struct sim_link *link, uint64_t until);

uint64_t sim_link_now(const struct sim_link *link);
size_t sim_link_sent(const struct sim_link *link, size_t endpoint);  /* datagrams it sent */
size_t sim_link_bytes(const struct sim_link *link, size_t endpoint); /* bytes it sent */

/* Prints the seed and every datagram so far (trace.h). */
void sim_link_trace(const struct sim_link *link, FILE *out);

/* A number below `limit`, from the link's seed. */
uint64_t sim_link_random(struct sim_link *link, uint64_t limit);

#endif
