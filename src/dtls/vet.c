#include "dtls/vet.h"

#include <stdio.h>
#include <string.h>

#include <rtpgate/error.h>

#include "wire/record.h"

enum { GROUP_SECP256R1 = 23, LISTED_MAX = 16 };

static size_t list_count(struct rg_bytes list) {
    return list.length / 2;
}

static uint16_t list_at(struct rg_bytes list, size_t i) {
    return (uint16_t)(list.at[2 * i] << 8 | list.at[2 * i + 1]);
}

void rg_list_format(char *text, size_t capacity, struct rg_bytes list) {
    size_t used = strlen(text);
    for (size_t i = 0; i < list_count(list) && i < LISTED_MAX && used + 16 < capacity; i++) {
        const char *separator = i == 0 ? "" : ", ";
        int more = snprintf(text + used, capacity - used, "%s0x%04x", separator,
                            (unsigned)list_at(list, i));
        used += more > 0 ? (size_t)more : 0;
    }
    if (list_count(list) > LISTED_MAX && used + 8 < capacity) {
        (void)snprintf(text + used, capacity - used, ", ...");
    }
}

static bool shares(const struct rg_numbers *ours, struct rg_bytes theirs) {
    for (size_t i = 0; i < list_count(theirs); i++) {
        if (rg_numbers_have(ours, list_at(theirs, i))) {
            return true;
        }
    }
    return false;
}

static int refuse(char text[RG_TEXT], int cause, const char *sentence, struct rg_bytes list) {
    (void)snprintf(text, RG_TEXT, "%s", sentence);
    if (list.length > 0) {
        rg_list_format(text, RG_TEXT, list);
    }
    return cause;
}

static int refuse_number(char text[RG_TEXT], int cause, const char *sentence, unsigned number) {
    (void)snprintf(text, RG_TEXT, "%s 0x%04x", sentence, number);
    return cause;
}

/* DTLS versions count downwards: 0xfefd is 1.2, 0xfeff is 1.0 (RFC 6347 4.1). A supported_versions
 * list, when there is one, is what counts (RFC 8446 4.2.1). */
static bool speaks_dtls12(const struct rg_client_hello *hello) {
    if (hello->versions.length > 0) {
        return rg_list_has(hello->versions, RG_VERSION_DTLS12);
    }
    return hello->version >> 8 == RG_VERSION_DTLS12 >> 8 && hello->version <= RG_VERSION_DTLS12;
}

/* RFC 8422 4: without the groups extension any group may be chosen; P-256 is what such clients
 * have. */
static bool shares_group(const struct rg_numbers *groups, struct rg_bytes offered) {
    return offered.length == 0 ? rg_numbers_have(groups, GROUP_SECP256R1) : shares(groups, offered);
}

static int vet_crypto(const rtpgate_config *config, const struct rg_client_hello *hello,
                      char text[RG_TEXT]) {
    if (!shares(&config->server_suites, hello->suites)) {
        return refuse(text, RTPGATE_ERR_CIPHER,
                      "no common cipher suite (ours are ECDHE with AEAD); the client offers ",
                      hello->suites);
    }
    if (!shares_group(&config->groups, hello->groups)) {
        return refuse(text, RTPGATE_ERR_CIPHER, "no common group; the client offers ",
                      hello->groups);
    }
    if (!shares(&config->schemes, hello->signatures)) {
        return refuse(text, RTPGATE_ERR_CIPHER,
                      "no signature scheme that our key can make; the client offers ",
                      hello->signatures);
    }
    return 0;
}

static int vet_mki(struct rg_bytes mki, char text[RG_TEXT]) {
    if (mki.length == 0) {
        return 0;
    }
    (void)snprintf(text, RG_TEXT, "the peer wants an SRTP MKI of %zu bytes, which is not supported",
                   mki.length);
    return RTPGATE_ERR_MKI;
}

static int choose_profile(const rtpgate_config *config, const struct rg_client_hello *hello,
                          uint16_t *profile, char text[RG_TEXT]) {
    if (!hello->use_srtp) {
        return refuse(text, RTPGATE_ERR_NO_USE_SRTP, "the client does not offer use_srtp",
                      (struct rg_bytes){0});
    }
    for (size_t i = 0; i < config->profile_count; i++) {
        if (rg_list_has(hello->profiles, (uint16_t)config->profiles[i])) {
            *profile = (uint16_t)config->profiles[i];
            return vet_mki(hello->mki, text);
        }
    }
    return refuse(text, RTPGATE_ERR_NO_PROFILE, "no common SRTP profile; the client offers ",
                  hello->profiles);
}

static int refuse_version(const struct rg_client_hello *hello, char text[RG_TEXT]) {
    if (hello->versions.length > 0) {
        return refuse(text, RTPGATE_ERR_VERSION, "the client does not speak DTLS 1.2; it offers ",
                      hello->versions);
    }
    return refuse_number(text, RTPGATE_ERR_VERSION, "the client does not speak DTLS 1.2; it offers",
                         hello->version);
}

int rg_vet_client_hello(const rtpgate_config *config, const struct rg_client_hello *hello,
                        uint16_t *profile, char text[RG_TEXT]) {
    if (!speaks_dtls12(hello)) {
        return refuse_version(hello, text);
    }
    if (!hello->null_compression) {
        return refuse(text, RTPGATE_ERR_HANDSHAKE, "the client offers no null compression",
                      (struct rg_bytes){0});
    }
    int cause = vet_crypto(config, hello, text);
    if (cause == 0 && !hello->extended_master_secret) {
        cause = refuse(text, RTPGATE_ERR_EMS,
                       "the client does not offer the extended master secret (RFC 7627)",
                       (struct rg_bytes){0});
    }
    return cause != 0 ? cause : choose_profile(config, hello, profile, text);
}

static bool offered_profile(const rtpgate_config *config, uint16_t profile) {
    for (size_t i = 0; i < config->profile_count; i++) {
        if ((uint16_t)config->profiles[i] == profile) {
            return true;
        }
    }
    return false;
}

int rg_vet_server_hello(const rtpgate_config *config, const struct rg_server_hello *hello,
                        char text[RG_TEXT]) {
    const struct rg_bytes none = {0};
    if (hello->version != RG_VERSION_DTLS12) {
        return refuse_number(text, RTPGATE_ERR_VERSION,
                             "the server chose another version:", hello->version);
    }
    if (!rg_numbers_have(&config->client_suites, hello->suite)) {
        return refuse_number(text, RTPGATE_ERR_CIPHER,
                             "the server chose a suite that was not offered:", hello->suite);
    }
    if (hello->compression != 0) {
        return refuse_number(
            text, RTPGATE_ERR_HANDSHAKE,
            "the server chose a compression that was not offered:", hello->compression);
    }
    if (!hello->extended_master_secret) {
        return refuse(text, RTPGATE_ERR_EMS,
                      "the server refused the extended master secret (RFC 7627)", none);
    }
    if (!hello->use_srtp) {
        return refuse(text, RTPGATE_ERR_NO_USE_SRTP, "the server chose no SRTP profile of ours",
                      none);
    }
    if (!offered_profile(config, hello->profile)) {
        return refuse_number(
            text, RTPGATE_ERR_NO_PROFILE,
            "the server chose an SRTP profile that was not offered:", hello->profile);
    }
    return vet_mki(hello->mki, text);
}
