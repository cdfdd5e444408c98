#include "sim/sleeper.h"

#include <stdlib.h>
#include <string.h>

#include "sim/need.h"

/* A datagram in the socket. */
struct sim_waiting {
    struct sim_waiting *next;
    uint64_t path;
    uint64_t since;
    size_t length;
    uint8_t bytes[];
};

void sim_sleeper_init(struct sim_sleeper *sleeper, struct sim_endpoint inner, uint64_t period) {
    *sleeper = (struct sim_sleeper){.inner = inner, .period = period};
    sleeper->end = &sleeper->first;
}

static struct sim_waiting *take(struct sim_sleeper *sleeper) {
    struct sim_waiting *waiting = sleeper->first;
    if (waiting != NULL) {
        sleeper->first = waiting->next;
        sleeper->end = sleeper->first == NULL ? &sleeper->first : sleeper->end;
    }
    return waiting;
}

void sim_sleeper_clear(struct sim_sleeper *sleeper) {
    for (struct sim_waiting *waiting; (waiting = take(sleeper)) != NULL;) {
        free(waiting);
    }
}

static void input(void *self, const uint8_t *datagram, size_t length, uint64_t path, uint64_t now) {
    struct sim_sleeper *sleeper = self;
    struct sim_waiting *waiting = sim_need(malloc(sizeof(*waiting) + length));
    *waiting = (struct sim_waiting){.path = path, .since = now, .length = length};
    if (length > 0) {
        memcpy(waiting->bytes, datagram, length);
    }
    *sleeper->end = waiting;
    sleeper->end = &waiting->next;
}

static int output(void *self, uint8_t *buffer, size_t capacity, uint64_t *path) {
    struct sim_sleeper *sleeper = self;
    return sleeper->inner.output(sleeper->inner.self, buffer, capacity, path);
}

static uint64_t deadline(const void *self) {
    const struct sim_sleeper *sleeper = self;
    uint64_t when = sleeper->inner.deadline(sleeper->inner.self);
    if (sleeper->first != NULL && sleeper->first->since < when) {
        when = sleeper->first->since;
    }
    uint64_t over = when % sleeper->period;
    uint64_t wait = over == 0 ? 0 : sleeper->period - over;
    return when > UINT64_MAX - wait ? UINT64_MAX : when + wait;
}

static void expire(void *self, uint64_t now) {
    struct sim_sleeper *sleeper = self;
    const struct sim_endpoint *inner = &sleeper->inner;
    for (struct sim_waiting *waiting; (waiting = take(sleeper)) != NULL;) {
        inner->input(inner->self, waiting->bytes, waiting->length, waiting->path, now);
        free(waiting);
    }
    if (inner->deadline(inner->self) <= now) {
        inner->expire(inner->self, now);
    }
}

struct sim_endpoint sim_sleeper_endpoint(struct sim_sleeper *sleeper) {
    return (struct sim_endpoint){sleeper, input, output, deadline, expire, sleeper->inner.name};
}
