/*
 * Offers and answers between two sides, each of which remembers on its own what was agreed. An
 * exchange is six bytes: who offers and how the answer is made, then setup with tls-id, and the set
 * of fingerprints, of the offer and of the answer.
 */
#include <rtpgate/negotiate.h>

#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/description.h"

enum { SECOND_OFFERS = 1, ANSWER_BY_RULE = 2, TRANSPORT_CHANGED = 4, SPOILT = 8 };

static struct rtpgate_description describe(uint8_t kind, uint8_t fingerprints) {
    struct rtpgate_description made = {.setup = (enum rtpgate_setup)(kind % 5)};
    unsigned id = kind / 5U % 4U;

    if (id > 0) {
        memset(made.tls_id, (char)('a' + id), RTPGATE_TLS_ID_MIN);
    }
    for (uint8_t i = 0; i < 4; i++) {
        if ((fingerprints >> i & 1) != 0) {
            made.fingerprints[made.fingerprint_count++] =
                (struct rtpgate_fingerprint){RTPGATE_HASH_SHA256, 32, {i}};
        }
    }
    return made;
}

/* What is out of its range is refused, whatever else there is. */
static void must_be_refused(const struct rtpgate_association *association,
                            struct rtpgate_exchange exchange, uint8_t how) {
    struct rtpgate_association kept = *association;
    struct rtpgate_description spoilt = *exchange.remote;

    switch (how & 3) {
    case 0:
        memset(spoilt.tls_id, 'x', sizeof(spoilt.tls_id));
        break;
    case 1:
        spoilt.fingerprint_count = RTPGATE_DESCRIPTION_FINGERPRINTS + 1U + how;
        break;
    case 2:
        spoilt.fingerprint_count = 1;
        spoilt.fingerprints[0].length = (size_t)how + 33;
        break;
    default:
        spoilt.setup = (enum rtpgate_setup)(RTPGATE_SETUP_HOLDCONN + 1 + how);
        break;
    }
    exchange.remote = &spoilt;
    must(!rg_description_well_formed(&spoilt));
    must(rtpgate_negotiate(&kept, &exchange, NULL) == RTPGATE_ERR_INVAL);
    must(memcmp(&kept, association, sizeof(kept)) == 0);
}

/* Takes one side's view of the exchange; nothing changes when it is refused. */
static int take(struct rtpgate_association *side, const struct rtpgate_exchange *exchange) {
    struct rtpgate_association before = *side;
    const char *why = NULL;
    int verdict = rtpgate_negotiate(side, exchange, &why);

    must(why != NULL && why[0] != '\0');
    must(verdict == RTPGATE_KEEP || verdict == RTPGATE_NEW || verdict == RTPGATE_ERR_INVAL ||
         verdict == RTPGATE_ERR_MALFORMED);
    must(verdict >= 0 || memcmp(&before, side, sizeof(before)) == 0);
    must(verdict != RTPGATE_KEEP || before.role == side->role);
    return verdict;
}

static void must_agree(const struct rtpgate_association *a, const struct rtpgate_association *b) {
    must(a->role != RTPGATE_ROLE_UNDECIDED && b->role != RTPGATE_ROLE_UNDECIDED);
    must(a->role != b->role);
    must(memcmp(&a->local, &b->remote, sizeof(a->local)) == 0);
    must(memcmp(&a->remote, &b->local, sizeof(a->remote)) == 0);
}

/* One offer and its answer; false when a side refuses it, which ends the talk. */
static bool talk(struct rtpgate_association *offerer, struct rtpgate_association *answerer,
                 const uint8_t *how) {
    struct rtpgate_description offer = describe(how[1], how[2]);
    struct rtpgate_description answer = describe(how[3], how[4]);
    struct rtpgate_exchange theirs = {
        .transport_changed = (how[0] & TRANSPORT_CHANGED) != 0, .local = &answer, .remote = &offer};
    struct rtpgate_exchange ours = {.offered = true,
                                    .transport_changed = theirs.transport_changed,
                                    .local = &offer,
                                    .remote = &answer};
    int promised = 0;
    int verdict;

    if ((how[0] & SPOILT) != 0) {
        must_be_refused(answerer, theirs, how[5]);
        must_be_refused(offerer, ours, how[5]);
    }
    if ((how[0] & ANSWER_BY_RULE) != 0) {
        promised = rtpgate_negotiate_answer(&answer, answerer, &theirs, NULL);
        must(promised < 0 || rg_description_well_formed(&answer));
    }
    verdict = take(answerer, &theirs);
    must((how[0] & ANSWER_BY_RULE) == 0 || promised == verdict || promised < 0);
    if (verdict < 0) {
        return false;
    }
    must(take(offerer, &ours) == verdict);
    must_agree(offerer, answerer);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rtpgate_association sides[2];

    memset(sides, 0, sizeof(sides));
    for (; size >= 6; data += 6, size -= 6) {
        size_t offerer = data[0] & SECOND_OFFERS;

        if (!talk(&sides[offerer], &sides[1 - offerer], data)) {
            break;
        }
    }
    return 0;
}
