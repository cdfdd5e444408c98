#include <rtpgate/media.h>

#include "base/alloc.h"
#include "media.h"
#include "suite.h"

enum { LONGEST = 1500, SSRC = 0x12345678 };

/* Sends `packet` from one end to the other, in place or from buffer to buffer; it must arrive
 * unchanged, and its first `clear` bytes are readable on the way. */
static void send(const struct media_profile *profile, rtpgate_media *from, rtpgate_media *to,
                 enum rtpgate_kind kind, const uint8_t *packet, size_t length, size_t clear,
                 bool in_place) {
    static uint8_t wire[MEDIA_BUFFER];
    static uint8_t arrived[MEDIA_BUFFER];
    const uint8_t *in = in_place ? memcpy(wire, packet, length) : packet;
    uint8_t *out = in_place ? wire : arrived;
    size_t sealed = length + media_trailer(profile, kind);

    ck_assert_int_eq(rtpgate_media_protect(from, kind, in, length, wire, sealed), (int)sealed);
    ck_assert_mem_eq(wire, packet, clear);
    ck_assert(length < clear + 16 || memcmp(wire + clear, packet + clear, length - clear) != 0);
    ck_assert_int_eq(rtpgate_media_unprotect(to, kind, wire, sealed, out, sealed), (int)length);
    ck_assert_mem_eq(out, packet, length);
}

static void send_all_sizes(const struct media_profile *profile, enum rtpgate_kind kind,
                           size_t header, bool in_place) {
    struct media_pair pair = media_pair_new(profile);
    uint8_t packet[LONGEST];

    for (size_t length = header; length <= LONGEST; length++) {
        media_packet(kind, packet, length, (unsigned)length, SSRC);
        send(profile, pair.client, pair.server, kind, packet, length, header, in_place);
        send(profile, pair.server, pair.client, kind, packet, length, header, in_place);
    }
    media_pair_free(&pair);
}

START_TEST(rtp_of_every_size_arrives_in_both_directions) {
    send_all_sizes(&media_profiles[_i], RTPGATE_KIND_RTP, MEDIA_RTP_HEADER, false);
    send_all_sizes(&media_profiles[_i], RTPGATE_KIND_RTP, MEDIA_RTP_HEADER, true);
}
END_TEST

START_TEST(rtcp_of_every_size_arrives_in_both_directions) {
    send_all_sizes(&media_profiles[_i], RTPGATE_KIND_RTCP, MEDIA_RTCP_HEADER, false);
    send_all_sizes(&media_profiles[_i], RTPGATE_KIND_RTCP, MEDIA_RTCP_HEADER, true);
}
END_TEST

/* An RTP packet with `csrcs` and an extension of `words` (none when negative); its header's length.
 */
static size_t rtp_with_header(uint8_t *out, size_t payload, size_t csrcs, int words, unsigned seq) {
    size_t header = MEDIA_RTP_HEADER + 4 * csrcs;
    size_t extension = words < 0 ? 0 : 4 + 4 * (size_t)words;

    media_rtp(out, header + extension + payload, seq, SSRC);
    out[0] = (uint8_t)(0x80 | csrcs);
    if (words >= 0) {
        out[0] |= 0x10;
        media_put_u16(out + header, 0xbede);
        media_put_u16(out + header + 2, (unsigned)words);
    }
    return header + extension;
}

START_TEST(csrcs_and_extensions_stay_readable) {
    static const int words[] = {-1, 0, 1, 3, 200, 492};
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[4000];
    unsigned sequence = 0;

    for (size_t csrcs = 0; csrcs < 16; csrcs++) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            for (size_t payload = 0; payload < 100; payload += 33) {
                size_t header = rtp_with_header(packet, payload, csrcs, words[i], ++sequence);

                send(&media_profiles[_i], pair.client, pair.server, RTPGATE_KIND_RTP, packet,
                     header + payload, header, false);
            }
        }
    }
    media_pair_free(&pair);
}
END_TEST

START_TEST(the_longest_datagram_arrives) {
    static const enum rtpgate_kind kinds[] = {RTPGATE_KIND_RTP, RTPGATE_KIND_RTCP};
    static uint8_t packet[MEDIA_BUFFER];
    const struct media_profile *profile = &media_profiles[_i];
    struct media_pair pair = media_pair_new(profile);

    for (size_t i = 0; i < 2; i++) {
        size_t length = 65535 - media_trailer(profile, kinds[i]);

        media_packet(kinds[i], packet, length, 1, SSRC);
        send(profile, pair.client, pair.server, kinds[i], packet, length, MEDIA_RTCP_HEADER, false);
    }
    media_pair_free(&pair);
}
END_TEST

START_TEST(every_ssrc_has_its_own_sequence) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[200];

    for (unsigned round = 0; round < 3; round++) {
        for (uint32_t ssrc = 0; ssrc < 100; ssrc++) {
            media_rtp(packet, sizeof packet, 65534 + round, ssrc);
            send(&media_profiles[_i], pair.client, pair.server, RTPGATE_KIND_RTP, packet,
                 sizeof packet, MEDIA_RTP_HEADER, true);
            media_rtcp(packet, sizeof packet, ssrc);
            send(&media_profiles[_i], pair.client, pair.server, RTPGATE_KIND_RTCP, packet,
                 sizeof packet, MEDIA_RTCP_HEADER, true);
        }
    }
    media_pair_free(&pair);
}
END_TEST

START_TEST(sequence_numbers_may_wrap_many_times) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[100];

    for (unsigned index = 1; index < 5 * 65536; index += 30000) {
        media_rtp(packet, sizeof packet, index, SSRC);
        send(&media_profiles[_i], pair.client, pair.server, RTPGATE_KIND_RTP, packet, sizeof packet,
             MEDIA_RTP_HEADER, true);
    }
    media_pair_free(&pair);
}
END_TEST

START_TEST(the_two_directions_have_different_keys) {
    rtpgate_media *client = media_end(&media_profiles[_i], true);
    uint8_t packet[200];
    size_t length = media_protected(client, RTPGATE_KIND_RTP, packet, 100, 1, SSRC);

    ck_assert_int_eq(media_receive(client, RTPGATE_KIND_RTP, packet, length), RTPGATE_ERR_AUTH);
    rtpgate_media_free(client);
}
END_TEST

START_TEST(an_index_is_used_once) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[100];
    uint8_t out[200];

    media_rtp(packet, sizeof packet, 1, SSRC);
    ck_assert_int_gt(
        rtpgate_media_protect(pair.client, RTPGATE_KIND_RTP, packet, 100, out, sizeof out), 0);
    packet[50] ^= 1;
    ck_assert_int_eq(
        rtpgate_media_protect(pair.client, RTPGATE_KIND_RTP, packet, 100, out, sizeof out),
        RTPGATE_ERR_REPLAY);
    ck_assert_uint_eq(media_stats(pair.client).replays, 1);
    ck_assert_uint_eq(media_stats(pair.client).rtp_protected, 1);
    media_pair_free(&pair);
}
END_TEST

/* Fills `out` with what nobody else writes. */
static void guard(uint8_t *out, size_t length) {
    memset(out, 0xe7, length);
}

static void expect_guard(const uint8_t *out, size_t length) {
    for (size_t i = 0; i < length; i++) {
        ck_assert_uint_eq(out[i], 0xe7);
    }
}

/* A packet of `length` bytes: one byte of room too little, then just enough. */
static void protect_tightly(const struct media_profile *profile, struct media_pair *pair,
                            enum rtpgate_kind kind, size_t length) {
    uint8_t packet[200];
    uint8_t out[300];
    size_t sealed = length + media_trailer(profile, kind);

    media_packet(kind, packet, length, (unsigned)length, SSRC);
    guard(out, sizeof out);
    for (size_t capacity = 0; capacity < sealed; capacity++) {
        ck_assert_int_eq(rtpgate_media_protect(pair->client, kind, packet, length, out, capacity),
                         RTPGATE_ERR_NOBUF);
    }
    expect_guard(out, sizeof out);
    ck_assert_int_eq(rtpgate_media_protect(pair->client, kind, packet, length, out, sealed),
                     (int)sealed);
    expect_guard(out + sealed, sizeof out - sealed);

    guard(packet, sizeof packet);
    ck_assert_int_eq(rtpgate_media_unprotect(pair->server, kind, out, sealed, packet, sealed - 1),
                     RTPGATE_ERR_NOBUF);
    expect_guard(packet, sizeof packet);
    ck_assert_int_eq(rtpgate_media_unprotect(pair->server, kind, out, sealed, packet, sealed),
                     (int)length);
    expect_guard(packet + sealed, sizeof packet - sealed);
}

START_TEST(too_little_room_loses_nothing_and_enough_is_not_left) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);

    for (size_t length = MEDIA_RTP_HEADER; length < 100; length++) {
        protect_tightly(&media_profiles[_i], &pair, RTPGATE_KIND_RTP, length);
        protect_tightly(&media_profiles[_i], &pair, RTPGATE_KIND_RTCP, length);
    }
    ck_assert_uint_eq(media_stats(pair.server).replays, 0);
    ck_assert_uint_eq(media_stats(pair.server).malformed, 0);
    media_pair_free(&pair);
}
END_TEST

START_TEST(too_little_room_in_place_leaves_the_packet) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[200];
    uint8_t before[200];
    size_t length;

    media_rtp(packet, 100, 1, SSRC);
    memcpy(before, packet, 100);
    ck_assert_int_eq(rtpgate_media_protect(pair.client, RTPGATE_KIND_RTP, packet, 100, packet, 100),
                     RTPGATE_ERR_NOBUF);
    ck_assert_mem_eq(packet, before, 100);
    length = media_protected(pair.client, RTPGATE_KIND_RTP, packet, 100, 1, SSRC);
    memcpy(before, packet, length);
    ck_assert_int_eq(
        rtpgate_media_unprotect(pair.server, RTPGATE_KIND_RTP, packet, length, packet, length - 1),
        RTPGATE_ERR_NOBUF);
    ck_assert_mem_eq(packet, before, length);
    media_pair_free(&pair);
}
END_TEST

START_TEST(other_kinds_are_refused) {
    static const struct rtpgate_media_stats nothing;
    rtpgate_media *media = media_end(&media_profiles[0], true);
    struct rtpgate_media_stats stats;
    uint8_t packet[200] = {0x80};

    for (int kind = -1; kind < 20; kind++) {
        enum rtpgate_kind other = (enum rtpgate_kind)kind;

        if (other == RTPGATE_KIND_RTP || other == RTPGATE_KIND_RTCP) {
            continue;
        }
        ck_assert_int_eq(rtpgate_media_protect(media, other, packet, 100, packet, 200),
                         RTPGATE_ERR_INVAL);
        ck_assert_int_eq(rtpgate_media_unprotect(media, other, packet, 100, packet, 200),
                         RTPGATE_ERR_INVAL);
    }
    stats = media_stats(media);
    ck_assert_mem_eq(&stats, &nothing, sizeof stats);
    rtpgate_media_free(media);
}
END_TEST

START_TEST(null_is_refused) {
    rtpgate_media *media = media_end(&media_profiles[0], true);
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[0], true);
    struct rtpgate_media_stats stats;
    uint8_t p[100] = {0x80};
    enum rtpgate_kind rtp = RTPGATE_KIND_RTP;

    ck_assert_int_eq(rtpgate_media_new(NULL, &keys), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_protect(NULL, rtp, p, 50, p, 100), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_protect(media, rtp, NULL, 0, p, 100), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_protect(media, rtp, p, 50, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_unprotect(NULL, rtp, p, 50, p, 100), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_unprotect(media, rtp, NULL, 0, p, 100), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_unprotect(media, rtp, p, 50, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_stats(NULL, &stats, sizeof stats), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_stats(media, NULL, sizeof stats), RTPGATE_ERR_INVAL);
    rtpgate_media_free(media);
    rtpgate_media_free(NULL);
}
END_TEST

static void expect_no_media(const struct rtpgate_srtp_keys *keys, int code) {
    rtpgate_media *const mark = (rtpgate_media *)&mark;
    rtpgate_media *media = mark;

    ck_assert_int_eq(rtpgate_media_new(&media, keys), code);
    ck_assert_ptr_eq(media, mark);
}

START_TEST(keys_that_are_not_the_profiles_are_refused) {
    static const unsigned unknown[] = {0, 3, 5, 6, 9, 0x10001, 0x10007, 0xffffffff};
    const struct rtpgate_srtp_keys right = media_keys(&media_profiles[_i], true);
    struct rtpgate_srtp_keys keys = right;

    expect_no_media(NULL, RTPGATE_ERR_INVAL);
    for (size_t length = 0; length < 40; length++) {
        keys.key_length = length;
        if (length != right.key_length) {
            expect_no_media(&keys, RTPGATE_ERR_INVAL);
        }
        keys = right;
        keys.salt_length = length;
        if (length != right.salt_length) {
            expect_no_media(&keys, RTPGATE_ERR_INVAL);
        }
        keys = right;
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        keys.profile = (enum rtpgate_srtp_profile)unknown[i];
        expect_no_media(&keys, RTPGATE_ERR_INVAL);
    }
}
END_TEST

START_TEST(without_memory_there_are_no_contexts) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], true);

    rg_alloc_fail_from(1);
    expect_no_media(&keys, RTPGATE_ERR_NOMEM);
    rg_alloc_fail_from(0);
    rtpgate_media_free(media_end(&media_profiles[_i], true));
}
END_TEST

START_TEST(packets_cost_no_allocation_of_ours) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    unsigned long before = rg_alloc_count();
    uint8_t packet[200];

    for (unsigned sequence = 0; sequence < 10; sequence++) {
        media_rtp(packet, sizeof packet, sequence, SSRC);
        send(&media_profiles[_i], pair.client, pair.server, RTPGATE_KIND_RTP, packet, sizeof packet,
             MEDIA_RTP_HEADER, true);
    }
    ck_assert_uint_eq(rg_alloc_count(), before);
    media_pair_free(&pair);
}
END_TEST

START_TEST(successes_are_counted) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    struct rtpgate_media_stats sent = {.rtp_protected = 5, .rtcp_protected = 3};
    struct rtpgate_media_stats received = {.rtp_unprotected = 5, .rtcp_unprotected = 3};
    struct rtpgate_media_stats stats;
    uint8_t packet[200];

    for (unsigned i = 0; i < 8; i++) {
        enum rtpgate_kind kind = i < 5 ? RTPGATE_KIND_RTP : RTPGATE_KIND_RTCP;

        media_packet(kind, packet, sizeof packet, i, SSRC);
        send(&media_profiles[_i], pair.client, pair.server, kind, packet, sizeof packet,
             MEDIA_RTCP_HEADER, true);
    }
    stats = media_stats(pair.client);
    ck_assert_mem_eq(&stats, &sent, sizeof stats);
    stats = media_stats(pair.server);
    ck_assert_mem_eq(&stats, &received, sizeof stats);
    media_pair_free(&pair);
}
END_TEST

START_TEST(statistics_fill_the_size_that_the_caller_knows) {
    rtpgate_media *media = media_end(&media_profiles[0], true);
    uint8_t packet[200];
    uint64_t fields[sizeof(struct rtpgate_media_stats) / 8 + 2];

    (void)media_protected(media, RTPGATE_KIND_RTP, packet, 100, 1, SSRC);
    guard((uint8_t *)fields, sizeof fields);
    ck_assert_int_eq(rtpgate_media_stats(media, (struct rtpgate_media_stats *)fields, 8), 0);
    ck_assert_uint_eq(fields[0], 1);
    expect_guard((uint8_t *)&fields[1], sizeof fields - 8);
    ck_assert_int_eq(
        rtpgate_media_stats(media, (struct rtpgate_media_stats *)fields, sizeof fields), 0);
    ck_assert_uint_eq(fields[0], 1);
    for (size_t i = 1; i < sizeof fields / 8; i++) {
        ck_assert_uint_eq(fields[i], 0);
    }
    rtpgate_media_free(media);
}
END_TEST

static void add_for_each_profile(TCase *tests) {
    tcase_add_loop_test(tests, rtp_of_every_size_arrives_in_both_directions, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, rtcp_of_every_size_arrives_in_both_directions, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, csrcs_and_extensions_stay_readable, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, the_longest_datagram_arrives, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, every_ssrc_has_its_own_sequence, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, sequence_numbers_may_wrap_many_times, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, the_two_directions_have_different_keys, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, an_index_is_used_once, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, too_little_room_loses_nothing_and_enough_is_not_left, 0,
                        MEDIA_PROFILES);
    tcase_add_loop_test(tests, too_little_room_in_place_leaves_the_packet, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, keys_that_are_not_the_profiles_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, without_memory_there_are_no_contexts, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, packets_cost_no_allocation_of_ours, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, successes_are_counted, 0, MEDIA_PROFILES);
}

int main(void) {
    Suite *suite = suite_create("media");
    TCase *tests = suite_case(suite, "media");

    tcase_set_timeout(tests, 60);
    add_for_each_profile(tests);
    tcase_add_test(tests, other_kinds_are_refused);
    tcase_add_test(tests, null_is_refused);
    tcase_add_test(tests, statistics_fill_the_size_that_the_caller_knows);
    return suite_run(suite);
}
