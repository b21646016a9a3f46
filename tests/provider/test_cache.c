/* SPDX-License-Identifier: MIT
 *
 * The cache of keys (key-cache-ttl) under threads: while an entry expires, one
 * of them asks the HSM and the others go on with what there is; a failure of
 * the one is nobody else's, and is not what is remembered.
 */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

enum { THREADS = 16, TTL_MS = 400, EXPIRIES = 5, LATENCY_MS = 60 };

static struct th_context context;
static pthread_barrier_t gate;
static atomic_int running;

struct job {
    long loads, failures, dirty;
};

static long times_asked(void)
{
    return th_route("GET /keys/{name}");
}

static void prepare(void)
{
    th_ec_create("ca-ec", "P-256", NULL);
    setenv("MHSM_KEY_CACHE_TTL", "400ms", 1);
    th_context_open(&context, TH_LAST);
    unsetenv("MHSM_KEY_CACHE_TTL");
}

static void *load(void *arg)
{
    struct job *job = arg;

    pthread_barrier_wait(&gate);
    while (atomic_load(&running)) {
        EVP_PKEY *key = th_open(context.lib, "mhsm:ca-ec");

        job->loads++;
        job->failures += key == NULL;
        job->dirty += key != NULL && ERR_peek_error() != 0;
        EVP_PKEY_free(key);
        ERR_clear_error();
    }
    return NULL;
}

/* All load the one key for so long; what they saw together. */
static struct job load_for(long ms)
{
    struct job jobs[THREADS] = {{0}}, sum = {0};
    pthread_t threads[THREADS];
    int i;

    atomic_store(&running, 1);
    pthread_barrier_init(&gate, NULL, THREADS + 1);
    for (i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, load, &jobs[i]) != 0)
            th_die("no thread");
    pthread_barrier_wait(&gate);
    th_sleep_ms(ms);
    atomic_store(&running, 0);
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum.loads += jobs[i].loads;
        sum.failures += jobs[i].failures;
        sum.dirty += jobs[i].dirty;
    }
    pthread_barrier_destroy(&gate);
    return sum;
}

static void one_asks_at_each_expiry(void)
{
    long begun, before, asked, most;
    struct job sum;

    EVP_PKEY_free(th_must_open(context.lib, "mhsm:ca-ec"));
    th_latency(LATENCY_MS);
    begun = th_now_ms();
    before = times_asked();
    sum = load_for((long)EXPIRIES * (TTL_MS + LATENCY_MS));
    asked = times_asked() - before;
    most = (th_now_ms() - begun) / TTL_MS;
    th_latency(0);
    CU_ASSERT_EQUAL(sum.failures, 0);
    CU_ASSERT_EQUAL(sum.dirty, 0);
    TH_TRUE(asked >= 2 && asked <= most, "%ld requests in %ld ms for %ld loads",
            asked, th_now_ms() - begun, sum.loads);
    TH_TRUE(sum.loads > 20 * asked, "%ld loads", sum.loads);
    TH_QUIET();
}

/* The one that asks hears of it; the next one asks again. */
static void a_failure_is_not_kept(void)
{
    long before;
    EVP_PKEY *key;

    EVP_PKEY_free(th_must_open(context.lib, "mhsm:ca-ec"));
    th_sleep_ms(TTL_MS + 50);
    th_fault("\"route\":\"get\",\"action\":\"status\",\"status\":403,"
             "\"code\":\"Forbidden\",\"message\":\"no\",\"count\":1");
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:ca-ec"));
    TH_ONE_ERROR("403", "ca-ec");
    before = times_asked();
    key = th_must_open(context.lib, "mhsm:ca-ec");
    CU_ASSERT_EQUAL(times_asked() - before, 1);
    EVP_PKEY_free(key);
    EVP_PKEY_free(th_must_open(context.lib, "mhsm:ca-ec"));
    CU_ASSERT_EQUAL(times_asked() - before, 1);
    th_reset();
}

/* A key that is gone is gone for all, once the HSM has said so. */
static void a_key_that_is_deleted(void)
{
    struct job sum;
    long status = 0;

    EVP_PKEY_free(th_must_open(context.lib, "mhsm:ca-ec"));
    json_object_put(th_service("DELETE", "/keys/ca-ec", NULL, &status));
    CU_ASSERT_EQUAL(status, 200);
    sum = load_for(TTL_MS + 300);
    CU_ASSERT(sum.loads > sum.failures);
    CU_ASSERT(sum.failures > 0);
    CU_ASSERT_EQUAL(sum.dirty, 0);
    CU_ASSERT_PTR_NULL(th_open(context.lib, "mhsm:ca-ec"));
    TH_ONE_ERROR("404", "ca-ec");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"a key", prepare},
        {"one asks at each expiry", one_asks_at_each_expiry},
        {"a failure is not kept", a_failure_is_not_kept},
        {"a key that is deleted", a_key_that_is_deleted},
        CU_TEST_INFO_NULL,
    };
    int code = th_main("provider: the cache of keys", tests);

    th_context_close(&context);
    return code;
}
