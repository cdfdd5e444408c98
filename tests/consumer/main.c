#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rtpgate/rtpgate.h>

static const uint64_t YEAR_2025 = 1735689600;
static const uint64_t MONTH = 30 * 86400;

int main(void) {
    char version[32];
    (void)snprintf(version, sizeof version, "%d.%d.%d", RTPGATE_VERSION_MAJOR,
                   RTPGATE_VERSION_MINOR, RTPGATE_VERSION_PATCH);
    if (strcmp(rtpgate_version(), version) != 0) {
        (void)printf("headers of %s, library of %s\n", version, rtpgate_version());
        return EXIT_FAILURE;
    }
    const uint8_t hello[] = {22, 0xfe};
    if (rtpgate_classify(hello, sizeof hello, false) != RTPGATE_KIND_DTLS) {
        (void)printf("a DTLS record was not recognised\n");
        return EXIT_FAILURE;
    }
    rtpgate_identity *identity = NULL;
    rtpgate_config *config = NULL;
    int result = rtpgate_identity_generate(&identity, YEAR_2025, YEAR_2025 + MONTH);
    if (result == 0) {
        result = rtpgate_config_new(&config, identity);
    }
    rtpgate_config_free(config);
    rtpgate_identity_free(identity);
    (void)printf("rtpgate %s: %s\n", version, rtpgate_strerror(result));
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
