/* SPDX-License-Identifier: MIT
 *
 * What the commands of `mhsm hsm` have in common.
 */
#ifndef MHSM_CLIENT_CLI_HSM_H
#define MHSM_CLIENT_CLI_HSM_H

#include "cli/cli.h"

/* What --name (or --hsm, when it is a name) and --resource-group say; borrows
 * from the command line.  `name` is checked for being there. */
MHSM_NODISCARD mhsm_status cli_hsm_place(const struct cli *cli,
                                         mhsm_hsm_place *place,
                                         mhsm_error **err);
/* The HSM as a record, or as the service gives it. */
MHSM_NODISCARD mhsm_status cli_hsm_print(const struct cli *cli,
                                         const mhsm_hsm *hsm, mhsm_error **err);

struct cli_hsm_work {
    const char *doing; /* "making the HSM" */
    int64_t expected_ms;
    int is_gone; /* nothing is left to be looked at */
};

/* Until the work has its end, at most as long as --wait says; at once with
 * --no-wait, and for NULL. */
MHSM_NODISCARD mhsm_status cli_hsm_await(struct cli *cli,
                                         const struct cli_hsm_work *work,
                                         const mhsm_hsm_place *place,
                                         mhsm_operation *operation,
                                         mhsm_error **err);

#endif
