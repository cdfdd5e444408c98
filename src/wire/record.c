#include "wire/record.h"

static bool valid(const struct rg_record *record) {
    return (record->version == RG_VERSION_DTLS10 || record->version == RG_VERSION_DTLS12) &&
           record->body.length >= 1 && record->body.length <= RG_RECORD_MAX;
}

bool rg_record_next(struct rg_reader *datagram, struct rg_record *record) {
    struct rg_record next = {.whole.at = datagram->at};

    if (datagram->left == 0) {
        return false;
    }
    next.type = rg_read_u8(datagram);
    next.version = rg_read_u16(datagram);
    next.epoch = rg_read_u16(datagram);
    next.sequence = rg_read_u48(datagram);
    next.body = rg_read_vector16(datagram);
    next.whole.length = RG_RECORD_HEADER + next.body.length;
    if (datagram->failed || !valid(&next)) {
        datagram->failed = true;
        return false;
    }
    *record = next;
    return true;
}

void rg_record_put_header(uint8_t *out, uint8_t type, uint16_t version, uint16_t epoch,
                          uint64_t sequence, size_t length) {
    out[0] = type;
    rg_put_u16(out + 1, version);
    rg_put_u16(out + 3, epoch);
    rg_put_u48(out + 5, sequence);
    rg_put_u16(out + 11, (uint16_t)length);
}
