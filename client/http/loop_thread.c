/* SPDX-License-Identifier: MIT
 *
 * The I/O thread: drives for callers that cannot, fibres above all.  It ends
 * when there has been nothing to do for as long as a connection may be idle.
 */
#include "http/loop.h"

#include <signal.h>

#include "base/clock.h"
#include "http/visit.h"

/* Enough for TLS with the sanitizers' larger frames; look-ups of names have
 * threads of their own. */
enum { stack_size = 1024 * 1024 };

/* Under the lock, which is given up meanwhile: wait until there is something
 * to drive; 0: time to go. */
static int await_work(struct mhsmi_loop *loop)
{
    struct timespec limit =
        mhsmi_clock_timespec(mhsmi_clock_deadline(loop->idle_ms));
    int rc = 0;

    while (loop->queue.first == NULL && !atomic_load(&loop->lost) &&
           !atomic_load(&loop->stopping) && rc == 0)
        rc = pthread_cond_timedwait(&loop->changed, &loop->lock, &limit);
    return loop->queue.first != NULL;
}

/* Without the lock meanwhile. */
static void work(struct mhsmi_loop *loop, void (*what)(struct mhsmi_loop *loop))
{
    (void)pthread_mutex_unlock(&loop->lock);
    what(loop);
    (void)pthread_mutex_lock(&loop->lock);
}

static void *run(void *data)
{
    struct mhsmi_loop *loop = data;

    (void)pthread_setname_np(pthread_self(), "mhsm-io");
    (void)pthread_mutex_lock(&loop->lock);
    do {
        while (await_work(loop))
            work(loop, mhsmi_loop_drive);
        if (!atomic_load(&loop->lost))
            work(loop, mhsmi_loop_close);
    } while (loop->queue.first != NULL && !atomic_load(&loop->lost));
    loop->state = MHSMI_THREAD_GONE;
    /* Nobody comes back to a lost loop to join. */
    if (atomic_load(&loop->lost)) {
        loop->state = MHSMI_THREAD_NONE;
        (void)pthread_detach(pthread_self());
    }
    (void)pthread_cond_broadcast(&loop->changed);
    (void)pthread_mutex_unlock(&loop->lock);
    mhsmi_visit_thread_ends(&loop->tls);
    return NULL;
}

/* With every signal blocked in the new thread: the host's handlers must run on
 * the host's threads. */
static int create(struct mhsmi_loop *loop)
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
        rc = pthread_create(&loop->thread, &attributes, run, loop);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    return rc;
}

int mhsmi_loop_thread_call(struct mhsmi_loop *loop)
{
    int rc;

    if (loop->state == MHSMI_THREAD_RUNNING) {
        (void)pthread_cond_broadcast(&loop->changed);
        return 0;
    }
    if (loop->state == MHSMI_THREAD_GONE) {
        (void)pthread_join(loop->thread, NULL);
        loop->state = MHSMI_THREAD_NONE;
    }
    rc = create(loop);
    if (rc == 0)
        loop->state = MHSMI_THREAD_RUNNING;
    return rc;
}
