/* SPDX-License-Identifier: MIT
 *
 * Waiting for a change, in threads and in fibres: those that are told, those
 * that nobody tells, and those that their host drops in the middle.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <mhsm/client.h>

#include "base/change.h"
#include "base/clock.h"
#include "base/waiter.h"
#include "check.h"

enum { stack_size = 256 * 1024, soon_ms = 10000, never_ms = 60000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mhsmi_change change;

/* One fibre, and where to go when it pauses. */
static struct fibre {
    ucontext_t self, host;
    void *stack;
    int running, ended, fd;
    int64_t deadline_ms;
} fibre;

static int may_pause(void)
{
    return fibre.running;
}

static int pause_fibre(int fd)
{
    fibre.fd = fd;
    fibre.running = 0;
    return swapcontext(&fibre.self, &fibre.host) == 0;
}

static const mhsm_wait_hooks hooks = {may_pause, pause_fibre};

static void await_once(void)
{
    pthread_mutex_lock(&lock);
    mhsmi_change_await(&change, &lock, fibre.deadline_ms);
    pthread_mutex_unlock(&lock);
    fibre.ended = 1;
    fibre.running = 0;
}

static void resume(void)
{
    fibre.running = 1;
    CHECK(swapcontext(&fibre.host, &fibre.self) == 0);
}

/* Let a new fibre wait until its pause. */
static void start(int allowed_ms)
{
    fibre = (struct fibre){.fd = -1};
    fibre.deadline_ms = mhsmi_clock_deadline(allowed_ms);
    fibre.stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_FATAL(fibre.stack != MAP_FAILED);
    CHECK_FATAL(getcontext(&fibre.self) == 0);
    fibre.self.uc_stack.ss_sp = fibre.stack;
    fibre.self.uc_stack.ss_size = stack_size;
    fibre.self.uc_link = &fibre.host;
    makecontext(&fibre.self, await_once, 0);
    resume();
    CHECK_FATAL(!fibre.ended && fibre.fd >= 0);
}

/* What a host does that will not resume it. */
static void drop(void)
{
    CHECK(close(fibre.fd) == 0);
    CHECK(munmap(fibre.stack, stack_size) == 0);
}

static void tell_all(void)
{
    pthread_mutex_lock(&lock);
    mhsmi_change_tell_all(&change);
    pthread_mutex_unlock(&lock);
}

static int is_readable(int fd, int within_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN, .revents = 0};

    return poll(&ready, 1, within_ms) == 1 && ready.revents == POLLIN;
}

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    CHECK_FATAL(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

static void begin(void)
{
    mhsm_set_wait_hooks(&hooks);
    CHECK_FATAL(mhsmi_change_init(&change));
}

static void end(void)
{
    mhsmi_change_clear(&change);
    mhsm_set_wait_hooks(NULL);
}

static void a_fibre_is_told(void)
{
    int before = count_descriptors();

    begin();
    start(never_ms);
    CHECK(!is_readable(fibre.fd, 20));
    tell_all();
    CHECK(is_readable(fibre.fd, soon_ms));
    resume();
    CHECK(fibre.ended);
    CHECK(munmap(fibre.stack, stack_size) == 0);
    end();
    CHECK(count_descriptors() == before);
}

/* From now on no ioctl() works in this process. */
static int refuse_ioctl(void)
{
    struct sock_filter rows[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(rows) / sizeof(rows[0]), rows};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* On a kernel that lets no timer be given its ticks. */
static void a_fibre_is_told_by_an_older_kernel(void)
{
    unsigned int failures = CU_get_number_of_failures();
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        if (!refuse_ioctl())
            _exit(2);
        a_fibre_is_told();
        _exit(CU_get_number_of_failures() != failures);
    }
    CHECK_FATAL(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_fibre_has_a_deadline(void)
{
    begin();
    start(30);
    CHECK(is_readable(fibre.fd, never_ms));
    CHECK(mhsmi_clock_ms() >= fibre.deadline_ms);
    resume();
    CHECK(fibre.ended);
    CHECK(munmap(fibre.stack, stack_size) == 0);
    end();
}

/* Its stack is gone, and the number of its descriptor is soon a timer of the
 * host's. */
static void a_fibre_is_dropped(void)
{
    int before = count_descriptors(), timer;

    begin();
    start(never_ms);
    drop();
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    CHECK(timer == fibre.fd);
    tell_all();
    CHECK(!is_readable(timer, 20));
    (void)close(timer);
    end();
    CHECK(count_descriptors() == before);
}

/* What stood for them goes with the next wait, well after their deadlines. */
static void dropped_fibres_are_forgotten(void)
{
    const struct timespec second = {1, 200000000};
    int before = count_descriptors(), i;

    begin();
    for (i = 0; i < 8; i++) {
        start(10);
        drop();
    }
    CHECK(count_descriptors() == before + 8);
    nanosleep(&second, NULL);
    start(never_ms);
    CHECK(count_descriptors() == before + 2);
    tell_all();
    resume();
    CHECK(fibre.ended);
    CHECK(munmap(fibre.stack, stack_size) == 0);
    CHECK(count_descriptors() == before);
    end();
}

static int waiting, changed;

static void *await_change(void *arg)
{
    pthread_mutex_lock(&lock);
    waiting++;
    while (!changed)
        mhsmi_change_await(&change, &lock, mhsmi_clock_deadline(never_ms));
    pthread_mutex_unlock(&lock);
    return arg;
}

static void threads_are_told(void)
{
    const struct timespec moment = {0, 1000000};
    pthread_t thread[4];
    int64_t began = mhsmi_clock_ms();
    int i, ready = 0;

    begin();
    for (i = 0; i < 4; i++)
        CHECK_FATAL(pthread_create(&thread[i], NULL, await_change, NULL) == 0);
    while (ready < 4) {
        nanosleep(&moment, NULL);
        pthread_mutex_lock(&lock);
        ready = waiting;
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    changed = 1;
    mhsmi_change_tell_all(&change);
    pthread_mutex_unlock(&lock);
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(mhsmi_clock_ms() - began < never_ms);
    end();
}

int main(void)
{
    static const struct check checks[] = {
        {"a fibre is told", a_fibre_is_told},
        {"a fibre is told by an older kernel",
         a_fibre_is_told_by_an_older_kernel},
        {"a fibre has a deadline", a_fibre_has_a_deadline},
        {"a fibre is dropped", a_fibre_is_dropped},
        {"dropped fibres are forgotten", dropped_fibres_are_forgotten},
        {"threads are told", threads_are_told},
        {NULL, NULL},
    };

    return check_main("change", checks);
}
