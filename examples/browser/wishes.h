/* The query of a POST: how the association shall be. */
#ifndef BROWSER_WISHES_H
#define BROWSER_WISHES_H

#include <stdbool.h>

#include "call.h"

struct MHD_Connection;

/*
 * role=server|client (default: server), profiles=NAME,NAME... (best first); with `test` also
 * fault=mute, fingerprint=late, identity=new and pair=NAME.
 * Returns NULL, or a sentence that says what is not understood.
 */
const char *wishes_read(struct wishes *wishes, struct MHD_Connection *connection, bool test);

#endif
