/* Reading and writing of big-endian numbers and length-prefixed vectors. */
#ifndef RG_BASE_BYTES_H
#define RG_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view of bytes that somebody else owns. */
struct rg_bytes {
    const uint8_t *at;
    size_t length;
};

/*
 * Reads from the front of a view. The first read beyond the end sets `failed`; from then on every
 * read gives zeros or empty views, so a parser checks once, at its end.
 */
struct rg_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct rg_reader rg_reader_make(const uint8_t *at, size_t length);
uint8_t rg_read_u8(struct rg_reader *reader);
uint16_t rg_read_u16(struct rg_reader *reader);
uint32_t rg_read_u24(struct rg_reader *reader);
uint32_t rg_read_u32(struct rg_reader *reader);
uint64_t rg_read_u48(struct rg_reader *reader);
struct rg_bytes rg_read_bytes(struct rg_reader *reader, size_t length);
/* Vectors with a length of 1, 2 or 3 bytes before them (RFC 5246 4.3). */
struct rg_bytes rg_read_vector8(struct rg_reader *reader);
struct rg_bytes rg_read_vector16(struct rg_reader *reader);
struct rg_bytes rg_read_vector24(struct rg_reader *reader);
/* Whether everything was read and nothing was missing. */
bool rg_reader_finished(const struct rg_reader *reader);

void rg_put_u16(uint8_t *out, uint16_t value);
void rg_put_u24(uint8_t *out, uint32_t value);
void rg_put_u32(uint8_t *out, uint32_t value);
void rg_put_u48(uint8_t *out, uint64_t value);

#endif
