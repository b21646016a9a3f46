/* SPDX-License-Identifier: MIT
 *
 * Jobs of the HSM on the command line: started once, told of, waited for.
 */
#ifndef MHSM_CLIENT_CLI_JOB_H
#define MHSM_CLIENT_CLI_JOB_H

#include "cli/cli.h"

struct cli_job {
    struct cli *cli;
    const mhsm_uri *uri;
    const char *doing; /* "backing up the HSM" */
    mhsm_job_kind kind;
    /* Starts it, with what `context` says. */
    mhsm_status (*start)(const struct cli_job *job, mhsm_job **started,
                         mhsm_error **err);
    const void *context;
};

/* Start it, after the other one of a busy HSM with --wait-busy; print it with
 * --no-wait, else wait for its end, print that, and fail when it has. */
MHSM_NODISCARD mhsm_status cli_job_run(const struct cli_job *job,
                                       mhsm_error **err);
/* The same of one that is there, the command's operand. */
MHSM_NODISCARD mhsm_status cli_job_show(struct cli *cli, mhsm_job_kind kind,
                                        mhsm_error **err);
MHSM_NODISCARD mhsm_status cli_job_await(struct cli *cli, mhsm_job_kind kind,
                                         mhsm_error **err);

#endif
