/* What libsrtp gets in the place of its own ciphers. */
#ifndef RG_SRTP_CIPHERS_H
#define RG_SRTP_CIPHERS_H

#include <srtp2/auth.h>
#include <srtp2/cipher.h>

extern const srtp_cipher_type_t rg_aes_cm_128;  /* RFC 3711 4.1.1 */
extern const srtp_cipher_type_t rg_aes_cm_256;  /* RFC 6188 */
extern const srtp_cipher_type_t rg_aes_gcm_128; /* RFC 7714 */
extern const srtp_cipher_type_t rg_aes_gcm_256;
extern const srtp_auth_type_t rg_hmac_sha1; /* RFC 3711 4.2.1 */

#endif
