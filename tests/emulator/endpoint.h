/* SPDX-License-Identifier: MIT
 *
 * What the network asks for: a private endpoint at an HSM.
 */
#ifndef EMU_ENDPOINT_H
#define EMU_ENDPOINT_H

#include "fleet.h"

#include <json-c/json.h>

/* A connection that waits for approval: {"hsm":NAME,"name":NAME,"address":IP};
 * callers from that address come by it. Under the fleet's lock. NULL when all
 * is well, else what is wrong. */
const char *emu_endpoint_request(struct emu_fleet *f, struct emu_store *s,
                                 struct json_object *body);

#endif
