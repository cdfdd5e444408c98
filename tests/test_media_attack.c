#include <rtpgate/media.h>

#include <srtp2/srtp.h>

#include "media.h"
#include "suite.h"

enum { SSRC = 0x12345678, WINDOW = 1024, SRTCP_WINDOW = 128 };

static const enum rtpgate_kind kinds[] = {RTPGATE_KIND_RTP, RTPGATE_KIND_RTCP};

/* What both ends counted of refused packets. */
static void expect_refusals(const rtpgate_media *media, size_t auth, size_t replays,
                            size_t malformed) {
    struct rtpgate_media_stats stats = media_stats(media);

    ck_assert_uint_eq(stats.auth_failures, auth);
    ck_assert_uint_eq(stats.replays, replays);
    ck_assert_uint_eq(stats.malformed, malformed);
}

/* Whether the flipped bit may make `packet` something else than a packet: version, CSRC count, X
 * and the extension's length. */
static bool may_not_parse(enum rtpgate_kind kind, size_t at) {
    return at == 0 || (kind == RTPGATE_KIND_RTP && (at == 14 || at == 15));
}

/* A packet with one bit flipped is refused, wherever it is. Returns how many were not even parsed.
 */
static size_t flip_every_bit(rtpgate_media *server, enum rtpgate_kind kind, uint8_t *packet,
                             size_t length) {
    size_t malformed = 0;

    for (size_t bit = 0; bit < 8 * length; bit++) {
        int code;

        packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        code = media_receive(server, kind, packet, length);
        packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (code == RTPGATE_ERR_MALFORMED && may_not_parse(kind, bit / 8)) {
            malformed++;
        } else {
            ck_assert_int_eq(code, RTPGATE_ERR_AUTH);
        }
    }
    return malformed;
}

START_TEST(one_flipped_bit_anywhere_is_refused_and_harms_nothing) {
    for (size_t i = 0; i < 2; i++) {
        struct media_pair pair = media_pair_new(&media_profiles[_i]);
        uint8_t packet[200];
        size_t plain = 60;
        size_t length;
        size_t malformed;

        media_packet(kinds[i], packet, plain, 0x8001, SSRC);
        if (kinds[i] == RTPGATE_KIND_RTP) { /* with an extension of two words */
            packet[0] |= 0x10;
            media_put_u32(packet + 12, 0xbede0002);
        }
        length = (size_t)rtpgate_media_protect(pair.client, kinds[i], packet, plain, packet,
                                               sizeof packet);
        malformed = flip_every_bit(pair.server, kinds[i], packet, length);
        ck_assert_uint_ge(malformed, 2);
        ck_assert_int_eq(media_receive(pair.server, kinds[i], packet, length), (int)plain);
        expect_refusals(pair.server, 8 * length - malformed, 0, malformed);
        media_pair_free(&pair);
    }
}
END_TEST

START_TEST(truncated_packets_are_refused) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);

    for (size_t i = 0; i < 2; i++) {
        uint8_t packet[200];
        size_t header = i == 0 ? MEDIA_RTP_HEADER : MEDIA_RTCP_HEADER;
        size_t shortest = header + media_trailer(&media_profiles[_i], kinds[i]);
        size_t length = media_protected(pair.client, kinds[i], packet, 60, 1, SSRC);

        memset(packet + header, 0xff, length - header); /* a set E bit wherever it is cut */
        for (size_t cut = 0; cut < length; cut++) {
            int expected = cut < shortest ? RTPGATE_ERR_MALFORMED : RTPGATE_ERR_AUTH;

            ck_assert_int_eq(media_receive(pair.server, kinds[i], packet, cut), expected);
        }
    }
    media_pair_free(&pair);
}
END_TEST

START_TEST(packets_that_were_never_protected_are_refused) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[100];

    for (size_t i = 0; i < 2; i++) {
        media_packet(kinds[i], packet, sizeof packet, 1, SSRC);
        ck_assert_int_eq(media_receive(pair.server, kinds[i], packet, sizeof packet),
                         RTPGATE_ERR_AUTH);
    }
    expect_refusals(pair.server, 2, 0, 0);
    media_pair_free(&pair);
}
END_TEST

START_TEST(other_keys_and_profiles_are_refused) {
    uint8_t packet[200];

    for (size_t from = 0; from < MEDIA_PROFILES; from++) {
        for (size_t i = 0; i < 2; i++) {
            struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], false);
            rtpgate_media *client = media_end(&media_profiles[from], true);
            size_t length = media_protected(client, kinds[i], packet, 100, 1, SSRC);
            rtpgate_media *server = NULL;

            keys.client.salt[0] ^= 1; /* one bit of the salt is enough */
            ck_assert_int_eq(rtpgate_media_new(&server, &keys), 0);
            ck_assert_int_eq(media_receive(server, kinds[i], packet, length), RTPGATE_ERR_AUTH);
            rtpgate_media_free(server);
            rtpgate_media_free(client);
        }
    }
}
END_TEST

/* Neither direction takes `length` bytes of `packet`, before a trailer where one is needed. */
static void expect_malformed(const struct media_profile *profile, enum rtpgate_kind kind,
                             const uint8_t *packet, size_t length) {
    static uint8_t wire[MEDIA_BUFFER];
    static uint8_t out[MEDIA_BUFFER];
    rtpgate_media *media = media_end(profile, true);

    memset(wire, 0xff, sizeof wire);
    memcpy(wire, packet, length);
    ck_assert_int_eq(rtpgate_media_protect(media, kind, packet, length, out, sizeof out),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(rtpgate_media_unprotect(
                         media, kind, wire, length + media_trailer(profile, kind), out, sizeof out),
                     RTPGATE_ERR_MALFORMED);
    expect_refusals(media, 0, 0, 2);
    rtpgate_media_free(media);
}

START_TEST(headers_that_are_cut_short_are_refused) {
    uint8_t packet[100];

    media_rtp(packet, sizeof packet, 1, SSRC);
    for (size_t length = 0; length < MEDIA_RTP_HEADER; length++) {
        expect_malformed(&media_profiles[_i], RTPGATE_KIND_RTP, packet, length);
    }
    for (size_t length = 0; length < MEDIA_RTCP_HEADER; length++) {
        expect_malformed(&media_profiles[_i], RTPGATE_KIND_RTCP, packet, length);
    }
}
END_TEST

START_TEST(csrcs_beyond_the_packet_are_refused) {
    uint8_t packet[100];

    media_rtp(packet, sizeof packet, 1, SSRC);
    for (size_t csrcs = 1; csrcs < 16; csrcs++) {
        packet[0] = (uint8_t)(0x80 | csrcs);
        expect_malformed(&media_profiles[_i], RTPGATE_KIND_RTP, packet, 12);
        expect_malformed(&media_profiles[_i], RTPGATE_KIND_RTP, packet, 12 + 4 * csrcs - 1);
    }
}
END_TEST

START_TEST(extensions_beyond_the_packet_are_refused) {
    static const unsigned words[] = {1, 2, 10, 255, 256, 16384, 65535};
    uint8_t packet[2000];

    media_rtp(packet, sizeof packet, 1, SSRC);
    packet[0] = 0x92; /* with two CSRCs */
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t header = 12 + 8 + 4 + 4 * (size_t)words[i];

        media_put_u32(packet + 20, 0xbede0000 | words[i]);
        for (size_t length = 20; length < 24; length++) {
            expect_malformed(&media_profiles[_i], RTPGATE_KIND_RTP, packet, length);
        }
        expect_malformed(&media_profiles[_i], RTPGATE_KIND_RTP, packet,
                         header <= sizeof packet ? header - 1 : sizeof packet);
    }
}
END_TEST

START_TEST(other_versions_are_refused) {
    static const uint8_t firsts[] = {0x00, 0x3f, 0x40, 0x7f, 0xc0, 0xff};
    uint8_t packet[1000];

    for (size_t i = 0; i < 2; i++) {
        media_packet(kinds[i], packet, sizeof packet, 1, SSRC);
        media_put_u32(packet + 12 + 60, 0); /* where 15 CSRCs end: an empty extension */
        for (size_t k = 0; k < sizeof firsts; k++) {
            packet[0] = firsts[k];
            expect_malformed(&media_profiles[_i], kinds[i], packet, sizeof packet);
        }
    }
}
END_TEST

START_TEST(what_no_datagram_holds_is_refused) {
    static uint8_t packet[MEDIA_BUFFER];

    for (size_t i = 0; i < 2; i++) {
        size_t most = 65535 - media_trailer(&media_profiles[_i], kinds[i]);

        media_packet(kinds[i], packet, sizeof packet, 1, SSRC);
        expect_malformed(&media_profiles[_i], kinds[i], packet, most + 1);
    }
}
END_TEST

START_TEST(lengths_that_no_int_holds_are_refused) {
    static const size_t lengths[] = {INT32_MAX, (size_t)UINT32_MAX + 101, SIZE_MAX};
    rtpgate_media *media = media_end(&media_profiles[_i], true);
    uint8_t packet[100];

    media_rtp(packet, sizeof packet, 1, SSRC);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(
            rtpgate_media_protect(media, RTPGATE_KIND_RTP, packet, lengths[i], packet, SIZE_MAX),
            RTPGATE_ERR_MALFORMED);
        ck_assert_int_eq(
            rtpgate_media_unprotect(media, RTPGATE_KIND_RTP, packet, lengths[i], packet, SIZE_MAX),
            RTPGATE_ERR_MALFORMED);
    }
    rtpgate_media_free(media);
}
END_TEST

START_TEST(headers_of_2048_bytes_pass_and_longer_ones_are_refused) {
    enum { WORDS = (2048 - 16) / 4 };
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[3000];
    int length;

    media_rtp(packet, 2500, 1, SSRC);
    packet[0] = 0x90;
    media_put_u32(packet + 12, 0xbede0000 | (WORDS + 1));
    expect_malformed(&media_profiles[_i], RTPGATE_KIND_RTP, packet, 2500);
    media_put_u32(packet + 12, 0xbede0000 | WORDS);
    length = rtpgate_media_protect(pair.client, RTPGATE_KIND_RTP, packet, 2500, packet, 3000);
    ck_assert_int_gt(length, 2500);
    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, packet, (size_t)length), 2500);
    media_pair_free(&pair);
}
END_TEST

START_TEST(forged_unencrypted_srtcp_of_any_size_harms_nothing) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[200];
    uint8_t forged[3000] = {0x80, 200};
    size_t from = MEDIA_RTCP_HEADER + media_profiles[_i].rtcp_trailer;

    for (size_t length = from; length < sizeof forged; length++) {
        ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTCP, forged, length),
                         RTPGATE_ERR_AUTH);
    }
    expect_refusals(pair.server, sizeof forged - from, 0, 0);
    from = media_protected(pair.client, RTPGATE_KIND_RTCP, packet, 100, 1, SSRC);
    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTCP, packet, from), 100);
    media_pair_free(&pair);
}
END_TEST

/* A sender with the client's keys that authenticates RTCP but does not encrypt it. */
static srtp_t unencrypting_client(const struct media_profile *profile) {
    struct rtpgate_srtp_keys keys = media_keys(profile, true);
    uint8_t master[RTPGATE_SRTP_MAX_KEY + RTPGATE_SRTP_MAX_SALT];
    srtp_profile_t number = (srtp_profile_t)profile->profile;
    srtp_policy_t policy;
    srtp_t session = NULL;

    memset(&policy, 0, sizeof policy);
    memcpy(master, keys.client.key, keys.key_length);
    memcpy(master + keys.key_length, keys.client.salt, keys.salt_length);
    ck_assert(srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, number) == 0);
    ck_assert(srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, number) == 0);
    policy.rtcp.sec_serv = sec_serv_auth;
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = master;
    ck_assert_int_eq(srtp_create(&session, &policy), srtp_err_status_ok);
    return session;
}

START_TEST(authentic_srtcp_that_is_not_encrypted_is_refused) {
    rtpgate_media *server = media_end(&media_profiles[_i], false);
    srtp_t client = unencrypting_client(&media_profiles[_i]);
    uint8_t packet[200];
    int length = 100;

    media_rtcp(packet, 100, SSRC);
    ck_assert_int_eq(srtp_protect_rtcp(client, packet, &length), srtp_err_status_ok);
    ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTCP, packet, (size_t)length),
                     RTPGATE_ERR_AUTH);
    expect_refusals(server, 1, 0, 0);
    ck_assert_int_eq(srtp_dealloc(client), srtp_err_status_ok);
    rtpgate_media_free(server);
}
END_TEST

/* The packets of a stream, protected in order, and their length. */
enum { STREAM = WINDOW + 2, PACKET = 20 };
static uint8_t stream[STREAM][PACKET + RTPGATE_MEDIA_OVERHEAD];

static size_t make_stream(rtpgate_media *client, enum rtpgate_kind kind, unsigned first) {
    size_t length = 0;

    for (unsigned i = 0; i < STREAM; i++) {
        length = media_protected(client, kind, stream[i], PACKET, first + i, SSRC);
    }
    return length;
}

START_TEST(a_replayed_packet_is_refused) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);

    for (size_t k = 0; k < 2; k++) {
        size_t length = make_stream(pair.client, kinds[k], 65000);

        for (size_t i = 0; i < 100; i++) {
            ck_assert_int_eq(media_receive(pair.server, kinds[k], stream[i], length), PACKET);
            ck_assert_int_eq(media_receive(pair.server, kinds[k], stream[i], length),
                             RTPGATE_ERR_REPLAY);
            ck_assert_int_eq(media_receive(pair.server, kinds[k], stream[i / 2], length),
                             RTPGATE_ERR_REPLAY);
        }
    }
    expect_refusals(pair.server, 0, 400, 0);
    media_pair_free(&pair);
}
END_TEST

/* The last packet first, then the others backwards: `window` of them in all are taken. */
static void receive_backwards(rtpgate_media *server, enum rtpgate_kind kind, size_t length,
                              size_t window) {
    for (size_t i = 0; i < STREAM; i++) {
        int expected = i < window ? PACKET : RTPGATE_ERR_REPLAY;

        ck_assert_int_eq(media_receive(server, kind, stream[STREAM - 1 - i], length), expected);
    }
    expect_refusals(server, 0, STREAM - window, 0);
}

START_TEST(packets_may_be_reordered_inside_the_window_and_no_further) {
    static const unsigned firsts[] = {1000, 65000}; /* without and with a wrap between */

    for (size_t i = 0; i < 2; i++) {
        struct media_pair pair = media_pair_new(&media_profiles[_i]);
        size_t length;

        /* The receiver knows where the stream begins. */
        length =
            media_protected(pair.client, RTPGATE_KIND_RTP, stream[0], PACKET, firsts[i] - 1, SSRC);
        ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, stream[0], length), PACKET);
        length = make_stream(pair.client, RTPGATE_KIND_RTP, firsts[i]);
        receive_backwards(pair.server, RTPGATE_KIND_RTP, length, WINDOW);
        media_pair_free(&pair);
    }
}
END_TEST

START_TEST(srtcp_may_be_reordered_inside_its_window) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    size_t length = make_stream(pair.client, RTPGATE_KIND_RTCP, 0);

    receive_backwards(pair.server, RTPGATE_KIND_RTCP, length, SRTCP_WINDOW);
    media_pair_free(&pair);
}
END_TEST

START_TEST(forged_packets_do_not_move_the_window) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    size_t length = make_stream(pair.client, RTPGATE_KIND_RTP, 100);
    uint8_t forged[sizeof stream[0]];

    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, stream[0], length), PACKET);
    for (unsigned sequence = 101; sequence < 65536; sequence += 997) {
        memcpy(forged, stream[1], length);
        media_put_u16(forged + 2, sequence == 101 ? 30000 : sequence);
        ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, forged, length),
                         RTPGATE_ERR_AUTH);
    }
    for (size_t i = 1; i < STREAM; i++) {
        ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, stream[i], length), PACKET);
    }
    media_pair_free(&pair);
}
END_TEST

static void add_replays(TCase *tests) {
    tcase_add_loop_test(tests, a_replayed_packet_is_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, packets_may_be_reordered_inside_the_window_and_no_further, 0,
                        MEDIA_PROFILES);
    tcase_add_loop_test(tests, srtcp_may_be_reordered_inside_its_window, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, forged_packets_do_not_move_the_window, 0, MEDIA_PROFILES);
}

static void add_malformed(TCase *tests) {
    tcase_add_loop_test(tests, headers_that_are_cut_short_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, csrcs_beyond_the_packet_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, extensions_beyond_the_packet_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, other_versions_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, what_no_datagram_holds_is_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, lengths_that_no_int_holds_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, headers_of_2048_bytes_pass_and_longer_ones_are_refused, 0,
                        MEDIA_PROFILES);
}

static void add_forgeries(TCase *tests) {
    tcase_add_loop_test(tests, one_flipped_bit_anywhere_is_refused_and_harms_nothing, 0,
                        MEDIA_PROFILES);
    tcase_add_loop_test(tests, truncated_packets_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, packets_that_were_never_protected_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, other_keys_and_profiles_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, forged_unencrypted_srtcp_of_any_size_harms_nothing, 0,
                        MEDIA_PROFILES);
    tcase_add_loop_test(tests, authentic_srtcp_that_is_not_encrypted_is_refused, 0, MEDIA_PROFILES);
}

int main(void) {
    Suite *suite = suite_create("media_attack");
    TCase *tests = suite_case(suite, "media_attack");

    tcase_set_timeout(tests, 60);
    add_forgeries(tests);
    add_malformed(tests);
    add_replays(tests);
    return suite_run(suite);
}
