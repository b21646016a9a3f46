/* SPDX-License-Identifier: MIT
 *
 * Tables to JSON and back. Columns are copied by their names, so that what is
 * written is what is read.
 */
#include "backup_content.h"

#include "json.h"
#include "key_blob.h"

#include <stdio.h>
#include <string.h>

/* Tables of text alone. */
static const struct {
    const char *name, *select, *insert, *types;
    const char *columns[4];
} tables[] = {
    {"definitions",
     "SELECT name,properties FROM definitions",
     "INSERT INTO definitions(name,properties) VALUES(?1,?2)",
     "tt",
     {"name", "properties"}},
    {"assignments",
     "SELECT name,role,principal,scope FROM assignments",
     "INSERT INTO assignments(name,role,principal,scope)"
     " VALUES(?1,?2,?3,?4)",
     "tttt",
     {"name", "role", "principal", "scope"}},
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static int add_row(struct json_object *list, sqlite3_stmt *row, size_t table)
{
    struct json_object *o = json_object_new_object();
    int i, ok = o != NULL && json_object_array_add(list, o) == 0;

    for (i = 0; ok && i < sqlite3_column_count(row); i++) {
        const char *text = (const char *)sqlite3_column_text(row, i);

        ok = text != NULL &&
             emu_json_add_string(o, tables[table].columns[i], text);
    }
    return ok;
}

static int add_table(struct emu_store *s, struct json_object *o, size_t table)
{
    struct json_object *list = json_object_new_array();
    sqlite3_stmt *row = emu_store_query(s, tables[table].select, "");
    int step = row == NULL ? SQLITE_ERROR : SQLITE_ROW;

    while (step == SQLITE_ROW && (step = sqlite3_step(row)) == SQLITE_ROW) {
        if (!add_row(list, row, table))
            step = SQLITE_ERROR;
    }
    sqlite3_finalize(row);
    return emu_json_add(o, tables[table].name, list) && step == SQLITE_DONE;
}

static int add_names(struct emu_store *s, struct json_object *o)
{
    struct json_object *list = json_object_new_array();
    sqlite3_stmt *row =
        emu_store_query(s, "SELECT name FROM keys ORDER BY id", "");
    int step = row == NULL ? SQLITE_ERROR : SQLITE_ROW;

    while (step == SQLITE_ROW && (step = sqlite3_step(row)) == SQLITE_ROW) {
        if (json_object_array_add(
                list, json_object_new_string(
                          (const char *)sqlite3_column_text(row, 0))) != 0)
            step = SQLITE_ERROR;
    }
    sqlite3_finalize(row);
    return emu_json_add(o, "keys", list) && step == SQLITE_DONE;
}

struct json_object *emu_backup_list(struct emu_store *s, const char *hsm_name)
{
    struct json_object *o = json_object_new_object();
    size_t i;
    int ok;

    emu_store_lock(s);
    ok = emu_json_add_string(o, "hsm", hsm_name) &&
         emu_json_add_int(o, "created", emu_now()) && add_names(s, o);
    for (i = 0; ok && i < TABLES; i++)
        ok = add_table(s, o, i);
    emu_store_unlock(s);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

struct json_object *emu_backup_key(struct emu_store *s, const char *name)
{
    struct json_object *o;
    sqlite3_stmt *row;
    int ok = 0;

    emu_store_lock(s);
    o = emu_key_blob_make(s, name);
    row = emu_store_query(
        s, "SELECT deleted,purge,policy FROM keys WHERE name=?1", "t", name);
    if (o != NULL && row != NULL && sqlite3_step(row) == SQLITE_ROW)
        ok = emu_json_add_int(o, "deleted", sqlite3_column_int64(row, 0)) &&
             emu_json_add_int(o, "purge", sqlite3_column_int64(row, 1)) &&
             (sqlite3_column_type(row, 2) == SQLITE_NULL ||
              emu_json_add_string(o, "policy",
                                  (const char *)sqlite3_column_text(row, 2)));
    sqlite3_finalize(row);
    emu_store_unlock(s);
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

int emu_backup_wipe(struct emu_store *s)
{
    return emu_store_run(s, "DELETE FROM keys", "") >= 0 &&
           emu_store_run(s, "DELETE FROM definitions", "") >= 0 &&
           emu_store_run(s, "DELETE FROM assignments", "") >= 0;
}

static int store_row(struct emu_store *s, struct json_object *o, size_t table)
{
    const char *values[4];
    size_t i, count = strlen(tables[table].types);

    for (i = 0; i < count; i++) {
        values[i] = emu_json_string(o, tables[table].columns[i]);
        if (values[i] == NULL)
            return 0;
    }
    if (count == 2)
        return emu_store_run(s, tables[table].insert, "tt", values[0],
                             values[1]) == 1;
    return emu_store_run(s, tables[table].insert, "tttt", values[0], values[1],
                         values[2], values[3]) == 1;
}

int emu_backup_store_roles(struct emu_store *s, struct json_object *list)
{
    size_t i, j, count;
    int ok = 1;

    for (i = 0; ok && i < TABLES; i++) {
        struct json_object *rows = emu_json_member(list, tables[i].name);

        ok = json_object_is_type(rows, json_type_array);
        count = ok ? json_object_array_length(rows) : 0;
        for (j = 0; ok && j < count; j++)
            ok = store_row(s, json_object_array_get_idx(rows, j), i);
    }
    return ok;
}

int emu_backup_store_key(struct emu_store *s, struct json_object *key)
{
    const char *name = emu_json_string(key, "name");
    int64_t deleted = 0, purge = 0;
    struct emu_version v;
    int ok;

    emu_version_init(&v);
    ok = name != NULL && emu_json_int(key, "deleted", &deleted) == 1 &&
         emu_json_int(key, "purge", &purge) == 1 &&
         emu_key_blob_store(s, key, &v) &&
         emu_store_run(
             s, "UPDATE keys SET deleted=?2,purge=?3,policy=?4 WHERE name=?1",
             "tiit", name, deleted, purge, emu_json_string(key, "policy")) == 1;
    emu_version_free(&v);
    return ok;
}
