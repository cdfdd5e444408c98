#include "dtls/proof.h"

#include <limits.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "dtls/scheme.h"
#include "fixture.h"
#include "suite.h"

enum family { ECDSA, RSA };

static const struct {
    uint16_t number;
    gnutls_sign_algorithm_t algorithm;
    enum family family;
} schemes[] = {
    {0x0403, GNUTLS_SIGN_ECDSA_SHA256, ECDSA},      {0x0503, GNUTLS_SIGN_ECDSA_SHA384, ECDSA},
    {0x0603, GNUTLS_SIGN_ECDSA_SHA512, ECDSA},      {0x0401, GNUTLS_SIGN_RSA_SHA256, RSA},
    {0x0501, GNUTLS_SIGN_RSA_SHA384, RSA},          {0x0601, GNUTLS_SIGN_RSA_SHA512, RSA},
    {0x0804, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, RSA}, {0x0805, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, RSA},
    {0x0806, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, RSA},
};

static const struct {
    const char *name;
    enum family family;
} owners[] = {{"p256", ECDSA}, {"p384", ECDSA}, {"p521", ECDSA}, {"rsa2048", RSA}};

enum {
    SCHEMES = sizeof schemes / sizeof schemes[0],
    OWNERS = sizeof owners / sizeof owners[0],
};

static const uint8_t transcript[] = "everything that was said so far";
static const struct rg_bytes data = {transcript, sizeof transcript};

static gnutls_datum_t pem(const struct fixture *fixture) {
    return (gnutls_datum_t){(unsigned char *)fixture->bytes, (unsigned)fixture->length};
}

/* The DER certificate of tests/data/identity-<name>-cert.pem; free it with gnutls_free. */
static gnutls_datum_t certificate_of(const char *name) {
    gnutls_datum_t text;
    gnutls_datum_t der;
    struct fixture fixture;
    char file[64];

    (void)snprintf(file, sizeof file, "identity-%s-cert.pem", name);
    fixture = fixture_read(file);
    text = pem(&fixture);
    ck_assert_int_eq(gnutls_pem_base64_decode2("CERTIFICATE", &text, &der), 0);
    return der;
}

/* What the owner of `name` signs; free it with gnutls_free. */
static gnutls_datum_t sign(const char *name, gnutls_sign_algorithm_t algorithm,
                           struct rg_bytes bytes) {
    gnutls_datum_t text = {(unsigned char *)bytes.at, (unsigned)bytes.length};
    gnutls_datum_t signature = {NULL, 0};
    gnutls_datum_t key_text;
    gnutls_privkey_t key;
    struct fixture fixture;
    char file[64];

    (void)snprintf(file, sizeof file, "identity-%s-key.pem", name);
    fixture = fixture_read(file);
    key_text = pem(&fixture);
    ck_assert_int_eq(gnutls_privkey_init(&key), 0);
    ck_assert_int_eq(gnutls_privkey_import_x509_raw(key, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0),
                     0);
    ck_assert_int_eq(gnutls_privkey_sign_data2(key, algorithm, 0, &text, &signature), 0);
    gnutls_privkey_deinit(key);
    return signature;
}

static struct rg_bytes view(gnutls_datum_t datum) {
    return (struct rg_bytes){datum.data, datum.size};
}

START_TEST(a_signature_holds_under_its_own_scheme_alone) {
    const char *name = owners[_i].name;
    gnutls_datum_t leaf = certificate_of(name);

    for (size_t made = 0; made < SCHEMES; made++) {
        gnutls_datum_t signature;

        if (schemes[made].family != owners[_i].family) {
            continue;
        }
        signature = sign(name, schemes[made].algorithm, data);
        for (size_t read = 0; read < SCHEMES; read++) {
            bool holds = rg_proof_holds(view(leaf), schemes[read].number, data, view(signature));

            ck_assert_msg(holds == (read == made), "%s: made %04x, read %04x", name,
                          schemes[made].number, schemes[read].number);
        }
        gnutls_free(signature.data);
    }
    gnutls_free(leaf.data);
}
END_TEST

START_TEST(other_schemes_are_refused) {
    /* Unknown ones, SHA-1, SHA-224, MD5, DSA, Ed25519, Ed448, RSA-PSS keys and swapped bytes. */
    static const uint16_t numbers[] = {0x0000, 0x0203, 0x0201, 0x0303, 0x0301, 0x0101, 0x0402,
                                       0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0304, 0xffff};
    gnutls_datum_t ecdsa = certificate_of("p256");
    gnutls_datum_t rsa = certificate_of("rsa2048");
    gnutls_datum_t by_ecdsa = sign("p256", GNUTLS_SIGN_ECDSA_SHA256, data);
    gnutls_datum_t by_rsa = sign("rsa2048", GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, data);

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ck_assert(!rg_proof_holds(view(ecdsa), numbers[i], data, view(by_ecdsa)));
        ck_assert(!rg_proof_holds(view(rsa), numbers[i], data, view(by_rsa)));
    }
    gnutls_free(ecdsa.data);
    gnutls_free(rsa.data);
    gnutls_free(by_ecdsa.data);
    gnutls_free(by_rsa.data);
}
END_TEST

START_TEST(sha1_is_refused_though_the_signature_is_right) {
    gnutls_datum_t ecdsa = certificate_of("p256");
    gnutls_datum_t rsa = certificate_of("rsa2048");
    gnutls_datum_t by_ecdsa = sign("p256", GNUTLS_SIGN_ECDSA_SHA1, data);
    gnutls_datum_t by_rsa = sign("rsa2048", GNUTLS_SIGN_RSA_SHA1, data);

    ck_assert(!rg_proof_holds(view(ecdsa), 0x0203, data, view(by_ecdsa)));
    ck_assert(!rg_proof_holds(view(rsa), 0x0201, data, view(by_rsa)));
    gnutls_free(ecdsa.data);
    gnutls_free(rsa.data);
    gnutls_free(by_ecdsa.data);
    gnutls_free(by_rsa.data);
}
END_TEST

START_TEST(certificates_with_other_keys_are_refused) {
    gnutls_datum_t rsa_pss = certificate_of("rsapss");
    gnutls_datum_t ed25519 = certificate_of("ed25519");
    gnutls_datum_t by_rsa_pss = sign("rsapss", GNUTLS_SIGN_RSA_PSS_SHA256, data);
    gnutls_datum_t by_ed25519 = sign("ed25519", GNUTLS_SIGN_EDDSA_ED25519, data);

    for (size_t i = 0; i < SCHEMES; i++) {
        ck_assert(!rg_proof_holds(view(rsa_pss), schemes[i].number, data, view(by_rsa_pss)));
        ck_assert(!rg_proof_holds(view(ed25519), schemes[i].number, data, view(by_ed25519)));
    }
    ck_assert(!rg_proof_holds(view(ed25519), 0x0807, data, view(by_ed25519)));
    gnutls_free(rsa_pss.data);
    gnutls_free(ed25519.data);
    gnutls_free(by_rsa_pss.data);
    gnutls_free(by_ed25519.data);
}
END_TEST

START_TEST(a_signature_by_somebody_else_is_refused) {
    gnutls_datum_t leaf = certificate_of("p256");
    gnutls_datum_t signature = sign("foreign", GNUTLS_SIGN_ECDSA_SHA256, data);

    ck_assert(!rg_proof_holds(view(leaf), 0x0403, data, view(signature)));
    gnutls_free(leaf.data);
    gnutls_free(signature.data);
}
END_TEST

START_TEST(every_changed_byte_breaks_the_proof) {
    uint8_t changed[sizeof transcript];
    struct rg_bytes other = {changed, sizeof changed};
    gnutls_datum_t leaf = certificate_of("p256");
    gnutls_datum_t signature = sign("p256", GNUTLS_SIGN_ECDSA_SHA256, data);

    memcpy(changed, transcript, sizeof changed);
    ck_assert(rg_proof_holds(view(leaf), 0x0403, other, view(signature)));
    for (size_t i = 0; i < sizeof changed; i++) {
        changed[i] ^= 0x80;
        ck_assert(!rg_proof_holds(view(leaf), 0x0403, other, view(signature)));
        changed[i] ^= 0x80;
    }
    for (size_t i = 0; i < signature.size; i++) {
        signature.data[i] ^= 0x01;
        ck_assert(!rg_proof_holds(view(leaf), 0x0403, data, view(signature)));
        signature.data[i] ^= 0x01;
    }
    gnutls_free(leaf.data);
    gnutls_free(signature.data);
}
END_TEST

START_TEST(cut_and_empty_inputs_are_refused) {
    struct rg_bytes none = {NULL, 0};
    gnutls_datum_t leaf = certificate_of("p256");
    gnutls_datum_t signature = sign("p256", GNUTLS_SIGN_ECDSA_SHA256, data);
    struct rg_bytes cut = view(signature);

    ck_assert(!rg_proof_holds(none, 0x0403, data, view(signature)));
    ck_assert(!rg_proof_holds(view(leaf), 0x0403, none, view(signature)));
    ck_assert(!rg_proof_holds(view(leaf), 0x0403, data, none));
    for (cut.length = 0; cut.length < signature.size; cut.length++) {
        ck_assert(!rg_proof_holds(view(leaf), 0x0403, data, cut));
    }
    for (cut = view(leaf), cut.length = 0; cut.length < leaf.size; cut.length++) {
        ck_assert(!rg_proof_holds(cut, 0x0403, data, view(signature)));
    }
    gnutls_free(leaf.data);
    gnutls_free(signature.data);
}
END_TEST

#if SIZE_MAX > UINT_MAX
/* GnuTLS counts in unsigned: it would see the right length. */
START_TEST(lengths_beyond_gnutls_are_refused) {
    const size_t more = (size_t)UINT_MAX + 1;
    gnutls_datum_t leaf = certificate_of("p256");
    gnutls_datum_t signature = sign("p256", GNUTLS_SIGN_ECDSA_SHA256, data);
    struct rg_bytes long_leaf = {leaf.data, leaf.size + more};
    struct rg_bytes long_data = {data.at, data.length + more};
    struct rg_bytes long_signature = {signature.data, signature.size + more};

    ck_assert(!rg_proof_holds(long_leaf, 0x0403, data, view(signature)));
    ck_assert(!rg_proof_holds(view(leaf), 0x0403, long_data, view(signature)));
    ck_assert(!rg_proof_holds(view(leaf), 0x0403, data, long_signature));
    gnutls_free(leaf.data);
    gnutls_free(signature.data);
}
END_TEST
#endif

START_TEST(a_signature_of_nothing_is_a_signature) {
    static const uint8_t byte;
    struct rg_bytes none = {&byte, 0};
    gnutls_datum_t leaf = certificate_of("p256");
    gnutls_datum_t signature = sign("p256", GNUTLS_SIGN_ECDSA_SHA256, none);

    ck_assert(rg_proof_holds(view(leaf), 0x0403, none, view(signature)));
    ck_assert(!rg_proof_holds(view(leaf), 0x0403, data, view(signature)));
    gnutls_free(leaf.data);
    gnutls_free(signature.data);
}
END_TEST

START_TEST(junk_is_no_certificate) {
    uint8_t junk[300];
    struct rg_bytes leaf = {junk, sizeof junk};
    gnutls_datum_t signature = sign("p256", GNUTLS_SIGN_ECDSA_SHA256, data);

    memset(junk, 0x30, sizeof junk);
    ck_assert(!rg_proof_holds(leaf, 0x0403, data, view(signature)));
    memset(junk, 0xff, sizeof junk);
    ck_assert(!rg_proof_holds(leaf, 0x0403, data, view(signature)));
    gnutls_free(signature.data);
}
END_TEST

START_TEST(a_certificate_with_a_changed_byte_is_harmless) {
    gnutls_datum_t leaf = certificate_of("p256");
    gnutls_datum_t signature = sign("p256", GNUTLS_SIGN_ECDSA_SHA256, data);
    size_t broken = 0;

    for (size_t i = 0; i < leaf.size; i++) {
        leaf.data[i] ^= 0x55;
        broken += !rg_proof_holds(view(leaf), 0x0403, data, view(signature));
        leaf.data[i] ^= 0x55;
    }
    ck_assert_uint_ge(broken, 65); /* the bytes of the key's point at least */
    gnutls_free(leaf.data);
    gnutls_free(signature.data);
}
END_TEST

START_TEST(scheme_numbers_go_both_ways) {
    for (size_t i = 0; i < SCHEMES; i++) {
        ck_assert_uint_eq(rg_scheme_number(schemes[i].algorithm), schemes[i].number);
        ck_assert_int_eq((int)rg_scheme_algorithm(schemes[i].number), (int)schemes[i].algorithm);
    }
    ck_assert_uint_eq(rg_scheme_number(GNUTLS_SIGN_ECDSA_SHA1), 0);
    ck_assert_uint_eq(rg_scheme_number(GNUTLS_SIGN_UNKNOWN), 0);
    ck_assert_int_eq((int)rg_scheme_algorithm(0x0203), (int)GNUTLS_SIGN_UNKNOWN);
    ck_assert_int_eq((int)rg_scheme_algorithm(0), (int)GNUTLS_SIGN_UNKNOWN);
}
END_TEST

START_TEST(keys_that_cost_too_much_or_are_worth_too_little_are_not_used) {
    static const struct {
        const char *name;
        bool acceptable;
    } keys[] = {{"p256", true},     {"p384", true},          {"rsa2048", true},  {"rsa1024", false},
                {"rsa8200", false}, {"rsa-exponent", false}, {"ed25519", false}, {"rsapss", false}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        gnutls_datum_t der = certificate_of(keys[i].name);
        const struct rg_bytes leaf = {der.data, der.size};
        for (size_t s = 0; s < SCHEMES; s++) {
            ck_assert_msg(rg_proof_key_is_acceptable(leaf, schemes[s].number) ==
                              (keys[i].acceptable || schemes[s].family == ECDSA),
                          "%s, 0x%04x", keys[i].name, (unsigned)schemes[s].number);
        }
        gnutls_free(der.data);
    }
    ck_assert(!rg_proof_key_is_acceptable(data, 0x0401));
}
END_TEST

/* A wrong signature would be GNUTLS_E_PK_SIG_VERIFY_FAILED; Ed25519 has no hash to be signed. */
static bool is_refused_at_once(int status) {
    return status == GNUTLS_E_INCOMPATIBLE_SIG_WITH_KEY || status == GNUTLS_E_INVALID_REQUEST;
}

/* What rg_proof_key_is_acceptable relies on. */
START_TEST(an_ecdsa_scheme_lets_gnutls_compute_nothing_with_another_key) {
    static const char *const names[] = {"rsa2048",      "rsa1024", "rsa8200",
                                        "rsa-exponent", "ed25519", "rsapss"};
    unsigned char bytes[64] = {1};
    const gnutls_datum_t text = {bytes, sizeof(bytes)};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        gnutls_datum_t der = certificate_of(names[i]);
        gnutls_pubkey_t key;
        ck_assert_int_eq(gnutls_pubkey_init(&key), 0);
        ck_assert_int_eq(gnutls_pubkey_import_x509_raw(key, &der, GNUTLS_X509_FMT_DER, 0), 0);
        for (size_t s = 0; s < SCHEMES && schemes[s].family == ECDSA; s++) {
            ck_assert(is_refused_at_once(
                gnutls_pubkey_verify_data2(key, schemes[s].algorithm, 0, &text, &text)));
            const gnutls_datum_t digest = {
                bytes, gnutls_hash_get_len(gnutls_sign_get_hash_algorithm(schemes[s].algorithm))};
            ck_assert(is_refused_at_once(
                gnutls_pubkey_verify_hash2(key, schemes[s].algorithm, 0, &digest, &text)));
        }
        gnutls_pubkey_deinit(key);
        gnutls_free(der.data);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("proof");
    TCase *tests = suite_case(suite, "proof");

    tcase_add_test(tests, an_ecdsa_scheme_lets_gnutls_compute_nothing_with_another_key);
    tcase_add_loop_test(tests, a_signature_holds_under_its_own_scheme_alone, 0, OWNERS);
    tcase_add_test(tests, other_schemes_are_refused);
    tcase_add_test(tests, sha1_is_refused_though_the_signature_is_right);
    tcase_add_test(tests, certificates_with_other_keys_are_refused);
    tcase_add_test(tests, a_signature_by_somebody_else_is_refused);
    tcase_add_test(tests, every_changed_byte_breaks_the_proof);
    tcase_add_test(tests, cut_and_empty_inputs_are_refused);
#if SIZE_MAX > UINT_MAX
    tcase_add_test(tests, lengths_beyond_gnutls_are_refused);
#endif
    tcase_add_test(tests, a_signature_of_nothing_is_a_signature);
    tcase_add_test(tests, junk_is_no_certificate);
    tcase_add_test(tests, a_certificate_with_a_changed_byte_is_harmless);
    tcase_add_test(tests, scheme_numbers_go_both_ways);
    tcase_add_test(tests, keys_that_cost_too_much_or_are_worth_too_little_are_not_used);
    return suite_run(suite);
}
