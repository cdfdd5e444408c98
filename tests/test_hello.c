#include "wire/hello.h"

#include <string.h>

#include "suite.h"

/* A body under construction. */
struct body {
    uint8_t bytes[4096];
    size_t length;
};

static struct rg_bytes view(const struct body *body) {
    return (struct rg_bytes){body->bytes, body->length};
}

static void add(struct body *body, const void *bytes, size_t length) {
    ck_assert_uint_le(length, sizeof(body->bytes) - body->length);
    memcpy(body->bytes + body->length, bytes, length);
    body->length += length;
}

static void add_u8(struct body *body, size_t value) {
    uint8_t byte = (uint8_t)value;

    add(body, &byte, 1);
}

static void add_u16(struct body *body, size_t value) {
    add_u8(body, value >> 8);
    add_u8(body, value & 0xff);
}

static void add_fill(struct body *body, uint8_t fill, size_t count) {
    for (size_t i = 0; i < count; i++) {
        add_u8(body, fill);
    }
}

/* What a test varies in a ClientHello or ServerHello; the rest is valid. */
struct parts {
    size_t session_id;
    size_t cookie;
    size_t suites;      /* bytes */
    size_t compression; /* bytes */
    const char *extensions;
    size_t extensions_length;
};

#define EXTENSIONS(text) .extensions = (text), .extensions_length = sizeof(text) - 1

static const struct parts usual = {.suites = 4, .compression = 1};

static void add_extensions(struct body *body, const struct parts *parts) {
    if (parts->extensions != NULL) {
        add_u16(body, parts->extensions_length);
        add(body, parts->extensions, parts->extensions_length);
    }
}

static struct body client_body(struct parts parts) {
    struct body body = {.length = 0};

    add_u16(&body, 0xfefd);
    add_fill(&body, 0x5a, RG_RANDOM);
    add_u8(&body, parts.session_id);
    add_fill(&body, 0x1d, parts.session_id);
    add_u8(&body, parts.cookie);
    add_fill(&body, 0xc0, parts.cookie);
    add_u16(&body, parts.suites);
    add_fill(&body, 0x2b, parts.suites);
    add_u8(&body, parts.compression);
    add_fill(&body, 0, parts.compression);
    add_extensions(&body, &parts);
    return body;
}

static struct body server_body(struct parts parts) {
    struct body body = {.length = 0};

    add_u16(&body, 0xfefd);
    add_fill(&body, 0x5a, RG_RANDOM);
    add_u8(&body, parts.session_id);
    add_fill(&body, 0x1d, parts.session_id);
    add_u16(&body, 0xc02b);
    add_u8(&body, 0);
    add_extensions(&body, &parts);
    return body;
}

static bool client_parses(struct parts parts) {
    struct body body = client_body(parts);
    struct rg_client_hello hello;

    return rg_client_hello_parse(view(&body), &hello);
}

static bool server_parses(struct parts parts) {
    struct body body = server_body(parts);
    struct rg_server_hello hello;

    return rg_server_hello_parse(view(&body), &hello);
}

/* `bytes` as the extension block of a ClientHello. */
#define CLIENT_PARSES(bytes)                                                                       \
    client_parses((struct parts){.suites = 4, .compression = 1, EXTENSIONS(bytes)})
#define SERVER_PARSES(bytes) server_parses((struct parts){EXTENSIONS(bytes)})

START_TEST(client_hello_without_extensions) {
    struct body body =
        client_body((struct parts){.session_id = 32, .cookie = 255, .suites = 4, .compression = 2});
    struct rg_client_hello hello;

    ck_assert(rg_client_hello_parse(view(&body), &hello));
    ck_assert_uint_eq(hello.version, 0xfefd);
    ck_assert_ptr_eq(hello.random.at, body.bytes + 2);
    ck_assert_uint_eq(hello.random.length, RG_RANDOM);
    ck_assert_ptr_eq(hello.session_id.at, body.bytes + 35);
    ck_assert_uint_eq(hello.session_id.length, 32);
    ck_assert_ptr_eq(hello.cookie.at, body.bytes + 68);
    ck_assert_uint_eq(hello.cookie.length, 255);
    ck_assert_ptr_eq(hello.suites.at, body.bytes + 325);
    ck_assert_uint_eq(hello.suites.length, 4);
    ck_assert(hello.null_compression);
    ck_assert(!hello.use_srtp);
    ck_assert(!hello.extended_master_secret);
    ck_assert_uint_eq(hello.groups.length, 0);
    ck_assert_uint_eq(hello.signatures.length, 0);
    ck_assert_uint_eq(hello.versions.length, 0);
    ck_assert_uint_eq(hello.profiles.length, 0);
    ck_assert_uint_eq(hello.mki.length, 0);
}
END_TEST

START_TEST(client_hello_with_every_extension_we_read) {
    struct parts parts = {
        .suites = 2,
        .compression = 1,
        EXTENSIONS("\x00\x00\x00\x02\x00\x00"               /* server_name */
                   "\x00\x0a\x00\x04\x00\x02\x00\x17"       /* supported_groups: P-256 */
                   "\x00\x0d\x00\x04\x00\x02\x04\x03"       /* signature_algorithms */
                   "\xab\xcd\x00\x01\x77"                   /* unknown to us */
                   "\x00\x0e\x00\x07\x00\x02\x00\x07\x02mk" /* use_srtp: profile 7, MKI "mk" */
                   "\x00\x17\x00\x00"                       /* extended_master_secret */
                   "\x00\x01\x00\x01\x03"                   /* max_fragment_length: 2^11 */
                   "\x00\x1c\x00\x02\x40\x01"               /* record_size_limit */
                   "\x00\x2b\x00\x05\x04\xfe\xfc\xfe\xfd"), /* supported_versions */
    };
    struct body body = client_body(parts);
    struct rg_client_hello hello;

    ck_assert(rg_client_hello_parse(view(&body), &hello));
    ck_assert_uint_eq(hello.groups.length, 2);
    ck_assert_mem_eq(hello.groups.at, "\x00\x17", 2);
    ck_assert_uint_eq(hello.signatures.length, 2);
    ck_assert_mem_eq(hello.signatures.at, "\x04\x03", 2);
    ck_assert(hello.use_srtp);
    ck_assert_uint_eq(hello.profiles.length, 2);
    ck_assert_mem_eq(hello.profiles.at, "\x00\x07", 2);
    ck_assert_uint_eq(hello.mki.length, 2);
    ck_assert_mem_eq(hello.mki.at, "mk", 2);
    ck_assert(hello.extended_master_secret);
    ck_assert_uint_eq(hello.versions.length, 4);
    ck_assert_mem_eq(hello.versions.at, "\xfe\xfc\xfe\xfd", 4);
    ck_assert_uint_eq(hello.fragment_length, 2048);
    ck_assert_uint_eq(hello.record_limit, 0x4001);
}
END_TEST

START_TEST(client_hello_vectors_out_of_range_are_malformed) {
    struct parts parts = usual;

    ck_assert(client_parses(parts));
    parts.session_id = 33;
    ck_assert(!client_parses(parts));
    parts = usual;
    parts.suites = 0;
    ck_assert(!client_parses(parts));
    parts.suites = 3;
    ck_assert(!client_parses(parts));
    parts = usual;
    parts.compression = 0;
    ck_assert(!client_parses(parts));
}
END_TEST

START_TEST(missing_null_compression_is_told) {
    struct body body = client_body(usual);
    struct rg_client_hello hello;

    body.bytes[body.length - 1] = 1;
    ck_assert(rg_client_hello_parse(view(&body), &hello));
    ck_assert(!hello.null_compression);
}
END_TEST

START_TEST(an_empty_extension_block_is_fine) {
    ck_assert(CLIENT_PARSES(""));
    ck_assert(SERVER_PARSES(""));
}
END_TEST

START_TEST(bytes_left_over_are_malformed) {
    struct body client = client_body((struct parts){.suites = 2, .compression = 1, EXTENSIONS("")});
    struct body server = server_body((struct parts){EXTENSIONS("")});
    struct rg_client_hello client_hello;
    struct rg_server_hello server_hello;

    add_u8(&client, 0);
    add_u8(&server, 0);
    ck_assert(!rg_client_hello_parse(view(&client), &client_hello));
    ck_assert(!rg_server_hello_parse(view(&server), &server_hello));
}
END_TEST

START_TEST(half_an_extension_is_malformed) {
    ck_assert(!CLIENT_PARSES("\xab"));
    ck_assert(!CLIENT_PARSES("\xab\xcd"));
    ck_assert(!CLIENT_PARSES("\xab\xcd\x00"));
    ck_assert(!CLIENT_PARSES("\xab\xcd\x00\x02"));
    ck_assert(!CLIENT_PARSES("\xab\xcd\x00\x02\x01"));
    ck_assert(!SERVER_PARSES("\xab\xcd\x00\x02\x01"));
    ck_assert(CLIENT_PARSES("\xab\xcd\x00\x01\x01"));
    ck_assert(SERVER_PARSES("\xab\xcd\x00\x01\x01"));
}
END_TEST

START_TEST(repeated_extensions_are_malformed) {
    ck_assert(!CLIENT_PARSES("\x00\x00\x00\x00\x00\x00\x00\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x0a\x00\x04\x00\x02\x00\x17\x00\x0a\x00\x04\x00\x02\x00\x18"));
    ck_assert(!CLIENT_PARSES("\x00\x0d\x00\x04\x00\x02\x04\x03\x00\x0d\x00\x04\x00\x02\x04\x03"));
    ck_assert(!CLIENT_PARSES("\x00\x0e\x00\x05\x00\x02\x00\x07\x00"
                             "\x00\x17\x00\x00"
                             "\x00\x0e\x00\x05\x00\x02\x00\x01\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x17\x00\x00\x00\x17\x00\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x2b\x00\x03\x02\xfe\xfd\x00\x2b\x00\x03\x02\xfe\xfc"));
    ck_assert(!SERVER_PARSES("\x00\x17\x00\x00\x00\x17\x00\x00"));
    ck_assert(!SERVER_PARSES("\x00\x0e\x00\x05\x00\x02\x00\x07\x00"
                             "\x00\x0e\x00\x05\x00\x02\x00\x07\x00"));
}
END_TEST

START_TEST(malformed_lists_are_malformed) {
    static const char *const types[] = {"\x00\x0a", "\x00\x0d"};
    static const struct {
        char body[8];
        size_t length;
    } bodies[] = {
        {"", 0},                     /* no list */
        {"\x00", 1},                 /* half a length */
        {"\x00\x00", 2},             /* an empty list */
        {"\x00\x01\x17", 3},         /* an odd list */
        {"\x00\x04\x00\x17", 4},     /* a list beyond its extension */
        {"\x00\x02\x00\x17\x00", 5}, /* a byte behind it */
        {"\x00\x03\x00\x17\x00", 5}, /* odd */
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        for (size_t type = 0; type < 2; type++) {
            struct body extension = {.length = 0};
            struct parts parts = usual;

            add(&extension, types[type], 2);
            add_u16(&extension, bodies[i].length);
            add(&extension, bodies[i].body, bodies[i].length);
            parts.extensions = (const char *)extension.bytes;
            parts.extensions_length = extension.length;
            ck_assert(!client_parses(parts));
        }
    }
}
END_TEST

START_TEST(malformed_versions_are_malformed) {
    ck_assert(CLIENT_PARSES("\x00\x2b\x00\x03\x02\xfe\xfd"));
    ck_assert(!CLIENT_PARSES("\x00\x2b\x00\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x2b\x00\x01\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x2b\x00\x02\x01\xfe"));
    ck_assert(!CLIENT_PARSES("\x00\x2b\x00\x03\x04\xfe\xfd"));
    ck_assert(!CLIENT_PARSES("\x00\x2b\x00\x04\x02\xfe\xfd\xfe"));
}
END_TEST

START_TEST(malformed_use_srtp_is_malformed) {
    ck_assert(CLIENT_PARSES("\x00\x0e\x00\x05\x00\x02\x00\x07\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x0e\x00\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x0e\x00\x03\x00\x00\x00"));             /* no profile */
    ck_assert(!CLIENT_PARSES("\x00\x0e\x00\x04\x00\x01\x07\x00"));         /* half a profile */
    ck_assert(!CLIENT_PARSES("\x00\x0e\x00\x04\x00\x02\x00\x07"));         /* no MKI length */
    ck_assert(!CLIENT_PARSES("\x00\x0e\x00\x05\x00\x02\x00\x07\x01"));     /* no MKI */
    ck_assert(!CLIENT_PARSES("\x00\x0e\x00\x06\x00\x02\x00\x07\x00\x00")); /* a byte behind it */
}
END_TEST

START_TEST(ems_with_a_body_is_malformed) {
    ck_assert(CLIENT_PARSES("\x00\x17\x00\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x17\x00\x01\x00"));
    ck_assert(SERVER_PARSES("\x00\x17\x00\x00"));
    ck_assert(!SERVER_PARSES("\x00\x17\x00\x01\x00"));
}
END_TEST

START_TEST(limits_out_of_range_are_malformed) {
    ck_assert(CLIENT_PARSES("\x00\x01\x00\x01\x04") && CLIENT_PARSES("\x00\x01\x00\x01\x01"));
    ck_assert(!CLIENT_PARSES("\x00\x01\x00\x01\x05") && !CLIENT_PARSES("\x00\x01\x00\x01\x00"));
    ck_assert(!CLIENT_PARSES("\x00\x01\x00\x02\x01\x01"));
    ck_assert(!CLIENT_PARSES("\x00\x1c\x00\x02\x00\x3f") && !CLIENT_PARSES("\x00\x1c\x00\x01\x40"));
    ck_assert(SERVER_PARSES("\x00\x1c\x00\x02\x00\x40") && !SERVER_PARSES("\x00\x1c\x00\x00"));
}
END_TEST

START_TEST(server_hello_is_read) {
    struct parts parts = {
        .session_id = 32,
        EXTENSIONS("\x00\x17\x00\x00"                          /* extended_master_secret */
                   "\xff\x01\x00\x01\x00"                      /* renegotiation_info */
                   "\x00\x0e\x00\x08\x00\x02\x01\x08\x03mki"), /* use_srtp */
    };
    struct body body = server_body(parts);
    struct rg_server_hello hello;

    ck_assert(rg_server_hello_parse(view(&body), &hello));
    ck_assert_uint_eq(hello.version, 0xfefd);
    ck_assert_ptr_eq(hello.random.at, body.bytes + 2);
    ck_assert_uint_eq(hello.random.length, RG_RANDOM);
    ck_assert_uint_eq(hello.suite, 0xc02b);
    ck_assert_uint_eq(hello.compression, 0);
    ck_assert(hello.use_srtp);
    ck_assert_uint_eq(hello.profile, 0x0108);
    ck_assert_uint_eq(hello.mki.length, 3);
    ck_assert_mem_eq(hello.mki.at, "mki", 3);
    ck_assert(hello.extended_master_secret);
}
END_TEST

START_TEST(server_hello_without_extensions) {
    struct body body = server_body((struct parts){.session_id = 0});
    struct rg_server_hello hello;

    body.bytes[body.length - 1] = 1;
    ck_assert(rg_server_hello_parse(view(&body), &hello));
    ck_assert_uint_eq(hello.compression, 1);
    ck_assert(!hello.use_srtp);
    ck_assert(!hello.extended_master_secret);
    ck_assert(!server_parses((struct parts){.session_id = 33}));
}
END_TEST

START_TEST(server_hello_has_exactly_one_profile) {
    ck_assert(SERVER_PARSES("\x00\x0e\x00\x05\x00\x02\x00\x07\x00"));
    ck_assert(!SERVER_PARSES("\x00\x0e\x00\x03\x00\x00\x00"));
    ck_assert(!SERVER_PARSES("\x00\x0e\x00\x04\x00\x01\x07\x00"));
    ck_assert(!SERVER_PARSES("\x00\x0e\x00\x07\x00\x04\x00\x07\x00\x01\x00"));
    ck_assert(!SERVER_PARSES("\x00\x0e\x00\x04\x00\x02\x00\x07"));
    ck_assert(!SERVER_PARSES("\x00\x0e\x00\x06\x00\x02\x00\x07\x00\x00"));
}
END_TEST

START_TEST(every_truncated_server_hello_is_malformed) {
    struct body body = server_body(
        (struct parts){.session_id = 4, EXTENSIONS("\x00\x0e\x00\x05\x00\x02\x00\x07\x00")});
    struct rg_server_hello hello;
    size_t without_extensions = body.length - 2 - 9;

    for (size_t length = 0; length < body.length; length++) {
        ck_assert(rg_server_hello_parse((struct rg_bytes){body.bytes, length}, &hello) ==
                  (length == without_extensions));
    }
}
END_TEST

START_TEST(a_malformed_hello_leaves_the_view_alone) {
    struct body client = client_body(usual);
    struct body server = server_body((struct parts){.session_id = 0});
    struct rg_client_hello client_hello = {.version = 1};
    struct rg_server_hello server_hello = {.version = 1};

    client.length--;
    server.length--;
    ck_assert(!rg_client_hello_parse(view(&client), &client_hello));
    ck_assert(!rg_server_hello_parse(view(&server), &server_hello));
    ck_assert_uint_eq(client_hello.version, 1);
    ck_assert_uint_eq(server_hello.version, 1);
}
END_TEST

START_TEST(hello_verify_request_gives_its_cookie) {
    static const uint8_t bytes[] = {0xfe, 0xff, /* server_version */ 0x03, 0xc1, 0xc2, 0xc3};
    uint8_t longer[sizeof(bytes) + 1] = {0};
    struct rg_bytes cookie = {NULL, 0};

    for (size_t length = 0; length < sizeof(bytes); length++) {
        ck_assert(!rg_hello_verify_request_parse((struct rg_bytes){bytes, length}, &cookie));
    }
    memcpy(longer, bytes, sizeof(bytes));
    ck_assert(!rg_hello_verify_request_parse((struct rg_bytes){longer, sizeof(longer)}, &cookie));
    ck_assert_ptr_null(cookie.at);
    ck_assert(rg_hello_verify_request_parse((struct rg_bytes){bytes, sizeof(bytes)}, &cookie));
    ck_assert_ptr_eq(cookie.at, bytes + 3);
    ck_assert_uint_eq(cookie.length, 3);
}
END_TEST

START_TEST(a_list_is_searched_by_pairs) {
    static const uint8_t list[] = {0x00, 0x17, 0x11, 0xec, 0x00};
    const struct rg_bytes numbers = {list, 4};

    ck_assert(rg_list_has(numbers, 0x0017));
    ck_assert(rg_list_has(numbers, 0x11ec));
    ck_assert(!rg_list_has(numbers, 0x1711));
    ck_assert(!rg_list_has(numbers, 0xec00));
    ck_assert(!rg_list_has((struct rg_bytes){list, 5}, 0x0000));
    ck_assert(!rg_list_has((struct rg_bytes){NULL, 0}, 0));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hello");
    TCase *client = suite_case(suite, "ClientHello");
    TCase *both = suite_case(suite, "both hellos");
    TCase *server = suite_case(suite, "what the server sends");

    tcase_add_test(client, client_hello_without_extensions);
    tcase_add_test(client, client_hello_with_every_extension_we_read);
    tcase_add_test(client, client_hello_vectors_out_of_range_are_malformed);
    tcase_add_test(client, missing_null_compression_is_told);
    tcase_add_test(client, malformed_lists_are_malformed);
    tcase_add_test(client, malformed_versions_are_malformed);
    tcase_add_test(client, malformed_use_srtp_is_malformed);
    tcase_add_test(client, a_list_is_searched_by_pairs);
    tcase_add_test(both, an_empty_extension_block_is_fine);
    tcase_add_test(both, bytes_left_over_are_malformed);
    tcase_add_test(both, half_an_extension_is_malformed);
    tcase_add_test(both, repeated_extensions_are_malformed);
    tcase_add_test(both, ems_with_a_body_is_malformed);
    tcase_add_test(both, limits_out_of_range_are_malformed);
    tcase_add_test(both, a_malformed_hello_leaves_the_view_alone);
    tcase_add_test(server, server_hello_is_read);
    tcase_add_test(server, server_hello_without_extensions);
    tcase_add_test(server, server_hello_has_exactly_one_profile);
    tcase_add_test(server, every_truncated_server_hello_is_malformed);
    tcase_add_test(server, hello_verify_request_gives_its_cookie);
    return suite_run(suite);
}
