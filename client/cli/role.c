/* SPDX-License-Identifier: MIT
 *
 * Scopes, data actions, and removing what they are about.
 */
#include "cli/role.h"

#include <string.h>

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

mhsm_status
cli_role_delete(struct cli *cli, const char *question, const char *id,
                mhsm_status (*call)(mhsm_client *, const mhsm_uri *,
                                    const char *, const char *, mhsm_error **),
                mhsm_error **err)
{
    mhsm_uri *uri = NULL;
    mhsm_status st;

    if ((st = cli_open(cli, CLI_TARGET_HSM, &uri, err)) == MHSM_OK &&
        (st = cli_confirm(cli, question, id, err)) == MHSM_OK)
        st = call(cli->client, uri, cli_scope(cli), id, err);
    mhsm_uri_free(uri);
    return st;
}
