/* Many packets in one call. */
#include "media.h"
#include "suite.h"

enum { RECEIVERS = 5, BURST = 8, ROOM = 200, BODY = 100 };

static uint8_t plain[BURST][ROOM];
static uint8_t out[BURST][ROOM];
static struct rtpgate_media_packet packets[BURST];

static size_t write_rtp(uint8_t *packet, uint16_t sequence) {
    const uint8_t header[MEDIA_RTP_HEADER] = {
        0x80, 96, (uint8_t)(sequence >> 8), (uint8_t)sequence, 0, 0, 0, 1, 0, 0, 0, 7};
    memcpy(packet, header, sizeof header);
    memset(packet + sizeof header, sequence, BODY);
    return sizeof header + BODY;
}

static void fill(rtpgate_media *media, size_t i, const uint8_t *in, size_t length) {
    packets[i] = (struct rtpgate_media_packet){media, in, length, out[i], ROOM, 1234};
}

START_TEST(one_plaintext_goes_to_many_receivers) {
    const struct media_profile *profile = &media_profiles[_i];
    struct media_pair pairs[RECEIVERS];
    uint8_t alone[ROOM];
    size_t length = write_rtp(plain[0], 1);
    rtpgate_media *reference = media_end(profile, false);
    int expected =
        rtpgate_media_protect(reference, RTPGATE_KIND_RTP, plain[0], length, alone, sizeof alone);
    for (size_t i = 0; i < RECEIVERS; i++) {
        pairs[i] = media_pair_new(profile);
        fill(pairs[i].server, i, plain[0], length);
    }
    ck_assert_int_eq(rtpgate_media_protect_many(RTPGATE_KIND_RTP, packets, RECEIVERS), RECEIVERS);
    for (size_t i = 0; i < RECEIVERS; i++) {
        uint8_t opened[ROOM];
        ck_assert_int_eq(packets[i].result, expected);
        ck_assert_mem_eq(out[i], alone, (size_t)expected);
        ck_assert_int_eq(rtpgate_media_unprotect(pairs[i].client, RTPGATE_KIND_RTP, out[i],
                                                 (size_t)expected, opened, sizeof opened),
                         (int)length);
        ck_assert_mem_eq(opened, plain[0], length);
        media_pair_free(&pairs[i]);
    }
    rtpgate_media_free(reference);
}
END_TEST

START_TEST(one_that_fails_hinders_no_other) {
    struct media_pair pair = media_pair_new(&media_profiles[_i]);
    for (size_t i = 0; i < BURST; i++) {
        fill(pair.server, i, plain[i], write_rtp(plain[i], (uint16_t)(i + 1)));
    }
    packets[2].length = 3;
    packets[4].capacity = BODY;
    packets[5].media = NULL;
    ck_assert_int_eq(rtpgate_media_protect_many(RTPGATE_KIND_RTP, packets, BURST), BURST - 3);
    ck_assert_int_eq(packets[2].result, RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(packets[4].result, RTPGATE_ERR_NOBUF);
    ck_assert_int_eq(packets[5].result, RTPGATE_ERR_INVAL);
    for (size_t i = 0; i < BURST; i++) { /* in place, and what failed is junk */
        size_t length = packets[i].result > 0 ? (size_t)packets[i].result : ROOM;
        packets[i] = (struct rtpgate_media_packet){pair.client, out[i], length, out[i], ROOM, 0};
    }
    ck_assert_int_eq(rtpgate_media_unprotect_many(RTPGATE_KIND_RTP, packets, BURST), BURST - 3);
    for (size_t i = 0; i < BURST; i++) {
        if (i != 2 && i != 4 && i != 5) {
            ck_assert_int_eq(packets[i].result, MEDIA_RTP_HEADER + BODY);
            ck_assert_mem_eq(out[i], plain[i], MEDIA_RTP_HEADER + BODY);
        } else {
            ck_assert_int_lt(packets[i].result, 0);
        }
    }
    media_pair_free(&pair);
}
END_TEST

START_TEST(nothing_and_null) {
    packets[0].result = 1234;
    ck_assert_int_eq(rtpgate_media_protect_many(RTPGATE_KIND_RTP, NULL, 0), 0);
    ck_assert_int_eq(rtpgate_media_protect_many(RTPGATE_KIND_RTP, NULL, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_unprotect_many(RTPGATE_KIND_RTCP, NULL, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_media_protect_many(RTPGATE_KIND_RTP, packets, SIZE_MAX),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(packets[0].result, 1234);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("media_many");
    TCase *tests = suite_case(suite, "many packets");
    tcase_add_loop_test(tests, one_plaintext_goes_to_many_receivers, 0, MEDIA_PROFILES);
    tcase_add_loop_test(tests, one_that_fails_hinders_no_other, 0, MEDIA_PROFILES);
    tcase_add_test(tests, nothing_and_null);
    return suite_run(suite);
}
