/* SPDX-License-Identifier: MIT
 *
 * Who calls the management plane.
 */
#ifndef EMU_MANAGEMENT_H
#define EMU_MANAGEMENT_H

#include "reply.h"
#include "request.h"

/* The caller has a token for this host or for Azure's own: rq->oid says whose.
 * Else the refusal is written. */
int emu_management_caller(struct emu_request *rq, struct emu_reply *r);
/* Whether that principal may manage HSMs; and making it so. */
int emu_management_contributor(struct emu_store *s, const char *oid);
int emu_management_contribute(struct emu_store *s, const char *oid);

#endif
