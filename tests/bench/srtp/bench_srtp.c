/*
 * CPU time that protecting and unprotecting one RTP packet takes, of all contenders in turn.
 * Usage: bench_srtp              one round: lines "contender;profile;bytes;direction;nanoseconds"
 *        bench_srtp NAME PROFILE BYTES PACKETS   that work alone, for a tool that counts
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { PROFILES = 4, BATCH = 256, BATCHES = 24 };

static const uint16_t profiles[PROFILES] = {
    RTPGATE_SRTP_AEAD_AES_128_GCM, RTPGATE_SRTP_AEAD_AES_256_GCM, RTPGATE_SRTP_AES128_CM_SHA1_80,
    RTPGATE_SRTP_AES128_CM_SHA1_32};
static const int sizes[] = {100, 500, 1200};

/* libsrtp first: contexts keep the ciphers that there are when they are made. */
static const struct contender *const contenders[] = {
    &bench_libsrtp, &bench_rtpgate, &bench_libsrtp_our_cipher, &bench_nettle, &bench_openssl};

enum { CONTENDERS = sizeof contenders / sizeof contenders[0] };

static void *contexts[CONTENDERS][PROFILES];
static unsigned sequences[CONTENDERS][PROFILES];

static uint8_t packets[BATCH][BENCH_ROOM];

static void fail(const char *what, const char *who) {
    fprintf(stderr, "bench_srtp: %s: %s\n", who, what);
    exit(1);
}

/* Both directions have one key, so that one end is enough. */
static struct rtpgate_srtp_keys keys_of(const struct rtpgate_srtp_profile_info *profile) {
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

static void open_all(void) {
    for (size_t who = 0; who < CONTENDERS; who++) {
        for (size_t i = 0; i < PROFILES; i++) {
            struct rtpgate_srtp_keys keys = keys_of(rtpgate_srtp_profile_info(profiles[i]));

            contexts[who][i] = contenders[who]->open(&keys);
            if (contexts[who][i] == NULL) {
                fail("has no such contexts", contenders[who]->name);
            }
        }
    }
}

static double cpu_nanoseconds(void) {
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void write_header(uint8_t *packet, unsigned sequence) {
    static const uint8_t header[RTP_HEADER] = {0x80, 96, 0, 0, 0, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe};

    memcpy(packet, header, sizeof header);
    packet[2] = (uint8_t)(sequence >> 8);
    packet[3] = (uint8_t)sequence;
}

/* One batch there and back; what each way took is added. */
static void run_batch(size_t who, size_t profile, int length, size_t batch, double spent[2]) {
    const struct contender *contender = contenders[who];
    void *context = contexts[who][profile];
    int sealed = 0;
    int opened = 0;
    double begin;
    double middle;

    for (size_t i = 0; i < batch; i++) {
        write_header(packets[i], sequences[who][profile]++);
    }
    begin = cpu_nanoseconds();
    for (size_t i = 0; i < batch; i++) {
        sealed = contender->protect(context, packets[i], length);
    }
    middle = cpu_nanoseconds();
    for (size_t i = 0; i < batch; i++) {
        opened = contender->unprotect(context, packets[i], sealed);
    }
    spent[0] += middle - begin;
    spent[1] += cpu_nanoseconds() - middle;
    if (sealed <= length || opened != length) {
        fail("the last packet did not come back", contender->name);
    }
}

static void run_cell(size_t profile, int length) {
    double spent[CONTENDERS][2] = {{0}};

    for (int batch = 0; batch <= BATCHES; batch++) {
        for (size_t who = 0; who < CONTENDERS; who++) {
            run_batch(who, profile, length, BATCH, spent[who]);
            if (batch == 0) { /* warming up */
                spent[who][0] = spent[who][1] = 0;
            }
        }
    }
    for (size_t who = 0; who < CONTENDERS; who++) {
        for (int way = 0; way < 2; way++) {
            printf("%s;%s;%d;%s;%.1f\n", contenders[who]->name,
                   rtpgate_srtp_profile_info(profiles[profile])->name, length,
                   way == 0 ? "protect" : "unprotect", spent[who][way] / (BATCH * BATCHES));
        }
    }
}

static int run_alone(char **arguments) {
    int length = atoi(arguments[2]);
    size_t left = strtoul(arguments[3], NULL, 10);
    double spent[2];

    for (size_t who = 0; who < CONTENDERS; who++) {
        for (size_t i = 0; i < PROFILES; i++) {
            if (strcmp(arguments[0], contenders[who]->name) == 0 &&
                strcmp(arguments[1], rtpgate_srtp_profile_info(profiles[i])->name) == 0) {
                for (; left > 0; left -= left < BATCH ? left : BATCH) {
                    run_batch(who, i, length, left < BATCH ? left : BATCH, spent);
                }
                return 0;
            }
        }
    }
    fail("no such contender or profile", arguments[0]);
    return 1;
}

static void close_all(void) {
    for (size_t who = 0; who < CONTENDERS; who++) {
        for (size_t i = 0; i < PROFILES; i++) {
            contenders[who]->close(contexts[who][i]);
        }
    }
}

int main(int count, char **arguments) {
    int status = 0;

    open_all();
    if (count == 5) {
        status = run_alone(arguments + 1);
    } else {
        for (size_t profile = 0; profile < PROFILES; profile++) {
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                run_cell(profile, sizes[i]);
            }
        }
    }
    close_all();
    return status;
}
