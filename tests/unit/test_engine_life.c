/* SPDX-License-Identifier: MIT
 *
 * The engine inside somebody else's process: many threads, forks, signals,
 * exit, an OpenSSL that the host has bent out of shape.
 */
#include "http/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "check.h"
#include "loopback.h"

static struct loopback tls;
static struct mhsmi_transport transport = {
    .proxy = "",
    .connect_timeout_ms = 5000,
    .max_connections = 8,
    .max_connection_age_s = 600,
    .idle_timeout_s = 60,
    .user_agent = "mhsm-test/1",
};
static char url[128];

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

/* One request; its status, or -1 for an answer other than 200. */
static int request(const char *path, int ms, int *new_connections)
{
    struct mhsmi_request r = {.transport = &transport,
                              .method = "POST",
                              .body = "{}",
                              .body_size = 2,
                              .max_response = 4096,
                              .deadline_ms = mhsmi_clock_deadline(ms)};
    struct mhsmi_response response;
    mhsm_error *err = NULL;
    char where[256];
    int st;

    (void)snprintf(where, sizeof(where), "%s%s", url, path);
    r.url = where;
    mhsmi_response_init(&response);
    st = (int)mhsmi_engine_perform(&r, &response, NULL, &err);
    if (st == MHSM_OK && response.status != 200)
        st = -1;
    if (new_connections != NULL)
        *new_connections = response.new_connections;
    mhsmi_response_clear(&response);
    mhsm_error_free(&err);
    return st;
}

/* The descriptor directory of /proc says how many threads have our name. */
static int io_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    if (folder == NULL)
        return -1;
    while ((entry = readdir(folder)) != NULL) {
        char path[300], name[32] = "";
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
                       entry->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fgets(name, sizeof(name), file) != NULL)
            count += strcmp(name, "mhsm-io\n") == 0;
        (void)fclose(file);
    }
    (void)closedir(folder);
    return count;
}

/* The kernel drops a thread from its list a moment after it was joined. */
static int no_io_thread(void)
{
    int64_t limit = mhsmi_clock_deadline(5000);

    while (io_threads() != 0 && mhsmi_clock_ms() < limit)
        loopback_nap(5);
    return io_threads() == 0;
}

struct worker {
    pthread_t thread;
    const char *path;
    int count, good, opened;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    int i, opened;

    for (i = 0; i < worker->count; i++) {
        worker->good += request(worker->path, 20000, &opened) == MHSM_OK;
        worker->opened += opened;
    }
    return NULL;
}

static void test_threads(void)
{
    struct worker workers[32];
    int i, round, good, opened, before;

    for (round = 0; round < 2; round++) {
        before = atomic_load(&tls.connections);
        good = opened = 0;
        for (i = 0; i < 32; i++) {
            workers[i] = (struct worker){
                .path = round == 0 ? "/slow/20" : "/ok", .count = 10};
            CHECK_FATAL(pthread_create(&workers[i].thread, NULL, work,
                                       &workers[i]) == 0);
        }
        for (i = 0; i < 32; i++) {
            (void)pthread_join(workers[i].thread, NULL);
            good += workers[i].good;
            opened += workers[i].opened;
        }
        CHECK(good == 320);
        CHECK(opened == atomic_load(&tls.connections) - before);
        /* All that are allowed at once, then the same again. */
        CHECK(round == 0 ? opened == 8 : opened == 0);
        CHECK(io_threads() == 1);
    }
}

/* More callers than connections, and some that leave early. */
static void test_queue(void)
{
    struct worker workers[12];
    int64_t began;
    int i;

    for (i = 0; i < 12; i++) {
        workers[i] = (struct worker){.path = "/slow/400", .count = 1};
        CHECK_FATAL(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    loopback_nap(100);
    began = mhsmi_clock_ms();
    /* Behind four that wait: no connection becomes free in time. */
    CHECK(request("/ok", 150, NULL) == MHSM_ERR_TIMEOUT);
    CHECK(mhsmi_clock_ms() - began < 2000);
    for (i = 0; i < 12; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        CHECK(workers[i].good == 1);
    }
    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
}

static void test_abandoned(void)
{
    int i;

    for (i = 0; i < 20; i++)
        CHECK(request("/hang", 5 + i, NULL) == MHSM_ERR_TIMEOUT);
    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
}

static void test_error_queue(void)
{
    unsigned long code;

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 77);
    CHECK(ERR_set_mark() == 1);
    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
    transport.ca_file = "/nonexistent.pem";
    CHECK(request("/ok", 5000, NULL) == MHSM_ERR_TLS);
    transport.ca_file = tls.ca_path;
    ERR_raise(ERR_LIB_USER, 78);
    CHECK(ERR_pop_to_mark() == 1);
    code = ERR_get_error();
    CHECK(ERR_GET_REASON(code) == 77);
    CHECK(ERR_get_error() == 0);
}

/* With these the default context can do no TLS at all, which is also what a
 * host looks like that prefers our own provider for everything. */
static void test_default_context_unusable(void)
{
    int opened = 0;
    EVP_MD *md;

    CHECK(EVP_set_default_properties(NULL, "provider=nobody") == 1);
    md = EVP_MD_fetch(NULL, "SHA256", NULL);
    CHECK(md == NULL);
    ERR_clear_error();
    loopback_drop(&tls);
    loopback_nap(50);
    CHECK(request("/ok", 5000, &opened) == MHSM_OK);
    CHECK(opened == 1);
    CHECK(ERR_peek_error() == 0);
    CHECK(EVP_set_default_properties(NULL, "") == 1);
}

static void ignore(int number)
{
    (void)number;
}

static atomic_int alarms;

static void on_alarm(int number)
{
    (void)number;
    atomic_fetch_add(&alarms, 1);
}

/* The I/O thread takes no signal, and callers survive theirs. */
static void test_signals(void)
{
    struct sigaction action, old;
    sigset_t set, before, after, pending;
    struct timespec none = {0, 0};
    struct itimerspec often = {{0, 2000000}, {0, 2000000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGALRM};
    timer_t timer;

    memset(&action, 0, sizeof(action));
    action.sa_handler = ignore;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &set, &before);
    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    loopback_nap(20);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1);
    CHECK(sigtimedwait(&set, NULL, &none) == SIGUSR1);
    (void)pthread_sigmask(SIG_SETMASK, &before, &after);
    CHECK(sigismember(&after, SIGUSR1) == 1);
    CHECK(sigismember(&after, SIGUSR2) == sigismember(&before, SIGUSR2));

    action.sa_handler = on_alarm;
    CHECK(sigaction(SIGALRM, &action, &old) == 0);
    CHECK_FATAL(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    CHECK(request("/slow/200", 5000, NULL) == MHSM_OK);
    CHECK(timer_delete(timer) == 0);
    CHECK(atomic_load(&alarms) > 5);
    CHECK(sigaction(SIGALRM, &old, NULL) == 0);
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
    if (opened != 1 || io_threads() != 1)
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
    *(int *)arg = request("/hang", 30000, NULL);
    return NULL;
}

/* The rest runs in processes of their own, each a fresh start of this program,
 * whose leaks count.  They return their exit status. */
static int child_exits(int busy)
{
    pthread_t thread;
    static int result;

    if (request("/ok", 5000, NULL) != MHSM_OK)
        return 40;
    if (busy && (pthread_create(&thread, NULL, hang, &result) != 0 ||
                 pthread_detach(thread) != 0))
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
    if (pthread_create(&thread, NULL, hang, &result) != 0)
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

/* The host may forbid threads for a while. */
static int child_lacks_threads(void)
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

static const struct child {
    const char *name;
    int (*run)(void);
} children[] = {
    {"idle exit", child_exits_idle},        {"busy exit", child_exits_busy},
    {"clean-up", child_cleans_up},          {"idle", child_idles},
    {"no descriptor", child_lacks_threads},
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
                  transport.ca_file, (char *)NULL);
            _exit(127);
        }
        status = reap(child);
        if (status != 0)
            (void)fprintf(stderr, "child: %s\n", children[i].name);
        CHECK(status == 0);
        CHECK(mhsmi_clock_ms() - began < 10000);
    }
}

static int child_main(char **argv)
{
    size_t i;

    (void)snprintf(url, sizeof(url), "%s", argv[2]);
    transport.ca_file = argv[3];
    for (i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
        if (strcmp(argv[1], children[i].name) == 0)
            return children[i].run();
    }
    return 126;
}

int main(int argc, char **argv)
{
    static const struct check checks[] = {
        {"threads", test_threads},
        {"queue", test_queue},
        {"abandoned", test_abandoned},
        {"error queue", test_error_queue},
        {"default context unusable", test_default_context_unusable},
        {"signals", test_signals},
        {"fork", test_fork},
        {"grandchild", test_grandchild},
        {"fork while busy", test_fork_while_busy},
        {"fork descriptors", test_fork_descriptors},
        {"fresh processes", test_fresh_processes},
        {NULL, NULL},
    };
    int bad;

    if (argc == 4)
        return child_main(argv);
    if (!loopback_start(&tls, LOOPBACK_TLS, "IP:127.0.0.1,DNS:localhost"))
        return 1;
    (void)snprintf(url, sizeof(url), "https://localhost:%d", tls.port);
    transport.ca_file = tls.ca_path;
    bad = check_main("engine life", checks);
    loopback_stop(&tls);
    return bad;
}
