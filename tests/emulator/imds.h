/* SPDX-License-Identifier: MIT
 *
 * The instance metadata service, as far as managed identities need it.
 */
#ifndef EMU_IMDS_H
#define EMU_IMDS_H

#include "reply.h"
#include "request.h"

void emu_imds(struct emu_request *rq, struct emu_reply *r);

#endif
