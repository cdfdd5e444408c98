/* Ciphers for libsrtp on GnuTLS and nettle: AES-CM, AES-GCM and HMAC-SHA1. */
#ifndef RG_SRTP_CRYPTO_H
#define RG_SRTP_CRYPTO_H

#include <srtp2/srtp.h>

/*
 * Puts them in the place of libsrtp's own, for all contexts of the process that are made from now
 * on. libsrtp tests each with its vectors and ours before it takes it; the first that fails ends
 * this, and the status tells why. libsrtp must be initialised.
 */
srtp_err_status_t rg_crypto_install(void);

#endif
