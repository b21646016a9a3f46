/* SPDX-License-Identifier: MIT
 *
 * Long operations of the management plane, and where a client asks for them.
 */
#ifndef EMU_OPERATION_H
#define EMU_OPERATION_H

#include "arm.h"
#include "resource.h"

/* Remembers what the resource has begun, and forgets what is a day old. */
int emu_operation_keep(struct emu_store *s,
                       const struct emu_resource *resource);
/* 202 with where to ask: Location, and for an update Azure-AsyncOperation as
 * well. */
void emu_operation_answer(struct emu_arm *call, struct emu_reply *r,
                          const struct emu_resource *resource);
/* What has come to its end has an effect on the resource: to be done before
 * anything is looked at. 0 when the state cannot be read or written. */
int emu_operation_settle(struct emu_fleet *f);

#endif
