#include "dtls/flight.h"

#include <string.h>

#include <rtpgate/config.h>

#include "base/alloc.h"
#include "wire/handshake.h"

/* Less of a message than this is not worth a fragment's headers: it begins the next datagram. */
enum { FRAGMENT_MIN = 64 };

uint64_t rg_time_add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void rg_outbox_init(struct rg_outbox *outbox) {
    *outbox = (struct rg_outbox){0};
    rg_queue_init(&outbox->queue, RG_OUTBOX_DATAGRAMS, RG_OUTBOX_BYTES + RG_OUTBOX_RESERVE);
}

void rg_outbox_clear(struct rg_outbox *outbox) {
    rg_queue_clear(&outbox->queue);
}

void rg_flight_init(struct rg_flight *flight, struct rg_outbox *outbox, size_t mtu, uint64_t path) {
    *flight = (struct rg_flight){
        .outbox = outbox, .mtu = mtu, .path = path, .due = RTPGATE_NEVER, .final_until = 0};
}

void rg_flight_clear(struct rg_flight *flight) {
    rg_flight_discard(flight);
    rg_flight_disarm(flight);
}

void rg_flight_discard(struct rg_flight *flight) {
    rg_free(flight->datagram);
    flight->datagram = NULL;
    flight->used = 0;
}

static void send_datagram(struct rg_flight *flight, const uint8_t *bytes, size_t length) {
    if (rg_queue_push(&flight->outbox->queue, bytes, length, flight->path, 0) != 0) {
        flight->outbox->dropped++;
    }
}

void rg_flight_flush(struct rg_flight *flight) {
    if (flight->used > 0) {
        send_datagram(flight, flight->datagram, flight->used);
        if (flight->keep && flight->used <= sizeof(flight->final)) {
            memcpy(flight->final, flight->datagram, flight->used);
            flight->final_length = flight->used;
        }
    }
    rg_flight_discard(flight);
}

/* Room for `wanted` bytes in the current datagram or else in a new one; NULL when there is no
 * memory. */
static uint8_t *room(struct rg_flight *flight, size_t wanted) {
    if (flight->datagram != NULL && flight->used + wanted > flight->limit) {
        rg_flight_flush(flight);
    }
    if (flight->datagram == NULL) {
        bool shrink =
            flight->losses + flight->answers >= RG_UNHEARD_SHRINK && flight->mtu > RG_SMALL_MTU;
        flight->limit = shrink ? RG_SMALL_MTU : flight->mtu;
        /* A protected record cannot be cut; let the network try. */
        flight->limit = wanted > flight->limit ? wanted : flight->limit;
        flight->datagram = rg_alloc(flight->limit);
        if (flight->datagram == NULL) {
            flight->outbox->dropped++;
            return NULL;
        }
    }
    return flight->datagram + flight->used;
}

bool rg_flight_reserve(struct rg_flight *flight) {
    return room(flight, 0) != NULL;
}

static bool add_plain(struct rg_flight *flight, const struct rg_record *record, const uint8_t *body,
                      size_t length) {
    uint8_t *out = room(flight, RG_RECORD_HEADER + length);
    if (out == NULL) {
        return false;
    }
    rg_record_put_header(out, record->type, record->version, 0, flight->outbox->next_sequence++,
                         length);
    memcpy(out + RG_RECORD_HEADER, body, length);
    flight->used += RG_RECORD_HEADER + length;
    return true;
}

static bool add_fragment(struct rg_flight *flight, const struct rg_record *record,
                         const struct rg_fragment *message, size_t offset, size_t length) {
    uint8_t *out = room(flight, RG_RECORD_HEADER + RG_HANDSHAKE_HEADER + length);
    if (out == NULL) {
        return false;
    }
    rg_record_put_header(out, record->type, record->version, 0, flight->outbox->next_sequence++,
                         RG_HANDSHAKE_HEADER + length);
    rg_fragment_put_header(out + RG_RECORD_HEADER, message->type, message->total, message->sequence,
                           (uint32_t)offset, (uint32_t)length);
    if (length > 0) {
        memcpy(out + RG_RECORD_HEADER + RG_HANDSHAKE_HEADER, message->body.at + offset, length);
    }
    flight->used += RG_RECORD_HEADER + RG_HANDSHAKE_HEADER + length;
    return true;
}

/* How much of the `rest` of a message goes into the next fragment. */
static size_t cut(struct rg_flight *flight, size_t rest) {
    const size_t headers = RG_RECORD_HEADER + RG_HANDSHAKE_HEADER;
    size_t least = rest < FRAGMENT_MIN ? rest : FRAGMENT_MIN;
    if (room(flight, headers + least) == NULL) {
        return 0;
    }
    size_t most = flight->limit - flight->used - headers;
    return rest < most ? rest : most;
}

static void add_message(struct rg_flight *flight, const struct rg_record *record) {
    struct rg_reader reader = rg_reader_make(record->body.at, record->body.length);
    struct rg_fragment message;
    while (rg_fragment_next(&reader, &message)) {
        size_t offset = 0;
        do {
            size_t length = cut(flight, message.body.length - offset);
            bool stuck = length == 0 && message.body.length > 0;
            if (stuck || !add_fragment(flight, record, &message, offset, length)) {
                return;
            }
            offset += length;
        } while (offset < message.body.length);
    }
}

void rg_flight_add(struct rg_flight *flight, const struct rg_record *record) {
    if (record->epoch == 0 && record->type == RG_CONTENT_HANDSHAKE) {
        add_message(flight, record);
    } else if (record->epoch == 0) {
        (void)add_plain(flight, record, record->body.at, record->body.length);
    } else {
        uint8_t *out = room(flight, record->whole.length);
        if (out != NULL) {
            memcpy(out, record->whole.at, record->whole.length);
            flight->used += record->whole.length;
        }
    }
}

/* Minus 0 to 12.5 %: many peers that lost packets together shall not come back together. */
static uint64_t scattered(uint64_t rto, uint32_t jitter) {
    return rto - rto / 8 * (jitter & 0xff) / 256;
}

void rg_flight_arm(struct rg_flight *flight, uint64_t now, uint64_t rto, uint32_t jitter) {
    flight->rto = rto;
    flight->losses = 0;
    flight->answers = 0;
    flight->owed = false;
    flight->sent_at = now;
    flight->due = rg_time_add(now, scattered(rto, jitter));
}

void rg_flight_quicken(struct rg_flight *flight, uint64_t now, uint64_t rto, uint32_t jitter) {
    uint64_t due = rg_time_add(now, scattered(rto, jitter));
    if (flight->due == RTPGATE_NEVER) {
        return;
    }
    flight->rto = rto;
    flight->losses = 0;
    flight->due = due < flight->due ? due : flight->due;
}

bool rg_flight_backoff(struct rg_flight *flight, uint64_t now, uint64_t cap, uint32_t jitter) {
    bool loss = !flight->owed;
    if (loss) {
        flight->losses++;
        if (flight->losses > RG_LOSSES_QUICK) {
            flight->rto = flight->rto > cap / 2 ? cap : flight->rto * 2;
        }
    } else {
        flight->answers++;
        flight->owed = false;
    }
    flight->sent_at = now;
    flight->due = rg_time_add(now, scattered(flight->rto, jitter));
    return loss;
}

void rg_flight_disarm(struct rg_flight *flight) {
    flight->due = RTPGATE_NEVER;
    flight->owed = false;
}

static uint64_t answer_gap(uint64_t rtt) {
    if (rtt == 0 || rtt / 2 > RG_ANSWER_GAP_MAX) {
        return RG_ANSWER_GAP_MAX;
    }
    return rtt / 2 > RG_ANSWER_GAP_MIN ? rtt / 2 : RG_ANSWER_GAP_MIN;
}

static void owe(struct rg_flight *flight, uint64_t when) {
    if (when < flight->due) {
        flight->owed = true;
        flight->due = when;
    }
}

void rg_flight_hurry(struct rg_flight *flight, uint64_t now) {
    if (flight->answers < RG_ANSWERS_MAX) {
        owe(flight, rg_time_add(now, RG_ANSWER_GAP_MIN));
    }
}

static uint64_t answer_time(const struct rg_flight *flight, uint64_t rtt) {
    return rg_time_add(flight->sent_at, answer_gap(rtt));
}

bool rg_flight_may_answer(struct rg_flight *flight, uint64_t now, uint64_t rtt, uint32_t jitter) {
    uint64_t when = answer_time(flight, rtt);
    if (flight->answers >= RG_ANSWERS_MAX) {
        return false;
    }
    if (now < when) {
        /* Before any loss a repetition is the network's duplicate, most likely. */
        if (flight->losses > 0) {
            owe(flight, when);
        }
        return false;
    }
    flight->answers++;
    flight->owed = false;
    flight->sent_at = now;
    flight->due = rg_time_add(now, scattered(flight->rto, jitter));
    return true;
}

/* The final flight has no timer of its own, and whoever asks for it in the peer's name could use up
 * any number of answers while the network loses them. */
static uint64_t final_time(const struct rg_flight *flight, uint64_t rtt) {
    return flight->answers < RG_ANSWERS_MAX ? answer_time(flight, rtt)
                                            : rg_time_add(flight->sent_at, RG_FINAL_GAP);
}

bool rg_flight_repeat_final(struct rg_flight *flight, uint64_t now, uint64_t rtt, size_t received) {
    flight->final_credit = rg_time_add(flight->final_credit, received);
    if (flight->final_length == 0 || now >= flight->final_until || now < final_time(flight, rtt) ||
        flight->final_credit < flight->final_length) {
        return false;
    }
    flight->final_credit -= flight->final_length;
    flight->answers++;
    flight->sent_at = now;
    send_datagram(flight, flight->final, flight->final_length);
    return true;
}
