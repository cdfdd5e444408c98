#include <rtpgate/names.h>

#include <stddef.h>

const char *rtpgate_alert_name(uint8_t description) {
    static const char *const names[] = {
        [0] = "close_notify",
        [10] = "unexpected_message",
        [20] = "bad_record_mac",
        [22] = "record_overflow",
        [40] = "handshake_failure",
        [42] = "bad_certificate",
        [43] = "unsupported_certificate",
        [44] = "certificate_revoked",
        [45] = "certificate_expired",
        [46] = "certificate_unknown",
        [47] = "illegal_parameter",
        [48] = "unknown_ca",
        [49] = "access_denied",
        [50] = "decode_error",
        [51] = "decrypt_error",
        [70] = "protocol_version",
        [71] = "insufficient_security",
        [80] = "internal_error",
        [86] = "inappropriate_fallback",
        [90] = "user_canceled",
        [100] = "no_renegotiation",
        [109] = "missing_extension",
        [110] = "unsupported_extension",
        [112] = "unrecognized_name",
        [113] = "bad_certificate_status_response",
        [115] = "unknown_psk_identity",
        [116] = "certificate_required",
        [120] = "no_application_protocol",
    };
    const char *name = description < sizeof(names) / sizeof(names[0]) ? names[description] : NULL;
    return name != NULL ? name : "unassigned";
}

const char *rtpgate_cipher_suite_name(uint16_t suite) {
    switch (suite) {
    case 0xc02b:
        return "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
    case 0xc02c:
        return "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    case 0xc02f:
        return "ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    case 0xc030:
        return "ECDHE_RSA_WITH_AES_256_GCM_SHA384";
    case 0xcca8:
        return "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
    case 0xcca9:
        return "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    default:
        return "unknown";
    }
}

const char *rtpgate_group_name(uint16_t group) {
    switch (group) {
    case 23:
        return "secp256r1";
    case 24:
        return "secp384r1";
    case 29:
        return "x25519";
    default:
        return "unknown";
    }
}
