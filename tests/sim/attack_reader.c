/* Attacks of somebody who reads each datagram before it arrives, and cannot hold it back. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "sim/attack.h"
#include "sim/pair.h"
#include "sim/signer.h"
#include "sim/stranger.h"
#include "wire/handshake.h"
#include "wire/record.h"

enum { FLIGHT4 = 5, FLIGHT5 = 4, FRONT = 8 };

static void replays(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    for (size_t i = 0; i < scene->seen->count; i++) {
        bool own = scene->seen->items[i].from == scene->target;
        if (own == (parameter != 0)) {
            sim_volley_add(volley, sim_volley_at(scene->seen, i), scene->seen->items[i].length, 0);
        }
    }
}

/* Another hello in the peer's name, and the genuine one again while that waits. */
static void hello_again(struct sim_volley *volley, const struct sim_scene *scene,
                        unsigned parameter) {
    if (scene->target == SIM_CLIENT || scene->seen->count == 0) {
        return;
    }
    sim_volley_forge(volley, sim_forge_client_hello(0x71, 0));
    volley->items[volley->count - 1].as_peer = true;
    sim_volley_add(volley, sim_volley_at(scene->seen, 0), scene->seen->items[0].length, 0);
    volley->items[volley->count - 1].delay = parameter;
}

static void earlier(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_scene past = *scene;
    past.seen = scene->earlier;
    replays(volley, &past, parameter);
}

/* Each message of the last datagram in one of its own, and cut to pieces of `parameter` bytes. */
static void refragmented(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    struct sim_message flight[FLIGHT4] = {{0}};
    sim_scene_messages(scene->seen, scene->target ^ 1U, flight,
                       scene->target == SIM_CLIENT ? FLIGHT4 : FLIGHT5);
    for (uint16_t i = 0; i < FLIGHT4; i++) {
        for (size_t at = flight[i].length; at > 0;) {
            size_t length = at < parameter ? at : parameter;
            at -= length;
            sim_volley_fragment(volley, flight[i].type, i, (uint32_t)flight[i].length, (uint32_t)at,
                                flight[i].body + at, length, at);
        }
    }
}

/* Somebody with the identity `parameter` answers the client's hello before the server does. */
static void impersonated(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    uint8_t buffer[2000];
    uint64_t path;
    int length;
    struct sim_ours ours;
    if (scene->target != SIM_CLIENT) {
        return;
    }
    sim_ours_init(&ours, sim_config(parameter), RTPGATE_ROLE_SERVER, 0);
    for (size_t i = 0; i < scene->seen->count; i++) {
        if (scene->seen->items[i].from == SIM_CLIENT) {
            (void)rtpgate_session_input(ours.session, sim_volley_at(scene->seen, i),
                                        scene->seen->items[i].length, 0, 0);
        }
    }
    while ((length = rtpgate_session_output(ours.session, buffer, sizeof(buffer), &path)) > 0) {
        sim_volley_add(volley, buffer, (size_t)length, 0);
    }
    sim_ours_clear(&ours);
}

/* Genuine flights with one change */

enum change {
    FLIP_FRONT,      /* one bit */
    FLIP_LAST,       /* one bit of the last byte */
    STRANGERS,       /* the stranger's message in its place */
    OTHER_SUITE,     /* ServerHello: AES-256-GCM for AES-128-GCM, or the reverse */
    OTHER_PROFILE,   /* ServerHello */
    LONGER_LIST,     /* Certificate: one more in the list */
    OTHER_SCHEMES,   /* CertificateRequest */
    OTHER_SIGNATURE, /* ECDSA */
};

/* Behind version, random and session_id of a ServerHello. */
static uint8_t *suite_of(struct sim_message *hello) {
    return hello->body + 35 + hello->body[34];
}

static void other_profile(struct sim_message *hello) {
    static const uint8_t use_srtp[] = {0, 14, 0, 5, 0, 2, 0};
    for (size_t i = 38; i + sizeof(use_srtp) < hello->length; i++) {
        if (memcmp(hello->body + i, use_srtp, sizeof(use_srtp)) == 0) {
            hello->body[i + sizeof(use_srtp)] ^= 7 ^ 1; /* AEAD_AES_128_GCM, AES128_CM_SHA1_80 */
        }
    }
}

static void longer_list(struct sim_message *certificate) {
    size_t length;
    const uint8_t *der = rtpgate_identity_certificate(sim_identity(2), &length);
    rg_put_u24(certificate->body + certificate->length, (uint32_t)length);
    memcpy(certificate->body + certificate->length + 3, der, length);
    certificate->length += 3 + length;
    rg_put_u24(certificate->body, (uint32_t)(certificate->length - 3));
}

/* order - s, in place; both of 32 bytes. */
static void negate(uint8_t *s) {
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
                                      0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca,
                                      0xc2, 0xfc, 0x63, 0x25, 0x51}; /* of P-256 */
    unsigned borrow = 0;
    for (size_t i = sizeof(order); i-- > 0;) {
        unsigned difference = 256U + order[i] - s[i] - borrow;
        s[i] = (uint8_t)difference;
        borrow = difference < 256 ? 1 : 0;
    }
}

/* (r, n - s) is as good a signature as (r, s), and other bytes. */
static void other_signature(struct sim_message *message) {
    if (message->type != RG_SERVER_KEY_EXCHANGE && message->type != RG_CERTIFICATE_VERIFY) {
        return;
    }
    size_t at = message->type == RG_SERVER_KEY_EXCHANGE ? 4 + (size_t)message->body[3] : 0;
    uint8_t *length = message->body + at + 2;
    gnutls_datum_t signature = {length + 2, (unsigned)(length[0] << 8 | length[1])};
    gnutls_datum_t r;
    gnutls_datum_t s;
    uint8_t wide[32] = {0};
    if (gnutls_decode_rs_value(&signature, &r, &s) < 0) {
        return;
    }
    size_t skipped = s.size > sizeof(wide) ? s.size - sizeof(wide) : 0;
    memcpy(wide + sizeof(wide) - (s.size - skipped), s.data + skipped, s.size - skipped);
    negate(wide);
    const gnutls_datum_t other = {wide, sizeof(wide)};
    gnutls_datum_t made;
    if (gnutls_encode_rs_value(&made, &r, &other) == 0) {
        memcpy(length + 2, made.data, made.size);
        rg_put_u16(length, (uint16_t)made.size);
        message->length = at + 4 + made.size;
        gnutls_free(made.data);
    }
    gnutls_free(r.data);
    gnutls_free(s.data);
}

static void change(struct sim_message *message, const struct sim_message *strangers,
                   enum change what) {
    if (what == FLIP_FRONT) {
        message->body[FRONT] ^= 1;
    } else if (what == FLIP_LAST) {
        message->body[message->length - 1] ^= 1;
    } else if (what == STRANGERS) {
        *message = *strangers;
    } else if (what == OTHER_SUITE) {
        suite_of(message)[1] ^= 0x2b ^ 0x2c;
    } else if (what == OTHER_PROFILE) {
        other_profile(message);
    } else if (what == LONGER_LIST) {
        longer_list(message);
    } else if (what == OTHER_SCHEMES) {
        message->body[message->length - 3] ^= 1;
    } else {
        other_signature(message);
    }
}

enum { ALONE = 0x10000 };
#define CHANGED(what, message) ((what) << 8 | (message))

/* The peer's flight with one message changed, or that message ALONE. */
static void altered(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_message flight[FLIGHT4] = {{0}};
    struct sim_message strangers[FLIGHT4] = {{0}};
    size_t from = scene->target ^ 1U;
    unsigned at = parameter & 0xffU;
    size_t count = from == SIM_SERVER ? FLIGHT4 : FLIGHT5;
    sim_scene_messages(scene->seen, from, flight, count);
    sim_scene_messages(from == SIM_SERVER ? scene->lured : scene->probed, from, strangers, count);
    bool alone = (parameter & ALONE) != 0;
    if (flight[at].length <= FRONT || (!alone && flight[count - 1].type == 0)) {
        return; /* not yet read */
    }
    change(&flight[at], &strangers[at], (enum change)(parameter >> 8 & 0xffU));
    for (uint16_t i = 0; i < count; i++) {
        if (i == at || !alone) {
            sim_volley_append(volley, sim_forge_message(&flight[i], i));
        }
    }
}

/* The last protected record of the peer, with `parameter` for a mask of its content type and one
 * bit of the tag changed. */
static void sealed(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    for (size_t i = 0; i < scene->seen->count; i++) {
        struct sim_message none[1];
        struct sim_forged record = sim_take_apart(sim_volley_at(scene->seen, i),
                                                  scene->seen->items[i].length, none, 99, 0);
        if (scene->seen->items[i].from != scene->target && record.length > RG_RECORD_HEADER) {
            record.bytes[0] ^= (uint8_t)parameter;
            record.bytes[record.length - 1] ^= 1;
            sim_volley_forge(volley, record);
            record.bytes[10]++; /* and another record number */
            sim_volley_forge(volley, record);
        }
    }
}

/* Signed by the stranger for this very handshake. */
static void signed_by_reader(struct sim_volley *volley, const struct sim_scene *scene,
                             unsigned parameter) {
    struct sim_message hello[1] = {{0}};
    struct sim_message flight[FLIGHT4] = {{0}};
    (void)parameter;
    sim_scene_messages(scene->seen, SIM_CLIENT, hello, 1);
    sim_scene_messages(scene->seen, SIM_SERVER, flight, FLIGHT4);
    if (scene->target == SIM_SERVER && hello[0].length > 0 && flight[FLIGHT4 - 1].type != 0) {
        sim_signer_answer(volley, hello, flight);
    }
}

/* He is an endpoint of his own. */
static void strangers(struct sim_volley *volley, const struct sim_scene *scene,
                      unsigned parameter) {
    (void)volley;
    (void)scene;
    (void)parameter;
}

bool sim_attack_is_stranger(const struct sim_attack *attack) {
    return attack->make == strangers;
}

#define HELLO "nothing signs the fields of a ServerHello but its random before Finished"
#define LIST "a certificate list is not signed beyond its leaf before Finished"
#define REQUEST "nothing signs a CertificateRequest before Finished"
#define OTHER_ASSOCIATION "the right server signed it for this hello, which was relayed to it"
#define OTHER "(r, n - s) verifies as (r, s) does, and Finished covers the bytes"

const struct sim_attack sim_attacks_reader[] = {
    {"its datagrams again", SIM_REPLAYS, replays, 0, NULL},
    {"its own datagrams reflected", SIM_REPLAYS, replays, 1, NULL},
    {"its hello again behind another one", SIM_REPLAYS, hello_again, SIM_SECOND / 20, NULL},
    {"datagrams of an earlier handshake", SIM_REPLAYS, earlier, 0, NULL},
    {"its own of an earlier handshake", SIM_REPLAYS, earlier, 1, NULL},
    {"cut to pieces of 100 bytes, backwards", SIM_REPLAYS, refragmented, 100, NULL},
    {"cut to pieces of 7 bytes, backwards", SIM_REPLAYS, refragmented, 7, NULL},
    {"flight of a stranger for this hello", SIM_SIGNED, impersonated, 2, NULL},
    {"random of a hello", SIM_SIGNED, altered, CHANGED(FLIP_FRONT, 0), NULL},
    {"random of a hello, alone", SIM_SIGNED, altered, ALONE | CHANGED(FLIP_FRONT, 0), NULL},
    {"Certificate flipped", SIM_SIGNED, altered, CHANGED(FLIP_LAST, 1), NULL},
    {"Certificate flipped, alone", SIM_SIGNED, altered, ALONE | CHANGED(FLIP_LAST, 1), NULL},
    {"Certificate of a stranger in a genuine flight", SIM_SIGNED, altered, CHANGED(STRANGERS, 1),
     NULL},
    {"key exchange flipped in front", SIM_SIGNED, altered, CHANGED(FLIP_FRONT, 2), NULL},
    {"key exchange flipped in front, alone", SIM_SIGNED, altered, ALONE | CHANGED(FLIP_FRONT, 2),
     NULL},
    {"key exchange flipped at its end", SIM_SIGNED, altered, CHANGED(FLIP_LAST, 2), NULL},
    {"key exchange of a stranger", SIM_SIGNED, altered, CHANGED(STRANGERS, 2), NULL},
    {"key exchange of a stranger, alone", SIM_SIGNED, altered, ALONE | CHANGED(STRANGERS, 2), NULL},
    {"flight 5 of a reader who signs it", SIM_SIGNED, signed_by_reader, 0, NULL},
    {"Finished and data", SIM_SEALED, sealed, 0, NULL},
    {"as an alert", SIM_SEALED, sealed, RG_CONTENT_HANDSHAKE ^ RG_CONTENT_ALERT, NULL},
    {"as data", SIM_SEALED, sealed, RG_CONTENT_HANDSHAKE ^ RG_CONTENT_DATA, NULL},
    {"flight of the server's other association", SIM_UNSIGNED, impersonated, 1, OTHER_ASSOCIATION},
    {"ServerHello: suite", SIM_UNSIGNED, altered, CHANGED(OTHER_SUITE, 0), HELLO},
    {"ServerHello: suite, alone", SIM_UNSIGNED, altered, ALONE | CHANGED(OTHER_SUITE, 0), HELLO},
    {"ServerHello: profile", SIM_UNSIGNED, altered, CHANGED(OTHER_PROFILE, 0), HELLO},
    {"ServerHello: profile, alone", SIM_UNSIGNED, altered, ALONE | CHANGED(OTHER_PROFILE, 0),
     HELLO},
    {"Certificate: longer list", SIM_UNSIGNED, altered, CHANGED(LONGER_LIST, 1), LIST},
    {"Certificate: longer list, alone", SIM_UNSIGNED, altered, ALONE | CHANGED(LONGER_LIST, 1),
     LIST},
    {"key exchange: n - s for s", SIM_UNSIGNED, altered, CHANGED(OTHER_SIGNATURE, 2), OTHER},
    {"fourth message: schemes, or the last byte", SIM_UNSIGNED, altered, CHANGED(OTHER_SCHEMES, 3),
     REQUEST},
    {"fourth message alone", SIM_UNSIGNED, altered, ALONE | CHANGED(OTHER_SCHEMES, 3), REQUEST},
    {"CertificateVerify: n - s for s", SIM_UNSIGNED, altered, CHANGED(OTHER_SIGNATURE, 3), OTHER},
    {"a stranger who stays", SIM_STRANGERS, strangers, SIM_STAYS, NULL},
    {"a stranger who leaves", SIM_STRANGERS, strangers, SIM_LEAVES, NULL},
    {"a stranger who returns", SIM_STRANGERS, strangers, SIM_RETURNS, NULL},
    {"a stranger without Finished", SIM_STRANGERS, strangers, SIM_WITHOUT_FINISHED, NULL},
};
const size_t sim_attacks_reader_count = sizeof(sim_attacks_reader) / sizeof(sim_attacks_reader[0]);
