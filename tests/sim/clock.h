/*
 * The wall clock that foreign libraries read, in virtual time. This object defines time and
 * gettimeofday, so OpenSSL and GnuTLS in the same program call these; GnuTLS's monotonic clock is
 * turned by its own hook. Until sim_clock_start they tell the real time.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdint.h>

/* From now on, and for the whole program, virtual time is told. */
void sim_clock_start(void);
/* Virtual time is so many microseconds; every link does this as its time goes on. */
void sim_clock_set(uint64_t now);
uint64_t sim_clock_now(void);
/* The wall clock is stepped by so many seconds from where it would be, as a person or NTP may do;
 * 0: no more. Virtual time itself goes on. */
void sim_clock_step(int64_t seconds);

#endif
