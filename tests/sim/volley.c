#include "sim/volley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/handshake.h"
#include "wire/record.h"

void sim_volley_clear(struct sim_volley *volley) {
    volley->count = 0;
    volley->used = 0;
}

static uint8_t *grow(struct sim_volley *volley, size_t length) {
    if (volley->count > SIM_VOLLEY || volley->used + length > SIM_VOLLEY_BYTES) {
        (void)fputs("sim: the volley is full\n", stderr);
        abort();
    }
    volley->used += length;
    return volley->bytes + volley->used - length;
}

static uint8_t *begin(struct sim_volley *volley, size_t length, size_t from) {
    size_t i = volley->count++;
    uint8_t *out = grow(volley, length);
    volley->items[i].at = volley->used - length;
    volley->items[i].length = length;
    volley->items[i].from = from;
    volley->items[i].delay = 0;
    volley->items[i].as_peer = false;
    volley->items[i].path = 0;
    return out;
}

void sim_volley_add(struct sim_volley *volley, const uint8_t *datagram, size_t length,
                    size_t from) {
    uint8_t *out = begin(volley, length, from);
    if (length > 0) {
        memcpy(out, datagram, length);
    }
}

void sim_volley_record(struct sim_volley *volley, uint8_t type, uint16_t epoch, uint64_t sequence,
                       const void *body, size_t length) {
    uint8_t *out = begin(volley, RG_RECORD_HEADER + length, 0);
    (void)sim_write_record(out, type, epoch, sequence, body, length);
}

void sim_volley_fragment(struct sim_volley *volley, uint8_t type, uint16_t message_seq,
                         uint32_t total, uint32_t offset, const void *body, size_t length,
                         uint64_t sequence) {
    uint8_t *out = begin(volley, RG_RECORD_HEADER + RG_HANDSHAKE_HEADER + length, 0);
    sim_write_fragment(out, type, message_seq, total, offset, body, length, sequence);
}

void sim_volley_forge(struct sim_volley *volley, struct sim_forged forged) {
    sim_volley_add(volley, forged.bytes, forged.length, 0);
}

void sim_volley_put(struct sim_volley *volley, uint8_t type, uint16_t message_seq, const void *body,
                    size_t length) {
    sim_volley_fragment(volley, type, message_seq, (uint32_t)length, 0, body, length, message_seq);
}

void sim_volley_append(struct sim_volley *volley, struct sim_forged forged) {
    if (volley->count == 0) {
        sim_volley_forge(volley, forged);
        return;
    }
    memcpy(grow(volley, forged.length), forged.bytes, forged.length);
    volley->items[volley->count - 1].length += forged.length;
}

const uint8_t *sim_volley_at(const struct sim_volley *volley, size_t i) {
    return volley->bytes + volley->items[i].at;
}

static void renumber(uint8_t *datagram, size_t length, uint64_t sequence) {
    struct rg_reader reader = rg_reader_make(datagram, length);
    while (reader.left >= RG_RECORD_HEADER) {
        rg_put_u48(datagram + (length - reader.left) + 5, sequence);
        (void)rg_read_bytes(&reader, RG_RECORD_HEADER - 2);
        (void)rg_read_vector16(&reader);
        if (reader.failed) {
            return;
        }
    }
}

void sim_volley_renumber(struct sim_volley *volley, uint64_t sequence) {
    for (size_t i = 0; i < volley->count; i++) {
        renumber(volley->bytes + volley->items[i].at, volley->items[i].length, sequence);
    }
}
