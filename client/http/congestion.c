/* SPDX-License-Identifier: MIT
 *
 * Congestion, host by host.  A host is remembered from its first refusal until
 * it has its full number of requests again; when more hosts than fit are
 * congested, the rest are left to the callers' own back-off.
 */
#include "http/congestion.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

static int is_refusal(int status)
{
    return status == 429 || status == 503;
}

static struct mhsmi_congested *find(struct mhsmi_congestion *congestion,
                                    const char *origin)
{
    size_t i;

    for (i = 0; i < mhsmi_hosts_max; i++) {
        struct mhsmi_congested *host = &congestion->hosts[i];

        if (host->origin != NULL && strcmp(host->origin, origin) == 0)
            return host;
    }
    return NULL;
}

static struct mhsmi_congested *add(struct mhsmi_congestion *congestion,
                                   const char *origin, int most)
{
    size_t i;

    for (i = 0; i < mhsmi_hosts_max; i++) {
        struct mhsmi_congested *host = &congestion->hosts[i];

        if (host->origin != NULL)
            continue;
        host->origin = mhsmi_strdup(origin);
        host->limit = most;
        host->reduced_ms = INT64_MIN;
        return host->origin == NULL ? NULL : host;
    }
    return NULL;
}

static void forget(struct mhsmi_congested *host)
{
    mhsmi_free(host->origin);
    host->origin = NULL;
}

int mhsmi_congestion_limit(struct mhsmi_congestion *congestion,
                           const char *origin, int most)
{
    const struct mhsmi_congested *host = find(congestion, origin);

    return host == NULL || host->limit >= most ? most : (int)host->limit;
}

void mhsmi_congestion_note(struct mhsmi_congestion *congestion,
                           const char *origin, int most, int status,
                           int64_t started_ms)
{
    struct mhsmi_congested *host = find(congestion, origin);

    if (is_refusal(status)) {
        if (host == NULL)
            host = add(congestion, origin, most);
        /* What was sent before the last halving knew nothing of it. */
        if (host == NULL || started_ms < host->reduced_ms)
            return;
        host->limit = host->limit / 2 < 1 ? 1 : host->limit / 2;
        host->reduced_ms = mhsmi_clock_ms();
        mhsmi_log(MHSMI_LOG_INFO, "%s refuses with %d: %d request(s) at once",
                  origin, status, (int)host->limit);
    } else if (host != NULL) {
        host->limit += 1 / host->limit;
        if (host->limit >= most)
            forget(host);
    }
}

void mhsmi_congestion_clear(struct mhsmi_congestion *congestion)
{
    size_t i;

    for (i = 0; i < mhsmi_hosts_max; i++)
        forget(&congestion->hosts[i]);
}
