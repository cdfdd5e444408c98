#include "srtp/start.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <threads.h>

#include <rtpgate/error.h>
#include <rtpgate/media.h>

#include "srtp/crypto.h"
#include "srtp/media.h"

int rg_srtp_code(srtp_err_status_t status) {
    if (status == srtp_err_status_ok) {
        return 0;
    }
    return status == srtp_err_status_alloc_fail || errno == ENOMEM ? RTPGATE_ERR_NOMEM
                                                                   : RTPGATE_ERR_CRYPTO;
}

static once_flag once = ONCE_FLAG_INIT;
static atomic_int initialised; /* atomic, since the thread sanitizer does not know call_once */

/* Whose ciphers the contexts of this process have. */
enum { CIPHERS_UNDECIDED, CIPHERS_OURS, CIPHERS_OF_LIBSRTP };
static atomic_int ciphers;

/* Whether `whose` is what holds from now on. */
static bool decide_ciphers(int whose) {
    int now = CIPHERS_UNDECIDED;

    return atomic_compare_exchange_strong(&ciphers, &now, whose) || now == whose;
}

int rtpgate_media_keep_libsrtp_ciphers(void) {
    return decide_ciphers(CIPHERS_OF_LIBSRTP) ? 0 : RTPGATE_ERR_STATE;
}

/*
 * libsrtp's ciphers on NSS start all of NSS when nothing else uses it and stop it with the last
 * one: a context costs 687 us then, and 15 us while there is another. So this one stays, with a key
 * that nobody uses; without it everything would work as well.
 */
static srtp_t anchor;

static void make_anchor(void) {
    uint8_t master[SRTP_MAX_KEY_LEN] = {0};
    srtp_policy_t policy;

    memset(&policy, 0, sizeof policy);
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    policy.ssrc.type = ssrc_any_inbound;
    policy.key = master;
    (void)srtp_create(&anchor, &policy);
}

static void initialise(void) {
    srtp_err_status_t status;

    errno = 0;
    status = srtp_init();
    if (status == srtp_err_status_bad_param) { /* its answer to a second call: others were first */
        status = srtp_err_status_ok;
    }
    if (status == srtp_err_status_ok && decide_ciphers(CIPHERS_OURS)) {
        status = rg_crypto_install();
    } else if (status == srtp_err_status_ok) {
        make_anchor();
    }
    atomic_store(&initialised, rg_srtp_code(status));
}

/* Never undone: other users of libsrtp may live in this process. */
int rg_media_prepare(void) {
    call_once(&once, initialise);
    return atomic_load(&initialised);
}
