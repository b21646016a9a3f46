/* SPDX-License-Identifier: MIT
 *
 * mhsm backup start, status, wait, list.
 */
#include <stdio.h>

#include "base/json.h"
#include "cli/job.h"
#include "cli/out.h"
#include "cli/storage.h"

static mhsm_status start(const struct cli_job *job, mhsm_job **started,
                         mhsm_error **err)
{
    const struct cli_storage *storage = job->context;

    return job->cli->values[CLI_PRECHECK] != NULL
               ? mhsm_backup_check(job->cli->client, job->uri,
                                   &storage->storage, started, err)
               : mhsm_backup_start(job->cli->client, job->uri,
                                   &storage->storage, started, err);
}

mhsm_status cli_backup_start(struct cli *cli, mhsm_error **err)
{
    struct cli_storage storage;
    mhsm_uri *uri = NULL;
    struct cli_job job = {.cli = cli,
                          .doing = cli->values[CLI_PRECHECK] != NULL
                                       ? "checking the backup"
                                       : "backing up the HSM",
                          .kind = MHSM_JOB_BACKUP,
                          .start = start,
                          .context = &storage};
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK)
        return st;
    job.uri = uri;
    st = cli_storage_open(cli, 1, &storage, err);
    if (st == MHSM_OK)
        st = cli_job_run(&job, err);
    cli_storage_close(&storage);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_backup_status(struct cli *cli, mhsm_error **err)
{
    return cli_job_show(cli, MHSM_JOB_BACKUP, err);
}

mhsm_status cli_backup_wait(struct cli *cli, mhsm_error **err)
{
    return cli_job_await(cli, MHSM_JOB_BACKUP, err);
}

/* --- Listing ------------------------------------------------------------ */

static const struct cli_column columns[] = {
    {"Folder", 0}, {"Modified", 0}, {"Octets", 0}, {"Blobs", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static mhsm_status add(struct cli_list *out, const mhsm_backup *backup,
                       mhsm_error **err)
{
    struct json_object *object = json_object_new_object();
    char time[CLI_TIME_SIZE], size[24], blobs[24];
    const char *cells[COLUMNS] = {
        backup->folder, cli_time_text(backup->modified, time), size, blobs};
    mhsm_status st;

    (void)snprintf(size, sizeof(size), "%llu",
                   (unsigned long long)backup->size);
    (void)snprintf(blobs, sizeof(blobs), "%zu", backup->blobs);
    if (object != NULL && mhsmi_json_add_string(object, "folder", cells[0]) &&
        (cells[1] == NULL ||
         mhsmi_json_add_string(object, "modified", cells[1])) &&
        mhsmi_json_add(object, "size",
                       json_object_new_int64((int64_t)backup->size)) &&
        mhsmi_json_add(object, "blobs",
                       json_object_new_int64((int64_t)backup->blobs)))
        st = cli_list_add(out, cells,
                          json_object_to_json_string_ext(
                              object, JSON_C_TO_STRING_PLAIN |
                                          JSON_C_TO_STRING_NOSLASHESCAPE),
                          err);
    else
        st = mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}

mhsm_status cli_backup_list(struct cli *cli, mhsm_error **err)
{
    mhsm_backup_list *list = NULL;
    struct cli_storage storage;
    struct cli_list *out = NULL;
    const mhsm_backup *one;
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t i;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK)
        return st;
    if ((st = cli_storage_open(cli, 0, &storage, err)) != MHSM_OK ||
        (st = mhsm_backup_list_get(cli->client, uri, &storage.storage, &list,
                                   err)) != MHSM_OK ||
        (st = cli_list_new(cli->output, columns, COLUMNS, &out, err)) !=
            MHSM_OK)
        goto out;
    for (i = 0; st == MHSM_OK && (one = mhsm_backup_list_at(list, i)) != NULL;
         i++)
        st = add(out, one, err);
    if (st == MHSM_OK)
        cli_list_end(out);

out:
    cli_list_free(out);
    mhsm_backup_list_free(list);
    cli_storage_close(&storage);
    mhsm_uri_free(uri);
    return st;
}
