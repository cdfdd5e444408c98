/*
 * The time until both sides of a handshake have their keys, over networks that lose datagrams, in
 * virtual time: no clock is read, so that the numbers are those of the protocol's timers alone.
 * Prints one row a cell, of tab-separated fields: pair, clock, RTT (ms), loss (%), handshakes, how
 * many of them never ended, p50, p95 and p99 (ms), datagrams a handshake (both sides together).
 * Usage: tails [HANDSHAKES]
 */
#include <stdio.h>
#include <stdlib.h>

#include "pairs.h"
#include "sim/openssl.h"
#include "sim/ours.h"
#include "sim/stock.h"

enum { HANDSHAKES = 3000, HANDSHAKES_MAX = 1000000 };

static const unsigned rtts[] = {20, 50, 200};       /* milliseconds */
static const unsigned losses[] = {0, 1, 5, 10, 20}; /* per cent */

struct cell {
    unsigned rtt;
    unsigned loss;
    size_t handshakes;
};

static int by_size(const void *a, const void *b) {
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

/* The least value that `percent` of the sorted `count` values do not exceed, in milliseconds. */
static double percentile(const uint64_t *sorted, size_t count, size_t percent) {
    size_t rank = (count * percent + 99) / 100;
    return (double)sorted[rank - 1] / 1000;
}

static void print_row(const char *name, const struct cell *cell, const uint64_t *sorted,
                      size_t datagrams) {
    size_t count = cell->handshakes;
    size_t unfinished = 0;
    while (unfinished < count && sorted[count - 1 - unfinished] == TAILS_LIMIT) {
        unfinished++;
    }
    printf("%s\tvirtual\t%u\t%u\t%zu\t%zu\t%.1f\t%.1f\t%.1f\t%.2f\n", name, cell->rtt, cell->loss,
           count, unfinished, percentile(sorted, count, 50), percentile(sorted, count, 95),
           percentile(sorted, count, 99), (double)datagrams / (double)count);
    (void)fflush(stdout);
}

static void measure(const struct tails_pair *pair, const struct cell *cell, uint64_t *times) {
    const struct sim_conditions conditions = {.loss = 10 * cell->loss,
                                              .delay = UINT64_C(500) * cell->rtt};
    size_t datagrams = 0;
    for (size_t n = 0; n < cell->handshakes; n++) {
        struct tails_result result = pair->meet(n, &conditions);
        times[n] = result.time;
        datagrams += result.datagrams;
    }
    qsort(times, cell->handshakes, sizeof(*times), by_size);
    print_row(pair->name, cell, times, datagrams);
}

int main(int argc, char **argv) {
    size_t handshakes = argc > 1 ? strtoul(argv[1], NULL, 10) : HANDSHAKES;
    uint64_t *times = NULL;
    if (argc > 2 || handshakes == 0 || handshakes > HANDSHAKES_MAX ||
        (times = calloc(handshakes, sizeof(*times))) == NULL) {
        (void)fprintf(stderr, "usage: tails [HANDSHAKES]   (1 to %d, default %d)\n", HANDSHAKES_MAX,
                      HANDSHAKES);
        return 2;
    }
    for (const struct tails_pair *pair = tails_pairs; pair->name != NULL; pair++) {
        for (size_t i = 0; i < sizeof(rtts) / sizeof(rtts[0]); i++) {
            for (size_t j = 0; j < sizeof(losses) / sizeof(losses[0]); j++) {
                const struct cell cell = {rtts[i], losses[j], handshakes};
                measure(pair, &cell, times);
            }
        }
    }
    free(times);
    sim_ours_finish();
    sim_stock_finish();
    sim_openssl_finish();
    return 0;
}
