/* SPDX-License-Identifier: MIT
 *
 * The log.  It takes no lock, so that it works after a fork and from any
 * thread, and it must never write to a descriptor that is no longer its own:
 * hosts that become daemons close and reuse descriptors behind our back.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"

enum { line_max = 1024 };

/* An open log file, never freed: a thread may be about to write to it. */
struct target {
    int fd;
    dev_t device;
    ino_t inode;
    struct target *older; /* keeps the earlier ones reachable */
};

static atomic_int log_level = MHSMI_LOG_NONE;
static _Atomic(struct target *) log_target; /* NULL: stderr */
static _Atomic(struct target *) log_opened; /* the newest file opened */

static int is_same_file(const struct target *target, const struct stat *found)
{
    return found->st_dev == target->device && found->st_ino == target->inode;
}

static int is_own(const struct target *target)
{
    struct stat now;

    return fstat(target->fd, &now) == 0 && is_same_file(target, &now);
}

/* A file already open, so that many clients with one log share a descriptor. */
static struct target *find_open(const struct stat *wanted)
{
    struct target *target = atomic_load(&log_opened);

    while (target != NULL) {
        if (is_same_file(target, wanted) && is_own(target))
            return target;
        target = target->older;
    }
    return NULL;
}

static mhsm_status open_target(const char *path, struct target **out,
                               mhsm_error **err)
{
    struct target *target = NULL;
    struct stat now;
    int fd, saved;

    /* O_NONBLOCK: neither opening nor a full pipe may stop the host. */
    fd = open(path,
              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
              0600);
    if (fd < 0 || fstat(fd, &now) != 0) {
        saved = errno;
        if (fd >= 0)
            (void)close(fd);
        return mhsmi_error(err, MHSM_ERR_IO, "cannot open log-file %s: %s",
                           path, strerrordesc_np(saved));
    }
    *out = find_open(&now);
    if (*out != NULL) {
        /* Ours was closed by the host, and this is its number come back. */
        if ((*out)->fd != fd)
            (void)close(fd);
        return MHSM_OK;
    }
    target = mhsmi_alloc(sizeof(*target));
    if (target == NULL) {
        (void)close(fd);
        return mhsmi_error_memory(err);
    }
    target->fd = fd;
    target->device = now.st_dev;
    target->inode = now.st_ino;
    target->older = atomic_load(&log_opened);
    while (!atomic_compare_exchange_weak(&log_opened, &target->older, target))
        continue;
    *out = target;
    return MHSM_OK;
}

mhsm_status mhsmi_log_open(enum mhsmi_log_level level, const char *path,
                           mhsm_error **err)
{
    struct target *target = NULL;
    mhsm_status st;

    if (level != MHSMI_LOG_NONE && path != NULL) {
        st = open_target(path, &target, err);
        if (st != MHSM_OK)
            return st;
    }
    atomic_store(&log_target, target);
    atomic_store(&log_level, (int)level);
    return MHSM_OK;
}

int mhsmi_log_enabled(enum mhsmi_log_level level)
{
    return level != MHSMI_LOG_NONE &&
           (int)level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

static const char *level_name(enum mhsmi_log_level level)
{
    static const char *const names[] = {"none", "error", "warning", "info",
                                        "debug"};

    return (size_t)level < sizeof(names) / sizeof(names[0])
               ? names[(size_t)level]
               : "debug";
}

/* "2026-01-31T12:00:00.123Z mhsm[PID] " without the locks of strftime's time
 * zone; the size written. */
static size_t stamp(char *line, size_t size, enum mhsmi_log_level level)
{
    struct timespec now = {0, 0};
    struct tm utc;
    int length;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) == NULL)
        return 0;
    length = snprintf(
        line, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ mhsm[%ld] %s: ",
        utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
        utc.tm_min, utc.tm_sec, (int)(now.tv_nsec / 1000000), (long)getpid(),
        level_name(level));
    return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
}

void mhsmi_log(enum mhsmi_log_level level, const char *format, ...)
{
    struct target *target;
    char line[line_max + 8];
    size_t size;
    va_list args;
    int fd, saved = errno;
    ssize_t written;

    if (!mhsmi_log_enabled(level))
        return;
    size = stamp(line, line_max, level);
    va_start(args, format);
    if (vsnprintf(line + size, line_max - size, format, args) < 0)
        line[size] = 0;
    va_end(args);
    mhsmi_text_clean(line, line_max - 1);
    size = strlen(line);
    line[size++] = '\n';

    target = atomic_load(&log_target);
    if (target == NULL || is_own(target)) {
        fd = target == NULL ? STDERR_FILENO : target->fd;
        do
            written = write(fd, line, size);
        while (written < 0 && errno == EINTR);
    }
    errno = saved;
}
