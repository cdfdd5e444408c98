/* Attacks by handshake messages behind the hellos that somebody who reads nothing can make. */
#include <string.h>

#include "sim/attack.h"
#include "sim/pair.h"
#include "wire/handshake.h"
#include "wire/record.h"

enum { FLOOD = 300, HEADERS = RG_RECORD_HEADER + RG_HANDSHAKE_HEADER, FLIGHT4 = 5, FLIGHT5 = 4 };

/* Whole messages behind the hello */

static void empty_message(struct sim_volley *volley, const struct sim_scene *scene,
                          unsigned parameter) {
    (void)scene;
    sim_volley_put(volley, (uint8_t)(parameter >> 8), parameter & 0xffU, NULL, 0);
}

static void junk_message(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    uint8_t body[255];
    (void)scene;
    memset(body, 0x20, sizeof(body));
    sim_volley_put(volley, (uint8_t)(parameter >> 16), parameter >> 8 & 0xffU, body,
                   parameter & 0xffU);
}

enum certificate { RIGHT = 1, STRANGERS = 2, EMPTY = 4, JUNK = 8, ONCE = 16 };

static size_t put_certificate(uint8_t *list, size_t used, rtpgate_identity *identity) {
    size_t length;
    const uint8_t *der = rtpgate_identity_certificate(identity, &length);
    rg_put_u24(list + used, (uint32_t)length);
    memcpy(list + used + 3, der, length);
    return used + 3 + length;
}

/* What the target expects: anybody knows certificates. */
static void certificate(struct sim_volley *volley, const struct sim_scene *scene,
                        unsigned parameter) {
    uint8_t body[4000];
    size_t used = 3;
    if (parameter & RIGHT) {
        used = put_certificate(body, used, sim_identity(scene->target ^ 1U));
    }
    if (parameter & STRANGERS) {
        used = put_certificate(body, used, sim_identity(2));
    }
    if (parameter & JUNK) {
        memset(body + used, 0, 3 + 50);
        body[used + 2] = 50;
        used += 3 + 50;
    }
    rg_put_u24(body, (uint32_t)(used - 3));
    sim_volley_put(volley, RG_CERTIFICATE, 1, body, used);
    if ((parameter & ONCE) == 0) { /* behind a HelloVerifyRequest */
        sim_volley_put(volley, RG_CERTIFICATE, 2, body, used);
    }
}

enum request { PLAIN, MANY_SCHEMES, WITH_NAMES, ODD };

static void certificate_request(struct sim_volley *volley, const struct sim_scene *scene,
                                unsigned parameter) {
    static const uint8_t plain[] = {1, 64, 0, 4, 4, 3, 5, 3, 0, 0};
    static const uint8_t schemes[] = {2, 1, 64, 0, 8, 4, 1, 4, 3, 5, 3, 8, 4, 0, 0};
    static const uint8_t names[] = {1, 64, 0, 2, 4, 3, 0, 4, 0, 2, 0x30, 0};
    static const uint8_t odd[] = {9, 64, 0, 4, 4, 3, 5, 3, 0, 0};
    static const struct {
        const uint8_t *body;
        size_t length;
    } bodies[] = {[PLAIN] = {plain, sizeof(plain)},
                  [MANY_SCHEMES] = {schemes, sizeof(schemes)},
                  [WITH_NAMES] = {names, sizeof(names)},
                  [ODD] = {odd, sizeof(odd)}};
    (void)scene;
    sim_volley_put(volley, RG_CERTIFICATE_REQUEST, 3, bodies[parameter].body,
                   bodies[parameter].length);
    sim_volley_put(volley, RG_SERVER_HELLO_DONE, 4, NULL, 0);
}

static void finished(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    uint8_t body[12] = {1};
    (void)scene;
    for (uint16_t message_seq = 0; message_seq < parameter; message_seq++) {
        sim_volley_put(volley, RG_FINISHED, message_seq, body, sizeof(body));
    }
}

static void every_type_and_place(struct sim_volley *volley, const struct sim_scene *scene,
                                 unsigned parameter) {
    uint8_t body[40];
    (void)scene;
    memset(body, (int)parameter, sizeof(body));
    for (uint8_t type = 0; type <= 24; type++) {
        for (uint16_t message_seq = 0; message_seq < 9; message_seq++) {
            sim_volley_put(volley, type, message_seq, body, sizeof(body));
        }
    }
}

/* Flights that somebody else got: one message, or all, whose message_seq may be moved. */

enum { ALL = 0xff, MOVED = 0x100, PROBED = 0x200 };

static void elsewhere(struct sim_volley *volley, const struct sim_scene *scene,
                      unsigned parameter) {
    struct sim_message flight[FLIGHT4] = {{0}};
    const struct sim_volley *seen = parameter & PROBED ? scene->probed : scene->lured;
    size_t from = scene->target ^ 1U;
    sim_scene_messages(seen, from, flight, from == SIM_SERVER ? FLIGHT4 : FLIGHT5);
    for (unsigned i = 0; i < FLIGHT4; i++) {
        if (flight[i].type != 0 && ((parameter & 0xffU) == ALL || (parameter & 0xffU) == i)) {
            uint16_t message_seq = (uint16_t)(i + (parameter & MOVED ? 1 : 0));
            sim_volley_append(volley, sim_forge_message(&flight[i], message_seq));
        }
    }
}

/* What the client and the server sent to a stranger, as it was. */
static void datagrams_of_others(struct sim_volley *volley, const struct sim_scene *scene,
                                unsigned parameter) {
    const struct sim_volley *seen = parameter & PROBED ? scene->probed : scene->lured;
    for (size_t i = 0; i < seen->count; i++) {
        sim_volley_add(volley, sim_volley_at(seen, i), seen->items[i].length, 0);
    }
}

/* Fragments */

static void fragment(struct sim_volley *volley, uint8_t type, uint16_t message_seq, uint32_t total,
                     uint32_t offset, size_t length) {
    uint8_t body[9000];
    memset(body, 0xee, sizeof(body));
    sim_volley_fragment(volley, type, message_seq, total, offset, body, length, 1);
}

static void other_lengths(struct sim_volley *volley, const struct sim_scene *scene,
                          unsigned parameter) {
    (void)scene;
    (void)parameter;
    fragment(volley, RG_CLIENT_HELLO, 0, 4000, 100, 200);
    fragment(volley, RG_SERVER_HELLO, 0, 900, 100, 200);
    fragment(volley, RG_CERTIFICATE, 1, 9000, 0, 9000);
    fragment(volley, RG_CERTIFICATE, 1, 400, 50, 20);
}

/* Of the peer's messages, whose lengths are known, `length` bytes of junk at `offset`. */
static void filled_in_part(struct sim_volley *volley, const struct sim_scene *scene,
                           unsigned parameter) {
    struct sim_message flight[FLIGHT4] = {{0}};
    size_t from = scene->target ^ 1U;
    sim_scene_messages(scene->target == SIM_CLIENT ? scene->probed : scene->lured, from, flight,
                       from == SIM_SERVER ? FLIGHT4 : FLIGHT5);
    uint32_t offset = parameter >> 8;
    uint32_t length = parameter & 0xffU;
    for (uint16_t i = 0; i < FLIGHT4; i++) {
        if (flight[i].length >= offset + length) {
            fragment(volley, flight[i].type, i, (uint32_t)flight[i].length, offset, length);
        }
    }
}

static void in_bytes(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_forged hello = scene->target == SIM_CLIENT ? sim_forge_server_hello(0x51)
                                                          : sim_forge_client_hello(0x51, 0);
    uint32_t total = (uint32_t)(hello.length - HEADERS);
    (void)parameter;
    for (uint32_t i = total; i > 0; i--) {
        sim_volley_fragment(volley, hello.bytes[RG_RECORD_HEADER], 0, total, i - 1,
                            hello.bytes + HEADERS + i - 1, 1, i);
    }
}

static void lie(struct sim_volley *volley, const uint8_t *fragment, size_t length) {
    sim_volley_record(volley, RG_CONTENT_HANDSHAKE, 0, 0, fragment, length);
}

static void lying(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    static const uint8_t cut[] = {RG_CLIENT_HELLO, 0, 0, 10, 0, 0, 0, 0, 8, 0, 0, 20, 1, 2};
    static const uint8_t nothing[] = {RG_CERTIFICATE, 0, 2, 0, 0, 1, 0, 0, 9, 0, 0, 0};
    static const uint8_t beyond[] = {RG_CERTIFICATE, 0, 0, 10, 0, 1, 0, 0, 8, 0, 0, 4, 1, 2, 3, 4};
    static const uint8_t before[] = {RG_SERVER_HELLO, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3};
    (void)scene;
    (void)parameter;
    lie(volley, cut, sizeof(cut));
    lie(volley, nothing, sizeof(nothing));
    lie(volley, beyond, sizeof(beyond));
    lie(volley, before, sizeof(before));
}

static void future(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    (void)scene;
    (void)parameter;
    for (uint16_t message_seq = 5; message_seq < 15; message_seq++) {
        fragment(volley, RG_CERTIFICATE, message_seq, 10, 0, 10);
    }
    fragment(volley, RG_FINISHED, 65535, 10, 0, 10);
}

static void flood_of_fragments(struct sim_volley *volley, const struct sim_scene *scene,
                               unsigned parameter) {
    static const uint8_t server[] = {RG_CLIENT_HELLO, RG_CERTIFICATE, RG_CLIENT_KEY_EXCHANGE,
                                     RG_CERTIFICATE_VERIFY};
    static const uint8_t client[] = {RG_SERVER_HELLO, RG_CERTIFICATE, RG_SERVER_KEY_EXCHANGE,
                                     RG_CERTIFICATE_REQUEST};
    (void)parameter;
    for (uint16_t i = 0; i < FLOOD; i++) {
        uint8_t type = (scene->target == SIM_CLIENT ? client : server)[i % 4];
        uint16_t message_seq = (uint16_t)(i % 4 + i / 4 % 2); /* without or with a cookie */
        fragment(volley, type, message_seq, 12000 + i, i, 20);
    }
}

/* Each asks a server for a signature check: the certificate is the right one. */
static void flood_of_proofs(struct sim_volley *volley, const struct sim_scene *scene,
                            unsigned parameter) {
    uint8_t body[76] = {4, 3, 0, 72};
    certificate(volley, scene, parameter == 1 ? RIGHT | ONCE : RIGHT);
    for (uint16_t i = 0; i < parameter; i++) {
        memset(body + 4, i, sizeof(body) - 4);
        sim_volley_put(volley, RG_CLIENT_KEY_EXCHANGE, 2, body + 20, 33);
        sim_volley_put(volley, RG_CERTIFICATE_VERIFY, 3, body, sizeof(body));
    }
}

static void junk_and_proof(struct sim_volley *volley, const struct sim_scene *scene,
                           unsigned parameter) {
    static const uint8_t runt[] = {RG_CONTENT_HANDSHAKE, 0xfe, 0xfd};
    sim_volley_add(volley, runt, sizeof(runt), 0);
    flood_of_proofs(volley, scene, parameter);
}

/* Somebody whom the server expects, too, and whose key is too large: what he sends before the
 * client's own. */
static void costly_proof(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    uint8_t body[4000];
    uint8_t proof[76] = {4, 1, 0, 72}; /* rsa_pkcs1_sha256 */
    (void)parameter;
    if (scene->target != SIM_SERVER || scene->costly.length == 0) {
        return;
    }
    rg_put_u24(body, (uint32_t)scene->costly.length + 3);
    rg_put_u24(body + 3, (uint32_t)scene->costly.length);
    memcpy(body + 6, scene->costly.at, scene->costly.length);
    sim_volley_put(volley, RG_CERTIFICATE, 1, body, 6 + scene->costly.length);
    sim_volley_put(volley, RG_CLIENT_KEY_EXCHANGE, 2, proof, 33);
    sim_volley_put(volley, RG_CERTIFICATE_VERIFY, 3, proof, sizeof(proof));
}

bool sim_attack_is_expected(const struct sim_attack *attack) {
    return attack->make == costly_proof;
}

const struct sim_attack sim_attacks_messages[] = {
    {"Certificate of a stranger", SIM_TO_CLIENT, certificate, STRANGERS, NULL},
    {"Certificate, the right one", SIM_TO_CLIENT, certificate, RIGHT, NULL},
    {"Certificate, the right one and another", SIM_TO_CLIENT, certificate, RIGHT | STRANGERS, NULL},
    {"Certificate, the right one and junk", SIM_TO_CLIENT, certificate, RIGHT | JUNK, NULL},
    {"Certificate of junk", SIM_TO_CLIENT, certificate, JUNK, NULL},
    {"ServerKeyExchange of junk", SIM_TO_CLIENT, junk_message,
     RG_SERVER_KEY_EXCHANGE << 16 | 2 << 8 | 150, NULL},
    {"CertificateRequest", SIM_TO_CLIENT, certificate_request, PLAIN, NULL},
    {"CertificateRequest with more schemes", SIM_TO_CLIENT, certificate_request, MANY_SCHEMES,
     NULL},
    {"CertificateRequest with names", SIM_TO_CLIENT, certificate_request, WITH_NAMES, NULL},
    {"CertificateRequest that does not parse", SIM_TO_CLIENT, certificate_request, ODD, NULL},
    {"ServerHelloDone", SIM_TO_CLIENT, empty_message, RG_SERVER_HELLO_DONE << 8 | 4, NULL},
    {"ServerHelloDone for CertificateRequest", SIM_TO_CLIENT, empty_message,
     RG_SERVER_HELLO_DONE << 8 | 3, NULL},
    {"plaintext Finished", SIM_TO_CLIENT, finished, 8, NULL},
    {"every type at every message_seq", SIM_TO_CLIENT, every_type_and_place, 0x20, NULL},
    {"empty Certificate", SIM_TO_SERVER, certificate, EMPTY, NULL},
    {"ClientKeyExchange of junk", SIM_TO_SERVER, junk_message,
     RG_CLIENT_KEY_EXCHANGE << 16 | 2 << 8 | 33, NULL},
    {"CertificateVerify of junk", SIM_TO_SERVER, junk_message,
     RG_CERTIFICATE_VERIFY << 16 | 3 << 8 | 76, NULL},
    {"a check that fails", SIM_TO_SERVER, flood_of_proofs, 1, NULL},
    {"junk, then a check that fails", SIM_TO_SERVER, junk_and_proof, 1, NULL},
    {"checks that fail", SIM_TO_SERVER, flood_of_proofs, 12, NULL},
    {"flight of a stranger", SIM_ELSEWHERE, elsewhere, ALL, NULL},
    {"flight of the peer", SIM_ELSEWHERE, elsewhere, ALL | PROBED, NULL},
    {"flight of a stranger, moved", SIM_ELSEWHERE, elsewhere, ALL | MOVED, NULL},
    {"flight of the peer, moved", SIM_ELSEWHERE, elsewhere, ALL | MOVED | PROBED, NULL},
    {"first message of a flight", SIM_ELSEWHERE, elsewhere, 0 | PROBED, NULL},
    {"second message of a flight", SIM_ELSEWHERE, elsewhere, 1 | PROBED, NULL},
    {"third message of a flight", SIM_ELSEWHERE, elsewhere, 2 | PROBED, NULL},
    {"fourth message of a flight", SIM_ELSEWHERE, elsewhere, 3 | PROBED, NULL},
    {"third message of a stranger's flight", SIM_ELSEWHERE, elsewhere, 2, NULL},
    {"fourth message of a stranger's flight", SIM_ELSEWHERE, elsewhere, 3, NULL},
    {"datagrams of the client to a stranger", SIM_ELSEWHERE, datagrams_of_others, 0, NULL},
    {"datagrams of the server to a stranger", SIM_ELSEWHERE, datagrams_of_others, PROBED, NULL},
    {"fragments with other lengths", SIM_FRAGMENTS, other_lengths, 0, NULL},
    {"beginning of each message", SIM_FRAGMENTS, filled_in_part, 0 << 8 | 10, NULL},
    {"middle of each message", SIM_FRAGMENTS, filled_in_part, 20 << 8 | 30, NULL},
    {"one byte of each message", SIM_FRAGMENTS, filled_in_part, 33 << 8 | 1, NULL},
    {"a hello in bytes, backwards", SIM_FRAGMENTS, in_bytes, 0, NULL},
    {"fragments that lie", SIM_FRAGMENTS, lying, 0, NULL},
    {"messages of the future", SIM_FRAGMENTS, future, 0, NULL},
    {"a proof by a key that is too large", SIM_TO_SERVER, costly_proof, 0, NULL},
    {"flood of fragments", SIM_FLOODS, flood_of_fragments, 0, NULL},
    {"flood of signature checks", SIM_FLOODS, flood_of_proofs, FLOOD, NULL},
};
const size_t sim_attacks_messages_count =
    sizeof(sim_attacks_messages) / sizeof(sim_attacks_messages[0]);
