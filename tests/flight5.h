/* A server of ours that waits for flight 5, which a test gives it piece by piece. */
#ifndef RG_TESTS_FLIGHT5_H
#define RG_TESTS_FLIGHT5_H

#include "one_pair.h"
#include "sim/forge.h"

enum { FLIGHT5 = 3 };

static struct sim_message genuine[FLIGHT5]; /* message_seq is the index plus 1 */
static struct sim_forged finished;          /* the protected record behind it */

static inline size_t pass(struct sim_ours *from, struct sim_ours *to, uint8_t *buffer,
                          size_t capacity) {
    uint64_t path;
    int length = rtpgate_session_output(from->session, buffer, capacity, &path);
    ck_assert_int_gt(length, 0);
    if (to != NULL) {
        ck_assert_int_eq(rtpgate_session_input(to->session, buffer, (size_t)length, 0, 10000), 0);
    }
    return (size_t)length;
}

/* The server waits for flight 5, which lies in `genuine`. */
static inline void begin(void) {
    uint8_t buffer[2000];
    ck_assert_int_eq(rtpgate_session_start(pair.client.session, 0), 0);
    (void)pass(&pair.client, &pair.server, buffer, sizeof(buffer));
    (void)pass(&pair.server, &pair.client, buffer, sizeof(buffer));
    size_t length = pass(&pair.client, NULL, buffer, sizeof(buffer));
    finished = sim_take_apart(buffer, length, genuine, 1, FLIGHT5);
}

static inline void give(const uint8_t *bytes, size_t length) {
    ck_assert_int_eq(rtpgate_session_input(pair.server.session, bytes, length, 0, 30000), 0);
}

static inline void give_genuine(unsigned number) {
    struct sim_forged datagram = sim_forge_message(&genuine[number], (uint16_t)(number + 1));
    give(datagram.bytes, datagram.length);
}

static inline void give_changed(unsigned number, size_t at) {
    genuine[number].body[at] ^= 0x55;
    give_genuine(number);
    genuine[number].body[at] ^= 0x55;
}

#endif
