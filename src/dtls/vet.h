/* Whether a hello can lead to an association: asked before any state exists for it. */
#ifndef RG_DTLS_VET_H
#define RG_DTLS_VET_H

#include <stdint.h>

#include "dtls/config.h"
#include "wire/hello.h"

enum { RG_TEXT = 512 }; /* room for a sentence */

/*
 * Server: vets a ClientHello against what the config can serve and picks the SRTP profile by our
 * preference. Returns 0 and *profile, or the RTPGATE_ERR_* that is the cause and a sentence in
 * `text`.
 */
int rg_vet_client_hello(const rtpgate_config *config, const struct rg_client_hello *hello,
                        uint16_t *profile, char text[RG_TEXT]);

/* Client: the same for a ServerHello, against what we offered. */
int rg_vet_server_hello(const rtpgate_config *config, const struct rg_server_hello *hello,
                        char text[RG_TEXT]);

/* Appends "0x0001, 0x0008" to `text`; cuts a long list short. */
void rg_list_format(char *text, size_t capacity, struct rg_bytes list);

#endif
