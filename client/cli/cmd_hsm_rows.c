/* SPDX-License-Identifier: MIT
 *
 * mhsm hsm region list, add, remove; mhsm hsm private-endpoint list, approve,
 * reject, delete.
 */
#include "cli/hsm.h"
#include "cli/out.h"

#define MINUTES (60 * INT64_C(1000))

static const struct cli_column region_columns[] = {
    {"Region", 0}, {"State", 0}, {"Primary", 0}};

static const struct cli_column endpoint_columns[] = {
    {"Name", 0},
    {"State", 0},
    {"Description", CLI_COLUMN_SHRINK},
    {"Private endpoint", CLI_COLUMN_SHRINK}};

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static mhsm_status print(struct cli *cli, const mhsm_hsm_rows *rows,
                         int regions, mhsm_error **err)
{
    struct cli_list *out = NULL;
    const mhsm_hsm_row *row;
    size_t i;
    mhsm_status st =
        cli_list_new(cli->output, regions ? region_columns : endpoint_columns,
                     regions ? 3 : 4, &out, err);

    for (i = 0; st == MHSM_OK && (row = mhsm_hsm_rows_at(rows, i)) != NULL;
         i++) {
        const char *cells[4] = {row->name, or_null(row->state)};

        cells[2] =
            regions ? (row->primary ? "yes" : "no") : or_null(row->description);
        cells[3] = or_null(row->endpoint);
        st = cli_list_add(out, cells, row->json, err);
    }
    if (st == MHSM_OK)
        cli_list_end(out);
    cli_list_free(out);
    return st;
}

static mhsm_status list(struct cli *cli, int regions, mhsm_error **err)
{
    mhsm_hsm_rows *rows = NULL;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK)
        return st;
    st = regions ? mhsm_hsm_get_regions(cli->client, &place, &rows, err)
                 : mhsm_hsm_get_endpoints(cli->client, &place, &rows, err);
    if (st == MHSM_OK)
        st = print(cli, rows, regions, err);
    mhsm_hsm_rows_free(rows);
    return st;
}

mhsm_status cli_hsm_region_list(struct cli *cli, mhsm_error **err)
{
    return list(cli, 1, err);
}

mhsm_status cli_hsm_endpoint_list(struct cli *cli, mhsm_error **err)
{
    return list(cli, 0, err);
}

mhsm_status cli_hsm_region_add(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"extending the HSM", 30 * MINUTES,
                                             0};
    mhsm_operation *operation = NULL;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK)
        return st;
    st = mhsm_hsm_add_region(cli->client, &place, cli->values[CLI_REGION],
                             &operation, err);
    if (st == MHSM_OK)
        st = cli_hsm_await(cli, &work, &place, operation, err);
    mhsm_operation_free(operation);
    return st;
}

mhsm_status cli_hsm_region_remove(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"removing the region", 0, 0};
    const char *region = cli->values[CLI_REGION];
    mhsm_operation *operation = NULL;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = cli_confirm(cli, "Take the HSM away from region", region, err)) !=
            MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK)
        return st;
    st = mhsm_hsm_remove_region(cli->client, &place, region, &operation, err);
    if (st == MHSM_OK)
        st = cli_hsm_await(cli, &work, &place, operation, err);
    mhsm_operation_free(operation);
    return st;
}

static mhsm_status decide(struct cli *cli, int approve, mhsm_error **err)
{
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK)
        return st;
    return mhsm_hsm_decide_endpoint(cli->client, &place,
                                    cli->values[CLI_CONNECTION], approve,
                                    cli->values[CLI_DESCRIPTION], err);
}

mhsm_status cli_hsm_endpoint_approve(struct cli *cli, mhsm_error **err)
{
    return decide(cli, 1, err);
}

mhsm_status cli_hsm_endpoint_reject(struct cli *cli, mhsm_error **err)
{
    return decide(cli, 0, err);
}

mhsm_status cli_hsm_endpoint_delete(struct cli *cli, mhsm_error **err)
{
    static const struct cli_hsm_work work = {"deleting the connection", 0, 1};
    const char *connection = cli->values[CLI_CONNECTION];
    mhsm_operation *operation = NULL;
    mhsm_hsm_place place;
    mhsm_status st;

    if ((st = cli_hsm_place(cli, &place, err)) != MHSM_OK ||
        (st = cli_confirm(cli, "Delete the private endpoint connection",
                          connection, err)) != MHSM_OK ||
        (st = cli_connect(cli, err)) != MHSM_OK)
        return st;
    st = mhsm_hsm_delete_endpoint(cli->client, &place, connection, &operation,
                                  err);
    if (st == MHSM_OK)
        st = cli_hsm_await(cli, &work, &place, operation, err);
    mhsm_operation_free(operation);
    return st;
}
