/* TLS alerts (RFC 5246 7.2, RFC 8446 6). */
#ifndef RG_WIRE_ALERT_H
#define RG_WIRE_ALERT_H

#include <stdint.h>

enum {
    RG_ALERT_WARNING = 1,
    RG_ALERT_FATAL = 2,
    RG_ALERT_CLOSE_NOTIFY = 0,
    RG_ALERT_BAD_CERTIFICATE = 42,
};

/* The registered name of an alert's description; "unassigned" for others. */
const char *rg_alert_name(uint8_t description);

#endif
