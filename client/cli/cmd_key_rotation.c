/* SPDX-License-Identifier: MIT
 *
 * mhsm key rotation-policy show, set, remove.
 */
#include "cli/cli.h"
#include "cli/out.h"

static const struct cli_column columns[] = {{"Rotates after creation", 0},
                                            {"Rotates before expiry", 0},
                                            {"Versions live", 0},
                                            {"Created", 0},
                                            {"Updated", 0}};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static mhsm_status print(const struct cli *cli,
                         const mhsm_rotation_policy *policy, mhsm_error **err)
{
    char created[CLI_TIME_SIZE], updated[CLI_TIME_SIZE];
    const char *cells[COLUMNS];
    int is_empty;

    if (cli->output == CLI_JSON)
        return cli_print_json(mhsm_rotation_policy_json(policy), err);
    cells[0] = mhsm_rotation_policy_after_create(policy);
    cells[1] = mhsm_rotation_policy_before_expiry(policy);
    cells[2] = mhsm_rotation_policy_expiry(policy);
    cells[3] = cli_time_text(mhsm_rotation_policy_created(policy), created);
    cells[4] = cli_time_text(mhsm_rotation_policy_updated(policy), updated);
    is_empty = cells[0] == NULL && cells[1] == NULL && cells[2] == NULL;
    if (cli->output == CLI_TABLE && is_empty)
        cells[0] = "never";
    return cli_record(cli->output, columns, COLUMNS, cells, err);
}

mhsm_status cli_rotation_policy_show(struct cli *cli, mhsm_error **err)
{
    mhsm_rotation_policy *policy = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_NAME, &uri, err)) != MHSM_OK ||
        (st = mhsm_rotation_policy_get(cli->client, uri, &policy, err)) !=
            MHSM_OK)
        goto out;
    st = print(cli, policy, err);

out:
    mhsm_rotation_policy_free(policy);
    mhsm_uri_free(uri);
    return st;
}

static mhsm_status set(struct cli *cli, const mhsm_rotation_spec *spec,
                       const char *question, mhsm_error **err)
{
    mhsm_rotation_policy *policy = NULL;
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_NAME, &uri, err)) != MHSM_OK ||
        (question != NULL &&
         (st = cli_confirm(cli, question, mhsm_uri_text(uri), err)) !=
             MHSM_OK) ||
        (st = mhsm_rotation_policy_set(cli->client, uri, spec, &policy, err)) !=
            MHSM_OK)
        goto out;
    st = print(cli, policy, err);

out:
    mhsm_rotation_policy_free(policy);
    mhsm_uri_free(uri);
    return st;
}

mhsm_status cli_rotation_policy_set(struct cli *cli, mhsm_error **err)
{
    mhsm_rotation_spec spec = MHSM_ROTATION_SPEC_INIT;

    spec.after_create = cli->values[CLI_AFTER_CREATE];
    spec.before_expiry = cli->values[CLI_BEFORE_EXPIRY];
    spec.expiry = cli->values[CLI_EXPIRY];
    if (spec.after_create == NULL && spec.before_expiry == NULL &&
        spec.expiry == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "give --after-create, or --before-expiry and "
                           "--expiry; to have no policy: mhsm key "
                           "rotation-policy remove");
    return set(cli, &spec, NULL, err);
}

mhsm_status cli_rotation_policy_remove(struct cli *cli, mhsm_error **err)
{
    const mhsm_rotation_spec none = MHSM_ROTATION_SPEC_INIT;

    return set(cli, &none, "Remove the rotation policy of", err);
}
