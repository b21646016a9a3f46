/* SPDX-License-Identifier: MIT
 *
 * mhsm version: what to quote in a report.  Needs no configuration.
 */
#include <json-c/json.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/out.h"

static const struct cli_column columns[] = {{"mhsm", 0}, {"Libraries", 0}};

mhsm_status cli_version(struct cli *cli, mhsm_error **err)
{
    const char *cells[] = {mhsm_version(), mhsm_version_details()};
    struct json_object *object;
    mhsm_status st;

    if (cli->output != CLI_JSON)
        return cli_record(cli->output, columns, 2, cells, err);
    object = json_object_new_object();
    if (object != NULL && mhsmi_json_add_string(object, "mhsm", cells[0]) &&
        mhsmi_json_add_string(object, "libraries", cells[1]))
        st = cli_print_object(object, err);
    else
        st = mhsmi_error_memory(err);
    json_object_put(object);
    return st;
}
