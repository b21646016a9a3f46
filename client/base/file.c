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

#include "base/log.h"

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

static mhsm_status unreadable(const struct mhsmi_file *file, const char *why,
                              mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: cannot read %s: %s",
                       file->option, file->path, why);
}

static mhsm_status read_into(const struct mhsmi_file *file, int fd,
                             struct mhsmi_buf *out, mhsm_error **err)
{
    unsigned char *data = mhsmi_alloc(MHSMI_FILE_MAX + 1);
    mhsm_status st = MHSM_OK;
    ssize_t size;

    if (data == NULL)
        return mhsmi_error_memory(err);
    size = read_all(fd, data, MHSMI_FILE_MAX + 1);
    if (size < 0)
        st = unreadable(file, strerrordesc_np(errno), err);
    else if (size > MHSMI_FILE_MAX)
        st = unreadable(file, too_large, err);
    else if (!mhsmi_buf_append(out, data, (size_t)size))
        st = mhsmi_error_memory(err);
    mhsmi_free_secret(data, MHSMI_FILE_MAX + 1);
    return st;
}

mhsm_status mhsmi_file_read(const struct mhsmi_file *file,
                            struct mhsmi_buf *out, mhsm_error **err)
{
    /* A FIFO could block for ever. */
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
                                  (file->links ? 0 : O_NOFOLLOW));
    struct stat status;
    mhsm_status st;

    if (fd < 0)
        return unreadable(file,
                          errno == ELOOP && !file->links
                              ? "it is a symbolic link"
                              : strerrordesc_np(errno),
                          err);
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        st = unreadable(file, "it is no regular file", err);
    else if (status.st_size > MHSMI_FILE_MAX)
        st = unreadable(file, too_large, err);
    else
        st = read_into(file, fd, out, err);
    if (st == MHSM_OK && file->secret && (status.st_mode & S_IROTH) != 0)
        mhsmi_log(MHSMI_LOG_WARNING,
                  "option %s: every user of this machine can read %s",
                  file->option, file->path);
    (void)close(fd);
    return st;
}
