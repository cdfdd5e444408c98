#include "wire.h"

#include <string.h>

struct wire wires[2];

void wires_clear(void) {
    for (size_t i = 0; i < 2; i++) {
        wires[i].first = 0;
        wires[i].count = 0;
    }
}

void wire_put(struct wire *wire, const void *bytes, size_t length) {
    if (wire->count < WIRE_DATAGRAMS && length <= WIRE_DATAGRAM_MAX) {
        size_t last = (wire->first + wire->count++) % WIRE_DATAGRAMS;
        memcpy(wire->datagrams[last].bytes, bytes, length);
        wire->datagrams[last].length = length;
    }
}

size_t wire_take(struct wire *wire, void *out, size_t capacity) {
    if (wire->count == 0 || wire->datagrams[wire->first].length > capacity) {
        return 0;
    }
    size_t length = wire->datagrams[wire->first].length;
    memcpy(out, wire->datagrams[wire->first].bytes, length);
    wire->first = (wire->first + 1) % WIRE_DATAGRAMS;
    wire->count--;
    return length;
}
