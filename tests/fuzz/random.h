/*
 * What is random is drawn from the input: the same input does the same each time, so that a finding
 * can be repeated. Another input has other keys, so that a fuzzer never learns one.
 */
#ifndef RG_TESTS_FUZZ_RANDOM_H
#define RG_TESTS_FUZZ_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Begins a new sequence, which `size` bytes at `data` decide. */
void fuzz_random_begin(const uint8_t *data, size_t size);

#endif
