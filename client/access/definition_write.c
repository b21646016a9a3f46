/* SPDX-License-Identifier: MIT
 *
 * Custom roles: making, changing and removing them.  What of a role is not
 * changed is sent back as it came.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "access/role.h"
#include "auth/transport.h"
#include "base/error.h"
#include "base/text.h"

enum { name_max = 512, text_max = 1024, actions_max = 256, action_max = 256 };

static const struct mhsmi_access_call put_call = {
    .method = "PUT",
    .collection = "roleDefinitions",
    .doing = "write role definition",
    .action = "roleDefinitions/write/action",
    .retry = MHSMI_RETRY_ONCE,
};
static const struct mhsmi_access_call delete_call = {
    .method = "DELETE",
    .collection = "roleDefinitions",
    .doing = "delete role definition",
    .action = "roleDefinitions/delete/action",
    .retry = MHSMI_RETRY_ONCE,
};

static mhsm_status check_actions(const char *const *actions, size_t count,
                                 mhsm_error **err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz./*";
    size_t i;

    if (count > actions_max || (count != 0 && actions == NULL))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a role has at most %d data actions",
                           (int)actions_max);
    for (i = 0; i < count; i++) {
        const char *action = actions[i] != NULL ? actions[i] : "";

        if (action[0] == '\0' || strlen(action) > action_max ||
            action[strspn(action, letters)] != '\0')
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "\"%.80s\" is not a data action such as "
                               "keys/sign/action",
                               action);
    }
    return MHSM_OK;
}

static mhsm_status check_spec(const mhsm_role_spec *spec, int is_new,
                              mhsm_error **err)
{
    mhsm_status st;

    if (spec == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "there is no role to write");
    if (spec->name != NULL &&
        (spec->name[0] == '\0' || strlen(spec->name) > name_max))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a role's name has 1 to %d octets", (int)name_max);
    if (spec->description != NULL && strlen(spec->description) > text_max)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a role's description has at most %d octets",
                           (int)text_max);
    if ((spec->name != NULL && !mhsmi_text_is_utf8(spec->name)) ||
        (spec->description != NULL && !mhsmi_text_is_utf8(spec->description)))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a role's name and description are UTF-8");
    if (is_new && (spec->name == NULL || spec->action_count == 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a role needs a name and data actions");
    /* By that name the built-in one would always be meant. */
    if (spec->name != NULL && mhsmi_builtin_find(spec->name) != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "\"%.100s\" is the name of a built-in role",
                           spec->name);
    st = check_actions(spec->actions, spec->action_count, err);
    return st == MHSM_OK
               ? check_actions(spec->exceptions, spec->exception_count, err)
               : st;
}

static int add_actions(struct json_object *permission, const char *name,
                       const char *const *actions, size_t count)
{
    struct json_object *list = json_object_new_array(), *item;
    size_t i, prefix = strlen(MHSMI_ACTION_PREFIX);
    char *full;

    if (!mhsmi_json_add(permission, name, list))
        return 0;
    for (i = 0; actions != NULL && i < count; i++) {
        full = OPENSSL_strncasecmp(actions[i], MHSMI_ACTION_PREFIX, prefix) == 0
                   ? mhsmi_strdup(actions[i])
                   : mhsmi_asprintf(MHSMI_ACTION_PREFIX "%s", actions[i]);
        item = full != NULL ? json_object_new_string(full) : NULL;
        mhsmi_free(full);
        if (item == NULL || json_object_array_add(list, item) != 0) {
            json_object_put(item);
            return 0;
        }
    }
    return 1;
}

static struct json_object *make_permissions(const mhsm_role_spec *spec)
{
    struct json_object *permissions = json_object_new_array();
    struct json_object *one = json_object_new_object();

    if (permissions != NULL && add_actions(one, "actions", NULL, 0) &&
        add_actions(one, "notActions", NULL, 0) &&
        add_actions(one, "dataActions", spec->actions, spec->action_count) &&
        add_actions(one, "notDataActions", spec->exceptions,
                    spec->exception_count) &&
        json_object_array_add(permissions, one) == 0)
        return permissions;
    json_object_put(one);
    json_object_put(permissions);
    return NULL;
}

static int add_scopes(struct json_object *properties)
{
    struct json_object *scopes = json_object_new_array();
    struct json_object *root;

    if (!mhsmi_json_add(properties, "assignableScopes", scopes))
        return 0;
    root = json_object_new_string("/");
    if (root != NULL && json_object_array_add(scopes, root) == 0)
        return 1;
    json_object_put(root);
    return 0;
}

/* `old` NULL: there is none. */
static struct json_object *make_body(const mhsm_role_spec *spec,
                                     const mhsm_role_definition *old)
{
    struct json_object *before =
        old != NULL ? mhsmi_json_object(old->object.answer, "properties")
                    : NULL;
    struct json_object *permissions = mhsmi_json_array(before, "permissions");
    struct json_object *body = json_object_new_object();
    struct json_object *properties = json_object_new_object();
    const char *name = spec->name, *description = spec->description;

    if (name == NULL)
        name = old != NULL ? old->name : "";
    if (description == NULL)
        description = old != NULL ? old->description : "";
    if (mhsmi_json_add(body, "properties", properties) &&
        mhsmi_json_add_string(properties, "roleName", name) &&
        mhsmi_json_add_string(properties, "description", description) &&
        mhsmi_json_add_string(properties, "type", "CustomRole") &&
        mhsmi_json_add(properties, "permissions",
                       spec->actions == NULL && permissions != NULL
                           ? json_object_get(permissions)
                           : make_permissions(spec)) &&
        add_scopes(properties))
        return body;
    json_object_put(body);
    return NULL;
}

static mhsm_status put(mhsm_client *client, const mhsm_uri *uri,
                       const char *scope, const char *id,
                       const mhsm_role_spec *spec,
                       const mhsm_role_definition *old,
                       mhsm_role_definition **definition, mhsm_error **err)
{
    struct json_object *body = make_body(spec, old);
    void *object = NULL;
    mhsm_status st;

    if (body == NULL)
        return mhsmi_error_memory(err);
    st = mhsmi_object_call(client, uri, scope, id, &put_call, body,
                           mhsmi_definition_read,
                           definition != NULL ? &object : NULL, err);
    if (st == MHSM_OK && definition != NULL)
        *definition = object;
    return st;
}

mhsm_status mhsm_role_definition_create(mhsm_client *client,
                                        const mhsm_uri *uri, const char *scope,
                                        const mhsm_role_spec *spec,
                                        mhsm_role_definition **definition,
                                        mhsm_error **err)
{
    char fresh[MHSMI_UUID_SIZE];
    mhsm_status st = check_spec(spec, 1, err);

    if (st != MHSM_OK)
        return st;
    if (spec->id == NULL && !mhsmi_uuid(fresh))
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the kernel gives no random octets");
    return put(client, uri, scope, spec->id != NULL ? spec->id : fresh, spec,
               NULL, definition, err);
}

mhsm_status mhsm_role_definition_update(mhsm_client *client,
                                        const mhsm_uri *uri, const char *scope,
                                        const mhsm_role_definition *old,
                                        const mhsm_role_spec *spec,
                                        mhsm_role_definition **definition,
                                        mhsm_error **err)
{
    mhsm_status st = check_spec(spec, 0, err);

    if (st != MHSM_OK)
        return st;
    if (old == NULL || (spec->name == NULL && spec->description == NULL &&
                        spec->actions == NULL && spec->exceptions == NULL))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is nothing to change");
    if (spec->exceptions != NULL && spec->actions == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "exceptions are from data actions: give both");
    return put(client, uri, scope, old->id, spec, old, definition, err);
}

mhsm_status mhsm_role_definition_delete(mhsm_client *client,
                                        const mhsm_uri *uri, const char *scope,
                                        const char *role, mhsm_error **err)
{
    char guid[MHSMI_GUID_SIZE];
    mhsm_status st = mhsmi_role_find(client, uri, scope, role, guid, err);

    return st == MHSM_OK ? mhsmi_access_call(client, uri, scope, guid,
                                             &delete_call, NULL, NULL, err)
                         : st;
}
