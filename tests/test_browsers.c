/* The captured ClientHellos of browsers get a server flight, however their fragments arrive. */
#include <stdlib.h>
#include <string.h>

#include "sim/hex.h"
#include "sim/ours.h"
#include "suite.h"
#include "wire/handshake.h"
#include "wire/hello.h"
#include "wire/record.h"

enum { HELLO_MAX = 4096, PIECES_MAX = 40 };

static const char *const files[] = {
    TEST_DATA_DIR "/clienthello-chromium.hex",
    TEST_DATA_DIR "/clienthello-firefox.hex",
};
enum { FILES = sizeof(files) / sizeof(files[0]) };

static uint8_t hello[HELLO_MAX];
static uint32_t hello_length;

static void load(struct hex_file *file, int which) {
    ck_assert(hex_read(file, files[which]));
    for (size_t i = 0; i < file->count; i++) {
        struct rg_reader records =
            rg_reader_make(file->datagrams[i].bytes, file->datagrams[i].length);
        struct rg_record record;
        while (rg_record_next(&records, &record)) {
            struct rg_reader fragments = rg_reader_make(record.body.at, record.body.length);
            struct rg_fragment fragment;
            while (rg_fragment_next(&fragments, &fragment)) {
                memcpy(hello + fragment.offset, fragment.body.at, fragment.body.length);
                hello_length = fragment.total;
            }
        }
    }
}

/* One datagram with the fragment from `offset` of `length` bytes. */
static size_t piece(uint8_t *out, uint64_t sequence, uint32_t offset, uint32_t length) {
    rg_record_put_header(out, RG_CONTENT_HANDSHAKE, RG_VERSION_DTLS10, 0, sequence,
                         RG_HANDSHAKE_HEADER + length);
    rg_fragment_put_header(out + RG_RECORD_HEADER, RG_CLIENT_HELLO, hello_length, 0, offset,
                           length);
    memcpy(out + RG_RECORD_HEADER + RG_HANDSHAKE_HEADER, hello + offset, length);
    return RG_RECORD_HEADER + RG_HANDSHAKE_HEADER + length;
}

static void server_new(struct sim_ours *server) {
    sim_ours_init(server, sim_config(1), RTPGATE_ROLE_SERVER, 0);
    sim_ours_expect(server, 0, 0);
}

/* The profile of the ServerHello that the server sends now; 0 when it sends none. */
static uint16_t answered_profile(struct sim_ours *server) {
    uint8_t datagram[2048];
    uint64_t path;
    int length = rtpgate_session_output(server->session, datagram, sizeof(datagram), &path);
    if (length <= 0) {
        return 0;
    }
    struct rg_reader records = rg_reader_make(datagram, (size_t)length);
    struct rg_record record;
    ck_assert(rg_record_next(&records, &record));
    struct rg_reader fragments = rg_reader_make(record.body.at, record.body.length);
    struct rg_fragment fragment;
    ck_assert(rg_fragment_next(&fragments, &fragment));
    struct rg_server_hello view;
    ck_assert_int_eq(fragment.type, RG_SERVER_HELLO);
    ck_assert(rg_server_hello_parse(fragment.body, &view));
    ck_assert(view.extended_master_secret);
    return view.profile;
}

static void assert_answered_once(struct sim_ours *server) {
    uint8_t datagram[2048];
    uint64_t path;
    ck_assert_uint_eq(answered_profile(server), RTPGATE_SRTP_AEAD_AES_128_GCM);
    ck_assert_int_eq(rtpgate_session_output(server->session, datagram, sizeof(datagram), &path), 0);
    struct rtpgate_session_stats stats = sim_ours_stats(server);
    ck_assert_uint_eq(stats.flights_sent, 1);
    ck_assert_uint_eq(stats.retransmissions + stats.answers, 0);
    ck_assert_uint_eq(stats.dropped_malformed + stats.dropped_limit + stats.dropped_hello, 0);
}

static void feed(struct sim_ours *server, const uint8_t *datagram, size_t length) {
    ck_assert_int_eq(rtpgate_session_input(server->session, datagram, length, 0, 0), 0);
}

START_TEST(datagrams_in_every_order_and_doubled) {
    struct hex_file file;
    load(&file, _i / 4);
    ck_assert_uint_eq(file.count, 2);
    bool reversed = (_i & 1) != 0;
    int copies = (_i & 2) != 0 ? 2 : 1;
    struct sim_ours server;
    server_new(&server);
    for (size_t i = 0; i < file.count; i++) {
        const struct hex_datagram *datagram = &file.datagrams[reversed ? 1 - i : i];
        for (int copy = 0; copy < copies; copy++) {
            feed(&server, datagram->bytes, datagram->length);
        }
    }
    assert_answered_once(&server);
    sim_ours_clear(&server);
}
END_TEST

static void shuffle(unsigned *order, unsigned count, struct sim_link *dice) {
    for (unsigned i = count; i > 1; i--) {
        unsigned j = (unsigned)sim_link_random(dice, i);
        unsigned kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* Cuts the hello into pieces of `size` with `overlap` bytes of the next one, and sends them
 * shuffled. */
static void cut_and_shuffle(struct sim_ours *server, uint32_t size, uint32_t overlap,
                            struct sim_link *dice) {
    unsigned order[PIECES_MAX];
    unsigned count = (hello_length + size - 1) / size;
    uint8_t datagram[HELLO_MAX];
    ck_assert_uint_le(count, PIECES_MAX);
    for (unsigned i = 0; i < count; i++) {
        order[i] = i;
    }
    shuffle(order, count, dice);
    for (unsigned i = 0; i < count; i++) {
        uint32_t offset = order[i] * size;
        uint32_t rest = hello_length - offset;
        uint32_t length = size + overlap < rest ? size + overlap : rest;
        feed(server, datagram, piece(datagram, i, offset, length));
    }
}

START_TEST(other_boundaries_overlapping_and_shuffled) {
    static const uint32_t sizes[] = {37, 100, 256, 500, 701, 1163, 1383, HELLO_MAX / 2};
    static const uint32_t overlaps[] = {0, 1, 60, 700};
    struct hex_file file;
    struct sim_link *dice = sim_link_new((uint64_t)_i, &(struct sim_conditions){0});
    load(&file, _i % FILES);
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        for (size_t o = 0; o < sizeof(overlaps) / sizeof(overlaps[0]); o++) {
            struct sim_ours server;
            server_new(&server);
            cut_and_shuffle(&server, sizes[s], overlaps[o], dice);
            assert_answered_once(&server);
            sim_ours_clear(&server);
        }
    }
    sim_link_free(dice);
}
END_TEST

/* Firefox lowers its MTU after two losses: fragments of both attempts fill each other's gaps. */
START_TEST(attempts_with_different_boundaries_fill_each_other) {
    struct hex_file file;
    struct sim_ours server;
    uint8_t datagram[HELLO_MAX];
    load(&file, 1);
    server_new(&server);
    feed(&server, file.datagrams[1].bytes, file.datagrams[1].length);
    feed(&server, datagram, piece(datagram, 5, 1163, hello_length - 1163));
    ck_assert_uint_eq(answered_profile(&server), 0);
    feed(&server, datagram, piece(datagram, 6, 0, 1163));
    assert_answered_once(&server);
    sim_ours_clear(&server);
}
END_TEST

/* Our order decides, whatever the browser's. */
START_TEST(server_preference_chooses_the_profile) {
    static const enum rtpgate_srtp_profile preferences[][2] = {
        {RTPGATE_SRTP_AES128_CM_SHA1_80, RTPGATE_SRTP_AEAD_AES_128_GCM},
        {RTPGATE_SRTP_AEAD_AES_256_GCM, RTPGATE_SRTP_AES128_CM_SHA1_80},
        {RTPGATE_SRTP_AEAD_AES_128_GCM, RTPGATE_SRTP_AEAD_AES_256_GCM},
    };
    struct hex_file file;
    load(&file, _i % FILES);
    const enum rtpgate_srtp_profile *preference = preferences[_i / FILES];
    rtpgate_config *config = sim_config(1);
    ck_assert_int_eq(rtpgate_config_set_profiles(config, preference, 2), 0);
    struct sim_ours server;
    sim_ours_init(&server, config, RTPGATE_ROLE_SERVER, 0);
    for (size_t i = 0; i < file.count; i++) {
        feed(&server, file.datagrams[i].bytes, file.datagrams[i].length);
    }
    ck_assert_uint_eq(answered_profile(&server), preference[0]);
    sim_ours_clear(&server);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("browsers");
    TCase *tests = suite_case(suite, "captured hellos");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, datagrams_in_every_order_and_doubled, 0, 4 * FILES);
    tcase_add_loop_test(tests, other_boundaries_overlapping_and_shuffled, 0, 5 * FILES);
    tcase_add_test(tests, attempts_with_different_boundaries_fill_each_other);
    tcase_add_loop_test(tests, server_preference_chooses_the_profile, 0, 3 * FILES);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
