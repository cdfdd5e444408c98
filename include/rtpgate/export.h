/* Marks what librtpgate exports; everything else is hidden. */
#ifndef RTPGATE_EXPORT_H
#define RTPGATE_EXPORT_H

#if defined(__GNUC__)
#define RTPGATE_API __attribute__((visibility("default")))
#else
#define RTPGATE_API
#endif

#endif
