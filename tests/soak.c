/*
 * Any number of handshakes over bad networks, and what became of them.
 * Usage: soak [COUNT [SEED [LOSS [CORRUPT [TRUNCATE]]]]]: so many networks, numbered from SEED,
 * with up to LOSS, CORRUPT and TRUNCATE per thousand. A COUNT of 1 prints the trace.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/need.h"
#include "sim/trial.h"

enum { TRACES_MAX = 5 };

struct tally {
    uint64_t count;
    uint64_t equal;
    uint64_t timeouts;
    uint64_t wrong; /* neither, or a storm */
    double explained;
    double variance;
    uint64_t datagrams;
    uint64_t datagrams_max;
    uint64_t *times; /* of those that are equal */
};

static int compare(const void *a, const void *b) {
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

static void add(struct tally *tally, const struct sim_outcome *outcome) {
    if (outcome->equal) {
        tally->times[tally->equal++] = outcome->time;
    }
    tally->timeouts += !outcome->equal && outcome->timeout;
    tally->wrong += !sim_outcome_is_fine(outcome);
    tally->explained += outcome->timeouts;
    tally->variance += outcome->timeouts * (1 - outcome->timeouts);
    tally->datagrams += outcome->datagrams;
    tally->datagrams_max =
        outcome->datagrams > tally->datagrams_max ? outcome->datagrams : tally->datagrams_max;
    tally->count++;
}

static void try(struct tally *tally, uint64_t seed, const struct sim_badness *badness, bool tell) {
    struct sim_trial trial = sim_trial_draw(seed, badness);
    struct sim_outcome outcome =
        sim_trial_run(&trial, tell ? stdout : NULL, tally->wrong < TRACES_MAX ? stderr : NULL);
    add(tally, &outcome);
}

static double milliseconds(const struct tally *tally, unsigned percent) {
    uint64_t place = tally->equal * percent / 100;
    return tally->equal == 0 ? 0 : (double)tally->times[place] / 1000;
}

static void report(struct tally *tally, double seconds) {
    qsort(tally->times, tally->equal, sizeof(*tally->times), compare);
    (void)printf("handshakes           %" PRIu64 "\n"
                 "equal keys           %" PRIu64 "\n"
                 "timeouts             %" PRIu64 " (loss explains at most %.1f)\n"
                 "anything else        %" PRIu64 "\n"
                 "virtual time, ms     p50 %.0f  p95 %.0f  p99 %.0f\n"
                 "datagrams            mean %.2f  most %" PRIu64 "\n"
                 "per processor second %.0f\n",
                 tally->count, tally->equal, tally->timeouts, tally->explained, tally->wrong,
                 milliseconds(tally, 50), milliseconds(tally, 95), milliseconds(tally, 99),
                 (double)tally->datagrams / (double)tally->count, tally->datagrams_max,
                 (double)tally->count / seconds);
}

/* The argument, or the end of the program. */
static uint64_t number(const char *text) {
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0') {
        (void)fprintf(stderr, "soak: not a number: %s\n", text);
        exit(2);
    }
    return value;
}

static unsigned per_thousand(const char *text) {
    uint64_t value = number(text);
    if (value > 999) {
        (void)fprintf(stderr, "soak: not below 1000 per thousand: %s\n", text);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv) {
    uint64_t count = argc > 1 ? number(argv[1]) : 1000000;
    uint64_t seed = argc > 2 ? number(argv[2]) : 0;
    const struct sim_badness badness = {.loss = argc > 3 ? per_thousand(argv[3]) : 300,
                                        .corrupt = argc > 4 ? per_thousand(argv[4]) : 0,
                                        .truncate = argc > 5 ? per_thousand(argv[5]) : 0};
    if (count == 0 || argc > 6) {
        (void)fputs("usage: soak [COUNT [SEED [LOSS [CORRUPT [TRUNCATE]]]]]\n", stderr);
        return 2;
    }
    struct tally tally = {.times = sim_need(calloc(count, sizeof(*tally.times)))};
    clock_t began = clock();
    for (uint64_t n = 0; n < count; n++) {
        try(&tally, seed + n, &badness, count == 1);
    }
    report(&tally, (double)(clock() - began) / CLOCKS_PER_SEC);
    bool explained = (double)tally.timeouts <= tally.explained + 5 * sqrt(tally.variance) + 3;
    free(tally.times);
    sim_ours_finish();
    return tally.wrong > 0 || !explained;
}
