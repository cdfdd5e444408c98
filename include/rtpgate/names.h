/* Names for IANA's numbers, for logs and people. All are static storage and never NULL. */
#ifndef RTPGATE_NAMES_H
#define RTPGATE_NAMES_H

#include <stdint.h>

#include <rtpgate/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The name of a TLS alert's description (RFC 5246 7.2), as in struct rtpgate_event; "unassigned"
 * for others. */
RTPGATE_API const char *rtpgate_alert_name(uint8_t description);

/* The name of a cipher suite that rtpgate negotiates, as in struct rtpgate_session_info; "unknown"
 * for others. */
RTPGATE_API const char *rtpgate_cipher_suite_name(uint16_t suite);

/* The name of a group that rtpgate negotiates, as in struct rtpgate_session_info; "unknown" for
 * others. */
RTPGATE_API const char *rtpgate_group_name(uint16_t group);

#ifdef __cplusplus
}
#endif

#endif
