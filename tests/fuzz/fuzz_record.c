#include "wire/record.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/handshake.h"

/* Fragments lie one behind the other, and their headers can be written again. */
static void read_fragments(struct rg_bytes body) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    struct rg_fragment fragment;
    const uint8_t *at = body.at;

    while (rg_fragment_next(&reader, &fragment)) {
        uint8_t header[RG_HANDSHAKE_HEADER];

        must_be_inside(fragment.body, body.at, body.length);
        must(fragment.offset + fragment.body.length <= fragment.total);
        must(fragment.body.length > 0 || fragment.total == 0);
        rg_fragment_put_header(header, fragment.type, fragment.total, fragment.sequence,
                               fragment.offset, (uint32_t)fragment.body.length);
        must(memcmp(header, at, sizeof(header)) == 0);
        at += sizeof(header) + fragment.body.length;
    }
    must(reader.failed || (reader.left == 0 && at == body.at + body.length));
}

/* So do records in a datagram. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rg_reader reader = rg_reader_make(data, size);
    struct rg_record record;
    size_t seen = 0;

    while (rg_record_next(&reader, &record)) {
        uint8_t header[RG_RECORD_HEADER];

        must(record.whole.at == data + seen);
        must_be_inside(record.whole, data, size);
        must_be_inside(record.body, record.whole.at, record.whole.length);
        must(record.body.length > 0 && record.body.length <= RG_RECORD_MAX);
        must(record.whole.length == RG_RECORD_HEADER + record.body.length);
        rg_record_put_header(header, record.type, record.version, record.epoch, record.sequence,
                             record.body.length);
        must(memcmp(header, record.whole.at, sizeof(header)) == 0);
        seen += record.whole.length;
        read_fragments(record.body);
    }
    must(reader.failed || seen == size);
    return 0;
}
