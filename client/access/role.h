/* SPDX-License-Identifier: MIT
 *
 * Definitions and assignments inside the library.
 */
#ifndef MHSM_CLIENT_ACCESS_ROLE_H
#define MHSM_CLIENT_ACCESS_ROLE_H

#include "access/call.h"

struct mhsm_role_list {
    struct mhsmi_pages *pages;
};

/* An object of the service's answer; texts borrow from it. */
struct mhsm_role_definition {
    struct json_object *answer;
    const char *id, *name, *description, *json;
    int is_builtin;
};

struct mhsm_role_assignment {
    struct json_object *answer;
    const char *id, *role, *principal, *scope, *json;
};

/* The object that the service answered with; MHSM_ERR_PROTOCOL when it is
 * none.  Adds a reference to `answer`. */
MHSM_NODISCARD mhsm_status
mhsmi_definition_read(struct json_object *answer,
                      mhsm_role_definition **definition, mhsm_error **err);
MHSM_NODISCARD mhsm_status
mhsmi_role_list_open(mhsm_client *client, const mhsm_uri *uri,
                     const char *scope, const struct mhsmi_access_call *call,
                     mhsm_role_list **list, mhsm_error **err);
/* `role`, a GUID or a name, to a GUID. */
MHSM_NODISCARD mhsm_status mhsmi_role_find(mhsm_client *client,
                                           const mhsm_uri *uri,
                                           const char *scope, const char *role,
                                           char guid[MHSMI_GUID_SIZE],
                                           mhsm_error **err);
/* The GUID of a built-in role, by name in any case; NULL when there is none. */
const char *mhsmi_builtin_find(const char *name);

#endif
