#include "wire/hello.h"

#include <string.h>

#include <rtpgate/config.h>

#include "dtls/vet.h"
#include "fuzz/fuzz.h"
#include "wire/handshake.h"

static const rtpgate_config *config(void) {
    static rtpgate_config *made;
    rtpgate_identity *identity = NULL;

    if (made == NULL) {
        must(rtpgate_identity_generate(&identity, 1700000000, 1800000000) == 0);
        must(rtpgate_config_new(&made, identity) == 0);
        rtpgate_identity_free(identity);
    }
    return made;
}

/* Good or bad, and why: a sentence that ends within its room. */
static void must_be_judged(int cause, const char *text) {
    must(cause <= 0 && memchr(text, '\0', RG_TEXT) != NULL);
    must((cause == 0) == (text[0] == '\0'));
}

static void must_be_list(struct rg_bytes list, const uint8_t *data, size_t size) {
    must_be_inside(list, data, size);
    must(list.length % 2 == 0);
    must(list.length == 0 || rg_list_has(list, (uint16_t)(list.at[0] << 8 | list.at[1])));
}

static void read_client_hello(const uint8_t *data, size_t size) {
    struct rg_client_hello hello;
    char text[RG_TEXT] = "";
    uint16_t profile = 0;
    int cause;

    if (!rg_client_hello_parse((struct rg_bytes){data, size}, &hello)) {
        return;
    }
    must(hello.random.length == RG_RANDOM);
    must_be_inside(hello.random, data, size);
    must(hello.session_id.length <= 32);
    must_be_inside(hello.session_id, data, size);
    must_be_inside(hello.cookie, data, size);
    must(hello.suites.length > 0);
    must_be_list(hello.suites, data, size);
    must_be_list(hello.groups, data, size);
    must_be_list(hello.signatures, data, size);
    must_be_list(hello.versions, data, size);
    must_be_list(hello.profiles, data, size);
    must_be_inside(hello.mki, data, size);
    must(hello.use_srtp == (hello.profiles.length > 0));
    must(hello.use_srtp || hello.mki.length == 0);
    cause = rg_vet_client_hello(config(), &hello, &profile, text);
    must_be_judged(cause, text);
    must(cause != 0 || (profile != 0 && rg_list_has(hello.profiles, profile)));
}

static void read_server_hello(const uint8_t *data, size_t size) {
    struct rg_server_hello hello;
    char text[RG_TEXT] = "";

    if (!rg_server_hello_parse((struct rg_bytes){data, size}, &hello)) {
        return;
    }
    must(hello.random.length == RG_RANDOM);
    must_be_inside(hello.random, data, size);
    must_be_inside(hello.mki, data, size);
    must(hello.use_srtp || (hello.profile == 0 && hello.mki.length == 0));
    must_be_judged(rg_vet_server_hello(config(), &hello, text), text);
}

/* Every body that is read before the peer is known; all views lie within it. Hellos are vetted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct rg_bytes body = {data, size};
    struct rg_bytes bytes;
    uint16_t scheme;

    read_client_hello(data, size);
    read_server_hello(data, size);
    if (rg_hello_verify_request_parse(body, &bytes)) {
        must(bytes.length + 3 == size);
        must_be_inside(bytes, data, size);
    }
    if (rg_certificate_leaf(body, &bytes)) {
        must((bytes.length == 0) == (size == 3));
        must_be_inside(bytes, data, size);
    }
    if (rg_certificate_verify(body, &scheme, &bytes)) {
        must(bytes.length + 4 == size);
        must_be_inside(bytes, data, size);
    }
    return 0;
}
