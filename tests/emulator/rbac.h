/* SPDX-License-Identifier: MIT
 *
 * Local role-based access: the built-in roles, and the check before each call.
 */
#ifndef EMU_RBAC_H
#define EMU_RBAC_H

#include "reply.h"
#include "request.h"

#define EMU_ACTION_PREFIX "Microsoft.KeyVault/managedHsm/"

struct emu_role {
    const char *name;
    const char *guid;
    const char *description;
    /* Data actions without the prefix; ends in NULL. */
    const char *const *actions;
};

/* Built-in roles: by index, NULL behind the last; by GUID; by name. */
const struct emu_role *emu_role_at(size_t i);
const struct emu_role *emu_role_by_guid(const char *guid);
const struct emu_role *emu_role_by_name(const char *name);

/* Whether the caller may take the route's action at its scope; otherwise the
 * refusal is written. */
int emu_rbac_allows(struct emu_request *rq, struct emu_reply *r);
/* The scope of the call as assignments write it: "/", "/keys", "/keys/{name}".
 */
void emu_rbac_scope(const struct emu_request *rq, char *out, size_t size);
/* Whether there is such a role, built in or custom. */
int emu_definition_exists(struct emu_store *s, const char *guid);
/* Gives a role; scope is "/", "/keys" or "/keys/{name}". */
int emu_rbac_assign(struct emu_store *s, const char *oid, const char *role_guid,
                    const char *scope);

#endif
