/* See timeline.h. */
#include "timeline.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

enum { RECORD_HEADER = 13, MESSAGE_HEADER = 12 };

void timeline_add(struct timeline *timeline, uint64_t now, enum lane lane, enum direction direction,
                  size_t bytes, const char *format, ...) {
    va_list arguments;
    if (timeline->count == TIMELINE_MAX) {
        timeline->left_out++;
        return;
    }
    struct moment *moment = &timeline->moments[timeline->count++];
    moment->time = now;
    moment->lane = lane;
    moment->direction = direction;
    moment->bytes = bytes;
    va_start(arguments, format);
    (void)vsnprintf(moment->text, sizeof(moment->text), format, arguments);
    va_end(arguments);
}

static const char *handshake_name(unsigned type) {
    static const char *const names[] = {
        [0] = "HelloRequest",       [1] = "ClientHello",         [2] = "ServerHello",
        [3] = "HelloVerifyRequest", [4] = "NewSessionTicket",    [11] = "Certificate",
        [12] = "ServerKeyExchange", [13] = "CertificateRequest", [14] = "ServerHelloDone",
        [15] = "CertificateVerify", [16] = "ClientKeyExchange",  [20] = "Finished",
    };
    const char *name = type < sizeof(names) / sizeof(*names) ? names[type] : NULL;
    return name != NULL ? name : "handshake message";
}

static size_t number(const uint8_t *bytes, size_t count) {
    size_t value = 0;
    while (count-- > 0) {
        value = value << 8 | *bytes++;
    }
    return value;
}

static void append(char text[TIMELINE_TEXT], const char *name, const char *more) {
    size_t length = strlen(text);
    (void)snprintf(text + length, TIMELINE_TEXT - length, "%s%s%s", length > 0 ? ", " : "", name,
                   more);
}

/* The messages in one plaintext record; the first bytes of a message may be in another one. */
static void name_messages(char text[TIMELINE_TEXT], const uint8_t *body, size_t length) {
    while (length >= MESSAGE_HEADER) {
        size_t whole = number(body + 1, 3);
        size_t offset = number(body + 6, 3);
        size_t here = number(body + 9, 3);
        append(text, handshake_name(body[0]),
               offset > 0     ? " (continued)"
               : here < whole ? " (first part)"
                              : "");
        if (here > length - MESSAGE_HEADER) {
            return;
        }
        body += MESSAGE_HEADER + here;
        length -= MESSAGE_HEADER + here;
    }
}

static void name_record(char text[TIMELINE_TEXT], const uint8_t *record, size_t length) {
    static const char *const names[] = {"ChangeCipherSpec", "alert", "Finished",
                                        "application data"};
    unsigned type = record[0];
    bool encrypted = number(record + 3, 2) > 0;
    if (type == 22 && !encrypted) {
        name_messages(text, record + RECORD_HEADER, length);
    } else if (type >= 20 && type <= 23) {
        append(text, names[type - 20], encrypted ? " (encrypted)" : "");
    } else {
        append(text, "unknown record", "");
    }
}

void timeline_name_dtls(char text[TIMELINE_TEXT], const uint8_t *datagram, size_t length) {
    text[0] = '\0';
    while (length >= RECORD_HEADER) {
        size_t size = number(datagram + 11, 2);
        if (size > length - RECORD_HEADER) {
            return;
        }
        name_record(text, datagram, size);
        datagram += RECORD_HEADER + size;
        length -= RECORD_HEADER + size;
    }
}

void json_string(FILE *out, const char *text) {
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char character = (unsigned char)*text;
        if (character == '"' || character == '\\') {
            (void)fprintf(out, "\\%c", character);
        } else if (character < 0x20 || character > 0x7e) {
            (void)fprintf(out, "\\u%04x", character);
        } else {
            (void)fputc(character, out);
        }
    }
    (void)fputc('"', out);
}

void timeline_write(FILE *out, const struct timeline *timeline) {
    static const char *const lanes[] = {"signal", "ice", "dtls", "media", "data"};
    static const char *const directions[] = {"none", "in", "out"};
    (void)fputc('[', out);
    for (size_t i = 0; i < timeline->count; i++) {
        const struct moment *moment = &timeline->moments[i];
        (void)fprintf(out, "%s{\"ms\":%.3f,\"lane\":\"%s\",\"direction\":\"%s\",\"bytes\":%zu,",
                      i > 0 ? "," : "", (double)(moment->time - timeline->start) / 1000,
                      lanes[moment->lane], directions[moment->direction], moment->bytes);
        (void)fputs("\"text\":", out);
        json_string(out, moment->text);
        (void)fputc('}', out);
    }
    (void)fputc(']', out);
}
