#include "wire/handshake.h"

static bool valid(const struct rg_fragment *fragment) {
    size_t length = fragment->body.length;

    if (length == 0) {
        return fragment->total == 0 && fragment->offset == 0;
    }
    return fragment->offset + length <= fragment->total;
}

bool rg_fragment_next(struct rg_reader *record, struct rg_fragment *fragment) {
    struct rg_fragment next;

    if (record->left == 0) {
        return false;
    }
    next.type = rg_read_u8(record);
    next.total = rg_read_u24(record);
    next.sequence = rg_read_u16(record);
    next.offset = rg_read_u24(record);
    next.body = rg_read_vector24(record);
    if (record->failed || !valid(&next)) {
        record->failed = true;
        return false;
    }
    *fragment = next;
    return true;
}

void rg_fragment_put_header(uint8_t *out, uint8_t type, uint32_t total, uint16_t sequence,
                            uint32_t offset, uint32_t length) {
    out[0] = type;
    rg_put_u24(out + 1, total);
    rg_put_u16(out + 4, sequence);
    rg_put_u24(out + 6, offset);
    rg_put_u24(out + 9, length);
}

bool rg_certificate_leaf(struct rg_bytes body, struct rg_bytes *leaf) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    struct rg_bytes list = rg_read_vector24(&reader);
    struct rg_reader certificates = rg_reader_make(list.at, list.length);
    struct rg_bytes first = {NULL, 0};

    if (!rg_reader_finished(&reader)) {
        return false;
    }
    while (certificates.left > 0) {
        struct rg_bytes certificate = rg_read_vector24(&certificates);
        if (certificate.length == 0) {
            return false;
        }
        if (first.length == 0) {
            first = certificate;
        }
    }
    *leaf = first;
    return true;
}

bool rg_certificate_verify(struct rg_bytes body, uint16_t *scheme, struct rg_bytes *signature) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    uint16_t number = rg_read_u16(&reader);
    struct rg_bytes view = rg_read_vector16(&reader);

    if (!rg_reader_finished(&reader)) {
        return false;
    }
    *scheme = number;
    *signature = view;
    return true;
}
