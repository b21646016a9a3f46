/* SPDX-License-Identifier: MIT
 *
 * mhsm role definition list, show, create, update, delete.
 */
#include "base/buf.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/role.h"
#include "cli/role_spec.h"

enum { TEXT_MAX = 128 * 1024 };

static const struct cli_column list_columns[] = {
    {"Name", CLI_COLUMN_SHRINK},
    {"Type", 0},
    {"GUID", 0},
    {"Description", CLI_COLUMN_NO_TABLE}};

static const struct cli_column columns[] = {
    {"Name", 0},        {"Type", 0},         {"GUID", 0},
    {"Description", 0}, {"Data actions", 0}, {"Except", 0}};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *type_text(const mhsm_role_definition *definition)
{
    return mhsm_role_definition_is_builtin(definition) ? "built-in" : "custom";
}

mhsm_status cli_role_definition_list(struct cli *cli, mhsm_error **err)
{
    mhsm_role_definition *one = NULL;
    mhsm_role_list *list = NULL;
    struct cli_list *out = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_role_definitions(cli->client, uri, cli_scope(cli), &list,
                                    err)) != MHSM_OK ||
        (st = cli_list_new(cli->output, list_columns, COUNT(list_columns), &out,
                           err)) != MHSM_OK)
        goto out;
    while ((st = mhsm_role_list_definition(list, &one, err)) == MHSM_OK &&
           one != NULL) {
        const char *cells[] = {mhsm_role_definition_name(one), type_text(one),
                               mhsm_role_definition_id(one),
                               mhsm_role_definition_description(one)};

        st = cli_list_add(out, cells, mhsm_role_definition_json(one), err);
        mhsm_role_definition_free(one);
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

static int join_actions(const mhsm_role_definition *definition, int except,
                        struct mhsmi_buf *text)
{
    const char *action;
    size_t i;
    int ok = 1;

    for (i = 0; ok && (action = mhsm_role_definition_action(definition, except,
                                                            i)) != NULL;
         i++)
        ok = mhsmi_buf_printf(text, "%s%s", i != 0 ? "," : "",
                              cli_short_action(action));
    return ok;
}

static mhsm_status print(const struct cli *cli,
                         const mhsm_role_definition *definition,
                         mhsm_error **err)
{
    const char *description = mhsm_role_definition_description(definition);
    struct mhsmi_buf actions, except;
    mhsm_status st;

    if (cli->output == CLI_JSON)
        return cli_print_json(mhsm_role_definition_json(definition), err);
    mhsmi_buf_init(&actions, TEXT_MAX);
    mhsmi_buf_init(&except, TEXT_MAX);
    if (join_actions(definition, 0, &actions) &&
        join_actions(definition, 1, &except)) {
        const char *cells[] = {
            mhsm_role_definition_name(definition),
            type_text(definition),
            mhsm_role_definition_id(definition),
            description[0] != '\0' ? description : NULL,
            actions.size != 0 ? mhsmi_buf_text(&actions) : NULL,
            except.size != 0 ? mhsmi_buf_text(&except) : NULL};

        st = cli_record(cli->output, columns, COUNT(columns), cells, err);
    } else {
        st = mhsmi_error_memory(err);
    }
    mhsmi_buf_clear(&actions);
    mhsmi_buf_clear(&except);
    return st;
}

/* One call, and the definition that it gives. */
static mhsm_status run(struct cli *cli,
                       mhsm_status (*call)(struct cli *, const mhsm_uri *,
                                           mhsm_role_definition **,
                                           mhsm_error **),
                       mhsm_error **err)
{
    mhsm_role_definition *definition = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) == MHSM_OK &&
        (st = call(cli, uri, &definition, err)) == MHSM_OK)
        st = print(cli, definition, err);
    mhsm_role_definition_free(definition);
    mhsm_uri_free(uri);
    return st;
}

static mhsm_status get(struct cli *cli, const mhsm_uri *uri,
                       mhsm_role_definition **definition, mhsm_error **err)
{
    return mhsm_role_definition_get(cli->client, uri, cli_scope(cli),
                                    cli->values[CLI_ROLE], definition, err);
}

static mhsm_status create(struct cli *cli, const mhsm_uri *uri,
                          mhsm_role_definition **definition, mhsm_error **err)
{
    struct cli_role_spec role;
    mhsm_status st = cli_role_spec_read(cli, &role, err);

    if (st == MHSM_OK)
        st = mhsm_role_definition_create(cli->client, uri, cli_scope(cli),
                                         &role.spec, definition, err);
    cli_role_spec_clear(&role);
    return st;
}

static mhsm_status update(struct cli *cli, const mhsm_uri *uri,
                          mhsm_role_definition **definition, mhsm_error **err)
{
    mhsm_role_definition *old = NULL;
    struct cli_role_spec role;
    mhsm_status st = cli_role_spec_read(cli, &role, err);

    if (st == MHSM_OK)
        st = get(cli, uri, &old, err);
    if (st == MHSM_OK)
        st = mhsm_role_definition_update(cli->client, uri, cli_scope(cli), old,
                                         &role.spec, definition, err);
    mhsm_role_definition_free(old);
    cli_role_spec_clear(&role);
    return st;
}

mhsm_status cli_role_definition_show(struct cli *cli, mhsm_error **err)
{
    return run(cli, get, err);
}

mhsm_status cli_role_definition_create(struct cli *cli, mhsm_error **err)
{
    return run(cli, create, err);
}

mhsm_status cli_role_definition_update(struct cli *cli, mhsm_error **err)
{
    return run(cli, update, err);
}

mhsm_status cli_role_definition_delete(struct cli *cli, mhsm_error **err)
{
    return cli_role_delete(cli, "Delete the role", cli->values[CLI_ROLE],
                           mhsm_role_definition_delete, err);
}
