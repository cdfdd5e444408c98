/* What a client of ours must get over before its server has answered for good: outages, and
 * somebody who forges without reading. Of a server that is not ours it must not be the death
 * either. */
#include <string.h>

#include "dtls/association.h"
#include "flight4.h"
#include "meeting.h"
#include "sim/cookies.h"
#include "sim/openssl.h"
#include "state.h"
#include "wire/handshake.h"

enum {
    SEEDS = 4,
    HELLO_WITH_COOKIE = 170, /* longer than a hello without */
    FLIGHT5_MIN = 400,
    ELSEWHERE = 666,
    STRANGER = 2,    /* endpoint of the link */
    CERTIFICATE = 1, /* message_seq */
    KEY_EXCHANGE = 2,
    CERTIFICATE_REQUEST = 3,
    REPEATED = 2000000, /* when the client repeats its flight 5 in any case */
};

enum kind { STOCK, OPENSSL, COOKIES };

/* A client of ours and a server that is not. */
struct scene {
    struct sim_link *link;
    struct sim_ours client;
    enum kind kind;
    struct sim_stock stock;
    struct sim_openssl openssl;
    struct sim_cookies cookies;
};

/* What happens to them. */
struct plan {
    struct sim_message *learned; /* flight 4 is written there; NULL: it is not */
    const struct sim_forged *before_flight4;
    uint64_t outage; /* for so long nothing arrives, from the first datagram of ours ... */
    size_t longer;   /* ... that is longer than this */
    uint64_t outage_from;
};

static void happen(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct plan *plan = context;
    uint64_t now = sim_link_now(link);
    if (passing->from == SIM_SERVER && plan->learned != NULL) {
        (void)sim_take_apart(passing->bytes, *passing->length, plan->learned, 0, FLIGHT4);
    }
    if (passing->from == SIM_SERVER && plan->before_flight4 != NULL) {
        sim_link_inject(link, SIM_CLIENT, plan->before_flight4->bytes, plan->before_flight4->length,
                        0, sim_calm.delay - 500);
        plan->before_flight4 = NULL;
    }
    if (passing->from == SIM_CLIENT && plan->outage_from == 0 && *passing->length > plan->longer) {
        plan->outage_from = now;
    }
    passing->drop = plan->outage_from != 0 && now < plan->outage_from + plan->outage;
}

static struct sim_endpoint add_server(struct scene *scene) {
    const struct sim_stock_setup setup = {
        .server = true, .profiles = all_profiles, .profile_count = 1};
    const struct sim_openssl_setup openssl = {.server = true, .profiles = "SRTP_AES128_CM_SHA1_80"};
    switch (scene->kind) {
    case OPENSSL:
        sim_openssl_init(&scene->openssl, &openssl);
        return sim_openssl_endpoint(&scene->openssl);
    case COOKIES:
        sim_cookies_init(&scene->cookies, &setup);
        return sim_cookies_endpoint(&scene->cookies);
    default:
        sim_stock_init(&scene->stock, &setup);
        return sim_stock_endpoint(&scene->stock);
    }
}

/* The client's hello is on its way. */
static void open_scene(struct scene *scene, enum kind kind, unsigned seed, uint64_t delay,
                       struct plan *plan) {
    const struct sim_conditions conditions = {.delay = delay};
    struct rtpgate_fingerprint fingerprint = stock_fingerprint();
    scene->kind = kind;
    scene->link = sim_link_new(seed, &conditions);
    sim_link_tap(scene->link, happen, plan);
    sim_ours_init(&scene->client, sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_seed(&scene->client, sim_link_random(scene->link, UINT32_MAX));
    (void)sim_link_add(scene->link, sim_ours_endpoint(&scene->client));
    (void)sim_link_add(scene->link, add_server(scene));
    if (kind == OPENSSL) {
        (void)rg_certificate_fingerprint(sim_openssl_certificate(), RTPGATE_HASH_SHA256,
                                         &fingerprint);
    }
    ck_assert_int_eq(rtpgate_session_set_remote(scene->client.session, &fingerprint, 1, 0), 0);
    ck_assert_int_eq(rtpgate_session_start(scene->client.session, 0), 0);
}

static bool server_failed(const struct scene *scene) {
    switch (scene->kind) {
    case OPENSSL:
        return scene->openssl.failure != 0;
    case COOKIES:
        return scene->cookies.stock.failure != 0;
    default:
        return scene->stock.failure != 0;
    }
}

/* What was wrong, for who reads it; NULL: nothing. */
static const char *close_scene(struct scene *scene) {
    const char *wrong = NULL;
    sim_link_run(scene->link, 40 * SIM_SECOND);
    if (server_failed(scene)) {
        wrong = "the server has given up";
    } else if (rtpgate_session_state(scene->client.session) != RTPGATE_STATE_READY) {
        wrong = "the client is not ready";
    }
    switch (scene->kind) {
    case OPENSSL:
        sim_openssl_clear(&scene->openssl);
        break;
    case COOKIES:
        sim_cookies_clear(&scene->cookies);
        break;
    default:
        sim_stock_clear(&scene->stock);
        break;
    }
    sim_ours_clear(&scene->client);
    sim_link_free(scene->link);
    return wrong;
}

/* Nobody attacks: the server that asks for a cookie keeps nothing, so all depends on our timer. */
START_TEST(an_outage_after_the_cookie_ends_nothing) {
    struct scene scene;
    for (unsigned twentieths = 1; twentieths <= 60; twentieths++) {
        struct plan plan = {.outage = twentieths * SIM_SECOND / 20, .longer = HELLO_WITH_COOKIE};
        open_scene(&scene, COOKIES, twentieths, 6000, &plan);
        const char *wrong = close_scene(&scene);
        ck_assert_msg(wrong == NULL, "outage of %u ms: %s", 50 * twentieths, wrong);
        ck_assert_uint_ne(plan.outage_from, 0);
    }
}
END_TEST

/* What the server sends to everybody who says hello. */
static void learn(enum kind kind, struct sim_message *flight4) {
    struct scene scene;
    struct plan plan = {.learned = flight4};
    open_scene(&scene, kind, 1, sim_calm.delay, &plan);
    ck_assert_ptr_null(close_scene(&scene));
}

/* With itself as its issuer. */
static void double_certificate(struct sim_message *certificate) {
    size_t entry = certificate->length - 3;
    ck_assert_uint_le(certificate->length + entry, sizeof(certificate->body));
    memcpy(certificate->body + certificate->length, certificate->body + 3, entry);
    certificate->length += entry;
    certificate->body[1] = (uint8_t)(2 * entry >> 8);
    certificate->body[2] = (uint8_t)(2 * entry);
}

/* Something else that is as good on its own. */
static struct sim_message altered(const struct sim_message *message) {
    struct sim_message other = *message;
    if (message->type == RG_CERTIFICATE) {
        double_certificate(&other);
    } else {
        other.body[other.length - 3] ^= 1;
    }
    return other;
}

/* A copy of message `number`, then something else in its place, while the hello is on its way. Says
 * when the client was ready. */
static uint64_t mislead(enum kind kind, uint16_t number, unsigned seed) {
    static struct sim_message flight4[FLIGHT4];
    struct scene scene;
    struct plan plan = {.learned = NULL};
    learn(kind, flight4);
    struct sim_message other = altered(&flight4[number]);
    struct sim_forged copy = sim_forge_message(&flight4[number], number);
    struct sim_forged wrong_one = sim_forge_message(&other, number);
    open_scene(&scene, kind, seed, sim_calm.delay, &plan);
    sim_link_inject(scene.link, SIM_CLIENT, copy.bytes, copy.length, 0, 2000);
    sim_link_inject(scene.link, SIM_CLIENT, wrong_one.bytes, wrong_one.length, 0, 3000);
    sim_link_run(scene.link, 30 * SIM_SECOND);
    uint64_t when = scene.client.ready_at;
    const char *wrong = close_scene(&scene);
    ck_assert_msg(wrong == NULL, "message %u, seed %u: %s", number, seed, wrong);
    return when;
}

/* The copy must not make the genuine message seem older than the altered one. OpenSSL sends all in
 * one datagram, so that not even time is lost. */
START_TEST(a_copy_of_a_genuine_message_does_not_prefer_an_altered_one) {
    static const uint64_t latest[] = {[STOCK] = SIM_SECOND / 10, [OPENSSL] = SIM_SECOND / 25};
    const enum kind kind = _i % 2 == 0 ? STOCK : OPENSSL;
    const uint16_t number = _i < 2 ? CERTIFICATE : CERTIFICATE_REQUEST;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        ck_assert_uint_le(mislead(kind, number, seed), latest[kind]);
    }
}
END_TEST

/* The server takes but one flight 5, and of two the first that comes. */
START_TEST(an_outage_does_not_put_the_second_flight_5_before_the_first) {
    static const uint8_t body[] = {1, 64, 0, 4, 4, 3, 5, 3, 0, 0};
    struct sim_forged request = sim_forge_fragment(RG_CERTIFICATE_REQUEST, CERTIFICATE_REQUEST,
                                                   sizeof(body), 0, body, sizeof(body), 3);
    struct scene scene;
    for (unsigned quarters = 1; quarters <= 10; quarters++) {
        struct plan plan = {
            .before_flight4 = &request, .outage = quarters * SIM_SECOND / 4, .longer = FLIGHT5_MIN};
        open_scene(&scene, (enum kind)_i, quarters, sim_calm.delay, &plan);
        const char *wrong = close_scene(&scene);
        ck_assert_msg(wrong == NULL, "outage of %u ms: %s", 250 * quarters, wrong);
        ck_assert_uint_ne(plan.outage_from, 0);
    }
}
END_TEST

static struct sim_forged request_with_cookie(unsigned number) {
    uint8_t body[3 + 16] = {0xfe, 0xff, 16, (uint8_t)(number >> 8), (uint8_t)number};
    return sim_forge_fragment(RG_HELLO_VERIFY_REQUEST, 0, sizeof(body), 0, body, sizeof(body),
                              number);
}

/* The genuine request is soon driven out of where it waits; but it comes again each time. */
START_TEST(ever_new_hello_verify_requests_do_not_shut_the_genuine_one_out) {
    struct scene scene;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct plan plan = {.outage = 0};
        open_scene(&scene, COOKIES, seed, sim_calm.delay, &plan);
        for (unsigned n = 0; n < 20 * 30 && scene.client.ready_at == 0; n++) {
            struct sim_forged request = request_with_cookie(n);
            sim_link_inject(scene.link, SIM_CLIENT, request.bytes, request.length, 0, 0);
            sim_link_run(scene.link, n * SIM_SECOND / 20);
        }
        const char *wrong = close_scene(&scene);
        ck_assert_msg(wrong == NULL, "seed %u: %s", seed, wrong);
    }
}
END_TEST

/* The client has sent its flight 5. */
static void answer(void) {
    for (unsigned i = 0; i < FLIGHT4; i++) {
        give_genuine(i);
    }
    rg_queue_clear(&pair.client.session->outbox.queue);
}

/* Where the client sends its flight 5 again after this came from elsewhere. */
static uint64_t path_after(const struct sim_forged *datagram) {
    uint8_t buffer[2000];
    uint64_t path = 0;
    rtpgate_session *session = pair.client.session;
    ck_assert_int_eq(rtpgate_session_input(session, datagram->bytes, datagram->length, ELSEWHERE,
                                           SIM_SECOND / 10),
                     0);
    rg_queue_clear(&session->outbox.queue);
    ck_assert_int_eq(rtpgate_session_expire(session, REPEATED), 0);
    ck_assert_int_gt(rtpgate_session_output(session, buffer, sizeof(buffer), &path), FLIGHT5_MIN);
    return path;
}

static struct sim_forged piece(unsigned number, size_t offset, size_t length) {
    const struct sim_message *message = &genuine[number];
    return sim_forge_fragment(message->type, (uint16_t)number, (uint32_t)message->length,
                              (uint32_t)offset, message->body + offset, length, 50);
}

/* All of these are known to whoever knows the server's software and its certificate. */
START_TEST(what_anybody_knows_of_flight_4_moves_no_path) {
    answer();
    struct sim_forged known = piece((unsigned)_i, 0, _i == KEY_EXCHANGE ? 4 : genuine[_i].length);
    if (_i == 0) {
        known = piece(0, 0, 1);
    }
    ck_assert_uint_eq(path_after(&known), 0);
}
END_TEST

START_TEST(a_forged_signature_that_comes_twice_moves_no_path) {
    static const uint8_t body[100] = {3, 0, 23, 65};
    struct sim_forged forged = sim_forge_fragment(RG_SERVER_KEY_EXCHANGE, KEY_EXCHANGE,
                                                  sizeof(body), 0, body, sizeof(body), 50);
    answer();
    give(&forged);
    ck_assert_uint_eq(path_after(&forged), 0);
}
END_TEST

/* A server whose address has changed is followed: nobody else knows its signature. */
START_TEST(a_repeated_signature_moves_the_path) {
    answer();
    struct sim_forged signed_one = piece(KEY_EXCHANGE, _i == 0 ? 0 : 40, 32);
    ck_assert_uint_eq(path_after(&signed_one), ELSEWHERE);
}
END_TEST

static uint64_t strangers_path;
static bool stranger_is_silent;

/* All that the client sends reaches the stranger, too. */
static void eavesdrop(void *context, struct sim_link *link, struct sim_passing *passing) {
    (void)context;
    if (passing->from == SIM_CLIENT) {
        sim_link_inject(link, STRANGER, passing->bytes, *passing->length, 0, 1000);
        passing->drop = passing->path == ELSEWHERE;
    } else if (passing->from == STRANGER) {
        if (!stranger_is_silent) {
            sim_link_inject(link, SIM_CLIENT, passing->bytes, *passing->length, strangers_path,
                            1000);
        }
        passing->drop = true;
    }
}

static void setup_unstarted(void) {
    strangers_path = ELSEWHERE;
    stranger_is_silent = false;
    sim_pair_init(&pair, 1, &sim_calm);
}

/* A client that does not know whom it expects, its server, and the stranger, who is nearer. */
static void admit_stranger(struct sim_ours *stranger, uint64_t until) {
    sim_ours_clear(&pair.client);
    sim_ours_init(&pair.client, sim_config(0), RTPGATE_ROLE_CLIENT, 0);
    sim_ours_init(stranger, sim_config(2), RTPGATE_ROLE_SERVER, 0);
    sim_ours_expect(stranger, 0, 0);
    (void)sim_link_add(pair.link, sim_ours_endpoint(stranger));
    sim_link_tap(pair.link, eavesdrop, NULL);
    sim_pair_run(&pair, until);
}

static void meet_stranger(struct sim_ours *stranger) {
    admit_stranger(stranger, 15000);
    assert_state(&pair.client, RTPGATE_STATE_UNVERIFIED);
}

static const uint64_t fingerprint_comes[] = {20000, 100000, SIM_SECOND, 5 * SIM_SECOND};

START_TEST(a_stranger_who_finished_and_left_does_not_end_the_client) {
    struct sim_ours stranger;
    meet_stranger(&stranger);
    ck_assert_int_eq(rtpgate_session_close(stranger.session, 15000), 0);
    sim_link_collect(pair.link);
    sim_link_run(pair.link, fingerprint_comes[_i]);
    sim_ours_expect(&pair.client, 1, fingerprint_comes[_i]);
    assert_ends_well();
    sim_ours_clear(&stranger);
}
END_TEST

START_TEST(a_stranger_who_finished_first_does_not_keep_the_server_out) {
    struct sim_ours stranger;
    meet_stranger(&stranger);
    sim_link_run(pair.link, fingerprint_comes[_i]);
    assert_state(&pair.client, RTPGATE_STATE_UNVERIFIED);
    sim_ours_expect(&pair.client, 1, fingerprint_comes[_i]);
    assert_ends_well();
    sim_ours_clear(&stranger);
}
END_TEST

/* In place of the pair's server one that asks for a cookie first. */
static void ask_for_cookie(struct sim_cookies *server) {
    static const uint16_t profiles[] = {7};
    const struct sim_stock_setup setup = {.server = true,
                                          .profiles = profiles,
                                          .profile_count = 1,
                                          .credentials = sim_identity(1)->credentials};
    sim_ours_clear(&pair.server);
    sim_link_free(pair.link);
    pair.link = sim_link_new(1, &sim_calm);
    (void)sim_link_add(pair.link, sim_ours_endpoint(&pair.client));
    sim_cookies_init(server, &setup);
    (void)sim_link_add(pair.link, sim_cookies_endpoint(server));
    strangers_path = 0;
}

/* His flight 4 was answered, and now we know that he is not whom we expect. */
START_TEST(a_stranger_who_never_finishes_does_not_keep_a_cookie_server_out) {
    struct sim_cookies server;
    struct sim_ours stranger;
    ask_for_cookie(&server);
    admit_stranger(&stranger, 2500);
    stranger_is_silent = true;
    sim_link_run(pair.link, 2 * SIM_SECOND);
    ck_assert_int_eq(pair.client.session->candidates[0]->stage, RG_STAGE_FINISHED);
    sim_ours_expect(&pair.client, 1, 2 * SIM_SECOND);
    sim_link_run(pair.link, 10 * SIM_SECOND);
    assert_state(&pair.client, RTPGATE_STATE_READY);
    sim_ours_clear(&stranger);
    sim_cookies_clear(&server);
}
END_TEST

/* Nor one who has finished, though his flight 4 is there. */
START_TEST(a_stranger_who_finished_first_does_not_keep_a_cookie_server_out) {
    struct sim_cookies server;
    struct sim_ours stranger;
    ask_for_cookie(&server);
    meet_stranger(&stranger);
    sim_link_run(pair.link, 2 * SIM_SECOND);
    sim_ours_expect(&pair.client, 1, 2 * SIM_SECOND);
    sim_link_collect(pair.link);
    sim_link_run(pair.link, 3 * SIM_SECOND);
    assert_state(&pair.client, RTPGATE_STATE_READY);
    sim_ours_clear(&stranger);
    sim_cookies_clear(&server);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("client_attack");
    TCase *foreign = suite_case(suite, "foreign servers");
    tcase_set_timeout(foreign, 100);
    tcase_add_test(foreign, an_outage_after_the_cookie_ends_nothing);
    tcase_add_loop_test(foreign, a_copy_of_a_genuine_message_does_not_prefer_an_altered_one, 0, 4);
    tcase_add_loop_test(foreign, an_outage_does_not_put_the_second_flight_5_before_the_first, 0, 2);
    tcase_add_test(foreign, ever_new_hello_verify_requests_do_not_shut_the_genuine_one_out);
    TCase *paths = suite_case(suite, "other paths");
    tcase_add_checked_fixture(paths, setup, teardown);
    tcase_add_loop_test(paths, what_anybody_knows_of_flight_4_moves_no_path, 0, FLIGHT4);
    tcase_add_test(paths, a_forged_signature_that_comes_twice_moves_no_path);
    tcase_add_loop_test(paths, a_repeated_signature_moves_the_path, 0, 2);
    TCase *strangers = suite_case(suite, "strangers before the fingerprint");
    tcase_add_checked_fixture(strangers, setup_unstarted, teardown);
    tcase_add_loop_test(strangers, a_stranger_who_finished_and_left_does_not_end_the_client, 0, 4);
    tcase_add_loop_test(strangers, a_stranger_who_finished_first_does_not_keep_the_server_out, 0,
                        4);
    tcase_add_test(strangers, a_stranger_who_finished_first_does_not_keep_a_cookie_server_out);
    tcase_add_test(strangers, a_stranger_who_never_finishes_does_not_keep_a_cookie_server_out);
    int failed = suite_run(suite);
    sim_ours_finish();
    sim_stock_finish();
    sim_openssl_finish();
    return failed;
}
