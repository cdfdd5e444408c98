#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/secure.h"

static atomic_ulong allocations;
static atomic_ulong fail_from; /* the number of the first allocation that fails; 0: none */

void *rg_alloc(size_t size) {
    unsigned long number = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) + 1;
    unsigned long limit = atomic_load_explicit(&fail_from, memory_order_relaxed);

    if (limit != 0 && number >= limit) {
        return NULL;
    }
    /* calloc may answer NULL for 0 bytes, which would look like a failure. */
    return calloc(1, size > 0 ? size : 1);
}

void rg_free(void *memory) {
    free(memory);
}

void rg_free_secret(void *memory, size_t size) {
    if (memory == NULL) {
        return;
    }
    rg_zero(memory, size);
    free(memory);
}

void rg_alloc_fail_from(unsigned long n) {
    unsigned long limit = n == 0 ? 0 : rg_alloc_count() + n;

    atomic_store_explicit(&fail_from, limit, memory_order_relaxed);
}

unsigned long rg_alloc_count(void) {
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}
