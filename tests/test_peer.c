/* What each datagram is, media before the keys, the end. */
#include "two_peers.h"

START_TEST(each_datagram_is_what_it_is) {
    static const struct {
        uint8_t first;
        enum rtpgate_kind kind;
    } datagrams[] = {{0, RTPGATE_KIND_STUN},  {16, RTPGATE_KIND_ZRTP},   {64, RTPGATE_KIND_QUIC},
                     {22, RTPGATE_KIND_DTLS}, {4, RTPGATE_KIND_UNKNOWN}, {200, RTPGATE_KIND_QUIC}};
    for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
        uint8_t datagram[20] = {datagrams[i].first};
        size_t length = sizeof(datagram);
        ck_assert_int_eq(rtpgate_peer_input(server, datagram, &length, 0, false, now),
                         datagrams[i].kind);
        ck_assert_uint_eq(length, sizeof(datagram));
        ck_assert_uint_ge(stats(server).received[datagrams[i].kind], 1);
    }
    uint8_t channel[20] = {64};
    size_t length = sizeof(channel);
    ck_assert_int_eq(rtpgate_peer_input(server, channel, &length, 0, true, now),
                     RTPGATE_KIND_TURN_CHANNEL);
}
END_TEST

START_TEST(media_passes_in_both_directions) {
    uint8_t packet[BUFFER];
    connect_peers();
    assert_arrives(server, packet, protect(client, packet, 1), 1);
    assert_arrives(client, packet, protect(server, packet, 7), 7);
    ck_assert_uint_eq(stats(client).media.rtp_protected, 1);
    ck_assert_uint_eq(stats(client).media.rtp_unprotected, 1);
    ck_assert_uint_eq(events[0][RTPGATE_EVENT_KEYS], 1);
    ck_assert_uint_eq(events[1][RTPGATE_EVENT_KEYS], 1);
}
END_TEST

START_TEST(bad_media_is_told_counted_and_harmless) {
    uint8_t packet[BUFFER];
    uint8_t copy[BUFFER];
    connect_peers();
    size_t length = protect(client, packet, 1);
    memcpy(copy, packet, length);
    packet[50] ^= 1;
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now), RTPGATE_ERR_AUTH);
    memcpy(packet, copy, length);
    assert_arrives(server, packet, length, 1);
    ck_assert_int_eq(rtpgate_peer_input(server, copy, &length, 0, false, now), RTPGATE_ERR_REPLAY);
    make_rtp(packet, 9);
    length = PACKET; /* in clear */
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now), RTPGATE_ERR_AUTH);
    length = 5;
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_uint_eq(stats(server).media.auth_failures, 2);
    ck_assert_uint_eq(stats(server).media.replays, 1);
    ck_assert_uint_eq(stats(server).media.malformed, 1);
    for (int i = 10; i < 1000; i++) {
        make_rtp(packet, (uint16_t)i);
        length = PACKET;
        ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now),
                         RTPGATE_ERR_AUTH);
    }
    ck_assert_int_eq(state(server), RTPGATE_STATE_READY);
    assert_arrives(server, packet, protect(client, packet, 2), 2);
}
END_TEST

/* The client has its keys later than the server's first packets arrive: the final flight is on its
 * way. */
START_TEST(media_before_the_keys_comes_out_in_order_after_them) {
    uint8_t buffer[BUFFER];
    uint8_t plain[PACKET];
    size_t length;
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(client), now), 0);
    (void)carry(client, server);
    (void)carry(server, client);
    (void)carry(client, server); /* the server is READY */
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length), 0);
    for (uint16_t number = 1; number <= 3; number++) {
        length = protect(server, buffer, number);
        ck_assert_int_eq(rtpgate_peer_input(client, buffer, &length, 0, false, now),
                         RTPGATE_ERR_STATE);
    }
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length), 0);
    (void)carry(server, client);
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, 10, &length), RTPGATE_ERR_NOBUF);
    for (uint16_t number = 1; number <= 3; number++) {
        make_rtp(plain, number);
        ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length),
                         RTPGATE_KIND_RTP);
        ck_assert_uint_eq(length, PACKET);
        ck_assert_mem_eq(buffer, plain, PACKET);
    }
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length), 0);
    ck_assert_uint_eq(stats(client).held, 3);
    ck_assert_uint_eq(stats(client).dropped_held, 0);
}
END_TEST

START_TEST(media_without_an_association_is_counted) {
    uint8_t packet[BUFFER];
    connect_peers();
    size_t length = protect(client, packet, 1);
    ck_assert_int_eq(rtpgate_peer_close(server, now), 0);
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    ck_assert_uint_eq(stats(server).dropped_closed, 1);
    run();
    ck_assert_uint_eq(events[0][RTPGATE_EVENT_CLOSED], 1);
    ck_assert_int_eq(rtpgate_peer_protect(client, RTPGATE_KIND_RTP, packet, 12, packet, BUFFER),
                     RTPGATE_ERR_STATE);
    ck_assert_uint_eq(stats(client).media.rtp_protected, 1); /* not forgotten */
}
END_TEST

START_TEST(nonsense_is_refused) {
    uint8_t byte = 0;
    size_t length = 1;
    uint64_t path;
    struct rtpgate_event event;
    struct rtpgate_peer_stats all;
    rtpgate_config *config = sim_config(0);
    rtpgate_peer *peer = NULL;
    ck_assert_int_eq(rtpgate_peer_new(NULL, config, RTPGATE_ROLE_CLIENT, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_new(&peer, NULL, RTPGATE_ROLE_CLIENT, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_restart(NULL, config, RTPGATE_ROLE_CLIENT, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_restart(client, NULL, RTPGATE_ROLE_CLIENT, 0), RTPGATE_ERR_INVAL);
    rtpgate_config_free(config);
    rtpgate_peer_free(NULL);
    ck_assert_ptr_null(rtpgate_peer_session(NULL));
    ck_assert_int_eq(rtpgate_peer_input(NULL, &byte, &length, 0, false, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_input(client, NULL, &length, 0, false, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_input(client, &byte, NULL, 0, false, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_next_packet(NULL, &byte, 1, &length), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_next_packet(client, NULL, 1, &length), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_next_packet(client, &byte, 1, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_protect(NULL, RTPGATE_KIND_RTP, &byte, 1, &byte, 1),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_protect(client, RTPGATE_KIND_RTP, &byte, 1, &byte, 1),
                     RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_peer_output(NULL, &byte, 1, &path), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_next_event(NULL, &event), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_next_event(client, NULL), RTPGATE_ERR_INVAL);
    ck_assert_uint_eq(rtpgate_peer_deadline(NULL), RTPGATE_NEVER);
    ck_assert_int_eq(rtpgate_peer_expire(NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_path_valid(NULL, 0, true, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_set_path(NULL, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_set_rtt(NULL, 0, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_close(NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_stats(NULL, &all, sizeof(all)), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_stats(client, NULL, sizeof(all)), RTPGATE_ERR_INVAL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("peer");
    TCase *tests = suite_case(suite, "peers");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_datagram_is_what_it_is);
    tcase_add_test(tests, media_passes_in_both_directions);
    tcase_add_test(tests, bad_media_is_told_counted_and_harmless);
    tcase_add_test(tests, media_before_the_keys_comes_out_in_order_after_them);
    tcase_add_test(tests, media_without_an_association_is_counted);
    tcase_add_test(tests, nonsense_is_refused);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
