/* SPDX-License-Identifier: MIT
 *
 * Descriptors in somebody else's process.
 */
#ifndef MHSM_CLIENT_BASE_DESCRIPTOR_H
#define MHSM_CLIENT_BASE_DESCRIPTOR_H

/* `fd`, or a close-on-exec copy of it in its place that is none of 0, 1 and 2;
 * -1 for -1 and when there is no room. A program may have closed its standard
 * streams, and would print into what had taken their numbers. */
int mhsmi_fd_above_streams(int fd);

#endif
