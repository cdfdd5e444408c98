#include <rtpgate/version.h>

#define TEXT(number) #number
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *rtpgate_version(void) {
    return VERSION(RTPGATE_VERSION_MAJOR, RTPGATE_VERSION_MINOR, RTPGATE_VERSION_PATCH);
}
