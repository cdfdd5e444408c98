/* A second association on the same port (RFC 8842 5, RFC 5764 4.3). */
#include "two_peers.h"

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

START_TEST(keys_that_come_near_their_end_are_told_once_and_replaced) {
    uint8_t packet[BUFFER];
    teardown();
    setup_with((struct rtpgate_media_settings){.rtp_limit = 20, .rtcp_limit = 20});
    connect_peers();
    for (uint16_t number = 0; number < 20; number++) {
        size_t length = protect(client, packet, number);
        assert_arrives(server, packet, length, number);
        drain_events(client);
        drain_events(server);
        ck_assert_uint_eq(events[0][RTPGATE_EVENT_EXPIRING], number >= 17);
        ck_assert_uint_eq(events[1][RTPGATE_EVENT_EXPIRING], number >= 17);
    }
    ck_assert_int_eq(rtpgate_peer_protect(client, RTPGATE_KIND_RTP, packet, PACKET, packet, BUFFER),
                     RTPGATE_ERR_EXPIRED);
    ck_assert_uint_eq(stats(client).media.expired, 1);
    settings = (struct rtpgate_media_settings){0};
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    connect_peers();
    for (uint16_t number = 20; number < 60; number++) {
        size_t length = protect(client, packet, number);
        assert_arrives(server, packet, length, number);
    }
    drain_events(client);
    ck_assert_uint_eq(events[0][RTPGATE_EVENT_EXPIRING], 1);
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
    now = rtpgate_peer_deadline(server);
    rtpgate_peer_expire(server, now);
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

START_TEST(a_third_association_keeps_working_when_the_second_was_closed) {
    uint8_t packet[BUFFER];
    connect_peers();
    restart(client, 1, RTPGATE_ROLE_SERVER);
    restart(server, 0, RTPGATE_ROLE_CLIENT);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(server), now), 0);
    run();
    ck_assert_int_eq(rtpgate_session_close(rtpgate_peer_session(server), now), 0);
    run();
    ck_assert_int_eq(state(client), RTPGATE_STATE_READY); /* the first one, again */
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    now += 5000000;
    ck_assert_int_eq(rtpgate_peer_expire(client, now), 0);
    ck_assert_uint_gt(protect(client, packet, 9), 0);
}
END_TEST

static void restart_until_only_the_server_is_ready(void) {
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(client), now), 0);
    (void)carry(client, server);
    (void)carry(server, client);
    (void)carry(client, server);
}

/* The last flight of the server may be overtaken, or its fingerprint be late. */
START_TEST(media_that_comes_before_its_keys_waits_for_the_second_association) {
    uint8_t packet[BUFFER];
    uint8_t expected[PACKET];
    uint8_t buffer[BUFFER];
    size_t length;
    connect_peers();
    size_t old_length = protect(server, buffer, 2);
    assert_arrives(client, packet, protect(server, packet, 3), 3);
    restart_until_only_the_server_is_ready();
    for (uint16_t number = 3; number < 5; number++) { /* 3 was seen under the old keys */
        length = protect(server, packet, number);
        ck_assert_int_eq(rtpgate_peer_input(client, packet, &length, 0, false, now),
                         RTPGATE_ERR_STATE);
    }
    assert_arrives(client, buffer, old_length, 2);
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length), 0);
    ck_assert_uint_eq(stats(client).held, 2);
    run();
    for (uint16_t number = 3; number < 5; number++) {
        make_rtp(expected, number);
        ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length),
                         RTPGATE_KIND_RTP);
        ck_assert_uint_eq(length, PACKET);
        ck_assert_mem_eq(buffer, expected, PACKET);
    }
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length), 0);
}
END_TEST

/* Keys that are used up are what a second association is for. */
START_TEST(media_waits_for_the_second_association_when_the_keys_are_used_up) {
    uint8_t packet[BUFFER];
    uint8_t buffer[BUFFER];
    size_t length;
    teardown();
    setup_with((struct rtpgate_media_settings){.rtp_limit = 2});
    connect_peers();
    for (uint16_t number = 0; number < 2; number++) {
        assert_arrives(client, packet, protect(server, packet, number), number);
    }
    restart_until_only_the_server_is_ready();
    length = protect(server, packet, 2);
    ck_assert_int_eq(rtpgate_peer_input(client, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    run();
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length),
                     RTPGATE_KIND_RTP);
    make_rtp(packet, 2);
    ck_assert_uint_eq(length, PACKET);
    ck_assert_mem_eq(buffer, packet, PACKET);
}
END_TEST

/* A packet with padding before an element: MALFORMED where elements are encrypted. */
static size_t protect_padded(rtpgate_peer *peer, uint8_t *packet) {
    static const uint8_t elements[] = {0xbe, 0xde, 0, 1, 0, 0, 0x10, 0x5a};
    uint8_t plain[PACKET];
    make_rtp(plain, 7);
    plain[0] |= 0x10;
    memcpy(plain + 12, elements, sizeof(elements));
    int length = rtpgate_peer_protect(peer, RTPGATE_KIND_RTP, plain, PACKET, packet, BUFFER);
    ck_assert_int_gt(length, PACKET);
    return (size_t)length;
}

static const struct rtpgate_media_settings hiding = {.encrypted_extensions = (uint8_t[]){1},
                                                     .encrypted_extension_count = 1};

START_TEST(what_the_old_settings_refuse_waits_for_the_second_association) {
    uint8_t packet[BUFFER];
    uint8_t buffer[BUFFER];
    teardown();
    setup_with(hiding);
    connect_peers();
    settings = (struct rtpgate_media_settings){0};
    restart_until_only_the_server_is_ready();
    size_t length = protect_padded(server, packet);
    ck_assert_int_eq(rtpgate_peer_input(client, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    run();
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length),
                     RTPGATE_KIND_RTP);
    ck_assert_uint_eq(length, PACKET);
}
END_TEST

START_TEST(what_the_new_settings_refuse_is_tried_with_the_old_keys) {
    uint8_t packet[BUFFER];
    connect_peers();
    size_t length = protect_padded(server, packet);
    settings = hiding;
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    connect_peers();
    ck_assert_int_eq(rtpgate_peer_input(client, packet, &length, 0, false, now), RTPGATE_KIND_RTP);
    ck_assert_uint_eq(length, PACKET);
}
END_TEST

START_TEST(media_that_waits_is_dropped_when_the_second_association_fails) {
    uint8_t packet[BUFFER];
    uint8_t buffer[BUFFER];
    connect_peers();
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(client), now), 0);
    size_t length = protect(server, packet, 1);
    packet[length - 1] ^= 1;
    ck_assert_int_eq(rtpgate_peer_input(client, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    ck_assert_int_eq(rtpgate_session_close(rtpgate_peer_session(client), now), 0);
    ck_assert_int_eq(rtpgate_peer_next_packet(client, buffer, sizeof(buffer), &length), 0);
    ck_assert_uint_eq(stats(client).held, 1);
    ck_assert_uint_eq(stats(client).media.auth_failures, 2); /* when it came, and when it waited */
    assert_arrives(client, packet, protect(server, packet, 2), 2);
}
END_TEST

/* libsrtp looks for replays before it authenticates: a number that is old under the new keys is
 * tried with the old. */
START_TEST(numbers_of_both_associations_do_not_disturb_each_other) {
    uint8_t packet[BUFFER];
    uint8_t late[BUFFER];
    connect_peers();
    size_t late_length = protect(client, late, 100);
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(client), now), 0);
    run();
    assert_arrives(server, packet, protect(client, packet, 100), 100);
    assert_arrives(server, late, late_length, 100);
}
END_TEST

START_TEST(the_end_of_the_first_association_is_told_after_the_second_has_failed) {
    connect_peers();
    restart(server, 1, RTPGATE_ROLE_SERVER);
    ck_assert_int_eq(rtpgate_session_close(rtpgate_peer_session(server), now), 0);
    ck_assert_int_eq(state(server), RTPGATE_STATE_READY); /* the first one */
    ck_assert_int_eq(rtpgate_peer_close(client, now), 0);
    run();
    ck_assert_uint_eq(events[1][RTPGATE_EVENT_CLOSED], 1);
}
END_TEST

START_TEST(the_path_that_was_followed_is_handed_on) {
    uint8_t buffer[BUFFER];
    uint64_t path = 0;
    struct sim_forged hello = sim_forge_client_hello(3, 0);
    size_t length = hello.length;
    (void)rtpgate_peer_input(server, hello.bytes, &length, 7, false, now);
    while (rtpgate_peer_output(server, buffer, sizeof(buffer), &path) > 0) {
    }
    path = 0;
    restart(server, 1, RTPGATE_ROLE_CLIENT);
    ck_assert_int_eq(rtpgate_session_start(rtpgate_peer_session(server), now), 0);
    ck_assert_int_gt(rtpgate_peer_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 7);
}
END_TEST

START_TEST(the_old_association_does_not_answer_the_new_handshake) {
    uint8_t buffer[BUFFER];
    uint64_t path;
    connect_peers();
    restart(server, 1, RTPGATE_ROLE_SERVER);
    now += 1000000;
    struct sim_forged finished = sim_forge_record(22, 1, 0, NULL, 100);
    size_t length = finished.length;
    (void)rtpgate_peer_input(server, finished.bytes, &length, 0, false, now);
    ck_assert_int_eq(rtpgate_peer_output(server, buffer, sizeof(buffer), &path), 0);
}
END_TEST

START_TEST(media_is_held_for_the_second_when_the_first_was_closed) {
    uint8_t packet[BUFFER];
    connect_peers();
    size_t length = protect(server, packet, 1);
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    ck_assert_int_eq(rtpgate_peer_close(server, now), 0);
    (void)carry(server, client);
    ck_assert_int_eq(rtpgate_peer_input(client, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    ck_assert_uint_eq(stats(client).held, 1);
    ck_assert_uint_eq(stats(client).dropped_closed, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("restart");
    TCase *tests = suite_case(suite, "second associations");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_second_association_takes_over_without_a_gap);
    tcase_add_test(tests, keys_that_come_near_their_end_are_told_once_and_replaced);
    tcase_add_test(tests, plaintext_is_for_the_association_that_is_negotiated);
    tcase_add_test(tests, a_restart_before_ready_replaces_the_association);
    tcase_add_test(tests, a_failed_second_association_leaves_the_first_alone);
    tcase_add_test(tests, paths_and_rtt_are_handed_on_to_the_second_association);
    tcase_add_test(tests, a_third_association_keeps_working_when_the_second_was_closed);
    tcase_add_test(tests, media_that_comes_before_its_keys_waits_for_the_second_association);
    tcase_add_test(tests, media_waits_for_the_second_association_when_the_keys_are_used_up);
    tcase_add_test(tests, what_the_old_settings_refuse_waits_for_the_second_association);
    tcase_add_test(tests, what_the_new_settings_refuse_is_tried_with_the_old_keys);
    tcase_add_test(tests, media_that_waits_is_dropped_when_the_second_association_fails);
    tcase_add_test(tests, numbers_of_both_associations_do_not_disturb_each_other);
    tcase_add_test(tests, the_end_of_the_first_association_is_told_after_the_second_has_failed);
    tcase_add_test(tests, the_path_that_was_followed_is_handed_on);
    tcase_add_test(tests, the_old_association_does_not_answer_the_new_handshake);
    tcase_add_test(tests, media_is_held_for_the_second_when_the_first_was_closed);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
