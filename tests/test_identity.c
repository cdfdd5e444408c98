#include "dtls/identity.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <rtpgate/error.h>

#include "base/alloc.h"
#include "fixture.h"
#include "suite.h"

enum { START = 1700000000, END = START + 30 * 86400 };

/* The end of identity-p256-cert.pem. */
#define NOT_AFTER_P256 UINT64_C(4948772408)

static rtpgate_identity *generated(void) {
    rtpgate_identity *identity = NULL;

    ck_assert_int_eq(rtpgate_identity_generate(&identity, START, END), 0);
    return identity;
}

static gnutls_x509_crt_t leaf_of(const rtpgate_identity *identity) {
    gnutls_x509_crt_t leaf;
    gnutls_datum_t der;
    size_t length = 0;

    der.data = (unsigned char *)rtpgate_identity_certificate(identity, &length);
    der.size = (unsigned)length;
    ck_assert_int_eq(gnutls_x509_crt_init(&leaf), 0);
    ck_assert_int_eq(gnutls_x509_crt_import(leaf, &der, GNUTLS_X509_FMT_DER), 0);
    return leaf;
}

START_TEST(generated_certificates_are_what_browsers_make) {
    rtpgate_identity *identity = generated();
    gnutls_x509_crt_t leaf = leaf_of(identity);
    gnutls_ecc_curve_t curve;
    char text[64];
    size_t size = sizeof text;

    ck_assert_int_eq(gnutls_x509_crt_get_version(leaf), 3);
    ck_assert_int_eq(gnutls_x509_crt_get_dn(leaf, text, &size), 0);
    ck_assert_str_eq(text, "CN=WebRTC");
    size = sizeof text;
    ck_assert_int_eq(gnutls_x509_crt_get_issuer_dn(leaf, text, &size), 0);
    ck_assert_str_eq(text, "CN=WebRTC");
    size = sizeof text;
    ck_assert_int_eq(gnutls_x509_crt_get_extension_oid(leaf, 0, text, &size),
                     GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
    ck_assert_int_eq(gnutls_x509_crt_get_signature_algorithm(leaf), GNUTLS_SIGN_ECDSA_SHA256);
    ck_assert_int_eq(gnutls_x509_crt_get_pk_ecc_raw(leaf, &curve, NULL, NULL), 0);
    ck_assert_int_eq((int)curve, GNUTLS_ECC_CURVE_SECP256R1);
    gnutls_x509_crt_deinit(leaf);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(generated_certificates_are_signed_by_themselves) {
    rtpgate_identity *identity = generated();
    gnutls_x509_crt_t leaf = leaf_of(identity);
    unsigned status = 1;

    ck_assert_int_eq(gnutls_x509_crt_verify(
                         leaf, &leaf, 1,
                         GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DO_NOT_ALLOW_SAME |
                             GNUTLS_VERIFY_DISABLE_CA_SIGN | GNUTLS_VERIFY_ALLOW_X509_V1_CA_CRT,
                         &status),
                     0);
    ck_assert_uint_eq(status & GNUTLS_CERT_SIGNATURE_FAILURE, 0);
    ck_assert_int_ne(gnutls_x509_crt_check_issuer(leaf, leaf), 0);
    gnutls_x509_crt_deinit(leaf);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(generated_certificates_have_a_key_of_their_own) {
    rtpgate_identity *identity = generated();
    gnutls_x509_crt_t *chain = NULL;
    gnutls_x509_privkey_t key;
    unsigned count = 0;
    uint8_t of_key[64];
    uint8_t of_leaf[64];
    size_t size = sizeof of_key;

    ck_assert_int_eq((int)identity->kind, RG_KEY_ECDSA_P256);
    ck_assert_int_eq(gnutls_certificate_get_x509_key(identity->credentials, 0, &key), 0);
    ck_assert_int_eq(gnutls_certificate_get_x509_crt(identity->credentials, 0, &chain, &count), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(gnutls_x509_privkey_get_key_id(key, 0, of_key, &size), 0);
    ck_assert_int_eq(gnutls_x509_crt_get_key_id(chain[0], 0, of_leaf, &size), 0);
    ck_assert_mem_eq(of_key, of_leaf, size);
    gnutls_x509_privkey_deinit(key);
    gnutls_x509_crt_deinit(chain[0]);
    gnutls_free(chain);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(serial_numbers_are_positive_random_and_of_16_bytes) {
    uint8_t serials[32][20];
    uint8_t same[20];

    memset(same, 0xff, sizeof same);
    for (size_t i = 0; i < 32; i++) {
        rtpgate_identity *identity = generated();
        gnutls_x509_crt_t leaf = leaf_of(identity);
        size_t size = sizeof serials[i];

        ck_assert_int_eq(gnutls_x509_crt_get_serial(leaf, serials[i], &size), 0);
        ck_assert_uint_eq(size, 16);
        ck_assert_uint_eq(serials[i][0] & 0xc0, 0x40);
        for (size_t j = 0; j < 16; j++) {
            same[j] &= (uint8_t) ~(serials[i][j] ^ serials[0][j]);
        }
        gnutls_x509_crt_deinit(leaf);
        rtpgate_identity_free(identity);
    }
    ck_assert_uint_eq(same[0], 0xc0); /* all other bits take both values */
    for (size_t j = 1; j < 16; j++) {
        ck_assert_uint_eq(same[j], 0);
    }
}
END_TEST

START_TEST(generated_identities_differ) {
    rtpgate_identity *one = generated();
    rtpgate_identity *other = generated();
    struct rtpgate_fingerprint of_one;
    struct rtpgate_fingerprint of_other;

    ck_assert_int_eq(rtpgate_identity_fingerprint(one, RTPGATE_HASH_SHA256, &of_one), 0);
    ck_assert_int_eq(rtpgate_identity_fingerprint(other, RTPGATE_HASH_SHA256, &of_other), 0);
    ck_assert_mem_ne(of_one.bytes, of_other.bytes, of_one.length);
    rtpgate_identity_free(one);
    rtpgate_identity_free(other);
}
END_TEST

/* 2049-12-31 is the last day of UTCTime; 9999-12-30 23:00 is where GnuTLS rounds up. */
static const struct {
    uint64_t not_before;
    uint64_t not_after;
    int expected;
} dates[] = {
    {0, 1, 0},
    {START, START + 1, 0},
    {2524607999, 2524608000, 0},
    {UINT64_C(4294967296), UINT64_C(4294967297), 0},
    {UINT64_C(253402210798), UINT64_C(253402210799), 0},
    {START, UINT64_C(253402210800), RTPGATE_ERR_INVAL},
    {UINT64_C(253402300798), UINT64_C(253402300799), RTPGATE_ERR_INVAL},
    {START, UINT64_C(1) << 56, RTPGATE_ERR_INVAL},
    {START, UINT64_C(1) << 63, RTPGATE_ERR_INVAL},
    {START, UINT64_MAX, RTPGATE_ERR_INVAL},
    {START, START, RTPGATE_ERR_INVAL},
    {END, START, RTPGATE_ERR_INVAL},
    {UINT64_MAX, START, RTPGATE_ERR_INVAL},
    {0, 0, RTPGATE_ERR_INVAL},
};

enum { DATES = sizeof dates / sizeof dates[0] };

START_TEST(dates_are_kept_to_the_second_or_refused) {
    rtpgate_identity *identity = NULL;
    gnutls_x509_crt_t leaf;

    ck_assert_int_eq(
        rtpgate_identity_generate(&identity, dates[_i].not_before, dates[_i].not_after),
        dates[_i].expected);
    if (dates[_i].expected != 0) {
        ck_assert_ptr_null(identity);
        return;
    }
    leaf = leaf_of(identity);
    ck_assert_uint_eq((uint64_t)gnutls_x509_crt_get_activation_time(leaf), dates[_i].not_before);
    ck_assert_uint_eq((uint64_t)gnutls_x509_crt_get_expiration_time(leaf), dates[_i].not_after);
    ck_assert_uint_eq(rtpgate_identity_not_after(identity), dates[_i].not_after);
    gnutls_x509_crt_deinit(leaf);
    rtpgate_identity_free(identity);
}
END_TEST

/* As `openssl x509 -fingerprint` says for identity-p256-cert.pem. */
static const struct {
    enum rtpgate_hash hash;
    const char *hex;
} fingerprints[] = {
    {RTPGATE_HASH_SHA256, "0B1FFE6232156FBB52FF55B78A6D69B86B67A0E1BCF9F3B9079245FBEB28B03B"},
    {RTPGATE_HASH_SHA384, "3EAABD4B34B482227C22960F71B0F1106771E61CA6139D85EF2B9B9C1FE84C8EBF238E11"
                          "5A594554E63FB3BBA32C61CB"},
    {RTPGATE_HASH_SHA512, "6AF201EDEFCE2387FF8D985DA11C49E0B017FD76824F442A1A3F690A8E54A23A43126431"
                          "7B357208BE1EA0B1F37AD5F3D0F65E937CCF8A67F2728A9C78C2041B"},
};

START_TEST(fingerprints_are_those_of_openssl) {
    rtpgate_identity *identity = fixture_identity("p256");
    struct rtpgate_fingerprint seen;
    char hex[2 * RTPGATE_FINGERPRINT_MAX_BYTES + 1] = "";

    ck_assert_int_eq(rtpgate_identity_fingerprint(identity, fingerprints[_i].hash, &seen), 0);
    ck_assert_int_eq((int)seen.hash, (int)fingerprints[_i].hash);
    for (size_t i = 0; i < seen.length; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02X", seen.bytes[i]);
    }
    ck_assert_str_eq(hex, fingerprints[_i].hex);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(wrong_fingerprint_calls_write_nothing) {
    rtpgate_identity *identity = fixture_identity("p256");
    struct rtpgate_fingerprint seen;
    struct rtpgate_fingerprint before;

    memset(&seen, 0xa5, sizeof seen);
    before = seen;
    for (int hash = -1; hash < 6; hash++) {
        if (hash >= RTPGATE_HASH_SHA256 && hash <= RTPGATE_HASH_SHA512) {
            continue;
        }
        ck_assert_int_eq(rtpgate_identity_fingerprint(identity, (enum rtpgate_hash)hash, &seen),
                         RTPGATE_ERR_INVAL);
    }
    ck_assert_int_eq(rtpgate_identity_fingerprint(NULL, RTPGATE_HASH_SHA256, &seen),
                     RTPGATE_ERR_INVAL);
    ck_assert_int_eq(rtpgate_identity_fingerprint(identity, RTPGATE_HASH_SHA256, NULL),
                     RTPGATE_ERR_INVAL);
    ck_assert_mem_eq(&seen, &before, sizeof seen);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(the_certificate_is_the_one_that_was_given) {
    rtpgate_identity *identity = fixture_identity("p256");
    struct fixture der = fixture_read("identity-p256-cert.der");
    size_t length = 0;
    const uint8_t *leaf = rtpgate_identity_certificate(identity, &length);

    ck_assert_uint_eq(length, der.length);
    ck_assert_mem_eq(leaf, der.bytes, length);
    ck_assert_ptr_eq(rtpgate_identity_certificate(identity, NULL), leaf);
    ck_assert_uint_eq(rtpgate_identity_not_after(identity), NOT_AFTER_P256);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(references_are_counted) {
    rtpgate_identity *identity = generated();

    ck_assert_uint_eq(atomic_load(&identity->references), 1);
    ck_assert_ptr_eq(rtpgate_identity_ref(identity), identity);
    rtpgate_identity_free(identity);
    ck_assert_uint_eq(atomic_load(&identity->references), 1);
    ck_assert_uint_eq(rtpgate_identity_not_after(identity), END);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(nulls_are_harmless) {
    size_t length = 1;

    ck_assert_int_eq(rtpgate_identity_generate(NULL, START, END), RTPGATE_ERR_INVAL);
    ck_assert_ptr_null(rtpgate_identity_certificate(NULL, &length));
    ck_assert_uint_eq(length, 0);
    ck_assert_uint_eq(rtpgate_identity_not_after(NULL), 0);
    ck_assert_ptr_null(rtpgate_identity_ref(NULL));
    rtpgate_identity_free(NULL);
}
END_TEST

START_TEST(without_memory_nothing_is_made) {
    rtpgate_identity *identity = NULL;

    for (unsigned long n = 1; n <= 2; n++) {
        rg_alloc_fail_from(n);
        ck_assert_int_eq(rtpgate_identity_generate(&identity, START, END), RTPGATE_ERR_NOMEM);
        rg_alloc_fail_from(0);
        ck_assert_ptr_null(identity);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("identity");
    TCase *made = suite_case(suite, "generate");
    TCase *object = suite_case(suite, "object");

    tcase_add_test(made, generated_certificates_are_what_browsers_make);
    tcase_add_test(made, generated_certificates_are_signed_by_themselves);
    tcase_add_test(made, generated_certificates_have_a_key_of_their_own);
    tcase_add_test(made, serial_numbers_are_positive_random_and_of_16_bytes);
    tcase_add_test(made, generated_identities_differ);
    tcase_add_loop_test(made, dates_are_kept_to_the_second_or_refused, 0, DATES);
    tcase_add_loop_test(object, fingerprints_are_those_of_openssl, 0, 3);
    tcase_add_test(object, wrong_fingerprint_calls_write_nothing);
    tcase_add_test(object, the_certificate_is_the_one_that_was_given);
    tcase_add_test(object, references_are_counted);
    tcase_add_test(object, nulls_are_harmless);
    tcase_add_test(object, without_memory_nothing_is_made);
    return suite_run(suite);
}
