#include <rtpgate/classify.h>

#include <string.h>

#include "suite.h"

/* RFC 7983 7 as changed by RFC 9443 3; the range of RTP and RTCP is told apart below. */
static const struct {
    unsigned from;
    unsigned to;
    enum rtpgate_kind elsewhere;
    enum rtpgate_kind turn_server;
} first_bytes[] = {
    {0, 3, RTPGATE_KIND_STUN, RTPGATE_KIND_STUN},
    {4, 15, RTPGATE_KIND_UNKNOWN, RTPGATE_KIND_UNKNOWN},
    {16, 19, RTPGATE_KIND_ZRTP, RTPGATE_KIND_ZRTP},
    {20, 63, RTPGATE_KIND_DTLS, RTPGATE_KIND_DTLS},
    {64, 79, RTPGATE_KIND_QUIC, RTPGATE_KIND_TURN_CHANNEL},
    {80, 127, RTPGATE_KIND_QUIC, RTPGATE_KIND_QUIC},
    {128, 191, RTPGATE_KIND_RTP, RTPGATE_KIND_RTP},
    {192, 255, RTPGATE_KIND_QUIC, RTPGATE_KIND_QUIC},
};

/* RFC 5761 4: RTCP's packet types, 194..223 in use and 192..193 from RFC 2032. */
static enum rtpgate_kind expected_media(unsigned second) {
    return second >= 192 && second <= 223 ? RTPGATE_KIND_RTCP : RTPGATE_KIND_RTP;
}

static enum rtpgate_kind expected_kind(unsigned first, unsigned second, bool from_turn_server) {
    size_t range = 0;

    while (first > first_bytes[range].to) {
        range++;
    }
    if (first_bytes[range].elsewhere == RTPGATE_KIND_RTP) {
        return expected_media(second);
    }
    return from_turn_server ? first_bytes[range].turn_server : first_bytes[range].elsewhere;
}

START_TEST(every_pair_of_first_bytes_is_as_the_rfcs_say) {
    unsigned first = (unsigned)_i;

    for (unsigned second = 0; second < 256; second++) {
        const uint8_t datagram[] = {(uint8_t)first, (uint8_t)second, 0x12};

        for (size_t length = 2; length <= sizeof(datagram); length++) {
            ck_assert_int_eq((int)rtpgate_classify(datagram, length, false),
                             (int)expected_kind(first, second, false));
            ck_assert_int_eq((int)rtpgate_classify(datagram, length, true),
                             (int)expected_kind(first, second, true));
        }
    }
}
END_TEST

START_TEST(one_byte_is_enough_but_for_media) {
    uint8_t datagram = (uint8_t)_i;
    bool media = _i >= 128 && _i <= 191;

    for (int turn = 0; turn < 2; turn++) {
        enum rtpgate_kind expected =
            media ? RTPGATE_KIND_UNKNOWN : expected_kind((unsigned)_i, 0, turn != 0);
        ck_assert_int_eq((int)rtpgate_classify(&datagram, 1, turn != 0), (int)expected);
    }
}
END_TEST

START_TEST(an_empty_datagram_is_unknown) {
    uint8_t unused = 22;

    ck_assert_int_eq((int)rtpgate_classify(NULL, 0, false), RTPGATE_KIND_UNKNOWN);
    ck_assert_int_eq((int)rtpgate_classify(NULL, 0, true), RTPGATE_KIND_UNKNOWN);
    ck_assert_int_eq((int)rtpgate_classify(&unused, 0, false), RTPGATE_KIND_UNKNOWN);
}
END_TEST

START_TEST(ends_of_the_ranges) {
    static const struct {
        uint8_t datagram[2];
        enum rtpgate_kind kind;
    } cases[] = {
        {{3, 0}, RTPGATE_KIND_STUN},     {{4, 0}, RTPGATE_KIND_UNKNOWN},
        {{15, 0}, RTPGATE_KIND_UNKNOWN}, {{16, 0}, RTPGATE_KIND_ZRTP},
        {{19, 0}, RTPGATE_KIND_ZRTP},    {{20, 254}, RTPGATE_KIND_DTLS},
        {{63, 254}, RTPGATE_KIND_DTLS},  {{64, 0}, RTPGATE_KIND_QUIC},
        {{127, 0}, RTPGATE_KIND_QUIC},   {{128, 0}, RTPGATE_KIND_RTP},
        {{191, 191}, RTPGATE_KIND_RTP},  {{128, 192}, RTPGATE_KIND_RTCP},
        {{191, 223}, RTPGATE_KIND_RTCP}, {{128, 224}, RTPGATE_KIND_RTP},
        {{192, 200}, RTPGATE_KIND_QUIC}, {{255, 255}, RTPGATE_KIND_QUIC},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq((int)rtpgate_classify(cases[i].datagram, 2, false), (int)cases[i].kind);
    }
}
END_TEST

START_TEST(every_kind_has_its_own_name) {
    enum { KINDS = RTPGATE_KIND_RTCP + 1 };

    for (int kind = 0; kind < KINDS; kind++) {
        ck_assert_uint_gt(strlen(rtpgate_kind_name((enum rtpgate_kind)kind)), 0);
        for (int other = 0; other < kind; other++) {
            ck_assert_str_ne(rtpgate_kind_name((enum rtpgate_kind)kind),
                             rtpgate_kind_name((enum rtpgate_kind)other));
        }
    }
    ck_assert_str_eq(rtpgate_kind_name(RTPGATE_KIND_DTLS), "DTLS");
    ck_assert_str_eq(rtpgate_kind_name(RTPGATE_KIND_RTP), "RTP");
    ck_assert_str_eq(rtpgate_kind_name(RTPGATE_KIND_RTCP), "RTCP");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("classify");
    TCase *tests = suite_case(suite, "classify");

    tcase_add_loop_test(tests, every_pair_of_first_bytes_is_as_the_rfcs_say, 0, 256);
    tcase_add_loop_test(tests, one_byte_is_enough_but_for_media, 0, 256);
    tcase_add_test(tests, an_empty_datagram_is_unknown);
    tcase_add_test(tests, ends_of_the_ranges);
    tcase_add_test(tests, every_kind_has_its_own_name);
    return suite_run(suite);
}
