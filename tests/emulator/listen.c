/* SPDX-License-Identifier: MIT
 *
 * Listening sockets. Only loopback addresses are ever bound: what is served
 * here holds keys without protecting them.
 */
#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG  512
#define ATTEMPTS 20

static int bind_socket(int family, const struct sockaddr *address,
                       socklen_t len)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1, saved;

    if (fd < 0)
        return -1;
    /* A restart must get its port back while old connections linger. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int bind_v4(int64_t *port)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int fd;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)*port);
    fd = bind_socket(AF_INET, (struct sockaddr *)&address, sizeof(address));
    if (fd < 0)
        return -1;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static int bind_v6(int64_t port)
{
    struct sockaddr_in6 address;

    memset(&address, 0, sizeof(address));
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    address.sin6_port = htons((uint16_t)port);
    return bind_socket(AF_INET6, (struct sockaddr *)&address, sizeof(address));
}

int emu_listen(int fds[2], int64_t *port)
{
    int64_t wanted = *port;
    int attempt;

    for (attempt = 0; attempt < ATTEMPTS; attempt++) {
        *port = wanted;
        fds[0] = bind_v4(port);
        if (fds[0] < 0)
            return 0;
        fds[1] = bind_v6(*port);
        /* A foreign listener on ::1 would catch half of the clients. */
        if (fds[1] >= 0 || errno != EADDRINUSE)
            return 1;
        close(fds[0]);
        fds[0] = -1;
        if (wanted != 0)
            return 0;
    }
    return 0;
}
