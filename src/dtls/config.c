#include "dtls/config.h"

#include <rtpgate/error.h>
#include <string.h>

#include "base/alloc.h"
#include "dtls/identity.h"
#include "dtls/scheme.h"

#define MILLISECOND UINT64_C(1000)
#define SECOND UINT64_C(1000000)

/* The only place that says what we speak; the lists that hellos are vetted against are read off it.
 */
static const char priority_string[] =
    "NONE:+VERS-DTLS1.2:+CTYPE-X509:+COMP-NULL:+ECDHE-ECDSA:+ECDHE-RSA:+AEAD"
    ":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
    ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"
    ":+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512"
    ":+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512"
    ":+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512"
    ":%SERVER_PRECEDENCE";

bool rg_numbers_have(const struct rg_numbers *numbers, uint16_t number) {
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->items[i] == number) {
            return true;
        }
    }
    return false;
}

static void numbers_add(struct rg_numbers *numbers, uint16_t number) {
    if (number != 0 && numbers->count < RG_POLICY_ENTRIES) {
        numbers->items[numbers->count++] = number;
    }
}

static uint16_t group_number(unsigned group) {
    switch (group) {
    case GNUTLS_GROUP_SECP256R1:
        return 23;
    case GNUTLS_GROUP_SECP384R1:
        return 24;
    case GNUTLS_GROUP_X25519:
        return 29;
    default:
        return 0;
    }
}

static void read_suites(rtpgate_config *config) {
    gnutls_kx_algorithm_t ours =
        config->identity->kind == RG_KEY_RSA ? GNUTLS_KX_ECDHE_RSA : GNUTLS_KX_ECDHE_ECDSA;
    int code = 0;

    for (unsigned i = 0; code != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; i++) {
        unsigned char id[2];
        gnutls_kx_algorithm_t kx;
        unsigned index;
        uint16_t number;

        code = gnutls_priority_get_cipher_suite_index(config->priority, i, &index);
        /* TLS 1.3's suites are in the list, too, and are skipped by this error of their own. */
        if (code < 0 || gnutls_cipher_suite_info(index, id, &kx, NULL, NULL, NULL) == NULL) {
            continue;
        }
        number = (uint16_t)(id[0] << 8 | id[1]);
        numbers_add(&config->client_suites, number);
        if (kx == ours) {
            numbers_add(&config->server_suites, number);
        }
    }
}

static void read_groups(rtpgate_config *config) {
    const unsigned *list = NULL;
    int count = gnutls_priority_group_list(config->priority, &list);

    for (int i = 0; i < count; i++) {
        numbers_add(&config->groups, group_number(list[i]));
    }
}

static void read_schemes(rtpgate_config *config) {
    unsigned key = config->identity->kind == RG_KEY_RSA ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA;
    const unsigned *list = NULL;
    int count = gnutls_priority_sign_list(config->priority, &list);

    for (int i = 0; i < count; i++) {
        gnutls_sign_algorithm_t algorithm = (gnutls_sign_algorithm_t)list[i];

        if (gnutls_sign_supports_pk_algorithm(algorithm, key) != 0) {
            numbers_add(&config->schemes, rg_scheme_number(algorithm));
        }
    }
}

static int read_policy(rtpgate_config *config) {
    int code = gnutls_priority_init2(&config->priority, priority_string, NULL, 0);

    if (code < 0) {
        return code == GNUTLS_E_MEMORY_ERROR ? RTPGATE_ERR_NOMEM : RTPGATE_ERR_CRYPTO;
    }
    read_suites(config);
    read_groups(config);
    read_schemes(config);
    return 0;
}

static void set_defaults(rtpgate_config *config) {
    static const enum rtpgate_srtp_profile profiles[RG_PROFILES] = {
        RTPGATE_SRTP_AEAD_AES_128_GCM,
        RTPGATE_SRTP_AEAD_AES_256_GCM,
        RTPGATE_SRTP_AES128_CM_SHA1_80,
        RTPGATE_SRTP_AES128_CM_SHA1_32,
    };

    memcpy(config->profiles, profiles, sizeof profiles);
    config->profile_count = RG_PROFILES;
    config->mtu = 1200;
    config->rto_initial = 50 * MILLISECOND;
    config->rto_cap = 3 * SECOND;
    config->deadline = 30 * SECOND;
    config->grace = 1 * SECOND;
    config->linger = 0;
    config->proof = RTPGATE_PROOF_ALWAYS;
    config->any_path = false;
}

int rtpgate_config_new(rtpgate_config **out, rtpgate_identity *identity) {
    rtpgate_config *config;
    int code;

    if (out == NULL || identity == NULL) {
        return RTPGATE_ERR_INVAL;
    }
    config = rg_alloc(sizeof *config);
    if (config == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    atomic_init(&config->references, 1);
    atomic_init(&config->frozen, false);
    config->identity = rtpgate_identity_ref(identity);
    set_defaults(config);
    code = read_policy(config);
    if (code < 0) {
        rtpgate_config_free(config);
    } else {
        *out = config;
    }
    return code;
}

rtpgate_config *rtpgate_config_ref(rtpgate_config *config) {
    if (config != NULL) {
        atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
    }
    return config;
}

void rtpgate_config_free(rtpgate_config *config) {
    if (config == NULL ||
        atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (config->priority != NULL) {
        gnutls_priority_deinit(config->priority);
    }
    rtpgate_identity_free(config->identity);
    rg_free(config);
}

int rg_config_check(const rtpgate_config *config, bool valid) {
    if (config == NULL || !valid) {
        return RTPGATE_ERR_INVAL;
    }
    return atomic_load(&config->frozen) ? RTPGATE_ERR_STATE : 0;
}

static bool profiles_valid(const enum rtpgate_srtp_profile *profiles, size_t count) {
    if (profiles == NULL || count < 1 || count > RG_PROFILES) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned number = (unsigned)profiles[i];

        if (number > UINT16_MAX || rtpgate_srtp_profile_info((uint16_t)number) == NULL) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (profiles[j] == profiles[i]) {
                return false;
            }
        }
    }
    return true;
}

int rtpgate_config_set_profiles(rtpgate_config *config, const enum rtpgate_srtp_profile *profiles,
                                size_t count) {
    int code = rg_config_check(config, profiles_valid(profiles, count));

    if (code < 0) {
        return code;
    }
    memcpy(config->profiles, profiles, count * sizeof *profiles);
    config->profile_count = count;
    return 0;
}

int rtpgate_config_set_mtu(rtpgate_config *config, size_t mtu) {
    int code = rg_config_check(config, mtu >= RTPGATE_MTU_MIN && mtu <= RTPGATE_MTU_MAX);

    if (code < 0) {
        return code;
    }
    config->mtu = mtu;
    return 0;
}

int rtpgate_config_set_retransmission(rtpgate_config *config, uint64_t initial, uint64_t cap) {
    bool valid = initial >= 10 * MILLISECOND && initial <= cap && cap <= 60 * SECOND;
    int code = rg_config_check(config, valid);

    if (code < 0) {
        return code;
    }
    config->rto_initial = initial;
    config->rto_cap = cap;
    return 0;
}

int rtpgate_config_set_deadline(rtpgate_config *config, uint64_t deadline) {
    int code = rg_config_check(config, deadline != 0);

    if (code < 0) {
        return code;
    }
    config->deadline = deadline;
    return 0;
}

int rtpgate_config_set_grace(rtpgate_config *config, uint64_t grace) {
    int code = rg_config_check(config, true);

    if (code < 0) {
        return code;
    }
    config->grace = grace;
    return 0;
}

int rtpgate_config_set_release(rtpgate_config *config, uint64_t linger) {
    int code = rg_config_check(config, true);

    if (code < 0) {
        return code;
    }
    config->linger = linger;
    return 0;
}

int rtpgate_config_set_proof(rtpgate_config *config, enum rtpgate_proof proof) {
    int code = rg_config_check(config, (unsigned)proof <= RTPGATE_PROOF_AFTER_ANOMALY);

    if (code < 0) {
        return code;
    }
    config->proof = proof;
    return 0;
}

int rtpgate_config_set_any_path(rtpgate_config *config, bool any_path) {
    int code = rg_config_check(config, true);

    if (code < 0) {
        return code;
    }
    config->any_path = any_path;
    return 0;
}
