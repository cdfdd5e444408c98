/* See ice.h. */
#include "ice.h"

#include <stdio.h>
#include <string.h>

#include <stun/stunagent.h>
#include <stun/usages/ice.h>

enum { STUN_HEADER = 20, STUN_ATTRIBUTE_HEADER = 4, USERNAME = 6 };

/* 64 characters that SDP allows (RFC 8839 5.4). */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int ice_new_credentials(struct ice_credentials *credentials) {
    unsigned char bytes[ICE_UFRAG + ICE_PASSWORD];
    FILE *random = fopen("/dev/urandom", "rb");
    size_t count = random != NULL ? fread(bytes, 1, sizeof(bytes), random) : 0;
    if (random != NULL) {
        (void)fclose(random);
    }
    for (size_t i = 0; i < count; i++) {
        char *out = i < ICE_UFRAG ? &credentials->ufrag[i] : &credentials->password[i - ICE_UFRAG];
        *out = alphabet[bytes[i] % 64];
    }
    credentials->ufrag[ICE_UFRAG] = credentials->password[ICE_PASSWORD] = '\0';
    return count == sizeof(bytes) ? 0 : -1;
}

/* The username of a check is "ours:theirs". */
static bool names(const struct ice_credentials *credentials, const uint8_t *name, size_t length) {
    return credentials->ufrag[0] != '\0' && length > ICE_UFRAG && name[ICE_UFRAG] == ':' &&
           memcmp(name, credentials->ufrag, ICE_UFRAG) == 0;
}

bool ice_is_for(const struct ice_credentials *credentials, const uint8_t *packet, size_t length) {
    size_t at = STUN_HEADER;
    while (at + STUN_ATTRIBUTE_HEADER <= length) {
        size_t type = (size_t)packet[at] << 8 | packet[at + 1];
        size_t size = (size_t)packet[at + 2] << 8 | packet[at + 3];
        at += STUN_ATTRIBUTE_HEADER;
        if (type == USERNAME) {
            return size <= length - at && names(credentials, packet + at, size);
        }
        at += (size + 3) / 4 * 4;
    }
    return false;
}

/* libnice's own one compares the whole username; the browser's half may not be known yet. */
static bool find_password(StunAgent *agent, StunMessage *message, uint8_t *username,
                          uint16_t username_length, uint8_t **password, size_t *password_length,
                          void *user_data) {
    struct ice_credentials *credentials = user_data;
    (void)agent;
    (void)message;
    if (!names(credentials, username, username_length)) {
        return false;
    }
    *password = (uint8_t *)credentials->password;
    *password_length = ICE_PASSWORD;
    return true;
}

static size_t refuse(StunAgent *agent, StunMessage *request, StunValidationStatus status,
                     struct ice_check *check) {
    StunMessage answer;
    StunError code = STUN_ERROR_BAD_REQUEST;
    if (status == STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE) {
        return stun_agent_build_unknown_attributes_error(agent, &answer, check->reply,
                                                         sizeof(check->reply), request);
    }
    if (status == STUN_VALIDATION_UNAUTHORIZED) {
        code = STUN_ERROR_UNAUTHORIZED;
    } else if (status != STUN_VALIDATION_BAD_REQUEST &&
               status != STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST) {
        return 0;
    }
    return stun_agent_init_error(agent, &answer, check->reply, sizeof(check->reply), request, code)
               ? stun_agent_finish_message(agent, &answer, NULL, 0)
               : 0;
}

static void accept_check(StunAgent *agent, StunMessage *request, struct ice_check *check,
                         const struct sockaddr_storage *source, socklen_t source_length) {
    StunMessage answer;
    size_t length = sizeof(check->reply);
    bool controlling = false; /* a lite agent never is */
    StunUsageIceReturn result = stun_usage_ice_conncheck_create_reply(
        agent, request, &answer, check->reply, &length, source, source_length, &controlling, 1,
        STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    check->reply_length = length;
    check->proven = result == STUN_USAGE_ICE_RETURN_SUCCESS;
    check->nominated = check->proven && stun_usage_ice_conncheck_use_candidate(request);
}

void ice_check(struct ice_check *check, const struct ice_credentials *credentials,
               const uint8_t *packet, size_t length, const struct sockaddr_storage *source,
               socklen_t source_length) {
    StunAgent agent;
    StunMessage request;
    struct ice_credentials copy = *credentials;
    memset(check, 0, sizeof(*check));
    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    StunValidationStatus status =
        stun_agent_validate(&agent, &request, packet, length, find_password, &copy);
    if (status != STUN_VALIDATION_SUCCESS) {
        check->reply_length = refuse(&agent, &request, status, check);
    } else if (stun_message_get_class(&request) == STUN_REQUEST &&
               stun_message_get_method(&request) == STUN_BINDING) {
        accept_check(&agent, &request, check, source, source_length);
    }
}
