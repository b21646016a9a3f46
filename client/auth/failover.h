/* SPDX-License-Identifier: MIT
 *
 * The second HSM of `endpoint`: a copy of the first one, restored from its
 * backup in another region, with the same keys in the same versions.  While
 * the first cannot be used, reads and private operations go to the second.
 *
 * Thread-safe; survives a fork.
 */
#ifndef MHSM_CLIENT_AUTH_FAILOVER_H
#define MHSM_CLIENT_AUTH_FAILOVER_H

#include "base/error.h"
#include "mhsm/config.h"

struct mhsmi_failover;

/* *failover is NULL when the configuration names one HSM only. */
MHSM_NODISCARD mhsm_status mhsmi_failover_new(const mhsm_config *config,
                                              struct mhsmi_failover **failover,
                                              mhsm_error **err);
void mhsmi_failover_free(struct mhsmi_failover *failover);

/* Whether calls to that endpoint may move.  `failover` may be NULL. */
int mhsmi_failover_is_for(const struct mhsmi_failover *failover,
                          const char *endpoint);
/* Where a call goes, and where it goes when it fails there.  Static for the
 * life of `failover`. */
struct mhsmi_route {
    const char *now, *then;
    int is_trial; /* `now` failed last time: it should not cost much time */
};
struct mhsmi_route mhsmi_failover_route(struct mhsmi_failover *failover);
/* A failure that another HSM may not have. */
int mhsmi_failover_moves(mhsm_status st);
/* The call succeeded there after `reason` (NULL: none) at the other. */
void mhsmi_failover_served(struct mhsmi_failover *failover,
                           const char *endpoint, const char *reason);

/* Keys that are known to be the same in both, by any text. */
int mhsmi_failover_knows(struct mhsmi_failover *failover, const char *key);
void mhsmi_failover_learn(struct mhsmi_failover *failover, const char *key);

#endif
