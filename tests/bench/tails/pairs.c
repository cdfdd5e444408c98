#include "pairs.h"

#include "sim/openssl.h"
#include "sim/ours.h"
#include "sim/pair.h"
#include "sim/stock.h"

#include <string.h>

/* Goes on until both are done: `*client` and `*server` say since when, 0: not yet. */
static struct tails_result run(struct sim_link *link, const uint64_t *client,
                               const uint64_t *server) {
    while ((*client == 0 || *server == 0) && sim_link_step(link, TAILS_LIMIT)) {
    }
    return (struct tails_result){
        .time = *client > *server ? *client : *server,
        .datagrams = sim_link_sent(link, SIM_CLIENT) + sim_link_sent(link, SIM_SERVER),
    };
}

/* `rtt`: what the application knows; 0: nothing. */
static struct tails_result meet_ours(uint64_t seed, const struct sim_conditions *conditions,
                                     uint64_t rtt) {
    struct sim_pair pair;
    sim_pair_init(&pair, seed, conditions);
    if (rtt != 0) {
        (void)rtpgate_session_set_rtt(pair.client.session, rtt, 0);
        (void)rtpgate_session_set_rtt(pair.server.session, rtt, 0);
    }
    (void)rtpgate_session_start(pair.client.session, 0);
    struct tails_result result = run(pair.link, &pair.client.ready_at, &pair.server.ready_at);
    result.time = sim_ours_agree(&pair.client, &pair.server) ? result.time : TAILS_LIMIT;
    sim_pair_clear(&pair);
    return result;
}

static struct tails_result ours_with_rtt(uint64_t seed, const struct sim_conditions *conditions) {
    return meet_ours(seed, conditions, 2 * conditions->delay);
}

static struct tails_result ours_without(uint64_t seed, const struct sim_conditions *conditions) {
    return meet_ours(seed, conditions, 0);
}

static bool gnutls_agree(struct sim_stock *a, struct sim_stock *b) {
    uint8_t keys[2][SIM_STOCK_KEYS];
    return sim_stock_export(a, keys[0], SIM_STOCK_KEYS) &&
           sim_stock_export(b, keys[1], SIM_STOCK_KEYS) &&
           memcmp(keys[0], keys[1], SIM_STOCK_KEYS) == 0;
}

static struct tails_result gnutls(uint64_t seed, const struct sim_conditions *conditions) {
    static const uint16_t profile = RTPGATE_SRTP_AEAD_AES_128_GCM;
    struct sim_stock client;
    struct sim_stock server;
    struct sim_link *link = sim_link_new(seed, conditions);
    sim_stock_init(&client, &(struct sim_stock_setup){.profiles = &profile, .profile_count = 1});
    sim_stock_init(&server, &(struct sim_stock_setup){
                                .server = true, .profiles = &profile, .profile_count = 1});
    (void)sim_link_add(link, sim_stock_endpoint(&client));
    (void)sim_link_add(link, sim_stock_endpoint(&server));
    sim_stock_start(&client);
    struct tails_result result = run(link, &client.done_at, &server.done_at);
    result.time = gnutls_agree(&client, &server) ? result.time : TAILS_LIMIT;
    sim_stock_clear(&client);
    sim_stock_clear(&server);
    sim_link_free(link);
    return result;
}

static bool openssl_agree(struct sim_openssl *a, struct sim_openssl *b) {
    uint8_t keys[2][SIM_STOCK_KEYS];
    return sim_openssl_export(a, keys[0], SIM_STOCK_KEYS) &&
           sim_openssl_export(b, keys[1], SIM_STOCK_KEYS) &&
           memcmp(keys[0], keys[1], SIM_STOCK_KEYS) == 0;
}

static struct tails_result openssl(uint64_t seed, const struct sim_conditions *conditions) {
    static const char profile[] = "SRTP_AEAD_AES_128_GCM";
    struct sim_openssl client;
    struct sim_openssl server;
    struct sim_link *link = sim_link_new(seed, conditions);
    sim_openssl_init(&client, &(struct sim_openssl_setup){.profiles = profile});
    sim_openssl_init(&server, &(struct sim_openssl_setup){.server = true, .profiles = profile});
    (void)sim_link_add(link, sim_openssl_endpoint(&client));
    (void)sim_link_add(link, sim_openssl_endpoint(&server));
    sim_openssl_start(&client);
    struct tails_result result = run(link, &client.done_at, &server.done_at);
    result.time = openssl_agree(&client, &server) ? result.time : TAILS_LIMIT;
    sim_openssl_clear(&client);
    sim_openssl_clear(&server);
    sim_link_free(link);
    return result;
}

const struct tails_pair tails_pairs[] = {
    {"rtpgate, RTT known", ours_with_rtt},
    {"rtpgate, RTT unknown", ours_without},
    {"GnuTLS", gnutls},
    {"OpenSSL", openssl},
    {NULL, NULL},
};
