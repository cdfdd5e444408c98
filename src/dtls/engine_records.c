#include "dtls/engine_records.h"

#include <rtpgate/error.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "wire/alert.h"

#define SEQUENCE_MAX UINT64_C(0xffffffffffff)

struct rg_engine {
    struct rg_engine_host host;
    struct rg_connection connection;
    uint64_t discarded;
    uint8_t alert_received;
    uint8_t certificate[];
};

int rg_engine_records_open(struct rg_engine **out, const struct rg_connection *connection,
                           const struct rg_engine_host *host) {
    const struct rg_bytes leaf = connection->certificate;
    struct rg_engine *engine = rg_alloc(sizeof(*engine) + leaf.length);
    if (engine == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    engine->host = *host;
    engine->connection = *connection;
    engine->connection.certificate.at = engine->certificate;
    memcpy(engine->certificate, leaf.at, leaf.length);
    *out = engine;
    return 0;
}

static void engine_free(struct rg_engine *engine) {
    rg_free_secret(engine, sizeof(*engine));
}

static enum rg_engine_status take_alert(struct rg_engine *engine, struct rg_bytes alert) {
    if (alert.length != 2) {
        engine->discarded++;
        return RG_ENGINE_DONE;
    }
    if (alert.at[1] == RG_ALERT_CLOSE_NOTIFY) {
        return RG_ENGINE_CLOSED;
    }
    engine->alert_received = alert.at[1];
    return alert.at[0] == RG_ALERT_FATAL ? RG_ENGINE_ALERT : RG_ENGINE_DONE;
}

static enum rg_engine_status take(struct rg_engine *engine, uint8_t type,
                                  struct rg_bytes plaintext) {
    if (type == RG_CONTENT_ALERT) {
        return take_alert(engine, plaintext);
    }
    if (plaintext.length > 0) { /* an empty one hides that there is nothing (RFC 5246 6.2.1) */
        engine->host.data(engine->host.context, plaintext);
    }
    return RG_ENGINE_DONE;
}

static enum rg_engine_status engine_record(struct rg_engine *engine, struct rg_bytes bytes) {
    struct rg_connection *connection = &engine->connection;
    struct rg_reader reader = rg_reader_make(bytes.at, bytes.length);
    struct rg_record record;
    uint8_t plaintext[RG_PLAINTEXT_MAX];
    int length = RTPGATE_ERR_AUTH;

    if (rg_record_next(&reader, &record) &&
        rg_replay_is_new(&connection->received, record.sequence)) {
        length = rg_protection_open(&connection->read, &record, plaintext);
    }
    if (length < 0) {
        engine->discarded++;
        return RG_ENGINE_DONE;
    }
    rg_replay_mark(&connection->received, record.sequence);
    enum rg_engine_status status =
        take(engine, record.type, (struct rg_bytes){plaintext, (size_t)length});
    rg_zero(plaintext, (size_t)length);
    return status;
}

static int seal(struct rg_engine *engine, uint8_t type, struct rg_bytes plaintext) {
    struct rg_connection *connection = &engine->connection;
    uint8_t sealed[RG_PROTECTED_MAX];
    struct rg_record record;

    if (plaintext.length > RG_PLAINTEXT_MAX || connection->next_sequence > SEQUENCE_MAX) {
        return RTPGATE_ERR_CRYPTO;
    }
    int length = rg_protection_seal(&connection->write, type, connection->next_sequence++,
                                    plaintext, sealed);
    struct rg_reader reader = rg_reader_make(sealed, length < 0 ? 0 : (size_t)length);
    if (!rg_record_next(&reader, &record)) {
        return RTPGATE_ERR_CRYPTO;
    }
    engine->host.send(engine->host.context, &record);
    return 0;
}

static int engine_write(struct rg_engine *engine, struct rg_bytes data) {
    return seal(engine, RG_CONTENT_DATA, data);
}

static int engine_close(struct rg_engine *engine) {
    static const uint8_t body[] = {RG_ALERT_WARNING, RG_ALERT_CLOSE_NOTIFY};
    return seal(engine, RG_CONTENT_ALERT, (struct rg_bytes){body, sizeof(body)});
}

static int engine_alert(struct rg_engine *engine, uint8_t description) {
    const uint8_t body[] = {RG_ALERT_FATAL, description};
    return seal(engine, RG_CONTENT_ALERT, (struct rg_bytes){body, sizeof(body)});
}

static int engine_export(const struct rg_engine *engine, const char *label, const uint8_t *context,
                         size_t context_length, uint8_t *out, size_t length) {
    return rg_exporter_export(&engine->connection.exporter, label, context, context_length, out,
                              length);
}

static struct rg_bytes engine_certificate(const struct rg_engine *engine) {
    return engine->connection.certificate;
}

static uint16_t engine_profile(const struct rg_engine *engine) {
    return engine->connection.profile;
}

static bool engine_ems(const struct rg_engine *engine) {
    return engine->connection.extended_master_secret;
}

static size_t engine_overhead(const struct rg_engine *engine) {
    return rg_protection_overhead(&engine->connection.write);
}

static uint64_t engine_discarded(const struct rg_engine *engine) {
    return engine->discarded;
}

static uint8_t engine_alert_received(const struct rg_engine *engine) {
    return engine->alert_received;
}

const struct rg_engine_ops rg_engine_records = {
    .free = engine_free,
    .record = engine_record,
    .write = engine_write,
    .close = engine_close,
    .alert = engine_alert,
    .export_key = engine_export,
    .certificate = engine_certificate,
    .profile = engine_profile,
    .extended_master_secret = engine_ems,
    .overhead = engine_overhead,
    .discarded = engine_discarded,
    .alert_received = engine_alert_received,
};
