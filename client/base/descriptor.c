/* SPDX-License-Identifier: MIT
 *
 * Keeping clear of the numbers of the standard streams.
 */
#include "base/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

int mhsmi_fd_above_streams(int fd)
{
    int copy;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void)close(fd);
    return copy;
}
