/* The files of tests/data. */
#ifndef RG_TESTS_FIXTURE_H
#define RG_TESTS_FIXTURE_H

#include <check.h>
#include <rtpgate/identity.h>
#include <stdio.h>

struct fixture {
    char bytes[8192];
    size_t length;
};

static inline struct fixture fixture_read(const char *name) {
    struct fixture fixture;
    char path[1024];
    FILE *file;

    ck_assert_int_lt(snprintf(path, sizeof path, "%s/%s", TEST_DATA_DIR, name), (int)sizeof path);
    file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "no %s", path);
    fixture.length = fread(fixture.bytes, 1, sizeof fixture.bytes, file);
    ck_assert_uint_lt(fixture.length, sizeof fixture.bytes);
    (void)fclose(file);
    return fixture;
}

/* The identity of identity-<name>-cert.pem and identity-<name>-key.pem. */
static inline rtpgate_identity *fixture_identity(const char *name) {
    rtpgate_identity *identity = NULL;
    struct fixture certificate;
    struct fixture key;
    char file[64];

    (void)snprintf(file, sizeof file, "identity-%s-cert.pem", name);
    certificate = fixture_read(file);
    (void)snprintf(file, sizeof file, "identity-%s-key.pem", name);
    key = fixture_read(file);
    ck_assert_int_eq(rtpgate_identity_import_pem(&identity, certificate.bytes, certificate.length,
                                                 key.bytes, key.length, NULL),
                     0);
    return identity;
}

#endif
