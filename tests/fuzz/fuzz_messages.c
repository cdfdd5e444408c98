/*
 * Reassembly: fragments as they stand in a record's body, in any order and with any contents. Only
 * their lengths are looked at, so a large message costs few bytes of input: each fragment has a
 * header of six bytes (type and message_seq, total, offset, length in u16 where needed) and one
 * byte that fills it.
 */
#include "dtls/messages.h"

#include <string.h>

#include "fuzz/fuzz.h"

enum { BODY_MAX = 4096, TWICE_FITS = 18000 /* with their maps */ };

/* Type, message_seq, total and place of one fragment; its bytes count up from `fill`. */
static bool read_fragment(struct rg_reader *reader, struct rg_fragment *fragment, uint8_t *body) {
    uint8_t kind = rg_read_u8(reader);
    uint16_t total = rg_read_u16(reader);
    uint16_t offset = rg_read_u16(reader);
    uint16_t length = rg_read_u16(reader);
    uint8_t fill = rg_read_u8(reader);

    if (reader->failed) {
        return false;
    }
    fragment->type = (kind & 1) != 0 ? RG_SERVER_HELLO : RG_CERTIFICATE;
    fragment->sequence = (uint16_t)(kind >> 1 & 15); /* half of them out of range */
    fragment->total = total;
    fragment->offset = total > 0 ? offset % total : 0;
    fragment->body = (struct rg_bytes){body, length % BODY_MAX};
    if (fragment->body.length > total - fragment->offset) {
        fragment->body.length = total - fragment->offset;
    }
    if (fragment->body.length == 0 && total > 0) {
        fragment->body.length = 1; /* as rg_fragment_next has it */
    }
    for (size_t i = 0; i < fragment->body.length; i++) {
        body[i] = (uint8_t)(fill + (fill & 1) * i);
    }
    return true;
}

static void must_be_sound(const struct rg_messages *messages) {
    size_t bytes = 0;

    for (size_t s = 0; messages->slots != NULL && s < RG_SEQUENCES; s++) {
        for (size_t i = 0; i < RG_VARIANTS; i++) {
            const struct rg_message *message = &messages->slots[s][i];

            if (message->bytes == NULL) {
                continue;
            }
            bytes += RG_HANDSHAKE_HEADER + message->total + (message->total + 7) / 8;
            must(message->sequence == s);
            must(message->present <= message->total);
            must((message->map == NULL) == (message->serial != 0));
            must((message->map == NULL) == (message->present == message->total));
        }
    }
    must(bytes == messages->bytes && bytes <= RG_MESSAGES_BYTES);
}

/* The whole versions from the newest to the oldest; what each says of itself stands in its header.
 */
static void must_be_ordered(const struct rg_messages *messages, const struct rg_fragment *like) {
    uint64_t before = UINT64_MAX;

    for (unsigned rank = 0; rank <= RG_VARIANTS; rank++) {
        const struct rg_message *message =
            rg_messages_get(messages, like->sequence, like->type, rank);
        uint8_t header[RG_HANDSHAKE_HEADER];

        if (message == NULL) {
            return;
        }
        must(rank < RG_VARIANTS && message->serial < before);
        before = message->serial;
        rg_fragment_put_header(header, like->type, message->total, like->sequence, 0,
                               message->total);
        must(rg_message_whole(message).length == sizeof(header) + message->total);
        must(memcmp(rg_message_whole(message).at, header, sizeof(header)) == 0);
        must(rg_message_body(message).length == message->total);
    }
}

/* Whatever came before: an undisturbed repetition makes the message whole. */
static void must_heal(struct rg_messages *messages) {
    static const uint8_t genuine[200] = "not forged";
    struct rg_fragment part = {
        .type = RG_CERTIFICATE, .total = sizeof(genuine), .sequence = 1, .body = {genuine, 0}};
    bool found = false;

    for (size_t at = 0; at < sizeof(genuine); at += part.body.length) {
        part.offset = (uint32_t)at;
        part.body =
            (struct rg_bytes){genuine + at, sizeof(genuine) - at < 90 ? sizeof(genuine) - at : 90};
        must(rg_messages_add(messages, &part, (struct rg_origin){0}) != RG_ADDED_REFUSED);
    }
    for (unsigned rank = 0; rank < RG_VARIANTS && !found; rank++) {
        const struct rg_message *message = rg_messages_get(messages, 1, RG_CERTIFICATE, rank);

        found = message != NULL && message->total == sizeof(genuine) &&
                memcmp(rg_message_body(message).at, genuine, sizeof(genuine)) == 0;
    }
    must(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct rg_messages messages;
    static uint8_t body[BODY_MAX];
    struct rg_reader reader = rg_reader_make(data, size);
    struct rg_fragment fragment;

    while (read_fragment(&reader, &fragment, body)) {
        enum rg_added added = rg_messages_add(&messages, &fragment, (struct rg_origin){0});

        must(added != RG_ADDED_REFUSED || fragment.sequence >= RG_SEQUENCES ||
             fragment.total > TWICE_FITS);
        must_be_sound(&messages);
        must_be_ordered(&messages, &fragment);
    }
    must_heal(&messages);
    rg_messages_clear(&messages);
    must_be_sound(&messages);
    memset(&messages, 0, sizeof(messages));
    return 0;
}
