/* SPDX-License-Identifier: MIT
 *
 * The callers' side of the engine: queueing, waiting, starting and stopping
 * the I/O thread.  No libcurl and no TLS here, and no wait without an end.
 */
#include "http/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/waiter.h"

/* Enough for TLS with the sanitizers' larger frames; look-ups of names have
 * threads of their own. */
enum { stack_size = 1024 * 1024 };
/* How long a caller waits past its limit for the I/O thread, whose own timer
 * ends the try and knows better what went wrong. */
enum { grace_ms = 100 };

void mhsmi_jobs_append(struct mhsmi_jobs *jobs, struct mhsmi_job *job)
{
    job->next = NULL;
    job->previous = jobs->last;
    if (jobs->last == NULL)
        jobs->first = job;
    else
        jobs->last->next = job;
    jobs->last = job;
}

void mhsmi_jobs_remove(struct mhsmi_jobs *jobs, struct mhsmi_job *job)
{
    if (job->previous == NULL)
        jobs->first = job->next;
    else
        job->previous->next = job->next;
    if (job->next == NULL)
        jobs->last = job->previous;
    else
        job->next->previous = job->previous;
    job->next = job->previous = NULL;
}

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

/* With every signal blocked in the new thread: the host's handlers must run on
 * the host's threads. */
static int create_thread(struct mhsmi_loop *loop)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    int rc;

    rc = pthread_attr_init(&attributes);
    if (rc != 0)
        return rc;
    (void)pthread_attr_setstacksize(&attributes, stack_size);
    (void)sigfillset(&all);
    rc = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (rc == 0) {
        rc =
            pthread_create(&loop->thread, &attributes, mhsmi_loop_thread, loop);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    return rc;
}

static mhsm_status no_thread(int rc, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_error(err, MHSM_ERR_INTERNAL, "cannot start the I/O thread: %s",
                    strerrordesc_np(rc));

    if (rc == EAGAIN)
        mhsmi_error_set_hint(
            err, "the process may make no thread: raise its limit on processes "
                 "(with HAProxy, set insecure-fork-wanted in section global)");
    return st;
}

/* Under the lock: a thread that takes jobs, or an error. */
static mhsm_status ensure_thread(struct mhsmi_loop *loop,
                                 const struct mhsmi_job *job, mhsm_error **err)
{
    struct timespec limit = mhsmi_clock_timespec(job->limit_ms);
    int rc = 0;

    while (loop->state == MHSMI_THREAD_LEAVING && rc == 0)
        rc = pthread_cond_timedwait(&loop->changed, &loop->lock, &limit);
    if (loop->stopping)
        return mhsmi_error(err, MHSM_ERR_TRANSPORT,
                           "the process is exiting, %s was not asked",
                           job->host);
    if (loop->state == MHSMI_THREAD_RUNNING)
        return MHSM_OK;
    if (loop->state == MHSMI_THREAD_LEAVING)
        return mhsmi_job_overdue(job->host, err);
    if (loop->state == MHSMI_THREAD_GONE) {
        (void)pthread_join(loop->thread, NULL);
        loop->state = MHSMI_THREAD_NONE;
    }
    rc = create_thread(loop);
    if (rc != 0)
        return no_thread(rc, err);
    loop->state = MHSMI_THREAD_RUNNING;
    return MHSM_OK;
}

/* Whether the job has ended by `until`. */
static int await(struct mhsmi_job *job, struct mhsmi_waiter *waiter,
                 int64_t until)
{
    struct timespec limit = mhsmi_clock_timespec(until);

    if (waiter->fd < 0) {
        while (sem_clockwait(&job->finished, CLOCK_MONOTONIC, &limit) != 0 &&
               errno == EINTR)
            continue;
        return atomic_load(&job->done);
    }
    while (!atomic_load(&job->done) && mhsmi_clock_ms() < until)
        mhsmi_waiter_pause(waiter);
    return atomic_load(&job->done);
}

/* The caller leaves a job that is overdue. */
static enum mhsmi_end leave(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    enum mhsmi_end end = MHSMI_END_UNSENT;

    (void)pthread_mutex_lock(&loop->lock);
    if (job->queued) {
        mhsmi_jobs_remove(&loop->queue, job);
        job->queued = 0;
        mhsmi_job_free(job);
    } else {
        job->abandoned = 1;
        loop->some_abandoned = 1;
        end = MHSMI_END_OVERDUE;
    }
    (void)pthread_mutex_unlock(&loop->lock);
    if (end == MHSMI_END_OVERDUE)
        (void)wake(loop);
    return end;
}

/* The descriptor that wakes the thread is gone: take the job back, unless the
 * thread has it by now, and will end it when it notices. */
static int take_back(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    int taken;

    (void)pthread_mutex_lock(&loop->lock);
    atomic_store(&loop->lost, 1);
    taken = job->queued;
    if (taken) {
        mhsmi_jobs_remove(&loop->queue, job);
        job->queued = 0;
        mhsmi_job_free(job);
    }
    (void)pthread_mutex_unlock(&loop->lock);
    return taken;
}

/* Under the lock: hand the job over; whether the thread has to be woken. */
static int enqueue(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    int asleep = loop->asleep;

    (void)atomic_fetch_add(&job->references, 1);
    job->queued = 1;
    mhsmi_jobs_append(&loop->queue, job);
    loop->asleep = 0; /* one call is enough */
    return asleep;
}

mhsm_status mhsmi_loop_run(struct mhsmi_loop *loop, struct mhsmi_job *job,
                           enum mhsmi_end *end, mhsm_error **err)
{
    int64_t until = job->limit_ms > INT64_MAX - grace_ms
                        ? INT64_MAX
                        : job->limit_ms + grace_ms;
    struct mhsmi_waiter waiter;
    mhsm_status st = MHSM_OK;
    int lost, asleep = 0;

    *end = MHSMI_END_LOST;
    (void)mhsmi_waiter_begin(&waiter, until, &job->wake_fd);
    (void)pthread_mutex_lock(&loop->lock);
    lost = atomic_load(&loop->lost);
    if (!lost)
        st = ensure_thread(loop, job, err);
    if (!lost && st == MHSM_OK)
        asleep = enqueue(loop, job);
    (void)pthread_mutex_unlock(&loop->lock);
    if (!lost && st == MHSM_OK &&
        !(asleep && !wake(loop) && take_back(loop, job)))
        *end = await(job, &waiter, until) ? MHSMI_END_DONE : leave(loop, job);
    mhsmi_waiter_end(&waiter);
    return st;
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
    loop->stopping = 1;
    (void)wake(loop);
    while ((loop->state == MHSMI_THREAD_RUNNING ||
            loop->state == MHSMI_THREAD_LEAVING) &&
           rc == 0)
        rc = pthread_cond_timedwait(&loop->changed, &loop->lock, &limit);
    if (loop->state == MHSMI_THREAD_GONE) {
        (void)pthread_join(loop->thread, NULL);
        loop->state = MHSMI_THREAD_NONE;
    }
    (void)pthread_mutex_unlock(&loop->lock);
}
