/* SPDX-License-Identifier: MIT
 *
 * The callers' side of the engine: queueing, waiting, and taking turns to
 * drive.  No libcurl and no TLS here, and no wait without an end.
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

/* How long a caller waits past its limit for the driver, whose own timer ends
 * the try and knows better what went wrong. */
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

int mhsmi_loop_has_work(const struct mhsmi_loop *loop)
{
    return loop->queue.first != NULL || loop->active.first != NULL ||
           loop->waiting.first != NULL;
}

static struct mhsmi_job *find_leader(const struct mhsmi_jobs *jobs)
{
    struct mhsmi_job *job = jobs->first;

    while (job != NULL && (!job->may_drive || job->abandoned))
        job = job->next;
    return job;
}

void mhsmi_loop_leave(struct mhsmi_loop *loop)
{
    loop->driver = MHSMI_DRIVER_NONE;
    loop->asleep = 0;
    loop->idle_until_ms = mhsmi_clock_deadline(loop->idle_ms);
    if (loop->stopping)
        (void)pthread_cond_broadcast(&loop->changed);
}

/* Under the lock, with nobody driving: find somebody, if there is work. 0 when
 * nobody can be found. */
static int pass_on(struct mhsmi_loop *loop)
{
    struct mhsmi_job *job;

    if (!mhsmi_loop_has_work(loop) || atomic_load(&loop->lost))
        return 1;
    job = find_leader(&loop->active);
    if (job == NULL)
        job = find_leader(&loop->waiting);
    if (job == NULL)
        job = find_leader(&loop->queue);
    if (job == NULL)
        return mhsmi_loop_thread_call(loop) == 0;
    loop->driver = MHSMI_DRIVER_CALLER;
    loop->caller = job->caller;
    job->leads = 1;
    (void)sem_post(&job->finished);
    return 1;
}

/* The driver has ended. Where nobody else can drive he goes on for all. */
static void hand_over(struct mhsmi_loop *loop)
{
    (void)pthread_mutex_lock(&loop->lock);
    /* Whoever waits for this is about to take libcrypto apart. */
    if (loop->stopping)
        mhsmi_visit_thread_ends(loop->tls);
    mhsmi_loop_leave(loop);
    while (!pass_on(loop)) {
        loop->driver = MHSMI_DRIVER_CALLER;
        (void)pthread_mutex_unlock(&loop->lock);
        mhsmi_loop_drive(loop, NULL, INT64_MAX);
        (void)pthread_mutex_lock(&loop->lock);
        mhsmi_loop_leave(loop);
    }
    (void)pthread_mutex_unlock(&loop->lock);
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

/* Under the lock: put the job in the queue and see to it that somebody drives;
 * *asleep tells whether the driver has to be woken. */
static mhsm_status enqueue(struct mhsmi_loop *loop, struct mhsmi_job *job,
                           int *asleep, mhsm_error **err)
{
    int rc = 0;

    if (loop->stopping)
        return mhsmi_error(err, MHSM_ERR_TRANSPORT,
                           "the process is exiting, %s was not asked",
                           job->host);
    job->caller = pthread_self();
    job->may_drive = job->wake_fd < 0 && mhsmi_visit_possible();
    if (loop->driver == MHSMI_DRIVER_NONE && job->may_drive) {
        loop->driver = MHSMI_DRIVER_CALLER;
        loop->caller = job->caller;
        job->leads = 1;
    } else if (loop->driver == MHSMI_DRIVER_NONE) {
        rc = mhsmi_loop_thread_call(loop);
    }
    if (rc != 0)
        return no_thread(rc, err);
    (void)atomic_fetch_add(&job->references, 1);
    job->queued = 1;
    mhsmi_jobs_append(&loop->queue, job);
    *asleep = loop->asleep;
    loop->asleep = 0; /* one call is enough */
    return MHSM_OK;
}

/* Under the lock: take the job out of the queue; 0 when it is not in there. */
static int dequeue(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    if (!job->queued)
        return 0;
    mhsmi_jobs_remove(&loop->queue, job);
    job->queued = 0;
    mhsmi_job_free(job);
    return 1;
}

/* The descriptor that wakes the driver is gone: take the job back, unless the
 * driver has it by now, and will end it when he notices. */
static int take_back(struct mhsmi_loop *loop, struct mhsmi_job *job)
{
    int taken;

    (void)pthread_mutex_lock(&loop->lock);
    atomic_store(&loop->lost, 1);
    taken = dequeue(loop, job);
    (void)pthread_cond_broadcast(&loop->changed);
    (void)pthread_mutex_unlock(&loop->lock);
    return taken;
}

/* Until the job has ended, or the caller is to drive, or `until`. */
static void await(struct mhsmi_job *job, struct mhsmi_waiter *waiter,
                  int64_t until)
{
    struct timespec limit = mhsmi_clock_timespec(until);

    if (waiter->fd < 0) {
        while (sem_clockwait(&job->finished, CLOCK_MONOTONIC, &limit) != 0 &&
               errno == EINTR)
            continue;
        return;
    }
    while (!atomic_load(&job->done) && mhsmi_clock_ms() < until)
        mhsmi_waiter_pause(waiter);
}

/* The caller has waited: he drives, when that is his turn, or leaves a job
 * that is overdue. */
static enum mhsmi_end proceed(struct mhsmi_loop *loop, struct mhsmi_job *job,
                              int64_t until)
{
    enum mhsmi_end end = MHSMI_END_DONE;
    int leads;

    (void)pthread_mutex_lock(&loop->lock);
    leads = job->leads;
    job->leads = 0;
    if (!leads && !atomic_load(&job->done)) {
        end = dequeue(loop, job) ? MHSMI_END_UNSENT : MHSMI_END_OVERDUE;
        job->abandoned = end == MHSMI_END_OVERDUE;
        loop->some_abandoned |= job->abandoned;
    }
    (void)pthread_mutex_unlock(&loop->lock);
    if (leads) {
        mhsmi_loop_drive(loop, job, until);
        hand_over(loop);
    } else if (end == MHSMI_END_OVERDUE) {
        (void)wake(loop);
    }
    return end;
}

static enum mhsmi_end wait_or_drive(struct mhsmi_loop *loop,
                                    struct mhsmi_job *job, int leads,
                                    struct mhsmi_waiter *waiter, int64_t until)
{
    if (!leads)
        await(job, waiter, until);
    /* The lock is needed only by who has more to do. */
    return !leads && atomic_load(&job->done) ? MHSMI_END_DONE
                                             : proceed(loop, job, until);
}

mhsm_status mhsmi_loop_run(struct mhsmi_loop *loop, struct mhsmi_job *job,
                           enum mhsmi_end *end, mhsm_error **err)
{
    int64_t until = job->deadline_ms > INT64_MAX - grace_ms
                        ? INT64_MAX
                        : job->deadline_ms + grace_ms;
    struct mhsmi_waiter waiter;
    mhsm_status st = MHSM_OK;
    int lost, asleep = 0, leads;

    *end = MHSMI_END_LOST;
    (void)mhsmi_waiter_begin(&waiter, until, &job->wake_fd);
    (void)pthread_mutex_lock(&loop->lock);
    /* The numbers of idle connections may be the host's by now. */
    if (loop->driver == MHSMI_DRIVER_NONE &&
        !mhsmi_loop_owns(loop, loop->wake_fd))
        atomic_store(&loop->lost, 1);
    lost = atomic_load(&loop->lost);
    if (!lost)
        st = enqueue(loop, job, &asleep, err);
    leads = job->leads;
    (void)pthread_mutex_unlock(&loop->lock);
    if (!lost && st == MHSM_OK &&
        !(asleep && !wake(loop) && take_back(loop, job)))
        *end = wait_or_drive(loop, job, leads, &waiter, until);
    mhsmi_waiter_end(&waiter);
    return st;
}

/* Under the lock: whether somebody may still be at work, who can be waited
 * for: exit() may have been called in the middle of driving. */
static int is_running(const struct mhsmi_loop *loop)
{
    if (loop->driver == MHSMI_DRIVER_CALLER &&
        pthread_equal(loop->caller, pthread_self()))
        return 0;
    return loop->driver != MHSMI_DRIVER_NONE ||
           loop->state == MHSMI_THREAD_RUNNING;
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
    (void)pthread_cond_broadcast(&loop->changed);
    while (is_running(loop) && rc == 0)
        rc = pthread_cond_timedwait(&loop->changed, &loop->lock, &limit);
    if (loop->state == MHSMI_THREAD_GONE) {
        (void)pthread_join(loop->thread, NULL);
        loop->state = MHSMI_THREAD_NONE;
    }
    if (loop->driver == MHSMI_DRIVER_NONE)
        mhsmi_loop_close(loop);
    (void)pthread_mutex_unlock(&loop->lock);
}
