/* SPDX-License-Identifier: MIT
 *
 * The principals behind the identities that HSMs have.
 */
#include "identities.h"

#include "json.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#define ID_MAX 512

int emu_identity_valid(const char *id)
{
    static const char *const parts[] = {
        "/subscriptions/", "/resourcegroups/",
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"};
    size_t i, len;

    if (id == NULL || strlen(id) > ID_MAX)
        return 0;
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strncasecmp(id, parts[i], strlen(parts[i])) != 0)
            return 0;
        id += strlen(parts[i]);
        len = strcspn(id, "/");
        if (len == 0)
            return 0;
        id += len;
    }
    return *id == '\0';
}

/* 1 found, 0 unknown, -1 failed. */
static int find(struct emu_store *s, const char *id, struct emu_principal *out)
{
    sqlite3_stmt *row =
        emu_store_query(s, "SELECT oid FROM identities WHERE id=?1", "t", id);
    char *oid = NULL;
    int found = row == NULL ? -1 : 0;

    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        oid = emu_store_text(row, 0);
    sqlite3_finalize(row);
    if (oid != NULL)
        found = emu_principals_by_oid(s, oid, out);
    emu_text_free(oid);
    return found;
}

int emu_identity_of(const struct emu_cloud *cloud, const char *id,
                    struct emu_principal *out)
{
    struct emu_store *s = cloud->store;
    int found;

    if (!emu_store_begin(s))
        return 0;
    found = find(s, id, out);
    if (found == 0)
        found = emu_principals_add(s, strrchr(id, '/') + 1, 0, out) &&
                emu_store_run(s, "INSERT INTO identities VALUES(?1,?2)", "tt",
                              id, out->oid) == 1;
    return emu_store_end(s, found == 1);
}

static struct json_object *numbers(const struct emu_cloud *cloud,
                                   const char *id)
{
    struct json_object *o = NULL;
    struct emu_principal p;

    if (!emu_identity_of(cloud, id, &p))
        return NULL;
    o = json_object_new_object();
    if (!emu_json_add_string(o, "principalId", p.oid) ||
        !emu_json_add_string(o, "clientId", p.client_id)) {
        json_object_put(o);
        o = NULL;
    }
    OPENSSL_cleanse(&p, sizeof(p));
    return o;
}

struct json_object *emu_identities_json(const struct emu_cloud *cloud,
                                        struct json_object *identity)
{
    struct json_object *kept =
        emu_json_member(identity, "userAssignedIdentities");
    struct json_object *o = json_object_new_object();
    struct json_object *all = json_object_new_object();
    int ok = emu_json_add_string(o, "type", emu_json_string(identity, "type"));

    if (kept == NULL) {
        json_object_put(all);
    } else {
        json_object_object_foreach(kept, id, value)
        {
            (void)value;
            ok = ok && emu_json_add(all, id, numbers(cloud, id));
        }
        ok = emu_json_add(o, "userAssignedIdentities", all) && ok;
    }
    if (ok)
        return o;
    json_object_put(o);
    return NULL;
}
