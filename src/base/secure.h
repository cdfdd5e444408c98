/* Handling of secrets. */
#ifndef RG_BASE_SECURE_H
#define RG_BASE_SECURE_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites `size` bytes with zeros in a way that the compiler keeps. */
void rg_zero(void *memory, size_t size);

/* Whether `size` bytes are equal, in a time that depends on `size` alone. */
bool rg_equal(const void *a, const void *b, size_t size);

#endif
