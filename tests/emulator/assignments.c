/* SPDX-License-Identifier: MIT
 *
 * Role assignments: who has which role where. A list at one scope shows that
 * scope alone.
 */
#include "handlers.h"
#include "rbac.h"
#include "router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFINITION_PREFIX                                                      \
    "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"

struct assignment {
    char name[EMU_GUID_SIZE];
    char role[EMU_GUID_SIZE];
    char principal[EMU_GUID_SIZE];
    char scope[160];
};

static struct json_object *describe(const struct assignment *a)
{
    struct json_object *o = json_object_new_object();
    struct json_object *p = json_object_new_object();
    char id[320], definition[160];
    int ok;

    snprintf(id, sizeof(id),
             "%s/providers/Microsoft.Authorization/roleAssignments/%s",
             strcmp(a->scope, "/") == 0 ? "" : a->scope, a->name);
    snprintf(definition, sizeof(definition), DEFINITION_PREFIX "%s", a->role);
    ok = emu_json_add_string(p, "principalId", a->principal) &&
         emu_json_add_string(p, "roleDefinitionId", definition) &&
         emu_json_add_string(p, "scope", a->scope);
    ok = emu_json_add(o, "properties", p) && ok;
    ok = ok && emu_json_add_string(o, "id", id) &&
         emu_json_add_string(o, "name", a->name) &&
         emu_json_add_string(o, "type",
                             "Microsoft.Authorization/roleAssignments");
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

static void copy_column(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    snprintf(out, size, "%s", text == NULL ? "" : text);
}

static void read_row(sqlite3_stmt *row, struct assignment *a)
{
    copy_column(row, 0, a->name, sizeof(a->name));
    copy_column(row, 1, a->role, sizeof(a->role));
    copy_column(row, 2, a->principal, sizeof(a->principal));
    copy_column(row, 3, a->scope, sizeof(a->scope));
}

/* 1 found at the scope, 0 absent, -1 failed. */
static int load(struct emu_store *s, const char *name, const char *scope,
                struct assignment *a)
{
    sqlite3_stmt *row;
    int step, found = -1;

    emu_store_lock(s);
    row = emu_store_query(s,
                          "SELECT name,role,principal,scope FROM assignments"
                          " WHERE name=?1 AND scope=?2",
                          "tt", name, scope);
    step = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    if (step == SQLITE_ROW) {
        read_row(row, a);
        found = 1;
    } else if (step == SQLITE_DONE) {
        found = 0;
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}

/* principalId eq {oid}, with quotes or without; atScope() asks for nothing
 * more than a list at one scope is anyway. */
static int take_filter(struct emu_request *rq, struct emu_reply *r, char *oid)
{
    static const char by[] = "principalId eq ";
    const char *text = emu_uri_parameter(&rq->uri, "$filter");
    char value[EMU_GUID_SIZE] = "";

    oid[0] = '\0';
    if (text == NULL || *text == '\0' || strcmp(text, "atScope()") == 0)
        return 1;
    if (strncmp(text, by, sizeof(by) - 1) == 0) {
        text += sizeof(by) - 1;
        if (*text == '\'')
            text++;
        snprintf(value, sizeof(value), "%.36s", text);
        text += strlen(value);
        if (*text == '\'')
            text++;
        if (*text == '\0' && emu_guid_lower(value, oid))
            return 1;
    }
    emu_reply_bad(r, "The filter is not supported");
    return 0;
}

void emu_assignment_list(struct emu_request *rq, struct emu_reply *r)
{
    struct json_object *o = NULL, *list = NULL;
    struct emu_store *s = rq->hsm->store;
    char scope[160], oid[EMU_GUID_SIZE];
    struct assignment a;
    sqlite3_stmt *row;

    if (!take_filter(rq, r, oid))
        return;
    o = json_object_new_object();
    list = json_object_new_array();
    emu_rbac_scope(rq, scope, sizeof(scope));
    emu_store_lock(s);
    row = emu_store_query(s,
                          "SELECT name,role,principal,scope FROM assignments"
                          " WHERE scope=?1 AND (?2='' OR principal=?2)"
                          " ORDER BY name",
                          "tt", scope, oid);
    while (row != NULL && list != NULL && sqlite3_step(row) == SQLITE_ROW) {
        read_row(row, &a);
        json_object_array_add(list, describe(&a));
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    if (!emu_json_add(o, "value", list)) {
        json_object_put(o);
        o = NULL;
    }
    emu_reply_json(r, 200, o);
}

/* The assignment that the path names; otherwise the refusal is written. */
static int find(struct emu_request *rq, struct emu_reply *r,
                struct assignment *a)
{
    char name[EMU_GUID_SIZE], scope[160];
    int found;

    if (!emu_guid_lower(rq->guid, name)) {
        emu_reply_bad(r, "Role assignment name must be a GUID");
        return 0;
    }
    emu_rbac_scope(rq, scope, sizeof(scope));
    found = load(rq->hsm->store, name, scope, a);
    if (found < 0)
        emu_reply_failed(r);
    else if (found == 0)
        emu_reply_error(r, 404, "RoleAssignmentNotFound",
                        "Requested role assignment not found");
    return found == 1;
}

void emu_assignment_show(struct emu_request *rq, struct emu_reply *r)
{
    struct assignment a;

    if (find(rq, r, &a))
        emu_reply_json(r, 200, describe(&a));
}

void emu_assignment_delete(struct emu_request *rq, struct emu_reply *r)
{
    struct assignment a;
    int ok = 0, found;

    if (!emu_store_begin(rq->hsm->store)) {
        emu_reply_failed(r);
        return;
    }
    found = find(rq, r, &a);
    if (found)
        ok = emu_store_run(rq->hsm->store,
                           "DELETE FROM assignments WHERE name=?1", "t",
                           a.name) == 1;
    if (emu_store_end(rq->hsm->store, ok))
        emu_reply_json(r, 200, describe(&a));
    else if (found)
        emu_reply_failed(r);
}

static const char *take_body(struct emu_request *rq, struct assignment *a)
{
    struct json_object *body = emu_json_parse(rq->body.data, rq->body.len);
    struct json_object *p = emu_json_member(body, "properties");
    const char *definition = emu_json_string(p, "roleDefinitionId");
    const char *slash = definition == NULL ? NULL : strrchr(definition, '/');
    const char *wrong = NULL;

    if (!emu_guid_lower(rq->guid, a->name))
        wrong = "Role assignment name must be a GUID";
    else if (!emu_guid_lower(emu_json_string(p, "principalId"), a->principal))
        wrong = "Role assignment needs a principalId that is a GUID";
    else if (!emu_guid_lower(slash == NULL ? definition : slash + 1, a->role))
        wrong = "Role assignment needs a roleDefinitionId";
    json_object_put(body);
    return wrong;
}

/* The same name twice, or the same role twice for one principal. */
static int exists(struct emu_store *s, const struct assignment *a)
{
    sqlite3_stmt *row =
        emu_store_query(s,
                        "SELECT 1 FROM assignments WHERE name=?1 OR"
                        " (role=?2 AND principal=?3 AND scope=?4) LIMIT 1",
                        "tttt", a->name, a->role, a->principal, a->scope);
    int found = row == NULL || sqlite3_step(row) != SQLITE_DONE;

    sqlite3_finalize(row);
    return found;
}

void emu_assignment_put(struct emu_request *rq, struct emu_reply *r)
{
    struct emu_store *s = rq->hsm->store;
    struct assignment a;
    const char *wrong = take_body(rq, &a);
    int ok = 0, failed = 0;

    if (wrong != NULL) {
        emu_reply_bad(r, "%s", wrong);
        return;
    }
    emu_rbac_scope(rq, a.scope, sizeof(a.scope));
    if (!emu_store_begin(s)) {
        emu_reply_failed(r);
        return;
    }
    if (!emu_definition_exists(s, a.role)) {
        emu_reply_error(r, 404, "RoleDefinitionNotFound",
                        "Requested role definition not found");
    } else if (exists(s, &a)) {
        emu_reply_error(r, 409, "RoleAssignmentExists",
                        "The role assignment already exists");
    } else {
        ok = emu_store_run(s, "INSERT INTO assignments VALUES(?1,?2,?3,?4)",
                           "tttt", a.name, a.role, a.principal, a.scope) == 1;
        failed = !ok;
    }
    if (emu_store_end(s, ok))
        emu_reply_json(r, 201, describe(&a));
    else if (ok || failed)
        emu_reply_failed(r);
}
