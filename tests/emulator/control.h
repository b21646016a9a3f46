/* SPDX-License-Identifier: MIT
 *
 * The control port: what tests ask of the emulator itself.
 */
#ifndef EMU_CONTROL_H
#define EMU_CONTROL_H

#include "reply.h"
#include "request.h"

void emu_control(struct emu_request *rq, struct emu_reply *r);

#endif
