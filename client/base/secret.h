/* SPDX-License-Identifier: MIT
 *
 * Memory for secrets that live longer than a function: pages of their own that
 * are not swapped out, not dumped, empty in a child, and wiped when freed.
 * While any is alive the process leaves no core dump behind (PR_SET_DUMPABLE,
 * which also keeps other processes of the user from tracing it).
 *
 * Thread-safe.
 */
#ifndef MHSM_CLIENT_BASE_SECRET_H
#define MHSM_CLIENT_BASE_SECRET_H

#include <stddef.h>

#include <mhsm/export.h>

struct mhsmi_secret {
    unsigned char *data;
    size_t size;   /* may be lowered by who fills it */
    size_t mapped; /* private */
};

/* Zero-filled; NULL when memory is out.  Memory that may not be locked (see
 * RLIMIT_MEMLOCK) is a warning in the log. */
MHSM_NODISCARD struct mhsmi_secret *mhsmi_secret_new(size_t size);
/* NULL is accepted. */
void mhsmi_secret_free(struct mhsmi_secret *secret);

#endif
