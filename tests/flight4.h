/* A client of ours that waits for flight 4, which a test gives it piece by piece. */
#ifndef RG_TESTS_FLIGHT4_H
#define RG_TESTS_FLIGHT4_H

#include "one_pair.h"
#include "sim/forge.h"

enum { FLIGHT4 = 5 };

static struct sim_message genuine[FLIGHT4];

/* The client has sent its hello; the server's flight 4 lies in `genuine`. */
static inline void setup(void) {
    uint8_t buffer[2000];
    uint64_t path;
    sim_pair_init(&pair, 1, &sim_calm);
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    int length = rtpgate_session_output(pair.client.session, buffer, sizeof(buffer), &path);
    ck_assert_int_eq(rtpgate_session_input(pair.server.session, buffer, (size_t)length, 0, 10000),
                     0);
    length = rtpgate_session_output(pair.server.session, buffer, sizeof(buffer), &path);
    (void)sim_take_apart(buffer, (size_t)length, genuine, 0, FLIGHT4);
}

static inline void give(const struct sim_forged *datagram) {
    ck_assert_int_eq(
        rtpgate_session_input(pair.client.session, datagram->bytes, datagram->length, 0, 20000), 0);
}

static inline void give_genuine(unsigned number) {
    struct sim_forged datagram = sim_forge_message(&genuine[number], (uint16_t)number);
    give(&datagram);
}

/* As the genuine one, with the byte at `at` counted from the end changed. */
static inline void give_changed(unsigned number, size_t at) {
    size_t position = genuine[number].length - at;
    genuine[number].body[position] ^= 0x55;
    give_genuine(number);
    genuine[number].body[position] ^= 0x55;
}

#endif
