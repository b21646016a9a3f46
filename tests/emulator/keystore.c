/* SPDX-License-Identifier: MIT
 *
 * Key versions in the store. A version is written once; after that only its
 * attributes change, never its material.
 */
#include "keystore.h"

#include "json.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void emu_version_init(struct emu_version *v)
{
    memset(v, 0, sizeof(*v));
    v->enabled = 1;
    v->nbf = v->exp = -1;
}

void emu_version_free(struct emu_version *v)
{
    emu_bytes_free(&v->material);
    free(v->public_jwk);
    free(v->tags);
    free(v->release_policy);
    emu_version_init(v);
}

static void copy_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    snprintf(out, size, "%s", text == NULL ? "" : text);
}

int emu_keystore_read(sqlite3_stmt *row, struct emu_version *v)
{
    emu_version_init(v);
    copy_text(row, 0, v->name, sizeof(v->name));
    copy_text(row, 1, v->version, sizeof(v->version));
    v->kty = (enum emu_kty)sqlite3_column_int(row, 2);
    copy_text(row, 3, v->crv, sizeof(v->crv));
    v->bits = sqlite3_column_int64(row, 4);
    v->ops = (unsigned)sqlite3_column_int(row, 7);
    v->enabled = sqlite3_column_int(row, 8);
    v->exportable = sqlite3_column_int(row, 9);
    v->nbf = sqlite3_column_int64(row, 10);
    v->exp = sqlite3_column_int64(row, 11);
    v->created = sqlite3_column_int64(row, 12);
    v->updated = sqlite3_column_int64(row, 13);
    v->tags = emu_store_text(row, 14);
    v->release_policy = emu_store_text(row, 15);
    v->deleted = sqlite3_column_int64(row, 16);
    v->purge = sqlite3_column_int64(row, 17);
    v->software = sqlite3_column_int64(row, 18);
    v->public_jwk = emu_store_text(row, 6);
    if (v->public_jwk != NULL && emu_store_bytes(row, 5, &v->material))
        return 1;
    emu_version_free(v);
    return 0;
}

int emu_keystore_find(struct emu_store *s, const char *name,
                      const char *version, struct emu_version *v)
{
    static const char latest[] =
        "SELECT " EMU_VERSION_COLUMNS " FROM keys k JOIN versions v"
        " ON v.key=k.id WHERE k.name=?1 ORDER BY v.seq DESC LIMIT 1";
    static const char exact[] =
        "SELECT " EMU_VERSION_COLUMNS " FROM keys k JOIN versions v"
        " ON v.key=k.id WHERE k.name=?1 AND v.version=?2";
    sqlite3_stmt *row;
    int found = -1, step;

    emu_store_lock(s);
    row = version == NULL ? emu_store_query(s, latest, "t", name)
                          : emu_store_query(s, exact, "tt", name, version);
    step = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    if (step == SQLITE_ROW)
        found = emu_keystore_read(row, v) ? 1 : -1;
    else if (step == SQLITE_DONE)
        found = 0;
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return found;
}

int64_t emu_keystore_count(struct emu_store *s, const char *name)
{
    sqlite3_stmt *row;
    int64_t count = -1;

    emu_store_lock(s);
    row = emu_store_query(s,
                          "SELECT count(*) FROM versions v JOIN keys k"
                          " ON v.key=k.id WHERE k.name=?1",
                          "t", name);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        count = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    emu_store_unlock(s);
    return count;
}

static int publish(struct emu_version *v)
{
    struct json_object *o = emu_material_public(v->kty, &v->material);

    v->public_jwk = o == NULL ? NULL : emu_json_text(o);
    json_object_put(o);
    return v->public_jwk != NULL;
}

int emu_keystore_add(struct emu_store *s, struct emu_version *v)
{
    unsigned char raw[16];

    if (v->public_jwk == NULL && !publish(v))
        return 0;
    if (v->version[0] == '\0') {
        if (RAND_bytes(raw, sizeof(raw)) != 1)
            return 0;
        emu_hex_encode(raw, sizeof(raw), v->version);
    }
    return emu_store_run(s, "INSERT OR IGNORE INTO keys(name) VALUES(?1)", "t",
                         v->name) >= 0 &&
           emu_store_run(
               s,
               "INSERT INTO versions(key,version,kty,crv,bits,material,public,"
               "ops,enabled,exportable,nbf,exp,created,updated,tags,"
               "release_policy,software) VALUES((SELECT id FROM keys WHERE "
               "name=?1),"
               "?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
               "ttitibtiiiiiiitti", v->name, v->version, (int64_t)v->kty,
               v->crv, v->bits, &v->material, v->public_jwk, (int64_t)v->ops,
               (int64_t)v->enabled, (int64_t)v->exportable, v->nbf, v->exp,
               v->created, v->updated, v->tags, v->release_policy,
               v->software) == 1;
}

int emu_keystore_update(struct emu_store *s, const struct emu_version *v)
{
    return emu_store_run(
               s,
               "UPDATE versions SET ops=?2,enabled=?3,nbf=?4,exp=?5,updated=?6,"
               "tags=?7,release_policy=?8 WHERE version=?1",
               "tiiiiitt", v->version, (int64_t)v->ops, (int64_t)v->enabled,
               v->nbf, v->exp, v->updated, v->tags, v->release_policy) == 1;
}

void emu_keystore_sweep(struct emu_store *s)
{
    emu_store_run(s, "DELETE FROM keys WHERE deleted<>0 AND purge<=?1", "i",
                  emu_now());
}
