/* How libsrtp is started, once a process. */
#ifndef RG_SRTP_START_H
#define RG_SRTP_START_H

#include <srtp2/srtp.h>

/* Our code for what libsrtp answers when something is made: 0, RTPGATE_ERR_NOMEM or
 * RTPGATE_ERR_CRYPTO. `errno` was 0 before the call: while keys are derived libsrtp says init_fail
 * of everything, and what took the memory says ENOMEM. */
int rg_srtp_code(srtp_err_status_t status);

#endif
