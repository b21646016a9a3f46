/* SPDX-License-Identifier: MIT
 *
 * The hosts that a loop talks to: how many requests each has under way, how
 * many it may have, and who waits for his turn, first come, first served.
 *
 * All of it is under the loop's lock.
 */
#ifndef MHSM_CLIENT_HTTP_HOST_H
#define MHSM_CLIENT_HTTP_HOST_H

#include "http/congestion.h"
#include "http/job.h"

struct mhsmi_host {
    struct mhsmi_host *next;
    char *origin;
    int running; /* requests that were admitted and have not ended */
    int idle;    /* lanes that lead here and carry nothing (lane.h) */
    struct mhsmi_congestion congestion;
    struct mhsmi_jobs waiting;
};

/* Admit the job, or make it wait: see job->place.  0: no memory. */
int mhsmi_host_enter(struct mhsmi_host **hosts, struct mhsmi_job *job);
/* An admitted job has ended, or one that waits gives up.  Whoever calls lets in
 * the next ones then, and tidies up. */
void mhsmi_host_leave(struct mhsmi_job *job);
/* Admit the next one, if its turn has come; else NULL. */
struct mhsmi_job *mhsmi_host_next(struct mhsmi_host *host);
/* Forget a host that nothing needs any more. */
void mhsmi_host_tidy(struct mhsmi_host **hosts, struct mhsmi_host *host);

#endif
