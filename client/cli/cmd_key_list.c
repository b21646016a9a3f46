/* SPDX-License-Identifier: MIT
 *
 * mhsm key list, list-versions, list-deleted.  Items are printed as the pages
 * arrive; none is kept.
 */
#include "cli/cli.h"
#include "cli/out.h"

/* Cells come in one order; each listing names the columns that it has. */
enum cell {
    CELL_NAME,
    CELL_VERSION,
    CELL_ENABLED,
    CELL_CREATED,
    CELL_UPDATED,
    CELL_NOT_BEFORE,
    CELL_EXPIRES,
    CELL_DELETED,
    CELL_PURGE,
    CELL_ID,
    CELL_COUNT
};

struct listing {
    mhsm_key_listing kind;
    enum cli_target target;
    size_t count;
    struct cli_column columns[7];
    enum cell cells[7];
};

static const struct listing keys = {MHSM_LIST_KEYS,
                                    CLI_TARGET_HSM,
                                    7,
                                    {{"Name", CLI_COLUMN_SHRINK},
                                     {"Enabled", 0},
                                     {"Created", CLI_COLUMN_SHRINK},
                                     {"Updated", CLI_COLUMN_SHRINK},
                                     {"Not before", CLI_COLUMN_NO_TABLE},
                                     {"Expires", CLI_COLUMN_SHRINK},
                                     {"kid", CLI_COLUMN_NO_TABLE}},
                                    {CELL_NAME, CELL_ENABLED, CELL_CREATED,
                                     CELL_UPDATED, CELL_NOT_BEFORE,
                                     CELL_EXPIRES, CELL_ID}};

static const struct listing versions = {
    MHSM_LIST_VERSIONS,
    CLI_TARGET_NAME,
    7,
    {{"Version", 0},
     {"Enabled", 0},
     {"Created", CLI_COLUMN_SHRINK},
     {"Updated", CLI_COLUMN_SHRINK},
     {"Not before", CLI_COLUMN_NO_TABLE},
     {"Expires", CLI_COLUMN_SHRINK},
     {"kid", CLI_COLUMN_NO_TABLE}},
    {CELL_VERSION, CELL_ENABLED, CELL_CREATED, CELL_UPDATED, CELL_NOT_BEFORE,
     CELL_EXPIRES, CELL_ID}};

static const struct listing deleted = {
    MHSM_LIST_DELETED,
    CLI_TARGET_HSM,
    6,
    {{"Name", CLI_COLUMN_SHRINK},
     {"Deleted", CLI_COLUMN_SHRINK},
     {"Purged at", CLI_COLUMN_SHRINK},
     {"Enabled", 0},
     {"Created", CLI_COLUMN_SHRINK},
     {"kid", CLI_COLUMN_NO_TABLE}},
    {CELL_NAME, CELL_DELETED, CELL_PURGE, CELL_ENABLED, CELL_CREATED, CELL_ID}};

static mhsm_status add(struct cli_list *out, const struct listing *listing,
                       const mhsm_key_item *item, mhsm_error **err)
{
    char times[6][CLI_TIME_SIZE];
    const char *all[CELL_COUNT], *cells[7];
    size_t i;

    all[CELL_NAME] = item->name;
    all[CELL_VERSION] = item->version;
    all[CELL_ENABLED] = item->enabled ? "yes" : "no";
    all[CELL_CREATED] = cli_time_text(item->created, times[0]);
    all[CELL_UPDATED] = cli_time_text(item->updated, times[1]);
    all[CELL_NOT_BEFORE] = cli_time_text(item->not_before, times[2]);
    all[CELL_EXPIRES] = cli_time_text(item->expires, times[3]);
    all[CELL_DELETED] = cli_time_text(item->deleted, times[4]);
    all[CELL_PURGE] = cli_time_text(item->purge, times[5]);
    all[CELL_ID] = item->id;
    for (i = 0; i < listing->count; i++)
        cells[i] = all[listing->cells[i]];
    return cli_list_add(out, cells, item->json, err);
}

static mhsm_status run(struct cli *cli, const struct listing *listing,
                       mhsm_error **err)
{
    const mhsm_key_item *item = NULL;
    struct cli_list *out = NULL;
    mhsm_key_list *list = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, listing->target, &uri, err)) != MHSM_OK ||
        (st = mhsm_key_list_new(cli->client, uri, listing->kind, &list, err)) !=
            MHSM_OK ||
        (st = cli_list_new(cli->output, listing->columns, listing->count, &out,
                           err)) != MHSM_OK)
        goto out;
    while ((st = mhsm_key_list_next(list, &item, err)) == MHSM_OK &&
           item != NULL) {
        st = add(out, listing, item, err);
        if (st != MHSM_OK)
            goto out;
    }
    if (st == MHSM_OK)
        cli_list_end(out);

out:
    cli_list_free(out);
    mhsm_key_list_free(list);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_key_list(struct cli *cli, mhsm_error **err)
{
    return run(cli, &keys, err);
}

mhsm_status cli_key_list_versions(struct cli *cli, mhsm_error **err)
{
    return run(cli, &versions, err);
}

mhsm_status cli_key_list_deleted(struct cli *cli, mhsm_error **err)
{
    return run(cli, &deleted, err);
}
