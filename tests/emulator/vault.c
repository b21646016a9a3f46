/* SPDX-License-Identifier: MIT
 *
 * The differences of a Key Vault that are more than a number. Roles of local
 * RBAC stand for those of Azure RBAC: who has them is said at the control
 * port, since a vault has no routes for it.
 */
#include "vault.h"

#include "router.h"

#include <stdio.h>
#include <string.h>

int emu_is_vault(const struct emu_request *rq)
{
    return rq->hsm->options->vault != NULL;
}

int emu_vault_has(const struct emu_route *route)
{
    return route->kind == EMU_ROUTE_AUTHORITY ||
           (strncmp(route->action, "keys/", 5) == 0 &&
            strcmp(route->name, "attestation") != 0);
}

static const char *kty_wrong(const struct emu_request *rq, const char *kty,
                             int hsm, struct emu_version *v)
{
    size_t len = strlen(kty);

    v->software = 0;
    if (!emu_is_vault(rq))
        return NULL;
    v->software = !hsm && (len < 4 || strcmp(kty + len - 4, "-HSM") != 0);
    if (v->kty == EMU_OCT)
        return "Keys of type oct are not supported by a Key Vault";
    if (!v->software && strcmp(rq->hsm->options->vault, "premium") != 0)
        return "Keys in an HSM are not supported by a standard Key Vault";
    return NULL;
}

int emu_vault_kty(const struct emu_request *rq, struct emu_reply *r,
                  const char *kty, int hsm, struct emu_version *v)
{
    int kind = kty == NULL ? -1 : emu_kty_parse(kty);
    const char *wrong = "The key type is missing or not supported";

    if (kind >= 0) {
        v->kty = (enum emu_kty)kind;
        wrong = kty_wrong(rq, kty, hsm, v);
    }
    if (wrong != NULL)
        emu_reply_refuse(r, 400, "BadParameter",
                         emu_is_vault(rq) ? "KeyTypeNotSupported" : NULL, "%s",
                         wrong);
    return wrong == NULL;
}

void emu_vault_unauthorized(struct emu_reply *r)
{
    emu_reply_error(r, 401, "Unauthorized",
                    "AKV10000: Request is missing a Bearer or PoP token.");
}

void emu_vault_forbidden(const struct emu_request *rq, struct emu_reply *r,
                         const char *scope)
{
    const char *action = rq->route->action;

    emu_reply_refuse(
        r, 403, "Forbidden", "ForbiddenByRbac",
        "Caller is not authorized to perform action on resource.\r\n"
        "If role assignments, deny assignments or role definitions were "
        "changed recently, please observe propagation time.\r\n"
        "Caller: oid=%s\r\nAction: 'Microsoft.KeyVault/vaults/%s'\r\n"
        "Resource: '%s'",
        rq->oid, action, scope);
}
