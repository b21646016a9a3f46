/* SPDX-License-Identifier: MIT
 *
 * The I/O thread's work: each turn takes new jobs, drops abandoned ones, and
 * waits for the network.  It holds the lock only to look at the queue and to
 * give up a job's place, never while it does any of that.
 */
#include "http/loop.h"

#include <limits.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/libcurl.h"
#include "base/log.h"
#include "base/waiter.h"
#include "http/visit.h"

enum { poll_max_ms = 60000, look = 64, spare_max = 256 };

/* curl_global_init() is for the whole process and survives a fork, except that
 * a child of a process that forked in the middle of it can never use libcurl:
 * the lock inside stays taken. */
enum { global_none = 0, global_busy = 1, global_ready = 2 };
static atomic_int global_state = global_none;

static int global_init(void)
{
    int found = global_none;

    if (mhsmi_libcurl() == NULL)
        return 0;
    if (atomic_compare_exchange_strong(&global_state, &found, global_busy)) {
        found = mhsmi_libcurl()->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
                    ? global_ready
                    : global_none;
        /* libcurl obeys it by itself, for all of the process. */
        if (mhsmi_config_variable("SSLKEYLOGFILE") != NULL)
            mhsmi_log(MHSMI_LOG_WARNING,
                      "SSLKEYLOGFILE is set: who reads that file can read all "
                      "that goes to the HSM, tokens included");
        atomic_store(&global_state, found);
    }
    return found == global_ready;
}

int mhsmi_loop_set_up(struct mhsmi_loop *loop)
{
    int ready;

    if (atomic_load(&global_state) == global_ready)
        return 1;
    /* One does it, the others of this process wait. */
    (void)pthread_mutex_lock(&loop->lock);
    ready = global_init();
    (void)pthread_mutex_unlock(&loop->lock);
    if (!ready)
        mhsmi_log(MHSMI_LOG_ERROR, "HTTP and TLS cannot be set up");
    return ready;
}

static void put_handle(struct mhsmi_loop *loop, struct mhsmi_handle *handle)
{
    handle->next = loop->spare;
    loop->spare = handle;
    loop->spare_count++;
}

static void drop_transfer(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    struct mhsmi_handle *handle;

    if (job->easy == NULL)
        return;
    (void)mhsmi_libcurl()->multi_remove_handle(loop->multi, job->easy);
    handle = mhsmi_handle_return(job);
    if (loop->spare_count < spare_max)
        put_handle(loop, handle);
    else
        mhsmi_handle_free(handle);
}

static struct mhsmi_handle *take_handle(struct mhsmi_loop *loop)
{
    struct mhsmi_handle *handle = loop->spare;

    if (handle == NULL)
        return mhsmi_handle_new();
    loop->spare = handle->next;
    loop->spare_count--;
    return handle;
}

/* The outcome is the caller's from here on, if there still is one. */
static void tell(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    int wake_fd = job->wake_fd;

    /* Nothing is closed whose number may be the host's by now. */
    if (atomic_load(&loop->lost))
        job->wake_fd = -1;
    atomic_store(&job->done, 1);
    (void)sem_post(&job->finished);
    mhsmi_waiter_wake(wake_fd);
}

/* A job that is in no list any more has its outcome. */
static void settle(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    (void)pthread_mutex_lock(&loop->lock);
    (void)mhsmi_loop_release(loop, job);
    (void)pthread_mutex_unlock(&loop->lock);
    tell(loop, job); /* who need not wait for the rest */
    drop_transfer(loop, job);
    mhsmi_job_free(job);
}

/* The same without an answer. */
static void fail(struct mhsmi_loop *loop, struct mhsmi_job *job, CURLcode code)
{
    if (job->easy != NULL)
        mhsmi_job_collect(job, code);
    job->code = code;
    settle(loop, job);
}

static void fail_all(struct mhsmi_loop *loop, struct mhsmi_jobs *jobs,
                     CURLcode code, int stopped)
{
    struct mhsmi_job *job;

    while ((job = jobs->first) != NULL) {
        mhsmi_jobs_remove(jobs, job);
        job->stopped = stopped;
        fail(loop, job, code);
    }
}

static void start_job(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    long cache_size = 2L * job->transport.max_connections + 8;
    struct mhsmi_handle *handle;

    if (!mhsmi_job_begin(job)) {
        fail(loop, job, CURLE_OPERATION_TIMEDOUT);
        return;
    }
    /* The clients of a process share the cache; the largest wins. */
    if (cache_size > loop->cache_size) {
        loop->cache_size = cache_size;
        (void)mhsmi_libcurl()->multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS,
                                            cache_size);
    }
    if ((int64_t)job->transport.idle_timeout_s * 1000 > loop->idle_ms)
        loop->idle_ms = (int64_t)job->transport.idle_timeout_s * 1000;
    handle = take_handle(loop);
    if (handle == NULL || !mhsmi_handle_lend(handle, job, &loop->sockets) ||
        mhsmi_libcurl()->multi_add_handle(loop->multi, job->easy) != CURLM_OK) {
        fail(loop, job, CURLE_FAILED_INIT);
        return;
    }
    mhsmi_jobs_append(&loop->active, job);
}

/* Under the lock: move those whose callers have left to `to`. */
static void pick_abandoned(struct mhsmi_jobs *from, struct mhsmi_jobs *to)
{
    struct mhsmi_job *job, *next;

    for (job = from->first; job != NULL; job = next) {
        next = job->next;
        if (!job->abandoned)
            continue;
        mhsmi_jobs_remove(from, job);
        mhsmi_jobs_append(to, job);
    }
}

/* Under the lock. */
static void take_queue(struct mhsmi_loop *loop, struct mhsmi_jobs *to)
{
    struct mhsmi_job *job;

    while ((job = loop->queue.first) != NULL) {
        mhsmi_jobs_remove(&loop->queue, job);
        job->queued = 0;
        mhsmi_jobs_append(to, job);
    }
}

/* Under the lock: the connections of callers make room. */
static struct mhsmi_lane *take_surplus(struct mhsmi_loop *loop,
                                       const struct mhsmi_jobs *jobs)
{
    struct mhsmi_lane *surplus = NULL, *lane;
    const struct mhsmi_job *job;

    for (job = jobs->first; job != NULL; job = job->next) {
        while (job->place == MHSMI_JOB_ADMITTED &&
               (lane = mhsmi_lane_take_surplus(&loop->lanes, job)) != NULL) {
            lane->next = surplus;
            surplus = lane;
        }
    }
    return surplus;
}

static void close_all(struct mhsmi_lane *lane)
{
    struct mhsmi_lane *next;

    for (; lane != NULL; lane = next) {
        next = lane->next;
        mhsmi_lane_close(lane);
    }
}

/* Take what callers have queued and see to those that left; whether there is
 * anything to do. */
static int take_jobs(struct mhsmi_loop *loop)
{
    struct mhsmi_jobs taken = {NULL, NULL}, dropped = {NULL, NULL};
    struct mhsmi_lane *surplus;
    struct mhsmi_job *job;
    int stopping;

    (void)pthread_mutex_lock(&loop->lock);
    loop->asleep = 0;
    take_queue(loop, &taken);
    surplus = take_surplus(loop, &taken);
    if (loop->some_abandoned) {
        loop->some_abandoned = 0;
        pick_abandoned(&loop->active, &dropped);
        pick_abandoned(&taken, &dropped);
    }
    stopping = atomic_load(&loop->stopping);
    (void)pthread_mutex_unlock(&loop->lock);

    close_all(surplus);
    fail_all(loop, &dropped, CURLE_OPERATION_TIMEDOUT, 0);
    if (stopping) {
        fail_all(loop, &loop->active, CURLE_ABORTED_BY_CALLBACK, 1);
        fail_all(loop, &taken, CURLE_ABORTED_BY_CALLBACK, 1);
    }
    while ((job = taken.first) != NULL) {
        mhsmi_jobs_remove(&taken, job);
        start_job(loop, job);
    }
    return loop->active.first != NULL;
}

/* Give back what has ended; how many that was. */
static int finish_done(struct mhsmi_loop *loop)
{
    struct mhsmi_job *job;
    CURLMsg *message;
    int left, count = 0;

    while ((message = mhsmi_libcurl()->multi_info_read(loop->multi, &left)) !=
           NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *private = NULL;

        if (message->msg != CURLMSG_DONE ||
            mhsmi_libcurl()->easy_getinfo(easy, CURLINFO_PRIVATE, &private) !=
                CURLE_OK)
            continue;
        job = (struct mhsmi_job *)(void *)private;
        mhsmi_jobs_remove(&loop->active, job);
        mhsmi_job_collect(job, code);
        settle(loop, job);
        count++;
    }
    return count;
}

/* Whether there is nothing to do but to wait for the network. From then on a
 * caller has to wake us. */
static int fall_asleep(struct mhsmi_loop *loop)
{
    int asleep;

    (void)pthread_mutex_lock(&loop->lock);
    asleep = loop->queue.first == NULL && !loop->some_abandoned &&
             !atomic_load(&loop->stopping);
    loop->asleep = asleep;
    (void)pthread_mutex_unlock(&loop->lock);
    return asleep;
}

/* 0 when the descriptor that wakes us is gone. */
static int wait_for_work(struct mhsmi_loop *loop)
{
    struct curl_waitfd extra = {
        .fd = loop->wake_fd, .events = CURL_WAIT_POLLIN, .revents = 0};
    CURLMcode polled;
    char wakes[64];

    if (!fall_asleep(loop))
        return 1;
    polled =
        mhsmi_libcurl()->multi_poll(loop->multi, &extra, 1, poll_max_ms, NULL);
    if (atomic_load(&loop->lost))
        return 0;
    /* It would fail at once, again and again. */
    if (polled != CURLM_OK)
        fail_all(loop, &loop->active, CURLE_FAILED_INIT, 0);
    /* Most often it was the network. A descriptor that the host has closed
     * shows as no event at all, again and again. */
    if ((extra.revents & CURL_WAIT_POLLIN) == 0 && ++loop->unwoken % look == 0)
        return mhsmi_loop_owns(loop, loop->wake_fd);
    if ((extra.revents & CURL_WAIT_POLLIN) == 0)
        return 1;
    /* The number may already be the next loop's, or the host's. */
    if (!mhsmi_loop_owns(loop, loop->wake_fd))
        return 0;
    /* What is left wakes the next poll. */
    (void)!read(loop->wake_fd, wakes, sizeof(wakes));
    return 1;
}

static void turn(struct mhsmi_loop *loop)
{
    int running = 0;

    (void)mhsmi_libcurl()->multi_perform(loop->multi, &running);
    (void)finish_done(loop);
    if (loop->active.first != NULL && !wait_for_work(loop))
        atomic_store(&loop->lost, 1);
}

/* The host has closed all descriptors that it did not know, and may have given
 * their numbers to files of its own: whoever waits is told, and nothing that
 * could write or close is called any more. */
static void lose(struct mhsmi_loop *loop)
{
    struct mhsmi_jobs taken = {NULL, NULL};
    struct mhsmi_job *job;

    mhsmi_log(MHSMI_LOG_WARNING,
              "the process has closed descriptors of the HTTP client");
    (void)pthread_mutex_lock(&loop->lock);
    take_queue(loop, &taken);
    (void)pthread_mutex_unlock(&loop->lock);
    for (job = loop->active.first; job != NULL; job = job->next) {
        put_handle(loop, job->handle); /* never to be used */
        mhsmi_job_lose(job);
    }
    fail_all(loop, &loop->active, CURLE_RECV_ERROR, 0);
    fail_all(loop, &taken, CURLE_RECV_ERROR, 0);
}

static int set_up(struct mhsmi_loop *loop)
{
    if (loop->multi != NULL)
        return 1;
    if (!mhsmi_loop_set_up(loop))
        return 0;
    loop->multi = mhsmi_libcurl()->multi_init();
    loop->cache_size = 0;
    loop->idle_ms = 0;
    return loop->multi != NULL;
}

/* Nothing can be served: whoever waits now is told, later callers try anew. */
static void refuse_all(struct mhsmi_loop *loop)
{
    struct mhsmi_jobs taken = {NULL, NULL};

    (void)pthread_mutex_lock(&loop->lock);
    take_queue(loop, &taken);
    (void)pthread_mutex_unlock(&loop->lock);
    fail_all(loop, &taken, CURLE_FAILED_INIT, 0);
}

void mhsmi_loop_drive(struct mhsmi_loop *loop)
{
    struct mhsmi_visit visit;

    if (!mhsmi_visit_begin(&visit, &loop->tls) || !set_up(loop)) {
        refuse_all(loop);
    } else {
        while (!atomic_load(&loop->lost) && take_jobs(loop))
            turn(loop);
        if (atomic_load(&loop->lost))
            lose(loop);
    }
    mhsmi_visit_end(&visit);
}

void mhsmi_loop_close(struct mhsmi_loop *loop)
{
    struct mhsmi_visit visit;

    if (loop->multi == NULL || atomic_load(&loop->lost) ||
        !mhsmi_loop_owns(loop, loop->wake_fd))
        return;
    if (mhsmi_visit_begin(&visit, &loop->tls)) {
        while (loop->spare != NULL)
            mhsmi_handle_free(take_handle(loop));
        (void)mhsmi_libcurl()->multi_cleanup(loop->multi);
        loop->multi = NULL;
    }
    mhsmi_visit_end(&visit);
}
