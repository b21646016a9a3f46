/* SPDX-License-Identifier: MIT
 *
 * The callers' side of the engine: admission to a host, a lane for whoever can
 * carry his own request, and the queue for the others.  No wait without an
 * end.
 */
#include "http/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/waiter.h"
#include "http/visit.h"

/* How long a caller waits past its limit for the I/O thread, whose own timer
 * ends the try and knows better what went wrong. */
enum { grace_ms = 100 };

static int changed_init(struct mhsmi_loop *loop)
{
    pthread_condattr_t attributes;
    int ok;

    if (pthread_condattr_init(&attributes) != 0)
        return 0;
    ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&loop->changed, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return ok;
}

static int wake_open(struct mhsmi_loop *loop)
{
    struct stat found;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return 0;
    loop->wake_fd = mhsmi_fd_above_streams(ends[0]);
    loop->wake_write_fd = mhsmi_fd_above_streams(ends[1]);
    if (loop->wake_fd >= 0 && loop->wake_write_fd >= 0 &&
        fstat(loop->wake_write_fd, &found) == 0) {
        loop->wake_device = found.st_dev;
        loop->wake_inode = found.st_ino;
        return 1;
    }
    if (loop->wake_fd >= 0)
        (void)close(loop->wake_fd);
    if (loop->wake_write_fd >= 0)
        (void)close(loop->wake_write_fd);
    return 0;
}

static void wake_close(const struct mhsmi_loop *loop)
{
    (void)close(loop->wake_fd);
    (void)close(loop->wake_write_fd);
}

struct mhsmi_loop *mhsmi_loop_new(pid_t pid, unsigned int forks)
{
    struct mhsmi_loop *loop = mhsmi_alloc(sizeof(*loop));

    if (loop == NULL)
        return NULL;
    loop->pid = pid;
    loop->forks = forks;
    if (!wake_open(loop))
        goto no_pipe;
    if (pthread_mutex_init(&loop->lock, NULL) != 0)
        goto no_lock;
    if (changed_init(loop))
        return loop;
    (void)pthread_mutex_destroy(&loop->lock);
no_lock:
    wake_close(loop);
no_pipe:
    mhsmi_free(loop);
    return NULL;
}

void mhsmi_loop_free(struct mhsmi_loop *loop)
{
    (void)pthread_cond_destroy(&loop->changed);
    (void)pthread_mutex_destroy(&loop->lock);
    wake_close(loop);
    mhsmi_free(loop);
}

int mhsmi_loop_owns(const struct mhsmi_loop *loop, int fd)
{
    struct stat found;

    return fstat(fd, &found) == 0 && found.st_dev == loop->wake_device &&
           found.st_ino == loop->wake_inode;
}

/* 0 when the descriptor is gone, or has become a file of the host's. */
static int wake(const struct mhsmi_loop *loop)
{
    static const char one = 1;
    ssize_t written;

    if (!mhsmi_loop_owns(loop, loop->wake_write_fd))
        return 0;
    /* A full pipe wakes the thread just as well. */
    do
        written = write(loop->wake_write_fd, &one, sizeof(one));
    while (written < 0 && errno == EINTR);
    return written >= 0 || errno == EAGAIN;
}

static mhsm_status no_thread(int rc, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_error(err, MHSM_ERR_INTERNAL, "cannot start the I/O thread: %s",
                    strerrordesc_np(rc));

    if (rc == EAGAIN)
        mhsmi_error_set_hint(err, "%s", mhsmi_hint_threads);
    return st;
}

/* Under the lock: give an admitted job to the I/O thread; whether that has to
 * be woken. */
static int queue(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    int asleep = loop->asleep;

    job->queued = 1;
    mhsmi_jobs_append(&loop->queue, job);
    loop->asleep = 0; /* one call is enough */
    return asleep;
}

/* Under the lock: tell an admitted job, or one that never will be. */
static int let_in(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    if (job->by_lane) {
        (void)sem_post(&job->finished);
        return 0;
    }
    /* It ran when the job came, and was waited for by nobody since. */
    (void)mhsmi_loop_thread_call(loop);
    return queue(loop, job);
}

int mhsmi_loop_release(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    struct mhsmi_host *host = job->at;
    struct mhsmi_job *next;
    int asleep = 0;

    if (job->place == MHSMI_JOB_OUTSIDE)
        return 0;
    mhsmi_host_leave(job);
    while ((next = mhsmi_host_next(host)) != NULL)
        asleep |= let_in(loop, next);
    mhsmi_host_tidy(&loop->hosts, host);
    return asleep;
}

/* Under the lock: have the job admitted, or made to wait; *asleep tells whether
 * the I/O thread has to be woken. */
static mhsm_status enter(struct mhsmi_loop *loop, struct mhsmi_job *job,
                         int *asleep, mhsm_error **err)
{
    int rc = 0;

    if (atomic_load(&loop->stopping))
        return mhsmi_error(err, MHSM_ERR_TRANSPORT,
                           "the process is exiting, %s was not asked",
                           job->host);
    if (!job->by_lane)
        rc = mhsmi_loop_thread_call(loop);
    if (rc != 0)
        return no_thread(rc, err);
    if (!mhsmi_host_enter(&loop->hosts, job))
        return mhsmi_error_memory(err);
    if (!job->by_lane) {
        (void)atomic_fetch_add(&job->references, 1);
        if (job->place == MHSMI_JOB_ADMITTED)
            *asleep = queue(loop, job);
    }
    return MHSM_OK;
}

/* Under the lock: take a job back that the I/O thread does not have; 0 when it
 * has. */
static int take_back(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    if (!job->queued && job->place != MHSMI_JOB_WAITING)
        return 0;
    if (job->queued)
        mhsmi_jobs_remove(&loop->queue, job);
    job->queued = 0;
    (void)mhsmi_loop_release(loop, job);
    mhsmi_job_free(job);
    return 1;
}

/* The descriptor that wakes the I/O thread is gone: take the job back, unless
 * the thread has it by now, and will end it when it notices. */
static int take_back_from_lost(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    int taken;

    (void)pthread_mutex_lock(&loop->lock);
    atomic_store(&loop->lost, 1);
    taken = take_back(loop, job);
    (void)pthread_cond_broadcast(&loop->changed);
    (void)pthread_mutex_unlock(&loop->lock);
    return taken;
}

static void await_post(struct mhsmi_job *job, int64_t until)
{
    struct timespec limit = mhsmi_clock_timespec(until);

    while (sem_clockwait(&job->finished, CLOCK_MONOTONIC, &limit) != 0 &&
           errno == EINTR)
        continue;
}

/* Until the I/O thread has ended the job, or `until`. */
static enum mhsmi_end await(struct mhsmi_loop *loop, struct mhsmi_job *job,
                            const struct mhsmi_waiter *waiter, int64_t until)
{
    enum mhsmi_end end = MHSMI_END_DONE;

    if (waiter->fd < 0)
        await_post(job, until);
    while (waiter->fd >= 0 && !atomic_load(&job->done) &&
           mhsmi_clock_ms() < until)
        mhsmi_waiter_pause(waiter);
    if (atomic_load(&job->done))
        return MHSMI_END_DONE;
    (void)pthread_mutex_lock(&loop->lock);
    if (!atomic_load(&job->done)) {
        end = take_back(loop, job) ? MHSMI_END_UNSENT : MHSMI_END_OVERDUE;
        job->abandoned = end == MHSMI_END_OVERDUE;
        loop->some_abandoned |= job->abandoned;
    }
    (void)pthread_mutex_unlock(&loop->lock);
    if (end == MHSMI_END_OVERDUE)
        (void)wake(loop);
    return end;
}

/* Under the lock: whether the job may start; if not, *end tells why. */
static int may_start(struct mhsmi_loop *loop, struct mhsmi_job *job,
                     enum mhsmi_end *end)
{
    *end = job->stopped               ? MHSMI_END_DONE
           : atomic_load(&loop->lost) ? MHSMI_END_LOST
                                      : MHSMI_END_UNSENT;
    return *end == MHSMI_END_UNSENT && job->place == MHSMI_JOB_ADMITTED;
}

/* With a lane, or NULL: carry the job on the caller's thread. */
static void carry(struct mhsmi_loop *loop, struct mhsmi_lane *lane,
                  struct mhsmi_lane *expired, struct mhsmi_job *job)
{
    struct mhsmi_visit visit;

    job->code = CURLE_FAILED_INIT;
    if (mhsmi_visit_begin(&visit, &loop->tls) && mhsmi_loop_set_up(loop)) {
        if (expired != NULL)
            mhsmi_lane_close(expired);
        if (lane != NULL && mhsmi_lane_open(lane, &loop->lock))
            mhsmi_lane_carry(lane, job, &loop->sockets, &loop->stopping,
                             &loop->lost);
    }
    mhsmi_visit_end(&visit);
}

/* The caller carries the job as soon as his turn has come. */
static enum mhsmi_end ride(struct mhsmi_loop *loop, struct mhsmi_job *job,
                           int waits, int64_t until)
{
    struct mhsmi_lane *lane = NULL, *expired = NULL;
    enum mhsmi_end end;
    int starts, asleep = 0;

    if (waits)
        await_post(job, until);
    (void)pthread_mutex_lock(&loop->lock);
    starts = may_start(loop, job, &end);
    if (starts) {
        lane = mhsmi_lane_take(&loop->lanes, job);
        expired = mhsmi_lane_take_expired(&loop->lanes);
    } else {
        asleep = mhsmi_loop_release(loop, job);
    }
    (void)pthread_mutex_unlock(&loop->lock);
    if (starts) {
        carry(loop, lane, expired, job);
        end = MHSMI_END_DONE;
        (void)pthread_mutex_lock(&loop->lock);
        if (lane != NULL)
            mhsmi_lane_put(&loop->lanes, lane, job);
        asleep = mhsmi_loop_release(loop, job);
        if (atomic_load(&loop->stopping)) {
            /* Whoever waits for this is about to take libcrypto apart. */
            mhsmi_visit_thread_ends(&loop->tls);
            (void)pthread_cond_broadcast(&loop->changed);
        }
        (void)pthread_mutex_unlock(&loop->lock);
    }
    if (asleep)
        (void)wake(loop);
    return end;
}

mhsm_status mhsmi_loop_run(struct mhsmi_loop *loop, struct mhsmi_job *job,
                           enum mhsmi_end *end, mhsm_error **err)
{
    int64_t until = job->deadline_ms > INT64_MAX - grace_ms
                        ? INT64_MAX
                        : job->deadline_ms + grace_ms;
    struct mhsmi_waiter waiter;
    mhsm_status st = MHSM_OK;
    int lost, waits, asleep = 0;

    *end = MHSMI_END_LOST;
    (void)mhsmi_waiter_begin(&waiter, until, &job->wake_fd);
    job->by_lane = job->wake_fd < 0 && mhsmi_visit_possible();
    /* The numbers of idle connections may be the host's by now. */
    if (!mhsmi_loop_owns(loop, loop->wake_fd))
        atomic_store(&loop->lost, 1);
    (void)pthread_mutex_lock(&loop->lock);
    lost = atomic_load(&loop->lost);
    if (!lost)
        st = enter(loop, job, &asleep, err);
    waits = job->place == MHSMI_JOB_WAITING;
    (void)pthread_mutex_unlock(&loop->lock);
    if (lost || st != MHSM_OK)
        ;
    else if (job->by_lane)
        *end = ride(loop, job, waits, job->deadline_ms);
    else if (!(asleep && !wake(loop) && take_back_from_lost(loop, job)))
        *end = await(loop, job, &waiter, until);
    mhsmi_waiter_end(&waiter);
    return st;
}

/* Under the lock: nobody who waits for a host has a turn any more. */
static void turn_away_all(struct mhsmi_loop *loop)
{
    struct mhsmi_host *host;
    struct mhsmi_job *job;

    for (host = loop->hosts; host != NULL; host = host->next) {
        while ((job = host->waiting.first) != NULL) {
            mhsmi_jobs_remove(&host->waiting, job);
            job->place = MHSMI_JOB_OUTSIDE;
            job->stopped = 1;
            job->code = CURLE_ABORTED_BY_CALLBACK;
            (void)let_in(loop, job);
        }
    }
}

/* Under the lock: whether somebody may still be at work who can be waited for:
 * exit() may have been called in the middle of a request. */
static int is_running(const struct mhsmi_loop *loop)
{
    return mhsmi_lanes_are_busy(&loop->lanes) ||
           loop->state == MHSMI_THREAD_RUNNING;
}

/* Under the lock. */
static void close_lanes(struct mhsmi_loop *loop)
{
    struct mhsmi_visit visit;
    struct mhsmi_lane *lane;

    if (loop->lanes.idle.first == NULL || !mhsmi_loop_owns(loop, loop->wake_fd))
        return;
    if (mhsmi_visit_begin(&visit, &loop->tls)) {
        while ((lane = mhsmi_lane_take_any(&loop->lanes)) != NULL)
            mhsmi_lane_close(lane);
    }
    mhsmi_visit_end(&visit);
}

void mhsmi_loop_stop(struct mhsmi_loop *loop, int ms)
{
    struct timespec limit = mhsmi_clock_timespec(mhsmi_clock_deadline(ms));
    struct timespec wall = {0, 0};
    int rc = 0;

    /* The lock is only ever held for moments, but exit() may have been called
     * by a signal handler in one of them. */
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    wall.tv_sec += 1 + ms / 1000;
    if (pthread_mutex_timedlock(&loop->lock, &wall) != 0)
        return;
    atomic_store(&loop->stopping, 1);
    turn_away_all(loop);
    if (wake(loop))
        mhsmi_lanes_interrupt(&loop->lanes);
    (void)pthread_cond_broadcast(&loop->changed);
    while (is_running(loop) && rc == 0)
        rc = pthread_cond_timedwait(&loop->changed, &loop->lock, &limit);
    if (loop->state == MHSMI_THREAD_GONE) {
        (void)pthread_join(loop->thread, NULL);
        loop->state = MHSMI_THREAD_NONE;
    }
    close_lanes(loop);
    if (loop->state == MHSMI_THREAD_NONE)
        mhsmi_loop_close(loop);
    (void)pthread_mutex_unlock(&loop->lock);
}
