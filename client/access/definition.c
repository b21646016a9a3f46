/* SPDX-License-Identifier: MIT
 *
 * Role definitions: reading, finding, and what they grant.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "access/role.h"
#include "base/error.h"

enum { definitions_max = 10000 };

static const struct mhsmi_access_call list_call = {
    .collection = "roleDefinitions",
    .doing = "list role definitions",
    .action = "roleDefinitions/read/action",
};
static const struct mhsmi_access_call get_call = {
    .method = "GET",
    .collection = "roleDefinitions",
    .doing = "get role definition",
    .action = "roleDefinitions/read/action",
    .retry = MHSMI_RETRY_REPEATABLE,
};

mhsm_status mhsmi_definition_read(struct json_object *answer, void **object,
                                  mhsm_error **err)
{
    struct json_object *properties = mhsmi_json_object(answer, "properties");
    const char *id = mhsmi_json_string(answer, "name");
    const char *name = mhsmi_json_string(properties, "roleName");
    const char *text = mhsmi_json_string(properties, "description");
    const char *type = mhsmi_json_string(properties, "type");
    mhsm_role_definition *made;

    if (id == NULL || !mhsmi_guid_check(id) || name == NULL)
        return mhsmi_error(err, MHSM_ERR_PROTOCOL,
                           "the role definition is malformed: it has no GUID "
                           "or no name");
    made = mhsmi_object_new(answer, sizeof(*made));
    if (made == NULL)
        return mhsmi_error_memory(err);
    made->id = id;
    made->name = name;
    made->description = text != NULL ? text : "";
    made->is_builtin = type != NULL && strcmp(type, "CustomRole") != 0;
    *object = made;
    return MHSM_OK;
}

void mhsm_role_definition_free(mhsm_role_definition *definition)
{
    mhsmi_object_free(definition);
}

const char *mhsm_role_definition_id(const mhsm_role_definition *definition)
{
    return definition->id;
}

const char *mhsm_role_definition_name(const mhsm_role_definition *definition)
{
    return definition->name;
}

const char *
mhsm_role_definition_description(const mhsm_role_definition *definition)
{
    return definition->description;
}

int mhsm_role_definition_is_builtin(const mhsm_role_definition *definition)
{
    return definition->is_builtin;
}

const char *mhsm_role_definition_json(const mhsm_role_definition *definition)
{
    return definition->object.json;
}

static struct json_object *
permissions_of(const mhsm_role_definition *definition)
{
    return mhsmi_json_array(
        mhsmi_json_object(definition->object.answer, "properties"),
        "permissions");
}

static struct json_object *actions_of(struct json_object *permission,
                                      int except)
{
    return mhsmi_json_array(permission,
                            except ? "notDataActions" : "dataActions");
}

static const char *text_at(struct json_object *list, size_t index)
{
    struct json_object *item = json_object_array_get_idx(list, index);

    return json_object_is_type(item, json_type_string)
               ? json_object_get_string(item)
               : "";
}

static size_t count_of(struct json_object *list)
{
    return list != NULL ? json_object_array_length(list) : 0;
}

const char *mhsm_role_definition_action(const mhsm_role_definition *definition,
                                        int except, size_t index)
{
    struct json_object *permissions = permissions_of(definition);
    size_t i, count;

    for (i = 0; i < count_of(permissions); i++) {
        struct json_object *list =
            actions_of(json_object_array_get_idx(permissions, i), except);

        count = count_of(list);
        if (index < count)
            return text_at(list, index);
        index -= count;
    }
    return NULL;
}

/* `*` stands for any text. */
static int matches(const char *pattern, const char *text)
{
    const char *star = strchr(pattern, '*');
    size_t size = star != NULL ? (size_t)(star - pattern) : 0;

    if (star == NULL)
        return OPENSSL_strcasecmp(pattern, text) == 0;
    if (OPENSSL_strncasecmp(pattern, text, size) != 0)
        return 0;
    for (text += size;; text++) {
        if (matches(star + 1, text))
            return 1;
        if (*text == '\0')
            return 0;
    }
}

static int list_has(struct json_object *list, const char *action)
{
    size_t i;

    for (i = 0; i < count_of(list); i++) {
        if (matches(text_at(list, i), action))
            return 1;
    }
    return 0;
}

int mhsm_role_definition_grants(const mhsm_role_definition *definition,
                                const char *action)
{
    struct json_object *permissions = permissions_of(definition);
    char *full = NULL;
    int granted = 0;
    size_t i;

    if (OPENSSL_strncasecmp(action, MHSMI_ACTION_PREFIX,
                            strlen(MHSMI_ACTION_PREFIX)) != 0) {
        full = mhsmi_asprintf(MHSMI_ACTION_PREFIX "%s", action);
        if (full == NULL)
            return 0;
        action = full;
    }
    for (i = 0; !granted && i < count_of(permissions); i++) {
        struct json_object *one = json_object_array_get_idx(permissions, i);

        granted = list_has(actions_of(one, 0), action) &&
                  !list_has(actions_of(one, 1), action);
    }
    mhsmi_free(full);
    return granted;
}

mhsm_status mhsm_role_definitions(mhsm_client *client, const mhsm_uri *uri,
                                  const char *scope, mhsm_role_list **list,
                                  mhsm_error **err)
{
    return mhsmi_role_list_open(client, uri, scope, &list_call, list, err);
}

mhsm_status mhsm_role_list_definition(mhsm_role_list *list,
                                      mhsm_role_definition **definition,
                                      mhsm_error **err)
{
    void *object = NULL;
    mhsm_status st =
        mhsmi_role_list_next(list, mhsmi_definition_read, &object, err);

    if (st == MHSM_OK)
        *definition = object;
    return st;
}

/* By name, which several may have. */
static mhsm_status find_by_name(mhsm_role_list *list, const char *name,
                                char guid[MHSMI_GUID_SIZE], mhsm_error **err)
{
    mhsm_role_definition *one = NULL;
    size_t found = 0, seen = 0;
    mhsm_status st;

    while ((st = mhsm_role_list_definition(list, &one, err)) == MHSM_OK &&
           one != NULL && seen++ < definitions_max) {
        if (OPENSSL_strcasecmp(one->name, name) == 0 && found++ == 0)
            memcpy(guid, one->id, MHSMI_GUID_SIZE);
        mhsm_role_definition_free(one);
        one = NULL;
    }
    mhsm_role_definition_free(one);
    if (st != MHSM_OK || found == 1)
        return st;
    if (found != 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "several roles are called \"%.100s\": name it by "
                           "its GUID",
                           name);
    st = mhsmi_error(err, MHSM_ERR_NOT_FOUND, "no role is called \"%.100s\"",
                     name);
    mhsmi_error_set_hint(err, "`mhsm role definition list` has those there "
                              "are");
    return st;
}

mhsm_status mhsmi_role_find(mhsm_client *client, const mhsm_uri *uri,
                            const char *scope, const char *role,
                            char guid[MHSMI_GUID_SIZE], mhsm_error **err)
{
    const char *builtin;
    mhsm_role_list *list = NULL;
    mhsm_status st;

    if (role == NULL || role[0] == '\0')
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "which role?");
    builtin = mhsmi_guid_check(role) ? role : mhsmi_builtin_find(role);
    if (builtin != NULL) {
        memcpy(guid, builtin, MHSMI_GUID_SIZE);
        return MHSM_OK;
    }
    st = mhsm_role_definitions(client, uri, scope, &list, err);
    if (st == MHSM_OK)
        st = find_by_name(list, role, guid, err);
    mhsm_role_list_free(list);
    return st;
}

mhsm_status mhsm_role_definition_get(mhsm_client *client, const mhsm_uri *uri,
                                     const char *scope, const char *role,
                                     mhsm_role_definition **definition,
                                     mhsm_error **err)
{
    char guid[MHSMI_GUID_SIZE];
    void *object = NULL;
    mhsm_status st = mhsmi_role_find(client, uri, scope, role, guid, err);

    if (st == MHSM_OK)
        st = mhsmi_object_call(client, uri, scope, guid, &get_call, NULL,
                               mhsmi_definition_read, &object, err);
    if (st == MHSM_OK)
        *definition = object;
    return st;
}
