/* SPDX-License-Identifier: MIT
 *
 * What create, import and update take of a key beside its material: --ops,
 * --tags, --not-before, --expires, --enabled, --disabled, --exportable,
 * --release-policy, --immutable.
 */
#ifndef MHSM_CLIENT_CLI_MEMBERS_H
#define MHSM_CLIENT_CLI_MEMBERS_H

#include "base/buf.h"
#include "cli/cli.h"

struct cli_members {
    mhsm_key_change change; /* borrows from here and from the command line */
    int exportable;
    const char *tags[CLI_TAGS_MAX];
    mhsm_release_policy policy;
    struct mhsmi_buf policy_text;
};

void cli_members_init(struct cli_members *members);
void cli_members_clear(struct cli_members *members);
MHSM_NODISCARD mhsm_status cli_members_read(const struct cli *cli,
                                            struct cli_members *members,
                                            mhsm_error **err);
/* The same of a key to be made. */
void cli_members_apply(const struct cli_members *members, mhsm_key_spec *spec);

#endif
