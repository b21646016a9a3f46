/* SPDX-License-Identifier: MIT
 *
 * Role assignments: this principal has this role at this scope.
 */
#include <string.h>

#include "access/role.h"
#include "auth/transport.h"
#include "base/error.h"

#define ROLE_PREFIX                                                            \
    "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"

static const struct mhsmi_access_call list_call = {
    .collection = "roleAssignments",
    .doing = "list role assignments",
    .action = "roleAssignments/read/action",
};
static const struct mhsmi_access_call get_call = {
    .method = "GET",
    .collection = "roleAssignments",
    .doing = "get role assignment",
    .action = "roleAssignments/read/action",
    .retry = MHSMI_RETRY_REPEATABLE,
};
static const struct mhsmi_access_call put_call = {
    .method = "PUT",
    .collection = "roleAssignments",
    .doing = "create role assignment",
    .action = "roleAssignments/write/action",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_access_call delete_call = {
    .method = "DELETE",
    .collection = "roleAssignments",
    .doing = "delete role assignment",
    .action = "roleAssignments/delete/action",
    .retry = MHSMI_RETRY_ONCE,
};

static mhsm_status read_assignment(struct json_object *answer, void **object,
                                   mhsm_error **err)
{
    struct json_object *properties = mhsmi_json_object(answer, "properties");
    const char *id = mhsmi_json_string(answer, "name");
    const char *role = mhsmi_json_string(properties, "roleDefinitionId");
    const char *principal = mhsmi_json_string(properties, "principalId");
    const char *scope = mhsmi_json_string(properties, "scope");
    const char *slash = role != NULL ? strrchr(role, '/') : NULL;
    mhsm_role_assignment *made;

    if (slash != NULL)
        role = slash + 1;
    if (id == NULL || role == NULL || principal == NULL || scope == NULL ||
        !mhsmi_guid_check(id) || !mhsmi_guid_check(role))
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the role assignment is malformed: a GUID, its "
                           "role, principal or scope is missing");
    made = mhsmi_object_new(answer, sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->id = id;
    made->role = role;
    made->principal = principal;
    made->scope = scope;
    *object = made;
    return MHSM_OK;
}

void mhsm_role_assignment_free(mhsm_role_assignment *assignment)
{
    mhsmi_object_free(assignment);
}

const char *mhsm_role_assignment_id(const mhsm_role_assignment *assignment)
{
    return assignment->id;
}

const char *mhsm_role_assignment_role(const mhsm_role_assignment *assignment)
{
    return assignment->role;
}

const char *
mhsm_role_assignment_principal(const mhsm_role_assignment *assignment)
{
    return assignment->principal;
}

const char *mhsm_role_assignment_scope(const mhsm_role_assignment *assignment)
{
    return assignment->scope;
}

const char *mhsm_role_assignment_json(const mhsm_role_assignment *assignment)
{
    return assignment->object.json;
}

mhsm_status mhsm_role_assignments(mhsm_client *client, const mhsm_uri *uri,
                                  const char *scope, mhsm_role_list **list,
                                  mhsm_error **err)
{
    return mhsmi_role_list_open(client, uri, scope, &list_call, list, err);
}

mhsm_status mhsm_role_list_assignment(mhsm_role_list *list,
                                      mhsm_role_assignment **assignment,
                                      mhsm_error **err)
{
    void *object = NULL;
    mhsm_status st = mhsmi_role_list_next(list, read_assignment, &object, err);

    if (st == MHSM_OK)
        *assignment = object;
    return st;
}

mhsm_status mhsm_role_assignment_get(mhsm_client *client, const mhsm_uri *uri,
                                     const char *scope, const char *id,
                                     mhsm_role_assignment **assignment,
                                     mhsm_error **err)
{
    void *object = NULL;
    mhsm_status st = mhsmi_object_call(client, uri, scope, id, &get_call, NULL,
                                       read_assignment, &object, err);

    if (st == MHSM_OK)
        *assignment = object;
    return st;
}

static struct json_object *make_body(const char *role, const char *principal)
{
    struct json_object *body = json_object_new_object();
    struct json_object *properties = json_object_new_object();
    char *full = mhsmi_asprintf(ROLE_PREFIX "%s", role);
    int ok = mhsmi_json_add(body, "properties", properties) && full != NULL &&
             mhsmi_json_add_string(properties, "roleDefinitionId", full) &&
             mhsmi_json_add_string(properties, "principalId", principal);

    mhsmi_free(full);
    if (ok)
        return body;
    json_object_put(body);
    return NULL;
}

mhsm_status mhsm_role_assignment_create(mhsm_client *client,
                                        const mhsm_uri *uri, const char *scope,
                                        const char *id, const char *role,
                                        const char *principal,
                                        mhsm_role_assignment **assignment,
                                        mhsm_error **err)
{
    char fresh[MHSMI_UUID_SIZE], guid[MHSMI_GUID_SIZE];
    struct json_object *body;
    void *object = NULL;
    mhsm_status st;

    if (principal == NULL || !mhsmi_guid_check(principal))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the principal %.80s is not an object id (a GUID)",
                           principal != NULL ? principal : "");
    st = mhsmi_role_find(client, uri, scope, role, guid, err);
    if (st != MHSM_OK)
        return st;
    if (id == NULL && !mhsmi_uuid(fresh))
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the kernel gives no random octets");
    body = make_body(guid, principal);
    if (body == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_object_call(client, uri, scope, id != NULL ? id : fresh,
                           &put_call, body, read_assignment,
                           assignment != NULL ? &object : NULL, err);
    if (st == MHSM_OK && assignment != NULL)
        *assignment = object;
    return st;
}

mhsm_status mhsm_role_assignment_delete(mhsm_client *client,
                                        const mhsm_uri *uri, const char *scope,
                                        const char *id, mhsm_error **err)
{
    return mhsmi_access_call(client, uri, scope, id, &delete_call, NULL, NULL,
                             err);
}
