/* SPDX-License-Identifier: MIT
 *
 * The container of a command, and the SAS token for it: a secret, so from a
 * file, a descriptor or a variable and never a word of the command line.
 */
#ifndef MHSM_CLIENT_CLI_STORAGE_H
#define MHSM_CLIENT_CLI_STORAGE_H

#include "base/buf.h"
#include "cli/cli.h"

struct cli_storage {
    mhsm_storage storage; /* borrows from here and from the command line */
    struct mhsmi_buf sas;
};

/* Of --container, --sas-file, --sas-fd, --sas-env and --use-managed-identity:
 * one of the last four, when the HSM is to use it; checked.  After
 * cli_connect(); to be closed in any case. */
MHSM_NODISCARD mhsm_status cli_storage_open(const struct cli *cli, int of_hsm,
                                            struct cli_storage *storage,
                                            mhsm_error **err);
void cli_storage_close(struct cli_storage *storage);

#endif
