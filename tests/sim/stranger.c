#include "sim/stranger.h"

#include <stdlib.h>

#include "sim/pair.h"
#include "wire/record.h"

enum { STRANGER = 2 /* his identity */ };

#define ABSENCE (8 * SIM_SECOND)

static void begin(struct sim_stranger *stranger, uint64_t now) {
    enum rtpgate_role role =
        stranger->target == SIM_CLIENT ? RTPGATE_ROLE_SERVER : RTPGATE_ROLE_CLIENT;
    sim_ours_init(&stranger->ours, sim_config(STRANGER), role, now);
    sim_ours_seed(&stranger->ours, STRANGER);
    sim_ours_expect(&stranger->ours, stranger->target, now);
    stranger->returns_at = UINT64_MAX;
    stranger->here = false;
}

void sim_stranger_init(struct sim_stranger *stranger, size_t target, enum sim_stranger_kind kind) {
    stranger->kind = kind;
    stranger->target = target;
    begin(stranger, 0);
    stranger->inner = sim_ours_endpoint(&stranger->ours);
}

void sim_stranger_clear(struct sim_stranger *stranger) {
    sim_ours_clear(&stranger->ours);
}

void sim_stranger_come(struct sim_stranger *stranger, uint64_t now) {
    bool starts = stranger->target == SIM_SERVER && !stranger->here;
    if (starts && rtpgate_session_start(stranger->ours.session, now) != 0) {
        abort();
    }
    stranger->here = true;
}

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct sim_stranger *stranger = self;
    bool leaves = stranger->kind == SIM_LEAVES || stranger->kind == SIM_RETURNS;
    stranger->inner.input(stranger->inner.self, datagram, length, path, now);
    if (leaves && stranger->ours.ready_at != 0) {
        (void)rtpgate_session_close(stranger->ours.session, now);
    }
    if (stranger->kind == SIM_RETURNS && stranger->ours.ready_at == now) {
        stranger->returns_at = now + ABSENCE;
    }
}

/* How much of a datagram is plaintext. */
static int plain_length(const uint8_t *datagram, int length) {
    struct rg_reader records = rg_reader_make(datagram, (size_t)length);
    struct rg_record record;
    while (rg_record_next(&records, &record)) {
        if (record.epoch > 0) {
            return (int)(record.whole.at - datagram);
        }
    }
    return length;
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct sim_stranger *stranger = self;
    int length = stranger->inner.output(stranger->inner.self, buffer, capacity, path);
    return stranger->kind == SIM_WITHOUT_FINISHED && length > 0 ? plain_length(buffer, length)
                                                                : length;
}

static uint64_t deadline(const void *self) {
    const struct sim_stranger *stranger = self;
    uint64_t inner = stranger->inner.deadline(stranger->inner.self);
    return inner < stranger->returns_at ? inner : stranger->returns_at;
}

static void expire(void *self, uint64_t now) {
    struct sim_stranger *stranger = self;
    if (now >= stranger->returns_at) {
        sim_ours_clear(&stranger->ours);
        begin(stranger, now);
        sim_stranger_come(stranger, now);
    } else {
        stranger->inner.expire(stranger->inner.self, now);
    }
}

struct sim_endpoint sim_stranger_endpoint(struct sim_stranger *stranger) {
    return (struct sim_endpoint){stranger, input, output, deadline, expire, "stranger"};
}
