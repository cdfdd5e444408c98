/* The engine of a released association alone: what a well-behaved peer does not make it do. */
#include "base/alloc.h"
#include "base/secure.h"

static void watched_free_secret(void *memory, size_t size);

/* A second copy of the source, whose freed memory is looked at. */
#define rg_engine_records copy_engine_records
#define rg_engine_records_open copy_engine_records_open
#define rg_free_secret watched_free_secret
#include "dtls/engine_records.c"
#undef rg_free_secret

#include "suite.h"

static size_t freed;
static uint8_t sent[RG_PROTECTED_MAX];
static size_t sent_length;
static size_t data_count;
static struct rg_engine *engine;
static struct rg_protection peer; /* what the engine reads is sealed under */

static void watched_free_secret(void *memory, size_t size) {
    freed = size;
    rg_free_secret(memory, size);
}

static void on_send(void *context, const struct rg_record *record) {
    (void)context;
    memcpy(sent, record->whole.at, record->whole.length);
    sent_length = record->whole.length;
}

static void on_data(void *context, struct rg_bytes data) {
    (void)context;
    (void)data;
    data_count++;
}

static void open_engine(uint64_t next_sequence) {
    static const uint8_t secret[32] = {1, 2, 3};
    const struct rg_engine_host host = {.send = on_send, .data = on_data};
    struct rg_connection connection = {
        .next_sequence = next_sequence,
        .exporter = {.mac = GNUTLS_MAC_SHA256},
        .certificate = {secret, sizeof(secret)},
    };
    ck_assert(rg_protection_make(&peer, GNUTLS_CIPHER_AES_128_GCM, (struct rg_bytes){secret, 16},
                                 (struct rg_bytes){secret, 4}));
    connection.read = peer;
    connection.write = peer;
    sent_length = 0;
    data_count = 0;
    ck_assert_int_eq(copy_engine_records_open(&engine, &connection, &host), 0);
}

static void setup(void) {
    open_engine(1);
}

static void teardown(void) {
    copy_engine_records.free(engine);
}

static enum rg_engine_status give(uint8_t type, uint64_t sequence, const char *body,
                                  size_t length) {
    uint8_t record[100];
    int sealed = rg_protection_seal(&peer, type, sequence,
                                    (struct rg_bytes){(const uint8_t *)body, length}, record);
    ck_assert_int_gt(sealed, 0);
    return copy_engine_records.record(engine, (struct rg_bytes){record, (size_t)sealed});
}

START_TEST(alerts_end_it_as_their_level_says) {
    ck_assert_int_eq(give(RG_CONTENT_ALERT, 0, "\1\132", 2), RG_ENGINE_DONE);
    ck_assert_int_eq(give(RG_CONTENT_ALERT, 1, "\1\0", 2), RG_ENGINE_CLOSED);
    ck_assert_int_eq(give(RG_CONTENT_ALERT, 2, "\2\120", 2), RG_ENGINE_ALERT);
    ck_assert_uint_eq(copy_engine_records.alert_received(engine), 80);
    ck_assert_uint_eq(copy_engine_records.discarded(engine), 0);
}
END_TEST

START_TEST(alerts_of_other_lengths_are_dropped_and_counted) {
    ck_assert_int_eq(give(RG_CONTENT_ALERT, 0, "\2", 1), RG_ENGINE_DONE);
    ck_assert_int_eq(give(RG_CONTENT_ALERT, 1, "\2\120\2", 3), RG_ENGINE_DONE);
    ck_assert_int_eq(give(RG_CONTENT_ALERT, 2, "", 0), RG_ENGINE_DONE);
    ck_assert_uint_eq(copy_engine_records.discarded(engine), 3);
}
END_TEST

START_TEST(empty_data_is_not_told_and_no_replay_is_taken) {
    ck_assert_int_eq(give(RG_CONTENT_DATA, 0, "", 0), RG_ENGINE_DONE);
    ck_assert_uint_eq(data_count, 0);
    ck_assert_int_eq(give(RG_CONTENT_DATA, 1, "x", 1), RG_ENGINE_DONE);
    ck_assert_int_eq(give(RG_CONTENT_DATA, 1, "x", 1), RG_ENGINE_DONE);
    ck_assert_uint_eq(data_count, 1);
    ck_assert_uint_eq(copy_engine_records.discarded(engine), 1);
}
END_TEST

START_TEST(record_numbers_end_before_they_repeat) {
    static const uint8_t data[RG_PLAINTEXT_MAX + 1];
    teardown();
    open_engine(UINT64_C(0xffffffffffff));
    ck_assert_int_eq(copy_engine_records.write(engine, (struct rg_bytes){data, 1}), 0);
    ck_assert_mem_eq(sent + 3, "\0\1\xff\xff\xff\xff\xff\xff", 8);
    sent_length = 0;
    ck_assert_int_eq(copy_engine_records.write(engine, (struct rg_bytes){data, 1}),
                     RTPGATE_ERR_CRYPTO);
    ck_assert_int_eq(copy_engine_records.close(engine), RTPGATE_ERR_CRYPTO);
    ck_assert_uint_eq(sent_length, 0);
    teardown();
    open_engine(1);
    ck_assert_int_eq(copy_engine_records.write(engine, (struct rg_bytes){data, sizeof(data)}),
                     RTPGATE_ERR_CRYPTO);
}
END_TEST

START_TEST(secrets_are_zeroed_when_it_is_freed) {
    freed = 0;
    teardown();
    ck_assert_uint_ge(freed, offsetof(struct rg_engine, connection) + sizeof(struct rg_connection));
    open_engine(1);
}
END_TEST

START_TEST(an_exporter_takes_no_more_context_than_a_length_can_say) {
    static const uint8_t context[UINT16_MAX + 1];
    uint8_t out[32];
    ck_assert_int_eq(copy_engine_records.export_key(engine, "L", context, UINT16_MAX, out, 32), 0);
    ck_assert_int_eq(copy_engine_records.export_key(engine, "L", context, UINT16_MAX + 1, out, 32),
                     RTPGATE_ERR_CRYPTO);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("engine_records");
    TCase *tests = suite_case(suite, "records");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, alerts_end_it_as_their_level_says);
    tcase_add_test(tests, alerts_of_other_lengths_are_dropped_and_counted);
    tcase_add_test(tests, empty_data_is_not_told_and_no_replay_is_taken);
    tcase_add_test(tests, record_numbers_end_before_they_repeat);
    tcase_add_test(tests, secrets_are_zeroed_when_it_is_freed);
    tcase_add_test(tests, an_exporter_takes_no_more_context_than_a_length_can_say);
    return suite_run(suite);
}
