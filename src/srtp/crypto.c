#include "srtp/crypto.h"

#include <stddef.h>

#include "srtp/ciphers.h"

srtp_err_status_t rg_crypto_install(void) {
    static const srtp_cipher_type_t *const ciphers[] = {&rg_aes_cm_128, &rg_aes_cm_256,
                                                        &rg_aes_gcm_128, &rg_aes_gcm_256};
    srtp_err_status_t status = srtp_replace_auth_type(&rg_hmac_sha1, rg_hmac_sha1.id);

    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0] && status == srtp_err_status_ok;
         i++) {
        status = srtp_replace_cipher_type(ciphers[i], ciphers[i]->id);
    }
    return status;
}
