/* SPDX-License-Identifier: MIT
 *
 * What belongs to one process: nothing of it may reach a child, by whatever
 * call that was made.
 */
#include "base/process.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { threads = 8, generations = 3 };

static void fill(void)
{
    struct mhsmi_process *process = mhsmi_process();

    CHECK_FATAL(process != NULL);
    atomic_store(&process->request_high, UINT64_MAX);
    atomic_store(&process->request_low, 1);
}

/* In a child: whether it finds nothing, and is itself. */
static int is_new(void)
{
    struct mhsmi_process *process = mhsmi_process();

    return process != NULL && atomic_load(&process->id) == 0 &&
           atomic_load(&process->request_high) == 0 &&
           atomic_load(&process->request_low) == 0 &&
           mhsmi_process_id() == getpid() &&
           atomic_load(&process->id) == getpid() &&
           mhsmi_process_id() == getpid();
}

static int is_fine(pid_t child)
{
    int status = -1;

    return child > 0 && waitpid(child, &status, 0) == child &&
           WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_id(void)
{
    CHECK(mhsmi_process_id() == getpid());
    CHECK(mhsmi_process_id() == getpid());
    CHECK(mhsmi_process() == mhsmi_process());
}

/* In a child, and in children of children: 0 when each is new. */
static int descend(void)
{
    pid_t child;
    int i;

    for (i = 0; i < generations; i++) {
        if (!is_new())
            return 1;
        fill();
        child = fork();
        if (child != 0)
            return is_fine(child) ? 0 : 2;
    }
    return 0;
}

static void test_fork(void)
{
    struct mhsmi_process *process = mhsmi_process();
    pid_t child;

    fill();
    CHECK(mhsmi_process_id() == getpid());
    child = fork();
    if (child == 0)
        _exit(descend());
    CHECK(is_fine(child));
    /* The parent's is as it was. */
    CHECK(atomic_load(&process->id) == getpid());
    CHECK(atomic_load(&process->request_high) == UINT64_MAX);
    CHECK(atomic_load(&process->request_low) == 1);
}

/* Without the C library and its hooks. */
static void test_clone(void)
{
    pid_t child;

    fill();
    CHECK(mhsmi_process_id() == getpid());
    child = (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
    if (child == 0)
        _exit(is_new() ? 0 : 1);
    CHECK(is_fine(child));
}

static void *ask(void *wrong)
{
    struct mhsmi_process *process = mhsmi_process();

    if (process == NULL || mhsmi_process_id() != getpid() ||
        atomic_load(&process->request_low) != 1)
        atomic_fetch_add((atomic_int *)wrong, 1);
    return NULL;
}

/* Threads share it. */
static void test_threads(void)
{
    pthread_t thread[threads];
    atomic_int wrong = 0;
    int i;

    fill();
    for (i = 0; i < threads; i++)
        CHECK_FATAL(pthread_create(&thread[i], NULL, ask, &wrong) == 0);
    for (i = 0; i < threads; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(atomic_load(&wrong) == 0);
}

int main(void)
{
    static const struct check checks[] = {
        {"id", test_id},           {"fork", test_fork}, {"clone", test_clone},
        {"threads", test_threads}, {NULL, NULL},
    };

    return check_main("process", checks);
}
