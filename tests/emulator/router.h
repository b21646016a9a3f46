/* SPDX-License-Identifier: MIT
 *
 * The table of routes of the service port.
 */
#ifndef EMU_ROUTER_H
#define EMU_ROUTER_H

#include "reply.h"
#include "request.h"

enum emu_route_kind {
    EMU_ROUTE_AUTHORITY, /* no token, no api-version */
    EMU_ROUTE_SERVICE
};

/* Where the caller needs the role. */
enum emu_scope {
    EMU_SCOPE_NONE,
    EMU_SCOPE_ROOT,
    EMU_SCOPE_KEYS,
    EMU_SCOPE_KEY,
    EMU_SCOPE_ROLE
};

struct emu_route {
    const char *method;
    const char *pattern;
    const char *name; /* for the fault plan */
    enum emu_route_kind kind;
    enum emu_scope scope;
    const char *action; /* behind Microsoft.KeyVault/managedHsm/ */
    const char *since;  /* first api-version that has it */
    void (*handler)(struct emu_request *rq, struct emu_reply *r);
};

/* Finds the route of the request's method and path, and sets route, name,
 * version, scope_name and guid. 0 when there is none. */
int emu_router_find(struct emu_request *rq);
/* Whether any route has that name. */
int emu_router_known(const char *name);
/* The i-th route, NULL behind the last. */
const struct emu_route *emu_router_at(size_t i);

#endif
