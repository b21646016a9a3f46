/* SPDX-License-Identifier: MIT
 *
 * The directory of principals. A secret leaves it only in the answer to the
 * request that made it, and in the environment file of the administrator.
 */
#include "principals.h"

#include "json.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With the characters that must survive form encoding, so that a client that
 * forgets to encode is found out. */
static int secret_new(char *out, size_t size)
{
    unsigned char raw[30];
    char *text;
    int ok;

    if (RAND_bytes(raw, sizeof(raw)) != 1)
        return 0;
    text = emu_base64url_encode(raw, sizeof(raw));
    ok = text != NULL &&
         snprintf(out, size, "%.4s~%s+%%.=", text, text + 4) < (int)size;
    emu_text_free(text);
    OPENSSL_cleanse(raw, sizeof(raw));
    return ok;
}

int emu_principals_add(struct emu_store *s, const char *name, int with_secret,
                       struct emu_principal *out)
{
    struct emu_principal p;

    memset(&p, 0, sizeof(p));
    if (!emu_guid_new(p.oid) || !emu_guid_new(p.client_id) ||
        (with_secret && !secret_new(p.secret, sizeof(p.secret))) ||
        emu_store_run(s, "INSERT INTO principals VALUES(?1,?2,?3,?4)", "tttt",
                      p.oid, p.client_id, name,
                      with_secret ? p.secret : NULL) != 1)
        return 0;
    *out = p;
    OPENSSL_cleanse(&p, sizeof(p));
    return 1;
}

static void copy_column(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    snprintf(out, size, "%s", text == NULL ? "" : text);
}

static int find(struct emu_store *s, const char *sql, const char *value,
                struct emu_principal *out)
{
    sqlite3_stmt *row;
    int found = -1, step;

    emu_store_lock(s);
    row = emu_store_query(s, sql, "t", value);
    step = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    if (step == SQLITE_ROW) {
        copy_column(row, 0, out->oid, sizeof(out->oid));
        copy_column(row, 1, out->client_id, sizeof(out->client_id));
        copy_column(row, 2, out->secret, sizeof(out->secret));
        found = 1;
    } else if (step == SQLITE_DONE) {
        found = 0;
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}

int emu_principals_by_oid(struct emu_store *s, const char *oid,
                          struct emu_principal *out)
{
    return find(s, "SELECT oid,client_id,secret FROM principals WHERE oid=?1",
                oid, out);
}

int emu_principals_by_client(struct emu_store *s, const char *client_id,
                             struct emu_principal *out)
{
    return find(
        s, "SELECT oid,client_id,secret FROM principals WHERE client_id=?1",
        client_id, out);
}

static struct json_object *describe(sqlite3_stmt *row)
{
    static const char *const names[] = {"oid", "client_id", "name"};
    struct json_object *o = json_object_new_object();
    int i, ok = o != NULL;

    for (i = 0; ok && i < 3; i++)
        ok = emu_json_add_string(o, names[i],
                                 (const char *)sqlite3_column_text(row, i));
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}

struct json_object *emu_principals_list(struct emu_store *s)
{
    struct json_object *list = json_object_new_array();
    sqlite3_stmt *row;
    int step = SQLITE_ERROR;

    emu_store_lock(s);
    row = emu_store_query(
        s, "SELECT oid,client_id,name FROM principals ORDER BY name", "");
    while (row != NULL && list != NULL &&
           (step = sqlite3_step(row)) == SQLITE_ROW) {
        struct json_object *one = describe(row);

        if (one == NULL || json_object_array_add(list, one) != 0) {
            json_object_put(one);
            break;
        }
    }
    sqlite3_finalize(row);
    emu_store_unlock(s);
    if (step == SQLITE_DONE)
        return list;
    json_object_put(list);
    return NULL;
}
