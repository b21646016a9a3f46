/* SPDX-License-Identifier: MIT
 *
 * Background work.  A pool belongs to one process; a forked child, which has
 * none of its parent's threads and perhaps a lock that nobody will open, makes
 * one of its own.
 */
#include "base/background.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/process.h"

enum { tasks_max = 4, stack_size = 1024 * 1024 };

enum task_state { TASK_FREE = 0, TASK_RUNNING = 1, TASK_DONE = 2 };

struct task {
    struct pool *pool;
    void (*work)(void *data);
    void *data;
    enum task_state state;
    pthread_t thread;
};

struct pool {
    pid_t pid;
    struct pool *inherited; /* the parent's, only kept reachable */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct task tasks[tasks_max];
    int stopping;
};

static _Atomic(struct pool *) current;

static struct pool *pool_new(void)
{
    struct pool *pool = mhsmi_alloc(sizeof(*pool));
    pthread_condattr_t attributes;

    if (pool == NULL)
        return NULL;
    pool->pid = mhsmi_process_id();
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pool->ended, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return pool;
}

static struct pool *get_pool(void)
{
    struct pool *found = atomic_load(&current), *made;

    if (found != NULL && found->pid == mhsmi_process_id())
        return found;
    made = pool_new();
    if (made == NULL)
        return NULL;
    made->inherited = found;
    if (atomic_compare_exchange_strong(&current, &found, made))
        return made;
    (void)pthread_cond_destroy(&made->ended);
    (void)pthread_mutex_destroy(&made->lock);
    mhsmi_free(made);
    return found;
}

static void *run(void *arg)
{
    struct task *task = arg;

    (void)pthread_setname_np(pthread_self(), "mhsm-work");
    task->work(task->data);
    (void)pthread_mutex_lock(&task->pool->lock);
    task->state = TASK_DONE;
    (void)pthread_cond_broadcast(&task->pool->ended);
    (void)pthread_mutex_unlock(&task->pool->lock);
    return NULL;
}

static int create(struct task *task)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    int rc;

    if (pthread_attr_init(&attributes) != 0)
        return 0;
    (void)pthread_attr_setstacksize(&attributes, stack_size);
    (void)sigfillset(&all);
    rc = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (rc == 0) {
        rc = pthread_create(&task->thread, &attributes, run, task);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    return rc == 0;
}

/* Under the lock: join those that have ended. */
static void reap(struct pool *pool)
{
    size_t i;

    for (i = 0; i < tasks_max; i++) {
        if (pool->tasks[i].state != TASK_DONE)
            continue;
        (void)pthread_join(pool->tasks[i].thread, NULL);
        pool->tasks[i].state = TASK_FREE;
    }
}

int mhsmi_background_start(void (*work)(void *data), void *data)
{
    struct pool *pool = get_pool();
    struct task *task = NULL;
    size_t i;

    if (pool == NULL)
        return 0;
    (void)pthread_mutex_lock(&pool->lock);
    reap(pool);
    for (i = 0; i < tasks_max && task == NULL && !pool->stopping; i++) {
        if (pool->tasks[i].state == TASK_FREE)
            task = &pool->tasks[i];
    }
    if (task != NULL) {
        task->pool = pool;
        task->work = work;
        task->data = data;
        task->state = TASK_RUNNING;
        if (!create(task)) {
            task->state = TASK_FREE;
            task = NULL;
        }
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return task != NULL;
}

/* Under the lock: whether any work on `data` (NULL: any at all) runs. */
static int is_running(const struct pool *pool, const void *data)
{
    size_t i;

    for (i = 0; i < tasks_max; i++) {
        if (pool->tasks[i].state == TASK_RUNNING &&
            (data == NULL || pool->tasks[i].data == data))
            return 1;
    }
    return 0;
}

void mhsmi_background_await(const void *data)
{
    struct pool *pool = atomic_load(&current);

    if (pool == NULL || pool->pid != mhsmi_process_id())
        return;
    (void)pthread_mutex_lock(&pool->lock);
    while (is_running(pool, data))
        (void)pthread_cond_wait(&pool->ended, &pool->lock);
    reap(pool);
    (void)pthread_mutex_unlock(&pool->lock);
}

void mhsmi_background_stop(int ms)
{
    struct pool *pool = get_pool();
    struct timespec limit = mhsmi_clock_timespec(mhsmi_clock_deadline(ms));
    struct timespec wall = {0, 0};
    int rc = 0;

    if (pool == NULL)
        return;
    /* exit() may have been called by a signal handler that holds the lock. */
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    wall.tv_sec += 1 + ms / 1000;
    if (pthread_mutex_timedlock(&pool->lock, &wall) != 0)
        return;
    pool->stopping = 1;
    while (is_running(pool, NULL) && rc == 0)
        rc = pthread_cond_timedwait(&pool->ended, &pool->lock, &limit);
    reap(pool);
    (void)pthread_mutex_unlock(&pool->lock);
}
