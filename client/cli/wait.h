/* SPDX-License-Identifier: MIT
 *
 * Waiting until the service has finished what it has accepted (--wait).
 */
#ifndef MHSM_CLIENT_CLI_WAIT_H
#define MHSM_CLIENT_CLI_WAIT_H

#include <stdint.h>

#include "cli/cli.h"

enum cli_wait_for {
    CLI_WAIT_NOTHING = 0,
    CLI_WAIT_LIVE = 1,    /* the key can be got */
    CLI_WAIT_DELETED = 2, /* it can be got as a soft-deleted one */
    CLI_WAIT_PURGED = 3   /* it cannot even be got so */
};

struct cli_wait {
    int64_t deadline; /* monotonic ms; 0: --wait is not given */
    int tries;
};

/* Reads --wait; the time runs from now. */
MHSM_NODISCARD mhsm_status cli_wait_begin(const struct cli *cli,
                                          struct cli_wait *wait,
                                          mhsm_error **err);
/* Sleep before the next try: 1, or 0 when there is no time left for one. */
int cli_wait_more(struct cli_wait *wait);
/* Until the key that `uri` names is as it should be; at once without --wait.
 * MHSM_ERR_TIMEOUT when it is not in time. */
MHSM_NODISCARD mhsm_status cli_wait_until(struct cli *cli,
                                          struct cli_wait *wait,
                                          const mhsm_uri *uri,
                                          enum cli_wait_for state,
                                          mhsm_error **err);

#endif
