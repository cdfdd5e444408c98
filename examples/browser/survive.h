/*
 * Calls whose media outlives this program: killed, or ended in order, the next one goes on.
 *
 * One file a call is in a folder; media in it is sealed with a key that is elsewhere. No older file
 * may ever come back into the folder: two programs that go on from one state use indices twice.
 */
#ifndef BROWSER_SURVIVE_H
#define BROWSER_SURVIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <rtpgate/media_state.h>

#include "call.h"

struct keeper {
    const char *folder;
    uint8_t key[RTPGATE_MEDIA_STATE_KEY];
};

/* Reads the key, whose file has just its bytes. False when that is not possible. */
bool keeper_open(struct keeper *keeper, const char *folder, const char *key_file);
void keeper_clear(struct keeper *keeper);

/* Stores a snapshot when it is time, or `at_once`. */
void call_keep(struct call *call, bool at_once);

/* The orderly way: stores the media, which ends here. False when there is nothing to store. */
bool call_suspend(struct call *call);

/* Nobody goes on with the call, unless it was suspended. */
void call_forget(const struct call *call);

/* A call that was stored, which is so no longer; NULL when there is none (any more). */
struct call *call_resume(const struct keeper *keeper, rtpgate_endpoint *endpoint,
                         rtpgate_identity *identity);

#endif
