/* What passed through a link, for a person to read. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdio.h>

#include "sim/fate.h"

enum { SIM_TRACE_MAX = 1000 }; /* later datagrams are only counted */

struct sim_passed {
    struct sim_passed *next;
    uint64_t now;
    uint64_t delay;
    const char *from;
    const char *to;
    enum sim_fate fate;
    size_t length;
    uint8_t bytes[]; /* as they were sent */
};

struct sim_trace {
    uint64_t seed;
    struct sim_passed *first;
    struct sim_passed *last;
    size_t count;
};

/* Adds a datagram that is sent at `now` and, if it arrives, does so `delay` later. The names must
 * outlive the trace. */
void sim_trace_add(struct sim_trace *trace, uint64_t now, const char *from, const char *to,
                   const struct sim_verdict *verdict, const uint8_t *bytes, size_t length);
void sim_trace_clear(struct sim_trace *trace);

/*
 * Prints the seed and then a line for each datagram, such as
 *   0.250123 client -> server  233 B delivered +0.010000  ClientHello#0 [0..220/220]
 */
void sim_trace_print(const struct sim_trace *trace, FILE *out);

#endif
