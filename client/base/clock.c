/* SPDX-License-Identifier: MIT
 *
 * The two clocks.  Nothing here may fail or overflow, whatever it is asked.
 */
#include "base/clock.h"

int64_t mhsmi_clock_ms(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t mhsmi_clock_unix(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec;
}

int64_t mhsmi_clock_deadline(int64_t ms)
{
    int64_t now = mhsmi_clock_ms();

    if (ms <= 0)
        return now;
    return ms > INT64_MAX - now ? INT64_MAX : now + ms;
}

struct timespec mhsmi_clock_timespec(int64_t deadline_ms)
{
    /* A far deadline is cut to 2^31 seconds so that no time_t and no kernel
     * finds it invalid. */
    int64_t seconds = deadline_ms / 1000;
    struct timespec at = {0, 0};

    if (deadline_ms <= 0)
        return at;
    if (seconds > INT32_MAX) {
        at.tv_sec = (time_t)INT32_MAX;
        return at;
    }
    at.tv_sec = (time_t)seconds;
    at.tv_nsec = (long)(deadline_ms % 1000) * 1000000;
    return at;
}
