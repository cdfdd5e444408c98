/*
 * Reassembly of handshake messages from fragments that nobody has authenticated.
 *
 * Fragments may come in any order, overlap, repeat and contradict each other. For each message_seq
 * there are up to RG_VARIANTS versions of the message. A single forged fragment never keeps the
 * genuine message from becoming whole, and whatever was forged, one undisturbed repetition by the
 * peer heals it. When a message has too many versions one of the kind (its type, and whether it is
 * whole) goes that has most of them, and of those the one that was not touched for longest; when
 * there is no room, the largest of the message_seq that uses most.
 */
#ifndef RG_DTLS_MESSAGES_H
#define RG_DTLS_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/handshake.h"

enum {
    RG_SEQUENCES = 8, /* message_seq 0..7: what a handshake of either role uses, and some */
    RG_VARIANTS = 3,
    RG_MESSAGES_BYTES = 40960, /* for all versions of all messages */
};

/* Where a fragment came from. */
struct rg_origin {
    uint64_t datagram; /* its number */
    uint64_t path;
};

struct rg_message {
    uint8_t type;
    uint16_t sequence;
    uint32_t total;
    uint32_t present;        /* bytes of the body that are there */
    uint64_t created;        /* in fragments */
    uint64_t touched;        /* when a fragment last came, in fragments */
    uint64_t serial;         /* the how manieth to become whole; 0: it is not */
    struct rg_origin origin; /* what made it whole */
    struct rg_origin again;  /* where it last came from as a whole; at first what made it whole */
    uint32_t again_to;       /* bytes of a repetition that came in order so far */
    uint64_t before;         /* serial of the message that came just before it then; 0: none */
    uint64_t after;          /* and of the one that came next */
    bool taken;              /* the caller's: a mark, */
    bool waits;              /* another one, */
    uint8_t refusals;        /* and a count */
    uint8_t *map;            /* one bit a byte of the body; NULL when whole */
    uint8_t *bytes; /* the header as it is in the transcript (RFC 6347 4.2.6), then the body */
};

struct rg_messages {
    /* RG_SEQUENCES rows from the first fragment on; bytes == NULL: free */
    struct rg_message (*slots)[RG_VARIANTS];
    size_t bytes;
    uint64_t fragments; /* that were taken */
    uint64_t completed; /* versions that became whole */
    uint64_t last;      /* serial of the message that came last as a whole */
    uint64_t evicted;
};

enum rg_added {
    RG_ADDED_REFUSED,  /* over a limit */
    RG_ADDED_PARTIAL,  /* new bytes, nothing became whole */
    RG_ADDED_WHOLE,    /* at least one version became whole */
    RG_ADDED_REPEATED, /* all of it was there in a whole version: the peer repeats itself */
    RG_ADDED_KNOWN,    /* all of it was there in a partial version */
};

/* Takes one fragment. */
enum rg_added rg_messages_add(struct rg_messages *messages, const struct rg_fragment *fragment,
                              struct rg_origin origin);

/* The whole version of message_seq `sequence` that is of `type`, by age: `rank` 0 is the one that
 * became whole last. NULL when there are not so many. */
const struct rg_message *rg_messages_get(const struct rg_messages *messages, unsigned sequence,
                                         uint8_t type, unsigned rank);

/*
 * Picks one whole version of each of `count` messages from message_seq `first` on, whose types are
 * `types`: combination number `n` of RG_VARIANTS to the power of `count`, newest versions first.
 * False when one of them is not there.
 */
bool rg_messages_pick(const struct rg_messages *messages, unsigned first, const uint8_t *types,
                      unsigned count, unsigned n, const struct rg_message **out);

/* Whether nothing came but `count` messages from message_seq `first` on, one version of each. */
bool rg_messages_is_undisputed(const struct rg_messages *messages, unsigned first, unsigned count);

/* Whether a message came in several versions, which but a HelloVerifyRequest hardly does unless
 * somebody forges it. */
bool rg_messages_is_disputed(const struct rg_messages *messages);

/* Whether the fragment is one of this message, as far as its bytes are there. */
bool rg_message_agrees(const struct rg_message *message, const struct rg_fragment *fragment);

/* Header and body, as they stand in the transcript. */
struct rg_bytes rg_message_whole(const struct rg_message *message);
struct rg_bytes rg_message_body(const struct rg_message *message);

/* Marks a whole message as taken, as one that waits or no longer waits, or as refused once more. */
void rg_messages_take(struct rg_messages *messages, const struct rg_message *message);
void rg_messages_wait(struct rg_messages *messages, const struct rg_message *message, bool waits);
void rg_messages_refuse(struct rg_messages *messages, const struct rg_message *message);

/* Forgets everything. */
void rg_messages_clear(struct rg_messages *messages);

#endif
