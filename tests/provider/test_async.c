/* SPDX-License-Identifier: MIT
 *
 * ASYNC_JOBs: one thread with hundreds of signatures in flight, none of which
 * blocks it.  Waiting for the network, for somebody else's token and for the
 * next try are all pauses.
 */
#include "harness.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { JOBS = 200, ALONE = 20, LATENCY_MS = 20, LIMIT_MS = 60000 };

static struct th_context context;
static EVP_PKEY *rsa, *ec;

struct task {
    ASYNC_JOB *job;
    ASYNC_WAIT_CTX *wait;
    EVP_PKEY *key;
    int (*body)(void *arg);
    int done, good, pauses;
};

static int sign(void *arg)
{
    struct task *task = *(struct task **)arg;
    struct th_scheme scheme = th_scheme_of(task->key);
    unsigned char *signature;
    size_t size = 0;

    signature = th_sign(context.lib, task->key, &scheme, "text", &size);
    OPENSSL_free(signature);
    return signature != NULL;
}

static int sign_blocked(void *arg)
{
    int good;

    ASYNC_block_pause();
    good = sign(arg);
    ASYNC_unblock_pause();
    return good;
}

/* Start a job or go on with it. */
static void run(struct task *task)
{
    if (task->wait == NULL && (task->wait = ASYNC_WAIT_CTX_new()) == NULL)
        th_die("no wait context");
    switch (ASYNC_start_job(&task->job, task->wait, &task->good, task->body,
                            &task, sizeof(task))) {
    case ASYNC_PAUSE:
        task->pauses++;
        break;
    case ASYNC_FINISH:
        task->done = 1;
        ASYNC_WAIT_CTX_free(task->wait);
        task->wait = NULL;
        break;
    default:
        th_die("a job cannot be started");
    }
}

/* Until all are done: those whose descriptor is ready go on. */
static void run_all(struct task *tasks, size_t count)
{
    struct pollfd ready[JOBS];
    long begun = th_now_ms();
    size_t i, left = count;

    for (i = 0; i < count; i++)
        run(&tasks[i]);
    while (left > 0) {
        for (left = i = 0; i < count; i++) {
            OSSL_ASYNC_FD fd = -1;
            size_t fds = 1;

            if (!tasks[i].done &&
                ASYNC_WAIT_CTX_get_all_fds(tasks[i].wait, &fd, &fds) != 1)
                th_die("a paused job waits for nothing");
            ready[i] = (struct pollfd){.fd = fd, .events = POLLIN};
            left += !tasks[i].done;
        }
        if (left > 0 && poll(ready, count, 1000) < 0)
            th_die("poll failed");
        for (i = 0; i < count; i++)
            if (!tasks[i].done && ready[i].revents != 0)
                run(&tasks[i]);
        if (th_now_ms() - begun > LIMIT_MS)
            th_die("the jobs do not end");
    }
}

static void fill(struct task *tasks, size_t count, int (*body)(void *))
{
    size_t i;

    memset(tasks, 0, count * sizeof(*tasks));
    for (i = 0; i < count; i++) {
        tasks[i].key = i % 2 == 0 ? rsa : ec;
        tasks[i].body = body;
    }
}

static int good_of(const struct task *tasks, size_t count)
{
    int good = 0;
    size_t i;

    for (i = 0; i < count; i++)
        good += tasks[i].good;
    return good;
}

static void prepare(void)
{
    th_rsa_create("as-rsa", 2048, NULL);
    th_ec_create("as-ec", "P-256", NULL);
    if (ASYNC_init_thread(JOBS, 0) != 1 || !ASYNC_is_capable())
        th_die("no asynchronous jobs");
    th_context_open(&context, TH_LAST);
    rsa = th_must_open(context.lib, "mhsm:as-rsa");
    ec = th_must_open(context.lib, "mhsm:as-ec");
}

static void they_overlap(void)
{
    struct task tasks[JOBS];
    long begun, alone, together;
    struct th_stats before, after;
    size_t i;

    th_latency(LATENCY_MS);
    fill(tasks, ALONE, sign);
    begun = th_now_ms();
    for (i = 0; i < ALONE; i++)
        run_all(&tasks[i], 1);
    alone = th_now_ms() - begun;
    CU_ASSERT_EQUAL(good_of(tasks, ALONE), ALONE);
    before = th_stats();
    fill(tasks, JOBS, sign);
    begun = th_now_ms();
    run_all(tasks, JOBS);
    together = th_now_ms() - begun;
    after = th_stats();
    CU_ASSERT_EQUAL(good_of(tasks, JOBS), JOBS);
    for (i = 0; i < JOBS; i++)
        CU_ASSERT(tasks[i].pauses > 0);
    CU_ASSERT_EQUAL(after.requests - before.requests, JOBS);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
    /* Ten times as many, in half the time at most. */
    TH_TRUE(together * 2 < alone * JOBS / ALONE,
            "%d alone: %ld ms, %d together: %ld ms", ALONE, alone, JOBS,
            together);
    TH_QUIET();
    th_reset();
}

/* All wait for one token, which one of them gets. */
static void the_first_token(void)
{
    struct task tasks[JOBS];
    struct th_stats before, after;

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    th_context_close(&context);
    th_context_open(&context, TH_LAST);
    rsa = th_must_open(context.lib, "mhsm:as-rsa");
    ec = th_must_open(context.lib, "mhsm:as-ec");
    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    th_latency(LATENCY_MS);
    before = th_stats();
    fill(tasks, JOBS, sign);
    run_all(tasks, JOBS);
    after = th_stats();
    CU_ASSERT_EQUAL(good_of(tasks, JOBS), JOBS);
    CU_ASSERT(after.tokens - before.tokens <= 1);
    TH_QUIET();
    th_reset();
}

static void some_fail(void)
{
    struct task tasks[JOBS];

    th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":400,"
             "\"code\":\"BadParameter\",\"message\":\"no\",\"count\":10");
    fill(tasks, JOBS, sign);
    run_all(tasks, JOBS);
    CU_ASSERT_EQUAL(good_of(tasks, JOBS), JOBS - 10);
    ERR_clear_error();
    th_reset();
}

/* The wait before another try is a pause as well. */
static void some_are_tried_again(void)
{
    struct task tasks[JOBS];
    long begun = th_now_ms();

    th_fault("\"route\":\"sign\",\"action\":\"status\",\"status\":503,"
             "\"code\":\"ServiceUnavailable\",\"message\":\"later\","
             "\"retry_after\":\"1\",\"count\":50");
    fill(tasks, JOBS, sign);
    run_all(tasks, JOBS);
    CU_ASSERT_EQUAL(good_of(tasks, JOBS), JOBS);
    /* One after the other they would wait 50 seconds. */
    TH_TRUE(th_now_ms() - begun < 25000, "%ld ms", th_now_ms() - begun);
    TH_QUIET();
    th_reset();
}

static void pauses_may_be_blocked(void)
{
    struct task tasks[4];
    size_t i;

    th_latency(LATENCY_MS);
    fill(tasks, COUNT(tasks), sign_blocked);
    run_all(tasks, COUNT(tasks));
    CU_ASSERT_EQUAL(good_of(tasks, COUNT(tasks)), (int)COUNT(tasks));
    for (i = 0; i < COUNT(tasks); i++)
        CU_ASSERT_EQUAL(tasks[i].pauses, 0);
    th_reset();
}

static int open_key(void *arg)
{
    struct task *task = *(struct task **)arg;

    task->key = th_open(context.lib, "mhsm:as-ec");
    return task->key != NULL;
}

static void loading_pauses_too(void)
{
    struct task tasks[8];
    size_t i;

    th_latency(LATENCY_MS);
    fill(tasks, COUNT(tasks), open_key);
    run_all(tasks, COUNT(tasks));
    for (i = 0; i < COUNT(tasks); i++) {
        CU_ASSERT(tasks[i].good && tasks[i].pauses > 0);
        EVP_PKEY_free(tasks[i].key);
    }
    th_reset();
}

/* A job that nobody resumes, in the middle of getting the token that others
 * wait for: they get one when its time is over.  Leaks by nature, so it is a
 * process of its own. */
static int abandoned(void)
{
    struct task lost, other;
    long begun;

    setenv("MHSM_TIMEOUT", "3s", 1);
    if (ASYNC_init_thread(4, 0) != 1)
        return 1;
    th_context_open(&context, TH_LAST);
    ec = th_must_open(context.lib, "mhsm:as-ec");
    rsa = ec;
    th_fault("\"route\":\"sign\",\"action\":\"unauthorized\",\"count\":1");
    th_fault("\"route\":\"token\",\"action\":\"slow\",\"ms\":1500,\"count\":1");
    fill(&lost, 1, sign);
    run(&lost);
    begun = th_now_ms();
    /* Up to the request for a token, and no further. */
    while (!lost.done && th_now_ms() - begun < 1000) {
        OSSL_ASYNC_FD fd = -1;
        size_t fds = 1;
        struct pollfd ready = {.events = POLLIN};

        if (ASYNC_WAIT_CTX_get_all_fds(lost.wait, &fd, &fds) != 1)
            return 2;
        ready.fd = fd;
        if (poll(&ready, 1, 100) > 0)
            run(&lost);
    }
    if (lost.done)
        return 3;
    ASYNC_WAIT_CTX_free(lost.wait);
    fill(&other, 1, sign);
    begun = th_now_ms();
    while (!other.good && th_now_ms() - begun < 20000) {
        memset(&other, 0, sizeof(other));
        other.key = ec;
        other.body = sign;
        run_all(&other, 1);
    }
    return other.good ? 0 : 4;
}

static void abandoned_jobs(void)
{
    const char *options = getenv("ASAN_OPTIONS");
    char without[600];
    struct th_end end;

    snprintf(without, sizeof(without), "%.500s:detect_leaks=0",
             options == NULL ? "" : options);
    setenv("ASAN_OPTIONS", without, 1);
    end = th_again("abandoned");
    TH_TRUE(end.code == 0, "exit %d, signal %d", end.code, end.signal);
    th_reset();
}

int main(int argc, char **argv)
{
    static const CU_TestInfo tests[] = {
        {"keys load", prepare},
        {"they overlap", they_overlap},
        {"the first token", the_first_token},
        {"some fail", some_fail},
        {"some are tried again", some_are_tried_again},
        {"pauses may be blocked", pauses_may_be_blocked},
        {"loading pauses too", loading_pauses_too},
        {"abandoned jobs", abandoned_jobs},
        CU_TEST_INFO_NULL,
    };
    int code;

    if (argc == 2 && strcmp(argv[1], "abandoned") == 0)
        return abandoned();
    code = th_main("provider: async", tests);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    th_context_close(&context);
    ASYNC_cleanup_thread();
    return code;
}
