/* SPDX-License-Identifier: MIT
 *
 * The engine across the life of processes: forks in every state, exit, idling,
 * and descriptors that run out or are taken away.
 */
#include "http/engine.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "life.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
/* What a forked child of a process with threads can do under a sanitizer: the
 * thread sanitizer knows of no new threads in it, and both keep the locks of
 * their allocators as the fork found them.  There the parent alone is watched;
 * a build without sanitizers watches both. */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum { child_starts_threads = 0, child_of_busy_allocates = 0 };
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { child_starts_threads = 1, child_of_busy_allocates = 0 };
#else
enum { child_starts_threads = 1, child_of_busy_allocates = 1 };
#endif

/* A forked child lacks its parent's other threads, and with them the roots of
 * what they had allocated: its leaks cannot be told. The parent's can. */
static int is_child;
MHSM_API int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return is_child;
}

static pid_t fork_child(void)
{
    pid_t child = fork();

    if (child == 0)
        is_child = 1;
    return child;
}

/* What a child says by its exit status; -1 when it hung or crashed. */
static int reap(pid_t child)
{
    int64_t limit = mhsmi_clock_deadline(20000);
    int status = 0;

    while (waitpid(child, &status, WNOHANG) == 0) {
        if (mhsmi_clock_ms() > limit) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, &status, 0);
            return -1;
        }
        loopback_nap(5);
    }
    if (!WIFEXITED(status)) {
        (void)fprintf(stderr, "child ended by signal %d\n", WTERMSIG(status));
        return -1;
    }
    if (WEXITSTATUS(status) != 0)
        (void)fprintf(stderr, "child ended with %d\n", WEXITSTATUS(status));
    return WEXITSTATUS(status);
}

static int child_requests(void)
{
    int opened = 0;

    if (!child_starts_threads)
        return 0;
    if (io_threads() != 0)
        return 10;
    if (request("/ok", 10000, &opened) != MHSM_OK)
        return 11;
    if (opened != 1 || io_threads() != by_thread)
        return 12;
    if (request("/ok", 10000, &opened) != MHSM_OK || opened != 0)
        return 13;
    return 0;
}

static void test_fork(void)
{
    int opened = -1, quietly;
    pid_t child;

    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
    /* A child that leaves by _exit(), and one whose exit handlers run. */
    for (quietly = 0; quietly < 2; quietly++) {
        child = fork_child();
        CHECK_FATAL(child >= 0);
        if (child == 0) {
            int bad = child_requests();

            if (quietly)
                _exit(bad);
            exit(bad);
        }
        CHECK(reap(child) == 0);
        CHECK(request("/ok", 5000, &opened) == MHSM_OK);
        CHECK(opened == 0);
    }
    /* One that never asks for anything. */
    child = fork_child();
    if (child == 0)
        exit(0);
    CHECK(reap(child) == 0);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 0);
}

static void test_grandchild(void)
{
    int opened = -1;
    pid_t child = fork_child();

    CHECK_FATAL(child >= 0);
    if (child == 0) {
        int bad = child_requests();

        child = fork_child();
        if (child == 0)
            _exit(child_requests());
        if (bad == 0)
            bad = reap(child);
        if (bad == 0 && child_starts_threads &&
            (request("/ok", 5000, &opened) != MHSM_OK || opened != 0))
            bad = 20;
        _exit(bad);
    }
    CHECK(reap(child) == 0);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK && opened == 0);
}

/* Whatever the threads are doing, a fork finds the engine in some state. */
static void test_fork_while_busy(void)
{
    struct worker workers[6];
    int i, bad = 0;

    for (i = 0; i < 6; i++) {
        workers[i] = (struct worker){.path = "/ok", .count = 150};
        CHECK_FATAL(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (i = 0; i < 10; i++) {
        pid_t child = fork_child();

        CHECK_FATAL(child >= 0);
        if (child == 0)
            _exit(child_of_busy_allocates ? child_requests() : 0);
        bad += reap(child) != 0;
    }
    CHECK(bad == 0);
    for (i = 0; i < 6; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        CHECK(workers[i].good == 150);
    }
}

/* The parent's sockets are closed in a child that starts its own engine, but
 * not what the child has put in their place. */
static void test_fork_descriptors(void)
{
    pid_t child;

    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
    child = fork_child();
    CHECK_FATAL(child >= 0);
    if (child == 0) {
        int fd, mine[256], count = 0, left = 0;

        for (fd = 3; fd < 256; fd++) {
            struct sockaddr_in peer;
            socklen_t size = sizeof(peer);

            if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
                peer.sin_family == AF_INET && ntohs(peer.sin_port) == tls.port)
                mine[count++] = fd;
        }
        if (count < 2)
            _exit(30);
        /* The first is taken over by a file of the child's. */
        fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || dup2(fd, mine[0]) < 0)
            _exit(31);
        if (!child_starts_threads)
            _exit(0);
        if (request("/ok", 10000, NULL) != MHSM_OK)
            _exit(32);
        if (fcntl(mine[0], F_GETFD) < 0)
            _exit(33);
        for (fd = 3; fd < 256; fd++) {
            struct sockaddr_in peer;
            socklen_t size = sizeof(peer);

            left += getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
                    peer.sin_family == AF_INET &&
                    ntohs(peer.sin_port) == tls.port;
        }
        _exit(left == 1 ? 0 : 34);
    }
    CHECK(reap(child) == 0);
}

static void *hang(void *arg)
{
    small_stack = by_thread;
    *(int *)arg = request("/hang", 30000, NULL);
    return NULL;
}

/* A thread that waits for ever.  It may not hold errors of OpenSSL's, which
 * would count as leaked when the process ends. */
static int start_hanging(pthread_t *thread, int *result)
{
    pthread_attr_t attributes;
    int ok;

    (void)pthread_attr_init(&attributes);
    ok = (!by_thread ||
          pthread_attr_setstacksize(&attributes, 192 * 1024) == 0) &&
         pthread_create(thread, &attributes, hang, result) == 0;
    (void)pthread_attr_destroy(&attributes);
    return ok;
}

/* The rest runs in processes of their own, each a fresh start of this program,
 * whose leaks count.  They return their exit status. */
static int child_exits(int busy)
{
    pthread_t thread;
    static int result;

    if (request("/ok", 5000, NULL) != MHSM_OK)
        return 40;
    if (busy &&
        (!start_hanging(&thread, &result) || pthread_detach(thread) != 0))
        return 41;
    loopback_nap(50);
    exit(0);
}

static int child_exits_idle(void)
{
    return child_exits(0);
}

static int child_exits_busy(void)
{
    return child_exits(1);
}

/* After libcrypto has been taken apart requests fail, at once and politely. */
static int child_cleans_up(void)
{
    pthread_t thread;
    static int result;
    int64_t began;

    if (request("/ok", 5000, NULL) != MHSM_OK)
        return 50;
    if (!start_hanging(&thread, &result))
        return 51;
    loopback_nap(50);
    began = mhsmi_clock_ms();
    OPENSSL_cleanup();
    if (mhsmi_clock_ms() - began >= 1000)
        return 52;
    if (pthread_join(thread, NULL) != 0 || result != MHSM_ERR_TRANSPORT)
        return 53;
    if (!no_io_thread())
        return 54;
    began = mhsmi_clock_ms();
    if (request("/ok", 5000, NULL) != MHSM_ERR_TRANSPORT)
        return 55;
    return mhsmi_clock_ms() - began < 1000 ? 0 : 56;
}

static int child_idles(void)
{
    int i, opened;

    transport.idle_timeout_s = 1;
    by_thread = 1;
    for (i = 0; i < 2; i++) {
        if (request("/ok", 5000, &opened) != MHSM_OK || opened != 1)
            return 60;
        if (io_threads() != 1)
            return 61;
        if (!no_io_thread())
            return 62;
    }
    return 0;
}

/* A process may be out of descriptors for a while. */
static int child_lacks_descriptors(void)
{
    struct rlimit limit, none;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 70;
    none = limit;
    none.rlim_cur = 3;
    if (setrlimit(RLIMIT_NOFILE, &none) != 0)
        return 71;
    if (request("/ok", 5000, NULL) != MHSM_ERR_INTERNAL)
        return 72;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 73;
    return request("/ok", 5000, NULL) == MHSM_OK ? 0 : 74;
}

/* A host that closes every descriptor it finds. */
static int child_closes_all(void)
{
    struct timespec before, now;
    int fd, i;

    if (request("/ok", 5000, NULL) != MHSM_OK)
        return 80;
    for (fd = 3; fd < 256; fd++)
        (void)close(fd);
    /* A thread that sleeps is not woken; then it is. */
    for (i = 0; i < 5 && request("/ok", 500, NULL) != MHSM_OK; i++)
        loopback_nap(50);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    loopback_nap(500);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (now.tv_sec - before.tv_sec) * 1000 +
                       (now.tv_nsec - before.tv_nsec) / 1000000 <
                   250
               ? 0
               : 81;
}

static const struct child {
    const char *name;
    int (*run)(void);
} children[] = {
    {"idle exit", child_exits_idle},
    {"busy exit", child_exits_busy},
    {"clean-up", child_cleans_up},
    {"idle", child_idles},
    {"no descriptor", child_lacks_descriptors},
    {"closes all", child_closes_all},
};

static void test_fresh_processes(void)
{
    size_t i;

    for (i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
        int64_t began = mhsmi_clock_ms();
        pid_t child = fork();
        int status;

        CHECK_FATAL(child >= 0);
        if (child == 0) {
            execl("/proc/self/exe", "child", children[i].name, url,
                  transport.ca_file, by_thread ? "thread" : "caller",
                  (char *)NULL);
            _exit(127);
        }
        status = reap(child);
        if (status != 0)
            (void)fprintf(stderr, "child: %s\n", children[i].name);
        CHECK(status == 0);
        CHECK(mhsmi_clock_ms() - began < 10000);
    }
}

/* All of it again. */
static void test_by_thread(void)
{
    by_thread = 1;
    test_fork();
    test_grandchild();
    test_fork_while_busy();
    test_fork_descriptors();
    test_fresh_processes();
    by_thread = 0;
}

static int child_main(char **argv)
{
    size_t i;

    (void)snprintf(url, sizeof(url), "%s", argv[2]);
    transport.ca_file = argv[3];
    by_thread = strcmp(argv[4], "thread") == 0;
    for (i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
        if (strcmp(argv[1], children[i].name) == 0)
            return children[i].run();
    }
    return 126;
}

int main(int argc, char **argv)
{
    static const struct check checks[] = {
        {"fork", test_fork},
        {"grandchild", test_grandchild},
        {"fork while busy", test_fork_while_busy},
        {"fork descriptors", test_fork_descriptors},
        {"fresh processes", test_fresh_processes},
        {"by the thread", test_by_thread},
        {NULL, NULL},
    };
    int bad;

    if (argc == 5)
        return child_main(argv);
    if (!loopback_start(&tls, LOOPBACK_TLS, "IP:127.0.0.1,DNS:localhost"))
        return 1;
    (void)snprintf(url, sizeof(url), "https://localhost:%d", tls.port);
    transport.ca_file = tls.ca_path;
    bad = check_main("engine process", checks);
    loopback_stop(&tls);
    return bad;
}
