/* The one allocator: every allocation of ours passes here, so that tests can make any of them fail.
 */
#ifndef RG_BASE_ALLOC_H
#define RG_BASE_ALLOC_H

#include <stddef.h>

/* `size` zeroed bytes, or NULL. Release with rg_free. */
void *rg_alloc(size_t size);
void rg_free(void *memory);

/* Zeroes `size` bytes at `memory`, then frees it. NULL is fine. */
void rg_free_secret(void *memory, size_t size);

/* Tests only: the n-th allocation from now (1 is the next) and all after it fail; 0 ends this. */
void rg_alloc_fail_from(unsigned long n);

/* Tests only: the n-th allocation from now fails, those after it do not; 0 ends this. */
void rg_alloc_fail_only(unsigned long n);

/* Tests only: how many allocations were made. */
unsigned long rg_alloc_count(void);

#endif
