/* Two peers that exchange datagrams by hand: what each datagram is, early media, restart. */
#include <rtpgate/peer.h>

#include <string.h>

#include "sim/forge.h"
#include "sim/ours.h"
#include "suite.h"

enum { PACKET = 200, BUFFER = 2048 };

static rtpgate_peer *client;
static rtpgate_peer *server;
static uint64_t now;
static unsigned events[2][RTPGATE_EVENT_FAILED + 1];

static void expect(rtpgate_peer *peer, size_t which) {
    struct rtpgate_fingerprint fingerprint = sim_fingerprint(which);
    ck_assert_int_eq(rtpgate_session_set_remote(rtpgate_peer_session(peer), &fingerprint, 1, now),
                     0);
}

static rtpgate_peer *peer_new(size_t which, enum rtpgate_role role) {
    rtpgate_peer *peer = NULL;
    rtpgate_config *config = sim_config(which);
    ck_assert_int_eq(rtpgate_peer_new(&peer, config, role, now), 0);
    rtpgate_config_free(config);
    expect(peer, 1 - which);
    return peer;
}

static void setup(void) {
    now = 1000;
    memset(events, 0, sizeof(events));
    client = peer_new(0, RTPGATE_ROLE_CLIENT);
    server = peer_new(1, RTPGATE_ROLE_SERVER);
}

static void teardown(void) {
    rtpgate_peer_free(client);
    rtpgate_peer_free(server);
}

static void drain_events(rtpgate_peer *peer) {
    struct rtpgate_event event;
    while (rtpgate_peer_next_event(peer, &event) == 1) {
        events[peer == server][event.type]++;
    }
}

static bool carry(rtpgate_peer *from, rtpgate_peer *to) {
    uint8_t buffer[BUFFER];
    uint64_t path;
    int sent;
    bool any = false;
    while ((sent = rtpgate_peer_output(from, buffer, sizeof(buffer), &path)) > 0) {
        size_t length = (size_t)sent;
        ck_assert_int_eq(rtpgate_peer_input(to, buffer, &length, 0, false, now), RTPGATE_KIND_DTLS);
        any = true;
    }
    return any;
}

static void run(void) {
    bool any = true;
    while (any) {
        now += 1000;
        any = carry(client, server);
        any = carry(server, client) || any;
        drain_events(client);
        drain_events(server);
    }
}

static void connect_peers(void) {
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(client), now), 0);
    run();
}

static enum rtpgate_state state(rtpgate_peer *peer) {
    return rtpgate_session_state(rtpgate_peer_session(peer));
}

/* A plaintext RTP packet with this number. */
static void make_rtp(uint8_t *packet, uint16_t number) {
    memset(packet, 0x5a, PACKET);
    const uint8_t header[] = {0x80, 96, (uint8_t)(number >> 8), (uint8_t)number, 0, 0, 0, 1, 1, 2,
                              3,    4};
    memcpy(packet, header, sizeof(header));
}

static size_t protect(rtpgate_peer *peer, uint8_t *packet, uint16_t number) {
    uint8_t plain[PACKET];
    make_rtp(plain, number);
    int length = rtpgate_peer_protect(peer, RTPGATE_KIND_RTP, plain, PACKET, packet, BUFFER);
    ck_assert_int_gt(length, PACKET);
    return (size_t)length;
}

static void assert_arrives(rtpgate_peer *to, uint8_t *packet, size_t length, uint16_t number) {
    uint8_t plain[PACKET];
    make_rtp(plain, number);
    ck_assert_int_eq(rtpgate_peer_input(to, packet, &length, 0, false, now), RTPGATE_KIND_RTP);
    ck_assert_uint_eq(length, PACKET);
    ck_assert_mem_eq(packet, plain, PACKET);
}

static struct rtpgate_peer_stats stats(const rtpgate_peer *peer) {
    struct rtpgate_peer_stats all;
    ck_assert_int_eq(rtpgate_peer_stats(peer, &all, sizeof(all)), 0);
    return all;
}

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

static void restart(rtpgate_peer *peer, size_t which, enum rtpgate_role role) {
    rtpgate_config *config = sim_config(which);
    ck_assert_int_eq(rtpgate_peer_restart(peer, config, role, now), 0);
    rtpgate_config_free(config);
    expect(peer, 1 - which);
}

/* New identities, swapped roles, on the same port (RFC 8842 5, RFC 5764 4.3). */
START_TEST(a_second_association_takes_over_without_a_gap) {
    uint8_t late[BUFFER];
    uint8_t packet[BUFFER];
    connect_peers();
    restart(client, 1, RTPGATE_ROLE_SERVER);
    restart(server, 0, RTPGATE_ROLE_CLIENT);
    ck_assert_int_eq(state(client), RTPGATE_STATE_NEW);
    assert_arrives(server, packet, protect(client, packet, 1), 1); /* under the old keys */
    size_t late_length = protect(client, late, 2);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(server), now), 0);
    run();
    ck_assert_int_eq(state(client), RTPGATE_STATE_READY);
    ck_assert_uint_eq(events[0][RTPGATE_EVENT_KEYS], 2);
    assert_arrives(server, packet, protect(client, packet, 3), 3); /* under the new keys */
    assert_arrives(client, packet, protect(server, packet, 3), 3);
    assert_arrives(server, late, late_length, 2); /* the old keys are tried, too */
    ck_assert_uint_eq(rtpgate_peer_deadline(server) - now < 3000000, 1);
    now += 3000000;
    ck_assert_int_eq(rtpgate_peer_expire(server, now), 0);
    ck_assert_uint_eq(rtpgate_peer_deadline(server), RTPGATE_NEVER);
    assert_arrives(server, packet, protect(client, packet, 4), 4);
    ck_assert_int_eq(rtpgate_peer_input(server, late, &late_length, 0, false, now),
                     RTPGATE_ERR_AUTH);
    ck_assert_uint_eq(stats(server).media.rtp_unprotected, 4);
}
END_TEST

START_TEST(plaintext_is_for_the_association_that_is_negotiated) {
    uint8_t buffer[BUFFER];
    uint64_t path;
    uint8_t body[300] = {0};
    connect_peers();
    restart(server, 1, RTPGATE_ROLE_SERVER);
    now += 1000000;
    struct sim_forged stale = sim_forge_fragment(11, 1, 300, 0, body, 300, 0);
    size_t length = stale.length;
    (void)rtpgate_peer_input(server, stale.bytes, &length, 0, false, now);
    ck_assert_int_eq(rtpgate_peer_output(server, buffer, sizeof(buffer), &path), 0);
}
END_TEST

START_TEST(a_restart_before_ready_replaces_the_association) {
    uint8_t packet[BUFFER];
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    connect_peers();
    ck_assert_int_eq(state(client), RTPGATE_STATE_READY);
    assert_arrives(server, packet, protect(client, packet, 1), 1);
}
END_TEST

START_TEST(a_failed_second_association_leaves_the_first_alone) {
    uint8_t packet[BUFFER];
    connect_peers();
    restart(server, 1, RTPGATE_ROLE_SERVER);
    struct sim_forged junk = sim_forge_client_hello(1, 1);
    size_t length = junk.length;
    (void)rtpgate_peer_input(server, junk.bytes, &length, 0, false, now);
    now += 2000000;
    (void)rtpgate_peer_input(server, junk.bytes, &length, 0, false, now);
    drain_events(server);
    ck_assert_uint_eq(events[1][RTPGATE_EVENT_FAILED], 1);
    assert_arrives(server, packet, protect(client, packet, 1), 1);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(client), now), 0);
    run();
    ck_assert_int_eq(state(server), RTPGATE_STATE_READY);
    assert_arrives(server, packet, protect(client, packet, 2), 2);
}
END_TEST

START_TEST(paths_and_rtt_are_handed_on_to_the_second_association) {
    rtpgate_config *config = sim_config(1);
    rtpgate_peer *peer = NULL;
    uint64_t path = 0;
    uint8_t buffer[BUFFER];
    ck_assert_int_eq(rtpgate_config_set_any_path(config, false), 0);
    ck_assert_int_eq(rtpgate_peer_new(&peer, config, RTPGATE_ROLE_CLIENT, now), 0);
    ck_assert_int_eq(rtpgate_peer_path_valid(peer, 5, true, now), 0);
    ck_assert_int_eq(rtpgate_peer_set_rtt(peer, 100000, now), 0);
    ck_assert_int_eq(rtpgate_peer_set_path(peer, 6, now), 0);
    ck_assert_int_eq(rtpgate_peer_restart(peer, config, RTPGATE_ROLE_CLIENT, now), 0);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(peer), now), 0);
    ck_assert_int_gt(rtpgate_peer_output(peer, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 6);
    ck_assert_uint_le(rtpgate_peer_deadline(peer), now + 200000);
    rtpgate_config_free(config);
    rtpgate_peer_free(peer);
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
    tcase_add_test(tests, a_second_association_takes_over_without_a_gap);
    tcase_add_test(tests, plaintext_is_for_the_association_that_is_negotiated);
    tcase_add_test(tests, a_restart_before_ready_replaces_the_association);
    tcase_add_test(tests, a_failed_second_association_leaves_the_first_alone);
    tcase_add_test(tests, paths_and_rtt_are_handed_on_to_the_second_association);
    tcase_add_test(tests, nonsense_is_refused);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
