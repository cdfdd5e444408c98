#include "sim/explain.h"

#include <string.h>

#include "dtls/flight.h"

#define RTO_FIRST UINT64_C(50000)
#define RTO_CAP UINT64_C(3000000)

enum {
    UNIT = 50000, /* all timers at their slowest are multiples of it */
    UNITS = SIM_DEADLINE / UNIT + 1,
    FLIGHTS = 4,
    ATTEMPTS = 20, /* more do not fit into the deadline */
};

/* Chances by the time at which something is over; what comes later than all is missing. */
struct times {
    double at[UNITS];
};

/* tail[n]: the chance that n attempts are not enough. */
struct attempts {
    double tail[ATTEMPTS + 1];
};

/* What the timer is set to when it has fired so often. */
static uint64_t next_rto(uint64_t rto, size_t losses) {
    if (losses <= RG_LOSSES_QUICK) {
        return rto;
    }
    return rto * 2 < RTO_CAP ? rto * 2 : RTO_CAP;
}

static double least(double a, double b) {
    return a < b ? a : b;
}

struct chance {
    double first; /* that a datagram is lost */
    double again; /* and so is the next */
};

static struct chance chance_of(const struct sim_conditions *conditions) {
    const struct sim_bursts *bursts = &conditions->bursts;
    double begin = bursts->begin / 1000.0;
    double end = bursts->end / 1000.0;
    double share = bursts->begin == 0 ? 0 : begin / (begin + end);
    double spoilt = 1 - (1 - conditions->corrupt / 1000.0) * (1 - conditions->truncate / 1000.0);
    double outside = 1 - (1 - conditions->loss / 1000.0) * (1 - spoilt);
    double inside = 1 - (1 - bursts->loss / 1000.0) * (1 - spoilt);
    struct chance chance = {.first = (1 - share) * outside + share * inside};
    chance.again = share == 0 ? outside : (1 - end) * inside + end * outside;
    chance.again = chance.again < chance.first ? chance.first : chance.again;
    return chance;
}

static struct attempts attempts_for(struct chance chance, size_t pieces) {
    struct attempts attempts = {.tail[0] = 1};
    double lost = chance.first;
    for (size_t n = 1; n <= ATTEMPTS; n++) {
        attempts.tail[n] = least(1, (double)pieces * lost);
        lost *= chance.again;
    }
    return attempts;
}

/* The final flight comes with the last piece of flight 5 and then for each repetition of that which
 * arrives. `lost[n]`: the chance that it was sent for attempt n and lost. */
static struct attempts attempts_for_both(struct chance chance, size_t pieces) {
    struct attempts flight5 = attempts_for(chance, pieces);
    struct attempts repetition = attempts_for(chance, 1);
    struct attempts both = flight5;
    double lost[ATTEMPTS + 1] = {0};
    for (size_t n = 1; n <= ATTEMPTS; n++) {
        lost[n] = (flight5.tail[n - 1] - flight5.tail[n]) * chance.first;
        for (size_t m = 1; m < n; m++) {
            double arrives = repetition.tail[m - 1] - repetition.tail[m];
            lost[n] += lost[n - m] * arrives * chance.again;
        }
        for (size_t before = 1; before <= n; before++) {
            both.tail[n] += lost[before] * repetition.tail[n - before];
        }
    }
    return both;
}

/* Adds to `before` the time that so many attempts take. */
static struct times then(const struct times *before, const struct attempts *attempts) {
    struct times after = {.at = {0}};
    uint64_t waited = 0;
    uint64_t rto = RTO_FIRST;
    for (size_t n = 1; n <= ATTEMPTS && waited / UNIT < UNITS; n++) {
        double chance = attempts->tail[n - 1] - attempts->tail[n];
        for (size_t unit = 0; unit + waited / UNIT < UNITS; unit++) {
            after.at[unit + waited / UNIT] += before->at[unit] * chance;
        }
        waited += rto;
        rto = next_rto(rto, n);
    }
    return after;
}

double sim_explain_timeouts(const struct sim_conditions *conditions, struct sim_pieces pieces) {
    struct chance chance = chance_of(conditions);
    struct attempts flight1 = attempts_for(chance, 1);
    struct attempts flight4 = attempts_for(chance, pieces.flight4);
    struct attempts flight5 = attempts_for_both(chance, pieces.flight5);
    uint64_t travel = conditions->delay * (conditions->reorder > 0 ? 5 : 1) + conditions->jitter;
    struct times times = {.at = {1}};
    double timeouts = 1;
    times = then(&times, &flight1);
    times = then(&times, &flight4);
    times = then(&times, &flight5);
    for (size_t unit = 0; unit * UNIT + FLIGHTS * travel < SIM_DEADLINE; unit++) {
        timeouts -= times.at[unit];
    }
    return timeouts > 0 ? timeouts : 0; /* not below, by rounding */
}

uint64_t sim_explain_transmissions(uint64_t time) {
    uint64_t answers = time / RG_ANSWER_GAP_MIN;
    uint64_t count = 1 + (answers < RG_ANSWERS_MAX ? answers : RG_ANSWERS_MAX);
    uint64_t rto = RTO_FIRST;
    size_t losses = 0;
    for (uint64_t fired = rto - rto / 8; fired <= time; fired += rto - rto / 8) {
        count++;
        rto = next_rto(rto, ++losses);
    }
    return count;
}
