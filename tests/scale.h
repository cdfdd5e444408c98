/* How many simulated handshakes a test makes. */
#ifndef RG_TESTS_SCALE_H
#define RG_TESTS_SCALE_H

#include <stdint.h>

/* `count`, or a share of it in a build with sanitizers or coverage: see CMakeLists.txt. */
static inline uint64_t scaled(uint64_t count) {
    return count / TEST_SHARE;
}

#endif
