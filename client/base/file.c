/* SPDX-License-Identifier: MIT
 *
 * Reading small files.  What is checked is the file that was opened, never its
 * name once more.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char too_large[] = "it is larger than 64 KiB";

/* Read to the end, at most `size` octets: the count, or -1 with errno. */
static ssize_t read_all(int fd, unsigned char *data, size_t size)
{
    size_t used = 0;
    ssize_t n;

    while (used < size) {
        n = read(fd, data + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

static const char *read_into(int fd, struct mhsmi_buf *out)
{
    unsigned char *data = mhsmi_alloc(MHSMI_FILE_MAX + 1);
    const char *why = NULL;
    ssize_t size;

    if (data == NULL)
        return strerrordesc_np(ENOMEM);
    size = read_all(fd, data, MHSMI_FILE_MAX + 1);
    if (size < 0)
        why = strerrordesc_np(errno);
    else if (size > MHSMI_FILE_MAX ||
             !mhsmi_buf_append(out, data, (size_t)size))
        why = too_large;
    mhsmi_free_secret(data, MHSMI_FILE_MAX + 1);
    return why;
}

int mhsmi_file_read(struct mhsmi_file *file, struct mhsmi_buf *out)
{
    /* A FIFO could block for ever. */
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
                                  (file->links ? 0 : O_NOFOLLOW));
    struct stat status;

    file->why = NULL;
    file->exposed = 0;
    if (fd < 0) {
        file->why = errno == ELOOP && !file->links ? "it is a symbolic link"
                                                   : strerrordesc_np(errno);
        return 0;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        file->why = "it is no regular file";
    } else if (status.st_size > MHSMI_FILE_MAX) {
        file->why = too_large;
    } else {
        file->exposed = (status.st_mode & S_IROTH) != 0;
        file->why = read_into(fd, out);
    }
    (void)close(fd);
    return file->why == NULL;
}
