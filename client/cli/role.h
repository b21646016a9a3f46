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

#endif
