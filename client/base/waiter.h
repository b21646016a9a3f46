/* SPDX-License-Identifier: MIT
 *
 * A wait that the host may turn into a pause: a caller that runs in a fibre of
 * the host's (an ASYNC_JOB of OpenSSL) gives its thread to others meanwhile.
 * What it waits for is one descriptor, a timer set to its deadline; whoever
 * has what it waits for sets the timer off at once.  He does so by a duplicate
 * of his own: a host may drop a fibre in the middle of its pause, closes its
 * descriptor then, and the number may soon be another file's.
 *
 * No lock may be held over a pause: the next to want it may be another fibre
 * of the same thread.
 */
#ifndef MHSM_CLIENT_BASE_WAITER_H
#define MHSM_CLIENT_BASE_WAITER_H

#include <stdint.h>

struct mhsmi_waiter {
    int fd; /* -1: this caller waits as it always did */
};

/* Whether the caller may pause; if so, until `deadline_ms` at the latest, and
 * *wake_fd is for mhsmi_waiter_wake() and mhsmi_waiter_close(); else -1. */
int mhsmi_waiter_begin(struct mhsmi_waiter *waiter, int64_t deadline_ms,
                       int *wake_fd);
/* Pause.  Returns when set off, at the deadline, or for no reason at all: look
 * whether there is what was waited for, and at the clock. */
void mhsmi_waiter_pause(const struct mhsmi_waiter *waiter);
void mhsmi_waiter_end(struct mhsmi_waiter *waiter);

/* Set off the wait that `wake_fd` belongs to; any thread; -1 is ignored. */
void mhsmi_waiter_wake(int wake_fd);
void mhsmi_waiter_close(int wake_fd);

/* Sleep, or pause. */
void mhsmi_waiter_sleep(int64_t deadline_ms);

#endif
