/* SPDX-License-Identifier: MIT
 *
 * Role definitions: the built-in ones, which nobody changes, and custom ones.
 */
#include "handlers.h"
#include "rbac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ID_PREFIX                                                              \
    "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"
#define PERMISSIONS_MAX 16
#define ACTIONS_MAX     64
#define TEXT_MAX        1024

static const char *const lists[] = {"actions", "notActions", "dataActions",
                                    "notDataActions"};

/* Takes properties; NULL on failure. */
static struct json_object *wrap(const char *guid,
                                struct json_object *properties)
{
    struct json_object *o = json_object_new_object();
    char id[160];
    int ok;

    snprintf(id, sizeof(id), ID_PREFIX "%s", guid);
    ok = emu_json_add(o, "properties", properties) &&
         emu_json_add_string(o, "id", id) &&
         emu_json_add_string(o, "name", guid) &&
         emu_json_add_string(o, "type",
                             "Microsoft.Authorization/roleDefinitions");
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

static struct json_object *builtin_permissions(const struct emu_role *role)
{
    struct json_object *all = json_object_new_array();
    struct json_object *one = json_object_new_object();
    struct json_object *actions = json_object_new_array();
    char text[160];
    size_t i;

    for (i = 0; role->actions[i] != NULL && actions != NULL; i++) {
        snprintf(text, sizeof(text), "%s%s", EMU_ACTION_PREFIX,
                 role->actions[i]);
        json_object_array_add(actions, json_object_new_string(text));
    }
    emu_json_add(one, "actions", json_object_new_array());
    emu_json_add(one, "notActions", json_object_new_array());
    emu_json_add(one, "dataActions", actions);
    emu_json_add(one, "notDataActions", json_object_new_array());
    if (all == NULL || one == NULL || json_object_array_add(all, one) != 0) {
        json_object_put(one);
        json_object_put(all);
        return NULL;
    }
    return all;
}

static struct json_object *root_scope(void)
{
    return json_tokener_parse("[\"/\"]");
}

static struct json_object *builtin(const struct emu_role *role)
{
    struct json_object *p = json_object_new_object();

    if (emu_json_add_string(p, "roleName", role->name) &&
        emu_json_add_string(p, "description", role->description) &&
        emu_json_add_string(p, "type", "AKVBuiltInRole") &&
        emu_json_add(p, "permissions", builtin_permissions(role)) &&
        emu_json_add(p, "assignableScopes", root_scope()))
        return wrap(role->guid, p);
    json_object_put(p);
    return NULL;
}

static struct json_object *custom(const char *guid, const char *text)
{
    struct json_object *p =
        text == NULL ? NULL : emu_json_parse(text, strlen(text));

    return p == NULL ? NULL : wrap(guid, p);
}

/* The custom definition, or NULL. */
static struct json_object *load(struct emu_store *s, const char *guid)
{
    struct json_object *o = NULL;
    sqlite3_stmt *row;

    emu_store_lock(s);
    row = emu_store_query(
        s, "SELECT name,properties FROM definitions WHERE name=?1", "t", guid);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        o = custom((const char *)sqlite3_column_text(row, 0),
                   (const char *)sqlite3_column_text(row, 1));
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return o;
}

int emu_definition_exists(struct emu_store *s, const char *guid)
{
    struct json_object *o;

    if (emu_role_by_guid(guid) != NULL)
        return 1;
    o = load(s, guid);
    json_object_put(o);
    return o != NULL;
}

static void not_found(struct emu_reply *r)
{
    emu_reply_error(r, 404, "RoleDefinitionNotFound",
                    "Requested role definition not found");
}

/* A lower-case copy of the GUID in the path, or 0 and the refusal. */
static int take_guid(struct emu_request *rq, struct emu_reply *r, char *out)
{
    if (emu_guid_lower(rq->guid, out))
        return 1;
    emu_reply_bad(r, "Role definition name must be a GUID");
    return 0;
}

/* Takes one, NULL included. */
static int add(struct json_object *list, struct json_object *one)
{
    if (one != NULL && json_object_array_add(list, one) == 0)
        return 1;
    json_object_put(one);
    return 0;
}

void emu_definition_list(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o = json_object_new_object();
    struct json_object *list = json_object_new_array();
    const struct emu_role *role;
    struct emu_store *s = rq->hsm->store;
    sqlite3_stmt *row;
    int ok = list != NULL;
    size_t i;

    for (i = 0; (role = emu_role_at(i)) != NULL && ok; i++)
        ok = add(list, builtin(role));
    emu_store_lock(s);
    row = emu_store_query(
        s, "SELECT name,properties FROM definitions ORDER BY name", "");
    while (row != NULL && ok && sqlite3_step(row) == SQLITE_ROW)
        ok = add(list, custom((const char *)sqlite3_column_text(row, 0),
                              (const char *)sqlite3_column_text(row, 1)));
    sqlite3_finalize(row);
    emu_store_unlock(s);
    if (!emu_json_add(o, "value", list) || !ok) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

void emu_definition_show(struct emu_request *rq, struct emu_reply *r)
{
    const struct emu_role *role = emu_role_by_guid(rq->guid);
    char guid[EMU_GUID_SIZE];
    struct json_object *o = NULL;

    if (role != NULL)
        o = builtin(role);
    else if (!take_guid(rq, r, guid))
        return;
    else
        o = load(rq->hsm->store, guid);
    if (o == NULL)
        not_found(r);
    else
        emu_reply_json(r, 200, o);
}

static int action_known(const char *action)
{
    size_t prefix = strlen(EMU_ACTION_PREFIX), i, j;
    const struct emu_role *role;

    if (strncmp(action, EMU_ACTION_PREFIX, prefix) != 0)
        return 0;
    for (i = 0; (role = emu_role_at(i)) != NULL; i++) {
        for (j = 0; role->actions[j] != NULL; j++) {
            if (strcmp(role->actions[j], action + prefix) == 0)
                return 1;
        }
    }
    return 0;
}

static const char *check_list(struct json_object *list, int known)
{
    size_t i, count;

    if (list == NULL)
        return NULL;
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > ACTIONS_MAX)
        return "Role definition permissions must be lists of actions";
    count = json_object_array_length(list);
    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        if (!json_object_is_type(one, json_type_string) ||
            (known && !action_known(json_object_get_string(one))))
            return "Role definition has an unknown data action";
    }
    return NULL;
}

static const char *check(struct json_object *p)
{
    const char *name = emu_json_string(p, "roleName"), *wrong = NULL;
    const char *description = emu_json_string(p, "description");
    struct json_object *list = emu_json_member(p, "permissions");
    size_t i, j, count;

    if (name == NULL || *name == '\0' || strlen(name) > TEXT_MAX)
        return "Role definition needs a role name";
    if (description != NULL && strlen(description) > TEXT_MAX)
        return "Role definition description is too long";
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > PERMISSIONS_MAX)
        return "Role definition permissions must be a list";
    count = json_object_array_length(list);
    for (i = 0; i < count && wrong == NULL; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        if (!json_object_is_type(one, json_type_object))
            wrong = "Role definition permissions must be objects";
        for (j = 0; j < 4 && wrong == NULL; j++)
            wrong = check_list(emu_json_member(one, lists[j]), j >= 2);
    }
    return wrong;
}

/* Every permission gets all four lists, as the service shows them. */
static struct json_object *normal(struct json_object *p)
{
    struct json_object *o = json_object_new_object();
    struct json_object *list = emu_json_member(p, "permissions");
    const char *description = emu_json_string(p, "description");
    size_t i, j, count = json_object_array_length(list);

    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        for (j = 0; j < 4; j++) {
            if (emu_json_member(one, lists[j]) == NULL)
                emu_json_add(one, lists[j], json_object_new_array());
        }
    }
    if (emu_json_add_string(o, "roleName", emu_json_string(p, "roleName")) &&
        emu_json_add_string(o, "description",
                            description == NULL ? "" : description) &&
        emu_json_add_string(o, "type", "CustomRole") &&
        emu_json_add(o, "permissions", json_object_get(list)) &&
        emu_json_add(o, "assignableScopes", root_scope()))
        return o;
    json_object_put(o);
    return NULL;
}

static int builtin_refused(struct emu_reply *r, const char *guid)
{
    if (emu_role_by_guid(guid) == NULL)
        return 0;
    emu_reply_bad(r, "Cannot re-use the name/GUID matching that of a built-in "
                     "role. Please use a unique role ID.");
    return 1;
}

void emu_definition_put(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *body = NULL, *properties, *kept = NULL;
    char guid[EMU_GUID_SIZE], *text = NULL;
    const char *wrong;

    if (!take_guid(rq, r, guid) || builtin_refused(r, guid))
        return;
    body = emu_json_parse(rq->body.data, rq->body.len);
    properties = emu_json_member(body, "properties");
    wrong = json_object_is_type(properties, json_type_object)
                ? check(properties)
                : "Role definition needs properties";
    if (wrong != NULL) {
        emu_reply_bad(r, "%s", wrong);
        goto out;
    }
    kept = normal(properties);
    text = kept == NULL ? NULL : emu_json_text(kept);
    if (text == NULL ||
        emu_store_run(rq->hsm->store,
                      "INSERT OR REPLACE INTO definitions VALUES(?1,?2)", "tt",
                      guid, text) != 1)
        emu_reply_failed(r);
    else
        emu_reply_json(r, 201, wrap(guid, json_object_get(kept)));
out:
    free(text);
    json_object_put(kept);
    json_object_put(body);
}

/* A role that is assigned to someone stays. */
static int in_use(struct emu_store *s, const char *guid)
{
    sqlite3_stmt *row = emu_store_query(
        s, "SELECT 1 FROM assignments WHERE role=?1 LIMIT 1", "t", guid);
    int used = row == NULL || sqlite3_step(row) != SQLITE_DONE;

    sqlite3_finalize(row);
    return used;
}

void emu_definition_delete(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_store *s = rq->hsm->store;
    struct json_object *o = NULL;
    char guid[EMU_GUID_SIZE];
    int ok = 0;

    if (!take_guid(rq, r, guid) || builtin_refused(r, guid))
        return;
    if (!emu_store_begin(s)) {
        emu_reply_failed(r);
        return;
    }
    o = load(s, guid);
    if (o == NULL)
        not_found(r);
    else if (in_use(s, guid))
        emu_reply_error(r, 409, "Conflict", "The role definition is assigned");
    else
        ok = emu_store_run(s, "DELETE FROM definitions WHERE name=?1", "t",
                           guid) == 1;
    if (emu_store_end(s, ok)) {
        emu_reply_json(r, 200, o);
        return;
    }
    if (ok)
        emu_reply_failed(r);
    json_object_put(o);
}
