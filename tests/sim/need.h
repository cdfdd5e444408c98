/* A test bench without memory has nothing to say. */
#ifndef SIM_NEED_H
#define SIM_NEED_H

#include <stdio.h>
#include <stdlib.h>

/* `memory`, which is not NULL, or the end of the program. */
static inline void *sim_need(void *memory) {
    if (memory == NULL) {
        (void)fputs("sim: out of memory\n", stderr);
        abort();
    }
    return memory;
}

#endif
