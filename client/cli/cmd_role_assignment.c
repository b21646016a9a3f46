/* SPDX-License-Identifier: MIT
 *
 * mhsm role assignment list, show, create, delete.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "cli/out.h"
#include "cli/role.h"

static const struct cli_column columns[] = {
    {"GUID", 0}, {"Principal", 0}, {"Role", 0}, {"Scope", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const char *cli_scope(const struct cli *cli)
{
    const char *scope = cli->values[CLI_SCOPE];

    return scope != NULL ? scope : "/";
}

const char *cli_short_action(const char *action)
{
    static const char prefix[] = "Microsoft.KeyVault/managedHsm/";
    size_t size = sizeof(prefix) - 1;

    return strncmp(action, prefix, size) == 0 ? action + size : action;
}

static void fill(const mhsm_role_assignment *assignment, const char **cells)
{
    cells[0] = mhsm_role_assignment_id(assignment);
    cells[1] = mhsm_role_assignment_principal(assignment);
    cells[2] = mhsm_role_assignment_role(assignment);
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

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_role_assignments(cli->client, uri, cli_scope(cli), &list,
                                    err)) != MHSM_OK ||
        (st = cli_list_new(cli->output, columns, COLUMNS, &out, err)) !=
            MHSM_OK)
        goto out;
    while ((st = mhsm_role_list_assignment(list, &one, err)) == MHSM_OK &&
           one != NULL) {
        const char *cells[COLUMNS];

        fill(one, cells);
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
    fill(assignment, cells);
    return cli_record(cli->output, columns, COLUMNS, cells, err);
}

mhsm_status cli_role_assignment_show(struct cli *cli, mhsm_error **err)
{
    mhsm_role_assignment *assignment = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_role_assignment_get(cli->client, uri, cli_scope(cli),
                                       cli->values[CLI_GUID], &assignment,
                                       err)) != MHSM_OK)
        goto out;
    st = print(cli, assignment, err);

out:
    mhsm_role_assignment_free(assignment);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_role_assignment_create(struct cli *cli, mhsm_error **err)
{
    mhsm_role_assignment *assignment = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_role_assignment_create(
             cli->client, uri, cli_scope(cli), cli->values[CLI_GUID],
             cli->values[CLI_ROLE], cli->values[CLI_ASSIGNEE], &assignment,
             err)) != MHSM_OK)
        goto out;
    st = print(cli, assignment, err);

out:
    mhsm_role_assignment_free(assignment);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_role_assignment_delete(struct cli *cli, mhsm_error **err)
{
    const char *id = cli->values[CLI_GUID];
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_connect(cli, err)) != MHSM_OK ||
        (st = cli_target(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = cli_confirm(cli, "Delete the role assignment", id, err)) !=
            MHSM_OK)
        goto out;
    st = mhsm_role_assignment_delete(cli->client, uri, cli_scope(cli), id, err);

out:
    mhsm_uri_free(uri);
    return st;
}
