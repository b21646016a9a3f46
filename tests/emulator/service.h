/* SPDX-License-Identifier: MIT
 *
 * The service port: what happens before a handler runs, and after.
 */
#ifndef EMU_SERVICE_H
#define EMU_SERVICE_H

#include "reply.h"
#include "request.h"

void emu_service(struct emu_request *rq, struct emu_reply *r);

#endif
