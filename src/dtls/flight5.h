/*
 * Which of the versions of a client's messages make its flight 5 (RFC 6347 4.2.4), as a server sees
 * it. An engine cannot go back after a wrong one, so it is shown only what CertificateVerify
 * proves.
 */
#ifndef RG_DTLS_FLIGHT5_H
#define RG_DTLS_FLIGHT5_H

#include "dtls/association.h"

/*
 * Tries combinations that this candidate was not tried with: at once those that came as a whole, or
 * last; others, which whoever mixes messages can multiply, have but half of the checks. After it
 * the candidate may be gone. False: because of a flight that was shown to the engine without a
 * proof (RTPGATE_PROOF_AFTER_ANOMALY).
 */
bool rg_flight5_search(struct rg_candidate *candidate);
/* What was tried counts for nothing: others are expected now. */
void rg_flight5_forget(struct rg_candidate *candidate);

#endif
