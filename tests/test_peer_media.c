/* The media of a peer: made as its config says, and going on when its process is gone. */
#include <rtpgate/media_state.h>

#include "base/alloc.h"
#include "two_peers.h"

enum { WIDE = 4096, PROFILES = 4, STATE_ROOM = 1024 };

static const uint8_t state_key[RTPGATE_MEDIA_STATE_KEY] = "a key that seals, for tests only";
static const struct rtpgate_media_reserve reserve = {20, 10};

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

static void setup_resumable(void) {
    setup_with((struct rtpgate_media_settings){.resumable = true});
    connect_peers();
}

/* A snapshot of the server's media, which counts as stored. */
static size_t snapshot(uint64_t id, uint8_t state_bytes[STATE_ROOM]) {
    rtpgate_media *media = rtpgate_peer_media(server);
    int length = rtpgate_media_snapshot(media, &reserve, state_key, id, state_bytes, STATE_ROOM);
    ck_assert_int_gt(length, 0);
    ck_assert_int_eq(rtpgate_media_snapshot_stored(media, id), 0);
    return (size_t)length;
}

/* Another process has the server's place. */
static void resume(uint64_t id, const uint8_t *state_bytes, size_t length) {
    rtpgate_media *media = NULL;
    rtpgate_peer_free(server);
    server = NULL;
    ck_assert_int_eq(rtpgate_media_resume(&media, state_key, id, state_bytes, length, &settings,
                                          sizeof(settings)),
                     0);
    ck_assert_int_eq(rtpgate_peer_resume(&server, media, now), 0);
}

/* Both send number 10, the server's process is killed, and another one is there. */
static void crash(void) {
    uint8_t state_bytes[STATE_ROOM];
    uint8_t packet[BUFFER];
    assert_arrives(server, packet, protect(client, packet, 10), 10);
    assert_arrives(client, packet, protect(server, packet, 10), 10);
    size_t length = snapshot(1, state_bytes);
    assert_arrives(client, packet, protect(server, packet, 11), 11);
    resume(1, state_bytes, length);
}

static const uint16_t behind = 10 + 1 + 20; /* what was reserved */

START_TEST(media_goes_on_when_the_process_is_gone) {
    uint8_t packet[BUFFER];
    uint8_t plain[PACKET];
    crash();
    make_rtp(plain, 12);
    ck_assert_int_eq(rtpgate_peer_protect(server, RTPGATE_KIND_RTP, plain, PACKET, packet, BUFFER),
                     RTPGATE_ERR_REPLAY);
    assert_arrives(client, packet, protect(server, packet, behind), behind);
    assert_arrives(server, packet, protect(client, packet, behind), behind);
    ck_assert_uint_eq(stats(server).media.rtp_unprotected, 1 + 20 + 1);
    ck_assert_uint_eq(stats(client).media.auth_failures, 0);
}
END_TEST

START_TEST(without_a_session_there_is_nothing_of_dtls) {
    struct rtpgate_event event;
    uint8_t buffer[BUFFER];
    uint64_t path;
    crash();
    ck_assert_ptr_null(rtpgate_peer_session(server));
    ck_assert_int_eq(rtpgate_peer_close(client, now), 0);
    ck_assert(carry(client, server)); /* the alert */
    ck_assert_uint_eq(stats(server).received[RTPGATE_KIND_DTLS], 1);
    ck_assert_int_eq(rtpgate_peer_next_event(server, &event), 0);
    ck_assert_int_eq(event.type, RTPGATE_EVENT_NONE);
    ck_assert_int_eq(rtpgate_peer_output(server, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(rtpgate_peer_deadline(server), RTPGATE_NEVER);
    ck_assert_int_eq(rtpgate_peer_expire(server, now), 0);
    ck_assert_int_eq(rtpgate_peer_set_rtt(server, 1000, now), 0);
    ck_assert_int_eq(rtpgate_peer_set_path(server, 3, now), 0);
    ck_assert_int_eq(rtpgate_peer_path_valid(server, 3, true, now), 0);
    protect(server, buffer, behind);
}
END_TEST

START_TEST(a_peer_without_a_session_is_closed) {
    uint8_t packet[BUFFER];
    crash();
    size_t length = protect(client, packet, behind);
    ck_assert_int_eq(rtpgate_peer_close(server, now), 0);
    ck_assert_ptr_null(rtpgate_peer_media(server));
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    ck_assert_uint_eq(stats(server).dropped_closed, 1);
    ck_assert_uint_eq(stats(server).held, 0);
    ck_assert_uint_eq(stats(server).media.rtp_protected, 1 + 20);
    ck_assert_int_eq(rtpgate_peer_protect(server, RTPGATE_KIND_RTP, packet, PACKET, packet, BUFFER),
                     RTPGATE_ERR_STATE);
}
END_TEST

START_TEST(a_new_association_is_made_beside_media_that_goes_on) {
    uint8_t packet[BUFFER];
    uint8_t late[BUFFER];
    crash();
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    ck_assert_int_eq(state(server), RTPGATE_STATE_NEW);
    assert_arrives(client, packet, protect(server, packet, behind), behind);
    size_t late_length = protect(client, late, behind);
    connect_peers();
    ck_assert_int_eq(state(server), RTPGATE_STATE_READY);
    assert_arrives(server, packet, protect(client, packet, 1), 1);
    assert_arrives(client, packet, protect(server, packet, 1), 1);
    assert_arrives(server, late, late_length, behind);
    now += 3000000;
    ck_assert_int_eq(rtpgate_peer_expire(server, now), 0);
    assert_arrives(server, packet, protect(client, packet, 2), 2);
    ck_assert_uint_eq(rtpgate_peer_deadline(server), RTPGATE_NEVER);
}
END_TEST

START_TEST(a_failed_association_leaves_media_alone_that_has_none) {
    uint8_t packet[BUFFER];
    struct rtpgate_event event;
    crash();
    restart(server, 1, RTPGATE_ROLE_SERVER);
    ck_assert_int_eq(rtpgate_session_close(rtpgate_peer_session(server), now), 0);
    ck_assert_int_ge(rtpgate_peer_next_event(server, &event), 0);
    assert_arrives(server, packet, protect(client, packet, behind), behind);
    restart(client, 0, RTPGATE_ROLE_CLIENT);
    restart(server, 1, RTPGATE_ROLE_SERVER);
    assert_arrives(server, packet, protect(client, packet, behind + 1), behind + 1);
    connect_peers();
    ck_assert_int_eq(state(server), RTPGATE_STATE_READY);
}
END_TEST

/* The keys are there: what waits for a snapshot is not held, or it would be tried twice. */
START_TEST(what_no_snapshot_covers_is_not_held) {
    uint8_t state_bytes[STATE_ROOM];
    uint8_t packet[BUFFER];
    size_t length = protect(client, packet, 1);
    (void)snapshot(1, state_bytes);
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    ck_assert_uint_eq(stats(server).held, 0);
    ck_assert_uint_eq(stats(server).media.uncovered, 1);
    (void)snapshot(2, state_bytes);
    assert_arrives(server, packet, protect(client, packet, 2), 2);
}
END_TEST

START_TEST(a_peer_hands_its_media_over) {
    uint8_t state_bytes[STATE_ROOM];
    uint8_t packet[BUFFER];
    assert_arrives(client, packet, protect(server, packet, 10), 10);
    size_t length = protect(client, packet, 10);
    int size = rtpgate_media_suspend(rtpgate_peer_media(server), state_key, 5, state_bytes,
                                     sizeof(state_bytes));
    ck_assert_int_gt(size, 0);
    ck_assert_int_eq(rtpgate_peer_input(server, packet, &length, 0, false, now), RTPGATE_ERR_STATE);
    ck_assert_uint_eq(stats(server).held, 0);
    resume(5, state_bytes, (size_t)size);
    assert_arrives(server, packet, length, 10);
    assert_arrives(client, packet, protect(server, packet, 11), 11);
}
END_TEST

START_TEST(media_of_nothing) {
    rtpgate_peer *peer = NULL;
    rtpgate_peer *fresh = peer_new(0, RTPGATE_ROLE_CLIENT);
    uint8_t state_bytes[STATE_ROOM];
    rtpgate_media *media = NULL;
    int size = rtpgate_media_suspend(rtpgate_peer_media(server), state_key, 1, state_bytes,
                                     sizeof(state_bytes));
    ck_assert_ptr_null(rtpgate_peer_media(NULL));
    ck_assert_ptr_null(rtpgate_peer_media(fresh));
    ck_assert_int_eq(rtpgate_media_resume(&media, state_key, 1, state_bytes, (size_t)size,
                                          &settings, sizeof(settings)),
                     0);
    ck_assert_int_eq(rtpgate_peer_resume(NULL, media, now), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_peer_resume(&peer, NULL, now), RTPGATE_ERR_INVAL);
    rg_alloc_fail_from(1);
    ck_assert_int_eq(rtpgate_peer_resume(&peer, media, now), RTPGATE_ERR_NOMEM);
    rg_alloc_fail_from(0);
    ck_assert_ptr_null(peer);
    rtpgate_media_free(media);
    rtpgate_peer_free(fresh);
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
    TCase *survival = suite_case(suite, "survival");
    tcase_add_checked_fixture(survival, setup_resumable, teardown);
    tcase_add_test(survival, media_goes_on_when_the_process_is_gone);
    tcase_add_test(survival, without_a_session_there_is_nothing_of_dtls);
    tcase_add_test(survival, a_peer_without_a_session_is_closed);
    tcase_add_test(survival, a_new_association_is_made_beside_media_that_goes_on);
    tcase_add_test(survival, a_failed_association_leaves_media_alone_that_has_none);
    tcase_add_test(survival, what_no_snapshot_covers_is_not_held);
    tcase_add_test(survival, a_peer_hands_its_media_over);
    tcase_add_test(survival, media_of_nothing);
    int status = suite_run(suite);
    sim_ours_finish();
    return status;
}
