/* What the fuzz targets share. */
#ifndef RG_TESTS_FUZZ_FUZZ_H
#define RG_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program when a promise is broken, and says which. */
#define must(promise) must_hold((promise), #promise, __FILE__, __LINE__)

static inline void must_hold(bool promise, const char *text, const char *file, int line) {
    if (!promise) {
        (void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, text);
        abort();
    }
}

/* A view must be empty or lie within the input. */
static inline void must_be_inside(struct rg_bytes view, const uint8_t *data, size_t size) {
    if (view.length > 0) {
        must(view.at >= data && view.at <= data + size);
        must(view.length <= (size_t)(data + size - view.at));
    }
}

#endif
