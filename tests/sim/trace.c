#include "sim/trace.h"

#include <rtpgate/names.h>
#include <stdlib.h>
#include <string.h>

#include "sim/need.h"
#include "wire/handshake.h"
#include "wire/record.h"

void sim_trace_add(struct sim_trace *trace, uint64_t now, const char *from, const char *to,
                   const struct sim_verdict *verdict, const uint8_t *bytes, size_t length) {
    trace->count++;
    if (trace->count > SIM_TRACE_MAX) {
        return;
    }
    struct sim_passed *passed = sim_need(malloc(sizeof(*passed) + length));
    *passed = (struct sim_passed){.now = now,
                                  .delay = verdict->delay,
                                  .from = from,
                                  .to = to,
                                  .fate = verdict->fate,
                                  .length = length};
    if (length > 0) {
        memcpy(passed->bytes, bytes, length);
    }
    *(trace->last != NULL ? &trace->last->next : &trace->first) = passed;
    trace->last = passed;
}

void sim_trace_clear(struct sim_trace *trace) {
    while (trace->first != NULL) {
        struct sim_passed *passed = trace->first;
        trace->first = passed->next;
        free(passed);
    }
    trace->last = NULL;
    trace->count = 0;
}

static void print_message_name(uint8_t type, FILE *out) {
    static const char *const names[] = {
        [RG_HELLO_REQUEST] = "HelloRequest",
        [RG_CLIENT_HELLO] = "ClientHello",
        [RG_SERVER_HELLO] = "ServerHello",
        [RG_HELLO_VERIFY_REQUEST] = "HelloVerifyRequest",
        [RG_CERTIFICATE] = "Certificate",
        [RG_SERVER_KEY_EXCHANGE] = "ServerKeyExchange",
        [RG_CERTIFICATE_REQUEST] = "CertificateRequest",
        [RG_SERVER_HELLO_DONE] = "ServerHelloDone",
        [RG_CERTIFICATE_VERIFY] = "CertificateVerify",
        [RG_CLIENT_KEY_EXCHANGE] = "ClientKeyExchange",
        [RG_FINISHED] = "Finished",
    };
    if (type < sizeof(names) / sizeof(names[0]) && names[type] != NULL) {
        (void)fputs(names[type], out);
    } else {
        (void)fprintf(out, "message %u", type);
    }
}

static void print_fragments(struct rg_bytes body, FILE *out) {
    struct rg_reader reader = rg_reader_make(body.at, body.length);
    struct rg_fragment fragment;
    const char *separator = "";
    while (rg_fragment_next(&reader, &fragment)) {
        (void)fputs(separator, out);
        print_message_name(fragment.type, out);
        (void)fprintf(out, "#%u [%lu..%lu/%lu]", fragment.sequence, (unsigned long)fragment.offset,
                      (unsigned long)(fragment.offset + fragment.body.length),
                      (unsigned long)fragment.total);
        separator = ", ";
    }
    if (reader.failed) {
        (void)fprintf(out, "%sfragment that does not parse", separator);
    }
}

static void print_alert(struct rg_bytes body, FILE *out) {
    if (body.length != 2) {
        (void)fprintf(out, "alert of %zu B", body.length);
        return;
    }
    (void)fprintf(out, "alert %s %u (%s)", body.at[0] == 2 ? "fatal" : "warning", body.at[1],
                  rtpgate_alert_name(body.at[1]));
}

static void print_content(const struct rg_record *record, FILE *out) {
    switch (record->type) {
    case RG_CONTENT_CCS:
        (void)fputs("ChangeCipherSpec", out);
        break;
    case RG_CONTENT_ALERT:
        (void)fputs("alert", out);
        break;
    case RG_CONTENT_HANDSHAKE:
        (void)fputs("handshake", out);
        break;
    case RG_CONTENT_DATA:
        (void)fputs("application data", out);
        break;
    default:
        (void)fprintf(out, "content %u", record->type);
    }
}

static void print_record(const struct rg_record *record, FILE *out) {
    bool plain = record->epoch == 0;
    if (plain && record->type == RG_CONTENT_HANDSHAKE) {
        print_fragments(record->body, out);
    } else if (plain && record->type == RG_CONTENT_ALERT) {
        print_alert(record->body, out);
    } else if (plain) {
        print_content(record, out);
    } else {
        (void)fprintf(out, "epoch %u ", record->epoch);
        print_content(record, out);
        (void)fprintf(out, " %zu B", record->body.length);
    }
}

static void print_records(const struct sim_passed *passed, FILE *out) {
    struct rg_reader reader = rg_reader_make(passed->bytes, passed->length);
    struct rg_record record;
    const char *separator = "";
    while (rg_record_next(&reader, &record)) {
        (void)fputs(separator, out);
        print_record(&record, out);
        separator = ", ";
    }
    if (reader.failed) {
        (void)fprintf(out, "%srecord that does not parse", separator);
    }
}

static void print_seconds(const char *before, uint64_t microseconds, FILE *out) {
    (void)fprintf(out, "%s%lu.%06lu", before, (unsigned long)(microseconds / 1000000),
                  (unsigned long)(microseconds % 1000000));
}

static void print_passed(const struct sim_passed *passed, FILE *out) {
    print_seconds("", passed->now, out);
    (void)fprintf(out, " %s -> %s %4zu B %s", passed->from, passed->to, passed->length,
                  sim_fate_name(passed->fate));
    if (!sim_fate_is_loss(passed->fate)) {
        print_seconds(" +", passed->delay, out);
    }
    (void)fputs("  ", out);
    print_records(passed, out);
    (void)fputc('\n', out);
}

void sim_trace_print(const struct sim_trace *trace, FILE *out) {
    (void)fprintf(out, "seed %lu\n", (unsigned long)trace->seed);
    for (const struct sim_passed *passed = trace->first; passed != NULL; passed = passed->next) {
        print_passed(passed, out);
    }
    if (trace->count > SIM_TRACE_MAX) {
        (void)fprintf(out, "and %zu more datagrams\n", trace->count - SIM_TRACE_MAX);
    }
}
