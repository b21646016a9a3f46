/* SPDX-License-Identifier: MIT
 *
 * Many threads: on one key, on several keys, loading, duplicating and freeing,
 * all in parallel, within the bound on connections and with one token for all.
 * CUnit is not for several threads: each counts, the main thread asserts.
 */
#include "harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

enum { THREADS = 32, ROUNDS = 50, NARROW = 4 };

static struct th_context last;
static EVP_PKEY *rsa, *ec, *judges[2];

struct job {
    int index;
    int done;  /* good signatures, or loads */
    int dirty; /* entries on the thread's error queue */
};

static pthread_barrier_t gate;

/* All begin at the same moment. */
static void run(void *(*body)(void *), struct job *jobs)
{
    pthread_t threads[THREADS];
    int i;

    pthread_barrier_init(&gate, NULL, THREADS);
    for (i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.index = i};
        if (pthread_create(&threads[i], NULL, body, &jobs[i]) != 0)
            th_die("no thread");
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&gate);
}

static void expect(const struct job *jobs, int each)
{
    int i;

    for (i = 0; i < THREADS; i++) {
        TH_TRUE(jobs[i].done == each, "thread %d: %d of %d", i, jobs[i].done,
                each);
        TH_TRUE(jobs[i].dirty == 0, "thread %d", i);
    }
}

static void prepare(void)
{
    th_rsa_create("th-rsa", 2048, NULL);
    th_ec_create("th-ec", "P-256", NULL);
    th_context_open(&last, TH_LAST);
}

static int sign(EVP_PKEY *key, EVP_PKEY *judge, int index, int round)
{
    struct th_scheme scheme = th_scheme_of(key);
    unsigned char *signature;
    size_t size = 0;
    char text[64];
    int good;

    snprintf(text, sizeof(text), "thread %d, round %d", index, round);
    signature = th_sign(last.lib, key, &scheme, text, &size);
    good = signature != NULL &&
           th_verify(th_plain(), judge, &scheme, text, signature, size) == 1;
    OPENSSL_free(signature);
    return good;
}

/* The very first use is by all at once: one token, and no key twice. */
static void *load(void *arg)
{
    struct job *job = arg;
    EVP_PKEY *key;

    pthread_barrier_wait(&gate);
    key = th_open(last.lib, job->index % 2 == 0 ? "mhsm:th-rsa" : "mhsm:th-ec");
    job->done = key != NULL;
    job->dirty = ERR_peek_error() != 0;
    if (key == NULL)
        ERR_print_errors_fp(stderr);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return NULL;
}

static void the_first_use_by_all(void)
{
    struct job jobs[THREADS];
    struct th_stats before = th_stats(), after;

    run(load, jobs);
    expect(jobs, 1);
    after = th_stats();
    CU_ASSERT_EQUAL(after.tokens - before.tokens, 1);
    rsa = th_must_open(last.lib, "mhsm:th-rsa");
    ec = th_must_open(last.lib, "mhsm:th-ec");
    judges[0] = th_public(rsa);
    judges[1] = th_public(ec);
}

static void *sign_with_one(void *arg)
{
    struct job *job = arg;
    int i;

    pthread_barrier_wait(&gate);
    for (i = 0; i < ROUNDS; i++)
        job->done += sign(ec, judges[1], job->index, i);
    job->dirty = ERR_peek_error() != 0;
    ERR_clear_error();
    return NULL;
}

static void one_key(void)
{
    struct job jobs[THREADS];
    struct th_stats before = th_stats(), after;

    run(sign_with_one, jobs);
    expect(jobs, ROUNDS);
    after = th_stats();
    CU_ASSERT_EQUAL(after.requests - before.requests, THREADS * ROUNDS);
    CU_ASSERT(after.connections - before.connections <= 20);
    CU_ASSERT_EQUAL(after.tokens, before.tokens);
}

static void *sign_with_several(void *arg)
{
    struct job *job = arg;
    int i, which;

    pthread_barrier_wait(&gate);
    for (i = 0; i < ROUNDS; i++) {
        EVP_PKEY *copy;

        which = (job->index + i) % 2;
        copy = EVP_PKEY_dup(which == 0 ? rsa : ec);
        job->done += copy != NULL && sign(copy, judges[which], job->index, i);
        EVP_PKEY_free(copy);
    }
    job->dirty = ERR_peek_error() != 0;
    ERR_clear_error();
    return NULL;
}

static void several_keys(void)
{
    struct job jobs[THREADS];

    run(sign_with_several, jobs);
    expect(jobs, ROUNDS);
}

/* The requests of many threads are under way at the same time. */
static void *sign_once(void *arg)
{
    struct job *job = arg;

    pthread_barrier_wait(&gate);
    job->done = sign(ec, judges[1], job->index, 0);
    job->dirty = ERR_peek_error() != 0;
    ERR_clear_error();
    return NULL;
}

static void requests_are_parallel(void)
{
    struct job jobs[THREADS];
    long begun;

    th_latency(300);
    begun = th_now_ms();
    run(sign_once, jobs);
    expect(jobs, 1);
    /* 32 over at most 20 connections: two turns; one by one would be 9600. */
    TH_TRUE(th_now_ms() - begun < 4000, "%ld ms", th_now_ms() - begun);
    th_reset();
}

/* The bound is kept, and whoever waits for a connection gets one. */
static void connections_are_bounded(void)
{
    struct job jobs[THREADS];
    struct th_context narrow = {0}, wide = last;
    EVP_PKEY *saved = ec;
    struct th_stats before, after;

    setenv("MHSM_MAX_CONNECTIONS", "4", 1);
    setenv("MHSM_TIMEOUT", "60s", 1);
    th_context_open(&narrow, TH_LAST);
    unsetenv("MHSM_MAX_CONNECTIONS");
    unsetenv("MHSM_TIMEOUT");
    ec = th_must_open(narrow.lib, "mhsm:th-ec");
    th_latency(20);
    last = narrow;
    before = th_stats();
    run(sign_with_one, jobs);
    after = th_stats();
    last = wide;
    th_reset();
    expect(jobs, ROUNDS);
    TH_TRUE(after.connections - before.connections <= NARROW, "%ld",
            after.connections - before.connections);
    EVP_PKEY_free(ec);
    ec = saved;
    th_context_close(&narrow);
}

/* Failures are each thread's own. */
static void *fail_or_sign(void *arg)
{
    struct job *job = arg;
    int i, good;

    pthread_barrier_wait(&gate);
    for (i = 0; i < ROUNDS; i++) {
        if (job->index % 2 == 0) {
            EVP_PKEY *none = th_open(last.lib, "mhsm:th-none");

            good = none == NULL && ERR_peek_error() != 0;
            ERR_clear_error();
            EVP_PKEY_free(none);
        } else
            good = sign(ec, judges[1], job->index, i) && ERR_peek_error() == 0;
        job->done += good;
    }
    return NULL;
}

static void failures_stay_with_their_thread(void)
{
    struct job jobs[THREADS];

    run(fail_or_sign, jobs);
    expect(jobs, ROUNDS);
}

/* Contexts come and go while others work. */
static void *come_and_go(void *arg)
{
    struct job *job = arg;
    struct th_context own;
    int i;

    pthread_barrier_wait(&gate);
    if (job->index >= 4) {
        for (i = 0; i < ROUNDS / 5; i++)
            job->done += sign(ec, judges[1], job->index, i);
        return NULL;
    }
    for (i = 0; i < ROUNDS / 5; i++) {
        EVP_PKEY *key;

        th_context_open(&own, (enum th_order)(i % 3));
        key = th_open(own.lib, "mhsm:th-ec");
        job->done += key != NULL;
        EVP_PKEY_free(key);
        th_context_close(&own);
    }
    job->dirty = ERR_peek_error() != 0;
    return NULL;
}

static void contexts_come_and_go(void)
{
    struct job jobs[THREADS];

    run(come_and_go, jobs);
    expect(jobs, ROUNDS / 5);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"keys", prepare},
        {"the first use by all", the_first_use_by_all},
        {"one key", one_key},
        {"several keys", several_keys},
        {"requests are parallel", requests_are_parallel},
        {"connections are bounded", connections_are_bounded},
        {"failures stay with their thread", failures_stay_with_their_thread},
        {"contexts come and go", contexts_come_and_go},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: threads", tests);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(judges[0]);
    EVP_PKEY_free(judges[1]);
    th_context_close(&last);
    return code;
}
