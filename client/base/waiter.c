/* SPDX-License-Identifier: MIT
 *
 * Waiting by a timer's descriptor.
 */
#include "base/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <mhsm/client.h>

#include "base/clock.h"
#include "base/descriptor.h"

/* Of <linux/timerfd.h>, which contradicts the C library's: give a timer its
 * ticks by hand (Linux 3.17, with CONFIG_CHECKPOINT_RESTORE). */
#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

static _Atomic(const mhsm_wait_hooks *) hooks;

void mhsm_set_wait_hooks(const mhsm_wait_hooks *wanted)
{
    atomic_store(&hooks, wanted);
}

int mhsmi_waiter_begin(struct mhsmi_waiter *waiter, int64_t deadline_ms,
                       int *wake_fd)
{
    const mhsm_wait_hooks *host = atomic_load(&hooks);
    struct itimerspec timer = {.it_value = mhsmi_clock_timespec(deadline_ms)};

    waiter->fd = *wake_fd = -1;
    if (host == NULL || !host->may_pause())
        return 0;
    /* With no descriptor to spare the caller just waits. */
    waiter->fd = mhsmi_fd_above_streams(
        timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (waiter->fd < 0)
        return 0;
    *wake_fd = fcntl(waiter->fd, F_DUPFD_CLOEXEC, 3);
    if (*wake_fd >= 0 &&
        timerfd_settime(waiter->fd, TFD_TIMER_ABSTIME, &timer, NULL) == 0)
        return 1;
    mhsmi_waiter_close(*wake_fd);
    *wake_fd = -1;
    mhsmi_waiter_end(waiter);
    return 0;
}

void mhsmi_waiter_pause(const struct mhsmi_waiter *waiter)
{
    const mhsm_wait_hooks *host = atomic_load(&hooks);
    struct pollfd ready = {.fd = waiter->fd, .events = POLLIN, .revents = 0};

    if (host != NULL && host->pause(waiter->fd))
        return;
    while (poll(&ready, 1, -1) < 0 && errno == EINTR)
        continue;
}

void mhsmi_waiter_end(struct mhsmi_waiter *waiter)
{
    mhsmi_waiter_close(waiter->fd);
    waiter->fd = -1;
}

void mhsmi_waiter_wake(int wake_fd)
{
    static const struct itimerspec now = {.it_value = {0, 1}};
    static const uint64_t ticks = 1;

    /* Setting it to the next moment costs an interrupt, more than all else that
     * a wait costs. */
    if (wake_fd >= 0 && ioctl(wake_fd, TFD_IOC_SET_TICKS, &ticks) != 0)
        (void)timerfd_settime(wake_fd, 0, &now, NULL);
}

void mhsmi_waiter_close(int wake_fd)
{
    if (wake_fd >= 0)
        (void)close(wake_fd);
}

void mhsmi_waiter_sleep(int64_t deadline_ms)
{
    struct timespec at = mhsmi_clock_timespec(deadline_ms);
    struct mhsmi_waiter waiter;
    int wake_fd;

    if (mhsmi_waiter_begin(&waiter, deadline_ms, &wake_fd)) {
        mhsmi_waiter_close(wake_fd); /* nobody will */
        while (mhsmi_clock_ms() < deadline_ms)
            mhsmi_waiter_pause(&waiter);
        mhsmi_waiter_end(&waiter);
        return;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        continue;
}
