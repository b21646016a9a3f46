/* SPDX-License-Identifier: MIT
 *
 * What a Key Vault does otherwise than a Managed HSM: keys in software, Azure
 * RBAC in place of local RBAC, and no more than keys.
 */
#ifndef EMU_VAULT_H
#define EMU_VAULT_H

#include "keystore.h"
#include "reply.h"
#include "request.h"

struct emu_route;

int emu_is_vault(const struct emu_request *rq);
/* Whether a Key Vault has that route. */
int emu_vault_has(const struct emu_route *route);
/* Reads kty into v: where the key is kept is said by its name, and by hsm when
 * that is not 0. 1, or the refusal is written. */
int emu_vault_kty(const struct emu_request *rq, struct emu_reply *r,
                  const char *kty, int hsm, struct emu_version *v);
/* The body of a 401, and the refusal for want of a role. */
void emu_vault_unauthorized(struct emu_reply *r);
void emu_vault_forbidden(const struct emu_request *rq, struct emu_reply *r,
                         const char *scope);

#endif
