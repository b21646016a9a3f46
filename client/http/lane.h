/* SPDX-License-Identifier: MIT
 *
 * Lanes: a caller whose thread can be visited (visit.h) carries his own request
 * over a connection that is his alone meanwhile, and then lies idle until the
 * next caller.  Nothing is handed from thread to thread, so that a request
 * costs what libcurl costs.  The lane that was used last is used first, so that
 * there are no more of them than requests at once.
 */
#ifndef MHSM_CLIENT_HTTP_LANE_H
#define MHSM_CLIENT_HTTP_LANE_H

#include <pthread.h>
#include <stdint.h>

#include "http/handle.h"
#include "http/host.h"
#include "http/job.h"
#include "http/sockets.h"

struct mhsmi_lane {
    struct mhsmi_lane *next, *previous;
    struct mhsmi_host *host;
    pthread_t caller; /* of a busy one */
    int64_t expires_ms;
    CURLM *multi; /* set under the lock, for mhsmi_lanes_interrupt() */
    struct mhsmi_handle *handle;
};

/* Under the loop's lock. */
struct mhsmi_lanes {
    struct mhsmi_lane_list {
        struct mhsmi_lane *first, *last;
    } busy, idle; /* idle: the last used first */
    int idle_count;
};

/* Under the lock: one for an admitted job, an idle one or a new one; NULL: no
 * memory. */
struct mhsmi_lane *mhsmi_lane_take(struct mhsmi_lanes *lanes,
                                   struct mhsmi_job *job);
/* Under the lock: `lane` is idle again. */
void mhsmi_lane_put(struct mhsmi_lanes *lanes, struct mhsmi_lane *lane,
                    const struct mhsmi_job *job);
/* Under the lock: take out an idle lane, to be closed in a visit: one that has
 * been idle for too long; one whose connection the host of `job`, which has its
 * connection elsewhere, may not have beside that; any.  NULL: none. */
struct mhsmi_lane *mhsmi_lane_take_expired(struct mhsmi_lanes *lanes);
struct mhsmi_lane *mhsmi_lane_take_surplus(struct mhsmi_lanes *lanes,
                                           const struct mhsmi_job *job);
struct mhsmi_lane *mhsmi_lane_take_any(struct mhsmi_lanes *lanes);
void mhsmi_lane_close(struct mhsmi_lane *lane);

/* In a visit: make what libcurl needs, the lock being taken for that; 0: no
 * memory. */
int mhsmi_lane_open(struct mhsmi_lane *lane, pthread_mutex_t *lock);
/* In a visit: perform the job; its outcome is there afterwards.  Ends early
 * when *stopping is set and the lane interrupted, or *lost is set. */
void mhsmi_lane_carry(struct mhsmi_lane *lane, struct mhsmi_job *job,
                      struct mhsmi_sockets *sockets, const atomic_int *stopping,
                      const atomic_int *lost);

/* Under the lock: wake all callers in lanes. */
void mhsmi_lanes_interrupt(const struct mhsmi_lanes *lanes);
/* Under the lock: whether others than the calling thread are in lanes. */
int mhsmi_lanes_are_busy(const struct mhsmi_lanes *lanes);

#endif
