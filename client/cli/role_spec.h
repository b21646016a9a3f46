/* SPDX-License-Identifier: MIT
 *
 * A custom role as it is typed: by options, by JSON, or by JSON of which
 * options replace parts.
 */
#ifndef MHSM_CLIENT_CLI_ROLE_SPEC_H
#define MHSM_CLIENT_CLI_ROLE_SPEC_H

#include "cli/cli.h"

struct json_object;

enum { CLI_ROLE_ACTIONS_MAX = 256 };

struct cli_role_spec {
    mhsm_role_spec spec; /* borrows from all that follows and from argv */
    const char *actions[CLI_ROLE_ACTIONS_MAX];
    const char *exceptions[CLI_ROLE_ACTIONS_MAX];
    char *actions_copy, *exceptions_copy;
    struct json_object *json;
};

/* --role-definition, --role-name, --description, --data-actions, --except and
 * --guid.  To be cleared whatever comes of it. */
MHSM_NODISCARD mhsm_status cli_role_spec_read(const struct cli *cli,
                                              struct cli_role_spec *role,
                                              mhsm_error **err);
void cli_role_spec_clear(struct cli_role_spec *role);

#endif
