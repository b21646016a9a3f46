/* SPDX-License-Identifier: MIT
 *
 * The check of roles. It denies unless an assignment at the scope or above it
 * grants the action; a failure to read the state is a denial too.
 */
#include "rbac.h"

#include "router.h"
#include "vault.h"

#include <stdio.h>
#include <string.h>

static int covers(const char *assigned, const char *scope)
{
    size_t len = strlen(assigned);

    if (strcmp(assigned, "/") == 0 || strcmp(assigned, scope) == 0)
        return 1;
    return strncmp(assigned, scope, len) == 0 && scope[len] == '/';
}

/* A custom role may end an action in an asterisk. */
static int action_matches(const char *granted, const char *action)
{
    size_t len = strlen(granted);

    if (len != 0 && granted[len - 1] == '*')
        return strncmp(granted, action, len - 1) == 0;
    return strcmp(granted, action) == 0;
}

static int list_has(struct json_object *permission, const char *name,
                    const char *action)
{
    struct json_object *list = emu_json_member(permission, name);
    size_t i, count;

    if (!json_object_is_type(list, json_type_array))
        return 0;
    count = json_object_array_length(list);
    for (i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        if (json_object_is_type(one, json_type_string) &&
            action_matches(json_object_get_string(one), action))
            return 1;
    }
    return 0;
}

static int custom_grants(struct emu_store *s, const char *guid,
                         const char *action)
{
    sqlite3_stmt *row = emu_store_query(
        s, "SELECT properties FROM definitions WHERE name=?1", "t", guid);
    struct json_object *o = NULL, *list;
    const char *text;
    size_t i, count = 0;
    int granted = 0;

    if (row != NULL && sqlite3_step(row) == SQLITE_ROW) {
        text = (const char *)sqlite3_column_text(row, 0);
        o = text == NULL ? NULL : emu_json_parse(text, strlen(text));
    }
    list = emu_json_member(o, "permissions");
    if (json_object_is_type(list, json_type_array))
        count = json_object_array_length(list);
    for (i = 0; i < count && !granted; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        granted = list_has(one, "dataActions", action) &&
                  !list_has(one, "notDataActions", action);
    }
    json_object_put(o);
    sqlite3_finalize(row);
    return granted;
}

static int role_grants(struct emu_store *s, const char *guid,
                       const char *action)
{
    const struct emu_role *role = emu_role_by_guid(guid);
    char full[160];
    size_t i;

    if (role == NULL) {
        snprintf(full, sizeof(full), "%s%s", EMU_ACTION_PREFIX, action);
        return custom_grants(s, guid, full);
    }
    for (i = 0; role->actions[i] != NULL; i++) {
        if (strcmp(role->actions[i], action) == 0)
            return 1;
    }
    return 0;
}

static int allowed(struct emu_store *s, const char *oid, const char *action,
                   const char *scope)
{
    sqlite3_stmt *row;
    int granted = 0;

    emu_store_lock(s);
    row = emu_store_query(
        s, "SELECT role,scope FROM assignments WHERE principal=?1", "t", oid);
    while (!granted && row != NULL && sqlite3_step(row) == SQLITE_ROW) {
        const char *guid = (const char *)sqlite3_column_text(row, 0);
        const char *at = (const char *)sqlite3_column_text(row, 1);

        granted = guid != NULL && at != NULL && covers(at, scope) &&
                  role_grants(s, guid, action);
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return granted;
}

void emu_rbac_scope(const struct emu_request *rq, char *out, size_t size)
{
    const char *name = rq->name;

    switch (rq->route->scope) {
    case EMU_SCOPE_ROLE:
        name = rq->scope_name;
        if (name == NULL && strncmp(rq->route->pattern, "/keys/", 6) != 0) {
            snprintf(out, size, "/");
            break;
        }
        /* fall through */
    case EMU_SCOPE_KEY:
        if (name != NULL) {
            snprintf(out, size, "/keys/%s", name);
            break;
        }
        /* fall through */
    case EMU_SCOPE_KEYS:
        snprintf(out, size, "/keys");
        break;
    case EMU_SCOPE_ROOT:
    case EMU_SCOPE_NONE:
        snprintf(out, size, "/");
        break;
    }
}

int emu_rbac_allows(struct emu_request *rq, struct emu_reply *r)
{
    const char *quote = rq->route->scope == EMU_SCOPE_ROLE ? "" : "'";
    char scope[160];

    emu_rbac_scope(rq, scope, sizeof(scope));
    if (allowed(rq->hsm->store, rq->oid, rq->route->action, scope))
        return 1;
    if (emu_is_vault(rq)) {
        emu_vault_forbidden(rq, r, scope);
        return 0;
    }
    emu_reply_error(r, 403, "AccessDenied",
                    "Not authorized to access %s%s on %s%s%s",
                    EMU_ACTION_PREFIX, rq->route->action, quote, scope, quote);
    return 0;
}

int emu_rbac_assign(struct emu_store *s, const char *oid, const char *role_guid,
                    const char *scope)
{
    char name[EMU_GUID_SIZE];

    return emu_guid_new(name) &&
           emu_store_run(s, "INSERT INTO assignments VALUES(?1,?2,?3,?4)",
                         "tttt", name, role_guid, oid, scope) == 1;
}
