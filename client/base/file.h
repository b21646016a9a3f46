/* SPDX-License-Identifier: MIT
 *
 * Small files that hold secrets: read whole, with a limit, and only when they
 * are regular files.
 */
#ifndef MHSM_CLIENT_BASE_FILE_H
#define MHSM_CLIENT_BASE_FILE_H

#include "base/buf.h"

#define MHSMI_FILE_MAX 65536

struct mhsmi_file {
    const char *path;
    int links;       /* in: the path may end in a symbolic link */
    int exposed;     /* out: every user of the machine can read it */
    const char *why; /* out: what went wrong, a phrase */
};

/* Append the content to `out`, at most MHSMI_FILE_MAX octets: 1, or 0. */
MHSM_NODISCARD int mhsmi_file_read(struct mhsmi_file *file,
                                   struct mhsmi_buf *out);

#endif
