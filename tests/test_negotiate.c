#include <rtpgate/negotiate.h>

#include <string.h>

#include "describe.h"
#include "suite.h"

/* More outcomes: the fault is the offerer's, the answerer's; only the answerer is told. */
enum { KEEP = RTPGATE_KEEP, NEW = RTPGATE_NEW, BAD_OFFER, BAD_ANSWER, NEW_BUT_BAD_ANSWER };

/* Both ends of a session. */
struct pair {
    struct rtpgate_association offerer;
    struct rtpgate_association answerer;
};

static int negotiate(struct rtpgate_association *association, bool offered, bool moved,
                     struct rtpgate_description offer, struct rtpgate_description answer) {
    struct rtpgate_exchange exchange = {
        .offered = offered,
        .transport_changed = moved,
        .local = offered ? &offer : &answer,
        .remote = offered ? &answer : &offer,
    };
    struct rtpgate_association before = *association;
    const char *why = NULL;
    int result = rtpgate_negotiate(association, &exchange, &why);

    ck_assert(why != NULL && why[0] != '\0');
    if (result < 0) {
        ck_assert_mem_eq(association, &before, sizeof(before));
    }
    return result;
}

/* What both ends make of one exchange; their associations become what follows. */
static int exchange(struct pair *pair, bool moved, struct side offer, struct side answer) {
    int offerer = negotiate(&pair->offerer, true, moved, describe(offer), describe(answer));
    int answerer = negotiate(&pair->answerer, false, moved, describe(offer), describe(answer));

    if (offerer == RTPGATE_ERR_INVAL && answerer == RTPGATE_ERR_MALFORMED) {
        return BAD_OFFER;
    }
    if (offerer == RTPGATE_ERR_MALFORMED && answerer == RTPGATE_ERR_INVAL) {
        return BAD_ANSWER;
    }
    if (offerer == RTPGATE_NEW && answerer == RTPGATE_ERR_INVAL) {
        return NEW_BUT_BAD_ANSWER;
    }
    ck_assert_int_ge(offerer, 0);
    ck_assert_int_eq(offerer, answerer);
    ck_assert(pair->offerer.role == RTPGATE_ROLE_CLIENT
                  ? pair->answerer.role == RTPGATE_ROLE_SERVER
                  : pair->offerer.role == RTPGATE_ROLE_SERVER &&
                        pair->answerer.role == RTPGATE_ROLE_CLIENT);
    return offerer;
}

/* RFC 4145 4.1, RFC 5763 5, RFC 8842 5.1 to 5.3: the offerer's role, or whose fault it is. */
static const int initial[5][5] = {
    /* answer:  ABSENT      ACTPASS     ACTIVE      PASSIVE     HOLDCONN */
    [ABSENT] = {-CLIENT, BAD_ANSWER, BAD_ANSWER, -CLIENT, BAD_ANSWER},
    [ACTPASS] = {-CLIENT, BAD_ANSWER, -SERVER, -CLIENT, BAD_ANSWER},
    [ACTIVE] = {-CLIENT, BAD_ANSWER, BAD_ANSWER, -CLIENT, BAD_ANSWER},
    [PASSIVE] = {BAD_ANSWER, BAD_ANSWER, -SERVER, BAD_ANSWER, BAD_ANSWER},
    [HOLDCONN] = {BAD_OFFER, BAD_OFFER, BAD_OFFER, BAD_OFFER, BAD_OFFER},
};

START_TEST(setup_decides_the_roles) {
    int offer = _i / 5;
    int answer = _i % 5;
    struct pair pair = {.offerer = {.role = RTPGATE_ROLE_UNDECIDED}};
    int result =
        exchange(&pair, false, (struct side){offer, 'o', "a"}, (struct side){answer, 'p', "b"});
    int expected = initial[offer][answer];

    if (expected > 0) {
        ck_assert_int_eq(result, expected);
    } else {
        ck_assert_int_eq(result, NEW);
        ck_assert_int_eq(pair.offerer.role, -expected);
    }
}
END_TEST

struct row {
    struct side offer;
    struct side answer;
    bool moved;
    int expected;
    int role; /* the offerer's, after KEEP and NEW */
};

static const struct row first[] = {
    /* RFC 8842 5.2, 5.3: at least one fingerprint each */
    {{ACTPASS, 'o', ""}, {ACTIVE, 'p', "b"}, false, BAD_OFFER, NONE},
    {{ACTPASS, 'o', "a"}, {ACTIVE, 'p', ""}, false, BAD_ANSWER, NONE},
    /* RFC 8842 5.3: to a legacy offer the answerer MUST NOT insert a tls-id */
    {{ACTPASS, 0, "a"}, {ACTIVE, 'p', "b"}, false, BAD_ANSWER, NONE},
    {{ACTPASS, 0, "a"}, {ACTIVE, 0, "b"}, false, NEW, SERVER},
    /* RFC 8842 5.4: a legacy answerer */
    {{ACTPASS, 'o', "a"}, {PASSIVE, 0, "b"}, false, NEW, CLIENT},
    /* Each side makes its own tls-id; equal ones do no harm. */
    {{ACTPASS, 'o', "a"}, {ACTIVE, 'o', "b"}, true, NEW, SERVER},
    {{ACTPASS, 'o', "aA"}, {ACTIVE, 'p', "Bb"}, true, NEW, SERVER},
};

START_TEST(the_first_exchange_makes_an_association) {
    const struct row *row = &first[_i];
    struct pair pair = {.offerer = {.role = RTPGATE_ROLE_UNDECIDED}};
    struct rtpgate_description offer = describe(row->offer);

    ck_assert_int_eq(exchange(&pair, row->moved, row->offer, row->answer), row->expected);
    ck_assert_int_eq(pair.offerer.role, row->role);
    if (row->role != NONE) {
        ck_assert_mem_eq(&pair.offerer.local, &offer, sizeof(offer));
        ck_assert_mem_eq(&pair.answerer.remote, &offer, sizeof(offer));
    }
}
END_TEST

/* The association before: the offerer is the server, {o, "aA"} with {p, "bc"}. */
static const struct row subsequent[] = {
    /* RFC 8842 5.3, 5.5: nothing new is wanted; an ICE restart changes nothing here (6) */
    {{ACTPASS, 'o', "aA"}, {ACTIVE, 'p', "bc"}, false, KEEP, SERVER},
    {{PASSIVE, 'o', "aA"}, {ACTIVE, 'p', "bc"}, false, KEEP, SERVER},
    /* 3.1: fingerprints are a set */
    {{ACTPASS, 'o', "Aa"}, {ACTIVE, 'p', "cb"}, false, KEEP, SERVER},
    {{ACTPASS, 'o', "aAAa"}, {ACTIVE, 'p', "bbc"}, false, KEEP, SERVER},
    /* 3.2: with tls-ids a new transport alone changes nothing */
    {{ACTPASS, 'o', "aA"}, {ACTIVE, 'p', "bc"}, true, KEEP, SERVER},
    /* 3.1, 5.5: both sides, or one of them, ask for a new one; any roles */
    {{ACTPASS, 'O', "aA"}, {ACTIVE, 'P', "bc"}, false, NEW, SERVER},
    {{ACTPASS, 'O', "aA"}, {PASSIVE, 'P', "bc"}, false, NEW, CLIENT},
    {{ACTPASS, 'o', "aA"}, {ACTIVE, 'P', "bc"}, false, NEW, SERVER},
    {{ACTPASS, 'o', "aA"}, {PASSIVE, 'P', "bc"}, false, NEW, CLIENT},
    {{ACTIVE, 'O', "aA"}, {PASSIVE, 'P', "bc"}, false, NEW, CLIENT},
    /* 5.3: with a new association the answerer MUST have a new tls-id */
    {{ACTPASS, 'O', "aA"}, {ACTIVE, 'p', "bc"}, false, NEW_BUT_BAD_ANSWER, SERVER},
    {{ACTPASS, 'o', "aA"}, {ACTIVE, 'p', "b"}, false, NEW_BUT_BAD_ANSWER, SERVER},
    {{ACTPASS, 'o', "a"}, {ACTIVE, 'p', "bc"}, false, NEW_BUT_BAD_ANSWER, SERVER},
    /* 5.4: a legacy answer to an offer that asks for a new one */
    {{ACTPASS, 'O', "aA"}, {ACTIVE, 0, "bc"}, false, NEW, SERVER},
    /* 3.1: fingerprints modified, added, removed, on either side, in their hash alone */
    {{ACTPASS, 'o', "aB"}, {ACTIVE, 'P', "bc"}, false, NEW, SERVER},
    {{ACTPASS, 'O', "aAd"}, {ACTIVE, 'P', "bc"}, false, NEW, SERVER},
    {{ACTPASS, 0, "aAd"}, {ACTIVE, 0, "bc"}, false, NEW, SERVER},
    {{ACTPASS, 0, "A"}, {ACTIVE, 0, "bc"}, false, NEW, SERVER},
    {{ACTPASS, 0, "aa"}, {ACTIVE, 0, "bc"}, false, NEW, SERVER},
    {{ACTPASS, 0, "aA"}, {ACTIVE, 0, "bd"}, false, NEW, SERVER},
    {{ACTPASS, 0, "aA"}, {ACTIVE, 0, "bcd"}, false, NEW, SERVER},
    {{ACTPASS, 0, "aA"}, {ACTIVE, 0, "c"}, false, NEW, SERVER},
    {{ACTPASS, 0, "aA"}, {ACTIVE, 0, "bC"}, false, NEW, SERVER},
    /* 4, RFC 5763 6.6: without a tls-id on both sides roles, fingerprints and transport decide */
    {{ACTPASS, 0, "aA"}, {ACTIVE, 0, "bc"}, false, KEEP, SERVER},
    {{ACTPASS, 'o', "aA"}, {ACTIVE, 0, "bc"}, false, KEEP, SERVER},
    {{ACTPASS, 0, "aA"}, {ACTIVE, 0, "bc"}, true, NEW, SERVER},
    {{ACTPASS, 'o', "aA"}, {ACTIVE, 0, "bc"}, true, NEW, SERVER},
    {{ACTPASS, 0, "aA"}, {PASSIVE, 0, "bc"}, false, NEW, CLIENT},
    {{ACTPASS, 'o', "aA"}, {PASSIVE, 0, "bc"}, false, NEW, CLIENT},
    /* RFC 4145 4.1: absent means active in an offer, which changes the roles */
    {{ABSENT, 0, "aA"}, {ABSENT, 0, "bc"}, false, NEW, CLIENT},
    {{ACTPASS, 0, "aA"}, {ABSENT, 0, "bc"}, false, NEW, CLIENT},
    /* 5.3: the same tls-ids and fingerprints with other roles */
    {{ACTPASS, 'o', "aA"}, {PASSIVE, 'p', "bc"}, false, BAD_ANSWER, SERVER},
    {{ACTIVE, 'o', "aA"}, {PASSIVE, 'p', "bc"}, false, BAD_ANSWER, SERVER},
    {{ABSENT, 'o', "aA"}, {ABSENT, 'p', "bc"}, true, BAD_ANSWER, SERVER},
    /* What is wrong at first is wrong later. */
    {{HOLDCONN, 'o', "aA"}, {HOLDCONN, 'p', "bc"}, false, BAD_OFFER, SERVER},
    {{ACTPASS, 'o', "aA"}, {HOLDCONN, 'p', "bc"}, false, BAD_ANSWER, SERVER},
    {{ACTPASS, 'O', "aA"}, {ACTPASS, 'P', "bc"}, false, BAD_ANSWER, SERVER},
    {{ACTIVE, 'O', "aA"}, {ACTIVE, 'P', "bc"}, false, BAD_ANSWER, SERVER},
    {{PASSIVE, 'O', "aA"}, {PASSIVE, 'P', "bc"}, false, BAD_ANSWER, SERVER},
    {{ACTPASS, 'O', ""}, {ACTIVE, 'P', "bc"}, false, BAD_OFFER, SERVER},
    {{ACTPASS, 0, "aA"}, {ACTIVE, 'p', "bc"}, false, BAD_ANSWER, SERVER},
};

static struct pair established(char offerer_id, char answerer_id) {
    struct pair pair = {.offerer = {.role = RTPGATE_ROLE_UNDECIDED}};

    ck_assert_int_eq(exchange(&pair, false, (struct side){ACTPASS, offerer_id, "aA"},
                              (struct side){ACTIVE, answerer_id, "bc"}),
                     NEW);
    return pair;
}

START_TEST(a_later_exchange_keeps_or_replaces) {
    const struct row *row = &subsequent[_i];
    struct pair pair = established('o', 'p');

    ck_assert_int_eq(exchange(&pair, row->moved, row->offer, row->answer), row->expected);
    ck_assert_int_eq(pair.offerer.role, row->role);
}
END_TEST

START_TEST(the_other_side_may_offer_next) {
    struct pair pair = established('o', 'p');
    struct pair turned = {.offerer = pair.answerer, .answerer = pair.offerer};

    ck_assert_int_eq(exchange(&turned, false, (struct side){ACTPASS, 'p', "bc"},
                              (struct side){PASSIVE, 'o', "aA"}),
                     KEEP);
    ck_assert_int_eq(turned.offerer.role, CLIENT);
    ck_assert_int_eq(exchange(&turned, false, (struct side){ACTPASS, 'p', "bc"},
                              (struct side){ACTIVE, 'o', "aA"}),
                     BAD_ANSWER);
    ck_assert_int_eq(exchange(&turned, false, (struct side){ACTPASS, 'P', "bc"},
                              (struct side){ACTIVE, 'O', "aA"}),
                     NEW);
    ck_assert_int_eq(turned.offerer.role, SERVER);
}
END_TEST

/* RFC 8842 5.3, 5.5: an assigned value may be left out for a legacy offer, and comes back. */
START_TEST(a_tls_id_is_remembered_while_it_is_left_out) {
    struct pair pair = established('o', 'p');
    struct side offer = {ACTPASS, 'o', "aA"};
    struct side answer = {ACTIVE, 'p', "bc"};
    struct side bare_offer = {ACTPASS, 0, "aA"};
    struct side bare_answer = {ACTIVE, 0, "bc"};

    ck_assert_int_eq(exchange(&pair, false, bare_offer, bare_answer), KEEP);
    ck_assert_int_eq(exchange(&pair, false, offer, bare_answer), KEEP);
    ck_assert_int_eq(exchange(&pair, false, offer, answer), KEEP);
    ck_assert_int_eq(exchange(&pair, false, bare_offer, bare_answer), KEEP);
    answer.id = 'P';
    ck_assert_int_eq(exchange(&pair, false, offer, answer), NEW);
}
END_TEST

/* RFC 8842 3.1 speaks of a changed value: a first one is none. */
START_TEST(a_tls_id_that_appears_is_no_changed_one) {
    struct pair pair = established(0, 0);
    struct pair legacy = established('o', 0);

    ck_assert_int_eq(
        exchange(&pair, false, (struct side){ACTPASS, 'o', "aA"}, (struct side){ACTIVE, 'p', "bc"}),
        KEEP);
    ck_assert_int_eq(
        exchange(&pair, false, (struct side){ACTPASS, 'O', "aA"}, (struct side){ACTIVE, 'P', "bc"}),
        NEW);
    ck_assert_int_eq(exchange(&legacy, false, (struct side){ACTPASS, 'o', "aA"},
                              (struct side){PASSIVE, 'p', "bc"}),
                     NEW);
}
END_TEST

START_TEST(a_new_association_forgets_the_old_tls_ids) {
    struct pair pair = established('o', 'p');

    ck_assert_int_eq(
        exchange(&pair, false, (struct side){ACTPASS, 0, "x"}, (struct side){ACTIVE, 0, "y"}), NEW);
    ck_assert_str_eq(pair.offerer.local.tls_id, "");
    ck_assert_str_eq(pair.offerer.remote.tls_id, "");
}
END_TEST

START_TEST(the_role_alone_says_whether_there_is_an_association) {
    struct pair pair = established('o', 'p');

    pair.offerer.role = RTPGATE_ROLE_UNDECIDED;
    pair.answerer.role = RTPGATE_ROLE_UNDECIDED;
    ck_assert_int_eq(
        exchange(&pair, false, (struct side){ACTPASS, 'o', "aA"}, (struct side){ACTIVE, 'p', "bc"}),
        NEW);
}
END_TEST

/* RFC 8842 3.1, 5.3: a rejected offer leaves the association, and the next exchange decides. */
START_TEST(a_faulty_exchange_leaves_the_association) {
    struct pair pair = established('o', 'p');

    ck_assert_int_eq(
        exchange(&pair, false, (struct side){ACTPASS, 'O', "x"}, (struct side){ACTPASS, 'P', "y"}),
        BAD_ANSWER);
    ck_assert_int_eq(
        exchange(&pair, false, (struct side){ACTPASS, 'o', "aA"}, (struct side){ACTIVE, 'p', "bc"}),
        KEEP);
}
END_TEST

START_TEST(the_exchange_may_point_into_the_association) {
    struct pair pair = established('o', 'p');
    struct rtpgate_description answer = describe((struct side){ACTIVE, 'P', "bc"});
    struct rtpgate_exchange again = {
        .offered = true, .local = &pair.offerer.local, .remote = &pair.offerer.remote};

    ck_assert_int_eq(rtpgate_negotiate(&pair.offerer, &again, NULL), RTPGATE_KEEP);
    ck_assert_int_eq(pair.offerer.local.tls_id[19], 'o');
    again.remote = &answer;
    ck_assert_int_eq(rtpgate_negotiate(&pair.offerer, &again, NULL), RTPGATE_NEW);
    ck_assert_int_eq(pair.offerer.remote.tls_id[19], 'P');
}
END_TEST

static void expect_invalid(struct rtpgate_association *association,
                           const struct rtpgate_exchange *exchange) {
    struct rtpgate_description answer;
    const char *why = NULL;

    ck_assert_int_eq(rtpgate_negotiate(association, exchange, &why), RTPGATE_ERR_INVAL);
    ck_assert_ptr_nonnull(why);
    ck_assert_int_eq(rtpgate_negotiate(association, exchange, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_negotiate_answer(&answer, association, exchange, NULL),
                     RTPGATE_ERR_INVAL);
}

START_TEST(null_and_nonsense_are_invalid) {
    struct rtpgate_association association = {.role = RTPGATE_ROLE_UNDECIDED};
    struct rtpgate_description offer = describe((struct side){ACTPASS, 'o', "a"});
    struct rtpgate_description answer = describe((struct side){ACTIVE, 'p', "b"});
    struct rtpgate_description bad = answer;
    struct rtpgate_exchange good = {.local = &answer, .remote = &offer};
    struct rtpgate_exchange exchange = good;

    bad.fingerprint_count = 9;
    expect_invalid(NULL, &good);
    expect_invalid(&association, NULL);
    exchange.local = NULL;
    expect_invalid(&association, &exchange);
    exchange.local = &bad;
    expect_invalid(&association, &exchange);
    exchange = good;
    exchange.remote = NULL;
    expect_invalid(&association, &exchange);
    exchange.remote = &bad;
    expect_invalid(&association, &exchange);
    association.role = (enum rtpgate_role)3;
    expect_invalid(&association, &good);
    association = (struct rtpgate_association){.local = bad};
    expect_invalid(&association, &good);
    association = (struct rtpgate_association){.remote = bad};
    expect_invalid(&association, &good);
    association = (struct rtpgate_association){.role = RTPGATE_ROLE_UNDECIDED};
    ck_assert_int_eq(rtpgate_negotiate_answer(NULL, &association, &good, NULL), RTPGATE_ERR_INVAL);
    exchange = good;
    exchange.offered = true;
    ck_assert_int_eq(rtpgate_negotiate_answer(&bad, &association, &exchange, NULL),
                     RTPGATE_ERR_INVAL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("negotiate");
    TCase *one = suite_case(suite, "first exchange");
    TCase *later = suite_case(suite, "later exchanges");
    TCase *arguments = suite_case(suite, "arguments");

    tcase_add_loop_test(one, setup_decides_the_roles, 0, 25);
    tcase_add_loop_test(one, the_first_exchange_makes_an_association, 0,
                        (int)(sizeof(first) / sizeof(first[0])));
    tcase_add_loop_test(later, a_later_exchange_keeps_or_replaces, 0,
                        (int)(sizeof(subsequent) / sizeof(subsequent[0])));
    tcase_add_test(later, the_other_side_may_offer_next);
    tcase_add_test(later, a_tls_id_is_remembered_while_it_is_left_out);
    tcase_add_test(later, a_tls_id_that_appears_is_no_changed_one);
    tcase_add_test(later, a_new_association_forgets_the_old_tls_ids);
    tcase_add_test(later, the_role_alone_says_whether_there_is_an_association);
    tcase_add_test(later, a_faulty_exchange_leaves_the_association);
    tcase_add_test(arguments, the_exchange_may_point_into_the_association);
    tcase_add_test(arguments, null_and_nonsense_are_invalid);
    return suite_run(suite);
}
