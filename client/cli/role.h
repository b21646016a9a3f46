/* SPDX-License-Identifier: MIT
 *
 * What the commands of roles have in common.
 */
#ifndef MHSM_CLIENT_CLI_ROLE_H
#define MHSM_CLIENT_CLI_ROLE_H

#include "cli/cli.h"

/* --scope, or "/". */
const char *cli_scope(const struct cli *cli);
/* A data action without the prefix that all have. */
const char *cli_short_action(const char *action);
/* Ask `question` about `id`, and `call` with it at --scope. */
MHSM_NODISCARD mhsm_status cli_role_delete(
    struct cli *cli, const char *question, const char *id,
    mhsm_status (*call)(mhsm_client *client, const mhsm_uri *uri,
                        const char *scope, const char *id, mhsm_error **err),
    mhsm_error **err);

#endif
