/* SPDX-License-Identifier: MIT
 *
 * The engine's sockets: opened so that nobody inherits them, and closed by what
 * they are, never by their number alone.
 */
#include "http/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "check.h"

static struct mhsmi_sockets sockets;

static int open_one(void)
{
    struct curl_sockaddr address = {
        .family = AF_INET, .socktype = SOCK_STREAM, .protocol = IPPROTO_TCP};
    int fd = mhsmi_sockets_open(&sockets, CURLSOCKTYPE_IPCXN, &address);

    CHECK_FATAL(fd > STDERR_FILENO);
    return fd;
}

static int is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

/* Let the number be something else, as a host does that closes what it does not
 * know; `other` is closed. */
static void become(int fd, int other)
{
    CHECK_FATAL(other >= 0 && dup2(other, fd) == fd);
    CHECK_FATAL(close(other) == 0);
}

static void test_close(void)
{
    int fd = open_one();

    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(mhsmi_sockets_close(&sockets, fd) == 0);
    CHECK(!is_open(fd));
    /* Its place is free again. */
    CHECK(atomic_load(&sockets.slots[0].fd_plus_one) == 0);
}

static void test_foreign(void)
{
    int fd = open_one();

    become(fd, open("/dev/null", O_RDWR | O_CLOEXEC));
    CHECK(mhsmi_sockets_close(&sockets, fd) == 0);
    CHECK(is_open(fd));
    CHECK(close(fd) == 0);
    /* Another socket is a foreign one as well. */
    fd = open_one();
    become(fd, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(mhsmi_sockets_close(&sockets, fd) == 0);
    CHECK(is_open(fd));
    CHECK(close(fd) == 0);
    /* Closed, and not taken by anything. */
    fd = open_one();
    CHECK(close(fd) == 0);
    CHECK(mhsmi_sockets_close(&sockets, fd) == 0);
    CHECK(atomic_load(&sockets.slots[0].fd_plus_one) == 0);
}

static void test_abandon(void)
{
    int ours = open_one(), theirs = open_one();

    become(theirs, open("/dev/null", O_RDWR | O_CLOEXEC));
    mhsmi_sockets_abandon(&sockets);
    CHECK(!is_open(ours));
    CHECK(is_open(theirs));
    CHECK(mhsmi_sockets_close(&sockets, theirs) == 0);
    CHECK(is_open(theirs));
    CHECK(close(theirs) == 0);
    CHECK(mhsmi_sockets_close(&sockets, ours) == 0);
}

/* More than can be remembered: closed if it is a socket at all. */
static void test_many(void)
{
    size_t i;
    int fd;

    for (i = 0; i < mhsmi_sockets_max; i++)
        atomic_store(&sockets.slots[i].fd_plus_one, -1);
    fd = open_one();
    CHECK(mhsmi_sockets_close(&sockets, fd) == 0);
    CHECK(!is_open(fd));
    fd = open_one();
    become(fd, open("/dev/null", O_RDWR | O_CLOEXEC));
    CHECK(mhsmi_sockets_close(&sockets, fd) == 0);
    CHECK(is_open(fd));
    CHECK(close(fd) == 0);
}

int main(void)
{
    static const struct check checks[] = {
        {"close", test_close},
        {"foreign", test_foreign},
        {"abandon", test_abandon},
        {"many", test_many},
        {NULL, NULL},
    };

    return check_main("sockets", checks);
}
