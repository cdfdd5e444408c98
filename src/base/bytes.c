#include "base/bytes.h"

struct rg_reader rg_reader_make(const uint8_t *at, size_t length) {
    return (struct rg_reader){.at = at, .left = length};
}

struct rg_bytes rg_read_bytes(struct rg_reader *reader, size_t length) {
    struct rg_bytes view = {reader->at, length};

    if (reader->failed || length > reader->left) {
        reader->failed = true;
        return (struct rg_bytes){NULL, 0};
    }
    /* The address of an empty input may be NULL, to which C allows no addition. */
    if (length > 0) {
        reader->at += length;
        reader->left -= length;
    }
    return view;
}

static uint64_t read_number(struct rg_reader *reader, size_t width) {
    struct rg_bytes view = rg_read_bytes(reader, width);
    uint64_t number = 0;

    for (size_t i = 0; i < view.length; i++) {
        number = number << 8 | view.at[i];
    }
    return number;
}

uint8_t rg_read_u8(struct rg_reader *reader) {
    return (uint8_t)read_number(reader, 1);
}

uint16_t rg_read_u16(struct rg_reader *reader) {
    return (uint16_t)read_number(reader, 2);
}

uint32_t rg_read_u24(struct rg_reader *reader) {
    return (uint32_t)read_number(reader, 3);
}

uint32_t rg_read_u32(struct rg_reader *reader) {
    return (uint32_t)read_number(reader, 4);
}

uint64_t rg_read_u48(struct rg_reader *reader) {
    return read_number(reader, 6);
}

struct rg_bytes rg_read_vector8(struct rg_reader *reader) {
    return rg_read_bytes(reader, rg_read_u8(reader));
}

struct rg_bytes rg_read_vector16(struct rg_reader *reader) {
    return rg_read_bytes(reader, rg_read_u16(reader));
}

struct rg_bytes rg_read_vector24(struct rg_reader *reader) {
    return rg_read_bytes(reader, rg_read_u24(reader));
}

bool rg_reader_finished(const struct rg_reader *reader) {
    return !reader->failed && reader->left == 0;
}

static void put_number(uint8_t *out, uint64_t value, size_t width) {
    for (size_t i = width; i > 0; i--) {
        out[i - 1] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

void rg_put_u16(uint8_t *out, uint16_t value) {
    put_number(out, value, 2);
}

void rg_put_u24(uint8_t *out, uint32_t value) {
    put_number(out, value, 3);
}

void rg_put_u32(uint8_t *out, uint32_t value) {
    put_number(out, value, 4);
}

void rg_put_u48(uint8_t *out, uint64_t value) {
    put_number(out, value, 6);
}
