/* SPDX-License-Identifier: MIT
 *
 * Programs that are not as one would wish: without standard streams, without
 * descriptors or threads to spare, with small stacks, with signals all the
 * time, or that close what they do not know.  The module works or says why it
 * cannot, and works again when it can.  Each is this program started again.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* A sanitizer's frames are several times as large. */
enum { STACK_SIZE = (SANITIZED ? 512 : 64) * 1024, NOBODY = 65534 };

static struct th_context context;
static EVP_PKEY *key;

static void load(void)
{
    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:host");
}

static void unload(void)
{
    EVP_PKEY_free(key);
    th_context_close(&context);
}

static int sign(void)
{
    struct th_scheme scheme = th_scheme_of(key);

    return th_sign_and_verify(context.lib, key, &scheme, "text") &&
           ERR_peek_error() == 0;
}

/* No signature, and one entry of the queue says `why`. */
static int fails_with(const char *why)
{
    struct th_scheme scheme = th_scheme_of(key);
    const char *data = NULL;
    char *signature;
    size_t size = 0;
    int found = 0;

    signature = (char *)th_sign(context.lib, key, &scheme, "text", &size);
    OPENSSL_free(signature);
    while (ERR_get_error_all(NULL, NULL, NULL, &data, NULL) != 0)
        found = found || (data != NULL && strstr(data, why) != NULL);
    return signature == NULL && found;
}

static void close_streams(void)
{
    int fd;

    for (fd = 0; fd <= 2; fd++)
        (void)close(fd);
}

/* What a host now prints must not go to the HSM. */
static int streams_are_no_connections(void)
{
    int fd;

    for (fd = 0; fd <= 2; fd++) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof(peer);

        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
            peer.ss_family != AF_UNIX)
            return 0;
    }
    return 1;
}

static int no_streams(void)
{
    int good;

    close_streams();
    load();
    good = sign() && streams_are_no_connections();
    unload();
    return good ? 0 : 1;
}

static int no_streams_any_more(void)
{
    int good;

    load();
    good = sign();
    close_streams();
    th_fault("\"route\":\"sign\",\"action\":\"reset\",\"count\":1");
    good = good && sign() && streams_are_no_connections();
    unload();
    return good ? 0 : 1;
}

static int few_descriptors(void)
{
    struct rlimit before, none;

    load();
    if (!sign() || getrlimit(RLIMIT_NOFILE, &before) != 0)
        return 1;
    /* The connection that there is still serves. */
    none = before;
    none.rlim_cur = (rlim_t)th_descriptors();
    if (setrlimit(RLIMIT_NOFILE, &none) != 0 || !sign())
        return 2;
    unload();
    return setrlimit(RLIMIT_NOFILE, &before) == 0 ? 0 : 3;
}

static int no_descriptors(void)
{
    struct rlimit before, none;

    th_context_open(&context, TH_LAST);
    if (getrlimit(RLIMIT_NOFILE, &before) != 0)
        return 1;
    none = before;
    none.rlim_cur = 3;
    if (setrlimit(RLIMIT_NOFILE, &none) != 0 ||
        th_open(context.lib, "mhsm:host") != NULL || ERR_peek_error() == 0)
        return 2;
    ERR_clear_error();
    if (setrlimit(RLIMIT_NOFILE, &before) != 0)
        return 3;
    key = th_must_open(context.lib, "mhsm:host");
    if (!sign())
        return 4;
    unload();
    return 0;
}

/* Limits on threads do not hold for root: be nobody for that moment. */
static int no_threads(void)
{
    int root = geteuid() == 0;
    struct rlimit before, none;

    load();
    /* Opens the connection: NOBODY may not read the certificates. */
    if (!sign() || getrlimit(RLIMIT_NPROC, &before) != 0)
        return 1;
    none = before;
    none.rlim_cur = 0;
    if (setrlimit(RLIMIT_NPROC, &none) != 0 ||
        (root && setresuid(NOBODY, NOBODY, 0) != 0))
        return 2;
    /* Nor is one needed, but where the caller's own cannot be used. */
    if (!sign())
        return 3;
    ERR_raise(ERR_LIB_USER, 1);
    if (!fails_with("cannot start the I/O thread"))
        return 5;
    ERR_clear_error();
    if ((root && setresuid(0, 0, 0) != 0) ||
        setrlimit(RLIMIT_NPROC, &before) != 0 || !sign())
        return 4;
    unload();
    return 0;
}

static int closes_what_it_does_not_know(void)
{
    int i;

    load();
    for (i = 0; i < 3; i++) {
        if (!sign() || close_range(3, ~0U, 0) != 0)
            return 1;
    }
    /* Numbers that were ours are now the host's own. */
    for (i = 0; i < 8; i++) {
        if (open("/dev/null", O_RDWR) < 0)
            return 2;
    }
    if (!sign())
        return 3;
    for (i = 3; i < 11; i++) {
        if (fcntl(i, F_GETFD) < 0)
            return 4;
    }
    unload();
    return 0;
}

static void *sign_once(void *arg)
{
    *(int *)arg = sign();
    return NULL;
}

static int small_stacks(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int good = 0;

    load();
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstacksize(&attributes, STACK_SIZE) != 0 ||
        pthread_create(&thread, &attributes, sign_once, &good) != 0)
        return 1;
    (void)pthread_attr_destroy(&attributes);
    (void)pthread_join(thread, NULL);
    unload();
    return good ? 0 : 2;
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static int signals_all_the_time(void)
{
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {0};
    struct sigaction action = {.sa_handler = count_signal};
    int i, good = 1;

    load();
    th_latency(50);
    if (sigaction(SIGALRM, &action, NULL) != 0 ||
        setitimer(ITIMER_REAL, &often, NULL) != 0)
        return 1;
    for (i = 0; good && i < 10; i++)
        good = sign();
    (void)setitimer(ITIMER_REAL, &never, NULL);
    unload();
    return good && signals > 10 ? 0 : 2;
}

/* A host that has not said what becomes of SIGPIPE must not die of ours. */
static int a_connection_that_is_gone(void)
{
    int i;

    (void)signal(SIGPIPE, SIG_DFL);
    load();
    for (i = 0; i < 3; i++) {
        if (!sign())
            return 1;
        th_fault("\"route\":\"sign\",\"action\":\"reset\",\"count\":1");
    }
    unload();
    return 0;
}

static const struct scenario {
    const char *name;
    int (*run)(void);
} scenarios[] = {
    {"no-streams", no_streams},
    {"no-streams-any-more", no_streams_any_more},
    {"few-descriptors", few_descriptors},
    {"no-descriptors", no_descriptors},
    {"no-threads", no_threads},
    {"closes-what-it-does-not-know", closes_what_it_does_not_know},
    {"small-stacks", small_stacks},
    {"signals-all-the-time", signals_all_the_time},
    {"a-connection-that-is-gone", a_connection_that_is_gone},
};

static void prepare(void)
{
    th_ec_create("host", "P-256", NULL);
}

static void every_scenario(void)
{
    size_t i;

    for (i = 0; i < COUNT(scenarios); i++) {
        struct th_end end = th_again(scenarios[i].name);

        th_reset();
        TH_TRUE(end.code == 0, "%s: exit %d, signal %d", scenarios[i].name,
                end.code, end.signal);
    }
}

int main(int argc, char **argv)
{
    static const CU_TestInfo tests[] = {
        {"the key is made", prepare},
        {"every host", every_scenario},
        CU_TEST_INFO_NULL,
    };
    size_t i;

    if (argc != 2)
        return th_main("provider: host", tests);
    for (i = 0; i < COUNT(scenarios); i++) {
        int code;

        if (strcmp(argv[1], scenarios[i].name) != 0)
            continue;
        code = scenarios[i].run();
        if (code != 0)
            ERR_print_errors_fp(stderr);
        th_plain_close();
        return code;
    }
    return 1;
}
