#include "sim/pair.h"

#include <stdio.h>
#include <stdlib.h>

const struct sim_conditions sim_calm = {.delay = 10000};

void sim_pair_init_with(struct sim_pair *pair, uint64_t seed,
                        const struct sim_conditions *conditions, rtpgate_config *client,
                        rtpgate_config *server) {
    pair->link = sim_link_new(seed, conditions);
    sim_ours_init(&pair->client, client != NULL ? client : sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_init(&pair->server, server != NULL ? server : sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_ours_seed(&pair->client, sim_link_random(pair->link, UINT32_MAX));
    sim_ours_seed(&pair->server, sim_link_random(pair->link, UINT32_MAX));
    sim_ours_expect(&pair->client, 1, 0);
    sim_ours_expect(&pair->server, 0, 0);
    (void)sim_link_add(pair->link, sim_ours_endpoint(&pair->client));
    (void)sim_link_add(pair->link, sim_ours_endpoint(&pair->server));
}

void sim_pair_init(struct sim_pair *pair, uint64_t seed, const struct sim_conditions *conditions) {
    sim_pair_init_with(pair, seed, conditions, NULL, NULL);
}

void sim_pair_run(struct sim_pair *pair, uint64_t until) {
    int status = rtpgate_session_start(pair->client.session, sim_link_now(pair->link));
    if (status != 0) {
        (void)fprintf(stderr, "sim: start: %s\n", rtpgate_strerror(status));
        abort();
    }
    sim_link_run(pair->link, until);
}

void sim_pair_ready(struct sim_pair *pair) {
    sim_pair_init(pair, 1, &sim_calm);
    sim_pair_run(pair, SIM_SECOND);
    if (!sim_ours_agree(&pair->client, &pair->server)) {
        (void)fprintf(stderr, "sim: a calm handshake failed: %s; %s\n",
                      rtpgate_session_error(pair->client.session, NULL),
                      rtpgate_session_error(pair->server.session, NULL));
        abort();
    }
}

void sim_pair_clear(struct sim_pair *pair) {
    sim_ours_clear(&pair->client);
    sim_ours_clear(&pair->server);
    sim_link_free(pair->link);
    pair->link = NULL;
}
