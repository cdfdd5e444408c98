#include <rtpgate/negotiate.h>

#include <string.h>

#include "wire/description.h"

/* A verdict or an error, and its sentence. */
struct finding {
    int code;
    const char *why;
};

/* An exchange by offer and answer, with the error that stands for a fault of each. */
struct view {
    const struct rtpgate_description *offer;
    const struct rtpgate_description *answer;
    int offer_fault;
    int answer_fault;
};

static struct view view_of(const struct rtpgate_exchange *exchange) {
    if (exchange->offered) {
        return (struct view){exchange->local, exchange->remote, RTPGATE_ERR_INVAL,
                             RTPGATE_ERR_MALFORMED};
    }
    return (struct view){exchange->remote, exchange->local, RTPGATE_ERR_MALFORMED,
                         RTPGATE_ERR_INVAL};
}

static bool has_tls_id(const struct rtpgate_description *description) {
    return description->tls_id[0] != '\0';
}

static struct finding check_sides(const struct view *view) {
    static const char holdconn[] = "a=setup:holdconn is not for DTLS (RFC 8842 5.1)";
    static const char nameless[] = "there is no usable fingerprint (RFC 8842 5.2, 5.3)";

    if (view->offer->setup == RTPGATE_SETUP_HOLDCONN) {
        return (struct finding){view->offer_fault, holdconn};
    }
    if (view->answer->setup == RTPGATE_SETUP_HOLDCONN) {
        return (struct finding){view->answer_fault, holdconn};
    }
    if (view->offer->fingerprint_count == 0) {
        return (struct finding){view->offer_fault, nameless};
    }
    if (view->answer->fingerprint_count == 0) {
        return (struct finding){view->answer_fault, nameless};
    }
    if (has_tls_id(view->answer) && !has_tls_id(view->offer)) {
        return (struct finding){view->answer_fault,
                                "the answer has a tls-id, the offer has none (RFC 8842 5.3)"};
    }
    return (struct finding){0, ""};
}

static struct finding check_setup(const struct view *view, enum rtpgate_role *offerer) {
    enum rtpgate_setup offer = view->offer->setup;
    enum rtpgate_setup answer = view->answer->setup;

    offer = offer == RTPGATE_SETUP_ABSENT ? RTPGATE_SETUP_ACTIVE : offer;
    answer = answer == RTPGATE_SETUP_ABSENT ? RTPGATE_SETUP_PASSIVE : answer;
    if (answer == RTPGATE_SETUP_ACTPASS) {
        return (struct finding){view->answer_fault,
                                "the answer is actpass and decides no role (RFC 4145 4.1)"};
    }
    if (offer == answer) {
        return (struct finding){view->answer_fault,
                                answer == RTPGATE_SETUP_ACTIVE
                                    ? "offer and answer are both active (RFC 4145 4.1)"
                                    : "offer and answer are both passive (RFC 4145 4.1)"};
    }
    *offerer = answer == RTPGATE_SETUP_PASSIVE ? RTPGATE_ROLE_CLIENT : RTPGATE_ROLE_SERVER;
    return (struct finding){0, ""};
}

static enum rtpgate_role other_role(enum rtpgate_role role) {
    return role == RTPGATE_ROLE_CLIENT ? RTPGATE_ROLE_SERVER : RTPGATE_ROLE_CLIENT;
}

static bool has_fingerprint(const struct rtpgate_description *description,
                            const struct rtpgate_fingerprint *wanted) {
    for (size_t i = 0; i < description->fingerprint_count; i++) {
        const struct rtpgate_fingerprint *item = &description->fingerprints[i];

        if (item->hash == wanted->hash && memcmp(item->bytes, wanted->bytes, item->length) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_fingerprints_of(const struct rtpgate_description *description,
                                const struct rtpgate_description *other) {
    for (size_t i = 0; i < other->fingerprint_count; i++) {
        if (!has_fingerprint(description, &other->fingerprints[i])) {
            return false;
        }
    }
    return true;
}

static bool same_fingerprints(const struct rtpgate_description *a,
                              const struct rtpgate_description *b) {
    return has_fingerprints_of(a, b) && has_fingerprints_of(b, a);
}

static bool tls_id_changed(const struct rtpgate_description *before,
                           const struct rtpgate_description *now) {
    return has_tls_id(before) && has_tls_id(now) && strcmp(before->tls_id, now->tls_id) != 0;
}

static bool tls_id_stays(const struct rtpgate_description *before,
                         const struct rtpgate_description *now) {
    return has_tls_id(before) && strcmp(before->tls_id, now->tls_id) == 0;
}

static struct finding compare(const struct rtpgate_association *before,
                              const struct rtpgate_exchange *now, enum rtpgate_role role) {
    bool legacy = !has_tls_id(now->local) || !has_tls_id(now->remote);

    if (before->role == RTPGATE_ROLE_UNDECIDED) {
        return (struct finding){RTPGATE_NEW, "there was no association"};
    }
    if (tls_id_changed(&before->local, now->local) ||
        tls_id_changed(&before->remote, now->remote)) {
        return (struct finding){RTPGATE_NEW, "a tls-id changed (RFC 8842 3.1)"};
    }
    if (!same_fingerprints(&before->local, now->local) ||
        !same_fingerprints(&before->remote, now->remote)) {
        return (struct finding){RTPGATE_NEW, "the fingerprints changed (RFC 8842 3.1)"};
    }
    if (legacy && now->transport_changed) {
        return (struct finding){RTPGATE_NEW, "the transport changed (RFC 8842 4)"};
    }
    if (role == before->role) {
        return (struct finding){RTPGATE_KEEP, "nothing changed"};
    }
    if (tls_id_stays(&before->local, now->local) && tls_id_stays(&before->remote, now->remote)) {
        return (struct finding){view_of(now).answer_fault,
                                "the roles change, but no tls-id or fingerprint (RFC 8842 5.3)"};
    }
    return (struct finding){RTPGATE_NEW, "the roles changed (RFC 8842 3.1)"};
}

/* The answerer can still correct this, so it is told; the offerer can do nothing. */
static bool answers_with_old_tls_id(const struct rtpgate_association *before,
                                    const struct rtpgate_exchange *now) {
    return before->role != RTPGATE_ROLE_UNDECIDED && !now->offered &&
           tls_id_stays(&before->local, now->local);
}

static struct finding decide(const struct rtpgate_association *before,
                             const struct rtpgate_exchange *now, enum rtpgate_role *role) {
    struct view view = view_of(now);
    struct finding finding = check_sides(&view);

    if (finding.code < 0) {
        return finding;
    }
    finding = check_setup(&view, role);
    if (finding.code < 0) {
        return finding;
    }
    *role = now->offered ? *role : other_role(*role);
    finding = compare(before, now, *role);
    if (finding.code == RTPGATE_NEW && answers_with_old_tls_id(before, now)) {
        return (struct finding){RTPGATE_ERR_INVAL,
                                "a new association needs a new tls-id (RFC 8842 5.3)"};
    }
    return finding;
}

/* A tls-id that is left out once stays assigned (RFC 8842 5.5). */
static void remember(struct rtpgate_description *known, const struct rtpgate_description *now,
                     int verdict) {
    struct rtpgate_description next = *now;

    if (verdict == RTPGATE_KEEP && !has_tls_id(&next)) {
        memcpy(next.tls_id, known->tls_id, sizeof(next.tls_id));
    }
    *known = next;
}

static bool is_usable(const struct rtpgate_association *association,
                      const struct rtpgate_exchange *exchange) {
    return association != NULL && exchange != NULL && exchange->local != NULL &&
           exchange->remote != NULL && (unsigned)association->role <= RTPGATE_ROLE_SERVER &&
           rg_description_well_formed(&association->local) &&
           rg_description_well_formed(&association->remote) &&
           rg_description_well_formed(exchange->local) &&
           rg_description_well_formed(exchange->remote);
}

static int tell(struct finding finding, const char **why) {
    if (why != NULL) {
        *why = finding.why;
    }
    return finding.code;
}

static const struct finding unusable = {RTPGATE_ERR_INVAL,
                                        "an argument is missing or out of its range"};

int rtpgate_negotiate(struct rtpgate_association *association,
                      const struct rtpgate_exchange *exchange, const char **why) {
    enum rtpgate_role role = RTPGATE_ROLE_UNDECIDED;
    struct finding finding;

    if (!is_usable(association, exchange)) {
        return tell(unusable, why);
    }
    finding = decide(association, exchange, &role);
    if (finding.code >= 0) {
        remember(&association->local, exchange->local, finding.code);
        remember(&association->remote, exchange->remote, finding.code);
        association->role = role;
    }
    return tell(finding, why);
}

/* The answer that leaves an existing association alone. */
static void make_same(struct rtpgate_description *answer,
                      const struct rtpgate_association *association) {
    answer->setup =
        association->role == RTPGATE_ROLE_CLIENT ? RTPGATE_SETUP_ACTIVE : RTPGATE_SETUP_PASSIVE;
    if (has_tls_id(&association->local)) {
        memcpy(answer->tls_id, association->local.tls_id, sizeof(answer->tls_id));
    }
}

/* The answer for a new association. */
static void make_new(struct rtpgate_description *answer, const struct rtpgate_description *offer) {
    if (offer->setup == RTPGATE_SETUP_ACTPASS) {
        answer->setup =
            answer->setup == RTPGATE_SETUP_PASSIVE ? RTPGATE_SETUP_PASSIVE : RTPGATE_SETUP_ACTIVE;
    } else {
        answer->setup =
            offer->setup == RTPGATE_SETUP_PASSIVE ? RTPGATE_SETUP_ACTIVE : RTPGATE_SETUP_PASSIVE;
    }
}

static struct finding try_answer(struct rtpgate_description *answer,
                                 const struct rtpgate_association *association,
                                 const struct rtpgate_exchange *exchange) {
    struct rtpgate_exchange tried = *exchange;
    enum rtpgate_role role;

    if (!has_tls_id(exchange->remote)) {
        answer->tls_id[0] = '\0';
    }
    tried.local = answer;
    return decide(association, &tried, &role);
}

int rtpgate_negotiate_answer(struct rtpgate_description *answer,
                             const struct rtpgate_association *association,
                             const struct rtpgate_exchange *exchange, const char **why) {
    struct rtpgate_description tried;
    struct finding finding;

    if (answer == NULL || !is_usable(association, exchange) || exchange->offered) {
        return tell(unusable, why);
    }
    tried = *exchange->local;
    make_same(&tried, association);
    finding = try_answer(&tried, association, exchange);
    if (finding.code != RTPGATE_KEEP) {
        tried = *exchange->local;
        make_new(&tried, exchange->remote);
        finding = try_answer(&tried, association, exchange);
    }
    if (finding.code >= 0) {
        *answer = tried;
    }
    return tell(finding, why);
}
