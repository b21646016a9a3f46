/* SPDX-License-Identifier: MIT
 *
 * The engine inside somebody else's process: many threads, callers that leave
 * early, signals, an OpenSSL that the host has bent out of shape.
 */
#include "http/engine.h"

#include <dlfcn.h>
#include <netdb.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "life.h"

static int connections(void)
{
    struct sockaddr_in peer;
    int fd, count = 0;

    for (fd = 3; fd < 256; fd++) {
        socklen_t size = sizeof(peer);

        count += getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
                 peer.sin_family == AF_INET && ntohs(peer.sin_port) == tls.port;
    }
    return count;
}

static void test_threads(void)
{
    struct worker workers[32];
    int i, round, good, opened, before;

    for (round = 0; round < 4; round++) {
        by_thread = round >= 2;
        before = atomic_load(&tls.connections);
        good = opened = 0;
        for (i = 0; i < 32; i++) {
            workers[i] = (struct worker){
                .path = round % 2 == 0 ? "/slow/20" : "/ok", .count = 10};
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
        /* All that are allowed at once, then the same again; and again where
         * others carry them, who leave no more of them behind. */
        CHECK(opened == (round % 2 == 0 ? 8 : 0));
        CHECK(connections() == 8);
        CHECK(io_threads() == by_thread);
    }
    by_thread = 0;
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

/* In place of the C library's: a name server that does not answer. */
MHSM_API int getaddrinfo(const char *node, const char *service,
                         const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);

    if (node != NULL && strcmp(node, "slow.invalid") == 0) {
        loopback_nap(1500);
        return EAI_AGAIN;
    }
    *(void **)(void *)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real == NULL ? EAI_FAIL : real(node, service, hints, found);
}

/* Whoever waits for a name keeps nobody else waiting, not even by leaving. */
static void test_slow_names(void)
{
    char server[sizeof(url)];
    int64_t began;

    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
    (void)snprintf(server, sizeof(server), "%s", url);
    (void)snprintf(url, sizeof(url), "https://slow.invalid");
    began = mhsmi_clock_ms();
    CHECK(request("/ok", 200, NULL) == MHSM_ERR_TIMEOUT);
    CHECK(mhsmi_clock_ms() - began < 1000);
    (void)snprintf(url, sizeof(url), "%s", server);
    CHECK(request("/ok", 5000, NULL) == MHSM_OK);
    CHECK(mhsmi_clock_ms() - began < 1200);
    (void)snprintf(url, sizeof(url), "https://slow.invalid");
    CHECK(request("/ok", 10000, NULL) == MHSM_ERR_RESOLVE);
    CHECK(mhsmi_clock_ms() - began >= 1500);
    (void)snprintf(url, sizeof(url), "%s", server);
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

int main(void)
{
    static const struct check checks[] = {
        {"threads", test_threads},
        {"queue", test_queue},
        {"abandoned", test_abandoned},
        {"error queue", test_error_queue},
        {"default context unusable", test_default_context_unusable},
        {"slow names", test_slow_names},
        {"signals", test_signals},
        {NULL, NULL},
    };
    int bad;

    if (!loopback_start(&tls, LOOPBACK_TLS, "IP:127.0.0.1,DNS:localhost"))
        return 1;
    (void)snprintf(url, sizeof(url), "https://localhost:%d", tls.port);
    transport.ca_file = tls.ca_path;
    bad = check_main("engine life", checks);
    loopback_stop(&tls);
    return bad;
}
