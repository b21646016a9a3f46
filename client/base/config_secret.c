/* SPDX-License-Identifier: MIT
 *
 * Secrets by reference: reads the file or the variable that a SECRET option
 * names, at the moment it is needed.  The content goes into a wiping buffer
 * and nowhere else; no message ever shows it.
 */
#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

static mhsm_status cannot_read(const char *name, const char *path,
                               const char *why, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: cannot read %s: %s",
                       name, path, why);
}

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

static size_t trim(const unsigned char *data, size_t size)
{
    while (size != 0 && (data[size - 1] == '\n' || data[size - 1] == '\r'))
        size--;
    return size;
}

static mhsm_status append(const char *name, const char *what,
                          const unsigned char *data, size_t size,
                          struct mhsmi_buf *out, mhsm_error **err)
{
    size = trim(data, size);
    if (size == 0)
        return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: %s is empty", name,
                           what);
    if (memchr(data, '\0', size) != NULL)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "option %s: %s holds binary data", name, what);
    if (!mhsmi_buf_append(out, data, size))
        return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s: %s is too long",
                           name, what);
    return MHSM_OK;
}

static mhsm_status read_file(const char *name, const char *path,
                             struct mhsmi_buf *out, mhsm_error **err)
{
    /* A link could be swapped for another between check and use; a FIFO
     * could block for ever. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    unsigned char *data = NULL;
    struct stat status;
    mhsm_status st;
    ssize_t size;

    if (fd < 0) {
        st = cannot_read(
            name, path,
            errno == ELOOP ? "it is a symbolic link" : strerror(errno), err);
        goto out;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        st = cannot_read(name, path, "it is no regular file", err);
        goto out;
    }
    if (status.st_size > MHSMI_SECRET_MAX) {
        st = cannot_read(name, path, "it is larger than 64 KiB", err);
        goto out;
    }
    if ((status.st_mode & S_IROTH) != 0)
        mhsmi_log(MHSMI_LOG_WARNING,
                  "option %s: every user of this machine can read %s", name,
                  path);
    data = mhsmi_alloc(MHSMI_SECRET_MAX + 1);
    if (data == NULL) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    size = read_all(fd, data, MHSMI_SECRET_MAX + 1);
    if (size < 0 || size > MHSMI_SECRET_MAX)
        st = cannot_read(
            name, path, size < 0 ? strerror(errno) : "it is larger than 64 KiB",
            err);
    else
        st = append(name, path, data, (size_t)size, out, err);
out:
    mhsmi_free_secret(data, data == NULL ? 0 : MHSMI_SECRET_MAX + 1);
    if (fd >= 0)
        close(fd);
    return st;
}

mhsm_status mhsmi_config_secret(const mhsm_config *config, const char *name,
                                struct mhsmi_buf *out, mhsm_error **err)
{
    const char *reference = mhsm_config_get(config, name), *value;

    if (reference == NULL)
        return mhsmi_error(err, MHSM_ERR_CONFIG, "option %s is not set", name);
    if (strncmp(reference, "file:", 5) == 0)
        return read_file(name, reference + 5, out, err);
    value = mhsmi_config_variable(reference + 4);
    if (value == NULL)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "option %s: the environment variable %s is not set",
                           name, reference + 4);
    return append(name, reference + 4, (const unsigned char *)value,
                  strlen(value), out, err);
}
