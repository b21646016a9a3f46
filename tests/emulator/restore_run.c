/* SPDX-License-Identifier: MIT
 *
 * The jobs of a restore: everything is read and opened before anything is
 * changed, and changed all or not at all.
 */
#include "backup_content.h"
#include "jobs.h"
#include "json.h"
#include "key_blob.h"

#include <stdio.h>
#include <string.h>

#define KEYS_MAX 5000

static int broken(struct emu_storage_failure *failure, const char *what)
{
    snprintf(failure->code, sizeof(failure->code), "BadRequest");
    snprintf(failure->message, sizeof(failure->message),
             "The backup cannot be restored here: %s is damaged or was made "
             "under another security domain",
             what);
    return 0;
}

/* What a blob holds, or NULL with the failure written. */
static struct json_object *get(struct emu_job *job,
                               const struct emu_storage *storage,
                               const char *name,
                               struct emu_storage_failure *failure)
{
    struct emu_bytes text = {NULL, 0};
    struct json_object *o = NULL;
    char path[320];

    snprintf(path, sizeof(path), "%s/%s", job->folder, name);
    if (emu_storage_get(storage, path, &text, failure)) {
        o = emu_key_blob_open(job->hsm->store, (const char *)text.data);
        if (o == NULL)
            broken(failure, name);
    }
    emu_bytes_free(&text);
    return o;
}

static struct json_object *get_key(struct emu_job *job,
                                   const struct emu_storage *storage,
                                   const char *name,
                                   struct emu_storage_failure *failure)
{
    struct json_object *o;
    char blob[160];

    snprintf(blob, sizeof(blob), EMU_BACKUP_KEY, name);
    o = get(job, storage, blob, failure);
    if (o != NULL && (emu_json_string(o, "name") == NULL ||
                      strcmp(emu_json_string(o, "name"), name) != 0)) {
        json_object_put(o);
        o = NULL;
        broken(failure, blob);
    }
    return o;
}

/* The list with "found": all keys in it; NULL with the failure written. */
static struct json_object *read_all(struct emu_job *job,
                                    const struct emu_storage *storage,
                                    struct emu_storage_failure *failure)
{
    struct json_object *list = get(job, storage, EMU_BACKUP_LIST, failure);
    struct json_object *names = emu_json_member(list, "keys"), *key;
    struct json_object *found = json_object_new_array();
    size_t i, count = 0;
    int ok = list != NULL;

    if (ok && (!json_object_is_type(names, json_type_array) ||
               json_object_array_length(names) > KEYS_MAX))
        ok = broken(failure, EMU_BACKUP_LIST);
    if (ok)
        count = json_object_array_length(names);
    for (i = 0; ok && i < count; i++) {
        key =
            get_key(job, storage,
                    json_object_get_string(json_object_array_get_idx(names, i)),
                    failure);
        ok = key != NULL && json_object_array_add(found, key) == 0;
    }
    ok = emu_json_add(list, "found", found) && ok;
    if (ok)
        return list;
    json_object_put(list);
    return NULL;
}

int emu_restore_run(struct emu_job *job, const struct emu_storage *storage,
                    struct emu_storage_failure *failure)
{
    struct json_object *list = read_all(job, storage, failure);
    struct json_object *found = emu_json_member(list, "found");
    struct emu_store *s = job->hsm->store;
    size_t i, count;
    int ok;

    if (list == NULL)
        return 0;
    ok = emu_store_begin(s);
    if (ok) {
        ok = emu_backup_wipe(s) && emu_backup_store_roles(s, list);
        count = json_object_array_length(found);
        for (i = 0; ok && i < count; i++)
            ok = emu_backup_store_key(s, json_object_array_get_idx(found, i));
        ok = emu_store_end(s, ok);
    }
    json_object_put(list);
    return ok;
}

int emu_restore_check(struct emu_job *job, const struct emu_storage *storage,
                      struct emu_storage_failure *failure)
{
    struct json_object *list = read_all(job, storage, failure);
    int ok = list != NULL;

    json_object_put(list);
    return ok;
}

int emu_restore_key(struct emu_job *job, const struct emu_storage *storage,
                    struct emu_storage_failure *failure)
{
    struct json_object *key = get_key(job, storage, job->key, failure);
    struct emu_store *s = job->hsm->store;
    struct emu_version v;
    int ok = 0, found = 0;

    if (key == NULL)
        return 0;
    emu_version_init(&v);
    if (emu_store_begin(s)) {
        emu_keystore_sweep(s);
        found = emu_keystore_find(s, job->key, NULL, &v);
        ok = found == 0 && emu_backup_store_key(s, key);
        ok = emu_store_end(s, ok);
    }
    if (found == 1) {
        snprintf(failure->code, sizeof(failure->code), "Conflict");
        snprintf(failure->message, sizeof(failure->message),
                 "The name %s is in use", job->key);
    }
    emu_version_free(&v);
    json_object_put(key);
    return ok;
}
