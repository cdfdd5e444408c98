/* Proof that the peer owns the key of a certificate, checked before GnuTLS sees a message. */
#ifndef RG_DTLS_PROOF_H
#define RG_DTLS_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * Whether `signature` by the key of the DER certificate `leaf`, under the TLS 1.2 SignatureScheme
 * `scheme` (RFC 8446 4.2.3 numbers, RFC 5246 4.7), covers `data`. False, too, for a certificate or
 * scheme that is not supported (ECDSA with SHA-256, SHA-384, SHA-512; RSA PKCS#1 and PSS with
 * these).
 */
bool rg_proof_holds(struct rg_bytes leaf, uint16_t scheme, struct rg_bytes data,
                    struct rg_bytes signature);

/*
 * Whether GnuTLS may check a signature under `scheme` by the key of the DER certificate `leaf`: an
 * ECDSA scheme (another kind of key is refused at once), or an RSA key of 2048 to 8192 bits with an
 * exponent of at most 32 bits. Larger ones cost seconds, and anybody can make them.
 */
bool rg_proof_key_is_acceptable(struct rg_bytes leaf, uint16_t scheme);

#endif
