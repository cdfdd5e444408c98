/* Published test vectors, which libsrtp runs on a cipher before it takes it. */
#ifndef RG_SRTP_VECTORS_H
#define RG_SRTP_VECTORS_H

#include <srtp2/auth.h>
#include <srtp2/cipher.h>

extern const srtp_cipher_test_case_t rg_vector_aes_cm_128;  /* RFC 3711 B.2 */
extern const srtp_cipher_test_case_t rg_vector_aes_cm_256;  /* RFC 6188 7.1 */
extern const srtp_cipher_test_case_t rg_vector_aes_gcm_128; /* RFC 7714 16.1.1 */
extern const srtp_cipher_test_case_t rg_vector_aes_gcm_256; /* RFC 7714 16.2.1 */
extern const srtp_auth_test_case_t rg_vector_hmac_sha1;     /* RFC 2202 3, the first */

#endif
