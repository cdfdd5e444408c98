/* Forged datagrams at every phase of a handshake, in both directions: the association survives. */
#include <stdlib.h>
#include <string.h>

#include "sim/forge.h"
#include "sim/pair.h"
#include "suite.h"
#include "wire/alert.h"
#include "wire/handshake.h"
#include "wire/record.h"

static struct sim_forged forged[2]; /* sent one after the other; length 0: none */

static void one(struct sim_forged datagram) {
    forged[0] = datagram;
    forged[1].length = 0;
}

static struct sim_forged message(uint8_t type, uint16_t message_seq, size_t length, uint8_t fill) {
    uint8_t body[9000];
    memset(body, fill, sizeof(body));
    return sim_forge_fragment(type, message_seq, (uint32_t)length, 0, body, length, 1);
}

static struct sim_forged fragment(uint8_t type, uint16_t message_seq, uint32_t total,
                                  uint32_t offset, size_t length) {
    uint8_t body[9000];
    memset(body, 0xee, sizeof(body));
    return sim_forge_fragment(type, message_seq, total, offset, body, length, 1);
}

static void fatal_alert(void) {
    one(sim_forge_alert(RG_ALERT_FATAL, 40));
}

static void close_notify(void) {
    one(sim_forge_alert(RG_ALERT_WARNING, RG_ALERT_CLOSE_NOTIFY));
}

static void no_renegotiation(void) {
    one(sim_forge_alert(RG_ALERT_WARNING, 100));
}

static void poor_client_hello(void) {
    one(sim_forge_client_hello(0x11, 1));
}

static void good_client_hello(void) {
    one(sim_forge_client_hello(0x22, 0));
}

static void three_client_hellos(void) {
    forged[0] = sim_forge_client_hello(0x33, 0);
    forged[1] = sim_forge_client_hello(0x44, 0);
    struct sim_forged third = sim_forge_client_hello(0x55, 0);
    memcpy(forged[1].bytes + forged[1].length, third.bytes, third.length);
    forged[1].length += third.length;
}

static void forged_server_hello(void) {
    one(sim_forge_server_hello(0x66));
}

static void forged_verify_request(void) {
    one(sim_forge_verify_request(0x77));
}

static void four_verify_requests(void) {
    one(sim_forge_verify_request(1));
    forged[1] = sim_forge_verify_request(2);
    for (uint8_t fill = 3; fill < 5; fill++) {
        struct sim_forged next = sim_forge_verify_request(fill);
        memcpy(forged[1].bytes + forged[1].length, next.bytes, next.length);
        forged[1].length += next.length;
    }
}

static void hello_request(void) {
    one(message(RG_HELLO_REQUEST, 0, 0, 0));
}

static void junk_certificate_of_the_server(void) {
    one(message(RG_CERTIFICATE, 1, 300, 0xaa));
}

static void junk_key_exchange_of_the_server(void) {
    one(message(RG_SERVER_KEY_EXCHANGE, 2, 150, 0xaa));
}

static void early_hello_done(void) {
    one(message(RG_SERVER_HELLO_DONE, 3, 0, 0));
}

static void forged_hello_done(void) {
    one(message(RG_SERVER_HELLO_DONE, 4, 0, 0));
}

static void empty_certificate_of_the_client(void) {
    one(message(RG_CERTIFICATE, 1, 3, 0));
}

static void junk_key_exchange_of_the_client(void) {
    one(message(RG_CLIENT_KEY_EXCHANGE, 2, 33, 32));
}

static void junk_certificate_verify(void) {
    one(message(RG_CERTIFICATE_VERIFY, 3, 76, 4));
}

static void plaintext_finished(void) {
    one(message(RG_FINISHED, 4, 12, 1));
    forged[1] = message(RG_FINISHED, 5, 12, 1);
}

static void poisoned_hello(void) {
    one(fragment(RG_CLIENT_HELLO, 0, 4000, 100, 200));
    forged[1] = fragment(RG_SERVER_HELLO, 0, 900, 100, 200);
}

static void poisoned_certificate(void) {
    one(fragment(RG_CERTIFICATE, 1, 9000, 0, 9000));
    forged[1] = fragment(RG_CERTIFICATE, 1, 400, 50, 20);
}

static void future_messages(void) {
    one(message(RG_CERTIFICATE, 7, 10, 1));
    forged[1] = message(RG_FINISHED, 65535, 10, 1);
}

static void early_change_cipher_spec(void) {
    one(sim_forge_record(RG_CONTENT_CCS, 0, 1, "\1", 1));
}

static void high_record_number(void) {
    one(sim_forge_record(RG_CONTENT_CCS, 0, UINT64_C(0xffffffffffff), "\1", 1));
    forged[1] = sim_forge_record(RG_CONTENT_HANDSHAKE, 0, UINT64_C(0xffffffffffff), NULL, 12);
}

static void heartbeat(void) {
    one(sim_forge_record(24, 0, 1, "\1\0\1x", 4));
}

static void plaintext_data(void) {
    one(sim_forge_record(RG_CONTENT_DATA, 0, 1, "data", 4));
}

static void protected_junk(void) {
    one(sim_forge_record(RG_CONTENT_HANDSHAKE, 1, 0, NULL, 60));
    forged[1] = sim_forge_record(RG_CONTENT_HANDSHAKE, 1, UINT64_C(0xffffffffffff), NULL, 60);
}

static void protected_junk_alert_and_data(void) {
    one(sim_forge_record(RG_CONTENT_ALERT, 1, 5, NULL, 26));
    forged[1] = sim_forge_record(RG_CONTENT_DATA, 1, 6, NULL, 100);
}

static void flood_of_protected_junk(void) {
    forged[0].length = 0;
    for (uint64_t i = 0; i < 20; i++) {
        struct sim_forged next = sim_forge_record(RG_CONTENT_HANDSHAKE, 1, i, NULL, 60);
        memcpy(forged[0].bytes + forged[0].length, next.bytes, next.length);
        forged[0].length += next.length;
    }
    forged[1].length = 0;
}

static void wrong_epoch(void) {
    one(sim_forge_record(RG_CONTENT_HANDSHAKE, 2, 0, NULL, 60));
    forged[1] = sim_forge_record(RG_CONTENT_ALERT, 65535, 0, "\2\50", 2);
}

static void empty_datagram(void) {
    forged[0].length = 0;
    forged[1] = sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 0, NULL, 0);
}

static void runt(void) {
    one(sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 0, NULL, 100));
    forged[0].length = 7;
    forged[1] = forged[0];
    forged[1].bytes[0] = 0x2e; /* DTLS 1.3's unified header */
}

static void truncated_record(void) {
    one(sim_forge_client_hello(0x12, 0));
    forged[0].length -= 10;
}

static void oversize_record(void) {
    one(sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 0, NULL, 18500));
    forged[1] = sim_forge_record(RG_CONTENT_DATA, 1, 0, NULL, 16384);
}

static void lying_fragment(void) {
    static const uint8_t body[] = {RG_CLIENT_HELLO, 0, 0, 10, 0, 0, 0, 0, 8, 0, 0, 20, 1, 2};
    one(sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 0, body, sizeof(body)));
}

static void random_bytes(void) {
    one(sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 0, NULL, 500));
    for (size_t i = 13; i < forged[0].length; i++) {
        forged[0].bytes[i] = (uint8_t)(i * 167 + 13);
    }
}

static const struct attack {
    const char *name;
    void (*prepare)(void);
} attacks[] = {
    {"fatal alert", fatal_alert},
    {"close_notify", close_notify},
    {"no_renegotiation", no_renegotiation},
    {"ClientHello that cannot be answered", poor_client_hello},
    {"ClientHello that can be answered", good_client_hello},
    {"three ClientHellos", three_client_hellos},
    {"ServerHello", forged_server_hello},
    {"HelloVerifyRequest", forged_verify_request},
    {"four HelloVerifyRequests", four_verify_requests},
    {"HelloRequest", hello_request},
    {"Certificate of junk to the client", junk_certificate_of_the_server},
    {"ServerKeyExchange of junk", junk_key_exchange_of_the_server},
    {"ServerHelloDone in the place of CertificateRequest", early_hello_done},
    {"ServerHelloDone", forged_hello_done},
    {"empty Certificate to the server", empty_certificate_of_the_client},
    {"ClientKeyExchange of junk", junk_key_exchange_of_the_client},
    {"CertificateVerify of junk", junk_certificate_verify},
    {"plaintext Finished", plaintext_finished},
    {"fragment of a hello with another length", poisoned_hello},
    {"fragments of a certificate with other lengths", poisoned_certificate},
    {"messages of the future", future_messages},
    {"early ChangeCipherSpec", early_change_cipher_spec},
    {"high record numbers", high_record_number},
    {"heartbeat", heartbeat},
    {"plaintext application data", plaintext_data},
    {"protected junk", protected_junk},
    {"protected junk as alert and data", protected_junk_alert_and_data},
    {"flood of protected junk", flood_of_protected_junk},
    {"records of impossible epochs", wrong_epoch},
    {"empty datagram and empty record", empty_datagram},
    {"runts", runt},
    {"truncated record", truncated_record},
    {"oversize records", oversize_record},
    {"fragment beyond its message", lying_fragment},
    {"random bytes", random_bytes},
};
enum {
    ATTACKS = sizeof(attacks) / sizeof(attacks[0]),
    PHASES = 6,
    SMALL_MTU = 300,
    SMALL_PHASES = 16
};

/* Injects before the datagram number `phase` of the link arrives anywhere, to both sides. */
struct injection {
    bool server_only;
    size_t phase;
    uint64_t path;
    bool done;
};

static void inject(struct sim_link *link, uint64_t path, bool server_only) {
    for (size_t to = server_only ? SIM_SERVER : 0; to < 2; to++) {
        for (size_t i = 0; i < 2; i++) {
            if (i == 0 || forged[i].length > 0) {
                sim_link_inject(link, to, forged[i].bytes, forged[i].length, path, 0);
            }
        }
    }
}

static void on_passing(void *context, struct sim_link *link, struct sim_passing *passing) {
    struct injection *injection = context;
    if (passing->number == injection->phase && !injection->done) {
        injection->done = true;
        inject(link, injection->path, injection->server_only);
    }
}

static rtpgate_config *config_with_mtu(size_t which, size_t mtu) {
    rtpgate_config *config = sim_config(which);
    ck_assert_int_eq(rtpgate_config_set_mtu(config, mtu), 0);
    return config;
}

static void assert_survives(const char *name, size_t phase, uint64_t path, size_t mtu) {
    struct injection injection = {.phase = phase, .path = path};
    struct sim_pair pair;
    sim_pair_init_with(&pair, phase, &sim_calm, config_with_mtu(0, mtu), config_with_mtu(1, mtu));
    sim_link_tap(pair.link, on_passing, &injection);
    sim_pair_run(&pair, 20 * SIM_SECOND);
    if (!injection.done) { /* the last phase: after completion */
        inject(pair.link, path, false);
        sim_link_run(pair.link, 40 * SIM_SECOND);
    }
    ck_assert_msg(sim_ours_agree(&pair.client, &pair.server),
                  "%s, phase %zu, path %u, MTU %zu: client %s (%s); server %s (%s)", name, phase,
                  (unsigned)path, mtu,
                  rtpgate_state_name(rtpgate_session_state(pair.client.session)),
                  rtpgate_session_error(pair.client.session, NULL),
                  rtpgate_state_name(rtpgate_session_state(pair.server.session)),
                  rtpgate_session_error(pair.server.session, NULL));
    ck_assert_int_eq(
        rtpgate_session_send(pair.client.session, (const uint8_t *)"still", 5, 40 * SIM_SECOND), 0);
    sim_link_run(pair.link, 41 * SIM_SECOND);
    ck_assert_msg(pair.server.data_count == 1, "%s, phase %zu: no data passes", name, phase);
    sim_pair_clear(&pair);
}

START_TEST(nothing_forged_ends_an_association) {
    const struct attack *attack = &attacks[_i];
    for (size_t phase = 0; phase < PHASES; phase++) {
        for (uint64_t path = 0; path < 2; path++) {
            attack->prepare();
            assert_survives(attack->name, phase, path, RTPGATE_DATAGRAM_DEFAULT);
        }
    }
    for (size_t phase = 0; phase < SMALL_PHASES; phase++) {
        attack->prepare();
        assert_survives(attack->name, phase, 0, SMALL_MTU);
    }
}
END_TEST

/* What came from a path that was not declared valid is not even looked at. */
START_TEST(an_undeclared_path_costs_nothing) {
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_any_path(config, false), 0);
    struct injection injection = {.server_only = true, .phase = (size_t)_i % PHASES, .path = 66};
    struct sim_pair pair;
    attacks[_i / PHASES].prepare();
    sim_pair_init_with(&pair, 1, &sim_calm, NULL, config);
    ck_assert_int_eq(rtpgate_session_path_valid(pair.server.session, 0, true, 0), 0);
    sim_link_tap(pair.link, on_passing, &injection);
    sim_pair_run(&pair, 20 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    ck_assert_ptr_null(sim_ours_event(&pair.server, RTPGATE_EVENT_ADVICE));
    struct rtpgate_session_stats stats = sim_ours_stats(&pair.server);
    ck_assert_uint_eq(stats.candidates, 1);
    sim_pair_clear(&pair);
}
END_TEST

static void give(rtpgate_session *session, int expected) {
    for (size_t i = 0; i < 2; i++) {
        if (i == 0 || forged[i].length > 0) {
            ck_assert_int_eq(
                rtpgate_session_input(session, forged[i].bytes, forged[i].length, 0, SIM_SECOND),
                expected);
        }
    }
}

/* Before a start, while the fingerprint is awaited, and after the end. */
START_TEST(every_other_state_takes_it_as_well) {
    struct sim_pair pair;
    attacks[_i].prepare();
    sim_pair_init(&pair, 1, &sim_calm);
    sim_ours_clear(&pair.server);
    sim_ours_init(&pair.server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    give(pair.client.session, 0); /* NEW: it waits, and is looked at after the start */
    sim_pair_run(&pair, SIM_SECOND);
    ck_assert_int_eq(rtpgate_session_state(pair.server.session), RTPGATE_STATE_UNVERIFIED);
    give(pair.server.session, 0);
    sim_ours_expect(&pair.server, 0, SIM_SECOND);
    ck_assert_msg(sim_ours_agree(&pair.client, &pair.server), "%s: client %s; server %s",
                  attacks[_i].name, rtpgate_session_error(pair.client.session, NULL),
                  rtpgate_session_error(pair.server.session, NULL));
    ck_assert_int_eq(rtpgate_session_close(pair.server.session, SIM_SECOND), 0);
    give(pair.server.session, RTPGATE_ERR_CLOSED);
    ck_assert_uint_ge(sim_ours_stats(&pair.server).dropped_late, 1);
    sim_pair_clear(&pair);
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 40 * SIM_SECOND), 0);
    give(pair.client.session, RTPGATE_ERR_TIMEOUT);
    sim_pair_clear(&pair);
}
END_TEST

/* A flood of hellos cannot push out the one that is heard. */
START_TEST(a_flood_of_hellos_is_bounded) {
    struct sim_pair pair;
    sim_pair_init(&pair, 1, &sim_calm);
    for (unsigned i = 0; i < 200; i++) {
        struct sim_forged hello = sim_forge_client_hello((uint8_t)i, 0);
        hello.bytes[40] = (uint8_t)(i >> 8);
        sim_link_inject(pair.link, SIM_SERVER, hello.bytes, hello.length, 0, i * 100);
    }
    sim_pair_run(&pair, 29 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
    struct rtpgate_session_stats stats = sim_ours_stats(&pair.server);
    ck_assert_uint_gt(stats.dropped_hello, 180);
    ck_assert_uint_le(stats.candidates, 5);
    sim_pair_clear(&pair);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attack");
    TCase *tests = suite_case(suite, "forged datagrams");
    tcase_set_timeout(tests, 280);
    tcase_add_loop_test(tests, nothing_forged_ends_an_association, 0, ATTACKS);
    tcase_add_loop_test(tests, an_undeclared_path_costs_nothing, 0, ATTACKS * PHASES);
    tcase_add_loop_test(tests, every_other_state_takes_it_as_well, 0, ATTACKS);
    tcase_add_test(tests, a_flood_of_hellos_is_bounded);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
