/* SPDX-License-Identifier: MIT
 *
 * Runs a program.  The host may collect its children before we do, ignore
 * their end, have any signal blocked or ignored and any descriptor open: none
 * of that may reach the program or be relied on.
 */
#include "auth/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/descriptor.h"

enum {
    tick_ms = 20,     /* how often the end is looked for */
    killed_ms = 2000, /* what the kernel may take to end what was killed */
    piece = 4096
};

struct pipes {
    int read[2], write[2]; /* of its standard output and error */
};

static void close_one(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void pipes_close(struct pipes *pipes)
{
    int i;

    for (i = 0; i < 2; i++) {
        close_one(&pipes->read[i]);
        close_one(&pipes->write[i]);
    }
}

static int pipes_open(struct pipes *pipes)
{
    int i, ends[2];

    *pipes = (struct pipes){{-1, -1}, {-1, -1}};
    for (i = 0; i < 2; i++) {
        if (pipe2(ends, O_CLOEXEC) != 0)
            return 0;
        pipes->read[i] = mhsmi_fd_above_streams(ends[0]);
        pipes->write[i] = mhsmi_fd_above_streams(ends[1]);
        if (pipes->read[i] < 0 || pipes->write[i] < 0 ||
            fcntl(pipes->read[i], F_SETFL, O_NONBLOCK) != 0)
            return 0;
    }
    return 1;
}

/* 0 or an errno. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int error;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    /* A session of its own: no terminal to ask at, and one group to end. */
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF |
                                                         POSIX_SPAWN_SETSID);
    return error;
}

static int set_actions(posix_spawn_file_actions_t *actions,
                       const struct pipes *pipes)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO,
                                                 "/dev/null", O_RDONLY, 0);

    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, pipes->write[0],
                                                 STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, pipes->write[1],
                                                 STDERR_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions,
                                                         STDERR_FILENO + 1);
    /* Not the host's folder: a program may load files from where it is. */
    if (error == 0)
        error = posix_spawn_file_actions_addchdir_np(actions, "/");
    return error;
}

/* posix_spawn() takes as writable what it only reads. */
static char **writable(const char *const *list)
{
    union {
        const char *const *constant;
        char **writable;
    } same = {list};

    return same.writable;
}

static int start(pid_t *pid, const char *path, const char *const *arguments,
                 const char *const *environment, const struct pipes *pipes)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int error = posix_spawnattr_init(&attributes);

    if (error != 0)
        return error;
    error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        (void)posix_spawnattr_destroy(&attributes);
        return error;
    }
    error = set_attributes(&attributes);
    if (error == 0)
        error = set_actions(&actions, pipes);
    if (error == 0)
        error = posix_spawn(pid, path, &actions, &attributes,
                            writable(arguments), writable(environment));
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* The host's environment and more; the caller frees the list alone. */
static const char **join_environment(const char *const *more)
{
    size_t i, count = 0, added = 0;
    const char **joined;

    while (environ != NULL && environ[count] != NULL)
        count++;
    while (more[added] != NULL)
        added++;
    joined = mhsmi_alloc((count + added + 1) * sizeof(*joined));
    for (i = 0; joined != NULL && i < added; i++)
        joined[i] = more[i];
    for (i = 0; joined != NULL && i < count; i++)
        joined[added + i] = environ[i];
    return joined;
}

/* What there is; what is over the maximum is read and forgotten.  0 at the
 * end. */
static int drain(int fd, struct mhsmi_buf *into)
{
    char data[piece];
    ssize_t size;

    for (;;) {
        size = read(fd, data, sizeof(data));
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            break;
        if ((size_t)size > into->max - into->size)
            size = (ssize_t)(into->max - into->size);
        if (size > 0 && !mhsmi_buf_append(into, data, (size_t)size))
            break;
    }
    /* A piece of a token may have been here. */
    OPENSSL_cleanse(data, sizeof(data));
    return size < 0 && errno == EAGAIN;
}

/* Whether it has ended, and how. */
static int has_ended(pid_t pid, int *code)
{
    int status;
    pid_t ended;

    do
        ended = waitpid(pid, &status, WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended == 0)
        return 0;
    if (ended == pid)
        *code =
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 1;
}

/* Until both streams are at their end or the program is.  Once it has ended,
 * what it left behind may keep the streams open, and is not waited for. */
static int collect(struct mhsmi_child *child, pid_t pid, struct pipes *pipes,
                   int64_t deadline_ms)
{
    struct mhsmi_buf *into[2] = {&child->out, &child->err};
    int i, ended = 0;

    while (pipes->read[0] >= 0 || pipes->read[1] >= 0) {
        struct pollfd fds[2] = {{pipes->read[0], POLLIN, 0},
                                {pipes->read[1], POLLIN, 0}};
        int known = child->code != MHSMI_CHILD_UNKNOWN;

        if (mhsmi_clock_ms() >= deadline_ms)
            return 0;
        (void)poll(fds, 2, known ? 0 : tick_ms);
        for (i = 0; i < 2; i++) {
            if (pipes->read[i] >= 0 && !drain(pipes->read[i], into[i]))
                close_one(&pipes->read[i]);
        }
        if (known)
            return 1;
        if (!ended)
            ended = has_ended(pid, &child->code);
    }
    /* It closed its streams: it ends, or does something else without end. */
    while (!ended && !(ended = has_ended(pid, &child->code))) {
        if (mhsmi_clock_ms() >= deadline_ms)
            return 0;
        (void)poll(NULL, 0, tick_ms);
    }
    return 1;
}

/* With all that it started.  Only while the process is ours to collect is its
 * number surely still its own. */
static void end(struct mhsmi_child *child, pid_t pid)
{
    int64_t until = mhsmi_clock_deadline(killed_ms);
    int code = MHSMI_CHILD_UNKNOWN;

    child->code = MHSMI_CHILD_LATE;
    if (has_ended(pid, &code))
        return;
    (void)kill(-pid, SIGKILL);
    while (!has_ended(pid, &code) && mhsmi_clock_ms() < until)
        (void)poll(NULL, 0, 1);
}

mhsm_status mhsmi_child_run(struct mhsmi_child *child, const char *path,
                            const char *const *arguments,
                            const char *const *more, int64_t deadline_ms,
                            int *error)
{
    const char **environment = NULL;
    struct pipes pipes;
    pid_t pid = -1;

    child->code = MHSMI_CHILD_UNKNOWN;
    *error = 0;
    if (!pipes_open(&pipes)) {
        *error = errno;
        goto out;
    }
    environment = join_environment(more);
    *error = environment == NULL
                 ? ENOMEM
                 : start(&pid, path, arguments, environment, &pipes);
    if (*error != 0)
        goto out;
    close_one(&pipes.write[0]);
    close_one(&pipes.write[1]);
    if (!collect(child, pid, &pipes, deadline_ms))
        end(child, pid);
out:
    mhsmi_free(environment);
    pipes_close(&pipes);
    return *error == 0 ? MHSM_OK : MHSM_ERR_IO;
}
