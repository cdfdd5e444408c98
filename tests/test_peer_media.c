/* How a peer makes its media: as its config says. */
#include <rtpgate/endpoint.h>

#include "two_peers.h"

enum { WIDE = 4096, PROFILES = 4 };

static const enum rtpgate_srtp_profile profiles[PROFILES] = {
    RTPGATE_SRTP_AES128_CM_SHA1_80,
    RTPGATE_SRTP_AES128_CM_SHA1_32,
    RTPGATE_SRTP_AEAD_AES_128_GCM,
    RTPGATE_SRTP_AEAD_AES_256_GCM,
};

/* Of two packets, `distance` apart, the first one comes last: what the server says to it. */
static int comes_late(uint16_t first, unsigned distance) {
    uint8_t late[BUFFER];
    uint8_t packet[BUFFER];
    size_t length = protect(client, late, first);
    uint16_t last = (uint16_t)(first + distance);
    assert_arrives(server, packet, protect(client, packet, last), last);
    return rtpgate_peer_input(server, late, &length, 0, false, now);
}

START_TEST(the_replay_window_is_that_of_the_config) {
    teardown();
    setup_with((struct rtpgate_media_settings){.replay_window = WIDE});
    connect_peers();
    ck_assert_int_eq(comes_late(1, WIDE - 1), RTPGATE_KIND_RTP);
    ck_assert_int_eq(comes_late(2 * WIDE, WIDE), RTPGATE_ERR_REPLAY);
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    connect_peers();
    ck_assert_int_eq(comes_late(1, WIDE - 1), RTPGATE_KIND_RTP);
    ck_assert_int_eq(comes_late(2 * WIDE, WIDE), RTPGATE_ERR_REPLAY);
}
END_TEST

START_TEST(without_a_wish_the_window_is_the_usual_one) {
    connect_peers();
    ck_assert_int_eq(comes_late(1, 1023), RTPGATE_KIND_RTP);
    ck_assert_int_eq(comes_late(5000, 1024), RTPGATE_ERR_REPLAY);
}
END_TEST

/* A packet with one header extension element of three bytes, number 1. */
static void make_extended(uint8_t packet[PACKET], uint16_t number) {
    static const uint8_t extension[] = {0xbe, 0xde, 0, 1, 0x12, 'a', 'b', 'c'};
    make_rtp(packet, number);
    packet[0] |= 0x10;
    memcpy(packet + 12, extension, sizeof(extension));
}

START_TEST(header_extensions_are_hidden_as_the_config_says) {
    uint8_t hidden[] = {1};
    uint8_t plain[PACKET];
    uint8_t packet[BUFFER];
    teardown();
    setup_with((struct rtpgate_media_settings){.encrypted_extensions = hidden,
                                               .encrypted_extension_count = 1});
    hidden[0] = 9; /* the config has a copy */
    connect_peers();
    make_extended(plain, 1);
    int sent = rtpgate_peer_protect(client, RTPGATE_KIND_RTP, plain, PACKET, packet, BUFFER);
    ck_assert_int_gt(sent, PACKET);
    ck_assert_mem_ne(packet + 17, "abc", 3);
    size_t length = (size_t)sent;
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now), RTPGATE_KIND_RTP);
    ck_assert_uint_eq(length, PACKET);
    ck_assert_mem_eq(packet, plain, PACKET);
}
END_TEST

static void connect_with_profile(enum rtpgate_srtp_profile profile) {
    rtpgate_config *config = config_new(0);
    ck_assert_int_eq(rtpgate_config_set_profiles(config, &profile, 1), 0);
    rtpgate_peer_free(client);
    client = NULL;
    ck_assert_int_eq(rtpgate_peer_new(&client, config, RTPGATE_ROLE_CLIENT, now), 0);
    rtpgate_config_free(config);
    expect(client, 1);
    connect_peers();
}

START_TEST(an_index_is_repeated_only_where_the_profile_bears_it) {
    uint8_t plain[PACKET];
    uint8_t packet[BUFFER];
    struct rtpgate_session_info info;
    bool aead = profiles[_i] >= RTPGATE_SRTP_AEAD_AES_128_GCM;
    teardown();
    setup_with((struct rtpgate_media_settings){.repeats = true});
    connect_with_profile(profiles[_i]);
    ck_assert_int_eq(rtpgate_session_info(rtpgate_peer_session(client), &info, sizeof(info)), 0);
    ck_assert_int_eq(info.profile, profiles[_i]);
    make_rtp(plain, 1);
    for (int i = 0; i < 2; i++) {
        int length = rtpgate_peer_protect(client, RTPGATE_KIND_RTP, plain, PACKET, packet, BUFFER);
        if (i == 1 && aead) {
            ck_assert_int_eq(length, RTPGATE_ERR_REPLAY);
        } else {
            ck_assert_int_gt(length, PACKET);
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("the media of a peer");
    TCase *peer = suite_case(suite, "config");
    tcase_add_checked_fixture(peer, setup, teardown);
    tcase_add_test(peer, the_replay_window_is_that_of_the_config);
    tcase_add_test(peer, without_a_wish_the_window_is_the_usual_one);
    tcase_add_test(peer, header_extensions_are_hidden_as_the_config_says);
    tcase_add_loop_test(peer, an_index_is_repeated_only_where_the_profile_bears_it, 0, PROFILES);
    int status = suite_run(suite);
    sim_ours_finish();
    return status;
}
