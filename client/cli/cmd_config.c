/* SPDX-License-Identifier: MIT
 *
 * mhsm config show: every option, the value in force and where it came from.
 * Secrets are references already, and stay that.
 */
#include <json-c/json.h>

#include "base/config.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/out.h"

static const struct cli_column columns[] = {
    {"Option", 0}, {"Value", CLI_COLUMN_SHRINK}, {"Origin", CLI_COLUMN_SHRINK}};

/* For people; the caller frees. */
static char *origin_text(const struct cli *cli, const mhsm_option *option)
{
    switch (mhsm_config_origin(cli->config, option->name)) {
    case MHSM_ORIGIN_FILE:
        return mhsmi_asprintf("%s [%s]", cli->file, cli->section);
    case MHSM_ORIGIN_ENVIRONMENT:
        return mhsmi_asprintf("variable %s",
                              mhsmi_config_source(cli->config, option->name));
    case MHSM_ORIGIN_COMMAND_LINE:
        return mhsmi_strdup("command line");
    case MHSM_ORIGIN_DEFAULT:
        break;
    }
    return mhsmi_strdup("default");
}

static struct json_object *to_json(const char *name, const char *value,
                                   const char *origin)
{
    struct json_object *object = json_object_new_object();

    /* json-c's null is NULL, which mhsmi_json_add() takes for no memory. */
    if (object != NULL && mhsmi_json_add_string(object, "option", name) &&
        (value != NULL ? mhsmi_json_add_string(object, "value", value)
                       : json_object_object_add(object, "value", NULL) == 0) &&
        mhsmi_json_add_string(object, "origin", origin))
        return object;
    json_object_put(object);
    return NULL;
}

static mhsm_status add(const struct cli *cli, struct cli_list *out,
                       const mhsm_option *option, mhsm_error **err)
{
    const char *cells[3];
    char *origin = origin_text(cli, option);
    struct json_object *object = NULL;
    mhsm_status st = MHSM_OK;

    cells[0] = option->name;
    cells[1] = mhsm_config_get(cli->config, option->name);
    cells[2] = origin;
    if (origin == NULL ||
        (object = to_json(cells[0], cells[1], cells[2])) == NULL)
        st = mhsmi_error_memory(err);
    else
        st = cli_list_add(out, cells, json_object_to_json_string(object), err);
    json_object_put(object);
    mhsmi_free(origin);
    return st;
}

mhsm_status cli_config_show(struct cli *cli, mhsm_error **err)
{
    struct cli_list *out = NULL;
    const mhsm_option *option;
    mhsm_status st;
    size_t i;

    st = cli_configure(cli, err);
    if (st == MHSM_OK)
        st = cli_list_new(cli->output, columns,
                          sizeof(columns) / sizeof(columns[0]), &out, err);
    for (i = 0; st == MHSM_OK && (option = mhsm_option_at(i)) != NULL; i++)
        st = add(cli, out, option, err);
    if (st == MHSM_OK)
        cli_list_end(out);
    cli_list_free(out);
    return st;
}
