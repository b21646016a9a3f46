/* SPDX-License-Identifier: MIT
 *
 * Files that belong together: a new directory that is there with all of them,
 * or not at all.
 */
#ifndef MHSM_CLIENT_CLI_DIRECTORY_H
#define MHSM_CLIENT_CLI_DIRECTORY_H

#include <stddef.h>

#include "base/error.h"

struct cli_directory_file {
    char *name; /* "FILE" or "FOLDER/FILE" */
    const unsigned char *data;
    size_t size;
};

/* Only the owner can enter it; the files have mode 0600.  `path` must be
 * free. */
MHSM_NODISCARD mhsm_status
cli_directory_write(const char *path, const struct cli_directory_file *files,
                    size_t count, mhsm_error **err);

#endif
