/* SPDX-License-Identifier: MIT
 *
 * Listening sockets on loopback.
 */
#ifndef EMU_LISTEN_H
#define EMU_LISTEN_H

#include <stdint.h>

/* fds[0] listens on 127.0.0.1, fds[1] on ::1 or is -1 where there is none;
 * both on *port, which is chosen when it is 0. */
int emu_listen(int fds[2], int64_t *port);

#endif
