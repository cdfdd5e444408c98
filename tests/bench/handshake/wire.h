/* Datagrams on their way from one peer to the other, for libraries that call back for I/O. */
#ifndef HANDSHAKE_WIRE_H
#define HANDSHAKE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_DATAGRAMS = 32, WIRE_DATAGRAM_MAX = 2048 };

struct wire {
    struct {
        size_t length;
        uint8_t bytes[WIRE_DATAGRAM_MAX];
    } datagrams[WIRE_DATAGRAMS];
    size_t first;
    size_t count;
};

/* One for each direction; [i] leads to peer i. There is one handshake at a time. */
extern struct wire wires[2];

void wires_clear(void);
/* A datagram that does not fit is lost. */
void wire_put(struct wire *wire, const void *bytes, size_t length);
/* The length of the datagram that was taken; 0: none that `capacity` holds. */
size_t wire_take(struct wire *wire, void *out, size_t capacity);

#endif
