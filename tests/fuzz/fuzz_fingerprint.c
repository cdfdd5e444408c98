#include <rtpgate/fingerprint.h>

#include <string.h>

#include <rtpgate/error.h>

#include "fuzz/fuzz.h"
#include "wire/fingerprint_set.h"

enum { CAPACITY = 4 };

/* What was read can be written, and read again to the same. */
static void must_survive(const struct rtpgate_fingerprint *fingerprint) {
    char text[RTPGATE_FINGERPRINT_MAX_TEXT];
    struct rtpgate_fingerprint again;
    int length = rtpgate_fingerprint_format(fingerprint, text, sizeof(text));

    must(length > 0 && strlen(text) == (size_t)length);
    must(rtpgate_fingerprint_parse(&again, text, (size_t)length) == 0);
    must(again.hash == fingerprint->hash && again.length == fingerprint->length);
    must(again.length == rg_hash_length(again.hash));
    must(memcmp(again.bytes, fingerprint->bytes, again.length) == 0);
}

static void read_sdp(const char *text, size_t size) {
    struct rtpgate_fingerprint found[CAPACITY];
    int count = rtpgate_fingerprint_parse_sdp(found, CAPACITY, text, size);

    must(count == RTPGATE_ERR_MALFORMED || count == RTPGATE_ERR_NOBUF ||
         (count >= 1 && count <= CAPACITY));
    for (int i = 0; i < count; i++) {
        must_survive(&found[i]);
    }
    if (count > 1) {
        must(rtpgate_fingerprint_parse_sdp(found, (size_t)count - 1, text, size) ==
             RTPGATE_ERR_NOBUF);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char nothing[] = "";
    const char *text = size > 0 ? (const char *)data : nothing;
    struct rtpgate_fingerprint fingerprint;
    int outcome = rtpgate_fingerprint_parse(&fingerprint, text, size);

    must(outcome == 0 || outcome == RTPGATE_ERR_MALFORMED);
    if (outcome == 0) {
        must_survive(&fingerprint);
    }
    read_sdp(text, size);
    return 0;
}
