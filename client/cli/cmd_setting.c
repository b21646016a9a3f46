/* SPDX-License-Identifier: MIT
 *
 * mhsm setting list, show, set.
 */
#include "cli/cli.h"
#include "cli/out.h"

static const struct cli_column columns[] = {
    {"Name", 0}, {"Type", 0}, {"Value", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void fill(const mhsm_setting *setting, const char **cells)
{
    cells[0] = setting->name;
    cells[1] = setting->type[0] != '\0' ? setting->type : NULL;
    cells[2] = setting->value;
}

mhsm_status cli_setting_list(struct cli *cli, mhsm_error **err)
{
    const char *cells[COLUMNS];
    mhsm_settings *settings = NULL;
    struct cli_list *out = NULL;
    const mhsm_setting *one;
    mhsm_uri *uri = NULL;
    mhsm_status st;
    size_t i;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_settings_get(cli->client, uri, NULL, &settings, err)) !=
            MHSM_OK ||
        (st = cli_list_new(cli->output, columns, COLUMNS, &out, err)) !=
            MHSM_OK)
        goto out;
    for (i = 0; st == MHSM_OK && (one = mhsm_settings_at(settings, i)) != NULL;
         i++) {
        fill(one, cells);
        st = cli_list_add(out, cells, one->json, err);
    }
    if (st == MHSM_OK)
        cli_list_end(out);

out:
    cli_list_free(out);
    mhsm_settings_free(settings);
    mhsm_uri_free(uri);
    return st;
}

static mhsm_status print(const struct cli *cli, const mhsm_settings *settings,
                         mhsm_error **err)
{
    const mhsm_setting *setting = mhsm_settings_at(settings, 0);
    const char *cells[COLUMNS];

    if (cli->output == CLI_JSON)
        return cli_print_json(setting->json, err);
    fill(setting, cells);
    return cli_record(cli->output, columns, COLUMNS, cells, err);
}

mhsm_status cli_setting_show(struct cli *cli, mhsm_error **err)
{
    mhsm_settings *settings = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_settings_get(cli->client, uri, cli->values[CLI_NAME],
                                &settings, err)) != MHSM_OK)
        goto out;
    st = print(cli, settings, err);

out:
    mhsm_settings_free(settings);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_setting_set(struct cli *cli, mhsm_error **err)
{
    mhsm_settings *settings = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) != MHSM_OK ||
        (st = mhsm_settings_set(cli->client, uri, cli->values[CLI_NAME],
                                cli->values[CLI_VALUE], &settings, err)) !=
            MHSM_OK)
        goto out;
    st = print(cli, settings, err);

out:
    mhsm_settings_free(settings);
    mhsm_uri_free(uri);
    return st;
}
