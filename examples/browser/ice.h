/* The passive half of ICE (RFC 8445 2.5, "lite"): answers checks, starts none. On libnice. */
#ifndef BROWSER_ICE_H
#define BROWSER_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ICE_UFRAG = 8, ICE_PASSWORD = 24, ICE_MAX_REPLY = 512 };

struct ice_credentials {
    char ufrag[ICE_UFRAG + 1]; /* "": none */
    char password[ICE_PASSWORD + 1];
};

struct ice_check {
    bool proven;    /* it was made by who knows our password */
    bool nominated; /* the browser chose this path */
    uint8_t reply[ICE_MAX_REPLY];
    size_t reply_length; /* 0: nothing is to be sent */
};

/* Random ones. Returns 0; below 0 when the system gives no random bytes. */
int ice_new_credentials(struct ice_credentials *credentials);

/* Whether this STUN packet is addressed to our `credentials`; nothing is proven by that. */
bool ice_is_for(const struct ice_credentials *credentials, const uint8_t *packet, size_t length);

/* Judges one STUN packet from `source` and makes the reply to it. */
void ice_check(struct ice_check *check, const struct ice_credentials *credentials,
               const uint8_t *packet, size_t length, const struct sockaddr_storage *source,
               socklen_t source_length);

#endif
