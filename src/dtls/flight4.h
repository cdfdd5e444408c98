/*
 * Which of the versions of a server's messages make its flight 4 (RFC 6347 4.2.4), as a client sees
 * it. Only ServerKeyExchange is signed; whatever else is forged shows in the engine, or in that
 * nobody answers our flight 5.
 */
#ifndef RG_DTLS_FLIGHT4_H
#define RG_DTLS_FLIGHT4_H

#include "dtls/association.h"

/* Whether the fragment may belong to a flight 4 whose ServerHello has message_seq `first`. */
bool rg_flight4_fits(const struct rg_fragment *fragment, unsigned first);

/* Opens the engine anew, silently, with the ClientHello that was sent already, and, when asked to,
 * with the HelloVerifyRequest that was obeyed. */
bool rg_flight4_reopen(struct rg_candidate *candidate, bool cookie);

/*
 * Shows the engine combinations that it has not seen and that no other candidate has taken; true
 * when flight 5 has left, after which the candidate may be gone. `trusted_only`: those that
 * somebody who cannot read the path could have forged wait a little.
 */
bool rg_flight4_search(struct rg_candidate *candidate, bool trusted_only);

/* The handshake is over: nobody answers its flight 4 again. */
void rg_flight4_retire(const struct rg_candidate *candidate);

#endif
