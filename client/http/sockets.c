/* SPDX-License-Identifier: MIT
 *
 * Book-keeping of sockets.  It must never close a descriptor by number alone:
 * the host may have closed and reused it, so the inode has to agree as well.
 */
#include "http/sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"

enum { slot_free = 0, slot_taken = -1 };

static void remember(struct mhsmi_sockets *sockets, int fd)
{
    struct stat found;
    size_t i;

    if (fstat(fd, &found) != 0)
        return;
    for (i = 0; i < mhsmi_sockets_max; i++) {
        struct mhsmi_socket *slot = &sockets->slots[i];
        int was = slot_free;

        if (!atomic_compare_exchange_strong(&slot->fd_plus_one, &was,
                                            slot_taken))
            continue;
        slot->device = found.st_dev;
        slot->inode = found.st_ino;
        atomic_store(&slot->fd_plus_one, fd + 1);
        return;
    }
}

curl_socket_t mhsmi_sockets_open(void *data, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    int fd;

    (void)purpose; /* there is only one */
    fd = mhsmi_fd_above_streams(socket(
        address->family, address->socktype | SOCK_CLOEXEC, address->protocol));
    if (fd < 0)
        return CURL_SOCKET_BAD;
    remember(data, fd);
    return fd;
}

/* Whether the number still is the socket that was remembered there. */
static int is_same(const struct mhsmi_socket *slot, const struct stat *found)
{
    return S_ISSOCK(found->st_mode) && found->st_dev == slot->device &&
           found->st_ino == slot->inode;
}

int mhsmi_sockets_close(void *data, curl_socket_t fd)
{
    struct mhsmi_sockets *sockets = data;
    struct stat found;
    int ours, known = 0, same = 0;
    size_t i;

    ours = fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode);
    for (i = 0; i < mhsmi_sockets_max; i++) {
        struct mhsmi_socket *slot = &sockets->slots[i];

        if (atomic_load(&slot->fd_plus_one) != fd + 1)
            continue;
        known = 1;
        same |= ours && is_same(slot, &found);
        atomic_store(&slot->fd_plus_one, 0);
    }
    /* Of those beyond the maximum only the kind is known. */
    return ours && (same || !known) ? close(fd) : 0;
}

void mhsmi_sockets_abandon(struct mhsmi_sockets *sockets)
{
    size_t i;

    for (i = 0; i < mhsmi_sockets_max; i++) {
        struct mhsmi_socket *slot = &sockets->slots[i];
        int fd = atomic_load(&slot->fd_plus_one) - 1;
        struct stat found;

        if (fd >= 0 && fstat(fd, &found) == 0 && is_same(slot, &found))
            (void)close(fd);
    }
}
