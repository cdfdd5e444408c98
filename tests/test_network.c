/* The simulated network itself: what it does to datagrams, and that it does the same again. */
#include "sim/forge.h"
#include "sim/link.h"
#include "sim/pair.h"
#include "suite.h"

#include <string.h>

enum { DATAGRAMS = 100000, LENGTH = 500 };

/* How many of the datagrams of one direction met which fate. */
struct count {
    unsigned of[SIM_INJECTED + 1];
    unsigned bursts; /* runs of losses */
    unsigned burst;  /* losses in all of them */
    unsigned twice;
};

static struct count count_fates(const struct sim_conditions *conditions, uint64_t seed) {
    struct sim_way way = {.random.state = seed};
    struct count count = {.of = {0}};
    bool lost = false;
    for (unsigned i = 0; i < DATAGRAMS; i++) {
        struct sim_verdict verdict = sim_fate_next(&way, conditions, 0, LENGTH, 0);
        bool loss = sim_fate_is_loss(verdict.fate);
        count.of[verdict.fate]++;
        count.bursts += loss && !lost;
        count.burst += loss;
        count.twice += verdict.twice;
        lost = loss;
    }
    return count;
}

/* Within 5 % of the expected number. */
static void assert_about(unsigned seen, double expected) {
    ck_assert_double_ge(seen, 0.95 * expected);
    ck_assert_double_le(seen, 1.05 * expected);
}

START_TEST(zeros_are_a_network_that_does_nothing) {
    const struct sim_conditions none = {.loss = 0};
    struct count count = count_fates(&none, 1);
    ck_assert_uint_eq(count.of[SIM_DELIVERED], DATAGRAMS);
    ck_assert_uint_eq(count.twice, 0);
}
END_TEST

START_TEST(independent_losses_come_as_often_as_said) {
    const struct sim_conditions lossy = {.loss = 200, .duplicate = 100};
    struct count count = count_fates(&lossy, 1);
    assert_about(count.of[SIM_LOST], 0.2 * DATAGRAMS);
    assert_about(count.twice, 0.1 * DATAGRAMS);
    assert_about(count.bursts, 0.2 * 0.8 * DATAGRAMS);
}
END_TEST

START_TEST(bursts_are_as_frequent_and_as_long_as_said) {
    const struct sim_conditions lossy = {.bursts = {.begin = 50, .end = 250, .loss = 1000}};
    struct count count = count_fates(&lossy, 1);
    assert_about(count.burst, DATAGRAMS * 50.0 / (50 + 250));
    assert_about(count.burst, count.bursts * 4.0);
}
END_TEST

START_TEST(directions_have_their_own_bursts) {
    const struct sim_conditions lossy = {.bursts = {.begin = 50, .end = 250, .loss = 1000}};
    struct sim_way ways[2] = {{.random.state = 1}, {.random.state = 2}};
    unsigned both = 0;
    for (unsigned i = 0; i < DATAGRAMS; i++) {
        (void)sim_fate_next(&ways[0], &lossy, 0, LENGTH, 0);
        (void)sim_fate_next(&ways[1], &lossy, 1, LENGTH, 0);
        both += ways[0].burst && ways[1].burst;
    }
    ck_assert_uint_le(both, DATAGRAMS / 36 * 11 / 10);
    ck_assert_uint_ge(both, DATAGRAMS / 36 * 9 / 10);
}
END_TEST

START_TEST(spoilt_datagrams_differ_in_a_few_bytes_or_end_early) {
    const struct sim_conditions bad = {.corrupt = 500, .truncate = 500};
    struct sim_way way = {.random.state = 1};
    unsigned corrupt = 0;
    unsigned truncated = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t bytes[LENGTH] = {0};
        size_t length = LENGTH;
        unsigned changed = 0;
        struct sim_verdict verdict = sim_fate_next(&way, &bad, 0, LENGTH, 0);
        sim_fate_spoil(&verdict, bytes, &length);
        for (size_t at = 0; at < LENGTH; at++) {
            changed += bytes[at] != 0;
        }
        ck_assert_uint_le(changed, 3);
        ck_assert(changed == 0 || verdict.fate == SIM_CORRUPT);
        ck_assert((length < LENGTH) == (verdict.fate == SIM_TRUNCATED));
        corrupt += changed > 0;
        truncated += length < LENGTH;
    }
    assert_about(corrupt, 500);
    ck_assert_uint_gt(truncated, 200);
}
END_TEST

START_TEST(a_hole_swallows_its_time_and_its_directions) {
    const struct sim_conditions hole = {
        .hole = {.from = 10, .until = 20, .ways = (enum sim_ways)_i}};
    for (size_t from = 0; from < 4; from++) {
        bool concerned = _i == SIM_WAYS_BOTH || (from % 2 == 0) == (_i == SIM_WAYS_FROM_EVEN);
        for (uint64_t now = 0; now < 30; now++) {
            struct sim_way way = {.random.state = 1};
            struct sim_verdict verdict = sim_fate_next(&way, &hole, from, LENGTH, now);
            bool swallowed = concerned && now >= 10 && now < 20;
            ck_assert_int_eq(verdict.fate, swallowed ? SIM_SWALLOWED : SIM_DELIVERED);
        }
    }
}
END_TEST

START_TEST(an_mtu_may_come_later) {
    const struct sim_conditions narrow = {.mtu = 600, .later_mtu = 400, .later = 10};
    static const struct {
        uint64_t now;
        size_t length;
        enum sim_fate fate;
    } cases[] = {{9, 600, SIM_DELIVERED},
                 {9, 601, SIM_TOO_LARGE},
                 {10, 400, SIM_DELIVERED},
                 {10, 401, SIM_TOO_LARGE}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_way way = {.random.state = 1};
        struct sim_verdict verdict = sim_fate_next(&way, &narrow, 0, cases[i].length, cases[i].now);
        ck_assert_int_eq(verdict.fate, cases[i].fate);
    }
}
END_TEST

/* What a link printed. */
struct printed {
    char text[1 << 16];
};

static void print(const struct sim_link *link, struct printed *printed) {
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    sim_link_trace(link, file);
    rewind(file);
    size_t length = fread(printed->text, 1, sizeof(printed->text) - 1, file);
    printed->text[length] = '\0';
    (void)fclose(file);
}

static void assert_line(const struct printed *printed, const char *begin, const char *end) {
    const char *line = strstr(printed->text, begin);
    ck_assert_msg(line != NULL, "no \"%s\" in:\n%s", begin, printed->text);
    const char *rest = strchr(line, '\n');
    const char *found = strstr(line, end);
    ck_assert_msg(found != NULL && found < rest, "no \"%s\" after \"%s\" in:\n%s", end, begin,
                  printed->text);
}

START_TEST(a_trace_tells_every_datagram_in_a_line) {
    static struct printed printed;
    struct sim_pair pair;
    sim_pair_init(&pair, 17, &sim_calm);
    sim_pair_run(&pair, SIM_SECOND);
    struct sim_forged alert = sim_forge_alert(2, 40);
    struct sim_forged junk = {.bytes = "junk", .length = 4};
    sim_link_inject(pair.link, SIM_SERVER, alert.bytes, alert.length, 0, 5000);
    sim_link_inject(pair.link, SIM_SERVER, junk.bytes, junk.length, 0, 0);
    sim_link_set_conditions(pair.link, &(struct sim_conditions){.mtu = 40});
    ck_assert_int_eq(rtpgate_session_send(pair.client.session, (const uint8_t *)"ping", 4, 0), 0);
    ck_assert_int_eq(rtpgate_session_close(pair.server.session, SIM_SECOND), 0);
    sim_link_run(pair.link, 2 * SIM_SECOND);
    print(pair.link, &printed);
    ck_assert_int_eq(strncmp(printed.text, "seed 17\n0.000000 client -> server ", 34), 0);
    assert_line(&printed, "0.000000 client -> server  160 B delivered +0.010000  ",
                "ClientHello#0 [0..135/135]");
    assert_line(&printed, "0.010000 server -> client ", "ServerHello#0 [0..");
    assert_line(&printed, "0.010000 server -> client ", ", ServerHelloDone#4 [0..0/0]");
    assert_line(&printed, "0.020000 client -> server ",
                ", ChangeCipherSpec, epoch 1 handshake 48 B");
    assert_line(&printed, "1.000000 somebody -> server   15 B injected +0.005000  ",
                "alert fatal 40 (handshake_failure)");
    assert_line(&printed, "1.000000 somebody -> server    4 B injected +0.000000  ",
                "record that does not parse");
    assert_line(&printed, "1.000000 client -> server   41 B too large  ",
                "epoch 1 application data 28 B");
    assert_line(&printed, "1.000000 server -> client   39 B delivered +0.000000  ",
                "epoch 1 alert 26 B");
    sim_pair_clear(&pair);
}
END_TEST

START_TEST(a_long_trace_is_cut_and_says_so) {
    static struct printed printed;
    struct sim_link *link = sim_link_new(1, &sim_calm);
    struct sim_ours server;
    sim_ours_init(&server, sim_config(0), RTPGATE_ROLE_SERVER, 0);
    (void)sim_link_add(link, sim_ours_endpoint(&server));
    for (unsigned i = 0; i < 1003; i++) {
        sim_link_inject(link, 0, NULL, 0, 0, 0);
    }
    sim_link_run(link, 1);
    print(link, &printed);
    ck_assert_ptr_nonnull(strstr(printed.text, "\nand 3 more datagrams\n"));
    sim_ours_clear(&server);
    sim_link_free(link);
}
END_TEST

static bool is_length(const char *at) {
    size_t digits = strspn(at, "0123456789");
    return digits > 0 && strncmp(at + digits, " B ", 3) == 0;
}

/* The lines without lengths and offsets, which a signature of another length changes. */
static void strip_lengths(struct printed *printed) {
    char *out = printed->text;
    for (const char *at = printed->text; *at != '\0'; at++) {
        at += *at == '[' ? strcspn(at, "]") : is_length(at) ? strspn(at, "0123456789") : 0;
        *out++ = *at;
    }
    *out = '\0';
}

/* Keys, randoms and signatures differ from run to run, and the length of signatures by a byte: with
 * datagrams far below the MTU nothing else does. */
START_TEST(a_seed_gives_the_same_run_again) {
    static struct printed printed[2];
    const struct sim_conditions bad = {.loss = 200,
                                       .bursts = {.begin = 50, .end = 300, .loss = 1000},
                                       .duplicate = 100,
                                       .reorder = 200,
                                       .delay = 20000,
                                       .jitter = 3000};
    for (uint64_t seed = 0; seed < 200; seed++) {
        for (size_t i = 0; i < 2; i++) {
            struct sim_pair pair;
            sim_pair_init(&pair, seed, &bad);
            sim_pair_run(&pair, 60 * SIM_SECOND);
            print(pair.link, &printed[i]);
            sim_pair_clear(&pair);
            strip_lengths(&printed[i]);
        }
        ck_assert_str_eq(printed[0].text, printed[1].text);
    }
}
END_TEST

/* Many pairs on one link: more than any fixed number. */
START_TEST(a_link_may_have_any_number_of_endpoints) {
    enum { PAIRS = 50 };
    static struct sim_ours ends[2 * PAIRS];
    const struct sim_conditions lossy = {.loss = 100, .delay = 10000};
    struct sim_link *link = sim_link_new(1, &lossy);
    for (size_t i = 0; i < 2 * PAIRS; i++) {
        enum rtpgate_role role = i % 2 == 0 ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER;
        sim_ours_init(&ends[i], sim_config(i % 2), role, 0);
        sim_ours_expect(&ends[i], 1 - i % 2, 0);
        ck_assert_uint_eq(sim_link_add(link, sim_ours_endpoint(&ends[i])), i);
    }
    for (size_t i = 0; i < 2 * PAIRS; i += 2) {
        ck_assert_int_eq(rtpgate_session_start(ends[i].session, 0), 0);
    }
    sim_link_run(link, 60 * SIM_SECOND);
    for (size_t i = 0; i < 2 * PAIRS; i += 2) {
        ck_assert(sim_ours_agree(&ends[i], &ends[i + 1]));
        sim_ours_clear(&ends[i]);
        sim_ours_clear(&ends[i + 1]);
    }
    sim_link_free(link);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("network");
    TCase *tests = suite_case(suite, "fates");
    tcase_add_test(tests, zeros_are_a_network_that_does_nothing);
    tcase_add_test(tests, independent_losses_come_as_often_as_said);
    tcase_add_test(tests, bursts_are_as_frequent_and_as_long_as_said);
    tcase_add_test(tests, directions_have_their_own_bursts);
    tcase_add_test(tests, spoilt_datagrams_differ_in_a_few_bytes_or_end_early);
    tcase_add_loop_test(tests, a_hole_swallows_its_time_and_its_directions, 0, 3);
    tcase_add_test(tests, an_mtu_may_come_later);
    tests = suite_case(suite, "traces");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_trace_tells_every_datagram_in_a_line);
    tcase_add_test(tests, a_long_trace_is_cut_and_says_so);
    tcase_add_test(tests, a_seed_gives_the_same_run_again);
    tcase_add_test(tests, a_link_may_have_any_number_of_endpoints);
    int failed = suite_run(suite);
    sim_ours_finish();
    return failed;
}
