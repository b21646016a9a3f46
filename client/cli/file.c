/* SPDX-License-Identifier: MIT
 *
 * Reading and writing.  A file is written under a temporary name in its own
 * directory, synced and renamed; a signal in between removes it.  Must never
 * leave half a file under the name that was asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cli/cli.h"
#include "cli/file.h"

enum { FD_MAX = 1023 };

/* The temporary file, for the signal handler: written only while the signals
 * are blocked. */
static char temporary[PATH_MAX];
static volatile sig_atomic_t temporary_exists;

/* Read before there is a second thread: reading it means setting it. */
static mode_t file_mask;

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void on_signal(int number)
{
    if (temporary_exists)
        (void)unlink(temporary);
    /* SA_RESETHAND has put the default back: end as if by it. */
    (void)raise(number);
}

void cli_file_block_signals(sigset_t *before)
{
    sigset_t set;
    size_t i;

    sigemptyset(&set);
    for (i = 0; i < sizeof(ending_signals) / sizeof(ending_signals[0]); i++)
        sigaddset(&set, ending_signals[i]);
    (void)sigprocmask(SIG_BLOCK, &set, before);
}

void cli_file_restore_signals(const sigset_t *before)
{
    (void)sigprocmask(SIG_SETMASK, before, NULL);
}

void cli_file_init(void)
{
    struct sigaction action, old;
    size_t i;
    int fd;

    /* A file opened as descriptor 1 would get what is meant for stdout. Open
     * them the wrong way round, so that using one still fails. */
    for (fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    file_mask = umask(077);
    (void)umask(file_mask);
    /* A closed pipe and a file size limit are failures of a write. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    for (i = 0; i < sizeof(ending_signals) / sizeof(ending_signals[0]); i++)
        /* nohup's choice stays. */
        if (sigaction(ending_signals[i], NULL, &old) == 0 &&
            old.sa_handler == SIG_DFL)
            (void)sigaction(ending_signals[i], &action, NULL);
}

static int is_standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

mhsm_status cli_file_open(const char *path, int *fd, mhsm_error **err)
{
    int opened = STDIN_FILENO;

    if (!is_standard(path)) {
        opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (opened < 0)
            return mhsmi_error(err, MHSM_ERR_IO, "cannot read %s: %s", path,
                               strerror(errno));
    }
    *fd = opened;
    return MHSM_OK;
}

void cli_file_close(int fd)
{
    if (fd > STDERR_FILENO)
        (void)close(fd);
}

mhsm_status cli_file_read(int fd, const char *path, void *data, size_t size,
                          size_t *got, mhsm_error **err)
{
    ssize_t count;

    do
        count = read(fd, data, size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return mhsmi_error(err, MHSM_ERR_IO, "cannot read %s: %s",
                           is_standard(path) ? "standard input" : path,
                           strerror(errno));
    *got = (size_t)count;
    return MHSM_OK;
}

static mhsm_status slurp(int fd, const char *name, struct mhsmi_buf *out,
                         mhsm_error **err)
{
    unsigned char block[16384];
    size_t got = 1;
    mhsm_status st = MHSM_OK;

    while (st == MHSM_OK && got != 0) {
        st = cli_file_read(fd, name, block, sizeof(block), &got, err);
        if (st == MHSM_OK && out->size + got > out->max)
            st = mhsmi_error(
                err, MHSM_ERR_ARGUMENT, "%s is too large: at most %zu octets",
                is_standard(name) ? "standard input" : name, out->max);
        else if (st == MHSM_OK && !mhsmi_buf_append(out, block, got))
            st = mhsmi_error_memory(err);
    }
    OPENSSL_cleanse(block, sizeof(block));
    return st;
}

mhsm_status cli_file_slurp(const char *path, struct mhsmi_buf *out,
                           mhsm_error **err)
{
    int fd = -1;
    mhsm_status st = cli_file_open(path, &fd, err);

    if (st == MHSM_OK)
        st = slurp(fd, path, out, err);
    cli_file_close(fd);
    return st;
}

mhsm_status cli_descriptor_slurp(const char *option, const char *text,
                                 struct mhsmi_buf *out, mhsm_error **err)
{
    unsigned long fd = 0;
    mhsm_status st = cli_parse_number(option, text, 0, FD_MAX, &fd, err);

    return st == MHSM_OK ? slurp((int)fd, option, out, err) : st;
}

int cli_file_write_all(int fd, const void *data, size_t size)
{
    const unsigned char *at = data;

    while (size > 0) {
        ssize_t count = write(fd, at, size);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? errno : EIO;
        at += count;
        size -= (size_t)count;
    }
    return 0;
}

static mhsm_status failed(const char *path, int error, mhsm_error **err)
{
    return mhsmi_error(err, MHSM_ERR_IO, "cannot write %s: %s", path,
                       strerror(error));
}

/* Make the file under a temporary name beside `path`; a descriptor, or -1. */
static int make_temporary(const char *path, int secret)
{
    const char *slash = strrchr(path, '/');
    size_t directory = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    sigset_t before;
    int fd = -1, size;

    cli_file_block_signals(&before);
    size = snprintf(temporary, sizeof(temporary), "%.*s.mhsm-XXXXXX",
                    (int)directory, path);
    if (size < 0 || (size_t)size >= sizeof(temporary))
        errno = ENAMETOOLONG;
    else
        fd = mkostemp(temporary, O_CLOEXEC);
    if (fd >= 0) {
        temporary_exists = 1;
        if (!secret && fchmod(fd, 0666 & ~file_mask) != 0)
            errno = 0; /* narrower than asked for: still right */
    }
    cli_file_restore_signals(&before);
    return fd;
}

/* Give the temporary file its name, or remove it; 0, or errno. */
static int settle_temporary(const char *path, int keep, int flags)
{
    sigset_t before;
    int error = 0;

    cli_file_block_signals(&before);
    /* A link, unlike a new name, does not replace what is there. */
    if (keep && ((flags & CLI_FILE_NEW) ? link(temporary, path)
                                        : rename(temporary, path)) != 0)
        error = errno;
    if (!keep || error != 0 || (flags & CLI_FILE_NEW))
        (void)unlink(temporary);
    temporary_exists = 0;
    cli_file_restore_signals(&before);
    return error;
}

/* So that the new name itself survives a crash; some file systems cannot. */
static void sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];
    int fd;

    (void)snprintf(directory, sizeof(directory), "%.*s",
                   slash != NULL ? (int)(slash - path) + 1 : 1,
                   slash != NULL ? path : ".");
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static mhsm_status write_new(const char *path, int flags, const void *data,
                             size_t size, mhsm_error **err)
{
    int fd = make_temporary(path, flags & CLI_FILE_SECRET), error;

    if (fd < 0)
        return failed(path, errno, err);
    error = cli_file_write_all(fd, data, size);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0)
        error = settle_temporary(path, 1, flags);
    else
        (void)settle_temporary(path, 0, flags);
    if (error != 0)
        return failed(path, error, err);
    sync_directory(path);
    return MHSM_OK;
}

/* A device or a pipe. */
static mhsm_status write_through(const char *path, const void *data,
                                 size_t size, mhsm_error **err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), error;

    if (fd < 0)
        return failed(path, errno, err);
    error = cli_file_write_all(fd, data, size);
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error == 0 ? MHSM_OK : failed(path, error, err);
}

mhsm_status cli_file_check_free(const char *path, mhsm_error **err)
{
    struct stat info;

    if (is_standard(path) || lstat(path, &info) != 0)
        return MHSM_OK;
    return mhsmi_error(err, MHSM_ERR_IO, "%s exists: nothing is overwritten",
                       path);
}

mhsm_status cli_file_check_new(const char *path, mhsm_error **err)
{
    mhsm_status st = cli_file_check_free(path, err);
    int fd;

    if (st != MHSM_OK || is_standard(path))
        return st;
    fd = make_temporary(path, 1);
    if (fd < 0)
        return failed(path, errno, err);
    (void)close(fd);
    (void)settle_temporary(path, 0, 0);
    return MHSM_OK;
}

mhsm_status cli_file_write(const char *path, int flags, const void *data,
                           size_t size, mhsm_error **err)
{
    struct stat info;
    char *real = NULL;
    mhsm_status st;
    int error;

    if (is_standard(path)) {
        error = fflush(stdout) != 0 ? errno : 0;
        if (error == 0)
            error = cli_file_write_all(STDOUT_FILENO, data, size);
        return error == 0 ? MHSM_OK : failed("standard output", error, err);
    }
    if ((flags & CLI_FILE_NEW) &&
        (st = cli_file_check_free(path, err)) != MHSM_OK)
        return st;
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return failed(path, EISDIR, err);
        if (!S_ISREG(info.st_mode))
            return write_through(path, data, size, err);
        /* Replace what a symbolic link points at, not the link. */
        real = realpath(path, NULL);
        if (real == NULL)
            return failed(path, errno, err);
    } else if (errno != ENOENT || lstat(path, &info) == 0) {
        return failed(path, errno, err); /* a dangling link: ENOENT */
    }
    st = write_new(real != NULL ? real : path, flags, data, size, err);
    free(real);
    return st;
}
