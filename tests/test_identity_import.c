#include "dtls/identity.h"

#include <limits.h>
#include <string.h>

#include <gnutls/x509.h>
#include <rtpgate/error.h>

#include "base/alloc.h"
#include "fixture.h"
#include "suite.h"

static const char password[] = "correct horse";

typedef int importer(rtpgate_identity **, const void *, size_t, const void *, size_t, const char *);

struct import_case {
    const char *certificate;
    const char *key;
    const char *password;
    int expected; /* 0: `kind` */
    enum rg_key_kind kind;
};

static const struct import_case pem_cases[] = {
    {"p256-cert.pem", "p256-key.pem", NULL, 0, RG_KEY_ECDSA_P256},
    {"p256-cert.pem", "p256-key.pem", "not needed", 0, RG_KEY_ECDSA_P256},
    {"p256-cert.pem", "p256-ec-key.pem", NULL, 0, RG_KEY_ECDSA_P256},
    {"p256-cert.pem", "p256-encrypted-key.pem", password, 0, RG_KEY_ECDSA_P256},
    {"p256-both.pem", "p256-both.pem", NULL, 0, RG_KEY_ECDSA_P256},
    {"p256-signature-cert.pem", "p256-key.pem", NULL, 0, RG_KEY_ECDSA_P256},
    {"chain.pem", "p256-key.pem", NULL, 0, RG_KEY_ECDSA_P256},
    {"p384-cert.pem", "p384-key.pem", NULL, 0, RG_KEY_ECDSA_P384},
    {"rsa2048-cert.pem", "rsa2048-key.pem", NULL, 0, RG_KEY_RSA},
    {"rsa2048-cert.pem", "rsa2048-pkcs1-key.pem", NULL, 0, RG_KEY_RSA},
    {"rsa2048-cert.pem", "rsa2048-pkcs1-encrypted-key.pem", password, 0, RG_KEY_RSA},
    {"p256-cert.pem", "p256-encrypted-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "p256-encrypted-key.pem", "wrong", RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "p256-encrypted-key.pem", "", RTPGATE_ERR_MALFORMED, 0},
    {"rsa2048-cert.pem", "rsa2048-pkcs1-encrypted-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"rsa2048-cert.pem", "rsa2048-pkcs1-encrypted-key.pem", "wrong", RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "foreign-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "p384-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "rsa2048-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"rsa2048-cert.pem", "p256-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"chain-reversed.pem", "p256-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-agreement-cert.pem", "p256-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p521-cert.pem", "p521-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"ed25519-cert.pem", "ed25519-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"rsapss-cert.pem", "rsapss-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"rsa1024-cert.pem", "rsa1024-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-key.pem", "p256-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "p256-cert.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.der", "p256-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "p256-key.der", NULL, RTPGATE_ERR_MALFORMED, 0},
};

static const struct import_case der_cases[] = {
    {"p256-cert.der", "p256-key.der", NULL, 0, RG_KEY_ECDSA_P256},
    {"p256-cert.der", "p256-key.der", "not needed", 0, RG_KEY_ECDSA_P256},
    {"p256-cert.der", "p256-ec-key.der", NULL, 0, RG_KEY_ECDSA_P256},
    {"p256-cert.der", "p256-encrypted-key.der", password, 0, RG_KEY_ECDSA_P256},
    {"rsa2048-cert.der", "rsa2048-pkcs1-key.der", NULL, 0, RG_KEY_RSA},
    {"p256-cert.der", "p256-encrypted-key.der", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.der", "p256-encrypted-key.der", "wrong", RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.der", "rsa2048-pkcs1-key.der", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.pem", "p256-key.der", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-cert.der", "p256-key.pem", NULL, RTPGATE_ERR_MALFORMED, 0},
    {"p256-key.der", "p256-cert.der", NULL, RTPGATE_ERR_MALFORMED, 0},
};

enum {
    PEM_CASES = sizeof pem_cases / sizeof pem_cases[0],
    DER_CASES = sizeof der_cases / sizeof der_cases[0],
};

static struct fixture data(const char *name) {
    char file[64];

    ck_assert_int_lt(snprintf(file, sizeof file, "identity-%s", name), (int)sizeof file);
    return fixture_read(file);
}

static void run_case(importer *import, const struct import_case *is) {
    rtpgate_identity *identity = NULL;
    struct fixture certificate = data(is->certificate);
    struct fixture key = data(is->key);
    int code = import(&identity, certificate.bytes, certificate.length, key.bytes, key.length,
                      is->password);

    ck_assert_msg(code == is->expected, "%s with %s: %d", is->certificate, is->key, code);
    if (code != 0) {
        ck_assert_ptr_null(identity);
        return;
    }
    ck_assert_int_eq((int)identity->kind, (int)is->kind);
    rtpgate_identity_free(identity);
}

START_TEST(pem_is_read_or_refused) {
    run_case(rtpgate_identity_import_pem, &pem_cases[_i]);
}
END_TEST

START_TEST(der_is_read_or_refused) {
    run_case(rtpgate_identity_import_der, &der_cases[_i]);
}
END_TEST

START_TEST(one_buffer_may_hold_both) {
    rtpgate_identity *identity = NULL;
    struct fixture both = data("p256-both.pem");
    size_t length = 0;

    ck_assert_int_eq(rtpgate_identity_import_pem(&identity, both.bytes, both.length, both.bytes,
                                                 both.length, NULL),
                     0);
    memset(both.bytes, 0, sizeof both.bytes); /* nothing points there any more */
    ck_assert_uint_eq(rtpgate_identity_certificate(identity, &length)[0], 0x30);
    ck_assert_uint_gt(length, 0);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(a_chain_is_kept_whole_leaf_first) {
    rtpgate_identity *identity = NULL;
    struct fixture chain = data("chain.pem");
    struct fixture key = data("p256-key.pem");
    gnutls_x509_crt_t *list = NULL;
    gnutls_datum_t der;
    unsigned count = 0;
    size_t length = 0;

    ck_assert_int_eq(rtpgate_identity_import_pem(&identity, chain.bytes, chain.length, key.bytes,
                                                 key.length, NULL),
                     0);
    ck_assert_int_eq(gnutls_certificate_get_x509_crt(identity->credentials, 0, &list, &count), 0);
    ck_assert_uint_eq(count, 2);
    der.data = (unsigned char *)rtpgate_identity_certificate(identity, &length);
    der.size = (unsigned)length;
    ck_assert_int_ne((int)gnutls_x509_crt_equals2(list[0], &der), 0);
    ck_assert_int_ne(gnutls_x509_crt_check_issuer(list[0], list[1]), 0);
    for (unsigned i = 0; i < count; i++) {
        gnutls_x509_crt_deinit(list[i]);
    }
    gnutls_free(list);
    rtpgate_identity_free(identity);
}
END_TEST

START_TEST(a_chain_has_a_bound) {
    static char bytes[65536];
    rtpgate_identity *identity = NULL;
    struct fixture certificate = data("p256-cert.pem");
    struct fixture key = data("p256-key.pem");

    for (size_t i = 0; i < 17; i++) {
        memcpy(bytes + i * certificate.length, certificate.bytes, certificate.length);
    }
    ck_assert_int_eq(rtpgate_identity_import_pem(&identity, bytes, 17 * certificate.length,
                                                 key.bytes, key.length, NULL),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_ptr_null(identity);
}
END_TEST

/* How many bytes of a file must be there: GnuTLS is content with the begin of PEM's last line. */
static size_t needed(const struct fixture *fixture) {
    static const char last[] = "-----END";

    for (size_t at = 0; at + sizeof last <= fixture->length; at++) {
        if (memcmp(fixture->bytes + at, last, sizeof last - 1) == 0) {
            return at;
        }
    }
    return fixture->length;
}

static void expect_cuts_refused(importer *import, const char *certificate_name,
                                const char *key_name) {
    rtpgate_identity *identity = NULL;
    struct fixture certificate = data(certificate_name);
    struct fixture key = data(key_name);

    for (size_t length = 0; length < needed(&certificate); length++) {
        ck_assert_int_eq(import(&identity, certificate.bytes, length, key.bytes, key.length, NULL),
                         RTPGATE_ERR_MALFORMED);
    }
    for (size_t length = 0; length < needed(&key); length++) {
        ck_assert_int_eq(
            import(&identity, certificate.bytes, certificate.length, key.bytes, length, NULL),
            RTPGATE_ERR_MALFORMED);
    }
    ck_assert_ptr_null(identity);
}

START_TEST(cut_files_are_refused) {
    expect_cuts_refused(rtpgate_identity_import_pem, "p256-cert.pem", "p256-key.pem");
    expect_cuts_refused(rtpgate_identity_import_der, "p256-cert.der", "p256-key.der");
}
END_TEST

START_TEST(bytes_behind_der_are_refused) {
    rtpgate_identity *identity = NULL;
    struct fixture certificate = data("p256-cert.der");
    struct fixture key = data("p256-key.der");

    certificate.bytes[certificate.length] = 0;
    ck_assert_int_eq(rtpgate_identity_import_der(&identity, certificate.bytes,
                                                 certificate.length + 1, key.bytes, key.length,
                                                 NULL),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_ptr_null(identity);
}
END_TEST

static void expect_nulls_refused(importer *import) {
    rtpgate_identity *identity = NULL;
    char byte = 0;

    ck_assert_int_eq(import(NULL, &byte, 1, &byte, 1, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(import(&identity, NULL, 0, &byte, 1, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(import(&identity, &byte, 1, NULL, 0, NULL), RTPGATE_ERR_INVAL);
    ck_assert_int_eq(import(&identity, &byte, 1, &byte, 1, NULL), RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(import(&identity, &byte, 0, &byte, 0, NULL), RTPGATE_ERR_MALFORMED);
    ck_assert_ptr_null(identity);
}

START_TEST(nulls_and_nothing_are_refused) {
    expect_nulls_refused(rtpgate_identity_import_pem);
    expect_nulls_refused(rtpgate_identity_import_der);
}
END_TEST

#if SIZE_MAX > UINT_MAX
START_TEST(lengths_beyond_gnutls_are_refused) {
    rtpgate_identity *identity = NULL;
    struct fixture certificate = data("p256-cert.der");
    struct fixture key = data("p256-key.der");
    size_t more = (size_t)UINT_MAX + 1;

    ck_assert_int_eq(rtpgate_identity_import_der(&identity, certificate.bytes,
                                                 more + certificate.length, key.bytes, key.length,
                                                 NULL),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_int_eq(rtpgate_identity_import_der(&identity, certificate.bytes, certificate.length,
                                                 key.bytes, more + key.length, NULL),
                     RTPGATE_ERR_MALFORMED);
    ck_assert_ptr_null(identity);
}
END_TEST
#endif

START_TEST(without_memory_nothing_is_made) {
    rtpgate_identity *identity = NULL;
    struct fixture both = data("p256-both.pem");

    for (unsigned long n = 1; n <= 2; n++) {
        rg_alloc_fail_from(n);
        ck_assert_int_eq(rtpgate_identity_import_pem(&identity, both.bytes, both.length, both.bytes,
                                                     both.length, NULL),
                         RTPGATE_ERR_NOMEM);
        rg_alloc_fail_from(0);
        ck_assert_ptr_null(identity);
    }
}
END_TEST

/* A Certificate message of more than that nobody takes (RFC 6347 4.3.2 leaves it to the receiver).
 */
START_TEST(a_chain_is_bounded_in_bytes) {
    static char chain[64 * 1024];
    struct fixture certificate = fixture_read("identity-rsa2048-cert.pem");
    struct fixture key = fixture_read("identity-rsa2048-key.pem");
    size_t length = 0;
    int last = 0;
    for (int copies = 1; copies <= 16; copies++) {
        rtpgate_identity *identity = NULL;
        memcpy(chain + length, certificate.bytes, certificate.length);
        length += certificate.length;
        last = rtpgate_identity_import_pem(&identity, chain, length, key.bytes, key.length, NULL);
        ck_assert(copies > 10 || last == 0);
        rtpgate_identity_free(identity);
    }
    ck_assert_int_eq(last, RTPGATE_ERR_MALFORMED);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("identity_import");
    TCase *tests = suite_case(suite, "import");

    tcase_add_loop_test(tests, pem_is_read_or_refused, 0, PEM_CASES);
    tcase_add_loop_test(tests, der_is_read_or_refused, 0, DER_CASES);
    tcase_add_test(tests, one_buffer_may_hold_both);
    tcase_add_test(tests, a_chain_is_kept_whole_leaf_first);
    tcase_add_test(tests, a_chain_has_a_bound);
    tcase_add_test(tests, cut_files_are_refused);
    tcase_add_test(tests, bytes_behind_der_are_refused);
    tcase_add_test(tests, nulls_and_nothing_are_refused);
#if SIZE_MAX > UINT_MAX
    tcase_add_test(tests, lengths_beyond_gnutls_are_refused);
#endif
    tcase_add_test(tests, without_memory_nothing_is_made);
    tcase_add_test(tests, a_chain_is_bounded_in_bytes);
    return suite_run(suite);
}
