#include "sim/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <sys/time.h>

/* GnuTLS's own tests turn its clock with this exported, private function; nothing but a test may.
 */
void _gnutls_global_set_gettime_function(void (*function)(struct timespec *));

/* What virtual time 0 is on the wall. */
#define BEGINNING INT64_C(1800000000)

static bool started;
static uint64_t virtual_now;
static int64_t stepped;

static struct timespec wall(void) {
    struct timespec now;
    if (!started) {
        (void)timespec_get(&now, TIME_UTC);
        return now;
    }
    now.tv_sec = (time_t)(BEGINNING + stepped + (int64_t)(virtual_now / 1000000));
    now.tv_nsec = (long)(virtual_now % 1000000 * 1000);
    return now;
}

static void tell_gnutls(struct timespec *now) {
    *now = wall();
}

time_t time(time_t *timer) {
    time_t now = wall().tv_sec;
    if (timer != NULL) {
        *timer = now;
    }
    return now;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now = wall();
    (void)zone;
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

void sim_clock_start(void) {
    started = true;
    _gnutls_global_set_gettime_function(tell_gnutls);
}

void sim_clock_set(uint64_t now) {
    virtual_now = now;
}

uint64_t sim_clock_now(void) {
    return virtual_now;
}

void sim_clock_step(int64_t seconds) {
    stepped = seconds;
}
