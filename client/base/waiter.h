/* SPDX-License-Identifier: MIT
 *
 * A wait that the host may turn into a pause: a caller that runs in a fibre of
 * the host's (an ASYNC_JOB of OpenSSL) gives its thread to others meanwhile.
 * What it waits for is one descriptor, a timer set to its deadline; whoever
 * has what it waits for sets the timer off at once.
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

/* Whether the caller may pause; if so, until `deadline_ms` at the latest. */
int mhsmi_waiter_begin(struct mhsmi_waiter *waiter, int64_t deadline_ms);
/* Pause.  Returns when set off, at the deadline, or for no reason at all: look
 * whether there is what was waited for, and at the clock. */
void mhsmi_waiter_pause(const struct mhsmi_waiter *waiter);
/* Set off the wait of whoever has this descriptor; any thread. */
void mhsmi_waiter_wake(int fd);
/* Nobody may set it off any more. */
void mhsmi_waiter_end(struct mhsmi_waiter *waiter);

/* Sleep, or pause. */
void mhsmi_waiter_sleep(int64_t deadline_ms);

#endif
