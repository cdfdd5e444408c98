/* Our certificate and its private key. */
#ifndef RTPGATE_IDENTITY_H
#define RTPGATE_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include <rtpgate/export.h>
#include <rtpgate/fingerprint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reference counted and immutable: any number of threads may share one. */
typedef struct rtpgate_identity rtpgate_identity;

/*
 * Makes a self-signed ECDSA P-256 certificate with a random serial number and a subject that names
 * nobody (RFC 8827 6.5).
 *
 * out: written only on success; release it with rtpgate_identity_free. not_before, not_after: Unix
 * seconds; browsers make theirs for 30 days. No clock is read.
 * Returns 0; RTPGATE_ERR_INVAL when `out` is NULL, not_before >= not_after, or not_after is beyond
 * what a certificate can say (the end of the year 9999); RTPGATE_ERR_NOMEM; RTPGATE_ERR_CRYPTO.
 */
RTPGATE_API int rtpgate_identity_generate(rtpgate_identity **out, uint64_t not_before,
                                          uint64_t not_after);

/*
 * Reads a certificate (chain, leaf first) and its private key from PEM. The key may be PKCS#8,
 * plain or encrypted, or the traditional EC or RSA form.
 *
 * certificate, key: `..._length` bytes each, owned by the caller, no NUL needed; both may be the
 * same buffer. password: NUL-terminated, or NULL when the key is not encrypted. Returns 0;
 * RTPGATE_ERR_INVAL for a NULL; RTPGATE_ERR_MALFORMED when either does not parse, the chain
 * has more than 12000 bytes or 16 certificates, the leaf's key usage excludes signatures, the
 * password is wrong or missing, the key does not belong to the certificate, or its algorithm is not
 * ECDSA (P-256, P-384) or RSA of at least 2048 bits; RTPGATE_ERR_NOMEM.
 */
RTPGATE_API int rtpgate_identity_import_pem(rtpgate_identity **out, const void *certificate,
                                            size_t certificate_length, const void *key,
                                            size_t key_length, const char *password);

/* As rtpgate_identity_import_pem, from one DER certificate and one DER key. */
RTPGATE_API int rtpgate_identity_import_der(rtpgate_identity **out, const void *certificate,
                                            size_t certificate_length, const void *key,
                                            size_t key_length, const char *password);

/* One more reference to `identity`; returns it. */
RTPGATE_API rtpgate_identity *rtpgate_identity_ref(rtpgate_identity *identity);

/* Gives one reference back; the last one zeroes and frees the key. NULL is fine. */
RTPGATE_API void rtpgate_identity_free(rtpgate_identity *identity);

/*
 * The fingerprint of the leaf certificate, for the SDP.
 * out: written only on success. Returns 0; RTPGATE_ERR_INVAL for a NULL or an unknown `hash`.
 */
RTPGATE_API int rtpgate_identity_fingerprint(const rtpgate_identity *identity,
                                             enum rtpgate_hash hash,
                                             struct rtpgate_fingerprint *out);

/* The leaf certificate in DER; `*length` is set; the bytes live as long as `identity`. */
RTPGATE_API const uint8_t *rtpgate_identity_certificate(const rtpgate_identity *identity,
                                                        size_t *length);

/* The end of the leaf certificate's validity in Unix seconds: make a new identity before it. */
RTPGATE_API uint64_t rtpgate_identity_not_after(const rtpgate_identity *identity);

#ifdef __cplusplus
}
#endif

#endif
