#include "fuzz/random.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

static uint64_t state;

/* splitmix64 */
static uint64_t draw(void) {
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void fuzz_random_begin(const uint8_t *data, size_t size) {
    state = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        state = (state ^ data[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
}

/* Stands before GnuTLS's own function, which GnuTLS itself calls through the linker, too. */
int gnutls_rnd(gnutls_rnd_level_t level, void *data, size_t length) {
    uint8_t *bytes = data;

    (void)level;
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(draw() >> 56);
    }
    return 0;
}
