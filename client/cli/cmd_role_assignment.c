/* SPDX-License-Identifier: MIT
 *
 * mhsm role assignment list, show, create, delete.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "cli/out.h"
#include "cli/role.h"

/* A list is of one scope, so that a table need not say it. */
static const struct cli_column columns[] = {{"GUID", 0},
                                            {"Principal", CLI_COLUMN_SHRINK},
                                            {"Role", CLI_COLUMN_SHRINK},
                                            {"Scope", CLI_COLUMN_NO_TABLE}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* People get the names of built-in roles. */
static void fill(const struct cli *cli, const mhsm_role_assignment *assignment,
                 const char **cells)
{
    const char *role = mhsm_role_assignment_role(assignment);
    const char *name =
        cli->output == CLI_TABLE ? mhsm_role_builtin_name(role) : NULL;

    cells[0] = mhsm_role_assignment_id(assignment);
    cells[1] = mhsm_role_assignment_principal(assignment);
    cells[2] = name != NULL ? name : role;
    cells[3] = mhsm_role_assignment_scope(assignment);
}

static int is_wanted(const struct cli *cli,
                     const mhsm_role_assignment *assignment)
{
    const char *principal = cli->values[CLI_ASSIGNEE];

    return principal == NULL ||
           OPENSSL_strcasecmp(principal,
                              mhsm_role_assignment_principal(assignment)) == 0;
}

mhsm_status cli_role_assignment_list(struct cli *cli, mhsm_error **err)
{
    mhsm_role_assignment *one = NULL;
    mhsm_role_list *list = NULL;
    struct cli_list *out = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_role_assignments(cli->client, uri, cli_scope(cli), &list,
                                    err)) != MHSM_OK ||
        (st = cli_list_new(cli->output, columns, COLUMNS, &out, err)) !=
            MHSM_OK)
        goto out;
    while ((st = mhsm_role_list_assignment(list, &one, err)) == MHSM_OK &&
           one != NULL) {
        const char *cells[COLUMNS];

        fill(cli, one, cells);
        if (is_wanted(cli, one))
            st = cli_list_add(out, cells, mhsm_role_assignment_json(one), err);
        mhsm_role_assignment_free(one);
        one = NULL;
        if (st != MHSM_OK)
            goto out;
    }
    if (st == MHSM_OK)
        cli_list_end(out);

out:
    cli_list_free(out);
    mhsm_role_list_free(list);
    mhsm_uri_free(uri);
    return st;
}

static mhsm_status print(const struct cli *cli,
                         const mhsm_role_assignment *assignment,
                         mhsm_error **err)
{
    const char *cells[COLUMNS];

    if (cli->output == CLI_JSON)
        return cli_print_json(mhsm_role_assignment_json(assignment), err);
    fill(cli, assignment, cells);
    return cli_record(cli->output, columns, COLUMNS, cells, err);
}

static mhsm_status get(struct cli *cli, const mhsm_uri *uri,
                       mhsm_role_assignment **assignment, mhsm_error **err)
{
    return mhsm_role_assignment_get(cli->client, uri, cli_scope(cli),
                                    cli->values[CLI_GUID], assignment, err);
}

static mhsm_status create(struct cli *cli, const mhsm_uri *uri,
                          mhsm_role_assignment **assignment, mhsm_error **err)
{
    return mhsm_role_assignment_create(
        cli->client, uri, cli_scope(cli), cli->values[CLI_GUID],
        cli->values[CLI_ROLE], cli->values[CLI_ASSIGNEE], assignment, err);
}

/* One call, and the assignment that it gives. */
static mhsm_status run(struct cli *cli,
                       mhsm_status (*call)(struct cli *, const mhsm_uri *,
                                           mhsm_role_assignment **,
                                           mhsm_error **),
                       mhsm_error **err)
{
    mhsm_role_assignment *assignment = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) == MHSM_OK &&
        (st = call(cli, uri, &assignment, err)) == MHSM_OK)
        st = print(cli, assignment, err);
    mhsm_role_assignment_free(assignment);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_role_assignment_show(struct cli *cli, mhsm_error **err)
{
    return run(cli, get, err);
}

mhsm_status cli_role_assignment_create(struct cli *cli, mhsm_error **err)
{
    return run(cli, create, err);
}

mhsm_status cli_role_assignment_delete(struct cli *cli, mhsm_error **err)
{
    return cli_role_delete(cli, "Delete the role assignment",
                           cli->values[CLI_GUID], mhsm_role_assignment_delete,
                           err);
}
