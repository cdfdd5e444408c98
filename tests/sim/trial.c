#include "sim/trial.h"

#include <stdlib.h>

#include "dtls/flight.h"

#define LONG_ENOUGH (100 * SIM_SECOND)
#define NEGLIGIBLE 1e-7 /* what is less likely does not happen */

static const size_t mtus[] = {1200, 548, 300};
enum { MTUS = sizeof(mtus) / sizeof(mtus[0]) };

/* The same share of datagrams, in bursts of 2 or 3. */
static void gather_into_bursts(struct sim_conditions *conditions, struct sim_random *random) {
    unsigned end = sim_random_below(random, 2) == 0 ? 500 : 333;
    conditions->bursts = (struct sim_bursts){
        .begin = end * conditions->loss / (1000 - conditions->loss), .end = end, .loss = 1000};
    conditions->loss = 0;
}

static unsigned draw_up_to(struct sim_random *random, unsigned most) {
    return (unsigned)sim_random_below(random, most + 1);
}

struct sim_trial sim_trial_draw(uint64_t seed, const struct sim_badness *badness) {
    struct sim_random random = {~seed};
    struct sim_trial trial = {.seed = seed, .mtu = mtus[sim_random_below(&random, MTUS)]};
    struct sim_conditions *conditions = &trial.conditions;
    conditions->loss = draw_up_to(&random, badness->loss);
    conditions->corrupt = draw_up_to(&random, badness->corrupt);
    conditions->truncate = draw_up_to(&random, badness->truncate);
    conditions->duplicate = sim_random_below(&random, 3) == 0 ? 100 : 0;
    conditions->reorder = sim_random_below(&random, 2) == 0 ? 200 : 0;
    conditions->delay = 5000 + sim_random_below(&random, 90001);
    conditions->jitter = sim_random_below(&random, 16001);
    if (sim_random_below(&random, 2) == 0) {
        gather_into_bursts(conditions, &random);
    }
    return trial;
}

static void begin(struct sim_pair *pair, const struct sim_trial *trial) {
    rtpgate_config *configs[2];
    for (size_t i = 0; i < 2; i++) {
        configs[i] = sim_config(i);
        if (rtpgate_config_set_mtu(configs[i], trial->mtu) != 0) {
            abort();
        }
    }
    sim_pair_init_with(pair, trial->seed, &trial->conditions, configs[0], configs[1]);
}

static size_t find_mtu(size_t mtu) {
    size_t found = 0;
    while (found < MTUS - 1 && mtus[found] != mtu) {
        found++;
    }
    return found;
}

/* Counted once for each MTU, on a calm network. A flight that was lost twice is cut for a small
 * one. */
static struct sim_pieces pieces_for(size_t mtu) {
    static struct sim_pieces known[MTUS];
    struct sim_pieces *pieces = &known[find_mtu(mtu)];
    if (pieces->flight4 == 0) {
        const struct sim_trial calm = {.mtu = mtu < RG_SMALL_MTU ? mtu : RG_SMALL_MTU,
                                       .conditions = sim_calm};
        struct sim_pair pair;
        begin(&pair, &calm);
        sim_pair_run(&pair, SIM_SECOND);
        pieces->flight4 = sim_link_sent(pair.link, SIM_SERVER) - 1;
        pieces->flight5 = sim_link_sent(pair.link, SIM_CLIENT) - 1;
        sim_pair_clear(&pair);
    }
    return *pieces;
}

static bool has_timed_out(const struct sim_ours *ours) {
    int cause = 0;
    (void)rtpgate_session_error(ours->session, &cause);
    return cause == RTPGATE_ERR_TIMEOUT;
}

/* A server that heard nothing is still NEW; one that saw flight 5 is READY and cannot know. */
static bool ended_in_time(const struct sim_pair *pair) {
    enum rtpgate_state server = rtpgate_session_state(pair->server.session);
    return has_timed_out(&pair->client) &&
           (has_timed_out(&pair->server) || server == RTPGATE_STATE_NEW ||
            server == RTPGATE_STATE_READY);
}

static bool has_failed_early(const struct sim_ours *ours) {
    return ours->failed_at != 0 && ours->failed_at < SIM_DEADLINE;
}

static uint64_t count_allowed(const struct sim_pair *pair, struct sim_pieces pieces,
                              uint64_t time) {
    uint64_t each = sim_explain_transmissions(time);
    uint64_t client = sim_ours_stats(&pair->client).flights_sent * pieces.flight5;
    uint64_t server = sim_ours_stats(&pair->server).flights_sent * pieces.flight4;
    return each * (client + server);
}

bool sim_outcome_is_fine(const struct sim_outcome *outcome) {
    bool explained = outcome->timeout && outcome->timeouts > NEGLIGIBLE;
    return (outcome->equal || explained) && !outcome->early &&
           outcome->datagrams <= outcome->datagrams_max;
}

static void tell(const struct sim_pair *pair, const struct sim_outcome *outcome, FILE *out) {
    (void)fprintf(out, "client: %s\nserver: %s\n%lu datagrams (at most %lu)\n",
                  rtpgate_session_error(pair->client.session, NULL),
                  rtpgate_session_error(pair->server.session, NULL),
                  (unsigned long)outcome->datagrams, (unsigned long)outcome->datagrams_max);
    sim_link_trace(pair->link, out);
}

struct sim_outcome sim_trial_run(const struct sim_trial *trial, FILE *always, FILE *bad) {
    struct sim_pieces pieces = pieces_for(trial->mtu);
    struct sim_pair pair;
    begin(&pair, trial);
    sim_pair_run(&pair, LONG_ENOUGH);
    struct sim_outcome outcome = {
        .equal = sim_ours_agree(&pair.client, &pair.server),
        .timeout = ended_in_time(&pair),
        .early = has_failed_early(&pair.client) || has_failed_early(&pair.server),
        .time = pair.client.ready_at,
        .datagrams = sim_link_sent(pair.link, SIM_CLIENT) + sim_link_sent(pair.link, SIM_SERVER),
        .timeouts = sim_explain_timeouts(&trial->conditions, pieces),
    };
    outcome.datagrams_max =
        count_allowed(&pair, pieces, outcome.equal ? outcome.time : LONG_ENOUGH);
    if (always != NULL) {
        tell(&pair, &outcome, always);
    } else if (bad != NULL && !sim_outcome_is_fine(&outcome)) {
        tell(&pair, &outcome, bad);
    }
    sim_pair_clear(&pair);
    return outcome;
}
