/* Attacks by hellos and HelloVerifyRequests that somebody who reads nothing can make. */
#include <string.h>

#include "sim/attack.h"
#include "sim/pair.h"
#include "wire/handshake.h"
#include "wire/record.h"

enum { FLOOD = 300, HEADERS = RG_RECORD_HEADER + RG_HANDSHAKE_HEADER };

enum client_hello {
    POOR,
    GOOD,
    SECOND,
    OLD,
    WITH_MKI,
    WITHOUT_EMS,
    SRTP_OF_NOBODY,
    NO_SRTP,
    RENEGOTIATING
};

/* In place of the point formats, so that the hello keeps its length. */
static void add_mki(uint8_t *body) {
    static const uint8_t unknown[] = {0, 99, 0, 1, 0};
    memmove(body + 70, body + 69, 9);
    memcpy(body + 79, unknown, sizeof(unknown));
    body[63] = 6;
    body[68] = 1;
    body[69] = 0x55;
}

static void client_hello(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    struct sim_forged hello = sim_forge_client_hello(0x22, parameter == POOR);
    uint8_t *body = hello.bytes + HEADERS;
    (void)scene;
    if (parameter == SECOND) {
        hello.bytes[RG_RECORD_HEADER + 5] = 1; /* message_seq */
    } else if (parameter == OLD) {
        body[1] = 0xff;
    } else if (parameter == WITH_MKI) {
        add_mki(body);
    } else if (parameter == WITHOUT_EMS) {
        body[70] = 99;
    } else if (parameter == SRTP_OF_NOBODY) {
        body[66] = 0x77;
    } else if (parameter == NO_SRTP) {
        body[61] = 98;
    } else if (parameter == RENEGOTIATING) {
        hello = sim_forge_renegotiating_hello(0x22);
    }
    sim_volley_forge(volley, hello);
}

static void client_hellos(struct sim_volley *volley, const struct sim_scene *scene,
                          unsigned parameter) {
    (void)scene;
    for (unsigned i = 0; i < parameter; i++) {
        struct sim_forged hello = sim_forge_client_hello((uint8_t)(0x30 + i), 0);
        hello.bytes[HEADERS + 10] = (uint8_t)(i >> 8);
        sim_volley_forge(volley, hello);
    }
}

enum server_hello {
    SERVER_GOOD,
    OTHER_SUITE,
    NO_SUITE,
    OTHER_PROFILE,
    NO_PROFILE,
    NO_EMS,
    CUT,
    WITHOUT_SRTP
};

static void server_hello(struct sim_volley *volley, const struct sim_scene *scene,
                         unsigned parameter) {
    struct sim_forged hello = sim_forge_server_hello(0x66);
    uint8_t *body = hello.bytes + HEADERS;
    (void)scene;
    if (parameter == OTHER_SUITE) {
        body[36] = 0x2c;
    } else if (parameter == NO_SUITE) {
        body[35] = 0;
    } else if (parameter == OTHER_PROFILE) {
        body[47] = 1;
    } else if (parameter == NO_PROFILE) {
        body[46] = 0x77;
    } else if (parameter == NO_EMS) {
        body[50] = 99;
    } else if (parameter == CUT) {
        body[39] = 17;
    } else if (parameter == WITHOUT_SRTP) {
        body[41] = 98;
    }
    sim_volley_forge(volley, hello);
}

static void verify_request(struct sim_volley *volley, const struct sim_scene *scene,
                           unsigned parameter) {
    uint8_t body[3 + 255] = {0xfe, 0xff, (uint8_t)parameter};
    (void)scene;
    memset(body + 3, 0x77, parameter);
    sim_volley_put(volley, RG_HELLO_VERIFY_REQUEST, 0, body, 3 + parameter);
}

static void verify_requests(struct sim_volley *volley, const struct sim_scene *scene,
                            unsigned parameter) {
    (void)scene;
    for (unsigned i = 0; i < parameter; i++) {
        sim_volley_forge(volley, sim_forge_verify_request((uint8_t)i));
    }
}

/* Behind those of the server. */
static void later_verify_requests(struct sim_volley *volley, const struct sim_scene *scene,
                                  unsigned parameter) {
    size_t first = volley->count;
    verify_requests(volley, scene, parameter);
    for (size_t i = first; i < volley->count; i++) {
        volley->items[i].delay = SIM_SECOND / 200;
    }
}

static void odd_verify_request(struct sim_volley *volley, const struct sim_scene *scene,
                               unsigned parameter) {
    static const uint8_t body[] = {0xfe, 0xff, 16, 1, 2, 3};
    (void)scene;
    sim_volley_put(volley, RG_HELLO_VERIFY_REQUEST, (uint16_t)parameter, body, sizeof(body));
    sim_volley_put(volley, RG_HELLO_VERIFY_REQUEST, 1, body, sizeof(body));
}

/* The shortest datagrams that ask a server for its final flight, one each 100 ms. */
static void patient_requests(struct sim_volley *volley, const struct sim_scene *scene,
                             unsigned parameter) {
    (void)scene;
    for (unsigned i = 0; i < parameter; i++) {
        sim_volley_put(volley, RG_HELLO_REQUEST, 0, NULL, 0);
        volley->items[volley->count - 1].delay = i * SIM_SECOND / 10;
    }
}

const struct sim_attack sim_attacks_hellos[] = {
    {"ClientHello that cannot be answered", SIM_HELLOS, client_hello, POOR, NULL},
    {"ClientHello that can be answered", SIM_HELLOS, client_hello, GOOD, NULL},
    {"ClientHello with message_seq 1", SIM_HELLOS, client_hello, SECOND, NULL},
    {"ClientHello of DTLS 1.0", SIM_HELLOS, client_hello, OLD, NULL},
    {"ClientHello with an MKI", SIM_HELLOS, client_hello, WITH_MKI, NULL},
    {"ClientHello without EMS", SIM_HELLOS, client_hello, WITHOUT_EMS, NULL},
    {"ClientHello without common profile", SIM_HELLOS, client_hello, SRTP_OF_NOBODY, NULL},
    {"ClientHello without use_srtp", SIM_HELLOS, client_hello, NO_SRTP, NULL},
    {"ClientHello that GnuTLS refuses", SIM_HELLOS, client_hello, RENEGOTIATING, NULL},
    {"three ClientHellos", SIM_HELLOS, client_hellos, 3, NULL},
    {"ServerHello", SIM_HELLOS, server_hello, SERVER_GOOD, NULL},
    {"ServerHello with another suite", SIM_HELLOS, server_hello, OTHER_SUITE, NULL},
    {"ServerHello with an unknown suite", SIM_HELLOS, server_hello, NO_SUITE, NULL},
    {"ServerHello with another profile", SIM_HELLOS, server_hello, OTHER_PROFILE, NULL},
    {"ServerHello with an unknown profile", SIM_HELLOS, server_hello, NO_PROFILE, NULL},
    {"ServerHello without EMS", SIM_HELLOS, server_hello, NO_EMS, NULL},
    {"ServerHello without use_srtp", SIM_HELLOS, server_hello, WITHOUT_SRTP, NULL},
    {"ServerHello that does not parse", SIM_HELLOS, server_hello, CUT, NULL},
    {"HelloRequest", SIM_HELLOS, patient_requests, 1, NULL},
    {"HelloVerifyRequest, no cookie", SIM_VERIFY_REQUESTS, verify_request, 0, NULL},
    {"HelloVerifyRequest, 16 bytes", SIM_VERIFY_REQUESTS, verify_request, 16, NULL},
    {"HelloVerifyRequest, 32 bytes", SIM_VERIFY_REQUESTS, verify_request, 32, NULL},
    {"HelloVerifyRequest, 33 bytes", SIM_VERIFY_REQUESTS, verify_request, 33, NULL},
    {"HelloVerifyRequest, 255 bytes", SIM_VERIFY_REQUESTS, verify_request, 255, NULL},
    {"four HelloVerifyRequests", SIM_VERIFY_REQUESTS, verify_requests, 4, NULL},
    {"two HelloVerifyRequests, 5 ms later", SIM_VERIFY_REQUESTS, later_verify_requests, 2, NULL},
    {"HelloVerifyRequest that does not parse", SIM_VERIFY_REQUESTS, odd_verify_request, 0, NULL},
    {"a request each 100 ms", SIM_HELLOS, patient_requests, 20, NULL},
    {"flood of hellos", SIM_FLOODS, client_hellos, FLOOD, NULL},
    {"flood of HelloVerifyRequests", SIM_FLOODS, verify_requests, FLOOD, NULL},
};
const size_t sim_attacks_hellos_count = sizeof(sim_attacks_hellos) / sizeof(sim_attacks_hellos[0]);
