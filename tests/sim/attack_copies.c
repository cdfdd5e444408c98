/* Attacks of somebody who knows what anybody can know of the peer's flights, and makes others that
 * look like them. */
#include <string.h>

#include "sim/attack.h"
#include "sim/pair.h"
#include "wire/handshake.h"
#include "wire/hello.h"
#include "wire/record.h"

enum { FLIGHT4 = 5, FLIGHT5 = 3, CERTIFICATE = 1, KEY_EXCHANGE = 2, SPREAD = 2 };

/* As it was for a stranger: certificates and requests are the same for everybody. */
static void learn(const struct sim_scene *scene, struct sim_message *flight) {
    size_t from = scene->target ^ 1U;
    sim_scene_messages(from == SIM_SERVER ? scene->probed : scene->lured, from, flight,
                       from == SIM_SERVER ? FLIGHT4 : 1 + FLIGHT5);
}

/* Behind its leaf one entry of a byte. */
static void lengthen(struct sim_message *certificate, uint8_t byte) {
    rg_put_u24(certificate->body + certificate->length, 1);
    certificate->body[certificate->length + 3] = byte;
    certificate->length += 4;
    rg_put_u24(certificate->body, (uint32_t)certificate->length - 3);
}

static void put(struct sim_volley *volley, const struct sim_message *message,
                uint16_t message_seq) {
    sim_volley_forge(volley, sim_forge_message(message, message_seq));
}

/* Message `parameter`, and then another one that is as good on its own. */
static void copied(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_message flight[FLIGHT4] = {{0}};
    learn(scene, flight);
    if (flight[parameter].length == 0) {
        return;
    }
    put(volley, &flight[parameter], (uint16_t)parameter);
    if (parameter == CERTIFICATE) {
        lengthen(&flight[parameter], 1);
    } else {
        flight[parameter].body[flight[parameter].length - 3] ^= 1;
    }
    put(volley, &flight[parameter], (uint16_t)parameter);
}

static void piece(struct sim_volley *volley, const struct sim_message *message,
                  uint16_t message_seq, size_t from, size_t to) {
    sim_volley_fragment(volley, message->type, message_seq, (uint32_t)message->length,
                        (uint32_t)from, message->body + from, to - from, message_seq);
}

/* All of the client's hello but its random. */
static void known_of_hello(struct sim_volley *volley, const struct sim_scene *scene,
                           unsigned parameter) {
    struct sim_message hello[1] = {{0}};
    (void)parameter;
    if (scene->target == SIM_SERVER) {
        sim_scene_messages(scene->lured, SIM_CLIENT, hello, 1);
        piece(volley, hello, 0, 0, 2);
        piece(volley, hello, 0, 2 + RG_RANDOM, hello->length);
    }
}

/* All of flight 4 that is the same for everybody, whatever the length of its signature. */
static void known(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_message flight[FLIGHT4] = {{0}};
    (void)parameter;
    if (scene->target != SIM_CLIENT) {
        return;
    }
    learn(scene, flight);
    for (uint16_t i = 0; i < FLIGHT4; i++) {
        const struct sim_message *message = &flight[i];
        if (i == 0) {
            piece(volley, message, 0, 0, 1);
        } else if (i != KEY_EXCHANGE) {
            put(volley, message, i);
        }
        for (uint32_t n = 0; i == KEY_EXCHANGE && n <= 2 * SPREAD; n++) {
            uint32_t total = (uint32_t)message->length - SPREAD + n;
            sim_volley_fragment(volley, message->type, i, total, 0, message->body, 4, i);
        }
    }
}

/* With the client's certificate, but neither its key exchange nor its signature. */
static struct sim_message forged(const struct sim_message *message, uint8_t number) {
    struct sim_message other = *message;
    if (message->type == RG_CERTIFICATE) {
        lengthen(&other, number);
    } else {
        other.body[other.length - 1] ^= number;
    }
    return other;
}

enum {
    IN_ONE = 0x100,
    COPY_FIRST = 0x200,
    FEW_CERTIFICATES = 0x400,
    HELLO_FIRST = 0x800,
    AS_FLIGHTS = 0x1000
};

/* `parameter` versions of each message of flight 5, each in a datagram of its own, all IN_ONE, or
 * AS_FLIGHTS of a datagram. */
static void versions(struct sim_volley *volley, const struct sim_scene *scene, unsigned parameter) {
    struct sim_message flight[1 + FLIGHT5] = {{0}};
    if (scene->target != SIM_SERVER) {
        return;
    }
    learn(scene, flight);
    if ((parameter & HELLO_FIRST) != 0) {
        sim_volley_forge(volley, sim_forge_client_hello(0x70, 0));
    }
    if ((parameter & COPY_FIRST) != 0) {
        put(volley, &flight[CERTIFICATE], CERTIFICATE);
    }
    bool begins = true;
    for (unsigned n = 1; n <= (parameter & 0xffU); n++) {
        bool few = (parameter & FEW_CERTIFICATES) != 0 && n > 2;
        for (uint16_t i = CERTIFICATE + (few ? 1 : 0); i <= FLIGHT5; i++) {
            struct sim_message other = forged(&flight[i], (uint8_t)n);
            bool follows = (parameter & IN_ONE) != 0 ? !begins : i > CERTIFICATE;
            if ((parameter & (IN_ONE | AS_FLIGHTS)) != 0 && follows) {
                sim_volley_append(volley, sim_forge_message(&other, i));
            } else {
                put(volley, &other, i);
            }
            begins = false;
        }
    }
}

/* Never the same twice. */

static void another_hello(struct sim_volley *volley, const struct sim_scene *scene,
                          unsigned parameter) {
    (void)parameter;
    sim_volley_forge(volley, sim_forge_client_hello((uint8_t)(0x80 + scene->shot), 0));
}

/* The first as the peer; of the others one comes when those before it are old. */
static void hellos_of_three(struct sim_volley *volley, const struct sim_scene *scene,
                            unsigned parameter) {
    (void)scene;
    for (unsigned i = 0; i < parameter; i++) {
        sim_volley_forge(volley, sim_forge_client_hello((uint8_t)(0x60 + i), 0));
        volley->items[volley->count - 1].as_peer = i == 0;
        volley->items[volley->count - 1].path = i > 1 ? 1 : 0;
        volley->items[volley->count - 1].delay = i > 1 ? SIM_SECOND / 2 : 0;
    }
}

static void another_verify_request(struct sim_volley *volley, const struct sim_scene *scene,
                                   unsigned parameter) {
    (void)parameter;
    sim_volley_forge(volley, sim_forge_verify_request((uint8_t)(0x80 + scene->shot)));
}

const struct sim_attack sim_attacks_copies[] = {
    {"a copy of Certificate, then another one", SIM_ELSEWHERE, copied, CERTIFICATE, NULL},
    {"a copy of CertificateRequest, then another one", SIM_ELSEWHERE, copied, 3, NULL},
    {"what anybody knows of a hello", SIM_ELSEWHERE, known_of_hello, 0, NULL},
    {"what anybody knows of flight 4", SIM_ELSEWHERE, known, 0, NULL},
    {"two versions of flight 5", SIM_TO_SERVER, versions, 2, NULL},
    {"eight versions of flight 5", SIM_TO_SERVER, versions, 8, NULL},
    {"a copy, then two versions of flight 5", SIM_TO_SERVER, versions, COPY_FIRST | 2, NULL},
    {"a copy, then eight versions but two certificates", SIM_TO_SERVER, versions,
     COPY_FIRST | FEW_CERTIFICATES | 8, NULL},
    {"a copy, then four versions in one", SIM_TO_SERVER, versions, COPY_FIRST | IN_ONE | 4, NULL},
    {"a hello, then eight versions of flight 5", SIM_TO_SERVER, versions, HELLO_FIRST | 8, NULL},
    {"three flights 5", SIM_TO_SERVER, versions, AS_FLIGHTS | 3, NULL},
    {"ClientHellos of three", SIM_HELLOS, hellos_of_three, 3, NULL},
    {"another ClientHello each time", SIM_HELLOS, another_hello, 0, NULL},
    {"another HelloVerifyRequest each time", SIM_VERIFY_REQUESTS, another_verify_request, 0, NULL},
};
const size_t sim_attacks_copies_count = sizeof(sim_attacks_copies) / sizeof(sim_attacks_copies[0]);
