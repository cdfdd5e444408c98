/* What the fuzz targets share. */
#ifndef RG_TESTS_FUZZ_FUZZ_H
#define RG_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program when a promise is broken. */
static inline void must(bool promise) {
    if (!promise) {
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
