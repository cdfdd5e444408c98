/* Endpoints over loopback: several peers on one port, in all families. */
#include <rtpgate/endpoint.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "sim/ours.h"
#include "suite.h"

enum { CLIENTS = 3, PATIENCE = 200 };

/* A client on a port of its own, and what the server has for it. */
struct caller {
    rtpgate_endpoint *endpoint;
    rtpgate_peer *peer;
    rtpgate_peer *served;
    uint64_t server_path;
};

static rtpgate_endpoint *server;
static struct caller callers[CLIENTS];
static struct rtpgate_media_settings settings; /* of the media that is made */

static rtpgate_peer *peer_new(size_t which, enum rtpgate_role role) {
    rtpgate_peer *peer = NULL;
    rtpgate_config *config = sim_config(which);
    struct rtpgate_fingerprint fingerprint = sim_fingerprint(1 - which);
    uint64_t now = rtpgate_endpoint_now();
    ck_assert_int_eq(rtpgate_config_set_media(config, &settings, sizeof(settings)), 0);
    ck_assert_int_eq(rtpgate_peer_new(&peer, config, role, now), 0);
    rtpgate_config_free(config);
    ck_assert_int_eq(rtpgate_session_set_remote(rtpgate_peer_session(peer), &fingerprint, 1, now),
                     0);
    return peer;
}

static void loopback_address(int family, uint16_t port, struct sockaddr_storage *out,
                             socklen_t *length) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    *length = family == AF_INET ? sizeof(v4) : sizeof(v6);
    memcpy(out, family == AF_INET ? (void *)&v4 : (void *)&v6, *length);
}

/* Like the first STUN check of ICE: the server learns the address, and binds it. */
static void knock(struct caller *caller) {
    static const uint8_t stun[20] = {0, 1};
    struct rtpgate_arrival arrival = {0};
    ck_assert_int_eq(
        rtpgate_endpoint_send(caller->endpoint, caller->server_path, stun, sizeof(stun)), 0);
    for (int i = 0; i < PATIENCE && arrival.kind != RTPGATE_KIND_STUN; i++) {
        ck_assert_int_eq(rtpgate_endpoint_wait(server, 100), 0);
        (void)rtpgate_endpoint_receive(server, &arrival, rtpgate_endpoint_now());
    }
    ck_assert_int_eq(arrival.kind, RTPGATE_KIND_STUN);
    ck_assert_ptr_null(arrival.peer);
    ck_assert_uint_eq(arrival.length, sizeof(stun));
    ck_assert_int_eq(rtpgate_endpoint_bind(server, arrival.path, caller->served), 0);
}

/* `address`: where the caller's own socket is bound. */
static void caller_init(struct caller *caller, int family, const char *address_text) {
    struct sockaddr_storage address;
    socklen_t length;
    loopback_address(family, rtpgate_endpoint_port(server), &address, &length);
    ck_assert_int_eq(rtpgate_endpoint_new(&caller->endpoint, address_text, 0), 0);
    caller->peer = peer_new(0, RTPGATE_ROLE_CLIENT);
    caller->served = peer_new(1, RTPGATE_ROLE_SERVER);
    ck_assert_int_eq(rtpgate_endpoint_add(caller->endpoint, caller->peer), 0);
    ck_assert_int_eq(rtpgate_endpoint_add(server, caller->served), 0);
    ck_assert_int_eq(rtpgate_endpoint_path(caller->endpoint, (struct sockaddr *)&address, length,
                                           &caller->server_path),
                     0);
    ck_assert_int_eq(rtpgate_endpoint_bind(caller->endpoint, caller->server_path, caller->peer), 0);
    ck_assert_int_eq(rtpgate_peer_set_path(caller->peer, caller->server_path, 0), 0);
    knock(caller);
    ck_assert_int_eq(
        rtpgate_session_start(rtpgate_peer_session(caller->peer), rtpgate_endpoint_now()), 0);
    ck_assert_int_eq(rtpgate_endpoint_flush(caller->endpoint, caller->peer), 0);
}

static void caller_clear(struct caller *caller) {
    rtpgate_endpoint_remove(server, caller->served);
    rtpgate_endpoint_free(caller->endpoint);
    rtpgate_peer_free(caller->peer);
    rtpgate_peer_free(caller->served);
    memset(caller, 0, sizeof(*caller));
}

/* Takes everything that waits on an endpoint; the last RTP goes to *rtp. */
static void turn(rtpgate_endpoint *endpoint, struct rtpgate_arrival *rtp) {
    struct rtpgate_arrival arrival;
    uint64_t now = rtpgate_endpoint_now();
    while (rtpgate_endpoint_receive(endpoint, &arrival, now) == 1) {
        if (rtp != NULL && arrival.kind == RTPGATE_KIND_RTP) {
            *rtp = arrival;
        }
    }
    ck_assert_int_eq(rtpgate_endpoint_expire(endpoint, now), 0);
}

static bool is_ready(rtpgate_peer *peer) {
    return rtpgate_session_state(rtpgate_peer_session(peer)) == RTPGATE_STATE_READY;
}

static bool all_ready(void) {
    for (size_t i = 0; i < CLIENTS; i++) {
        if (callers[i].peer != NULL &&
            (!is_ready(callers[i].peer) || !is_ready(callers[i].served))) {
            return false;
        }
    }
    return true;
}

static void run_until_ready(void) {
    for (int i = 0; i < PATIENCE && !all_ready(); i++) {
        ck_assert_int_eq(rtpgate_endpoint_wait(server, 10), 0);
        turn(server, NULL);
        for (size_t c = 0; c < CLIENTS && callers[c].peer != NULL; c++) {
            turn(callers[c].endpoint, NULL);
        }
    }
    ck_assert(all_ready());
}

static void teardown(void) {
    for (size_t i = 0; i < CLIENTS; i++) {
        if (callers[i].peer != NULL) {
            caller_clear(&callers[i]);
        }
    }
    rtpgate_endpoint_free(server);
    server = NULL;
    settings = (struct rtpgate_media_settings){0};
}

enum { PLAIN = 100 };

/* A packet with this number, and the same one protected. */
struct numbered {
    uint8_t plain[PLAIN];
    uint8_t packet[PLAIN + RTPGATE_MEDIA_OVERHEAD];
    size_t length;
};

static struct numbered make_media(struct caller *caller, uint16_t number) {
    struct numbered media = {.plain = {0x80, 96, (uint8_t)(number >> 8), (uint8_t)number}};
    int length = rtpgate_peer_protect(caller->peer, RTPGATE_KIND_RTP, media.plain, PLAIN,
                                      media.packet, sizeof(media.packet));
    ck_assert_int_gt(length, 0);
    media.length = (size_t)length;
    return media;
}

static void assert_arrives(struct caller *caller, const struct numbered *media) {
    struct rtpgate_arrival rtp = {0};
    ck_assert_int_eq(
        rtpgate_endpoint_send(caller->endpoint, caller->server_path, media->packet, media->length),
        0);
    for (int i = 0; i < PATIENCE && rtp.peer == NULL; i++) {
        ck_assert_int_eq(rtpgate_endpoint_wait(server, 100), 0);
        turn(server, &rtp);
    }
    ck_assert_ptr_eq(rtp.peer, caller->served);
    ck_assert_uint_eq(rtp.length, PLAIN);
    ck_assert_mem_eq(rtp.data, media->plain, PLAIN);
}

static void assert_media(struct caller *caller, uint16_t number) {
    struct numbered media = make_media(caller, number);
    assert_arrives(caller, &media);
}

START_TEST(several_peers_of_both_families_share_one_port) {
    ck_assert_int_eq(rtpgate_endpoint_new(&server, NULL, 0), 0);
    caller_init(&callers[0], AF_INET, "127.0.0.1");
    caller_init(&callers[1], AF_INET6, "::1");
    caller_init(&callers[2], AF_INET, NULL); /* dual stack, too */
    run_until_ready();
    for (uint16_t i = 0; i < CLIENTS; i++) {
        assert_media(&callers[i], i);
    }
    struct rtpgate_endpoint_stats stats;
    ck_assert_int_eq(rtpgate_endpoint_stats(server, &stats, sizeof(stats)), 0);
    ck_assert_uint_eq(stats.dropped_unbound, 0);
    ck_assert_uint_ge(stats.datagrams_received, 4 * CLIENTS);
}
END_TEST

START_TEST(the_media_of_its_peers_is_made_as_their_config_says) {
    ck_assert_int_eq(rtpgate_endpoint_new(&server, "127.0.0.1", 0), 0);
    settings.replay_window = 4096;
    caller_init(&callers[0], AF_INET, "127.0.0.1");
    run_until_ready();
    struct numbered late = make_media(&callers[0], 1);
    assert_media(&callers[0], 4096);
    assert_arrives(&callers[0], &late);
}
END_TEST

START_TEST(what_belongs_to_nobody_is_counted) {
    static const uint8_t dtls[30] = {22, 0xfe, 0xfd};
    struct rtpgate_endpoint_stats stats = {0};
    ck_assert_int_eq(rtpgate_endpoint_new(&server, "127.0.0.1", 0), 0);
    caller_init(&callers[0], AF_INET, "127.0.0.1");
    run_until_ready();
    rtpgate_endpoint_remove(server, callers[0].served);
    ck_assert_int_eq(
        rtpgate_endpoint_send(callers[0].endpoint, callers[0].server_path, dtls, sizeof(dtls)), 0);
    for (int i = 0; i < PATIENCE && stats.dropped_unbound == 0; i++) {
        ck_assert_int_eq(rtpgate_endpoint_wait(server, 100), 0);
        turn(server, NULL);
        ck_assert_int_eq(rtpgate_endpoint_stats(server, &stats, sizeof(stats)), 0);
    }
    ck_assert_uint_eq(stats.dropped_unbound, 1);
    ck_assert_int_eq(rtpgate_endpoint_add(server, callers[0].served), 0);
}
END_TEST

START_TEST(nonsense_is_refused) {
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    rtpgate_endpoint *second = NULL;
    uint8_t byte = 0;
    uint64_t path;
    rtpgate_peer *peer = peer_new(0, RTPGATE_ROLE_CLIENT);
    ck_assert_int_eq(rtpgate_endpoint_new(NULL, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_new(&second, "no address", 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_new(&server, "127.0.0.1", 0), 0);
    ck_assert_uint_ne(rtpgate_endpoint_port(server), 0);
    ck_assert_int_ge(rtpgate_endpoint_fd(server), 0);
    ck_assert_int_eq(rtpgate_endpoint_new(&second, "127.0.0.1", rtpgate_endpoint_port(server)),
                     RTPGATE_ERR_IO);
    ck_assert_ptr_null(second);
    ck_assert_int_eq(rtpgate_endpoint_bind(server, 1, peer), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_add(server, peer), 0);
    ck_assert_int_eq(rtpgate_endpoint_add(server, peer), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_bind(server, 1, peer), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_send(server, 1, &byte, 1), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_address(server, 1, (struct sockaddr *)&address, &length),
                     RTPGATE_ERR_INVAL);
    loopback_address(AF_INET, 9, &address, &length);
    ck_assert_int_eq(rtpgate_endpoint_path(server, (struct sockaddr *)&address, length, &path), 0);
    length = 2;
    ck_assert_int_eq(rtpgate_endpoint_address(server, path, (struct sockaddr *)&address, &length),
                     RTPGATE_ERR_NOBUF);
    length = sizeof(address);
    ck_assert_int_eq(rtpgate_endpoint_address(server, path, (struct sockaddr *)&address, &length),
                     0);
    ck_assert_uint_eq(length, sizeof(struct sockaddr_in));
    ck_assert_int_eq(rtpgate_endpoint_receive(NULL, NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_wait(NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_endpoint_expire(NULL, 0), RTPGATE_ERR_INVAL);
    ck_assert_uint_eq(rtpgate_endpoint_deadline(NULL), RTPGATE_NEVER);
    rtpgate_endpoint_free(NULL);
    rtpgate_endpoint_remove(server, peer);
    rtpgate_endpoint_remove(server, peer);
    rtpgate_peer_free(peer);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("endpoint");
    TCase *tests = suite_case(suite, "loopback");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, several_peers_of_both_families_share_one_port);
    tcase_add_test(tests, the_media_of_its_peers_is_made_as_their_config_says);
    tcase_add_test(tests, what_belongs_to_nobody_is_counted);
    tcase_add_test(tests, nonsense_is_refused);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
