/* SPDX-License-Identifier: MIT
 *
 * The JSON of a role has the members of the Azure CLI's files (roleName,
 * dataActions) or those that the service answers with (properties,
 * permissions), so that what `show -o json` printed can be changed and sent
 * back.  What would be left out of the role without a word is an error.
 */
#include "cli/role_spec.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "cli/file.h"

enum { JSON_MAX = 256 * 1024 };

/* Every member that such JSON may have, at whichever level.  The GUIDs are not
 * looked at: a role that is made gets one of its own, one that is changed is
 * named by an option. */
static const char *const members[] = {
    "actions",     "assignableScopes", "createdBy",   "createdOn",
    "dataActions", "description",      "id",          "name",
    "notActions",  "notDataActions",   "permissions", "properties",
    "roleName",    "roleType",         "type",        "updatedBy",
    "updatedOn"};

static mhsm_status wrong(const char *name, const char *what, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_DAMAGED, "--role-definition: %.60s %s",
                       name, what);
}

static mhsm_status check_members(struct json_object *object, mhsm_error **err)
{
    size_t i, count = sizeof(members) / sizeof(members[0]);

    json_object_object_foreach(object, name, value)
    {
        (void)value;
        for (i = 0; i < count && OPENSSL_strcasecmp(members[i], name) != 0; i++)
            ;
        if (i == count)
            return wrong(name, "is no member of a role", err);
    }
    return MHSM_OK;
}

/* The Azure CLI's own examples begin members with a capital. */
static struct json_object *find(struct json_object *object, const char *wanted)
{
    json_object_object_foreach(object, name, value)
    {
        if (OPENSSL_strcasecmp(name, wanted) == 0)
            return value;
    }
    return NULL;
}

static mhsm_status take_text(struct json_object *object, const char *name,
                             const char **text, mhsm_error **err)
{
    struct json_object *value = find(object, name);

    if (value == NULL)
        return MHSM_OK;
    if (!json_object_is_type(value, json_type_string))
        return wrong(name, "is not a string", err);
    *text = json_object_get_string(value);
    return MHSM_OK;
}

static mhsm_status take_texts(struct json_object *object, const char *name,
                              const char **texts, size_t *count,
                              mhsm_error **err)
{
    struct json_object *list = find(object, name), *item;
    size_t i;

    *count = 0;
    if (list == NULL)
        return MHSM_OK;
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > CLI_ROLE_ACTIONS_MAX)
        return wrong(name, "is not a list of at most 256 strings", err);
    for (i = 0; i < json_object_array_length(list); i++) {
        item = json_object_array_get_idx(list, i);
        if (!json_object_is_type(item, json_type_string))
            return wrong(name, "is not a list of strings", err);
        texts[(*count)++] = json_object_get_string(item);
    }
    return MHSM_OK;
}

/* The role would be wider, or narrower, than what was written. */
static mhsm_status check_scopes(struct json_object *object, mhsm_error **err)
{
    const char *scopes[CLI_ROLE_ACTIONS_MAX];
    size_t count = 0, i;
    mhsm_status st =
        take_texts(object, "assignableScopes", scopes, &count, err);

    for (i = 0; st == MHSM_OK && i < count; i++) {
        if (strcmp(scopes[i], "/") != 0 && scopes[i][0] != '\0')
            return wrong("assignableScopes",
                         "can only be \"/\": it is the assignment that has a "
                         "narrower scope",
                         err);
    }
    return st;
}

/* Where the actions stand: in the one permission, or beside the name. */
static mhsm_status find_permission(struct json_object **object,
                                   mhsm_error **err)
{
    struct json_object *list = find(*object, "permissions");

    if (list == NULL)
        return MHSM_OK;
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) != 1 ||
        !json_object_is_type(json_object_array_get_idx(list, 0),
                             json_type_object))
        return wrong("permissions", "is not a list of one object", err);
    *object = json_object_array_get_idx(list, 0);
    return check_members(*object, err);
}

static mhsm_status take_actions(struct json_object *object,
                                struct cli_role_spec *role, mhsm_error **err)
{
    static const char *const management[] = {"actions", "notActions"};
    const char *ignored[CLI_ROLE_ACTIONS_MAX];
    size_t i, count = 0;
    mhsm_status st;

    for (i = 0; i < 2; i++) {
        st = take_texts(object, management[i], ignored, &count, err);
        if (st != MHSM_OK)
            return st;
        if (count != 0)
            return wrong(management[i],
                         "is about Azure's management plane: an HSM's roles "
                         "have dataActions",
                         err);
    }
    st = take_texts(object, "dataActions", role->actions,
                    &role->spec.action_count, err);
    return st == MHSM_OK
               ? take_texts(object, "notDataActions", role->exceptions,
                            &role->spec.exception_count, err)
               : st;
}

static mhsm_status take_json(struct cli_role_spec *role, mhsm_error **err)
{
    struct json_object *object = role->json, *inner;
    mhsm_status st;

    if (!json_object_is_type(object, json_type_object))
        return mhsmi_error(err, MHSM_ERR_DAMAGED,
                           "--role-definition: it is no JSON object");
    st = check_members(object, err);
    inner = find(object, "properties");
    if (st == MHSM_OK && json_object_is_type(inner, json_type_object)) {
        object = inner;
        st = check_members(object, err);
    } else if (st == MHSM_OK && inner != NULL) {
        st = wrong("properties", "is not an object", err);
    }
    if (st != MHSM_OK ||
        (st = take_text(object, "roleName", &role->spec.name, err)) !=
            MHSM_OK ||
        (st = take_text(object, "description", &role->spec.description, err)) !=
            MHSM_OK ||
        (st = check_scopes(object, err)) != MHSM_OK ||
        (st = find_permission(&object, err)) != MHSM_OK)
        return st;
    return take_actions(object, role, err);
}

/* A file, "-" or the JSON itself. */
static mhsm_status read_json(const char *given, struct cli_role_spec *role,
                             mhsm_error **err)
{
    struct mhsmi_buf file;
    mhsm_status st = MHSM_OK;

    mhsmi_buf_init(&file, JSON_MAX);
    if (given[strspn(given, " \t\r\n")] == '{')
        role->json = mhsmi_json_parse(given, strlen(given));
    else if ((st = cli_file_slurp(given, &file, err)) == MHSM_OK)
        role->json = mhsmi_json_parse(mhsmi_buf_text(&file), file.size);
    mhsmi_buf_clear(&file);
    return st == MHSM_OK ? take_json(role, err) : st;
}

/* "a,b" in place of the list that is there; unchanged when `text` is NULL. */
static mhsm_status split(const char *text, char **copy, const char **list,
                         size_t *count, mhsm_error **err)
{
    char *at, *comma;

    if (text == NULL)
        return MHSM_OK;
    *count = 0;
    at = *copy = mhsmi_strdup(text);
    if (at == NULL)
        return mhsmi_error_memory(err);
    for (;; at = comma + 1) {
        if (*count == CLI_ROLE_ACTIONS_MAX)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "a role has at most %d data actions",
                               (int)CLI_ROLE_ACTIONS_MAX);
        comma = strchr(at, ',');
        if (comma != NULL)
            *comma = '\0';
        list[(*count)++] = at;
        if (comma == NULL)
            return MHSM_OK;
    }
}

mhsm_status cli_role_spec_read(const struct cli *cli,
                               struct cli_role_spec *role, mhsm_error **err)
{
    mhsm_role_spec *spec = &role->spec;
    mhsm_status st = MHSM_OK;

    memset(role, 0, sizeof(*role));
    if (cli->values[CLI_ROLE_DEFINITION] != NULL)
        st = read_json(cli->values[CLI_ROLE_DEFINITION], role, err);
    if (st != MHSM_OK)
        return st;
    spec->id = cli->values[CLI_GUID];
    if (cli->values[CLI_ROLE_NAME] != NULL)
        spec->name = cli->values[CLI_ROLE_NAME];
    if (cli->values[CLI_DESCRIPTION] != NULL)
        spec->description = cli->values[CLI_DESCRIPTION];
    st = split(cli->values[CLI_DATA_ACTIONS], &role->actions_copy,
               role->actions, &spec->action_count, err);
    if (st == MHSM_OK)
        st = split(cli->values[CLI_EXCEPT], &role->exceptions_copy,
                   role->exceptions, &spec->exception_count, err);
    if (spec->action_count != 0)
        spec->actions = role->actions;
    if (spec->exception_count != 0)
        spec->exceptions = role->exceptions;
    return st;
}

void cli_role_spec_clear(struct cli_role_spec *role)
{
    mhsmi_free(role->actions_copy);
    mhsmi_free(role->exceptions_copy);
    json_object_put(role->json);
}
