/* SPDX-License-Identifier: MIT
 *
 * Starting jobs.  The bodies hold SAS tokens, so they are written straight into
 * wiping buffers.
 */
#include <string.h>

#include "backup/job.h"
#include "backup/storage.h"

enum { body_max = 16 * 1024, what_max = 512, path_max = 256, folder_max = 128 };

#define ACTION "Microsoft.KeyVault/managedHsm/"

struct start {
    mhsm_job_kind kind;
    const char *method, *path, *doing, *action;
    const char *folder_member; /* NULL: a backup */
};

/* The members of the storage, without braces. */
static int put_storage(struct mhsmi_buf *out,
                       const struct mhsmi_storage *storage)
{
    return mhsmi_buf_puts(out, "\"storageResourceUri\":") &&
           mhsmi_json_quote(out, storage->container) &&
           (storage->sas != NULL
                ? mhsmi_buf_puts(out, ",\"token\":") &&
                      mhsmi_json_quote(out, storage->sas)
                : mhsmi_buf_puts(out, ",\"useManagedIdentity\":true"));
}

static int put_body(struct mhsmi_buf *out, const struct start *start,
                    const struct mhsmi_storage *storage, const char *folder)
{
    if (start->folder_member == NULL)
        return mhsmi_buf_puts(out, "{") && put_storage(out, storage) &&
               mhsmi_buf_puts(out, "}");
    return mhsmi_buf_puts(out, "{\"sasTokenParameters\":{") &&
           put_storage(out, storage) &&
           mhsmi_buf_join(out, "},\"", start->folder_member, "\":", NULL) &&
           mhsmi_json_quote(out, folder) && mhsmi_buf_puts(out, "}");
}

mhsm_status mhsm_backup_folder_check(const char *folder, mhsm_error **err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t size = folder != NULL ? strspn(folder, letters) : 0;

    if (size != 0 && size <= folder_max && folder[size] == '\0')
        return MHSM_OK;
    (void)mhsmi_error(err, MHSM_ERR_ARGUMENT, "%.140s is no folder of a backup",
                      folder != NULL ? folder : "nothing");
    mhsmi_error_set_hint(err, "it is one name, such as "
                              "mhsm-contoso-2026013112000000: what the list of "
                              "backups shows");
    return MHSM_ERR_ARGUMENT;
}

/* What a failure leaves open, and what nobody would guess from its text. */
static void explain(const struct start *start, mhsm_status st, mhsm_error **err)
{
    if (st == MHSM_ERR_TIMEOUT || st == MHSM_ERR_TRANSPORT ||
        st == MHSM_ERR_PROTOCOL)
        mhsmi_error_set_hint(err, "it may have been started all the same: "
                                  "while it runs, starting another one is "
                                  "refused");
    else if (st == MHSM_ERR_REJECTED && start->kind == MHSM_JOB_RESTORE &&
             strcmp(start->path, "/restore") == 0)
        mhsmi_error_set_hint(err, "an HSM is restored only when it was backed "
                                  "up itself within the last 30 minutes, even "
                                  "when it is empty: back it up first");
}

static mhsm_status run(mhsm_client *client, const mhsm_uri *uri,
                       const struct start *start, const char *what,
                       const struct mhsmi_storage *storage, const char *folder,
                       mhsm_job **job, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    struct mhsmi_buf body;
    mhsm_status st;

    mhsmi_buf_init(&body, body_max);
    if (put_body(&body, start, storage, folder)) {
        call.method = start->method;
        call.path = start->path;
        call.text = &body;
        call.retry = MHSMI_RETRY_ONCE;
        call.what = what;
        call.action = start->action;
        st = mhsmi_job_call(client, uri, start->kind, &call, job, err);
        explain(start, st, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&body);
    return st;
}

static mhsm_status start_job(mhsm_client *client, const mhsm_uri *uri,
                             const struct start *start,
                             const mhsm_storage *storage, const char *folder,
                             mhsm_job **job, mhsm_error **err)
{
    struct mhsmi_storage checked;
    struct mhsmi_buf what;
    mhsm_status st;

    if (uri == NULL || job == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "a job needs an HSM");
    if (start->folder_member != NULL &&
        (st = mhsm_backup_folder_check(folder, err)) != MHSM_OK)
        return st;
    st = mhsmi_storage_open(client, storage, &checked, err);
    if (st != MHSM_OK)
        return st;
    mhsmi_buf_init(&what, what_max);
    if (mhsmi_buf_printf(&what, "%s %.240s", start->doing,
                         mhsm_uri_endpoint(uri)))
        st = run(client, uri, start, mhsmi_buf_text(&what), &checked, folder,
                 job, err);
    else
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&what);
    mhsmi_storage_close(&checked);
    return st;
}

mhsm_status mhsm_backup_start(mhsm_client *client, const mhsm_uri *uri,
                              const mhsm_storage *storage, mhsm_job **job,
                              mhsm_error **err)
{
    static const struct start start = {MHSM_JOB_BACKUP,
                                       "POST",
                                       "/backup",
                                       "back up",
                                       ACTION "backup/start/action",
                                       NULL};

    return start_job(client, uri, &start, storage, NULL, job, err);
}

mhsm_status mhsm_backup_check(mhsm_client *client, const mhsm_uri *uri,
                              const mhsm_storage *storage, mhsm_job **job,
                              mhsm_error **err)
{
    static const struct start start = {MHSM_JOB_BACKUP,
                                       "POST",
                                       "/prebackup",
                                       "check a backup of",
                                       ACTION "backup/start/action",
                                       NULL};

    return start_job(client, uri, &start, storage, NULL, job, err);
}

mhsm_status mhsm_restore_start(mhsm_client *client, const mhsm_uri *uri,
                               const mhsm_storage *storage, const char *folder,
                               mhsm_job **job, mhsm_error **err)
{
    static const struct start start = {MHSM_JOB_RESTORE,
                                       "PUT",
                                       "/restore",
                                       "restore",
                                       ACTION "restore/start/action",
                                       "folderToRestore"};

    return start_job(client, uri, &start, storage, folder, job, err);
}

mhsm_status mhsm_restore_check(mhsm_client *client, const mhsm_uri *uri,
                               const mhsm_storage *storage, const char *folder,
                               mhsm_job **job, mhsm_error **err)
{
    static const struct start start = {MHSM_JOB_RESTORE,
                                       "PUT",
                                       "/prerestore",
                                       "check a restore of",
                                       ACTION "restore/start/action",
                                       "folderToRestore"};

    return start_job(client, uri, &start, storage, folder, job, err);
}

mhsm_status mhsm_restore_key(mhsm_client *client, const mhsm_uri *uri,
                             const mhsm_storage *storage, const char *folder,
                             mhsm_job **job, mhsm_error **err)
{
    const char *name = uri != NULL ? mhsm_uri_name(uri) : NULL;
    struct start start = {MHSM_JOB_RESTORE,
                          "PUT",
                          NULL,
                          "restore a key of",
                          ACTION "restore/start/action",
                          "folder"};
    struct mhsmi_buf path;
    mhsm_status st;

    if (name == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a restore of one key needs its name");
    mhsmi_buf_init(&path, path_max);
    if (mhsmi_buf_printf(&path, "/keys/%s/restore", name)) {
        start.path = mhsmi_buf_text(&path);
        st = start_job(client, uri, &start, storage, folder, job, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&path);
    return st;
}
