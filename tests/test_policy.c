#include "dtls/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/dtls.h>

#include "dtls/identity.h"
#include "fixture.h"
#include "suite.h"

/* The lists of a config promise what GnuTLS would do with a hello. Here GnuTLS is asked. */

enum { DATAGRAMS = 32, DATAGRAM = 2048 };

struct pipe {
    uint8_t bytes[DATAGRAMS][DATAGRAM];
    size_t lengths[DATAGRAMS];
    size_t written;
    size_t taken;
};

/* One end: it reads from `in` and writes to `out`. */
struct end {
    gnutls_session_t tls;
    struct pipe *in;
    struct pipe *out;
    int status;
};

static ssize_t push(gnutls_transport_ptr_t pointer, const void *bytes, size_t length) {
    struct pipe *pipe = ((struct end *)pointer)->out;

    ck_assert_uint_lt(pipe->written, DATAGRAMS);
    ck_assert_uint_le(length, DATAGRAM);
    memcpy(pipe->bytes[pipe->written], bytes, length);
    pipe->lengths[pipe->written++] = length;
    return (ssize_t)length;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *bytes, size_t capacity) {
    struct end *end = pointer;
    size_t length;

    if (end->in->taken == end->in->written) {
        gnutls_transport_set_errno(end->tls, EAGAIN);
        return -1;
    }
    length = end->in->lengths[end->in->taken];
    ck_assert_uint_le(length, capacity);
    memcpy(bytes, end->in->bytes[end->in->taken++], length);
    return (ssize_t)length;
}

static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned milliseconds) {
    const struct end *end = pointer;

    (void)milliseconds;
    return end->in->taken != end->in->written;
}

static void open_end(struct end *end, unsigned flags, const rtpgate_config *config) {
    ck_assert_int_eq(
        gnutls_init(&end->tls, flags | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS), 0);
    ck_assert_int_eq(gnutls_priority_set(end->tls, config->priority), 0);
    ck_assert_int_eq(
        gnutls_credentials_set(end->tls, GNUTLS_CRD_CERTIFICATE, config->identity->credentials), 0);
    gnutls_transport_set_ptr(end->tls, end);
    gnutls_transport_set_push_function(end->tls, push);
    gnutls_transport_set_pull_function(end->tls, pull);
    gnutls_transport_set_pull_timeout_function(end->tls, pull_timeout);
    end->status = GNUTLS_E_AGAIN;
}

static void turn(struct end *end) {
    if (end->status == GNUTLS_E_AGAIN) {
        end->status = gnutls_handshake(end->tls);
    }
}

/* What both agreed on; `server` is GNUTLS_E_SUCCESS or how the server failed. */
struct outcome {
    int server;
    uint16_t suite;
    gnutls_group_t group;
    int by_server; /* gnutls_sign_algorithm_t, as GnuTLS gives it */
    int by_client;
};

/* Not by name: gnutls_ciphersuite_get spells them differently from gnutls_cipher_suite_info. */
static uint16_t suite_of(gnutls_session_t tls) {
    gnutls_kx_algorithm_t exchange;
    gnutls_cipher_algorithm_t cipher;
    gnutls_mac_algorithm_t mac;
    unsigned char id[2];

    for (size_t i = 0; gnutls_cipher_suite_info(i, id, &exchange, &cipher, &mac, NULL); i++) {
        if (exchange == gnutls_kx_get(tls) && cipher == gnutls_cipher_get(tls) &&
            mac == gnutls_mac_get(tls)) {
            return (uint16_t)(id[0] << 8 | id[1]);
        }
    }
    return 0;
}

/* A handshake with a server of `config`; the client is the same but for its priorities. */
static struct outcome handshake(const rtpgate_config *config, const char *priorities) {
    static struct pipe up;
    static struct pipe down;
    struct end client = {.in = &down, .out = &up};
    struct end server = {.in = &up, .out = &down};
    struct outcome outcome = {0};

    up = down = (struct pipe){.written = 0};
    open_end(&client, GNUTLS_CLIENT, config);
    open_end(&server, GNUTLS_SERVER, config);
    gnutls_certificate_server_set_request(server.tls, GNUTLS_CERT_REQUIRE);
    ck_assert_int_eq(gnutls_priority_set_direct(client.tls, priorities, NULL), 0);
    for (int i = 0; i < 40; i++) {
        turn(&client);
        turn(&server);
    }
    outcome.server = server.status;
    if (server.status == 0) {
        ck_assert_int_eq(client.status, 0);
        outcome.suite = suite_of(server.tls);
        outcome.group = gnutls_group_get(server.tls);
        outcome.by_server = gnutls_sign_algorithm_get(server.tls);
        outcome.by_client = gnutls_sign_algorithm_get_client(server.tls);
    }
    gnutls_deinit(client.tls);
    gnutls_deinit(server.tls);
    return outcome;
}

static rtpgate_config *config_for(const char *name) {
    rtpgate_identity *identity = fixture_identity(name);
    rtpgate_config *config = NULL;

    ck_assert_int_eq(rtpgate_config_new(&config, identity), 0);
    rtpgate_identity_free(identity);
    return config;
}

static const char *const keys[] = {"p256", "p384", "rsa2048"};

enum { KEYS = sizeof keys / sizeof keys[0] };

#define KEY_EXCHANGES "+ECDHE-ECDSA:+ECDHE-RSA:"
#define CIPHERS "+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
#define GROUPS "+GROUP-ALL:"
#define SCHEMES "+SIGN-ALL"
#define BASE "NONE:+VERS-DTLS1.2:+CTYPE-X509:+COMP-NULL:+AEAD:+SHA1:"

static const struct {
    uint16_t number;
    const char *exchange;
    const char *cipher;
} suites[] = {
    {0xc02b, "ECDSA", "AES-128-GCM"},       {0xc02c, "ECDSA", "AES-256-GCM"},
    {0xcca9, "ECDSA", "CHACHA20-POLY1305"}, {0xc0ac, "ECDSA", "AES-128-CCM"},
    {0xc009, "ECDSA", "AES-128-CBC"},       {0xc02f, "RSA", "AES-128-GCM"},
    {0xc030, "RSA", "AES-256-GCM"},         {0xcca8, "RSA", "CHACHA20-POLY1305"},
    {0xc013, "RSA", "AES-128-CBC"},
};

START_TEST(the_server_takes_the_suites_of_its_list) {
    rtpgate_config *config = config_for(keys[_i]);
    char text[256];

    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        bool promised = rg_numbers_have(&config->server_suites, suites[i].number);
        struct outcome outcome;

        (void)snprintf(text, sizeof text, BASE "+ECDHE-%s:+%s:" GROUPS SCHEMES, suites[i].exchange,
                       suites[i].cipher);
        outcome = handshake(config, text);
        ck_assert_msg((outcome.server == 0) == promised, "%s: %d", text, outcome.server);
        ck_assert_uint_eq(outcome.suite, promised ? suites[i].number : 0);
    }
    rtpgate_config_free(config);
}
END_TEST

static const struct {
    uint16_t number;
    const char *name;
    gnutls_group_t group;
} groups[] = {
    {29, "X25519", GNUTLS_GROUP_X25519},       {23, "SECP256R1", GNUTLS_GROUP_SECP256R1},
    {24, "SECP384R1", GNUTLS_GROUP_SECP384R1}, {25, "SECP521R1", GNUTLS_GROUP_SECP521R1},
    {30, "X448", GNUTLS_GROUP_X448},
};

START_TEST(the_server_takes_the_groups_of_its_list) {
    rtpgate_config *config = config_for(keys[_i]);
    char text[256];

    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        bool promised = rg_numbers_have(&config->groups, groups[i].number);
        struct outcome outcome;

        (void)snprintf(text, sizeof text, BASE KEY_EXCHANGES CIPHERS "+GROUP-%s:" SCHEMES,
                       groups[i].name);
        outcome = handshake(config, text);
        ck_assert_msg((outcome.server == 0) == promised, "%s: %d", text, outcome.server);
        ck_assert_int_eq((int)outcome.group, promised ? (int)groups[i].group : 0);
    }
    rtpgate_config_free(config);
}
END_TEST

static const struct {
    uint16_t number;
    const char *name;
    gnutls_sign_algorithm_t algorithm;
} schemes[] = {
    {0x0403, "ECDSA-SHA256", GNUTLS_SIGN_ECDSA_SHA256},
    {0x0503, "ECDSA-SHA384", GNUTLS_SIGN_ECDSA_SHA384},
    {0x0603, "ECDSA-SHA512", GNUTLS_SIGN_ECDSA_SHA512},
    {0x0203, "ECDSA-SHA1", GNUTLS_SIGN_ECDSA_SHA1},
    {0x0401, "RSA-SHA256", GNUTLS_SIGN_RSA_SHA256},
    {0x0501, "RSA-SHA384", GNUTLS_SIGN_RSA_SHA384},
    {0x0601, "RSA-SHA512", GNUTLS_SIGN_RSA_SHA512},
    {0x0201, "RSA-SHA1", GNUTLS_SIGN_RSA_SHA1},
    {0x0804, "RSA-PSS-RSAE-SHA256", GNUTLS_SIGN_RSA_PSS_RSAE_SHA256},
    {0x0805, "RSA-PSS-RSAE-SHA384", GNUTLS_SIGN_RSA_PSS_RSAE_SHA384},
    {0x0806, "RSA-PSS-RSAE-SHA512", GNUTLS_SIGN_RSA_PSS_RSAE_SHA512},
    {0x0807, "EDDSA-ED25519", GNUTLS_SIGN_EDDSA_ED25519},
};

START_TEST(both_ends_sign_with_the_schemes_of_their_list) {
    rtpgate_config *config = config_for(keys[_i]);
    char text[256];

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        bool promised = rg_numbers_have(&config->schemes, schemes[i].number);
        struct outcome outcome;

        (void)snprintf(text, sizeof text, BASE KEY_EXCHANGES CIPHERS GROUPS "+SIGN-%s",
                       schemes[i].name);
        outcome = handshake(config, text);
        ck_assert_msg((outcome.server == 0) == promised, "%s: %d", text, outcome.server);
        ck_assert_int_eq(outcome.by_server, promised ? (int)schemes[i].algorithm : 0);
        ck_assert_int_eq(outcome.by_client, promised ? (int)schemes[i].algorithm : 0);
    }
    rtpgate_config_free(config);
}
END_TEST

START_TEST(the_order_of_the_server_decides) {
    rtpgate_config *config = config_for("p256");
    struct outcome outcome = handshake(config, BASE KEY_EXCHANGES
                                       "+CHACHA20-POLY1305:+AES-256-GCM:+AES-128-GCM:"
                                       "+GROUP-SECP384R1:+GROUP-SECP256R1:+GROUP-X25519:" SCHEMES);

    ck_assert_int_eq(outcome.server, 0);
    ck_assert_uint_eq(outcome.suite, config->server_suites.items[0]);
    ck_assert_int_eq((int)outcome.group, GNUTLS_GROUP_X25519);
    rtpgate_config_free(config);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy");
    TCase *tests = suite_case(suite, "policy");

    tcase_add_loop_test(tests, the_server_takes_the_suites_of_its_list, 0, KEYS);
    tcase_add_loop_test(tests, the_server_takes_the_groups_of_its_list, 0, KEYS);
    tcase_add_loop_test(tests, both_ends_sign_with_the_schemes_of_their_list, 0, KEYS);
    tcase_add_test(tests, the_order_of_the_server_decides);
    return suite_run(suite);
}
