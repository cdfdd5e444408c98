/* TLS alerts (RFC 5246 7.2, RFC 8446 6). */
#ifndef RG_WIRE_ALERT_H
#define RG_WIRE_ALERT_H

enum {
    RG_ALERT_WARNING = 1,
    RG_ALERT_FATAL = 2,
    RG_ALERT_CLOSE_NOTIFY = 0,
    RG_ALERT_BAD_CERTIFICATE = 42,
};

#endif
