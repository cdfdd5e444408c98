#include <stdio.h>
#include <string.h>

#include "dtls/association.h"

/* How often our timer must fire without an answer before bad news is believed: on a lossy path
 * silence alone proves little. */
enum { UNHEARD_MIN = 8 };

static bool is_told(const struct rtpgate_session *session, int cause) {
    return (session->advised >> ((unsigned)-cause & 31U) & 1U) != 0;
}

void rg_tell(struct rtpgate_session *session, int cause, uint8_t alert, const char *text) {
    /* The tag carries the cause (as a positive number) and the alert. */
    uint64_t tag = (uint64_t)(-cause) << 8 | alert;
    if (!is_told(session, cause) &&
        rg_queue_push(&session->events, (const uint8_t *)text, strlen(text) + 1, tag,
                      RTPGATE_EVENT_ADVICE) == 0) {
        session->advised |= UINT32_C(1) << ((unsigned)-cause & 31U);
    }
}

void rg_advise(struct rtpgate_session *session, int cause, uint8_t alert, const char *text) {
    struct rg_bad_news *news = &session->bad_news;
    bool hope = rg_has_hope(session);
    rg_tell(session, cause, alert, text);
    /* The grace runs from the news that took the last hope, which is the cause, too. */
    if (news->cause == 0 || (news->hope && !hope)) {
        news->cause = cause;
        news->alert = alert;
        news->since = session->now;
        news->hope = hope;
        rg_keep_text(&news->text, text);
    }
    /* A server that has answered nobody still waits, but not for ever. */
    if (session->state == RTPGATE_STATE_NEW && session->deadline == RTPGATE_NEVER) {
        session->deadline = rg_time_add(session->now, session->config->deadline);
    }
}

void rg_heard(struct rtpgate_session *session, struct rg_candidate *candidate) {
    candidate->doubted = false;
    candidate->unheard = 0;
    session->bad_news.cause = 0;
}

bool rg_has_mismatch(const struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage == RG_STAGE_DONE && candidate->doubted) {
            return true;
        }
    }
    return false;
}

void rg_still_there(struct rtpgate_session *session, struct rg_candidate *candidate) {
    candidate->unheard = 0;
    if (session->role != RTPGATE_ROLE_CLIENT || !rg_has_mismatch(session)) {
        session->bad_news.since = session->now;
    }
}

bool rg_has_hope(const struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        if (session->candidates[i] != NULL && !session->candidates[i]->doubted) {
            return true;
        }
    }
    return false;
}

/* A client that has proven itself in flight 5 repeats it by its own timer (RFC 6347 4.2.4.1: 1 s
 * and more), and nobody is asked by ours. */
static bool has_proven_itself(const struct rg_candidate *candidate) {
    return candidate->session->role == RTPGATE_ROLE_SERVER && candidate->stage == RG_STAGE_FINISHED;
}

/* A server that talks to nobody, not yet or not any more. */
static bool is_alone(const struct rtpgate_session *session) {
    bool alone = session->role == RTPGATE_ROLE_SERVER;
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        alone = alone && session->candidates[i] == NULL;
    }
    return alone || session->state == RTPGATE_STATE_NEW;
}

/* Whether silence confirms the bad news: a peer that we talk to has left our timer unanswered. One
 * that we do not talk to may still come, until the deadline. Nor does anything confirm it when
 * somebody has forged a message, as other versions of it show. */
static bool is_confirmed(const struct rtpgate_session *session) {
    if (session->config->grace == 0) {
        return true;
    }
    if (is_alone(session) || rg_messages_is_disputed(&session->messages)) {
        return false;
    }
    if (session->role == RTPGATE_ROLE_CLIENT && rg_has_mismatch(session)) {
        return true; /* that is no matter of silence */
    }
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL &&
            (has_proven_itself(candidate) ||
             (candidate->flight.due != RTPGATE_NEVER && candidate->unheard < UNHEARD_MIN))) {
            return false;
        }
    }
    return true;
}

uint64_t rg_verdict_due(const struct rtpgate_session *session) {
    if (session->bad_news.cause == 0 || rg_has_hope(session) || !is_confirmed(session)) {
        return RTPGATE_NEVER;
    }
    return rg_time_add(session->bad_news.since, session->config->grace);
}

static bool sent_flight5(const struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        const struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && candidate->stage == RG_STAGE_FINISHED) {
            return true;
        }
    }
    return false;
}

static const char *silence(const struct rtpgate_session *session) {
    if (session->state == RTPGATE_STATE_UNVERIFIED) {
        return "the peer's fingerprint did not come in time";
    }
    if (session->paths.early.count > 0) {
        return "the peer's datagrams came on no path that was declared valid "
               "(rtpgate_session_path_valid)";
    }
    if (session->role == RTPGATE_ROLE_SERVER) {
        return "the client did not answer our certificate (flight 4) with a proof of its own";
    }
    return sent_flight5(session)
               ? "the server is silent since our Finished (flight 5)"
               : "the server did not answer our ClientHello (flight 1) completely";
}

static void time_out(struct rtpgate_session *session) {
    const struct rg_bad_news *news = &session->bad_news;
    if (news->cause != 0 && !rg_has_hope(session)) {
        rg_fail(session, news->cause, news->alert, news->text);
    } else {
        rg_fail(session, RTPGATE_ERR_TIMEOUT, 0, silence(session));
    }
}

/* Whether `when` has come; RTPGATE_NEVER never does. */
static bool is_due(const struct rtpgate_session *session, uint64_t when) {
    return when != RTPGATE_NEVER && session->now >= when;
}

void rg_judge(struct rtpgate_session *session) {
    const struct rg_bad_news *news = &session->bad_news;
    if (is_due(session, rg_verdict_due(session))) {
        rg_fail(session, news->cause, news->alert, news->text);
    } else if (is_due(session, session->deadline) && session->state == RTPGATE_STATE_READY) {
        session->deadline = RTPGATE_NEVER;
        rg_candidate_release(session->active);
    } else if (is_due(session, session->deadline)) {
        time_out(session);
    }
}

void rg_expire_flights(struct rtpgate_session *session) {
    for (size_t i = 0; i < RG_CANDIDATES; i++) {
        struct rg_candidate *candidate = session->candidates[i];
        if (candidate != NULL && is_due(session, candidate->flight.due)) {
            candidate->unheard++;
            rg_candidate_expire(candidate);
        }
    }
}
