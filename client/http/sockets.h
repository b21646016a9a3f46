/* SPDX-License-Identifier: MIT
 *
 * The sockets of one engine: opened close-on-exec, and remembered, so that a
 * forked child can let go of the ones it inherited.
 */
#ifndef MHSM_CLIENT_HTTP_SOCKETS_H
#define MHSM_CLIENT_HTTP_SOCKETS_H

#include <stdatomic.h>
#include <sys/types.h>

#include <curl/curl.h>

enum { mhsmi_sockets_max = 1024 };

/* All zero: no socket. For any number of threads. */
struct mhsmi_sockets {
    struct mhsmi_socket {
        atomic_int fd_plus_one; /* 0: free; below: about to be taken */
        dev_t device;
        ino_t inode;
    } slots[mhsmi_sockets_max];
};

/* Callbacks of libcurl; `data` is a struct mhsmi_sockets.  What has become a
 * file of the host's is not closed, only forgotten. */
curl_socket_t mhsmi_sockets_open(void *data, curlsocktype purpose,
                                 struct curl_sockaddr *address);
int mhsmi_sockets_close(void *data, curl_socket_t fd);
/* In a forked child: close those that are still what they were, so that the
 * parent alone decides when its connections end. Sends nothing. */
void mhsmi_sockets_abandon(struct mhsmi_sockets *sockets);

#endif
