/*
 * What a handshake costs.
 * Usage: handshake time COUNT         a row a kind: name, microseconds of the processor a handshake
 *        handshake heap COUNT         a row a kind: name, bytes of heap an established peer
 *        handshake run COUNT NAME     nothing but the handshakes of one kind, for a profiler
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pairs.h"

enum { WARM = 20, COUNT_MAX = 1000000 };

static const struct {
    const struct kind *kind;
    bool timed;
    bool weighed;
} kinds[] = {
    {&kind_ours, true, true},
    {&kind_ours_after_anomaly, true, false},
    {&kind_ours_srtp, false, true},
    {&kind_ours_srtp_in_use, false, true},
    {&kind_ours_live, false, true},
    {&kind_ours_live_srtp, false, true},
    {&kind_ours_live_srtp_in_use, false, true},
    {&kind_gnutls, true, true},
    {&kind_openssl, true, true},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void meet(const struct kind *kind, struct pair *pair) {
    if (!kind->meet(pair)) {
        (void)fprintf(stderr, "handshake: %s: a handshake failed\n", kind->name);
        exit(1);
    }
}

static void run(const struct kind *kind, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct pair pair = {0};
        meet(kind, &pair);
        kind->part(&pair);
    }
}

static double processor_time(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

static void time_of(const struct kind *kind, size_t count) {
    run(kind, WARM);
    double began = processor_time();
    run(kind, count);
    printf("%s\t%.2f\n", kind->name, (processor_time() - began) * 1e6 / (double)count);
}

/* malloc keeps big blocks apart. */
static size_t heap(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void heap_of(const struct kind *kind, size_t count) {
    struct pair *pairs = calloc(count, sizeof(*pairs));
    if (pairs == NULL) {
        (void)fputs("handshake: out of memory\n", stderr);
        exit(1);
    }
    run(kind, WARM);
    size_t before = heap();
    for (size_t i = 0; i < count; i++) {
        meet(kind, &pairs[i]);
    }
    printf("%s\t%.0f\n", kind->name, (double)(heap() - before) / (double)(2 * count));
    for (size_t i = 0; i < count; i++) {
        kind->part(&pairs[i]);
    }
    free(pairs);
}

static void measure(const struct kind *kind, void (*how)(const struct kind *, size_t),
                    size_t count) {
    kind->begin();
    how(kind, count);
    kind->end();
}

static int usage(void) {
    (void)fprintf(stderr, "usage: handshake time COUNT | heap COUNT | run COUNT NAME   (1 to %d)\n",
                  COUNT_MAX);
    return 2;
}

int main(int argc, char **argv) {
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    bool known = argc > 1 && (strcmp(argv[1], "time") == 0 || strcmp(argv[1], "heap") == 0 ||
                              (strcmp(argv[1], "run") == 0 && argc == 4));
    if (!known || count == 0 || count > COUNT_MAX) {
        return usage();
    }
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *kind = kinds[i].kind;
        if (strcmp(argv[1], "run") == 0 && strcmp(argv[3], kind->name) == 0) {
            measure(kind, run, count);
        } else if (strcmp(argv[1], "time") == 0 && kinds[i].timed) {
            measure(kind, time_of, count);
        } else if (strcmp(argv[1], "heap") == 0 && kinds[i].weighed) {
            measure(kind, heap_of, count);
        }
    }
    return 0;
}
