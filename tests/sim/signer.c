#include "sim/signer.h"

#include <gnutls/abstract.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "dtls/identity.h"
#include "sim/ours.h"
#include "wire/handshake.h"
#include "wire/record.h"

enum { STRANGER = 2 /* his identity */, FLIGHT4 = 5, FLIGHT5 = 3 };

struct transcript {
    uint8_t bytes[8192];
    size_t length;
};

static void need(int status) {
    if (status < 0) {
        abort();
    }
}

static void add(struct transcript *transcript, const struct sim_message *message,
                uint16_t message_seq) {
    struct sim_forged forged = sim_forge_message(message, message_seq);
    size_t length = forged.length - RG_RECORD_HEADER;
    need(transcript->length + length <= sizeof(transcript->bytes) ? 0 : -1);
    memcpy(transcript->bytes + transcript->length, forged.bytes + RG_RECORD_HEADER, length);
    transcript->length += length;
}

static struct sim_message certificate(void) {
    struct sim_message message = {.type = RG_CERTIFICATE};
    size_t length;
    const uint8_t *der = rtpgate_identity_certificate(sim_identity(STRANGER), &length);
    message.length = length + 6;
    need(message.length <= sizeof(message.body) ? 0 : -1);
    rg_put_u24(message.body, (uint32_t)length + 3);
    rg_put_u24(message.body + 3, (uint32_t)length);
    memcpy(message.body + 6, der, length);
    return message;
}

static struct sim_message sign(struct transcript *transcript) {
    struct sim_message message = {.type = RG_CERTIFICATE_VERIFY, .body = {4, 3}};
    const gnutls_datum_t data = {transcript->bytes, (unsigned)transcript->length};
    gnutls_datum_t signature;
    gnutls_x509_privkey_t stored;
    gnutls_privkey_t key;
    need(gnutls_certificate_get_x509_key(sim_identity(STRANGER)->credentials, 0, &stored));
    need(gnutls_privkey_init(&key));
    need(gnutls_privkey_import_x509(key, stored, 0));
    need(gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &signature));
    rg_put_u16(message.body + 2, (uint16_t)signature.size);
    memcpy(message.body + 4, signature.data, signature.size);
    message.length = 4 + (size_t)signature.size;
    gnutls_free(signature.data);
    gnutls_privkey_deinit(key);
    gnutls_x509_privkey_deinit(stored);
    return message;
}

void sim_signer_answer(struct sim_volley *volley, const struct sim_message *hello,
                       const struct sim_message *flight4) {
    struct sim_message flight5[] = {
        certificate(), {RG_CLIENT_KEY_EXCHANGE, {32, 9, 9, 9}, 33}, {.type = 0}};
    struct transcript transcript = {.length = 0};
    add(&transcript, hello, 0);
    for (uint16_t i = 0; i < FLIGHT4; i++) {
        add(&transcript, &flight4[i], i);
    }
    for (uint16_t i = 0; i < FLIGHT5 - 1; i++) {
        add(&transcript, &flight5[i], (uint16_t)(i + 1));
    }
    flight5[FLIGHT5 - 1] = sign(&transcript);
    for (uint16_t i = 0; i < FLIGHT5; i++) {
        sim_volley_forge(volley, sim_forge_message(&flight5[i], (uint16_t)(i + 1)));
    }
}
