/* SPDX-License-Identifier: MIT
 *
 * Fork, as servers do it: the key is loaded and used in the parent, children
 * use it with connections of their own, and the parent's connection goes on.
 * A child that hangs is a failure after its alarm, not a hang of the test.
 */
#include "harness.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZED 1
#elif __has_feature(address_sanitizer)
#define ADDRESS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZED 1
#elif defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZED 1
#endif
#ifndef THREAD_SANITIZED
#define THREAD_SANITIZED 0
#endif
#ifndef ADDRESS_SANITIZED
#define ADDRESS_SANITIZED 0
#endif
#define SANITIZED (THREAD_SANITIZED || ADDRESS_SANITIZED)

enum { CHILDREN = 4, ROUNDS = 20, LIMIT_S = 30 };

static struct th_context last;
static EVP_PKEY *rsa, *ec;

static void prepare(void)
{
    th_rsa_create("fk-rsa", 2048, NULL);
    th_ec_create("fk-ec", "P-256", NULL);
    th_context_open(&last, TH_LAST);
    rsa = th_must_open(last.lib, "mhsm:fk-rsa");
    ec = th_must_open(last.lib, "mhsm:fk-ec");
}

static int sign(EVP_PKEY *key)
{
    struct th_scheme scheme = th_scheme_of(key);
    int good = th_sign_and_verify(last.lib, key, &scheme, "text");

    if (!good)
        ERR_print_errors_fp(stderr);
    return good && ERR_peek_error() == 0;
}

/* Run `body` in a child; its exit code is 0 when `body` returns 1. */
static pid_t start(int (*body)(void))
{
    pid_t child;

    fflush(NULL); /* else exit() in the child prints it again */
    child = fork();
    if (child < 0)
        th_die("fork failed");
    if (child == 0) {
        alarm(LIMIT_S);
        _exit(body() ? 0 : 1);
    }
    return child;
}

static int ends_well(pid_t child)
{
    int status = 0;

    return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static int sign_both(void)
{
    return sign(rsa) && sign(ec);
}

static void children_before_the_first_signature(void)
{
    pid_t children[CHILDREN];
    int i;

    for (i = 0; i < CHILDREN; i++)
        children[i] = start(sign_both);
    for (i = 0; i < CHILDREN; i++)
        CU_ASSERT(ends_well(children[i]));
    CU_ASSERT(sign_both());
}

/* One connection in the parent, alive and idle; each child opens its own and
 * needs no token of its own; the parent's is neither closed nor disturbed. */
static void the_parents_connection_survives(void)
{
    struct th_stats before, after;
    pid_t children[CHILDREN];
    int i;

    CU_ASSERT(sign_both());
    before = th_stats();
    CU_ASSERT(sign(ec));
    after = th_stats();
    CU_ASSERT_EQUAL(after.connections, before.connections);
    for (i = 0; i < CHILDREN; i++) {
        children[i] = start(sign_both);
        CU_ASSERT(ends_well(children[i]));
    }
    after = th_stats();
    CU_ASSERT_EQUAL(after.connections - before.connections, CHILDREN);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    for (i = 0; i < CHILDREN; i++)
        children[i] = start(sign_both);
    for (i = 0; i < CHILDREN; i++)
        CU_ASSERT(ends_well(children[i]));
    before = th_stats();
    CU_ASSERT(sign_both());
    after = th_stats();
    CU_ASSERT_EQUAL(after.connections, before.connections);
}

static int sign_in_a_grandchild(void)
{
    pid_t child;

    if (!sign(ec))
        return 0;
    child = start(sign_both);
    return sign(rsa) && ends_well(child) && sign(ec);
}

static void grandchildren(void)
{
    CU_ASSERT(ends_well(start(sign_in_a_grandchild)));
    CU_ASSERT(sign_both());
}

static int free_everything(void)
{
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    th_context_close(&last);
    return 1;
}

static int load_and_sign(void)
{
    struct th_context context;
    EVP_PKEY *key;
    struct th_scheme scheme;
    int good;

    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:fk-ec");
    scheme = th_scheme_of(key);
    good = th_sign_and_verify(context.lib, key, &scheme, "text");
    EVP_PKEY_free(key);
    th_context_close(&context);
    return good;
}

static void children_may_tidy_up(void)
{
    CU_ASSERT(ends_well(start(free_everything)));
    CU_ASSERT(sign_both());
    CU_ASSERT(ends_well(start(load_and_sign)));
    CU_ASSERT(sign_both());
}

static void *rest(void *arg)
{
    for (;;)
        pause();
    return arg;
}

/* The thread sanitizer knows threads by their address and is lost when a child
 * joins one where one of the parent's had been: let others, with the smallest
 * stacks, take those addresses first. */
static void take_old_addresses(void)
{
    pthread_attr_t small;
    pthread_t thread;
    int i;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128 * 1024);
    for (i = 0; THREAD_SANITIZED && i < CHILDREN; i++) {
        if (pthread_create(&thread, &small, rest, NULL) != 0)
            th_die("no thread");
    }
    pthread_attr_destroy(&small);
}

/* exit() runs libcrypto's and our own clean-up in the child. */
static int sign_and_exit(void)
{
    int good;

    take_old_addresses();
    good = sign(ec);

    exit(good ? 0 : 1);
}

static int exit_at_once(void)
{
    exit(0);
}

static void exit_in_a_child(void)
{
    struct th_stats before, after;

    CU_ASSERT(sign_both());
    CU_ASSERT(ends_well(start(exit_at_once)));
    CU_ASSERT(ends_well(start(sign_and_exit)));
    before = th_stats();
    CU_ASSERT(sign_both());
    after = th_stats();
    CU_ASSERT_EQUAL(after.connections, before.connections);
}

/* The fork hits the parent in the middle of requests of other threads. ---- */

static pthread_barrier_t gate;

/* One signature a round, nothing else: a fork while another thread holds a
 * lock of libcrypto's own is beyond what the module can mend. */
static void *sign_each_round(void *arg)
{
    struct th_scheme scheme = {"SHA256", 0};
    int *good = arg, i;

    for (i = 0; i < ROUNDS; i++) {
        size_t size = 0;
        unsigned char *signature;

        pthread_barrier_wait(&gate);
        signature = th_sign(last.lib, ec, &scheme, "text", &size);
        *good += signature != NULL;
        OPENSSL_free(signature);
    }
    return NULL;
}

/* The moment of the fork: each round a little later in the requests' course.
 * The allocator of the sanitizers has locks that no child gets back from a
 * thread that it has not: there the requests must be on their way, and the
 * threads at rest. */
static void choose_moment(int round, long requests)
{
    long limit = th_now_ms() + 1000L * LIMIT_S;

    if (!SANITIZED) {
        th_sleep_ms(round);
        return;
    }
    while (th_stats().requests < requests) {
        if (th_now_ms() > limit)
            th_die("the requests do not arrive");
        th_sleep_ms(1);
    }
    th_sleep_ms(20);
}

static void forks_while_others_sign(void)
{
    pthread_t threads[2];
    int good[2] = {0, 0}, i;

    pthread_barrier_init(&gate, NULL, 3);
    th_latency(SANITIZED ? 200 : 10);
    for (i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, sign_each_round, &good[i]) != 0)
            th_die("no thread");
    }
    for (i = 0; i < ROUNDS; i++) {
        long requests = th_stats().requests + 2;

        pthread_barrier_wait(&gate);
        choose_moment(i, requests);
        TH_TRUE(ends_well(start(i % 2 == 0 ? sign_both : sign_and_exit)),
                "child %d", i);
    }
    for (i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(good[i], ROUNDS);
    }
    pthread_barrier_destroy(&gate);
    th_reset();
    CU_ASSERT(sign_both());
}

/* Children that start together and live on: a server's workers. */
static int work(void)
{
    int i, good = 1;

    for (i = 0; good && i < ROUNDS; i++)
        good = sign(i % 2 == 0 ? rsa : ec);
    return good;
}

static void workers(void)
{
    struct th_stats before = th_stats(), after;
    pid_t children[CHILDREN];
    int i;

    for (i = 0; i < CHILDREN; i++)
        children[i] = start(work);
    for (i = 0; i < CHILDREN; i++)
        CU_ASSERT(ends_well(children[i]));
    after = th_stats();
    CU_ASSERT_EQUAL(after.requests - before.requests, CHILDREN * ROUNDS);
    CU_ASSERT_EQUAL(after.connections - before.connections, CHILDREN);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    CU_ASSERT(sign_both());
}

/* Children that become another program, while a request is on its way. ----- */

/* Descriptors that lead to the HSM. */
static int connections(void)
{
    const char *port = strrchr(th_host(), ':') + 1;
    int fd, count = 0;

    for (fd = 0; fd < 1024; fd++) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof(peer);
        char number[16];

        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
            getnameinfo((struct sockaddr *)&peer, size, NULL, 0, number,
                        sizeof(number), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
            count += strcmp(number, port) == 0;
    }
    return count;
}

/* The other program: it has got no connection, and works by its own. */
static int another_program(void)
{
    if (connections() != 0)
        return 2;
    return load_and_sign() ? 0 : 1;
}

static int by_posix_spawn(void)
{
    return th_again("another program").code == 0;
}

/* The child has the parent's memory and threads until it is another program. */
static int by_vfork(void)
{
    char self[] = "scenario", name[] = "another program", path[4096];
    char *arguments[] = {self, name, NULL};
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    pid_t child;

    if (size <= 0)
        th_die("no /proc");
    path[size] = '\0';
    fflush(NULL);
    child = vfork();
    if (child == 0) {
        (void)execve(path, arguments, environ);
        _exit(127);
    }
    return child > 0 && ends_well(child);
}

static int by_vfork_and_exit(void)
{
    pid_t child = vfork();

    if (child == 0)
        _exit(0);
    return child > 0 && ends_well(child);
}

static void *sign_once(void *arg)
{
    int *good = arg;

    *good = sign(ec);
    return NULL;
}

static void other_programs_while_one_signs(void)
{
    static int (*const ways[])(void) = {by_posix_spawn, by_vfork,
                                        by_vfork_and_exit};
    struct th_stats before, after;
    pthread_t thread;
    size_t i;
    int good;

    CU_ASSERT(sign_both());
    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        long limit = th_now_ms() + 1000L * LIMIT_S;

        good = 0;
        th_latency(300);
        before = th_stats();
        if (pthread_create(&thread, NULL, sign_once, &good) != 0)
            th_die("no thread");
        while (th_stats().requests == before.requests && th_now_ms() < limit)
            th_sleep_ms(1);
        TH_TRUE(connections() > 0, "way %zu", i);
        TH_TRUE(ways[i](), "way %zu", i);
        pthread_join(thread, NULL);
        TH_TRUE(good, "way %zu", i);
        th_latency(0);
        before = th_stats();
        CU_ASSERT(sign_both());
        after = th_stats();
        TH_TRUE(after.connections == before.connections, "way %zu", i);
        TH_TRUE(after.tokens == before.tokens, "way %zu", i);
    }
}

int main(int argc, char **argv)
{
    static const CU_TestInfo tests[] = {
        {"keys load", prepare},
        {"children before the first signature",
         children_before_the_first_signature},
        {"the parent's connection survives", the_parents_connection_survives},
        {"grandchildren", grandchildren},
        {"children may tidy up", children_may_tidy_up},
        {"exit in a child", exit_in_a_child},
        {"forks while others sign", forks_while_others_sign},
        {"workers", workers},
        {"other programs while one signs", other_programs_while_one_signs},
        CU_TEST_INFO_NULL,
    };
    int code;

    if (argc == 2 && strcmp(argv[1], "another program") == 0)
        return another_program();
    code = th_main("provider: fork", tests);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    th_context_close(&last);
    return code;
}
