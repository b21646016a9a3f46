/* SPDX-License-Identifier: MIT
 *
 * The end of a process, or of the module in it: whenever it comes, in the
 * middle of a request too, it is quick, nothing crashes, and no thread is left.
 * Each scenario is this program started again.
 */
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* LATENCY_MS: no answer comes before a scenario has ended.  QUICK_MS: less
 * than that, though a sanitizer looks for leaks at the end. */
enum { LATENCY_MS = 8000, QUICK_MS = 5000, TIMES = 10, CONTEXTS = 30 };

static struct th_context context;
static EVP_PKEY *key;

static void load(void)
{
    th_context_open(&context, TH_LAST);
    key = th_must_open(context.lib, "mhsm:end");
}

static void unload(void)
{
    EVP_PKEY_free(key);
    key = NULL;
    th_context_close(&context);
}

static int sign(void)
{
    struct th_scheme scheme = th_scheme_of(key);

    return th_sign_and_verify(context.lib, key, &scheme, "text");
}

static void *sign_until_the_end(void *arg)
{
    struct th_scheme scheme = {"SHA256", 0};
    size_t size = 0;

    for (;;)
        OPENSSL_free(th_sign(context.lib, key, &scheme, "text", &size));
    return arg;
}

/* Return when a request of another thread is under way. */
static void start_request(void)
{
    pthread_t thread;
    long requests = th_stats().requests;

    th_latency(LATENCY_MS);
    if (pthread_create(&thread, NULL, sign_until_the_end, NULL) != 0)
        th_die("no thread");
    (void)pthread_detach(thread);
    while (th_stats().requests == requests)
        th_sleep_ms(1);
}

/* Runs after libcrypto's own clean-up, for it is registered before. */
static void no_thread_is_left(void)
{
    if (th_io_threads() != 0)
        _exit(9);
}

static int ends_idle(void)
{
    load();
    return sign() && th_io_threads() == 0 ? 0 : 1;
}

/* Errors of the caller's, which must stay, keep the request out of his
 * thread. */
static int ends_idle_with_a_thread(void)
{
    int good;

    load();
    ERR_raise(ERR_LIB_USER, 1);
    good = sign() && th_io_threads() == 1 && ERR_get_error() != 0;
    ERR_clear_error();
    return good ? 0 : 1;
}

static int ends_tidy(void)
{
    load();
    if (!sign())
        return 1;
    unload();
    return 0;
}

static int exits_in_a_request(void)
{
    load();
    start_request();
    exit(0);
}

static int cleans_up_in_a_request(void)
{
    load();
    start_request();
    OPENSSL_cleanup();
    _exit(0);
}

static void sign_late(void)
{
    if (!sign())
        _exit(8);
}

/* A handler that is registered after libcrypto's runs before it. */
static int signs_in_a_handler(void)
{
    load();
    if (atexit(sign_late) != 0)
        return 1;
    return 0;
}

static void leave(int number)
{
    exit(number == SIGALRM ? 0 : 1);
}

/* The handler interrupts the very thread that waits for the answer. */
static int exits_in_a_signal_handler(void)
{
    struct th_scheme scheme = {"SHA256", 0};
    size_t size = 0;

    load();
    th_latency(LATENCY_MS);
    (void)signal(SIGALRM, leave);
    (void)alarm(1);
    OPENSSL_free(th_sign(context.lib, key, &scheme, "text", &size));
    return 1;
}

static void *sign_and_exit(void *arg)
{
    th_sleep_ms(100);
    exit(sign() ? 0 : 1);
    return arg;
}

static int outlives_its_main_thread(void)
{
    pthread_t thread;

    load();
    if (pthread_create(&thread, NULL, sign_and_exit, NULL) != 0)
        return 1;
    pthread_exit(NULL);
}

/* A key keeps its provider alive, whoever unloads it meanwhile. */
static int unloads_before_the_key(void)
{
    load();
    if (!sign() || OSSL_PROVIDER_unload(context.providers[1]) != 1 || !sign())
        return 1;
    context.providers[1] = NULL;
    unload();
    return 0;
}

static int loads_again_and_again(void)
{
    int i, descriptors = 0;

    for (i = 0; i < CONTEXTS; i++) {
        load();
        if (!sign())
            return 1;
        unload();
        if (i == 0)
            descriptors = th_descriptors();
        if (th_io_threads() > 1)
            return 2;
    }
    /* Connections are the process's, not a context's. */
    return th_descriptors() <= descriptors + 2 ? 0 : 3;
}

static const struct scenario {
    const char *name;
    int (*run)(void);
    int times; /* races need more than one try */
    int tidy;  /* frees what it has */
} scenarios[] = {
    {"ends-idle", ends_idle, 1, 0},
    {"ends-idle-with-a-thread", ends_idle_with_a_thread, 1, 0},
    {"ends-tidy", ends_tidy, 1, 1},
    {"exits-in-a-request", exits_in_a_request, TIMES, 0},
    {"cleans-up-in-a-request", cleans_up_in_a_request, TIMES, 0},
    {"signs-in-a-handler", signs_in_a_handler, 1, 0},
    {"exits-in-a-signal-handler", exits_in_a_signal_handler, 2, 0},
    {"outlives-its-main-thread", outlives_its_main_thread, 1, 0},
    {"unloads-before-the-key", unloads_before_the_key, 1, 1},
    {"loads-again-and-again", loads_again_and_again, 1, 1},
};

/* A program that ends in the middle of things leaks by nature. */
static void look_for_leaks(int wanted)
{
    static char before[512];
    const char *options = getenv("ASAN_OPTIONS");
    char without[600];

    if (before[0] == '\0' && options != NULL)
        snprintf(before, sizeof(before), "%s", options);
    snprintf(without, sizeof(without), "%s:detect_leaks=0", before);
    setenv("ASAN_OPTIONS", wanted ? before : without, 1);
}

static void prepare(void)
{
    th_ec_create("end", "P-256", NULL);
}

static void every_scenario(void)
{
    size_t i;
    int j;

    for (i = 0; i < COUNT(scenarios); i++) {
        look_for_leaks(scenarios[i].tidy);
        for (j = 0; j < scenarios[i].times; j++) {
            struct th_end end = th_again(scenarios[i].name);

            th_reset();
            TH_TRUE(end.code == 0, "%s: exit %d, signal %d", scenarios[i].name,
                    end.code, end.signal);
            TH_TRUE(end.ms < QUICK_MS, "%s: %ld ms", scenarios[i].name, end.ms);
        }
    }
}

int main(int argc, char **argv)
{
    static const CU_TestInfo tests[] = {
        {"the key is made", prepare},
        {"every way to end", every_scenario},
        CU_TEST_INFO_NULL,
    };
    size_t i;

    if (argc != 2)
        return th_main("provider: end", tests);
    for (i = 0; i < COUNT(scenarios); i++) {
        if (strcmp(argv[1], scenarios[i].name) != 0)
            continue;
        if (atexit(no_thread_is_left) != 0)
            return 1;
        return scenarios[i].run();
    }
    return 1;
}
