/* What happened in one call, and when: a bounded list for people. */
#ifndef BROWSER_TIMELINE_H
#define BROWSER_TIMELINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TIMELINE_MAX = 96, TIMELINE_TEXT = 200 };

enum lane { LANE_SIGNAL, LANE_ICE, LANE_DTLS, LANE_MEDIA, LANE_DATA };
enum direction { DIRECTION_NONE, DIRECTION_IN, DIRECTION_OUT };

struct moment {
    uint64_t time; /* microseconds */
    enum lane lane;
    enum direction direction;
    size_t bytes; /* 0: not a datagram */
    char text[TIMELINE_TEXT];
};

struct timeline {
    uint64_t start;
    struct moment moments[TIMELINE_MAX];
    size_t count;
    size_t left_out; /* later ones */
};

__attribute__((format(printf, 6, 7))) void timeline_add(struct timeline *timeline, uint64_t now,
                                                        enum lane lane, enum direction direction,
                                                        size_t bytes, const char *format, ...);

/* The names of the messages in a DTLS datagram, as far as they can be read. */
void timeline_name_dtls(char text[TIMELINE_TEXT], const uint8_t *datagram, size_t length);

/* A JSON array. */
void timeline_write(FILE *out, const struct timeline *timeline);

/* A JSON string with its quotes. */
void json_string(FILE *out, const char *text);

#endif
