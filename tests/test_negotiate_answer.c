#include <rtpgate/negotiate.h>

#include <string.h>

#include "describe.h"
#include "suite.h"

struct row {
    int role; /* ours before; NONE: no association */
    char id;  /* our tls-id then; the other side was {'o', "a"}, we had "b" */
    struct side offer;
    struct side fresh; /* what we would answer for a new association */
    bool moved;
    int expected;
    int setup; /* of the answer */
    char answer_id;
};

enum { KEEP = RTPGATE_KEEP, NEW = RTPGATE_NEW };

static const struct row rows[] = {
    /* RFC 5763 5: active is recommended; passive if we like it */
    {NONE, 0, {ACTPASS, 'o', "a"}, {ABSENT, 'f', "b"}, false, NEW, ACTIVE, 'f'},
    {NONE, 0, {ACTPASS, 'o', "a"}, {ACTPASS, 'f', "b"}, false, NEW, ACTIVE, 'f'},
    {NONE, 0, {ACTPASS, 'o', "a"}, {ACTIVE, 'f', "b"}, false, NEW, ACTIVE, 'f'},
    {NONE, 0, {ACTPASS, 'o', "a"}, {PASSIVE, 'f', "b"}, false, NEW, PASSIVE, 'f'},
    /* RFC 4145 4.1: what the offer leaves us */
    {NONE, 0, {ACTIVE, 'o', "a"}, {ACTIVE, 'f', "b"}, false, NEW, PASSIVE, 'f'},
    {NONE, 0, {ABSENT, 'o', "a"}, {ACTIVE, 'f', "b"}, false, NEW, PASSIVE, 'f'},
    {NONE, 0, {PASSIVE, 'o', "a"}, {PASSIVE, 'f', "b"}, false, NEW, ACTIVE, 'f'},
    /* RFC 8842 5.3: no tls-id to a legacy offer */
    {NONE, 0, {ACTPASS, 0, "a"}, {ACTIVE, 'f', "b"}, false, NEW, ACTIVE, 0},
    {NONE, 0, {ACTPASS, 'o', "a"}, {ACTIVE, 0, "b"}, false, NEW, ACTIVE, 0},
    /* RFC 8842 5.3: the same roles, the same tls-id, whatever we would like */
    {CLIENT, 'p', {ACTPASS, 'o', "a"}, {PASSIVE, 'f', "b"}, false, KEEP, ACTIVE, 'p'},
    {SERVER, 'p', {ACTPASS, 'o', "a"}, {ACTIVE, 'f', "b"}, false, KEEP, PASSIVE, 'p'},
    {SERVER, 'p', {ACTIVE, 'o', "a"}, {ACTIVE, 'f', "b"}, true, KEEP, PASSIVE, 'p'},
    {SERVER, 'p', {ACTPASS, 0, "a"}, {ACTIVE, 'f', "b"}, false, KEEP, PASSIVE, 0},
    {SERVER, 'p', {ACTPASS, 'o', "a"}, {ACTIVE, 0, "b"}, false, KEEP, PASSIVE, 'p'},
    {SERVER, 0, {ACTPASS, 'o', "a"}, {ACTIVE, 'f', "b"}, false, KEEP, PASSIVE, 'f'},
    /* RFC 8842 3.1: what asks for a new one gets a new tls-id */
    {SERVER, 'p', {ACTPASS, 'O', "a"}, {ACTIVE, 'f', "b"}, false, NEW, ACTIVE, 'f'},
    {SERVER, 'p', {ACTPASS, 'o', "x"}, {PASSIVE, 'f', "b"}, false, NEW, PASSIVE, 'f'},
    {SERVER, 'p', {ACTPASS, 'o', "a"}, {ACTIVE, 'f', "y"}, false, NEW, ACTIVE, 'f'},
    {SERVER, 'p', {PASSIVE, 'o', "a"}, {ACTIVE, 'f', "b"}, false, NEW, ACTIVE, 'f'},
    {SERVER, 'p', {ACTPASS, 0, "a"}, {ACTIVE, 'f', "b"}, true, NEW, ACTIVE, 0},
    /* What cannot be answered; a tls-id that was used before is ours to correct. */
    {NONE, 0, {HOLDCONN, 'o', "a"}, {ACTIVE, 'f', "b"}, false, RTPGATE_ERR_MALFORMED, 0, 0},
    {SERVER, 'p', {ACTPASS, 'o', ""}, {ACTIVE, 'f', "b"}, false, RTPGATE_ERR_MALFORMED, 0, 0},
    {NONE, 0, {ACTPASS, 'o', "a"}, {ACTIVE, 'f', ""}, false, RTPGATE_ERR_INVAL, 0, 0},
    {SERVER, 'p', {ACTPASS, 'O', "a"}, {ACTIVE, 'p', "b"}, false, RTPGATE_ERR_INVAL, 0, 0},
};

static struct rtpgate_association association_of(const struct row *row) {
    struct rtpgate_association association = {.role = (enum rtpgate_role)row->role};

    if (row->role != NONE) {
        association.local = describe((struct side){ACTPASS, row->id, "b"});
        association.remote = describe((struct side){ACTPASS, 'o', "a"});
    }
    return association;
}

START_TEST(the_answer_keeps_what_it_can) {
    const struct row *row = &rows[_i];
    struct rtpgate_association association = association_of(row);
    struct rtpgate_description offer = describe(row->offer);
    struct rtpgate_description fresh = describe(row->fresh);
    struct rtpgate_description answer = describe((struct side){HOLDCONN, '#', ""});
    struct rtpgate_description expected =
        describe((struct side){row->setup, row->answer_id, row->fresh.fingerprints});
    struct rtpgate_exchange exchange = {
        .transport_changed = row->moved, .local = &fresh, .remote = &offer};
    const char *why = NULL;

    if (row->expected < 0) {
        expected = answer;
    }
    ck_assert_int_eq(rtpgate_negotiate_answer(&answer, &association, &exchange, &why),
                     row->expected);
    ck_assert(why != NULL && why[0] != '\0');
    ck_assert_int_eq(answer.setup, expected.setup);
    ck_assert_str_eq(answer.tls_id, expected.tls_id);
    ck_assert_mem_eq(answer.fingerprints, expected.fingerprints, sizeof(expected.fingerprints));
}
END_TEST

/* What the answerer was told is what both ends then decide, with opposite roles. */
static void expect_agreement(const struct row *row, const struct rtpgate_exchange *ours,
                             int verdict) {
    struct rtpgate_association here = association_of(row);
    struct rtpgate_association there = {
        .role = row->role == NONE ? RTPGATE_ROLE_UNDECIDED
                                  : (enum rtpgate_role)(CLIENT + SERVER - row->role),
        .local = here.remote,
        .remote = here.local};
    struct rtpgate_exchange theirs = {.offered = true,
                                      .transport_changed = ours->transport_changed,
                                      .local = ours->remote,
                                      .remote = ours->local};

    ck_assert_int_eq(rtpgate_negotiate(&here, ours, NULL), verdict);
    ck_assert_int_eq(rtpgate_negotiate(&there, &theirs, NULL), verdict);
    ck_assert_int_eq(here.role + there.role, CLIENT + SERVER);
    ck_assert_int_ne(here.role, there.role);
}

static void answer_and_agree(const struct row *row) {
    struct rtpgate_association association = association_of(row);
    struct rtpgate_description offer = describe(row->offer);
    struct rtpgate_description answer = describe(row->fresh);
    struct rtpgate_exchange exchange = {
        .transport_changed = row->moved, .local = &answer, .remote = &offer};
    int verdict = rtpgate_negotiate_answer(&answer, &association, &exchange, NULL);

    ck_assert_int_ge(verdict, 0);
    expect_agreement(row, &exchange, verdict);
}

START_TEST(both_ends_agree_on_every_answer) {
    static const char ids[] = {0, 'o', 'O'};

    for (int i = 0; i < 4 * 4 * 3 * 3 * 2 * 2 * 2; i++) {
        int rest = i;
        struct row row = {.offer.fingerprints = "a", .fresh = {ABSENT, 'f', "b"}};

        row.offer.setup = rest % 4;
        rest /= 4;
        row.fresh.setup = rest % 4;
        rest /= 4;
        row.offer.id = ids[rest % 3];
        rest /= 3;
        row.role = rest % 3;
        rest /= 3;
        row.id = rest % 2 == 0 ? 0 : 'p';
        rest /= 2;
        row.moved = rest % 2 == 0;
        rest /= 2;
        row.offer.fingerprints = rest % 2 == 0 ? "a" : "xa";
        answer_and_agree(&row);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("negotiate_answer");
    TCase *answers = suite_case(suite, "answers");

    tcase_add_loop_test(answers, the_answer_keeps_what_it_can, 0,
                        (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(answers, both_ends_agree_on_every_answer);
    return suite_run(suite);
}
