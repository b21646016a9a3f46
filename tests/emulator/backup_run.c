/* SPDX-License-Identifier: MIT
 *
 * The jobs of a backup: writes what there is into a new folder of the
 * container, the list at last, so that a folder without one is no backup.
 */
#include "backup_content.h"
#include "jobs.h"
#include "json.h"
#include "key_blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void name_folder(struct emu_job *job)
{
    struct timespec now;
    struct tm tm;
    char digits[32];
    time_t seconds;

    clock_gettime(CLOCK_REALTIME, &now);
    seconds = (time_t)emu_now();
    gmtime_r(&seconds, &tm);
    strftime(digits, sizeof(digits), "%Y%m%d%H%M%S", &tm);
    snprintf(job->folder, sizeof(job->folder), "mhsm-%s-%s%02d", job->hsm_name,
             digits, (int)(now.tv_nsec / 10000000));
}

/* Takes o. */
static int put(struct emu_job *job, const struct emu_storage *storage,
               const char *name, struct json_object *o,
               struct emu_storage_failure *failure)
{
    char path[320], *sealed = emu_key_blob_seal(job->hsm->store, o);
    int ok = 0;

    snprintf(path, sizeof(path), "%s/%s", job->folder, name);
    if (sealed != NULL)
        ok = emu_storage_put(storage, path, sealed, failure);
    free(sealed);
    return ok;
}

static int put_keys(struct emu_job *job, const struct emu_storage *storage,
                    struct json_object *names,
                    struct emu_storage_failure *failure)
{
    struct emu_store *s = job->hsm->store;
    size_t i, count = json_object_array_length(names);
    char blob[160];
    int ok = 1;

    for (i = 0; ok && i < count; i++) {
        const char *name =
            json_object_get_string(json_object_array_get_idx(names, i));

        snprintf(blob, sizeof(blob), EMU_BACKUP_KEY, name);
        ok = put(job, storage, blob, emu_backup_key(s, name), failure);
    }
    return ok;
}

int emu_backup_run(struct emu_job *job, const struct emu_storage *storage,
                   struct emu_storage_failure *failure)
{
    struct emu_store *s = job->hsm->store;
    struct json_object *list = emu_backup_list(s, job->hsm_name);
    char now[32];

    name_folder(job);
    if (list == NULL)
        return 0;
    if (!put_keys(job, storage, emu_json_member(list, "keys"), failure)) {
        json_object_put(list);
        return 0;
    }
    snprintf(now, sizeof(now), "%lld", (long long)emu_now());
    return put(job, storage, EMU_BACKUP_LIST, list, failure) &&
           emu_store_set(s, "backup_last", now, strlen(now));
}

/* That a backup could be written: with a blob that goes again. */
int emu_backup_check(struct emu_job *job, const struct emu_storage *storage,
                     struct emu_storage_failure *failure)
{
    char path[160];

    snprintf(path, sizeof(path), "mhsm-%s-precheck", job->hsm_name);
    return emu_storage_put(storage, path, "precheck", failure) &&
           emu_storage_delete(storage, path, failure);
}
