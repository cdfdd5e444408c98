#include <limits.h>
#include <rtpgate/session.h>

int rtpgate_timeout_ms(uint64_t deadline, uint64_t now) {
    if (deadline == RTPGATE_NEVER) {
        return -1;
    }
    if (deadline <= now) {
        return 0;
    }
    uint64_t wait = (deadline - now - 1) / 1000 + 1;
    return wait < INT_MAX ? (int)wait : INT_MAX;
}
