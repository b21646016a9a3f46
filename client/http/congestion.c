/* SPDX-License-Identifier: MIT
 *
 * Congestion of one host: it lasts from a first refusal until the host has its
 * full number of requests again.
 */
#include "http/congestion.h"

#include "base/clock.h"
#include "base/log.h"

static int is_refusal(int status)
{
    return status == 429 || status == 503;
}

int mhsmi_congestion_limit(const struct mhsmi_congestion *congestion, int most)
{
    return congestion->limit < 1 || congestion->limit >= most
               ? most
               : (int)congestion->limit;
}

static void halve(struct mhsmi_congestion *congestion, int most)
{
    double limit = congestion->limit < 1 ? most : congestion->limit;

    congestion->limit = limit / 2 < 1 ? 1 : limit / 2;
    congestion->reduced_ms = mhsmi_clock_ms();
}

void mhsmi_congestion_note(struct mhsmi_congestion *congestion,
                           const char *origin, int most, int status,
                           int64_t started_ms)
{
    if (is_refusal(status)) {
        /* What was sent before the last halving knew nothing of it. */
        if (congestion->limit >= 1 && started_ms < congestion->reduced_ms)
            return;
        halve(congestion, most);
        mhsmi_log(MHSMI_LOG_INFO, "%s refuses with %d: %d request(s) at once",
                  origin, status, (int)congestion->limit);
    } else if (congestion->limit >= 1) {
        congestion->limit += 1 / congestion->limit;
        if (congestion->limit >= most)
            congestion->limit = 0;
    }
}
