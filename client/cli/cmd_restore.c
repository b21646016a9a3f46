/* SPDX-License-Identifier: MIT
 *
 * mhsm restore start, status, wait, key.  A full restore destroys what is
 * there: it says so, with what can be learned of it, and asks.
 */
#include <stdio.h>

#include "cli/job.h"
#include "cli/storage.h"
#include "cli/text.h"

enum { COUNT_MAX = 1000 };

static mhsm_status start(const struct cli_job *job, mhsm_job **started,
                         mhsm_error **err)
{
    const struct cli_storage *storage = job->context;
    const char *folder = job->cli->values[CLI_FOLDER];

    if (mhsm_uri_name(job->uri) != NULL)
        return mhsm_restore_key(job->cli->client, job->uri, &storage->storage,
                                folder, started, err);
    return job->cli->values[CLI_PRECHECK] != NULL
               ? mhsm_restore_check(job->cli->client, job->uri,
                                    &storage->storage, folder, started, err)
               : mhsm_restore_start(job->cli->client, job->uri,
                                    &storage->storage, folder, started, err);
}

/* How many keys there are; -1 when this principal cannot see them. */
static int count_keys(const struct cli *cli, const mhsm_uri *uri)
{
    const mhsm_key_item *item = NULL;
    mhsm_key_list *list = NULL;
    int count = 0;

    if (mhsm_key_list_new(cli->client, uri, MHSM_LIST_KEYS, &list, NULL) !=
        MHSM_OK)
        return -1;
    while (count < COUNT_MAX) {
        if (mhsm_key_list_next(list, &item, NULL) != MHSM_OK)
            count = -1;
        if (count < 0 || item == NULL)
            break;
        count++;
    }
    mhsm_key_list_free(list);
    return count;
}

static mhsm_status confirm(const struct cli *cli, const mhsm_uri *uri,
                           mhsm_error **err)
{
    char keys[64] = "all its keys";
    mhsm_status st;
    int count;

    if (cli->values[CLI_PRECHECK] != NULL)
        return MHSM_OK;
    st = mhsm_backup_folder_check(cli->values[CLI_FOLDER], err);
    if (st != MHSM_OK)
        return st;
    count = count_keys(cli, uri);
    if (count == 0)
        (void)snprintf(keys, sizeof(keys), "the keys that it has (none now)");
    else if (count > 0)
        (void)snprintf(keys, sizeof(keys), "the %d key%s%s that it has now",
                       count, count == 1 ? "" : "s",
                       count == COUNT_MAX ? " and more" : "");
    fputs("mhsm: this destroys, in ", stderr);
    cli_text_print(stderr, mhsm_uri_endpoint(uri));
    fprintf(stderr,
            ", %s with all their versions, and all role\n"
            "mhsm: assignments and custom roles; what the backup has of them "
            "takes their place.\n"
            "mhsm: Until it is done, the HSM serves nobody.\n",
            keys);
    return cli_confirm(cli, "Restore", cli->values[CLI_FOLDER], err);
}

static mhsm_status run(struct cli *cli, const mhsm_uri *uri, mhsm_error **err)
{
    struct cli_storage storage;
    struct cli_job job = {
        .cli = cli,
        .uri = uri,
        .doing = cli->values[CLI_PRECHECK] != NULL ? "checking the restore"
                 : mhsm_uri_name(uri) != NULL      ? "restoring the key"
                                                   : "restoring the HSM",
        .kind = MHSM_JOB_RESTORE,
        .start = start,
        .context = &storage};
    mhsm_status st = cli_storage_open(cli, 1, &storage, err);

    if (st == MHSM_OK && mhsm_uri_name(uri) == NULL)
        st = confirm(cli, uri, err);
    if (st == MHSM_OK)
        st = cli_job_run(&job, err);
    cli_storage_close(&storage);
    return st;
}

mhsm_status cli_restore_start(struct cli *cli, mhsm_error **err)
{
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK)
        return st;
    st = run(cli, uri, err);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_restore_key(struct cli *cli, mhsm_error **err)
{
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = mhsm_uri_new(cli->client, NULL, cli->operand, NULL, &uri, err)) !=
            MHSM_OK)
        return st;
    st = run(cli, uri, err);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_restore_status(struct cli *cli, mhsm_error **err)
{
    return cli_job_show(cli, MHSM_JOB_RESTORE, err);
}

mhsm_status cli_restore_wait(struct cli *cli, mhsm_error **err)
{
    return cli_job_await(cli, MHSM_JOB_RESTORE, err);
}
