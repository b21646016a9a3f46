/* SPDX-License-Identifier: MIT
 *
 * Another program, run from within somebody else's process: it gets nothing of
 * the host's but its environment, and no more time than it is given.
 */
#ifndef MHSM_CLIENT_AUTH_CHILD_H
#define MHSM_CLIENT_AUTH_CHILD_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { MHSMI_CHILD_UNKNOWN = -1, MHSMI_CHILD_LATE = -2 };

struct mhsmi_child {
    struct mhsmi_buf out, err; /* what it wrote, up to their maxima */
    /* Its exit status, or 128 and the signal that ended it; UNKNOWN when the
     * host collected it before us; LATE when it was ended for its slowness. */
    int code;
};

/* Run `path` (absolute) with `arguments` (ended by NULL, the first is its name)
 * and "NAME=VALUE" entries `more` added to the environment, until it ends or
 * `deadline_ms` has come.  The buffers are initialised by the caller, who
 * clears them in any case.  Errors: MHSM_ERR_IO with errno in *error when it
 * cannot be started. */
MHSM_NODISCARD mhsm_status mhsmi_child_run(struct mhsmi_child *child,
                                           const char *path,
                                           const char *const *arguments,
                                           const char *const *more,
                                           int64_t deadline_ms, int *error);

#endif
