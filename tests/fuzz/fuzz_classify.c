#include <rtpgate/classify.h>

#include <string.h>

#include "fuzz/fuzz.h"

/* A kind, told from the first two bytes alone, that the TURN server's address changes in one way
 * only. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum rtpgate_kind elsewhere = rtpgate_classify(data, size, false);
    enum rtpgate_kind turn = rtpgate_classify(data, size, true);

    must(elsewhere != RTPGATE_KIND_TURN_CHANNEL);
    must(turn == elsewhere ||
         (turn == RTPGATE_KIND_TURN_CHANNEL && elsewhere == RTPGATE_KIND_QUIC));
    must(rtpgate_classify(data, size < 2 ? size : 2, false) == elsewhere);
    must(elsewhere == RTPGATE_KIND_UNKNOWN ||
         strcmp(rtpgate_kind_name(elsewhere), rtpgate_kind_name(RTPGATE_KIND_UNKNOWN)) != 0);
    return 0;
}
