#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

enum { PACKET = 100 };

/* malloc keeps big blocks apart. */
static size_t heap(void) {
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void pass_one(const struct contender *contender, void *context, enum rtpgate_kind kind) {
    uint8_t packet[BENCH_ROOM] = {0};
    int sealed;

    bench_header(kind, packet, 1);
    sealed = contender->protect(context, kind, packet, PACKET);
    if (contender->unprotect(context, kind, packet, sealed) != PACKET) {
        bench_fail(contender->name, "a packet did not come back");
    }
}

static void print(const struct contender *contender, uint16_t profile, const char *state,
                  size_t bytes, size_t count) {
    printf("%s;%s;%s;heap;%.0f\n", contender->name, rtpgate_srtp_profile_info(profile)->name, state,
           (double)bytes / (double)count);
}

static void measure(const struct contender *contender, uint16_t profile, size_t count,
                    void **contexts) {
    const struct rtpgate_srtp_keys keys = bench_keys(profile);
    size_t before = heap();

    for (size_t i = 0; i < count; i++) {
        contexts[i] = contender->open(&keys);
        if (contexts[i] == NULL) {
            bench_fail(contender->name, "could not be opened");
        }
    }
    print(contender, profile, "made", heap() - before, count);
    for (size_t i = 0; i < count; i++) {
        pass_one(contender, contexts[i], RTPGATE_KIND_RTP);
        pass_one(contender, contexts[i], RTPGATE_KIND_RTCP);
    }
    print(contender, profile, "in use", heap() - before, count);
    for (size_t i = 0; i < count; i++) {
        contender->close(contexts[i]);
    }
}

void bench_heap(const struct contender *contender, size_t count) {
    void **contexts = calloc(count, sizeof *contexts);

    if (contexts == NULL) {
        bench_fail(contender->name, "out of memory");
    }
    for (size_t i = 0; i < BENCH_PROFILES; i++) {
        const struct rtpgate_srtp_keys keys = bench_keys(bench_profiles[i]);
        void *first = contender->open(&keys); /* what is made once belongs to no context */

        measure(contender, bench_profiles[i], count, contexts);
        contender->close(first);
    }
    free(contexts);
}
