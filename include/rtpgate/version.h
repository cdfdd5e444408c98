/* Which rtpgate this is. */
#ifndef RTPGATE_VERSION_H
#define RTPGATE_VERSION_H

#include <rtpgate/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. */
#define RTPGATE_VERSION_MAJOR 0
#define RTPGATE_VERSION_MINOR 1
#define RTPGATE_VERSION_PATCH 0

/* The version of the library that runs, as "0.1.0"; static storage. */
RTPGATE_API const char *rtpgate_version(void);

#ifdef __cplusplus
}
#endif

#endif
