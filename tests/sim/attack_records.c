/* Attacks that are made of records, without a look into handshake messages. */
#include <string.h>

#include "sim/attack.h"
#include "wire/alert.h"
#include "wire/handshake.h"
#include "wire/record.h"

enum { FLOOD = 300 };

#define HIGHEST UINT64_C(0xffffffffffff)

static void alert(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    (void)scene;
    const uint8_t body[] = {(uint8_t)(parameter >> 8), (uint8_t)parameter};
    sim_volley_record(volley, RG_CONTENT_ALERT, 0, 0, body, sizeof(body));
}

static void every_alert(struct sim_volley *volley, const struct sim_scene *scene,
                        unsigned parameter) {
    for (unsigned level = 0; level < 3; level++) {
        for (unsigned description = 0; description < 256; description++) {
            alert(volley, scene, level << 8 | description);
        }
    }
    (void)parameter;
}

static void odd_alerts(struct sim_volley *volley, const struct sim_scene *scene,
                       unsigned parameter) {
    (void)scene;
    (void)parameter;
    sim_volley_record(volley, RG_CONTENT_ALERT, 0, 0, "\2", 1);
    sim_volley_record(volley, RG_CONTENT_ALERT, 0, 0, "\2\50\2\50", 4);
    sim_volley_append(volley, sim_forge_alert(RG_ALERT_FATAL, 40));
}

static void one_record(struct sim_volley *volley, const struct sim_scene *scene,
                       unsigned parameter) {
    static const uint8_t body[] = {1, 0, 1, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 2, 40, 0, 0};
    (void)scene;
    sim_volley_record(volley, (uint8_t)(parameter >> 8), 0, 1, body, parameter & 0xffU);
}

static void high_numbers(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    (void)scene;
    (void)parameter;
    sim_volley_record(volley, RG_CONTENT_CCS, 0, HIGHEST, "\1", 1);
    sim_volley_record(volley, RG_CONTENT_HANDSHAKE, 0, HIGHEST, NULL, 12);
}

static void versions(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_forged hello =
        scene->target == 0 ? sim_forge_server_hello(0x31) : sim_forge_client_hello(0x31, 0);
    hello.bytes[1] = (uint8_t)(parameter >> 8);
    hello.bytes[2] = (uint8_t)parameter;
    sim_volley_forge(volley, hello);
}

/* RFC 9147 4: 001CSLEE, then number, perhaps a length, and what is sealed. */
static void unified_headers(struct sim_volley *volley, const struct sim_scene *scene,
                            unsigned parameter) {
    (void)scene;
    (void)parameter;
    for (unsigned first = 0x20; first < 0x40; first++) {
        uint8_t bytes[60] = {(uint8_t)first, 0, 0, 0, 0};
        sim_volley_add(volley, bytes, sizeof(bytes), 0);
        sim_volley_add(volley, bytes, 2, 0);
    }
}

static void protected_junk(struct sim_volley *volley, const struct sim_scene *scene,
                           unsigned parameter) {
    (void)scene;
    uint8_t type = (uint8_t)parameter;
    sim_volley_record(volley, type, 1, 0, NULL, 60);
    sim_volley_record(volley, type, 1, 5, NULL, 26);
    sim_volley_record(volley, type, 1, HIGHEST, NULL, 100);
}

static void protected_of_every_kind(struct sim_volley *volley, const struct sim_scene *scene,
                                    unsigned parameter) {
    static const uint8_t types[] = {0, 19, 20, 21, 22, 23, 24, 25, 26, 63, 255};
    static const size_t lengths[] = {1, 2, 8, 15, 16, 17, 24, 25, 40, 64, 256, 1200};
    (void)scene;
    (void)parameter;
    for (size_t i = 0; i < sizeof(types); i++) {
        for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
            sim_volley_record(volley, types[i], 1, j, NULL, lengths[j]);
        }
    }
    sim_volley_record(volley, RG_CONTENT_DATA, 1, 0, NULL, 16384);
    sim_volley_record(volley, RG_CONTENT_HANDSHAKE, 1, 0, NULL, 16408);
}

static void protected_in_one_datagram(struct sim_volley *volley, const struct sim_scene *scene,
                                      unsigned parameter) {
    (void)scene;
    for (uint64_t i = 0; i < parameter; i++) {
        sim_volley_append(volley, sim_forge_record(RG_CONTENT_HANDSHAKE, 1, i, NULL, 60));
    }
}

static void impossible_epochs(struct sim_volley *volley, const struct sim_scene *scene,
                              unsigned parameter) {
    (void)scene;
    (void)parameter;
    sim_volley_record(volley, RG_CONTENT_HANDSHAKE, 2, 0, NULL, 60);
    sim_volley_record(volley, RG_CONTENT_ALERT, 65535, 0, "\2\50", 2);
}

static void empty(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    (void)scene;
    (void)parameter;
    sim_volley_add(volley, NULL, 0, 0);
    sim_volley_record(volley, RG_CONTENT_HANDSHAKE, 0, 0, NULL, 0);
}

static void runts(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_forged record = sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 0, NULL, 100);
    (void)scene;
    (void)parameter;
    for (size_t length = 1; length < RG_RECORD_HEADER; length++) {
        sim_volley_add(volley, record.bytes, length, 0);
    }
}

static void cut_record(struct sim_volley *volley, const struct sim_scene *scene,
                       unsigned parameter) {
    struct sim_forged hello = sim_forge_client_hello(0x12, 0);
    (void)scene;
    hello.length -= parameter;
    sim_volley_forge(volley, hello);
}

static void oversize(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    (void)scene;
    (void)parameter;
    sim_volley_record(volley, RG_CONTENT_HANDSHAKE, 0, 0, NULL, 18500);
    sim_volley_record(volley, RG_CONTENT_DATA, 1, 0, NULL, 16384);
}

static void random_bytes(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    struct sim_forged record = sim_forge_record(RG_CONTENT_HANDSHAKE, 0, 0, NULL, 500);
    (void)scene;
    for (size_t i = parameter; i < record.length; i++) {
        record.bytes[i] = (uint8_t)(i * 167 + 13);
    }
    sim_volley_forge(volley, record);
}

static void flood_of_alerts(struct sim_volley *volley, const struct sim_scene *scene,
                            unsigned parameter) {
    for (unsigned i = 0; i < FLOOD; i++) {
        alert(volley, scene, parameter);
    }
}

static void flood_of_protected(struct sim_volley *volley, const struct sim_scene *scene,
                               unsigned parameter) {
    (void)scene;
    for (uint64_t i = 0; i < FLOOD; i++) {
        sim_volley_record(volley, (uint8_t)parameter, 1, i, NULL, 60);
    }
}

const struct sim_attack sim_attacks_records[] = {
    {"fatal handshake_failure", SIM_ALERTS, alert, RG_ALERT_FATAL << 8 | 40, NULL},
    {"fatal bad_certificate", SIM_ALERTS, alert, RG_ALERT_FATAL << 8 | 42, NULL},
    {"close_notify", SIM_ALERTS, alert, RG_ALERT_WARNING << 8 | RG_ALERT_CLOSE_NOTIFY, NULL},
    {"user_canceled", SIM_ALERTS, alert, RG_ALERT_WARNING << 8 | 90, NULL},
    {"no_renegotiation", SIM_ALERTS, alert, RG_ALERT_WARNING << 8 | 100, NULL},
    {"every alert", SIM_ALERTS, every_alert, 0, NULL},
    {"alerts of one, two and four bytes", SIM_ALERTS, odd_alerts, 0, NULL},
    {"early ChangeCipherSpec", SIM_RECORDS, one_record, RG_CONTENT_CCS << 8 | 1, NULL},
    {"record number 2^48 - 1", SIM_RECORDS, high_numbers, 0, NULL},
    {"empty datagram and empty record", SIM_RECORDS, empty, 0, NULL},
    {"runts", SIM_RECORDS, runts, 0, NULL},
    {"truncated record", SIM_RECORDS, cut_record, 10, NULL},
    {"record without its last byte", SIM_RECORDS, cut_record, 1, NULL},
    {"oversize records", SIM_RECORDS, oversize, 0, NULL},
    {"random bytes in a record", SIM_RECORDS, random_bytes, RG_RECORD_HEADER, NULL},
    {"random bytes", SIM_RECORDS, random_bytes, 0, NULL},
    {"impossible epochs", SIM_RECORDS, impossible_epochs, 0, NULL},
    {"heartbeat", SIM_CONTENT_TYPES, one_record, 24 << 8 | 4, NULL},
    {"plaintext application data", SIM_CONTENT_TYPES, one_record, RG_CONTENT_DATA << 8 | 4, NULL},
    {"CID record (type 25)", SIM_CONTENT_TYPES, one_record, 25 << 8 | 16, NULL},
    {"ACK (type 26)", SIM_CONTENT_TYPES, one_record, 26 << 8 | 2, NULL},
    {"content type 0", SIM_CONTENT_TYPES, one_record, 0 << 8 | 4, NULL},
    {"version 0xfeff", SIM_CONTENT_TYPES, versions, RG_VERSION_DTLS10, NULL},
    {"version 0xfefc", SIM_CONTENT_TYPES, versions, 0xfefc, NULL},
    {"version 0x0303", SIM_CONTENT_TYPES, versions, 0x0303, NULL},
    {"unified headers of DTLS 1.3", SIM_CONTENT_TYPES, unified_headers, 0, NULL},
    {"protected handshake junk", SIM_PROTECTED, protected_junk, RG_CONTENT_HANDSHAKE, NULL},
    {"protected alert junk", SIM_PROTECTED, protected_junk, RG_CONTENT_ALERT, NULL},
    {"protected data junk", SIM_PROTECTED, protected_junk, RG_CONTENT_DATA, NULL},
    {"protected junk of every type and length", SIM_PROTECTED, protected_of_every_kind, 0, NULL},
    {"20 protected records in one datagram", SIM_PROTECTED, protected_in_one_datagram, 20, NULL},
    {"flood of alerts", SIM_FLOODS, flood_of_alerts, RG_ALERT_FATAL << 8 | 40, NULL},
    {"flood of protected handshake junk", SIM_FLOODS, flood_of_protected, RG_CONTENT_HANDSHAKE,
     NULL},
    {"flood of protected data junk", SIM_FLOODS, flood_of_protected, RG_CONTENT_DATA, NULL},
};
const size_t sim_attacks_records_count =
    sizeof(sim_attacks_records) / sizeof(sim_attacks_records[0]);
