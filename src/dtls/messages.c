#include "dtls/messages.h"

#include <string.h>

#include "base/alloc.h"

static size_t map_size(uint32_t total) {
    return ((size_t)total + 7) / 8;
}

static size_t cost(uint32_t total) {
    return RG_HANDSHAKE_HEADER + (size_t)total + map_size(total);
}

static bool has(const struct rg_message *message, uint32_t at) {
    return message->map == NULL || (message->map[at / 8] >> (at % 8) & 1) != 0;
}

static uint8_t *body_of(const struct rg_message *message) {
    return message->bytes + RG_HANDSHAKE_HEADER;
}

static void release(struct rg_messages *messages, struct rg_message *message) {
    messages->bytes -= cost(message->total);
    rg_free(message->map);
    rg_free(message->bytes);
    *message = (struct rg_message){0};
}

bool rg_message_agrees(const struct rg_message *message, const struct rg_fragment *fragment) {
    if (message->type != fragment->type || message->total != fragment->total) {
        return false;
    }
    const uint8_t *body = body_of(message);
    for (uint32_t i = 0; i < fragment->body.length; i++) {
        uint32_t at = fragment->offset + i;
        if (has(message, at) && body[at] != fragment->body.at[i]) {
            return false;
        }
    }
    return true;
}

/* Marks the fragment's bytes as there; returns how many were not there before. */
static uint32_t mark(struct rg_message *message, const struct rg_fragment *fragment) {
    uint32_t fresh = 0;
    if (message->map == NULL || fragment->body.length == message->total) {
        return message->total - message->present; /* nobody asks the map of a whole message */
    }
    for (uint32_t i = 0; i < fragment->body.length; i++) {
        uint32_t at = fragment->offset + i;
        if (!has(message, at)) {
            message->map[at / 8] |= (uint8_t)(1U << (at % 8));
            fresh++;
        }
    }
    return fresh;
}

/* Writes the fragment over what is there; returns how many bytes were not there before. */
static uint32_t overwrite(struct rg_message *message, const struct rg_fragment *fragment) {
    uint32_t fresh = mark(message, fragment);
    if (fragment->body.length > 0) {
        memcpy(body_of(message) + fragment->offset, fragment->body.at, fragment->body.length);
    }
    message->present += fresh;
    return fresh;
}

static bool is_like(const struct rg_message *a, const struct rg_message *b) {
    return a->type == b->type && (a->map == NULL) == (b->map == NULL);
}

/* How many in a full row are of its kind: of its type, and whole or not, as it is. */
static unsigned count_like(const struct rg_message *row, const struct rg_message *message) {
    unsigned count = 0;
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        count += is_like(&row[i], message);
    }
    return count;
}

/* In a full row, `keep` aside, one of the most frequent kind, that was not touched for longest:
 * many of one kind drive out themselves. */
static struct rg_message *oldest(struct rg_message *row, const struct rg_message *keep) {
    struct rg_message *found = NULL;
    unsigned most = 0;
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        unsigned like = count_like(row, &row[i]);
        if (&row[i] != keep &&
            (found == NULL || like > most || (like == most && row[i].touched < found->touched))) {
            found = &row[i];
            most = like;
        }
    }
    return found;
}

static struct rg_message *newest_like(struct rg_message *row, const struct rg_fragment *fragment) {
    struct rg_message *found = NULL;
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        if (row[i].bytes != NULL && row[i].type == fragment->type &&
            row[i].total == fragment->total && (found == NULL || row[i].created > found->created)) {
            found = &row[i];
        }
    }
    return found;
}

static bool allocate(struct rg_message *message, const struct rg_fragment *fragment) {
    message->bytes = rg_alloc(RG_HANDSHAKE_HEADER + (size_t)fragment->total);
    /* An empty message needs no map, but "no map" means whole. */
    message->map = rg_alloc(map_size(fragment->total) + 1);
    if (message->bytes == NULL || message->map == NULL) {
        rg_free(message->bytes);
        rg_free(message->map);
        *message = (struct rg_message){0};
        return false;
    }
    message->type = fragment->type;
    message->sequence = fragment->sequence;
    message->total = fragment->total;
    rg_fragment_put_header(message->bytes, fragment->type, fragment->total, fragment->sequence, 0,
                           fragment->total);
    return true;
}

static void inherit(struct rg_message *message, const struct rg_message *parent) {
    memcpy(message->bytes, parent->bytes, RG_HANDSHAKE_HEADER + (size_t)parent->total);
    message->present = parent->present;
    if (parent->map != NULL) {
        memcpy(message->map, parent->map, map_size(parent->total));
    } else {
        memset(message->map, 0xff, map_size(parent->total));
    }
}

static struct rg_message *free_slot(struct rg_messages *messages, struct rg_message *row,
                                    const struct rg_message *keep) {
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        if (row[i].bytes == NULL) {
            return &row[i];
        }
    }
    struct rg_message *victim = oldest(row, keep);
    release(messages, victim);
    messages->evicted++;
    return victim;
}

static size_t weight(const struct rg_message *row, const struct rg_message *keep) {
    size_t bytes = 0;
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        bytes += row[i].bytes != NULL && &row[i] != keep ? cost(row[i].total) : 0;
    }
    return bytes;
}

/* In the row that uses most room the largest, `keep` aside, and of several that which was not
 * touched for longest: what is announced large gives way to what is not. */
static struct rg_message *largest(const struct rg_messages *messages,
                                  const struct rg_message *keep) {
    struct rg_message *found = NULL;
    struct rg_message *row = messages->slots[0];
    for (size_t s = 1; s < RG_SEQUENCES; s++) {
        if (weight(messages->slots[s], keep) > weight(row, keep)) {
            row = messages->slots[s];
        }
    }
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        if (row[i].bytes != NULL && &row[i] != keep &&
            (found == NULL || row[i].total > found->total ||
             (row[i].total == found->total && row[i].touched < found->touched))) {
            found = &row[i];
        }
    }
    return found;
}

static void make_room(struct rg_messages *messages, const struct rg_message *keep, size_t wanted) {
    while (messages->bytes + wanted > RG_MESSAGES_BYTES) {
        struct rg_message *victim = largest(messages, keep);
        if (victim == NULL) {
            return;
        }
        release(messages, victim);
        messages->evicted++;
    }
}

/* A new version, made of `parent` (NULL: of nothing). */
static struct rg_message *new_version(struct rg_messages *messages,
                                      const struct rg_fragment *fragment,
                                      const struct rg_message *parent) {
    struct rg_message *row = messages->slots[fragment->sequence];
    make_room(messages, parent, cost(fragment->total));
    if (messages->bytes + cost(fragment->total) > RG_MESSAGES_BYTES) {
        return NULL;
    }
    struct rg_message *message = free_slot(messages, row, parent);
    if (!allocate(message, fragment)) {
        return NULL;
    }
    messages->bytes += cost(fragment->total);
    message->created = messages->fragments;
    if (parent != NULL) {
        inherit(message, parent);
    }
    return message;
}

/* Whole, or once more as a whole: who its neighbours are is news. */
static void came(struct rg_messages *messages, struct rg_message *message,
                 struct rg_origin origin) {
    message->again = origin;
    if (message->serial == messages->last) {
        return; /* the network has doubled it */
    }
    for (size_t i = 0; i < (size_t)RG_SEQUENCES * RG_VARIANTS; i++) {
        struct rg_message *other = &messages->slots[i / RG_VARIANTS][i % RG_VARIANTS];
        if (other->bytes != NULL && other->serial != 0 && other->serial == messages->last) {
            other->after = message->serial;
        }
    }
    message->before = messages->last;
    message->after = 0;
    messages->last = message->serial;
}

static void complete(struct rg_messages *messages, struct rg_message *message,
                     struct rg_origin origin) {
    rg_free(message->map);
    message->map = NULL;
    message->serial = ++messages->completed;
    message->origin = origin;
    came(messages, message, origin);
}

/* Whether the fragment ends a repetition that was there in order, byte for byte: who does not know
 * the message cannot make one. */
static bool repeats_all(struct rg_message *message, const struct rg_fragment *fragment) {
    uint32_t from = fragment->offset == 0 ? 0 : message->again_to;
    uint32_t to = fragment->offset == from ? from + (uint32_t)fragment->body.length : 0;
    bool all = to == message->total;
    message->again_to = all ? 0 : to;
    return all;
}

static enum rg_added apply(struct rg_messages *messages, struct rg_message *message,
                           const struct rg_fragment *fragment, struct rg_origin origin) {
    bool was_whole = message->map == NULL;
    uint32_t fresh = overwrite(message, fragment);
    message->touched = messages->fragments;
    if (was_whole) {
        if (repeats_all(message, fragment)) {
            came(messages, message, origin);
        }
        return RG_ADDED_REPEATED;
    }
    if (message->present == message->total) {
        complete(messages, message, origin);
        return RG_ADDED_WHOLE;
    }
    return fresh > 0 ? RG_ADDED_PARTIAL : RG_ADDED_KNOWN;
}

/* Whole beats repeated beats partial beats known: what the caller has to act on most. */
static enum rg_added stronger(enum rg_added a, enum rg_added b) {
    static const uint8_t rank[] = {[RG_ADDED_REFUSED] = 0,
                                   [RG_ADDED_KNOWN] = 1,
                                   [RG_ADDED_PARTIAL] = 2,
                                   [RG_ADDED_REPEATED] = 3,
                                   [RG_ADDED_WHOLE] = 4};
    return rank[a] > rank[b] ? a : b;
}

static enum rg_added add_to_all(struct rg_messages *messages, const struct rg_fragment *fragment,
                                struct rg_origin origin) {
    enum rg_added result = RG_ADDED_REFUSED;
    struct rg_message *row = messages->slots[fragment->sequence];
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        if (row[i].bytes == NULL) {
            continue;
        }
        if (rg_message_agrees(&row[i], fragment)) {
            result = stronger(result, apply(messages, &row[i], fragment, origin));
        } else {
            row[i].again_to = 0;
        }
    }
    return result;
}

static bool is_only_like(const struct rg_message *row, const struct rg_fragment *fragment) {
    unsigned like = 0;
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        like += row[i].bytes != NULL && row[i].type == fragment->type &&
                row[i].total == fragment->total;
    }
    return like == 1;
}

/*
 * Older versions take only what agrees with them; the newest takes everything, new bytes over old
 * ones. So a forged fragment spoils either the older ones or the newest, and whatever was forged,
 * one undisturbed repetition of the message makes the newest genuine. What is whole is never
 * changed: it is copied.
 */
static struct rg_message *taker(struct rg_messages *messages, const struct rg_fragment *fragment,
                                enum rg_added result) {
    struct rg_message *row = messages->slots[fragment->sequence];
    struct rg_message *newest = newest_like(row, fragment);
    bool was_whole = fragment->body.length == fragment->total && result == RG_ADDED_REPEATED;
    if (newest != NULL && (was_whole || rg_message_agrees(newest, fragment))) {
        return NULL;
    }
    if (newest != NULL && newest->map != NULL && !is_only_like(row, fragment)) {
        return newest;
    }
    return new_version(messages, fragment, newest);
}

enum rg_added rg_messages_add(struct rg_messages *messages, const struct rg_fragment *fragment,
                              struct rg_origin origin) {
    if (fragment->sequence >= RG_SEQUENCES || cost(fragment->total) > RG_MESSAGES_BYTES) {
        return RG_ADDED_REFUSED;
    }
    if (messages->slots == NULL) {
        messages->slots = rg_alloc(RG_SEQUENCES * sizeof(*messages->slots));
        if (messages->slots == NULL) {
            return RG_ADDED_REFUSED;
        }
    }
    messages->fragments++;
    enum rg_added result = add_to_all(messages, fragment, origin);
    struct rg_message *message = taker(messages, fragment, result);
    return message == NULL ? result : stronger(result, apply(messages, message, fragment, origin));
}

const struct rg_message *rg_messages_get(const struct rg_messages *messages, unsigned sequence,
                                         uint8_t type, unsigned rank) {
    uint64_t before = UINT64_MAX;
    const struct rg_message *found = NULL;
    if (messages->slots == NULL || sequence >= RG_SEQUENCES) {
        return NULL;
    }
    for (unsigned turn = 0; turn <= rank; turn++) {
        found = NULL;
        for (size_t i = 0; i < RG_VARIANTS; i++) {
            const struct rg_message *message = &messages->slots[sequence][i];
            if (message->bytes != NULL && message->type == type && message->serial != 0 &&
                message->serial < before && (found == NULL || message->serial > found->serial)) {
                found = message;
            }
        }
        if (found == NULL) {
            return NULL;
        }
        before = found->serial;
    }
    return found;
}

bool rg_messages_pick(const struct rg_messages *messages, unsigned first, const uint8_t *types,
                      unsigned count, unsigned n, const struct rg_message **out) {
    for (unsigned i = 0; i < count; i++) {
        out[i] = rg_messages_get(messages, first + i, types[i], n % RG_VARIANTS);
        if (out[i] == NULL) {
            return false;
        }
        n /= RG_VARIANTS;
    }
    return true;
}

static unsigned count_versions(const struct rg_message *row) {
    unsigned versions = 0;
    for (size_t i = 0; i < RG_VARIANTS; i++) {
        versions += row[i].bytes != NULL;
    }
    return versions;
}

bool rg_messages_is_undisputed(const struct rg_messages *messages, unsigned first, unsigned count) {
    for (unsigned s = 0; s < RG_SEQUENCES; s++) {
        unsigned versions = count_versions(messages->slots[s]);
        if (versions > (s >= first && s - first < count ? 1U : 0U)) {
            return false;
        }
    }
    return messages->evicted == 0;
}

bool rg_messages_is_disputed(const struct rg_messages *messages) {
    for (size_t s = 0; messages->slots != NULL && s < RG_SEQUENCES; s++) {
        unsigned versions = count_versions(messages->slots[s]);
        for (size_t i = 0; i < RG_VARIANTS; i++) {
            const struct rg_message *message = &messages->slots[s][i];
            versions -= message->bytes != NULL && message->type == RG_HELLO_VERIFY_REQUEST;
        }
        if (versions > 1) {
            return true;
        }
    }
    return false;
}

struct rg_bytes rg_message_whole(const struct rg_message *message) {
    return (struct rg_bytes){message->bytes, RG_HANDSHAKE_HEADER + (size_t)message->total};
}

struct rg_bytes rg_message_body(const struct rg_message *message) {
    return (struct rg_bytes){body_of(message), message->total};
}

static struct rg_message *own(struct rg_messages *messages, const struct rg_message *message) {
    struct rg_message *row = messages->slots[message->sequence];
    return &row[message - row];
}

void rg_messages_take(struct rg_messages *messages, const struct rg_message *message) {
    own(messages, message)->taken = true;
}

void rg_messages_wait(struct rg_messages *messages, const struct rg_message *message, bool waits) {
    own(messages, message)->waits = waits;
}

void rg_messages_refuse(struct rg_messages *messages, const struct rg_message *message) {
    own(messages, message)->refusals++;
}

void rg_messages_clear(struct rg_messages *messages) {
    for (size_t s = 0; messages->slots != NULL && s < RG_SEQUENCES; s++) {
        for (size_t i = 0; i < RG_VARIANTS; i++) {
            if (messages->slots[s][i].bytes != NULL) {
                release(messages, &messages->slots[s][i]);
            }
        }
    }
    rg_free(messages->slots);
    messages->slots = NULL;
}
