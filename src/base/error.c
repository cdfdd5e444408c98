#include <rtpgate/error.h>

#include <stddef.h>

struct entry {
    int code;
    enum rtpgate_error_class class;
    const char *text;
};

static const struct entry entries[] = {
    {RTPGATE_OK, RTPGATE_CLASS_NONE, "success"},

    {RTPGATE_ERR_INVAL, RTPGATE_CLASS_CALLER, "invalid argument"},
    {RTPGATE_ERR_STATE, RTPGATE_CLASS_CALLER, "not allowed in this state"},
    {RTPGATE_ERR_NOBUF, RTPGATE_CLASS_CALLER, "buffer or queue too small"},

    {RTPGATE_ERR_NOMEM, RTPGATE_CLASS_MACHINE, "out of memory"},
    {RTPGATE_ERR_CRYPTO, RTPGATE_CLASS_MACHINE, "the crypto library failed"},
    {RTPGATE_ERR_IO, RTPGATE_CLASS_MACHINE, "the system refused a socket call"},

    {RTPGATE_ERR_FINGERPRINT, RTPGATE_CLASS_ASSOCIATION,
     "the peer's certificate has none of the expected fingerprints"},
    {RTPGATE_ERR_NO_CERTIFICATE, RTPGATE_CLASS_ASSOCIATION, "certificate missing or not requested"},
    {RTPGATE_ERR_NO_PROFILE, RTPGATE_CLASS_ASSOCIATION, "no common SRTP protection profile"},
    {RTPGATE_ERR_NO_USE_SRTP, RTPGATE_CLASS_ASSOCIATION, "the peer did not negotiate use_srtp"},
    {RTPGATE_ERR_MKI, RTPGATE_CLASS_ASSOCIATION, "the peer insists on an SRTP MKI"},
    {RTPGATE_ERR_VERSION, RTPGATE_CLASS_ASSOCIATION, "the peer does not speak DTLS 1.2"},
    {RTPGATE_ERR_CIPHER, RTPGATE_CLASS_ASSOCIATION,
     "no common cipher suite, group or signature scheme"},
    {RTPGATE_ERR_EMS, RTPGATE_CLASS_ASSOCIATION, "the peer lacks the extended master secret"},
    {RTPGATE_ERR_HANDSHAKE, RTPGATE_CLASS_ASSOCIATION, "the peer broke the handshake protocol"},
    {RTPGATE_ERR_ALERT, RTPGATE_CLASS_ASSOCIATION, "the peer sent a fatal alert"},
    {RTPGATE_ERR_TIMEOUT, RTPGATE_CLASS_ASSOCIATION, "the deadline passed"},
    {RTPGATE_ERR_CLOSED, RTPGATE_CLASS_ASSOCIATION, "the association was closed"},
    {RTPGATE_ERR_EXPIRED, RTPGATE_CLASS_ASSOCIATION,
     "the SRTP keys have protected as many packets as they may"},

    {RTPGATE_ERR_AUTH, RTPGATE_CLASS_PACKET, "wrong authentication tag"},
    {RTPGATE_ERR_REPLAY, RTPGATE_CLASS_PACKET, "packet replayed or too old"},
    {RTPGATE_ERR_MALFORMED, RTPGATE_CLASS_PACKET, "malformed input"},
    {RTPGATE_ERR_CRYPTEX, RTPGATE_CLASS_PACKET,
     "the RTP header is hidden (cryptex), which is not supported"},
    {RTPGATE_ERR_SSRC, RTPGATE_CLASS_PACKET, "the peer sends under too many SSRCs"},
};

static const struct entry unknown = {.class = RTPGATE_CLASS_MACHINE, .text = "unknown error"};

static const struct entry *find(int code) {
    if (code > 0) {
        return &entries[0];
    }
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (entries[i].code == code) {
            return &entries[i];
        }
    }
    return &unknown;
}

enum rtpgate_error_class rtpgate_error_class(int code) {
    return find(code)->class;
}

const char *rtpgate_strerror(int code) {
    return find(code)->text;
}
