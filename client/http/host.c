/* SPDX-License-Identifier: MIT
 *
 * Admission to hosts.
 */
#include "http/host.h"

#include <string.h>

#include "base/clock.h"

/* How long the congestion of a host is remembered that nobody asks. */
enum { remembered_ms = 60000 };

static int may_run(const struct mhsmi_host *host, const struct mhsmi_job *job)
{
    return host->running <
           mhsmi_congestion_limit(&host->congestion,
                                  job->transport.max_connections);
}

static void admit(struct mhsmi_host *host, struct mhsmi_job *job)
{
    host->running++;
    job->place = MHSMI_JOB_ADMITTED;
}

static int is_needed(const struct mhsmi_host *host)
{
    return host->running != 0 || host->idle != 0 || host->waiting.first != NULL;
}

static int is_remembered(const struct mhsmi_host *host)
{
    return is_needed(host) ||
           (host->congestion.limit >= 1 &&
            mhsmi_clock_ms() - host->congestion.reduced_ms < remembered_ms);
}

static struct mhsmi_host *add(struct mhsmi_host **hosts, const char *origin)
{
    struct mhsmi_host **at = hosts, *host;

    while ((host = *at) != NULL) {
        if (is_remembered(host)) {
            at = &host->next;
            continue;
        }
        *at = host->next;
        mhsmi_free(host->origin);
        mhsmi_free(host);
    }
    host = mhsmi_alloc(sizeof(*host));
    if (host == NULL)
        return NULL;
    host->origin = mhsmi_strdup(origin);
    if (host->origin == NULL) {
        mhsmi_free(host);
        return NULL;
    }
    host->next = *hosts;
    *hosts = host;
    return host;
}

int mhsmi_host_enter(struct mhsmi_host **hosts, struct mhsmi_job *job)
{
    struct mhsmi_host *host = *hosts;

    while (host != NULL && strcmp(host->origin, job->origin) != 0)
        host = host->next;
    if (host == NULL)
        host = add(hosts, job->origin);
    if (host == NULL)
        return 0;
    job->at = host;
    /* Nobody overtakes those who wait. */
    if (host->waiting.first == NULL && may_run(host, job)) {
        admit(host, job);
    } else {
        mhsmi_jobs_append(&host->waiting, job);
        job->place = MHSMI_JOB_WAITING;
    }
    return 1;
}

void mhsmi_host_leave(struct mhsmi_job *job)
{
    struct mhsmi_host *host = job->at;

    if (job->place == MHSMI_JOB_WAITING) {
        mhsmi_jobs_remove(&host->waiting, job);
    } else {
        host->running--;
        mhsmi_congestion_note(&host->congestion, job->origin,
                              job->transport.max_connections,
                              job->response.status, job->started_ms);
    }
    job->place = MHSMI_JOB_OUTSIDE;
}

struct mhsmi_job *mhsmi_host_next(struct mhsmi_host *host)
{
    struct mhsmi_job *job = host->waiting.first;

    if (job == NULL || !may_run(host, job))
        return NULL;
    mhsmi_jobs_remove(&host->waiting, job);
    admit(host, job);
    return job;
}

void mhsmi_host_tidy(struct mhsmi_host **hosts, struct mhsmi_host *host)
{
    struct mhsmi_host **at = hosts;

    if (is_remembered(host))
        return;
    while (*at != host)
        at = &(*at)->next;
    *at = host->next;
    mhsmi_free(host->origin);
    mhsmi_free(host);
}
