#include "base/secure.h"

#include <stdint.h>

void rg_zero(void *memory, size_t size) {
    volatile uint8_t *at = memory;

    for (size_t i = 0; i < size; i++) {
        at[i] = 0;
    }
}

bool rg_equal(const void *a, const void *b, size_t size) {
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    unsigned difference = 0;

    for (size_t i = 0; i < size; i++) {
        uint8_t x = left[i];
        uint8_t y = right[i];
        difference |= (unsigned)(x ^ y);
    }
    return difference == 0;
}
