#include "matrix/account.h"

#include <malloc.h>
#include <string.h>

#include "wire/record.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

enum { NUMBERS_MAX = 1024 };

const char *const account_counters[] = {"path",   "early", "malformed", "type",  "epoch",
                                        "alert",  "hello", "stale",     "limit", "forged",
                                        "record", "data",  "late",      "output"};
const size_t account_counters_count = sizeof(account_counters) / sizeof(*account_counters);

/* By sender and record number: a sum over the record that had it, 0: none. */
static uint64_t numbered[2][NUMBERS_MAX];
static size_t heap_before;

static size_t in_use(void) {
#ifdef SANITIZED
    return 0;
#else
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
}

void account_open(struct account *account) {
    *account = (struct account){0};
    memset(numbered, 0, sizeof(numbered));
    heap_before = in_use();
}

/* FNV-1a; never 0. */
static uint64_t sum(struct rg_bytes bytes) {
    uint64_t state = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.length; i++) {
        state = (state ^ bytes.at[i]) * UINT64_C(0x100000001b3);
    }
    return state | 1;
}

static void look_at_numbers(struct account *account, const struct sim_passing *passing) {
    struct rg_reader reader = rg_reader_make(passing->bytes, *passing->length);
    struct rg_record record;
    while (rg_record_next(&reader, &record)) {
        if (record.epoch != 0 || record.sequence >= NUMBERS_MAX) {
            continue;
        }
        uint64_t *known = &numbered[passing->from][record.sequence];
        uint64_t now = sum(record.body);
        account->reused += *known != 0 && *known != now ? 1 : 0;
        *known = now;
    }
}

void account_passing(struct account *account, const struct cell *cell,
                     const struct sim_passing *passing) {
    size_t heap = in_use();
    look_at_numbers(account, passing);
    if (heap > heap_before + account->heap) {
        account->heap = heap - heap_before;
    }
    if (passing->from == cell->target && passing->path != 0 && cell->origin != VALID_PATH &&
        cell->network != MOVED) {
        account->strayed++;
    }
}

static uint32_t counters(const struct rtpgate_session_stats *stats) {
    const uint64_t counts[] = {
        stats->dropped_path,  stats->dropped_early,  stats->dropped_malformed, stats->dropped_type,
        stats->dropped_epoch, stats->dropped_alert,  stats->dropped_hello,     stats->dropped_stale,
        stats->dropped_limit, stats->dropped_forged, stats->dropped_record,    stats->dropped_data,
        stats->dropped_late,  stats->dropped_output};
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        bits |= (counts[i] != 0 ? UINT32_C(1) : 0) << i;
    }
    return bits;
}

void account_close(struct account *account, const struct sim_ours *target,
                   const struct sim_ours *peer) {
    const struct rtpgate_session_stats stats = sim_ours_stats(target);
    struct rtpgate_session_stats other = {0};
    if (peer != NULL) {
        other = sim_ours_stats(peer);
    }
    account->engines = stats.candidates + other.candidates;
    account->sent = stats.datagrams_sent + other.datagrams_sent;
    account->counters = counters(&stats);
    for (size_t i = 0; i < target->count; i++) {
        if (target->events[i].type == RTPGATE_EVENT_ADVICE) {
            account->causes |= UINT64_C(1) << -target->events[i].cause;
        }
    }
}
