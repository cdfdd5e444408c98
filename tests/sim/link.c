#include "sim/link.h"

#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"
#include "sim/need.h"
#include "sim/trace.h"

struct flying {
    struct flying *next; /* by time of arrival, and among equals by that of sending */
    uint64_t arrival;
    size_t to;
    uint64_t path;
    size_t length;
    uint8_t bytes[];
};

struct member {
    struct sim_endpoint endpoint;
    struct sim_way way; /* of what it sends */
    size_t sent;
    size_t bytes;
};

struct sim_link {
    struct sim_random random;
    uint64_t now;
    struct sim_conditions conditions;
    struct member *members;
    size_t count;
    struct flying *first;
    struct flying *latest; /* sent off last; NULL: it has arrived */
    sim_tap tap;
    void *tap_context;
    size_t number;
    struct sim_trace trace;
};

uint64_t sim_link_random(struct sim_link *link, uint64_t limit) {
    return sim_random_below(&link->random, limit);
}

static void advance(struct sim_link *link, uint64_t now) {
    link->now = now > link->now ? now : link->now;
    sim_clock_set(link->now);
}

struct sim_link *sim_link_new(uint64_t seed, const struct sim_conditions *conditions) {
    struct sim_link *link = sim_need(calloc(1, sizeof(*link)));
    link->random.state = seed;
    link->trace.seed = seed;
    link->conditions = *conditions;
    advance(link, 0);
    return link;
}

void sim_link_free(struct sim_link *link) {
    if (link == NULL) {
        return;
    }
    while (link->first != NULL) {
        struct flying *datagram = link->first;
        link->first = datagram->next;
        free(datagram);
    }
    sim_trace_clear(&link->trace);
    free(link->members);
    free(link);
}

size_t sim_link_add(struct sim_link *link, struct sim_endpoint endpoint) {
    size_t size = (link->count + 1) * sizeof(*link->members);
    link->members = sim_need(realloc(link->members, size));
    link->members[link->count] =
        (struct member){.endpoint = endpoint, .way.random.state = sim_random_next(&link->random)};
    return link->count++;
}

void sim_link_tap(struct sim_link *link, sim_tap tap, void *context) {
    link->tap = tap;
    link->tap_context = context;
}

void sim_link_set_conditions(struct sim_link *link, const struct sim_conditions *conditions) {
    link->conditions = *conditions;
}

static struct flying *send_off(struct sim_link *link, size_t to, const uint8_t *datagram,
                               size_t length, uint64_t path, uint64_t delay) {
    struct flying *flying = sim_need(malloc(sizeof(*flying) + length));
    *flying =
        (struct flying){.arrival = link->now + delay, .to = to, .path = path, .length = length};
    if (length > 0) {
        memcpy(flying->bytes, datagram, length);
    }
    bool behind_latest = link->latest != NULL && link->latest->arrival <= flying->arrival;
    struct flying **at = behind_latest ? &link->latest->next : &link->first;
    while (*at != NULL && (*at)->arrival <= flying->arrival) {
        at = &(*at)->next;
    }
    flying->next = *at;
    *at = flying;
    link->latest = flying;
    return flying;
}

void sim_link_inject(struct sim_link *link, size_t to, const uint8_t *datagram, size_t length,
                     uint64_t path, uint64_t delay) {
    const struct sim_verdict verdict = {.fate = SIM_INJECTED, .delay = delay};
    (void)send_off(link, to, datagram, length, path, delay);
    sim_trace_add(&link->trace, link->now, "somebody", link->members[to].endpoint.name, &verdict,
                  datagram, length);
}

static void transmit(struct sim_link *link, size_t from, uint8_t *bytes, size_t length,
                     uint64_t path) {
    struct sim_passing passing = {
        .from = from, .number = link->number++, .path = path, .bytes = bytes, .length = &length};
    struct member *sender = &link->members[from];
    size_t to = from ^ 1U;
    bool heard = to < link->count;
    sender->sent++;
    sender->bytes += length;
    if (link->tap != NULL) {
        link->tap(link->tap_context, link, &passing);
    }
    struct sim_verdict verdict =
        sim_fate_next(&sender->way, &link->conditions, from, length, link->now);
    verdict.fate = passing.drop ? SIM_DROPPED : heard ? verdict.fate : SIM_LOST;
    sim_trace_add(&link->trace, link->now, sender->endpoint.name,
                  heard ? link->members[to].endpoint.name : "nobody", &verdict, bytes, length);
    if (sim_fate_is_loss(verdict.fate)) {
        return;
    }
    struct flying *flying = send_off(link, to, bytes, length, passing.path, verdict.delay);
    sim_fate_spoil(&verdict, flying->bytes, &flying->length);
    if (verdict.twice) {
        (void)send_off(link, to, bytes, length, passing.path, verdict.second_delay);
    }
}

static void collect_from(struct sim_link *link, size_t from) {
    uint8_t buffer[SIM_DATAGRAM_MAX];
    const struct sim_endpoint *endpoint = &link->members[from].endpoint;
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

static const struct sim_endpoint *earliest(const struct sim_link *link, uint64_t *when) {
    const struct sim_endpoint *found = NULL;
    *when = UINT64_MAX;
    for (size_t i = 0; i < link->count; i++) {
        const struct sim_endpoint *endpoint = &link->members[i].endpoint;
        uint64_t deadline = endpoint->deadline(endpoint->self);
        if (deadline < *when) {
            *when = deadline;
            found = endpoint;
        }
    }
    return found;
}

static void arrive(struct sim_link *link) {
    struct flying *datagram = link->first;
    link->first = datagram->next;
    link->latest = datagram == link->latest ? NULL : link->latest;
    advance(link, datagram->arrival);
    const struct sim_endpoint *endpoint = &link->members[datagram->to].endpoint;
    endpoint->input(endpoint->self, datagram->bytes, datagram->length, datagram->path, link->now);
    free(datagram);
}

bool sim_link_step(struct sim_link *link, uint64_t until) {
    sim_link_collect(link);
    uint64_t timer;
    const struct sim_endpoint *endpoint = earliest(link, &timer);
    uint64_t arrival = link->first == NULL ? UINT64_MAX : link->first->arrival;
    uint64_t next = arrival < timer ? arrival : timer;
    if (next == UINT64_MAX || next > until) {
        advance(link, until != UINT64_MAX ? until : 0);
        return false;
    }
    if (arrival <= timer) {
        arrive(link);
    } else {
        advance(link, timer);
        endpoint->expire(endpoint->self, link->now);
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
    return link->members[endpoint].sent;
}

size_t sim_link_bytes(const struct sim_link *link, size_t endpoint) {
    return link->members[endpoint].bytes;
}

void sim_link_trace(const struct sim_link *link, FILE *out) {
    sim_trace_print(&link->trace, out);
}
