/* SPDX-License-Identifier: MIT
 *
 * One caller, one request, one connection.
 */
#include "http/lane.h"

#include "base/clock.h"
#include "base/libcurl.h"

/* More are closed rather than kept. */
enum { kept_max = 512, poll_max_ms = 60000 };

static void append(struct mhsmi_lane_list *list, struct mhsmi_lane *lane)
{
    lane->next = NULL;
    lane->previous = list->last;
    *(list->last == NULL ? &list->first : &list->last->next) = lane;
    list->last = lane;
}

static void prepend(struct mhsmi_lane_list *list, struct mhsmi_lane *lane)
{
    lane->previous = NULL;
    lane->next = list->first;
    *(list->first == NULL ? &list->last : &list->first->previous) = lane;
    list->first = lane;
}

static void take_out(struct mhsmi_lane_list *list, struct mhsmi_lane *lane)
{
    *(lane->previous == NULL ? &list->first : &lane->previous->next) =
        lane->next;
    *(lane->next == NULL ? &list->last : &lane->next->previous) =
        lane->previous;
}

static void take_idle(struct mhsmi_lanes *lanes, struct mhsmi_lane *lane)
{
    take_out(&lanes->idle, lane);
    lanes->idle_count--;
    lane->host->idle--;
}

struct mhsmi_lane *mhsmi_lane_take(struct mhsmi_lanes *lanes,
                                   struct mhsmi_job *job)
{
    struct mhsmi_lane *lane = lanes->idle.first;

    while (lane != NULL && lane->host != job->at)
        lane = lane->next;
    if (lane != NULL) {
        take_idle(lanes, lane);
    } else {
        lane = mhsmi_alloc(sizeof(*lane));
        if (lane == NULL)
            return NULL;
        lane->host = job->at;
    }
    lane->caller = pthread_self();
    append(&lanes->busy, lane);
    return lane;
}

void mhsmi_lane_put(struct mhsmi_lanes *lanes, struct mhsmi_lane *lane,
                    const struct mhsmi_job *job)
{
    take_out(&lanes->busy, lane);
    lane->expires_ms =
        mhsmi_clock_deadline((int64_t)job->transport.idle_timeout_s * 1000);
    prepend(&lanes->idle, lane);
    lanes->idle_count++;
    lane->host->idle++;
}

struct mhsmi_lane *mhsmi_lane_take_expired(struct mhsmi_lanes *lanes)
{
    struct mhsmi_lane *lane = lanes->idle.last;

    if (lane == NULL ||
        (lanes->idle_count <= kept_max && lane->expires_ms > mhsmi_clock_ms()))
        return NULL;
    take_idle(lanes, lane);
    return lane;
}

struct mhsmi_lane *mhsmi_lane_take_surplus(struct mhsmi_lanes *lanes,
                                           const struct mhsmi_job *job)
{
    struct mhsmi_lane *lane = lanes->idle.last;

    if (job->at->idle + job->at->running <= job->transport.max_connections)
        return NULL;
    while (lane != NULL && lane->host != job->at)
        lane = lane->previous;
    if (lane != NULL)
        take_idle(lanes, lane);
    return lane;
}

struct mhsmi_lane *mhsmi_lane_take_any(struct mhsmi_lanes *lanes)
{
    struct mhsmi_lane *lane = lanes->idle.last;

    if (lane != NULL)
        take_idle(lanes, lane);
    return lane;
}

void mhsmi_lane_close(struct mhsmi_lane *lane)
{
    mhsmi_handle_free(lane->handle);
    if (lane->multi != NULL)
        (void)mhsmi_libcurl()->multi_cleanup(lane->multi);
    mhsmi_free(lane);
}

int mhsmi_lane_open(struct mhsmi_lane *lane, pthread_mutex_t *lock)
{
    CURLM *multi;

    if (lane->multi == NULL) {
        multi = mhsmi_libcurl()->multi_init();
        /* A second one, where the first must not be used, takes its place. */
        if (multi != NULL)
            (void)mhsmi_libcurl()->multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                                                1L);
        (void)pthread_mutex_lock(lock);
        lane->multi = multi;
        (void)pthread_mutex_unlock(lock);
    }
    if (lane->handle == NULL)
        lane->handle = mhsmi_handle_new();
    return lane->multi != NULL && lane->handle != NULL;
}

/* Until libcurl says how the transfer ended. */
static CURLcode await(struct mhsmi_lane *lane, struct mhsmi_job *job,
                      const atomic_int *stopping, const atomic_int *lost)
{
    const struct mhsmi_libcurl *libcurl = mhsmi_libcurl();
    int running = 1, left;
    CURLMcode polled;
    CURLMsg *message;

    for (;;) {
        if (libcurl->multi_perform(lane->multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        message =
            running != 0 ? NULL : libcurl->multi_info_read(lane->multi, &left);
        if (message != NULL)
            return message->data.result;
        if (atomic_load(stopping)) {
            job->stopped = 1;
            return CURLE_ABORTED_BY_CALLBACK;
        }
        polled = libcurl->multi_poll(lane->multi, NULL, 0, poll_max_ms, NULL);
        if (atomic_load(lost))
            return CURLE_RECV_ERROR;
        /* It would fail at once, again and again. */
        if (polled != CURLM_OK)
            return CURLE_FAILED_INIT;
    }
}

void mhsmi_lane_carry(struct mhsmi_lane *lane, struct mhsmi_job *job,
                      struct mhsmi_sockets *sockets, const atomic_int *stopping,
                      const atomic_int *lost)
{
    CURLcode code;

    if (!mhsmi_job_begin(job)) {
        job->code = CURLE_OPERATION_TIMEDOUT;
        return;
    }
    job->code = CURLE_FAILED_INIT;
    if (mhsmi_handle_lend(lane->handle, job, sockets) &&
        mhsmi_libcurl()->multi_add_handle(lane->multi, job->easy) == CURLM_OK) {
        code = await(lane, job, stopping, lost);
        if (atomic_load(lost)) {
            mhsmi_job_lose(job);
            return;
        }
        mhsmi_job_collect(job, code);
        (void)mhsmi_libcurl()->multi_remove_handle(lane->multi, job->easy);
    }
    (void)mhsmi_handle_return(job);
}

void mhsmi_lanes_interrupt(const struct mhsmi_lanes *lanes)
{
    const struct mhsmi_lane *lane;

    for (lane = lanes->busy.first; lane != NULL; lane = lane->next) {
        if (lane->multi != NULL)
            (void)mhsmi_libcurl()->multi_wakeup(lane->multi);
    }
}

int mhsmi_lanes_are_busy(const struct mhsmi_lanes *lanes)
{
    const struct mhsmi_lane *lane = lanes->busy.first;

    while (lane != NULL && pthread_equal(lane->caller, pthread_self()))
        lane = lane->next;
    return lane != NULL;
}
