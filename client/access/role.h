/* SPDX-License-Identifier: MIT
 *
 * Definitions and assignments inside the library.
 */
#ifndef MHSM_CLIENT_ACCESS_ROLE_H
#define MHSM_CLIENT_ACCESS_ROLE_H

#include "access/object.h"

/* Texts borrow from the answer. */
struct mhsm_role_definition {
    struct mhsmi_object object;
    const char *id, *name, *description;
    int is_builtin;
};

struct mhsm_role_assignment {
    struct mhsmi_object object;
    const char *id, *role, *principal, *scope;
};

mhsmi_object_reader mhsmi_definition_read;
/* `role`, a GUID or a name, to a GUID. */
MHSM_NODISCARD mhsm_status mhsmi_role_find(mhsm_client *client,
                                           const mhsm_uri *uri,
                                           const char *scope, const char *role,
                                           char guid[MHSMI_GUID_SIZE],
                                           mhsm_error **err);
/* The GUID of a built-in role, by name in any case; NULL when there is none. */
const char *mhsmi_builtin_find(const char *name);

#endif
