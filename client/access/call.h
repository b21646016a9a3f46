/* SPDX-License-Identifier: MIT
 *
 * What the calls of this room have in common: scopes, GUIDs, paths.
 */
#ifndef MHSM_CLIENT_ACCESS_CALL_H
#define MHSM_CLIENT_ACCESS_CALL_H

#include "auth/pages.h"
#include "auth/session.h"
#include "mhsm/role.h"

#define MHSMI_ACTION_PREFIX "Microsoft.KeyVault/managedHsm/"

enum { MHSMI_GUID_SIZE = 37 };

struct mhsmi_access_call {
    const char *method;
    const char *collection; /* "roleDefinitions" */
    const char *doing;      /* "delete role definition" */
    const char *action;     /* "roleDefinitions/delete/action" */
    enum mhsmi_retry_class retry;
};

/* One call about the object `id` at `scope`.  MHSM_ERR_ARGUMENT for what is no
 * scope or no GUID, MHSM_ERR_UNSUPPORTED at a Key Vault. */
MHSM_NODISCARD mhsm_status mhsmi_access_call(
    mhsm_client *client, const mhsm_uri *uri, const char *scope, const char *id,
    const struct mhsmi_access_call *call, struct json_object *body,
    struct json_object **answer, mhsm_error **err);
/* The objects at `scope`, page by page; method and retry are not looked at. */
MHSM_NODISCARD mhsm_status
mhsmi_access_list(mhsm_client *client, const mhsm_uri *uri, const char *scope,
                  const struct mhsmi_access_call *call,
                  struct mhsmi_pages **pages, mhsm_error **err);

/* 8-4-4-4-12 hexadecimal digits. */
int mhsmi_guid_check(const char *text);
/* MHSM_ERR_UNSUPPORTED when `uri` is of a Key Vault, which has no `what`. */
MHSM_NODISCARD mhsm_status mhsmi_access_require_hsm(const mhsm_client *client,
                                                    const mhsm_uri *uri,
                                                    const char *what,
                                                    mhsm_error **err);

#endif
