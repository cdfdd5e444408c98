/*
 * What SRTP costs, for all contenders in turn.
 * Usage: bench_srtp time         one round: lines "contender;profile;packet;direction;nanoseconds"
 *                                of the processor a packet
 *        bench_srtp heap COUNT   see bench_heap; over so many contexts
 *        bench_srtp run NAME PROFILE BYTES PACKETS   RTP to and fro, for a tool that counts
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

/* WARM packets pass before each batch: no contender pays for what the one before left in the
 * caches. */
enum { BATCH = 256, BATCHES = 24, WARM = 64 };

const uint16_t bench_profiles[BENCH_PROFILES] = {
    RTPGATE_SRTP_AEAD_AES_128_GCM, RTPGATE_SRTP_AEAD_AES_256_GCM, RTPGATE_SRTP_AES128_CM_SHA1_80,
    RTPGATE_SRTP_AES128_CM_SHA1_32};

static const struct packet {
    const char *name;
    enum rtpgate_kind kind;
    int length;
} kinds[] = {
    {"100", RTPGATE_KIND_RTP, 100},
    {"500", RTPGATE_KIND_RTP, 500},
    {"1200", RTPGATE_KIND_RTP, 1200},
    {"RTCP 100", RTPGATE_KIND_RTCP, 100},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* libsrtp first: contexts keep the ciphers that there are when they are made. */
static const struct contender *const contenders[] = {
    &bench_libsrtp, &bench_rtpgate, &bench_libsrtp_our_cipher, &bench_nettle, &bench_openssl};

enum { CONTENDERS = sizeof contenders / sizeof contenders[0] };

static void *contexts[CONTENDERS][BENCH_PROFILES];
static unsigned sequences[CONTENDERS][BENCH_PROFILES];

static uint8_t packets[BATCH][BENCH_ROOM];

void bench_fail(const char *who, const char *what) {
    fprintf(stderr, "bench_srtp: %s: %s\n", who, what);
    exit(1);
}

struct rtpgate_srtp_keys bench_keys(uint16_t number) {
    const struct rtpgate_srtp_profile_info *profile = rtpgate_srtp_profile_info(number);
    struct rtpgate_srtp_keys keys = {.profile = profile->profile,
                                     .key_length = profile->key_length,
                                     .salt_length = profile->salt_length,
                                     .local_is_client = true};

    for (size_t i = 0; i < profile->key_length; i++) {
        keys.client.key[i] = keys.server.key[i] = (uint8_t)(7 * i + 1);
    }
    for (size_t i = 0; i < profile->salt_length; i++) {
        keys.client.salt[i] = keys.server.salt[i] = (uint8_t)(11 * i + 5);
    }
    return keys;
}

void bench_header(enum rtpgate_kind kind, uint8_t *packet, unsigned sequence) {
    static const uint8_t rtp[RTP_HEADER] = {0x80, 96, 0, 0, 0, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe};
    static const uint8_t rtcp[RTCP_HEADER] = {0x80, 201, 0, 24, 0xca, 0xfe, 0xba, 0xbe};

    if (kind == RTPGATE_KIND_RTCP) {
        memcpy(packet, rtcp, sizeof rtcp);
        return;
    }
    memcpy(packet, rtp, sizeof rtp);
    packet[2] = (uint8_t)(sequence >> 8);
    packet[3] = (uint8_t)sequence;
}

static void open_all(void) {
    for (size_t who = 0; who < CONTENDERS; who++) {
        for (size_t i = 0; i < BENCH_PROFILES; i++) {
            struct rtpgate_srtp_keys keys = bench_keys(bench_profiles[i]);

            contexts[who][i] = contenders[who]->open(&keys);
            if (contexts[who][i] == NULL) {
                bench_fail(contenders[who]->name, "has no such contexts");
            }
        }
    }
}

static void close_all(void) {
    for (size_t who = 0; who < CONTENDERS; who++) {
        for (size_t i = 0; i < BENCH_PROFILES; i++) {
            contenders[who]->close(contexts[who][i]);
        }
    }
}

static double cpu_nanoseconds(void) {
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* One batch there and back; what each way took is added. */
static void run_batch(size_t who, size_t profile, const struct packet *packet, size_t batch,
                      double spent[2]) {
    const struct contender *contender = contenders[who];
    void *context = contexts[who][profile];
    int sealed = 0;
    int opened = 0;
    double begin;
    double middle;

    for (size_t i = 0; i < batch; i++) {
        bench_header(packet->kind, packets[i], sequences[who][profile]++);
    }
    begin = cpu_nanoseconds();
    for (size_t i = 0; i < batch; i++) {
        sealed = contender->protect(context, packet->kind, packets[i], packet->length);
    }
    middle = cpu_nanoseconds();
    for (size_t i = 0; i < batch; i++) {
        opened = contender->unprotect(context, packet->kind, packets[i], sealed);
    }
    spent[0] += middle - begin;
    spent[1] += cpu_nanoseconds() - middle;
    if (sealed <= packet->length || opened != packet->length) {
        bench_fail(contender->name, "the last packet did not come back");
    }
}

static void run_cell(size_t profile, const struct packet *packet) {
    double spent[CONTENDERS][2] = {{0}};
    double warm[2] = {0, 0};

    for (int batch = 0; batch < BATCHES; batch++) {
        for (size_t who = 0; who < CONTENDERS; who++) {
            if (packet->kind == RTPGATE_KIND_RTP || contenders[who]->whole) {
                run_batch(who, profile, packet, WARM, warm);
                run_batch(who, profile, packet, BATCH, spent[who]);
            }
        }
    }
    for (size_t who = 0; who < CONTENDERS; who++) {
        for (int way = 0; way < 2 && spent[who][way] > 0; way++) {
            printf("%s;%s;%s;%s;%.1f\n", contenders[who]->name,
                   rtpgate_srtp_profile_info(bench_profiles[profile])->name, packet->name,
                   way == 0 ? "protect" : "unprotect", spent[who][way] / (BATCH * BATCHES));
        }
    }
}

static void time_all(void) {
    open_all();
    for (size_t profile = 0; profile < BENCH_PROFILES; profile++) {
        for (size_t i = 0; i < KINDS; i++) {
            run_cell(profile, &kinds[i]);
        }
    }
    close_all();
}

static void run_alone(char **arguments) {
    struct packet packet = {"", RTPGATE_KIND_RTP, atoi(arguments[2])};
    size_t left = strtoul(arguments[3], NULL, 10);
    double spent[2] = {0, 0};
    bool known = false;

    open_all();
    for (size_t who = 0; who < CONTENDERS; who++) {
        for (size_t i = 0; i < BENCH_PROFILES; i++) {
            if (strcmp(arguments[0], contenders[who]->name) == 0 &&
                strcmp(arguments[1], rtpgate_srtp_profile_info(bench_profiles[i])->name) == 0) {
                known = true;
                for (; left > 0; left -= left < BATCH ? left : BATCH) {
                    run_batch(who, i, &packet, left < BATCH ? left : BATCH, spent);
                }
            }
        }
    }
    close_all();
    if (!known) {
        bench_fail(arguments[0], "no such contender or profile");
    }
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "time") == 0) {
        time_all();
    } else if (count == 3 && strcmp(arguments[1], "heap") == 0) {
        bench_heap(&bench_libsrtp, strtoul(arguments[2], NULL, 10));
        bench_heap(&bench_rtpgate, strtoul(arguments[2], NULL, 10));
    } else if (count == 6 && strcmp(arguments[1], "run") == 0) {
        run_alone(arguments + 2);
    } else {
        fputs("usage: bench_srtp time | heap COUNT | run NAME PROFILE BYTES PACKETS\n", stderr);
        return 2;
    }
    return 0;
}
