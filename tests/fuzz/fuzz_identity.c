/*
 * A certificate and a key, as PEM in one text, and as DER: the certificate's length in two bytes,
 * the certificate, the key. What is imported has a fingerprint and serves a config. There is no
 * password: how long the derivation of a key from it takes, the text decides.
 */
#include <rtpgate/identity.h>

#include <rtpgate/config.h>
#include <rtpgate/error.h>

#include "fuzz/fuzz.h"
#include "fuzz/random.h"

static void must_serve(int outcome, rtpgate_identity *identity) {
    struct rtpgate_fingerprint fingerprint;
    rtpgate_config *config = NULL;
    size_t length = 0;

    must((outcome == 0) == (identity != NULL));
    must(outcome == 0 || outcome == RTPGATE_ERR_MALFORMED);
    if (outcome == 0) {
        must(rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, &fingerprint) == 0);
        must(rtpgate_identity_certificate(identity, &length) != NULL && length > 0);
        must(rtpgate_config_new(&config, identity) == 0);
    }
    rtpgate_config_free(config);
    rtpgate_identity_free(identity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rg_reader reader = rg_reader_make(data, size);
    struct rg_bytes certificate = rg_read_vector16(&reader);
    rtpgate_identity *identity = NULL;
    int outcome;

    fuzz_random_begin(data, size);
    if (size > 0) {
        outcome = rtpgate_identity_import_pem(&identity, data, size, data, size, NULL);
        must_serve(outcome, identity);
    }
    identity = NULL;
    if (!reader.failed && certificate.length > 0 && reader.left > 0) {
        outcome = rtpgate_identity_import_der(&identity, certificate.at, certificate.length,
                                              reader.at, reader.left, NULL);
        must_serve(outcome, identity);
    }
    return 0;
}
