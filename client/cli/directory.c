/* SPDX-License-Identifier: MIT
 *
 * A directory is filled under a temporary name beside its own and gets that
 * once all is on disk.  Signals that end the program wait meanwhile: it is
 * short.
 */
#include "cli/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"

static int sync_at(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0)
        (void)close(fd);
    return error;
}

/* The folder of "FOLDER/FILE" into `folder`; 0 when there is none. */
static int folder_of(const char *name, char *folder)
{
    const char *slash = strchr(name, '/');

    if (slash == NULL)
        return 0;
    (void)snprintf(folder, NAME_MAX + 1, "%.*s", (int)(slash - name), name);
    return 1;
}

/* 0, or errno. */
static int write_file(int at, const struct cli_directory_file *file)
{
    char folder[NAME_MAX + 1];
    int fd, error;

    if (folder_of(file->name, folder) && mkdirat(at, folder, 0700) != 0 &&
        errno != EEXIST)
        return errno;
    fd = openat(at, file->name,
                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    error = cli_file_write_all(fd, file->data, file->size);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && folder_of(file->name, folder))
        error = sync_at(at, folder);
    return error;
}

static void remove_all(const char *path, int at,
                       const struct cli_directory_file *files, size_t count)
{
    char folder[NAME_MAX + 1];
    size_t i;

    for (i = 0; i < count; i++)
        (void)unlinkat(at, files[i].name, 0);
    for (i = 0; i < count; i++)
        if (folder_of(files[i].name, folder))
            (void)unlinkat(at, folder, AT_REMOVEDIR);
    (void)rmdir(path);
}

/* Not all file systems know RENAME_NOREPLACE; and an empty directory is the
 * most that a plain rename would replace. */
static int rename_free(const char *from, const char *to)
{
    struct stat info;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL)
        return errno;
    if (lstat(to, &info) == 0)
        return EEXIST;
    return rename(from, to) != 0 ? errno : 0;
}

static int write_all(const char *path, char *temporary,
                     const struct cli_directory_file *files, size_t count)
{
    int at, error = 0;
    size_t i;

    if (mkdtemp(temporary) == NULL)
        return errno;
    at = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) {
        error = errno;
        (void)rmdir(temporary);
        return error;
    }
    for (i = 0; error == 0 && i < count; i++)
        error = write_file(at, &files[i]);
    if (error == 0 && fsync(at) != 0)
        error = errno;
    if (error == 0)
        error = rename_free(temporary, path);
    if (error != 0)
        remove_all(temporary, at, files, count);
    (void)close(at);
    return error;
}

mhsm_status cli_directory_write(const char *path,
                                const struct cli_directory_file *files,
                                size_t count, mhsm_error **err)
{
    size_t length = strlen(path);
    char temporary[PATH_MAX], parent[PATH_MAX];
    const char *slash;
    sigset_t before;
    int size, error;

    while (length > 1 && path[length - 1] == '/')
        length--;
    size = snprintf(temporary, sizeof(temporary), "%.*s.mhsm-XXXXXX",
                    (int)length, path);
    if (size < 0 || (size_t)size >= sizeof(temporary))
        return mhsmi_error(err, MHSM_ERR_IO, "cannot write %s: %s", path,
                           strerror(ENAMETOOLONG));
    cli_file_block_signals(&before);
    error = write_all(path, temporary, files, count);
    cli_file_restore_signals(&before);
    if (error == EEXIST)
        return mhsmi_error(err, MHSM_ERR_IO,
                           "%s exists: nothing is overwritten", path);
    if (error != 0)
        return mhsmi_error(err, MHSM_ERR_IO, "cannot write %s: %s", path,
                           strerror(error));
    /* So that the new name itself survives a crash. */
    (void)snprintf(parent, sizeof(parent), "%.*s", (int)length, path);
    slash = strrchr(parent, '/');
    if (slash == NULL)
        (void)sync_at(AT_FDCWD, ".");
    else {
        parent[slash - parent + (slash == parent)] = 0;
        (void)sync_at(AT_FDCWD, parent);
    }
    return MHSM_OK;
}
