/*
 * A signature that somebody claims: certificate, signed bytes and signature, the first two with
 * their length in two bytes, and the scheme in two bytes before all of them.
 */
#include "dtls/proof.h"

#include <rtpgate/fingerprint.h>

#include "dtls/identity.h"
#include "fuzz/fuzz.h"
#include "wire/fingerprint_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rg_reader reader = rg_reader_make(data, size);
    uint16_t scheme = rg_read_u16(&reader);
    struct rg_bytes leaf = rg_read_vector16(&reader);
    struct rg_bytes covered = rg_read_vector16(&reader);
    struct rg_bytes signature = {reader.at, reader.left};
    struct rtpgate_fingerprint fingerprint;
    bool holds;

    if (reader.failed) {
        return 0;
    }
    holds = rg_proof_holds(leaf, scheme, covered, signature);
    must(!holds || rg_proof_key_is_acceptable(leaf, scheme));
    must(rg_certificate_fingerprint(leaf, RTPGATE_HASH_SHA256, &fingerprint) == 0);
    must(fingerprint.length == rg_hash_length(RTPGATE_HASH_SHA256));
    return 0;
}
