#include "base/secure.h"

#include <stdint.h>
#include <string.h>

/* What a volatile pointer leads to may be any function: the compiler cannot drop its call. */
static void *(*const volatile set)(void *, int, size_t) = memset;

void rg_zero(void *memory, size_t size) {
    if (size > 0) {
        (void)set(memory, 0, size);
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
