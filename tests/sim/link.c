#include "sim/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flying {
    struct flying *next; /* by time of arrival */
    uint64_t arrival;
    uint64_t order; /* breaks ties, so that a run is repeatable */
    size_t to;
    uint64_t path;
    size_t length;
    uint8_t bytes[];
};

struct sim_link {
    uint64_t random;
    uint64_t now;
    uint64_t order;
    struct sim_conditions conditions;
    struct sim_endpoint endpoints[SIM_ENDPOINTS];
    size_t count;
    struct flying *first;
    sim_tap tap;
    void *tap_context;
    size_t number;
    size_t sent[SIM_ENDPOINTS];
    size_t bytes[SIM_ENDPOINTS];
};

/* A test bench without memory has nothing to say. */
static void *need(void *memory) {
    if (memory == NULL) {
        (void)fputs("sim: out of memory\n", stderr);
        abort();
    }
    return memory;
}

/* splitmix64: every seed, 0 too, gives a good sequence. */
static uint64_t draw(struct sim_link *link) {
    uint64_t z = link->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sim_link_random(struct sim_link *link, uint64_t limit) {
    return limit == 0 ? 0 : draw(link) % limit;
}

static bool happens(struct sim_link *link, unsigned per_thousand) {
    return sim_link_random(link, 1000) < per_thousand;
}

struct sim_link *sim_link_new(uint64_t seed, const struct sim_conditions *conditions) {
    struct sim_link *link = need(calloc(1, sizeof(*link)));
    link->random = seed;
    link->conditions = *conditions;
    return link;
}

void sim_link_free(struct sim_link *link) {
    while (link != NULL && link->first != NULL) {
        struct flying *datagram = link->first;
        link->first = datagram->next;
        free(datagram);
    }
    free(link);
}

size_t sim_link_add(struct sim_link *link, struct sim_endpoint endpoint) {
    if (link->count == SIM_ENDPOINTS) {
        (void)fputs("sim: too many endpoints\n", stderr);
        abort();
    }
    link->endpoints[link->count] = endpoint;
    return link->count++;
}

void sim_link_tap(struct sim_link *link, sim_tap tap, void *context) {
    link->tap = tap;
    link->tap_context = context;
}

void sim_link_set_conditions(struct sim_link *link, const struct sim_conditions *conditions) {
    link->conditions = *conditions;
}

void sim_link_inject(struct sim_link *link, size_t to, const uint8_t *datagram, size_t length,
                     uint64_t path, uint64_t delay) {
    struct flying *flying = need(malloc(sizeof(*flying) + length));
    flying->arrival = link->now + delay;
    flying->order = link->order++;
    flying->to = to;
    flying->path = path;
    flying->length = length;
    if (length > 0) {
        memcpy(flying->bytes, datagram, length);
    }
    struct flying **at = &link->first;
    while (*at != NULL && (*at)->arrival <= flying->arrival) {
        at = &(*at)->next;
    }
    flying->next = *at;
    *at = flying;
}

static uint64_t travel_time(struct sim_link *link) {
    const struct sim_conditions *conditions = &link->conditions;
    uint64_t delay = conditions->delay + sim_link_random(link, conditions->jitter + 1);
    if (happens(link, conditions->reorder)) {
        delay += sim_link_random(link, 4 * conditions->delay + 1);
    }
    return delay;
}

static void transmit(struct sim_link *link, size_t from, uint8_t *bytes, size_t length,
                     uint64_t path) {
    struct sim_passing passing = {
        .from = from, .number = link->number++, .bytes = bytes, .length = &length};
    link->sent[from]++;
    link->bytes[from] += length;
    if (link->tap != NULL) {
        link->tap(link->tap_context, link, &passing);
    }
    bool too_large = link->conditions.mtu != 0 && length > link->conditions.mtu;
    size_t to = from ^ 1U;
    if (passing.drop || too_large || happens(link, link->conditions.loss) || to >= link->count) {
        return;
    }
    sim_link_inject(link, to, bytes, length, path, travel_time(link));
    if (happens(link, link->conditions.duplicate)) {
        sim_link_inject(link, to, bytes, length, path, travel_time(link));
    }
}

static void collect_from(struct sim_link *link, size_t from) {
    uint8_t buffer[SIM_DATAGRAM_MAX];
    const struct sim_endpoint *endpoint = &link->endpoints[from];
    uint64_t path = 0;
    int length = 0;
    while ((length = endpoint->output(endpoint->self, buffer, sizeof(buffer), &path)) > 0) {
        transmit(link, from, buffer, (size_t)length, path);
    }
}

void sim_link_collect(struct sim_link *link) {
    for (size_t i = 0; i < link->count; i++) {
        collect_from(link, i);
    }
}

static size_t earliest(const struct sim_link *link, uint64_t *when) {
    size_t found = link->count;
    *when = UINT64_MAX;
    for (size_t i = 0; i < link->count; i++) {
        uint64_t deadline = link->endpoints[i].deadline(link->endpoints[i].self);
        if (deadline < *when) {
            *when = deadline;
            found = i;
        }
    }
    return found;
}

static void arrive(struct sim_link *link) {
    struct flying *datagram = link->first;
    link->first = datagram->next;
    link->now = datagram->arrival > link->now ? datagram->arrival : link->now;
    const struct sim_endpoint *endpoint = &link->endpoints[datagram->to];
    endpoint->input(endpoint->self, datagram->bytes, datagram->length, datagram->path, link->now);
    free(datagram);
}

bool sim_link_step(struct sim_link *link, uint64_t until) {
    sim_link_collect(link);
    uint64_t timer;
    size_t whose = earliest(link, &timer);
    uint64_t arrival = link->first == NULL ? UINT64_MAX : link->first->arrival;
    uint64_t next = arrival < timer ? arrival : timer;
    if (next == UINT64_MAX || next > until) {
        link->now = until != UINT64_MAX && until > link->now ? until : link->now;
        return false;
    }
    if (arrival <= timer) {
        arrive(link);
    } else {
        link->now = timer > link->now ? timer : link->now;
        link->endpoints[whose].expire(link->endpoints[whose].self, link->now);
    }
    sim_link_collect(link);
    return true;
}

void sim_link_run(struct sim_link *link, uint64_t until) {
    while (sim_link_step(link, until)) {
    }
}

uint64_t sim_link_now(const struct sim_link *link) {
    return link->now;
}

size_t sim_link_sent(const struct sim_link *link, size_t endpoint) {
    return link->sent[endpoint];
}

size_t sim_link_bytes(const struct sim_link *link, size_t endpoint) {
    return link->bytes[endpoint];
}
