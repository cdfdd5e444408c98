/* See wishes.h. */
#include "wishes.h"

#include <string.h>

#include <microhttpd.h>

static const char *find(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static bool is(const char *text, const char *word) {
    return text != NULL && strcmp(text, word) == 0;
}

static bool add_profile(struct wishes *wishes, const char *name, size_t length) {
    static const enum rtpgate_srtp_profile known[] = {
        RTPGATE_SRTP_AEAD_AES_128_GCM,
        RTPGATE_SRTP_AEAD_AES_256_GCM,
        RTPGATE_SRTP_AES128_CM_SHA1_80,
        RTPGATE_SRTP_AES128_CM_SHA1_32,
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const char *candidate = rtpgate_srtp_profile_info((uint16_t)known[i])->name;
        if (strlen(candidate) == length && memcmp(candidate, name, length) == 0) {
            wishes->profiles[wishes->profile_count++] = known[i];
            return true;
        }
    }
    return false;
}

static bool read_profiles(struct wishes *wishes, const char *names) {
    while (names != NULL && *names != '\0') {
        size_t length = strcspn(names, ",");
        if (wishes->profile_count == CALL_PROFILES || !add_profile(wishes, names, length)) {
            return false;
        }
        names += length + (names[length] == ',');
    }
    return true;
}

static void read_test(struct wishes *wishes, struct MHD_Connection *connection) {
    const char *pair = find(connection, "pair");
    wishes->late = is(find(connection, "fingerprint"), "late");
    wishes->mute = is(find(connection, "fault"), "mute");
    wishes->new_identity = is(find(connection, "identity"), "new");
    if (pair != NULL && strlen(pair) <= CALL_PAIR) {
        (void)strcpy(wishes->pair, pair);
    }
}

const char *wishes_read(struct wishes *wishes, struct MHD_Connection *connection, bool test) {
    const char *role = find(connection, "role");
    memset(wishes, 0, sizeof(*wishes));
    wishes->setup = is(role, "client") ? RTPGATE_SETUP_ACTIVE : RTPGATE_SETUP_PASSIVE;
    if (role != NULL && !is(role, "client") && !is(role, "server")) {
        return "The role is server or client.";
    }
    if (!read_profiles(wishes, find(connection, "profiles"))) {
        return "The profiles are names such as AEAD_AES_128_GCM, with commas between them.";
    }
    if (test) {
        read_test(wishes, connection);
    }
    return NULL;
}
