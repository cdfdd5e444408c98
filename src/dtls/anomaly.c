#include "dtls/association.h"

static bool dropped_any(const struct rtpgate_session_stats *stats) {
    const uint64_t dropped[] = {
        stats->dropped_path,  stats->dropped_early,  stats->dropped_malformed, stats->dropped_type,
        stats->dropped_epoch, stats->dropped_alert,  stats->dropped_hello,     stats->dropped_stale,
        stats->dropped_limit, stats->dropped_forged, stats->dropped_record,
    };
    for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
        if (dropped[i] > 0) {
            return true;
        }
    }
    return false;
}

/* What waits came out of order or from a path that is not valid. */
bool rg_saw_anomaly(const struct rtpgate_session *session) {
    return dropped_any(&session->stats) || session->held.count > 0 ||
           session->paths.early.count > 0;
}
