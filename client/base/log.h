/* SPDX-License-Identifier: MIT
 *
 * Log lines of libmhsm: silent by default; to stderr or to a file by the
 * options `log-level` and `log-file`.  Process-wide, thread-safe, one write(2)
 * a line.  Never a secret, a token, a digest, a body or a query.
 */
#ifndef MHSM_CLIENT_BASE_LOG_H
#define MHSM_CLIENT_BASE_LOG_H

#include "base/error.h"

enum mhsmi_log_level {
    MHSMI_LOG_NONE = 0,
    MHSMI_LOG_ERROR = 1,
    MHSMI_LOG_WARNING = 2,
    MHSMI_LOG_INFO = 3,
    MHSMI_LOG_DEBUG = 4
};

/* `path` NULL: stderr.  The file is appended to, mode 0600. */
mhsm_status mhsmi_log_open(enum mhsmi_log_level level, const char *path,
                           mhsm_error **err);
int mhsmi_log_enabled(enum mhsmi_log_level level);
void mhsmi_log(enum mhsmi_log_level level, const char *format, ...)
    MHSMI_PRINTF(2, 3);

#endif
