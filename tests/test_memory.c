/*
 * Every allocation of ours fails, in every phase: one alone, or it and all that follow for a while.
 * No crash, no leak, a clean error where a call can give one; whatever one failure costs, the
 * repetition of a flight brings back.
 */
#include <string.h>

#include "base/alloc.h"
#include "fixture.h"
#include "media.h"
#include "sim/forge.h"
#include "sim/pair.h"
#include "sim/peer.h"
#include "suite.h"

#include <netinet/in.h>
#include <rtpgate/endpoint.h>

static rtpgate_config *configs[2];
static unsigned long failing; /* the allocation that fails; 0: none */
static unsigned long begun;   /* how many there were before */
static bool refused;          /* a call said that there is no memory */

static void setup(void) {
    for (size_t i = 0; i < 2; i++) {
        configs[i] = sim_config(i);
    }
}

static void teardown(void) {
    rg_alloc_fail_from(0);
    for (size_t i = 0; i < 2; i++) {
        rtpgate_config_free(configs[i]);
    }
    sim_ours_finish();
}

/* Whether the call did what it should; if not, memory was the reason. */
static bool did(int status) {
    if (status < 0) {
        ck_assert_msg(status == RTPGATE_ERR_NOMEM, "%lu: %s", failing, rtpgate_strerror(status));
        refused = true;
    }
    return status >= 0;
}

static enum rtpgate_role role_of(size_t which) {
    return which == SIM_CLIENT ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER;
}

static void expect(rtpgate_session *session, size_t which, uint64_t now) {
    const struct rtpgate_fingerprint fingerprint = sim_fingerprint(which);
    ck_assert_int_eq(rtpgate_session_set_remote(session, &fingerprint, 1, now), 0);
}

/* If there was none, there is memory again. */
static void memory_returns(void) {
    if (rg_alloc_count() - begun >= failing) {
        rg_alloc_fail_from(0);
    }
}

enum variant {
    FINGERPRINT_LATE = 1,
    PATH_LATE = 2,
    SMALL_MTU = 4,
    FORGERIES = 8,
};

/* Before the first session is made of them. */
static void configure(int variant) {
    for (size_t i = 0; i < 2; i++) {
        size_t mtu = (variant & SMALL_MTU) != 0 ? 256 : 1200;
        ck_assert_int_eq(rtpgate_config_set_any_path(configs[i], (variant & PATH_LATE) == 0), 0);
        ck_assert_int_eq(rtpgate_config_set_mtu(configs[i], mtu), 0);
    }
}

static bool add_side(struct sim_pair *pair, struct sim_ours *side, size_t which, int variant) {
    if (!did(rtpgate_session_new(&side->session, configs[which], role_of(which), 0))) {
        return false;
    }
    if ((variant & FINGERPRINT_LATE) == 0) {
        expect(side->session, 1 - which, 0);
    }
    (void)sim_link_add(pair->link, sim_ours_endpoint(side));
    return true;
}

static void forge(struct sim_link *link) {
    struct sim_forged request = sim_forge_verify_request(1);
    struct sim_forged hello = sim_forge_client_hello(2, 0);
    struct sim_forged alert = sim_forge_alert(2, 40);
    sim_link_inject(link, SIM_CLIENT, request.bytes, request.length, 0, 1);
    sim_link_inject(link, SIM_SERVER, hello.bytes, hello.length, 0, 1);
    sim_link_inject(link, SIM_CLIENT, alert.bytes, alert.length, 0, 2);
}

/* What comes late. */
static void tell(struct sim_pair *pair, int variant) {
    struct sim_ours *sides[] = {&pair->client, &pair->server};
    uint64_t now = sim_link_now(pair->link);
    for (size_t i = 0; i < 2; i++) {
        if ((variant & PATH_LATE) != 0) {
            ck_assert_int_eq(rtpgate_session_path_valid(sides[i]->session, 0, true, now), 0);
        }
        if ((variant & FINGERPRINT_LATE) != 0) {
            expect(sides[i]->session, 1 - i, now);
        }
    }
}

/* Bad news, if any, is told as what it is. */
static void assert_advice(const struct sim_ours *side) {
    const struct rtpgate_event *advice = sim_ours_event(side, RTPGATE_EVENT_ADVICE);
    ck_assert_msg(advice == NULL || advice->cause == RTPGATE_ERR_NOMEM, "%lu: %s", failing,
                  advice == NULL ? "" : advice->text);
}

static void connect_sides(struct sim_pair *pair, int variant) {
    if (!did(rtpgate_session_start(pair->client.session, 0))) {
        ck_assert_int_eq(rtpgate_session_state(pair->client.session), RTPGATE_STATE_FAILED);
        return;
    }
    if ((variant & FORGERIES) != 0) {
        forge(pair->link);
    }
    sim_link_run(pair->link, SIM_SECOND / 2);
    tell(pair, variant);
    sim_link_run(pair->link, SIM_SECOND * 3 / 5);
    memory_returns();
    sim_link_run(pair->link, 25 * SIM_SECOND);
    if ((variant & FORGERIES) == 0) {
        assert_advice(&pair->client);
        assert_advice(&pair->server);
    }
    ck_assert_msg(sim_ours_agree(&pair->client, &pair->server), "%lu: client %s: %s; server %s: %s",
                  failing, rtpgate_state_name(rtpgate_session_state(pair->client.session)),
                  rtpgate_session_error(pair->client.session, NULL),
                  rtpgate_state_name(rtpgate_session_state(pair->server.session)),
                  rtpgate_session_error(pair->server.session, NULL));
}

/* A handshake, data, and a close. */
static void associate(int variant) {
    static struct sim_pair pair;
    memset(&pair, 0, sizeof(pair));
    pair.link = sim_link_new(1, &sim_calm);
    if (add_side(&pair, &pair.client, SIM_CLIENT, variant) &&
        add_side(&pair, &pair.server, SIM_SERVER, variant)) {
        connect_sides(&pair, variant);
    }
    if (!refused) {
        (void)did(rtpgate_session_send(pair.client.session, (const uint8_t *)"data", 4, 0));
        sim_link_run(pair.link, 26 * SIM_SECOND);
        ck_assert_int_eq(rtpgate_session_close(pair.client.session, 0), 0);
        sim_link_run(pair.link, 27 * SIM_SECOND);
    }
    sim_pair_clear(&pair);
}

struct talk {
    struct sim_link *link;
    struct sim_peer sides[2];
    unsigned number; /* of the next packet */
};

static void expect_other(struct talk *talk, size_t which) {
    expect(rtpgate_peer_session(talk->sides[which].peer), 1 - which, sim_link_now(talk->link));
}

static bool start(struct talk *talk) {
    rtpgate_session *session = rtpgate_peer_session(talk->sides[SIM_CLIENT].peer);
    return did(rtpgate_session_start(session, sim_link_now(talk->link)));
}

static int make_packet(struct talk *talk, size_t from, uint8_t *packet) {
    media_rtp(packet, 100, talk->number++, 1);
    return rtpgate_peer_protect(talk->sides[from].peer, RTPGATE_KIND_RTP, packet, 100, packet, 200);
}

/* Media of the server that overtakes its last flight. */
static void send_early(struct talk *talk) {
    uint8_t packet[200];
    int status = make_packet(talk, SIM_SERVER, packet);
    if (status > 0) {
        size_t length = (size_t)status;
        status = rtpgate_peer_input(talk->sides[SIM_CLIENT].peer, packet, &length, 0, false,
                                    sim_link_now(talk->link));
        ck_assert_int_eq(status, RTPGATE_ERR_STATE);
    }
}

/* Media in both directions; how many packets came through. */
static unsigned exchange_media(struct talk *talk) {
    uint8_t packet[200];
    unsigned arrived = 0;
    for (size_t from = 0; from < 2; from++) {
        int status = make_packet(talk, from, packet);
        size_t length = (size_t)status;
        if (status > 0) {
            status = rtpgate_peer_input(talk->sides[1 - from].peer, packet, &length, 0, false,
                                        sim_link_now(talk->link));
        }
        /* AUTH: without memory for contexts new keys are those of one side alone. */
        ck_assert_msg(status > 0 || status == RTPGATE_ERR_NOMEM || status == RTPGATE_ERR_AUTH,
                      "%lu: %s", failing, rtpgate_strerror(status));
        ck_assert(status < 0 || length == 100);
        arrived += status > 0;
    }
    return arrived;
}

static bool restart(struct talk *talk) {
    for (size_t i = 0; i < 2; i++) {
        int status = rtpgate_peer_restart(talk->sides[i].peer, configs[i], role_of(i),
                                          sim_link_now(talk->link));
        if (!did(status)) {
            ck_assert_int_eq(rtpgate_session_state(rtpgate_peer_session(talk->sides[i].peer)),
                             RTPGATE_STATE_READY);
            return false;
        }
        expect_other(talk, i);
    }
    return start(talk);
}

static void assert_keys(const struct talk *talk, unsigned times) {
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(talk->sides[i].events[RTPGATE_EVENT_KEYS], times);
    }
}

static void live(struct talk *talk) {
    uint8_t packet[2048];
    size_t length;
    if (!start(talk)) {
        return;
    }
    sim_link_run(talk->link, 35000);
    send_early(talk);
    sim_link_run(talk->link, SIM_SECOND * 3 / 5);
    memory_returns();
    sim_link_run(talk->link, 10 * SIM_SECOND);
    (void)rtpgate_peer_next_packet(talk->sides[SIM_CLIENT].peer, packet, sizeof(packet), &length);
    assert_keys(talk, 1);
    ck_assert_uint_eq(exchange_media(talk), 2);
    if (restart(talk)) {
        sim_link_run(talk->link, sim_link_now(talk->link) + SIM_SECOND * 3 / 5);
        (void)exchange_media(talk);
        memory_returns();
        sim_link_run(talk->link, 20 * SIM_SECOND);
        assert_keys(talk, 2);
    }
    memory_returns();
    ck_assert_uint_eq(exchange_media(talk), 2);
}

/* Two peers, their first association, a second one, media all the time, and a close. */
static void talk(int variant) {
    struct talk talk = {.link = sim_link_new(1, &sim_calm)};
    bool good = true;
    (void)variant;
    for (size_t i = 0; i < 2 && good; i++) {
        good = did(rtpgate_peer_new(&talk.sides[i].peer, configs[i], role_of(i), 0));
        if (good) {
            expect_other(&talk, i);
            (void)sim_link_add(talk.link, sim_peer_endpoint(&talk.sides[i]));
        }
    }
    if (good) {
        live(&talk);
        ck_assert_int_eq(rtpgate_peer_close(talk.sides[0].peer, 0), 0);
        sim_link_run(talk.link, 30 * SIM_SECOND);
    }
    rtpgate_peer_free(talk.sides[0].peer);
    rtpgate_peer_free(talk.sides[1].peer);
    sim_link_free(talk.link);
}

static bool path_to(rtpgate_endpoint *from, const rtpgate_endpoint *to, uint64_t *path) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(rtpgate_endpoint_port(to)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return did(
        rtpgate_endpoint_path(from, (const struct sockaddr *)&address, sizeof(address), path));
}

/* One endpoint finds another, whose datagram it binds to its peer. */
static void meet(rtpgate_endpoint *here, rtpgate_endpoint *there, rtpgate_peer *peer) {
    static const uint8_t stun[20] = {0, 1};
    struct rtpgate_arrival arrival;
    uint64_t path;
    if (!did(rtpgate_endpoint_add(here, peer)) || !path_to(there, here, &path)) {
        return;
    }
    for (int turn = 0; turn < 2; turn++) { /* without memory the first goes unnoticed */
        ck_assert_int_eq(rtpgate_endpoint_send(there, path, stun, sizeof(stun)), 0);
        (void)rtpgate_endpoint_wait(here, 1000);
        if (rtpgate_endpoint_receive(here, &arrival, 0) == 1) {
            ck_assert_int_eq(rtpgate_endpoint_bind(here, arrival.path, peer), 0);
            break;
        }
        memory_returns();
        ck_assert_int_eq(turn, 0);
    }
    rtpgate_endpoint_remove(here, peer);
}

static void open_ports(int variant) {
    rtpgate_endpoint *here = NULL;
    rtpgate_endpoint *there = NULL;
    rtpgate_peer *peer = NULL;
    (void)variant;
    if (did(rtpgate_endpoint_new(&here, "127.0.0.1", 0)) &&
        did(rtpgate_endpoint_new(&there, "127.0.0.1", 0)) &&
        did(rtpgate_peer_new(&peer, configs[0], RTPGATE_ROLE_SERVER, 0))) {
        meet(here, there, peer);
    }
    rtpgate_endpoint_free(here);
    rtpgate_endpoint_free(there);
    rtpgate_peer_free(peer);
}

/* What a program makes first. */
static void construct(int variant) {
    struct fixture both = fixture_read("identity-p256-both.pem");
    rtpgate_identity *generated = NULL;
    rtpgate_identity *imported = NULL;
    rtpgate_config *config = NULL;
    (void)variant;
    if (did(rtpgate_identity_generate(&generated, 1700000000, 1800000000)) &&
        did(rtpgate_identity_import_pem(&imported, both.bytes, both.length, both.bytes, both.length,
                                        NULL))) {
        (void)did(rtpgate_config_new(&config, imported));
    }
    rtpgate_config_free(config);
    rtpgate_identity_free(imported);
    rtpgate_identity_free(generated);
}

static void protect(int variant) {
    struct rtpgate_srtp_keys keys = media_keys(&media_profiles[variant], true);
    rtpgate_media *media = NULL;
    uint8_t packet[200];
    if (did(rtpgate_media_new(&media, &keys))) {
        ck_assert_uint_gt(media_protected(media, RTPGATE_KIND_RTP, packet, 100, 1, 1), 100);
        ck_assert_int_eq(media_receive(media, RTPGATE_KIND_RTP, packet, 110), RTPGATE_ERR_AUTH);
    }
    rtpgate_media_free(media);
}

static const struct scenario {
    const char *name;
    void (*run)(int variant);
    int variant;
    unsigned long least; /* allocations, or the sweep is not what it is meant to be */
} scenarios[] = {
    {"construct", construct, 0, 5},
    {"media", protect, 0, 1},
    {"media, the other keys", protect, 3, 1},
    {"association", associate, 0, 30},
    {"fingerprints late", associate, FINGERPRINT_LATE, 30},
    {"path late", associate, PATH_LATE, 30},
    {"small MTU", associate, SMALL_MTU, 40},
    {"forgeries", associate, FORGERIES, 35},
    {"everything", associate, FINGERPRINT_LATE | PATH_LATE | SMALL_MTU | FORGERIES, 50},
    {"peers", talk, 0, 60},
    {"endpoint", open_ports, 0, 6},
};

static unsigned long sweep(const struct scenario *scenario, void (*arm)(unsigned long n)) {
    configure(scenario->variant);
    refused = false;
    failing = 0;
    begun = rg_alloc_count();
    scenario->run(scenario->variant);
    unsigned long needed = rg_alloc_count() - begun;
    ck_assert_msg(!refused, "%s", scenario->name);
    ck_assert_uint_ge(needed, scenario->least);
    for (unsigned long n = 1; n <= needed; n++) {
        refused = false;
        failing = n;
        begun = rg_alloc_count();
        arm(n);
        scenario->run(scenario->variant);
        rg_alloc_fail_from(0);
    }
    return needed;
}

START_TEST(one_failure_is_told_or_recovered_from) {
    (void)sweep(&scenarios[_i], rg_alloc_fail_only);
}
END_TEST

START_TEST(exhausted_memory_is_told_or_recovered_from) {
    (void)sweep(&scenarios[_i], rg_alloc_fail_from);
}
END_TEST

int main(void) {
    const int count = sizeof(scenarios) / sizeof(scenarios[0]);
    Suite *suite = suite_create("memory");
    TCase *tests = suite_case(suite, "allocation failures");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, one_failure_is_told_or_recovered_from, 0, count);
    tcase_add_loop_test(tests, exhausted_memory_is_told_or_recovered_from, 0, count);
    return suite_run(suite);
}
