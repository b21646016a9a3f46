/* SPDX-License-Identifier: MIT
 *
 * mhsm key update: what can be changed of one version.
 */
#include "cli/cli.h"
#include "cli/key_text.h"
#include "cli/members.h"

mhsm_status cli_key_update(struct cli *cli, mhsm_error **err)
{
    struct cli_members members;
    mhsm_uri *uri = NULL;
    mhsm_key *key = NULL;
    mhsm_status st;

    cli_members_init(&members);
    if ((st = cli_members_read(cli, &members, err)) != MHSM_OK ||
        (st = cli_open(cli, CLI_TARGET_KEY, &uri, err)) != MHSM_OK ||
        (st = mhsm_key_update(cli->client, uri, &members.change, &key, err)) !=
            MHSM_OK)
        goto out;
    st = cli_print_key(cli, key, err);

out:
    cli_members_clear(&members);
    mhsm_key_free(key);
    mhsm_uri_free(uri);
    return st;
}
