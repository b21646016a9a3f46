/* SPDX-License-Identifier: MIT
 *
 * What the HSM does with a security domain for minutes: followed until it ends,
 * left to itself by whoever interrupts the command.
 */
#ifndef MHSM_CLIENT_CLI_DOMAIN_JOB_H
#define MHSM_CLIENT_CLI_DOMAIN_JOB_H

#include "cli/cli.h"

struct cli_domain_job {
    mhsm_domain_operation operation;
    const mhsm_uri *uri;
    const char *file; /* what belongs to it, for the output; or NULL */
};

/* Print the state; MHSM_DOMAIN_FAILED is an error as well. */
MHSM_NODISCARD mhsm_status cli_domain_job_end(struct cli *cli,
                                              const struct cli_domain_job *job,
                                              mhsm_domain_state state,
                                              const mhsm_result *details,
                                              mhsm_error **err);
/* Ask until the HSM is done with it or --wait is over, tell how far it is on
 * standard error, and end as above. */
MHSM_NODISCARD mhsm_status cli_domain_job_await(
    struct cli *cli, const struct cli_domain_job *job, mhsm_error **err);

#endif
