#include "base/alloc.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/secure.h"

static atomic_ulong allocations;
/* The numbers of the first allocation that fails (0: none) and of the first after it that does not.
 */
static atomic_ulong fail_from;
static atomic_ulong fail_until;

void *rg_alloc(size_t size) {
    unsigned long number = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) + 1;
    unsigned long from = atomic_load_explicit(&fail_from, memory_order_relaxed);

    if (from != 0 && number >= from &&
        number < atomic_load_explicit(&fail_until, memory_order_relaxed)) {
        errno = ENOMEM; /* as calloc does */
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

static void set_failures(unsigned long n, unsigned long until) {
    atomic_store_explicit(&fail_until, until, memory_order_relaxed);
    atomic_store_explicit(&fail_from, n == 0 ? 0 : rg_alloc_count() + n, memory_order_relaxed);
}

void rg_alloc_fail_from(unsigned long n) {
    set_failures(n, ULONG_MAX);
}

void rg_alloc_fail_only(unsigned long n) {
    set_failures(n, rg_alloc_count() + n + 1);
}

unsigned long rg_alloc_count(void) {
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}
