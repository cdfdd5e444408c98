#include "sim/fate.h"

const char *sim_fate_name(enum sim_fate fate) {
    static const char *const names[] = {
        [SIM_DELIVERED] = "delivered", [SIM_LATE] = "late",           [SIM_DUPLICATE] = "duplicate",
        [SIM_CORRUPT] = "corrupt",     [SIM_TRUNCATED] = "truncated", [SIM_LOST] = "lost",
        [SIM_SWALLOWED] = "swallowed", [SIM_TOO_LARGE] = "too large", [SIM_DROPPED] = "dropped",
        [SIM_INJECTED] = "injected",
    };
    return names[fate];
}

bool sim_fate_is_loss(enum sim_fate fate) {
    return fate == SIM_LOST || fate == SIM_SWALLOWED || fate == SIM_TOO_LARGE ||
           fate == SIM_DROPPED;
}

static bool is_swallowed(const struct sim_hole *hole, size_t from, uint64_t now) {
    bool even = from % 2 == 0;
    bool this_way = hole->ways == SIM_WAYS_BOTH || even == (hole->ways == SIM_WAYS_FROM_EVEN);
    return this_way && now >= hole->from && now < hole->until;
}

static bool is_too_large(const struct sim_conditions *conditions, size_t length, uint64_t now) {
    bool later = conditions->later_mtu != 0 && now >= conditions->later;
    size_t mtu = later ? conditions->later_mtu : conditions->mtu;
    return mtu != 0 && length > mtu;
}

static bool is_lost(struct sim_way *way, const struct sim_conditions *conditions,
                    struct sim_random *dice) {
    const struct sim_bursts *bursts = &conditions->bursts;
    bool turns = sim_random_happens(dice, way->burst ? bursts->end : bursts->begin);
    way->burst = way->burst != turns;
    return sim_random_happens(dice, way->burst ? bursts->loss : conditions->loss);
}

static uint64_t draw_delay(const struct sim_conditions *conditions, struct sim_random *dice,
                           bool *late) {
    uint64_t jitter = sim_random_below(dice, conditions->jitter + 1);
    uint64_t lateness = sim_random_below(dice, 4 * conditions->delay + 1);
    *late = sim_random_happens(dice, conditions->reorder);
    return conditions->delay + jitter + (*late ? lateness : 0);
}

struct sim_verdict sim_fate_next(struct sim_way *way, const struct sim_conditions *conditions,
                                 size_t from, size_t length, uint64_t now) {
    struct sim_random dice = {sim_random_next(&way->random)};
    struct sim_verdict verdict = {.fate = SIM_DELIVERED};
    bool late = false;
    bool second_late = false;
    bool lost = is_lost(way, conditions, &dice);
    bool corrupt = sim_random_happens(&dice, conditions->corrupt);
    bool truncated = sim_random_happens(&dice, conditions->truncate);
    verdict.twice = sim_random_happens(&dice, conditions->duplicate);
    verdict.delay = draw_delay(conditions, &dice, &late);
    verdict.second_delay = draw_delay(conditions, &dice, &second_late);
    verdict.spoils = dice;
    if (is_swallowed(&conditions->hole, from, now)) {
        verdict.fate = SIM_SWALLOWED;
    } else if (is_too_large(conditions, length, now)) {
        verdict.fate = SIM_TOO_LARGE;
    } else if (lost) {
        verdict.fate = SIM_LOST;
    } else if (corrupt) {
        verdict.fate = SIM_CORRUPT;
    } else if (truncated) {
        verdict.fate = SIM_TRUNCATED;
    } else if (verdict.twice) {
        verdict.fate = SIM_DUPLICATE;
    } else if (late) {
        verdict.fate = SIM_LATE;
    }
    return verdict;
}

/* A part of the length, so that a signature that is a byte longer moves it little. */
static size_t draw_place(struct sim_random *random, size_t length) {
    return (size_t)((sim_random_next(random) >> 32) * length >> 32);
}

void sim_fate_spoil(struct sim_verdict *verdict, uint8_t *bytes, size_t *length) {
    if (*length == 0) {
        return;
    }
    if (verdict->fate == SIM_TRUNCATED) {
        *length = draw_place(&verdict->spoils, *length);
    }
    if (verdict->fate == SIM_CORRUPT) {
        uint64_t count = 1 + sim_random_below(&verdict->spoils, 3);
        for (uint64_t i = 0; i < count; i++) {
            size_t place = draw_place(&verdict->spoils, *length);
            bytes[place] ^= (uint8_t)(1 + sim_random_below(&verdict->spoils, 255));
        }
    }
}
