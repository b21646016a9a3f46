/* SPDX-License-Identifier: MIT
 *
 * The challenge, and the planned wrong answers.
 */
#ifndef EMU_MISBEHAVE_H
#define EMU_MISBEHAVE_H

#include "reply.h"
#include "request.h"

/* 401 with the way to a token. */
void emu_challenge(struct emu_request *rq, struct emu_reply *r);
/* Takes the next fault for the route: 1 when the answer is written and no
 * handler is to run. *cut is set when the answer is to be cut short. */
int emu_fault_apply(struct emu_request *rq, struct emu_reply *r,
                    const char *route, int *cut);

#endif
