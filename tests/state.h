/* What a session of ours must have come to. */
#ifndef RG_TESTS_STATE_H
#define RG_TESTS_STATE_H

#include <check.h>

#include "sim/ours.h"

static inline void assert_state(const struct sim_ours *ours, enum rtpgate_state state) {
    ck_assert_msg(rtpgate_session_state(ours->session) == state, "%s, not %s: %s",
                  rtpgate_state_name(rtpgate_session_state(ours->session)),
                  rtpgate_state_name(state), rtpgate_session_error(ours->session, NULL));
}

static inline void assert_failed(const struct sim_ours *ours, int cause) {
    int seen = 0;
    const char *text = rtpgate_session_error(ours->session, &seen);
    assert_state(ours, RTPGATE_STATE_FAILED);
    ck_assert_msg(seen == cause, "cause %d: %s", seen, text);
}

#endif
