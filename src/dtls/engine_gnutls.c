#include "dtls/engine_records.h"

#include <errno.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include <rtpgate/error.h>

#include "base/alloc.h"
#include "base/secure.h"
#include "dtls/identity.h"
#include "wire/handshake.h"
#include "wire/hello.h"

enum {
    /* GnuTLS never fragments: the flight does, to the path's MTU. */
    ENGINE_MTU = 16384,
    /* A call takes one record and sends at most one flight; more turns mean that GnuTLS spins. */
    TURNS_MAX = 64,
};

struct rg_engine {
    gnutls_session_t tls;
    struct rg_engine_host host;
    /* The one datagram that GnuTLS may pull: a header of ours, if any, and bytes that are lent. */
    uint8_t header[RG_RECORD_HEADER];
    size_t header_length;
    struct rg_bytes inbox;
    uint64_t next_sequence; /* epoch 0: nobody outside can move GnuTLS's replay window */
    bool starved;           /* GnuTLS asked for more than there is */
    bool firing;            /* our timer fired: GnuTLS shall believe that its own did */
    bool cipher_changed;    /* GnuTLS was told ChangeCipherSpec */
    bool done;
    int failure;                      /* GNUTLS_E_* */
    uint64_t sequence;                /* of the protected record that is being looked at */
    struct rg_replay_window received; /* GnuTLS does not tell its own */
};

static ssize_t pull(gnutls_transport_ptr_t pointer, void *out, size_t capacity) {
    struct rg_engine *engine = pointer;
    size_t length = engine->header_length + engine->inbox.length;
    if (length == 0 || length > capacity) {
        engine->starved = true;
        gnutls_transport_set_errno(engine->tls, EAGAIN);
        return -1;
    }
    memcpy(out, engine->header, engine->header_length);
    memcpy((uint8_t *)out + engine->header_length, engine->inbox.at, engine->inbox.length);
    engine->header_length = 0;
    engine->inbox = (struct rg_bytes){0};
    return (ssize_t)length;
}

/* "Time out" when our timer fired, and never otherwise. */
static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned int milliseconds) {
    const struct rg_engine *engine = pointer;
    (void)milliseconds;
    return engine->firing ? 0 : 1;
}

static ssize_t push(gnutls_transport_ptr_t pointer, const void *bytes, size_t length) {
    struct rg_engine *engine = pointer;
    struct rg_reader reader = rg_reader_make(bytes, length);
    struct rg_record record;
    while (rg_record_next(&reader, &record)) {
        engine->host.send(engine->host.context, &record);
    }
    return (ssize_t)length;
}

static int configure(struct rg_engine *engine, const struct rg_engine_setup *setup) {
    const rtpgate_config *config = setup->config;
    gnutls_session_t tls = engine->tls;
    int status = gnutls_priority_set(tls, config->priority);
    if (status == 0) {
        status = gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, config->identity->credentials);
    }
    if (setup->server) {
        /* As after a HelloVerifyRequest of GnuTLS's own: read from here, write from here. */
        gnutls_dtls_prestate_st prestate = {.hsk_read_seq = setup->first};
        if (setup->first > 0) {
            prestate.hsk_write_seq = setup->first - 1;
            gnutls_dtls_prestate_set(tls, &prestate);
        }
        gnutls_certificate_server_set_request(tls, GNUTLS_CERT_REQUIRE);
        return status != 0 ? status
                           : gnutls_srtp_set_profile(tls, (gnutls_srtp_profile_t)setup->profile);
    }
    for (size_t i = 0; status == 0 && i < config->profile_count; i++) {
        status = gnutls_srtp_set_profile(tls, (gnutls_srtp_profile_t)config->profiles[i]);
    }
    if (status == 0 && setup->random != NULL) {
        uint8_t random[RG_RANDOM];
        memcpy(random, setup->random, sizeof(random));
        const gnutls_datum_t datum = {random, sizeof(random)};
        status = gnutls_handshake_set_random(tls, &datum);
    }
    return status;
}

static void connect_transport(struct rg_engine *engine) {
    gnutls_transport_set_ptr(engine->tls, engine);
    gnutls_transport_set_push_function(engine->tls, push);
    gnutls_transport_set_pull_function(engine->tls, pull);
    gnutls_transport_set_pull_timeout_function(engine->tls, pull_timeout);
    gnutls_dtls_set_mtu(engine->tls, ENGINE_MTU);
    /* A retransmission time of 0 leaves it to pull_timeout. The total time is counted on the wall
     * clock, so it must never come; the first call refuses more than 2^31. */
    gnutls_dtls_set_timeouts(engine->tls, 0, 0x40000000);
}

static void engine_free(struct rg_engine *engine) {
    if (engine == NULL) {
        return;
    }
    if (engine->tls != NULL) {
        gnutls_deinit(engine->tls);
    }
    rg_free_secret(engine, sizeof(*engine));
}

static int engine_open(struct rg_engine **out, const struct rg_engine_setup *setup) {
    struct rg_engine *engine = rg_alloc(sizeof(*engine));
    if (engine == NULL) {
        return RTPGATE_ERR_NOMEM;
    }
    engine->host = setup->host;
    /* Without GNUTLS_NO_EXTENSIONS a client offers status_request, and the server may answer with a
     * message that DTLS-SRTP has no use for. Tickets with use_srtp corrupt GnuTLS's heap. */
    unsigned flags = GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS;
    flags |= setup->server ? GNUTLS_SERVER : GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT;
    int status = gnutls_init(&engine->tls, flags);
    if (status != 0) {
        engine->tls = NULL;
    } else {
        status = configure(engine, setup);
    }
    if (status != 0) {
        engine_free(engine);
        return status == GNUTLS_E_MEMORY_ERROR ? RTPGATE_ERR_NOMEM : RTPGATE_ERR_CRYPTO;
    }
    connect_transport(engine);
    *out = engine;
    return 0;
}

static bool is_harmless(int status) {
    return status == GNUTLS_E_AGAIN || status == GNUTLS_E_INTERRUPTED ||
           status == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

static enum rg_engine_status fail(struct rg_engine *engine, int failure) {
    engine->failure = failure;
    if (failure == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        return RG_ENGINE_ALERT;
    }
    return failure == GNUTLS_E_SESSION_EOF ? RG_ENGINE_CLOSED : RG_ENGINE_FAILED;
}

static enum rg_engine_status step_handshake(struct rg_engine *engine) {
    int status = gnutls_handshake(engine->tls);
    if (status == 0) {
        engine->done = true;
        engine->starved = true;
        return RG_ENGINE_DONE;
    }
    return is_harmless(status) ? RG_ENGINE_HANDSHAKE : fail(engine, status);
}

static enum rg_engine_status step_records(struct rg_engine *engine) {
    uint8_t plaintext[RG_PLAINTEXT_MAX];
    ssize_t status = gnutls_record_recv(engine->tls, plaintext, sizeof(plaintext));
    if (status == 0) {
        return RG_ENGINE_CLOSED;
    }
    if (status > 0 || status == GNUTLS_E_WARNING_ALERT_RECEIVED) {
        rg_replay_mark(&engine->received, engine->sequence);
    }
    if (status < 0) {
        return is_harmless((int)status) ? RG_ENGINE_DONE : fail(engine, (int)status);
    }
    engine->host.data(engine->host.context, (struct rg_bytes){plaintext, (size_t)status});
    rg_zero(plaintext, (size_t)status);
    return RG_ENGINE_DONE;
}

/* GnuTLS returns after every record while others wait unseen in its buffer: only when it has asked
 * for more is everything done. */
static enum rg_engine_status run(struct rg_engine *engine) {
    enum rg_engine_status status = engine->done ? RG_ENGINE_DONE : RG_ENGINE_HANDSHAKE;
    engine->starved = false;
    for (int turn = 0; turn < TURNS_MAX && !engine->starved; turn++) {
        status = engine->done ? step_records(engine) : step_handshake(engine);
        if (status != RG_ENGINE_HANDSHAKE && status != RG_ENGINE_DONE) {
            break;
        }
    }
    return status;
}

static enum rg_engine_status take(struct rg_engine *engine, struct rg_bytes bytes) {
    engine->inbox = bytes;
    enum rg_engine_status status = run(engine);
    engine->header_length = 0;
    engine->inbox = (struct rg_bytes){0};
    return status;
}

static enum rg_engine_status take_plain(struct rg_engine *engine, uint8_t type,
                                        struct rg_bytes body) {
    rg_record_put_header(engine->header, type, RG_VERSION_DTLS12, 0, engine->next_sequence++,
                         body.length);
    engine->header_length = RG_RECORD_HEADER;
    return take(engine, body);
}

static enum rg_engine_status engine_start(struct rg_engine *engine) {
    enum rg_engine_status status = run(engine);
    gnutls_dtls_set_timeouts(engine->tls, 0, UINT32_MAX);
    return status;
}

static enum rg_engine_status engine_message(struct rg_engine *engine, struct rg_bytes message) {
    enum rg_engine_status status = take_plain(engine, RG_CONTENT_HANDSHAKE, message);
    gnutls_dtls_set_timeouts(engine->tls, 0, UINT32_MAX);
    return status;
}

static uint64_t sequence_of(struct rg_bytes bytes) {
    struct rg_reader reader = rg_reader_make(bytes.at, bytes.length);
    struct rg_record record = {0};
    (void)rg_record_next(&reader, &record);
    return record.sequence;
}

static enum rg_engine_status engine_record(struct rg_engine *engine, struct rg_bytes record) {
    if (!engine->cipher_changed) {
        /* Whoever has sent a protected record has changed its cipher: a lost or late
         * ChangeCipherSpec, which nothing authenticates, costs no round trip. */
        static const uint8_t change_cipher_spec[] = {1};
        engine->cipher_changed = true;
        enum rg_engine_status status =
            take_plain(engine, RG_CONTENT_CCS, (struct rg_bytes){change_cipher_spec, 1});
        if (status != RG_ENGINE_HANDSHAKE) {
            return status;
        }
    }
    engine->sequence = sequence_of(record);
    return take(engine, record);
}

/* One call, in which GnuTLS asks several times, is one retransmission. */
static enum rg_engine_status engine_retransmit(struct rg_engine *engine) {
    engine->firing = true;
    enum rg_engine_status status = step_handshake(engine);
    engine->firing = false;
    return status;
}

static int engine_write(struct rg_engine *engine, struct rg_bytes data) {
    ssize_t written = gnutls_record_send(engine->tls, data.at, data.length);
    return written == (ssize_t)data.length ? 0 : RTPGATE_ERR_CRYPTO;
}

static int engine_close(struct rg_engine *engine) {
    /* GNUTLS_SHUT_RDWR would wait for the peer's answer. */
    return gnutls_bye(engine->tls, GNUTLS_SHUT_WR) == 0 ? 0 : RTPGATE_ERR_CRYPTO;
}

static int engine_alert(struct rg_engine *engine, uint8_t description) {
    int status =
        gnutls_alert_send(engine->tls, GNUTLS_AL_FATAL, (gnutls_alert_description_t)description);
    return status == 0 ? 0 : RTPGATE_ERR_CRYPTO;
}

static int engine_export(const struct rg_engine *engine, const char *label, const uint8_t *context,
                         size_t context_length, uint8_t *out, size_t length) {
    int status = gnutls_prf_rfc5705(engine->tls, strlen(label), label, context_length,
                                    (const char *)context, length, (char *)out);
    return status == 0 ? 0 : RTPGATE_ERR_CRYPTO;
}

static struct rg_bytes engine_certificate(const struct rg_engine *engine) {
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(engine->tls, &count);
    return list == NULL || count == 0 ? (struct rg_bytes){NULL, 0}
                                      : (struct rg_bytes){list[0].data, list[0].size};
}

static uint16_t engine_profile(const struct rg_engine *engine) {
    gnutls_srtp_profile_t profile;
    return gnutls_srtp_get_selected_profile(engine->tls, &profile) == 0 ? (uint16_t)profile : 0;
}

static bool engine_ems(const struct rg_engine *engine) {
    return (gnutls_session_get_flags(engine->tls) & GNUTLS_SFLAGS_EXT_MASTER_SECRET) != 0;
}

static size_t engine_overhead(const struct rg_engine *engine) {
    return ENGINE_MTU - gnutls_dtls_get_data_mtu(engine->tls);
}

static uint64_t engine_discarded(const struct rg_engine *engine) {
    return gnutls_record_get_discarded(engine->tls);
}

static uint8_t engine_alert_received(const struct rg_engine *engine) {
    return (uint8_t)gnutls_alert_get(engine->tls);
}

static bool read_keys(gnutls_session_t tls, bool read, struct rg_protection *protection) {
    gnutls_datum_t iv;
    gnutls_datum_t key;
    return gnutls_record_get_state(tls, read ? 1 : 0, NULL, &iv, &key, NULL) == 0 &&
           rg_protection_make(protection, gnutls_cipher_get(tls),
                              (struct rg_bytes){key.data, key.size},
                              (struct rg_bytes){iv.data, iv.size});
}

/* The number of the next record that is written; GnuTLS puts the epoch before it. */
static bool read_next_sequence(gnutls_session_t tls, uint64_t *sequence) {
    unsigned char number[8];
    if (gnutls_record_get_state(tls, 0, NULL, NULL, NULL, number) != 0) {
        return false;
    }
    struct rg_reader reader = rg_reader_make(number, sizeof(number));
    uint16_t epoch = rg_read_u16(&reader);
    *sequence = rg_read_u48(&reader);
    return epoch == 1;
}

static bool read_exporter(gnutls_session_t tls, struct rg_exporter *exporter) {
    gnutls_datum_t secret;
    gnutls_datum_t client;
    gnutls_datum_t server;
    gnutls_session_get_random(tls, &client, &server);
    gnutls_session_get_master_secret(tls, &secret);
    if (secret.size != RG_MASTER_SECRET || client.size != RG_RANDOM || server.size != RG_RANDOM) {
        return false;
    }
    exporter->mac = (gnutls_mac_algorithm_t)gnutls_prf_hash_get(tls);
    memcpy(exporter->master_secret, secret.data, RG_MASTER_SECRET);
    memcpy(exporter->client_random, client.data, RG_RANDOM);
    memcpy(exporter->server_random, server.data, RG_RANDOM);
    return true;
}

static int engine_release(const struct rg_engine *engine, struct rg_engine **out) {
    struct rg_connection connection = {
        .received = engine->received,
        .certificate = engine_certificate(engine),
        .profile = engine_profile(engine),
        .extended_master_secret = engine_ems(engine),
    };
    bool good = read_keys(engine->tls, true, &connection.read) &&
                read_keys(engine->tls, false, &connection.write) &&
                read_next_sequence(engine->tls, &connection.next_sequence) &&
                read_exporter(engine->tls, &connection.exporter);
    int status =
        good ? rg_engine_records_open(out, &connection, &engine->host) : RTPGATE_ERR_CRYPTO;
    rg_zero(&connection, sizeof(connection));
    return status;
}

static const char *engine_reason(const struct rg_engine *engine) {
    return gnutls_strerror(engine->failure);
}

const struct rg_engine_ops rg_engine_gnutls = {
    .open = engine_open,
    .free = engine_free,
    .start = engine_start,
    .message = engine_message,
    .record = engine_record,
    .retransmit = engine_retransmit,
    .release = engine_release,
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
    .reason = engine_reason,
};
