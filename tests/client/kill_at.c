/* SPDX-License-Identifier: MIT
 *
 * A library to preload (apps/security_domain_crash.sh builds it): ends the
 * process by SIGKILL before its n-th call that files, directories or the other
 * end of a connection can notice.  KILL_AT is n.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static void step(void)
{
    static atomic_long calls;
    static long at = -1;

    if (at < 0) {
        const char *text = getenv("KILL_AT");

        at = text != NULL ? strtol(text, NULL, 10) : 0;
    }
    if (atomic_fetch_add(&calls, 1) + 1 == at)
        (void)kill(getpid(), SIGKILL);
}

/* The function that would have been called without this one. */
#define NEXT(pointer, name)                                                    \
    do {                                                                       \
        void *next_ = dlsym(RTLD_NEXT, name);                                  \
        memcpy(&(pointer), &next_, sizeof(pointer));                           \
    } while (0)

#define STEP(type, name, parameters, arguments)                                \
    type name parameters                                                       \
    {                                                                          \
        static type(*next) parameters;                                         \
                                                                               \
        if (next == NULL)                                                      \
            NEXT(next, #name);                                                 \
        step();                                                                \
        return next arguments;                                                 \
    }

STEP(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
STEP(ssize_t, writev, (int fd, const struct iovec *parts, int count),
     (fd, parts, count))
STEP(ssize_t, send, (int fd, const void *data, size_t size, int flags),
     (fd, data, size, flags))
STEP(ssize_t, recv, (int fd, void *data, size_t size, int flags),
     (fd, data, size, flags))
STEP(int, mkostemp, (char *name, int flags), (name, flags))
STEP(int, fsync, (int fd), (fd))
STEP(int, link, (const char *from, const char *to), (from, to))
STEP(int, rename, (const char *from, const char *to), (from, to))
STEP(int, unlink, (const char *name), (name))
