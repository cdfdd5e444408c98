#include <rtpgate/description.h>

#include <string.h>

#include <rtpgate/error.h>
#include <rtpgate/negotiate.h>

#include "fuzz/fuzz.h"
#include "wire/description.h"

/* What was read can be written, and read again to the same. */
static void must_survive(const struct rtpgate_description *description) {
    char text[RTPGATE_DESCRIPTION_MAX_TEXT];
    struct rtpgate_description again;
    int length = rtpgate_description_format(description, text, sizeof(text));

    if (description->setup == RTPGATE_SETUP_HOLDCONN) {
        must(length == RTPGATE_ERR_INVAL);
        return;
    }
    must(length >= 0 && strlen(text) == (size_t)length);
    must(rtpgate_description_parse(&again, text, (size_t)length, 0) == 0);
    must(again.setup == description->setup && strcmp(again.tls_id, description->tls_id) == 0);
    must(again.fingerprint_count == description->fingerprint_count);
    must(memcmp(again.fingerprints, description->fingerprints, sizeof(again.fingerprints)) == 0);
}

/* A peer that answers what it must comes to the same verdict as we. */
static void must_be_answered(const struct rtpgate_description *offer) {
    struct rtpgate_association association = {.role = RTPGATE_ROLE_UNDECIDED};
    struct rtpgate_description answer = {.tls_id = "abc3de65cddef001be82",
                                         .fingerprints = {{RTPGATE_HASH_SHA256, 32, {1}}},
                                         .fingerprint_count = 1};
    struct rtpgate_exchange exchange = {.local = &answer, .remote = offer};
    int verdict = rtpgate_negotiate_answer(&answer, &association, &exchange, NULL);
    bool good = offer->setup != RTPGATE_SETUP_HOLDCONN && offer->fingerprint_count > 0;

    must(verdict == (good ? RTPGATE_NEW : RTPGATE_ERR_MALFORMED));
    if (good) {
        must(rtpgate_negotiate(&association, &exchange, NULL) == RTPGATE_NEW);
        must(rtpgate_negotiate(&association, &exchange, NULL) == RTPGATE_KEEP);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char nothing[] = "";
    const char *text = size > 0 ? (const char *)data : nothing;

    for (size_t index = 0; index < 3; index++) {
        struct rtpgate_description description;
        int outcome = rtpgate_description_parse(&description, text, size, index);

        must(outcome == 0 || outcome == RTPGATE_ERR_MALFORMED || outcome == RTPGATE_ERR_INVAL);
        must(outcome != RTPGATE_ERR_INVAL || index > 0);
        if (outcome == 0) {
            must(rg_description_well_formed(&description));
            must_survive(&description);
            must_be_answered(&description);
        }
    }
    return 0;
}
