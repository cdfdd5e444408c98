/* Against OpenSSL on its own timer, in virtual time. */
#include <openssl/err.h>
#include <sys/time.h>

#include "dtls/identity.h"
#include "scale.h"
#include "sim/clock.h"
#include "sim/openssl.h"
#include "sim/pair.h"
#include "suite.h"

enum { KEYS = 88, HANDSHAKES = 3000, CONTROLS = 500, SHARES = 5 };

/* OpenSSL waits 1, 2, 4 ... seconds: its patience, not ours, is to be the limit. */
#define PATIENCE (1000 * SIM_SECOND)

static const struct {
    uint16_t number;
    const char *name;
} profiles[] = {
    {0x0001, "SRTP_AES128_CM_SHA1_80"},
    {0x0007, "SRTP_AEAD_AES_128_GCM"},
    {0x0008, "SRTP_AEAD_AES_256_GCM"},
};

static const struct {
    uint16_t number;
    const char *name;
} groups[] = {{29, "X25519:P-256"}, {23, "P-256"}}; /* a certificate's curve must be among them */

/* Everything that a handshake may be about, counted through by `n`: 12 kinds. */
struct kind {
    bool server; /* OpenSSL is */
    size_t profile;
    size_t group;
};

static struct kind kind_of(uint64_t n) {
    return (struct kind){.server = n % 2 == 1, .profile = n / 2 % 3, .group = n / 6 % 2};
}

static struct sim_openssl_setup setup_of(struct kind kind, long mtu) {
    return (struct sim_openssl_setup){.server = kind.server,
                                      .profiles = profiles[kind.profile].name,
                                      .groups = groups[kind.group].name,
                                      .mtu = mtu};
}

static struct sim_link *network;
static struct sim_ours ours;
static struct sim_openssl openssl;

static void meet(uint64_t seed, struct kind kind, size_t mtu,
                 const struct sim_conditions *conditions) {
    const struct sim_openssl_setup setup = setup_of(kind, (long)mtu);
    struct rtpgate_fingerprint theirs;
    rtpgate_config *config = sim_config(0);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, mtu), 0);
    ck_assert_int_eq(rtpgate_config_set_deadline(config, PATIENCE), 0);
    ck_assert_int_eq(
        rg_certificate_fingerprint(sim_openssl_certificate(), RTPGATE_HASH_SHA256, &theirs), 0);
    network = sim_link_new(seed, conditions);
    sim_ours_init(&ours, config, kind.server ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER, 0);
    sim_ours_seed(&ours, sim_link_random(network, UINT32_MAX));
    ck_assert_int_eq(rtpgate_session_set_remote(ours.session, &theirs, 1, 0), 0);
    sim_openssl_init(&openssl, &setup);
    (void)sim_link_add(network, sim_ours_endpoint(&ours));
    (void)sim_link_add(network, sim_openssl_endpoint(&openssl));
}

static void run(uint64_t until) {
    if (openssl.started) {
        ck_assert_int_eq(rtpgate_session_start(ours.session, 0), 0);
    } else {
        sim_openssl_start(&openssl);
    }
    sim_link_run(network, until);
}

static void part(void) {
    sim_ours_clear(&ours);
    sim_openssl_clear(&openssl);
    sim_link_free(network);
}

static void assert_done(bool done) {
    char text[256];
    if (!done) {
        sim_link_trace(network, stderr);
        ERR_error_string_n(openssl.failure, text, sizeof(text));
        ck_abort_msg("ours: %s; OpenSSL: %s", rtpgate_session_error(ours.session, NULL), text);
    }
}

static void assert_same_keys(struct kind kind) {
    uint8_t here[KEYS] = {0};
    uint8_t there[KEYS] = {1};
    struct rtpgate_session_info info;
    assert_done(rtpgate_session_export(ours.session, "EXTRACTOR-dtls_srtp", NULL, 0, here,
                                       sizeof(here)) == 0);
    assert_done(sim_openssl_export(&openssl, there, sizeof(there)));
    ck_assert_mem_eq(here, there, sizeof(here));
    ck_assert_int_eq(rtpgate_session_info(ours.session, &info, sizeof(info)), 0);
    ck_assert_uint_eq(info.profile, profiles[kind.profile].number);
    ck_assert_uint_eq(sim_openssl_profile(&openssl), profiles[kind.profile].number);
    ck_assert_uint_eq(info.group, groups[kind.group].number);
    ck_assert(info.extended_master_secret);
}

START_TEST(its_timer_follows_the_virtual_clock) {
    const struct sim_openssl_setup setup = setup_of(kind_of(0), 1200);
    struct timeval left;
    sim_openssl_init(&openssl, &setup);
    sim_clock_set(0);
    sim_openssl_start(&openssl);
    ck_assert_int_eq(DTLSv1_get_timeout(openssl.ssl, &left), 1);
    ck_assert_int_eq(left.tv_sec * 1000000 + left.tv_usec, 1000000);
    sim_clock_set(400000);
    ck_assert_int_eq(DTLSv1_get_timeout(openssl.ssl, &left), 1);
    ck_assert_int_eq(left.tv_sec * 1000000 + left.tv_usec, 600000);
    ck_assert_int_eq(DTLSv1_handle_timeout(openssl.ssl), 0);
    sim_clock_set(1000000);
    ck_assert_int_eq(DTLSv1_handle_timeout(openssl.ssl), 1);
    ck_assert_uint_eq(openssl.queue.count, 2);
    ck_assert_int_eq(DTLSv1_get_timeout(openssl.ssl, &left), 1);
    ck_assert_int_eq(left.tv_sec * 1000000 + left.tv_usec, 2000000);
    sim_openssl_clear(&openssl);
}
END_TEST

START_TEST(each_kind_is_agreed_on_in_two_round_trips) {
    struct kind kind = kind_of((uint64_t)_i);
    meet(1, kind, 1200, &sim_calm);
    run(SIM_SECOND / 2);
    assert_same_keys(kind);
    ck_assert_uint_eq(sim_link_sent(network, 0), 2);
    ck_assert_uint_eq(openssl.done_at, kind.server ? 30000 : 40000);
    part();
}
END_TEST

static struct sim_conditions conditions_of(uint64_t seed) {
    struct sim_random random = {~seed};
    struct sim_conditions conditions = {
        .loss = (unsigned)sim_random_below(&random, 301),
        .duplicate = sim_random_below(&random, 3) == 0 ? 100 : 0,
        .reorder = sim_random_below(&random, 2) == 0 ? 200 : 0,
        .delay = 5000 + sim_random_below(&random, 90001),
        .jitter = sim_random_below(&random, 16001),
    };
    return conditions;
}

START_TEST(lossy_networks_end_in_equal_keys) {
    static const size_t mtus[] = {1200, 548, 300};
    for (uint64_t n = (uint64_t)_i; n < scaled(HANDSHAKES); n += SHARES) {
        struct kind kind = kind_of(n);
        struct sim_conditions conditions = conditions_of(n);
        meet(n, kind, mtus[n / 12 % 3], &conditions);
        run(PATIENCE);
        assert_same_keys(kind);
        part();
    }
}
END_TEST

/* Two of OpenSSL's alone: what fails here is not ours. */
START_TEST(the_control_ends_in_equal_keys) {
    for (uint64_t n = 0; n < scaled(CONTROLS); n++) {
        struct sim_conditions conditions = conditions_of(n);
        struct sim_openssl client;
        struct sim_openssl server;
        uint8_t here[KEYS] = {0};
        uint8_t there[KEYS] = {1};
        struct kind kind = kind_of(2 * n);
        const struct sim_openssl_setup client_setup = setup_of(kind, 1200);
        kind.server = true;
        const struct sim_openssl_setup server_setup = setup_of(kind, 1200);
        struct sim_link *link = sim_link_new(n, &conditions);
        sim_openssl_init(&client, &client_setup);
        sim_openssl_init(&server, &server_setup);
        (void)sim_link_add(link, sim_openssl_endpoint(&client));
        (void)sim_link_add(link, sim_openssl_endpoint(&server));
        sim_openssl_start(&client);
        sim_link_run(link, PATIENCE);
        if (!client.done || !server.done) {
            sim_link_trace(link, stderr);
        }
        ck_assert(sim_openssl_export(&client, here, sizeof(here)));
        ck_assert(sim_openssl_export(&server, there, sizeof(there)));
        ck_assert_mem_eq(here, there, sizeof(here));
        sim_openssl_clear(&client);
        sim_openssl_clear(&server);
        sim_link_free(link);
    }
}
END_TEST

/* Everything vanishes for ten seconds, from any moment of the handshake on, in one direction or
 * both; or no datagram above 400 bytes passes any more. */
START_TEST(a_hole_only_delays_the_end) {
    for (uint64_t n = 0; n < scaled(240); n++) {
        struct kind kind = kind_of(n);
        uint64_t when = n / 12 * 3000;
        struct sim_conditions conditions = sim_calm;
        conditions.hole = (struct sim_hole){
            .from = when, .until = when + 10 * SIM_SECOND, .ways = (enum sim_ways)_i};
        meet(n, kind, 1200, &conditions);
        run(PATIENCE);
        assert_same_keys(kind);
        part();
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("openssl");
    TCase *tests = suite_case(suite, "OpenSSL");
    tcase_set_timeout(tests, 280);
    tcase_add_test(tests, its_timer_follows_the_virtual_clock);
    tcase_add_loop_test(tests, each_kind_is_agreed_on_in_two_round_trips, 0, 12);
    tcase_add_loop_test(tests, lossy_networks_end_in_equal_keys, 0, SHARES);
    tcase_add_test(tests, the_control_ends_in_equal_keys);
    tcase_add_loop_test(tests, a_hole_only_delays_the_end, 0, 3);
    int failed = suite_run(suite);
    sim_ours_finish();
    sim_openssl_finish();
    return failed;
}
