/* SPDX-License-Identifier: MIT
 *
 * Small files that options name, such as secrets and certificates: read whole,
 * with a limit, and only when they are regular files.
 */
#ifndef MHSM_CLIENT_BASE_FILE_H
#define MHSM_CLIENT_BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"

#define MHSMI_FILE_MAX 65536

struct mhsmi_file {
    const char *option, *path;
    int links;  /* the path may end in a symbolic link */
    int secret; /* log a warning when every user of the machine can read it */
};

/* Append the content to `out`, at most MHSMI_FILE_MAX octets.
 * MHSM_ERR_CONFIG names the option and the path. */
MHSM_NODISCARD mhsm_status mhsmi_file_read(const struct mhsmi_file *file,
                                           struct mhsmi_buf *out,
                                           mhsm_error **err);

#endif
