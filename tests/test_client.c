/* The client's search for the genuine flight 4. */
#include <string.h>

#include "base/alloc.h"
#include "dtls/association.h"
#include "flight4.h"
#include "wire/handshake.h"
#include "wire/record.h"

static void assert_flight5_leaves(void) {
    uint8_t buffer[2000];
    uint64_t path;
    ck_assert_int_gt(rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path),
                     400);
}

/* The genuine Certificate with `more` bytes of another one behind its leaf, which is not signed. */
static void give_other_list(uint8_t more) {
    struct sim_message longer = genuine[1];
    memset(longer.body + longer.length, 0, 3U + more);
    longer.body[longer.length + 2] = more;
    longer.length += 3U + more;
    rg_put_u24(longer.body, (uint32_t)longer.length - 3);
    struct sim_forged datagram = sim_forge_message(&longer, 1);
    give(&datagram);
}

START_TEST(messages_of_flight_4_may_come_in_any_order) {
    static const uint8_t orders[][FLIGHT4] = {
        {0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}, {1, 3, 0, 2, 4}};
    for (size_t i = 0; i < FLIGHT4; i++) {
        ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 1);
        give_genuine(orders[_i][i]);
    }
    /* A CertificateRequest that came alone before what is signed could be anybody's: it waits a
     * little. */
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 20000 + 20000), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 2);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).candidates, 1);
    assert_ends_well();
}
END_TEST

/* Each message forged in a way that only the engine or the proof can see, before or after the
 * genuine one. */
START_TEST(a_forged_message_costs_a_rebuilt_engine_at_most) {
    const size_t places[] = {
        genuine[0].length - 7, /* random of the ServerHello */
        3,                     /* signature of the certificate */
        5,                     /* signature of the ServerKeyExchange */
    };
    unsigned number = (unsigned)_i / 2;
    bool before = _i % 2 == 0;
    for (unsigned i = 0; i < FLIGHT4; i++) {
        if (i == number && before) {
            give_changed(i, places[i]);
        }
        if (i < FLIGHT4 - 1) {
            give_genuine(i);
        }
        if (i == number && !before) {
            give_changed(i, places[i]);
        }
    }
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 1);
    give_genuine(FLIGHT4 - 1);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 2);
    ck_assert_uint_le(sim_ours_stats(&pair.client).candidates, 4);
    assert_ends_well();
}
END_TEST

START_TEST(a_forged_message_completes_the_flight_and_the_genuine_one_mends_it) {
    for (unsigned i = 0; i < FLIGHT4; i++) {
        if (i == 2) {
            give_changed(2, 5);
        } else {
            give_genuine(i);
        }
    }
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 1);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_forged, 1);
    give_genuine(2);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 20000 + 20000), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 2);
    ck_assert_uint_le(sim_ours_stats(&pair.client).candidates, 3); /* the forged one is nearest */
    assert_flight5_leaves();
    assert_ends_well();
}
END_TEST

/* The retransmission of a rebuilt engine is the same ClientHello. */
START_TEST(a_rebuilt_engine_repeats_the_same_hello) {
    uint8_t first[400];
    uint8_t again[400];
    uint64_t path;
    sim_pair_clear(&pair);
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    int length = rtpgate_session_output(pair.client.session, first, sizeof(first), &path);
    for (unsigned i = 0; i < FLIGHT4; i++) { /* another client's: they never fit */
        give_genuine(i);
    }
    ck_assert_uint_gt(sim_ours_stats(&pair.client).dropped_forged, 0);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND), 0);
    ck_assert_int_eq(rtpgate_session_output(pair.client.session, again, sizeof(again), &path),
                     length);
    ck_assert_mem_eq(first + RG_RECORD_HEADER, again + RG_RECORD_HEADER,
                     (size_t)length - RG_RECORD_HEADER);
    ck_assert_mem_ne(first, again, RG_RECORD_HEADER); /* the record number is new */
    sim_link_run(pair.link, 20 * SIM_SECOND);
    ck_assert(sim_ours_agree(&pair.client, &pair.server));
}
END_TEST

/* Only what the type and place allow is taken. */
START_TEST(messages_out_of_place_are_dropped_and_counted) {
    static const struct {
        uint8_t type;
        uint16_t sequence;
        uint32_t length;
    } bad[] = {
        {RG_CLIENT_HELLO, 0, 50},        {RG_SERVER_HELLO, 2, 50},        {RG_CERTIFICATE, 0, 50},
        {RG_CERTIFICATE_VERIFY, 3, 50},  {RG_CLIENT_KEY_EXCHANGE, 2, 50}, {RG_FINISHED, 5, 12},
        {RG_SERVER_HELLO_DONE, 4, 1},    {RG_SERVER_HELLO, 0, 2000},      {99, 0, 10},
        {RG_HELLO_VERIFY_REQUEST, 1, 19}};
    uint8_t body[2000] = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sim_forged datagram = sim_forge_fragment(bad[i].type, bad[i].sequence, bad[i].length,
                                                        0, body, bad[i].length, 0);
        give(&datagram);
        ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_type, i + 1);
    }
    ck_assert_uint_eq(pair.client.session->messages.bytes, 0);
}
END_TEST

/* All forged versions are newer than the genuine ones and are looked at before them, and yet one
 * look is enough. */
START_TEST(every_combination_gets_its_turn) {
    uint8_t body[300];
    for (unsigned i = 0; i < FLIGHT4 - 1; i++) {
        give_genuine(i);
    }
    for (uint8_t fill = 1; fill <= 2; fill++) {
        struct sim_forged hello = sim_forge_server_hello(fill);
        give(&hello);
        for (unsigned i = 1; i < FLIGHT4 - 1; i++) {
            memset(body, fill, sizeof(body));
            struct sim_forged forged = sim_forge_fragment(genuine[i].type, (uint16_t)i,
                                                          sizeof(body), 0, body, sizeof(body), i);
            give(&forged);
        }
    }
    give_genuine(FLIGHT4 - 1);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 1);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 3 * SIM_SECOND), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 2);
}
END_TEST

/* A look at what came is not cheap, and a fragment has twelve bytes. */
START_TEST(a_datagram_is_looked_at_once) {
    enum { FRAGMENTS = 90 };
    uint8_t done[FRAGMENTS * RG_HANDSHAKE_HEADER];
    for (size_t i = 0; i < FRAGMENTS; i++) {
        rg_fragment_put_header(done + i * RG_HANDSHAKE_HEADER, RG_SERVER_HELLO_DONE, 0, 4, 0, 0);
    }
    struct sim_forged datagram = sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 9, done, sizeof(done));
    pair.client.session->proofs = 0; /* each look is refused one, and counted */
    pair.client.session->proofs_since = 20000;
    for (unsigned i = 0; i < FLIGHT4; i++) {
        give_genuine(i);
    }
    uint64_t looks = sim_ours_stats(&pair.client).dropped_limit;
    ck_assert_uint_gt(looks, 0);
    give(&datagram);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_limit, looks + 1);
}
END_TEST

START_TEST(a_repeated_server_hello_done_moves_no_path) {
    struct sim_forged done = sim_forge_fragment(RG_SERVER_HELLO_DONE, 4, 0, 0, NULL, 0, 9);
    uint8_t buffer[2000];
    uint64_t path = 0;
    for (unsigned i = 0; i < FLIGHT4; i++) {
        give_genuine(i);
    }
    assert_flight5_leaves();
    ck_assert_int_eq(
        rtpgate_session_input(pair.client.session, done.bytes, done.length, 666, SIM_SECOND / 4),
        0);
    ck_assert_int_gt(rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path), 0);
    ck_assert_uint_eq(path, 0);
}
END_TEST

/* Nobody signed it: it waits for the one that comes with what is signed, or after it. */
START_TEST(a_certificate_request_that_came_first_and_alone_is_not_believed) {
    give_changed(3, 3);
    give_genuine(0);
    give_genuine(1);
    give_genuine(2);
    give_genuine(4);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 1);
    give_genuine(3);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 20000 + 20000), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 2);
    assert_ends_well();
    ck_assert_uint_eq(sim_ours_stats(&pair.client).candidates, 1);
}
END_TEST

/* A flight 4 that comes one message a datagram, and forgeries not just where the genuine ones are
 * due: what is next to the signed message is believed. */
START_TEST(of_what_is_not_signed_the_nearest_to_the_signature_is_believed) {
    /* c: another Certificate list, r: another CertificateRequest; the genuine ones are 1 and 3 */
    static const char *const orders[] = {"0c1r234", "012c3r4", "r0c123rc4"};
    for (const char *what = orders[_i]; *what != 0; what++) {
        if (*what == 'r') {
            give_changed(3, 3);
        } else if (*what == 'c') {
            give_other_list(50);
        } else {
            give_genuine((unsigned)(*what - '0'));
        }
    }
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 1);
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, 20000 + 20000), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 2);
    assert_ends_well();
    ck_assert_uint_eq(sim_ours_stats(&pair.client).candidates, 1);
}
END_TEST

/* Nor do many of them hide the others, one of which is genuine here. */
START_TEST(many_forgeries_next_to_the_signature_hide_nothing) {
    give_changed(0, genuine[0].length - 5);
    give_changed(0, genuine[0].length - 6);
    give_changed(2, 1);
    give_changed(2, 2);
    give_other_list(50);
    give_genuine(0);
    give_genuine(1);
    give_other_list(40);
    for (unsigned i = 2; i < FLIGHT4; i++) {
        give_genuine(i);
    }
    assert_ends_well();
    ck_assert_uint_le(pair.client.ready_at, SIM_SECOND);
}
END_TEST

/* What was refused is tried once more when our timer fires, not twice. */
START_TEST(a_refused_combination_costs_one_check_a_timer) {
    give_genuine(0);
    give_genuine(1);
    give_changed(2, 1);
    give_genuine(3);
    give_genuine(4);
    uint64_t before = sim_ours_stats(&pair.client).dropped_forged;
    ck_assert_int_eq(rtpgate_session_expire(pair.client.session, SIM_SECOND / 10), 0);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).dropped_forged, before + 1);
}
END_TEST

/* What he signed is right, but he is not whom we expect: nothing answers him. */
START_TEST(a_stranger_gets_no_flight_5) {
    const struct rtpgate_fingerprint other = sim_fingerprint(0);
    ck_assert_int_eq(rtpgate_session_set_remote(pair.client.session, &other, 1, 0), 0);
    for (unsigned i = 0; i < FLIGHT4; i++) {
        give_genuine(i);
    }
    ck_assert_uint_eq(sim_ours_stats(&pair.client).flights_sent, 1);
    ck_assert_uint_eq(sim_ours_stats(&pair.client).candidates, 1);
    sim_ours_drain(&pair.client, 20000);
    ck_assert_int_eq(sim_ours_event(&pair.client, RTPGATE_EVENT_ADVICE)->cause,
                     RTPGATE_ERR_FINGERPRINT);
}
END_TEST

/* Whether some flight 5 of ours answers this CertificateRequest. */
static bool is_answered(const struct rg_message *request) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *candidate = pair.client.session->candidates[i];
        if (candidate != NULL && candidate->used[3] == request->serial) {
            return true;
        }
    }
    return false;
}

/* In silence each CertificateRequest gets its turn, beside the first. */
START_TEST(every_certificate_request_gets_its_turn) {
    uint8_t seen = 0;
    give_genuine(0);
    give_genuine(1);
    give_genuine(2);
    for (size_t i = 3; i <= 4; i++) { /* the last signature scheme in the list */
        give_changed(3, i);
    }
    give_genuine(3);
    give_genuine(4);
    const struct rg_messages *messages = &pair.client.session->messages;
    for (uint64_t turn = 1; turn <= 12; turn++) {
        ck_assert_int_eq(rtpgate_session_expire(pair.client.session, turn * 3 * SIM_SECOND / 2), 0);
        for (unsigned rank = 0; rank < RG_VARIANTS; rank++) {
            const struct rg_message *request =
                rg_messages_get(messages, 3, RG_CERTIFICATE_REQUEST, rank);
            seen |= request != NULL && is_answered(request) ? (uint8_t)(1U << rank) : 0;
        }
    }
    ck_assert_uint_eq(seen, 7);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("client");
    TCase *tests = suite_case(suite, "flight 4");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, messages_of_flight_4_may_come_in_any_order, 0, 4);
    tcase_add_loop_test(tests, a_forged_message_costs_a_rebuilt_engine_at_most, 0, 6);
    tcase_add_test(tests, a_forged_message_completes_the_flight_and_the_genuine_one_mends_it);
    tcase_add_test(tests, a_rebuilt_engine_repeats_the_same_hello);
    tcase_add_test(tests, messages_out_of_place_are_dropped_and_counted);
    tcase_add_test(tests, every_combination_gets_its_turn);
    tcase_add_test(tests, a_datagram_is_looked_at_once);
    tcase_add_test(tests, a_repeated_server_hello_done_moves_no_path);
    tcase_add_test(tests, every_certificate_request_gets_its_turn);
    tcase_add_test(tests, a_certificate_request_that_came_first_and_alone_is_not_believed);
    tcase_add_loop_test(tests, of_what_is_not_signed_the_nearest_to_the_signature_is_believed, 0,
                        3);
    tcase_add_test(tests, many_forgeries_next_to_the_signature_hide_nothing);
    tcase_add_test(tests, a_refused_combination_costs_one_check_a_timer);
    tcase_add_test(tests, a_stranger_gets_no_flight_5);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
