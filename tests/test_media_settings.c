#include <rtpgate/media.h>

#include "base/alloc.h"
#include "media.h"
#include "srtp/context.h"
#include "srtp/media.h"
#include "suite.h"

enum { SSRC = 0x01020304, PACKET = 60 };

static rtpgate_media *end_with(const struct media_profile *profile, bool client,
                               const struct rtpgate_media_settings *settings) {
    struct rtpgate_srtp_keys keys = media_keys(profile, client);
    rtpgate_media *media = NULL;

    ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, settings, sizeof *settings), 0);
    return media;
}

static int protect(rtpgate_media *media, unsigned sequence) {
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD];

    media_rtp(packet, PACKET, sequence, SSRC);
    return rtpgate_media_protect(media, RTPGATE_KIND_RTP, packet, PACKET, packet, sizeof packet);
}

/* What `to` says to the packet `sequence` of `from`. */
static int pass(rtpgate_media *from, rtpgate_media *to, unsigned sequence) {
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD];
    size_t length = media_protected(from, RTPGATE_KIND_RTP, packet, PACKET, sequence, SSRC);

    return media_receive(to, RTPGATE_KIND_RTP, packet, length);
}

START_TEST(settings_out_of_range_are_refused) {
    static const uint8_t zero[] = {1, 0};
    static const struct rtpgate_media_settings wrong[] = {
        {.replay_window = 1},
        {.replay_window = 63},
        {.replay_window = 32768},
        {.replay_window = 0xffffffff},
        {.ssrc_limit = 65537},
        {.repeats = true, .resumable = true},
        {.encrypted_extensions = zero, .encrypted_extension_count = 2},
        {.encrypted_extensions = NULL, .encrypted_extension_count = 1},
        {.encrypted_extensions = zero, .encrypted_extension_count = 256},
    };
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], true);
    struct rtpgate_media_settings good = {0};
    rtpgate_media *media = NULL;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, &wrong[i], sizeof wrong[i]),
                         RTPGATE_ERR_INVAL);
    }
    ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, &good, sizeof good + 1),
                     RTPGATE_ERR_INVAL);
    ck_assert_ptr_null(media);
}
END_TEST

START_TEST(the_replay_window_is_as_wide_as_asked) {
    static const unsigned widths[] = {64, 100, 0, 5000, 32767};

    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct rtpgate_media_settings settings = {.replay_window = widths[i]};
        rtpgate_media *client = media_end(&media_profiles[_i], true);
        rtpgate_media *server = end_with(&media_profiles[_i], false, &settings);
        unsigned width = widths[i] == 0 ? 1024 : (widths[i] + 31) / 32 * 32; /* libsrtp's words */
        uint8_t late[2][PACKET + RTPGATE_MEDIA_OVERHEAD];
        size_t length = 0;

        ck_assert_int_eq(pass(client, server, 1), PACKET);
        for (unsigned k = 0; k < 2; k++) {
            length = media_protected(client, RTPGATE_KIND_RTP, late[k], PACKET, 2 + k, SSRC);
        }
        ck_assert_int_eq(pass(client, server, 2 + width), PACKET);
        ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, late[0], length),
                         RTPGATE_ERR_REPLAY);
        ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, late[1], length), PACKET);
        ck_assert_int_eq(media_receive(server, RTPGATE_KIND_RTP, late[1], length),
                         RTPGATE_ERR_REPLAY);
        ck_assert_uint_eq(media_stats(server).replays, 2);
        ck_assert_uint_eq(media_stats(server).too_old, 1);
        rtpgate_media_free(client);
        rtpgate_media_free(server);
    }
}
END_TEST

START_TEST(an_index_is_used_again_only_where_that_is_asked_for_and_safe) {
    struct rtpgate_media_settings settings = {.repeats = true};
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], true);
    rtpgate_media *media = NULL;

    if (media_profiles[_i].salt == 12) { /* AEAD */
        ck_assert_int_eq(rtpgate_media_new_with(&media, &keys, &settings, sizeof settings),
                         RTPGATE_ERR_INVAL);
        return;
    }
    media = end_with(&media_profiles[_i], true, &settings);
    ck_assert_int_gt(protect(media, 5), PACKET);
    ck_assert_int_gt(protect(media, 6), PACKET);
    ck_assert_int_gt(protect(media, 5), PACKET);
    ck_assert_uint_eq(media_stats(media).rtp_protected, 3);
    rtpgate_media_free(media);
}
END_TEST

/* A packet with the elements 1 (3 bytes), 2 (2 bytes) and 3 (2 bytes). */
static void with_extension(uint8_t *packet, unsigned sequence) {
    static const uint8_t extension[] = {0xbe, 0xde, 0,   3,    0x12, 'a', 'b', 'c',
                                        0x21, 'd',  'e', 0x31, 'f',  'g', 0,   0};

    media_rtp(packet, PACKET, sequence, SSRC);
    packet[0] |= 0x10;
    memcpy(packet + MEDIA_RTP_HEADER, extension, sizeof extension);
}

START_TEST(chosen_header_extensions_are_hidden) {
    static const uint8_t hidden[] = {1, 3};
    struct rtpgate_media_settings settings = {.encrypted_extensions = hidden,
                                              .encrypted_extension_count = 2};
    rtpgate_media *client = end_with(&media_profiles[_i], true, &settings);
    rtpgate_media *server = end_with(&media_profiles[_i], false, &settings);
    uint8_t packet[PACKET];
    uint8_t wire[PACKET + RTPGATE_MEDIA_OVERHEAD];
    uint8_t *elements = wire + MEDIA_RTP_HEADER + 4;
    int length;

    with_extension(packet, 1);
    length = rtpgate_media_protect(client, RTPGATE_KIND_RTP, packet, PACKET, wire, sizeof wire);
    ck_assert_int_gt(length, PACKET);
    ck_assert_mem_eq(wire, packet, MEDIA_RTP_HEADER + 4);
    ck_assert_uint_eq(elements[0], 0x12);
    ck_assert_mem_ne(elements + 1, "abc", 3);
    ck_assert_mem_eq(elements + 4,
                     "\x21"
                     "de\x31",
                     4);
    ck_assert_mem_ne(elements + 8, "fg", 2);
    ck_assert_int_eq(
        rtpgate_media_unprotect(server, RTPGATE_KIND_RTP, wire, (size_t)length, wire, sizeof wire),
        PACKET);
    ck_assert_mem_eq(wire, packet, PACKET);
    rtpgate_media_free(client);
    rtpgate_media_free(server);
}
END_TEST

START_TEST(hidden_headers_are_refused) {
    static const unsigned forms[] = {0xc0de, 0xc2de};
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD];

    for (size_t i = 0; i < 2; i++) {
        with_extension(packet, 1);
        media_put_u16(packet + MEDIA_RTP_HEADER, forms[i]);
        ck_assert_int_eq(rtpgate_media_protect(pair.client, RTPGATE_KIND_RTP, packet, PACKET,
                                               packet, sizeof packet),
                         RTPGATE_ERR_CRYPTEX);
        ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTP, packet, PACKET),
                         RTPGATE_ERR_CRYPTEX);
        packet[0] &= 0xef; /* the same bytes as payload */
        ck_assert_int_gt(rtpgate_media_protect(pair.client, RTPGATE_KIND_RTP, packet, PACKET,
                                               packet, sizeof packet),
                         PACKET);
        rtpgate_media_free(pair.client);
        pair.client = media_end(&media_profiles[_i], true);
    }
    ck_assert_uint_eq(media_stats(pair.server).cryptex, 2);
    media_pair_free(&pair);
}
END_TEST

START_TEST(who_joins_late_is_told_the_rollover_counter) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint32_t roc = 99;

    ck_assert_int_eq(rtpgate_media_roc(pair.client, RTPGATE_MEDIA_OUTBOUND, SSRC, &roc),
                     RTPGATE_ERR_STATE);
    for (unsigned index = 1; index < 3 * 65536; index += 20000) {
        ck_assert_int_gt(protect(pair.client, index), PACKET);
    }
    ck_assert_int_eq(rtpgate_media_roc(pair.client, RTPGATE_MEDIA_OUTBOUND, SSRC, &roc), 0);
    ck_assert_uint_eq(roc, 2);
    ck_assert_int_eq(pass(pair.client, pair.server, 3 * 65536 - 10), RTPGATE_ERR_AUTH);
    ck_assert_int_eq(rtpgate_media_set_roc(pair.server, RTPGATE_MEDIA_INBOUND, SSRC, roc), 0);
    ck_assert_int_eq(pass(pair.client, pair.server, 3 * 65536 - 9), PACKET);
    ck_assert_int_eq(pass(pair.client, pair.server, 3 * 65536 + 9), PACKET);
    ck_assert_int_eq(rtpgate_media_roc(pair.server, RTPGATE_MEDIA_INBOUND, SSRC, &roc), 0);
    ck_assert_uint_eq(roc, 3);
    ck_assert_int_eq(rtpgate_media_set_roc(pair.server, RTPGATE_MEDIA_INBOUND, SSRC, 9),
                     RTPGATE_ERR_STATE);
    media_pair_free(&pair);
}
END_TEST

START_TEST(a_sender_may_begin_with_any_rollover_counter) {
    static const uint32_t rocs[] = {0, 1, 0x7ffffffe, 0x7fffffff};

    for (size_t i = 0; i < sizeof rocs / sizeof rocs[0]; i++) {
        struct media_pair pair = media_pair_new(&media_profiles[_i]);

        ck_assert_int_eq(rtpgate_media_set_roc(pair.client, RTPGATE_MEDIA_OUTBOUND, SSRC, rocs[i]),
                         0);
        ck_assert_int_eq(rtpgate_media_set_roc(pair.server, RTPGATE_MEDIA_INBOUND, SSRC, rocs[i]),
                         0);
        for (unsigned sequence = 65530; sequence < 65545; sequence++) {
            ck_assert_int_eq(pass(pair.client, pair.server, sequence), PACKET);
        }
        media_pair_free(&pair);
    }
}
END_TEST

START_TEST(rollover_counters_of_nothing) {
    rtpgate_media *media = media_end(&media_profiles[0], true);
    uint32_t roc;

    ck_assert_int_eq(rtpgate_media_roc(NULL, RTPGATE_MEDIA_OUTBOUND, 1, &roc), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_roc(media, RTPGATE_MEDIA_OUTBOUND, 1, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_set_roc(NULL, RTPGATE_MEDIA_OUTBOUND, 1, 1), RTPGATE_ERR_INVAL);
    ck_assert(!rtpgate_media_expiring(NULL));
    rg_alloc_fail_from(1);
    ck_assert_int_eq(rtpgate_media_set_roc(media, RTPGATE_MEDIA_OUTBOUND, 1, 1), RTPGATE_ERR_NOMEM);
    rg_alloc_fail_from(0);
    ck_assert_int_eq(rtpgate_media_set_roc(media, RTPGATE_MEDIA_OUTBOUND, 1, 1), 0);
    rtpgate_media_free(media);
}
END_TEST

/* The first `limit` packets pass, one end knows at 90 % that the end comes near. */
static void use_up(struct media_pair *pair, enum rtpgate_kind kind, unsigned limit) {
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD];
    size_t length = 0;

    for (unsigned i = 1; i <= limit; i++) {
        ck_assert(!rtpgate_media_expiring(pair->client) || i > limit - limit / 10);
        length = media_protected(pair->client, kind, packet, PACKET, i, SSRC);
        ck_assert_int_eq(rtpgate_media_expiring(pair->client), i >= limit - limit / 10);
        ck_assert_int_eq(media_receive(pair->server, kind, packet, length), PACKET);
        ck_assert_int_eq(rtpgate_media_expiring(pair->server), i >= limit - limit / 10);
    }
    ck_assert_int_eq(media_receive(pair->server, kind, packet, length), RTPGATE_ERR_EXPIRED);
    media_packet(kind, packet, PACKET, limit + 1, SSRC);
    ck_assert_int_eq(
        rtpgate_media_protect(pair->client, kind, packet, PACKET, packet, sizeof packet),
        RTPGATE_ERR_EXPIRED);
    ck_assert_uint_eq(media_stats(pair->client).expired, 1);
    ck_assert_uint_eq(media_stats(pair->server).expired, 1);
}

START_TEST(keys_protect_no_more_than_they_may) {
    for (unsigned rtp = 0; rtp < 2; rtp++) {
        struct rtpgate_media_settings settings = {.rtp_limit = rtp == 1 ? 50 : 1000,
                                                  .rtcp_limit = rtp == 1 ? 1000 : 50};
        struct media_pair pair = {end_with(&media_profiles[_i], true, &settings),
                                  end_with(&media_profiles[_i], false, &settings)};

        use_up(&pair, rtp == 1 ? RTPGATE_KIND_RTP : RTPGATE_KIND_RTCP, 50);
        media_pair_free(&pair);
    }
}
END_TEST

START_TEST(no_limit_is_above_that_of_the_rfcs) {
    static const uint64_t wanted[] = {0, 1, UINT64_C(1) << 31, UINT64_C(1) << 48, UINT64_MAX};
    bool aead = media_profiles[_i].salt == 12;
    uint64_t rtp = UINT64_C(1) << (aead ? 48 : 31);
    uint64_t rtcp = UINT64_C(1) << 31;

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct rtpgate_media_settings settings = {.rtp_limit = wanted[i], .rtcp_limit = wanted[i]};
        rtpgate_media *media = end_with(&media_profiles[_i], true, &settings);

        ck_assert_uint_eq(media->limits.rtp, wanted[i] != 0 && wanted[i] < rtp ? wanted[i] : rtp);
        ck_assert_uint_eq(media->limits.rtcp,
                          wanted[i] != 0 && wanted[i] < rtcp ? wanted[i] : rtcp);
        rtpgate_media_free(media);
    }
}
END_TEST

START_TEST(causes_are_counted_apart) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    uint8_t packet[PACKET + RTPGATE_MEDIA_OVERHEAD] = {0x80, 200};
    struct rtpgate_media_stats stats;

    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTCP, packet, PACKET),
                     RTPGATE_ERR_AUTH);
    memset(packet + 8, 0xff, sizeof packet - 8);
    ck_assert_int_eq(media_receive(pair.server, RTPGATE_KIND_RTCP, packet, PACKET),
                     RTPGATE_ERR_AUTH);
    stats = media_stats(pair.server);
    ck_assert_uint_eq(stats.auth_failures, 2);
    ck_assert_uint_eq(stats.unencrypted, 1);
    media_pair_free(&pair);
}
END_TEST

START_TEST(any_allocation_of_ours_may_fail) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[_i], true);
    rtpgate_media *media = NULL;
    unsigned long n = 1;
    int code;

    for (;; n++) {
        rg_alloc_fail_from(n);
        code = rtpgate_media_new(&media, &keys);
        rg_alloc_fail_from(0);
        if (code == 0) {
            break;
        }
        ck_assert_int_eq(code, RTPGATE_ERR_NOMEM);
        ck_assert_ptr_null(media);
    }
    ck_assert_uint_gt(n, 5);
    rtpgate_media_free(media);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_settings");
    TCase *tests = suite_case(suite, "media_settings");

    tcase_set_timeout(tests, 60);
    if (rg_media_prepare() != 0) { /* while there is memory */
        return 1;
    }
    tcase_add_loop_test(tests, settings_out_of_range_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, the_replay_window_is_as_wide_as_asked, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, an_index_is_used_again_only_where_that_is_asked_for_and_safe, 0,
                        MEDIA_PROFILES);
    tcase_add_loop_test(tests, chosen_header_extensions_are_hidden, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, hidden_headers_are_refused, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, who_joins_late_is_told_the_rollover_counter, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, a_sender_may_begin_with_any_rollover_counter, 0, MEDIA_PROFILES);
    tcase_add_test(tests, rollover_counters_of_nothing);
    tcase_add_loop_test(tests, keys_protect_no_more_than_they_may, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, no_limit_is_above_that_of_the_rfcs, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, causes_are_counted_apart, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, any_allocation_of_ours_may_fail, 0, MEDIA_PROFILES);
    return suite_run(suite);
}
