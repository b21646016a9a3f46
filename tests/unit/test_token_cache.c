/* SPDX-License-Identifier: MIT
 *
 * The token cache against a credential that counts, fails and dawdles on
 * demand: single flight, expiry, refresh ahead, pauses after failures, fork.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auth/token_cache.h"
#include "base/background.h"
#include "base/clock.h"
#include "check.h"

enum { threads = 32 };

/* What the next acquisitions do. */
static struct {
    atomic_int calls, inside, overlapped;
    atomic_int fail, delay_ms;
    atomic_int life_s; /* 0: no expiry is said */
    atomic_int refresh_s;
    atomic_int allowed_ms;
    char claims[64];
} script;

static void pause_ms(int ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

static mhsm_status scripted_acquire(struct mhsmi_credential *credential,
                                    const struct mhsmi_token_request *request,
                                    struct mhsmi_token *token,
                                    struct mhsmi_counters *counters,
                                    mhsm_error **err)
{
    int call = atomic_fetch_add(&script.calls, 1) + 1;
    int64_t now = mhsmi_clock_unix();

    (void)credential;
    (void)counters;
    script.allowed_ms = (int)(request->deadline_ms - mhsmi_clock_ms());
    if (atomic_fetch_add(&script.inside, 1) != 0)
        atomic_store(&script.overlapped, 1);
    snprintf(script.claims, sizeof(script.claims), "%s",
             request->claims != NULL ? request->claims : "");
    pause_ms(script.delay_ms);
    atomic_fetch_sub(&script.inside, 1);
    if (script.fail)
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL, "failure %d", call);
    if (!mhsmi_buf_printf(&token->text, "token-%d-%s", call, request->resource))
        return mhsmi_error_memory(err);
    token->expires = script.life_s != 0 ? now + script.life_s : 0;
    token->refresh = script.refresh_s != 0 ? now + script.refresh_s : 0;
    return MHSM_OK;
}

static const struct mhsmi_credential_type scripted = {
    .name = "scripted",
    .acquire = scripted_acquire,
};

static struct mhsmi_credential credential = {&scripted};
static struct mhsmi_counters counters;

static struct mhsmi_token_cache *begin(int life_s)
{
    struct mhsmi_token_cache *cache;

    memset(&script, 0, sizeof(script));
    memset(&counters, 0, sizeof(counters));
    script.life_s = life_s;
    cache = mhsmi_token_cache_new(&credential, &counters);
    CHECK_FATAL(cache != NULL);
    return cache;
}

static mhsm_status get_for(struct mhsmi_token_cache *cache,
                           const char *resource, int ms, const char *claims,
                           char text[64])
{
    struct mhsmi_token_request request = {"tenant", resource, claims,
                                          mhsmi_clock_deadline(ms)};
    struct mhsmi_buf out;
    mhsm_error *err = NULL;
    mhsm_status st;

    mhsmi_buf_init(&out, 4096);
    st = mhsmi_token_cache_get(cache, &request, &out, &err);
    snprintf(text, 64, "%s",
             st == MHSM_OK ? mhsmi_buf_text(&out) : mhsm_error_message(err));
    mhsm_error_free(&err);
    mhsmi_buf_clear(&out);
    return st;
}

static mhsm_status get(struct mhsmi_token_cache *cache, char text[64])
{
    return get_for(cache, "r", 5000, NULL, text);
}

static void holding(void)
{
    struct mhsmi_token_cache *cache = begin(3600);
    char text[64];

    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    CHECK(get_for(cache, "other", 5000, NULL, text) == MHSM_OK);
    CHECK_TEXT(text, "token-2-other");
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    CHECK(counters.tokens == 2);
    mhsmi_token_cache_free(cache);
    mhsmi_token_cache_free(NULL);
}

static void dropping(void)
{
    struct mhsmi_token_cache *cache = begin(3600);
    char text[64];

    CHECK(get(cache, text) == MHSM_OK);
    mhsmi_token_cache_drop(cache, "tenant", "r", "another");
    mhsmi_token_cache_drop(cache, "tenant", "s", "token-1-r");
    mhsmi_token_cache_drop(cache, NULL, "r", "token-1-r");
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    mhsmi_token_cache_drop(cache, "tenant", "r", "token-1-r");
    CHECK(get_for(cache, "r", 5000, "{\"x\":1}", text) == MHSM_OK);
    CHECK_TEXT(text, "token-2-r");
    CHECK_TEXT(script.claims, "{\"x\":1}");
    mhsmi_token_cache_free(cache);
}

/* A long life ends five minutes early, a short one thirty seconds. */
static void expiring(void)
{
    static const struct {
        int life_s, held;
    } lives[] = {{0, 1}, {3600, 1}, {302, 1}, {100, 1}, {31, 1}, {1, 0}};
    char text[64];
    size_t i;

    for (i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        struct mhsmi_token_cache *cache = begin(lives[i].life_s);

        CHECK(get(cache, text) == MHSM_OK);
        if (lives[i].life_s == 1)
            pause_ms(1100);
        CHECK(get(cache, text) == MHSM_OK);
        CHECK(atomic_load(&script.calls) == (lives[i].held ? 1 : 2));
        mhsmi_token_cache_free(cache);
    }
}

/* Wait, at most so long, for so many acquisitions to have ended. */
static int acquired(int calls)
{
    int i;

    for (i = 0; i < 300; i++) {
        if (atomic_load(&script.calls) >= calls &&
            atomic_load(&script.inside) == 0)
            return atomic_load(&script.calls) == calls;
        pause_ms(10);
    }
    return 0;
}

static void refreshing(void)
{
    struct mhsmi_token_cache *cache = begin(3600);
    int64_t begun;
    char text[64];

    script.refresh_s = 1;
    CHECK(get(cache, text) == MHSM_OK);
    pause_ms(1100);
    /* Nobody waits for a renewal, and what there was still answers. */
    script.fail = 1;
    script.delay_ms = 300;
    begun = mhsmi_clock_ms();
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    CHECK(mhsmi_clock_ms() - begun < 250);
    CHECK(get(cache, text) == MHSM_OK);
    CHECK(acquired(2));
    CHECK(atomic_load(&script.allowed_ms) <= 2000);
    /* A failed renewal is not repeated at once. */
    pause_ms(50);
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    pause_ms(100);
    CHECK(acquired(2));
    mhsmi_token_cache_free(cache);
    cache = begin(3600);
    script.refresh_s = 1;
    CHECK(get(cache, text) == MHSM_OK);
    pause_ms(1100);
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    CHECK(acquired(2));
    pause_ms(50);
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-2-r");
    mhsmi_token_cache_free(cache);
    /* The cache goes while its token is being renewed. */
    cache = begin(3600);
    script.refresh_s = 1;
    CHECK(get(cache, text) == MHSM_OK);
    pause_ms(1100);
    script.delay_ms = 200;
    CHECK(get(cache, text) == MHSM_OK);
    mhsmi_token_cache_free(cache);
    CHECK(atomic_load(&script.inside) == 0);
}

/* Where no thread can be made the caller does it, and not for long. */
static void refreshing_without_threads(void)
{
    pid_t child = fork();
    int status = -1;

    CHECK_FATAL(child >= 0);
    if (child == 0) {
        struct mhsmi_token_cache *cache = begin(3600);
        char text[64];
        int bad;

        mhsmi_background_stop(0); /* none is started any more */
        script.refresh_s = 1;
        bad = get(cache, text) != MHSM_OK;
        pause_ms(1100);
        bad |= get(cache, text) != MHSM_OK;
        bad |= strcmp(text, "token-1-r") != 0 || script.calls != 2 ||
               script.allowed_ms > 1250;
        bad |= get(cache, text) != MHSM_OK || strcmp(text, "token-2-r") != 0;
        _exit(bad);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void failing(void)
{
    struct mhsmi_token_cache *cache = begin(3600);
    char text[64];

    script.fail = 1;
    CHECK(get(cache, text) == MHSM_ERR_CREDENTIAL);
    CHECK_TEXT(text, "failure 1");
    CHECK(get(cache, text) == MHSM_ERR_CREDENTIAL);
    CHECK_TEXT(text, "failure 1");
    CHECK(atomic_load(&script.calls) == 1);
    pause_ms(1100);
    CHECK(get(cache, text) == MHSM_ERR_CREDENTIAL);
    CHECK_TEXT(text, "failure 2");
    pause_ms(1100); /* the second pause is longer */
    CHECK(get(cache, text) == MHSM_ERR_CREDENTIAL);
    CHECK(atomic_load(&script.calls) == 2);
    pause_ms(1000);
    script.fail = 0;
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-3-r");
    mhsmi_token_cache_free(cache);
}

struct worker {
    struct mhsmi_token_cache *cache;
    pthread_t thread;
    const char *resource;
    int ms;
    mhsm_status status;
    char text[64];
};

static void *work(void *argument)
{
    struct worker *worker = argument;

    worker->status = get_for(worker->cache, worker->resource, worker->ms, NULL,
                             worker->text);
    return NULL;
}

static void run_workers(struct worker *workers, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        CHECK_FATAL(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    for (i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
}

static void single_flight(void)
{
    struct mhsmi_token_cache *cache = begin(3600);
    struct worker workers[threads] = {0};
    size_t i;

    script.delay_ms = 200;
    for (i = 0; i < threads; i++) {
        workers[i].cache = cache;
        workers[i].resource = "r";
        workers[i].ms = 5000;
    }
    run_workers(workers, threads);
    for (i = 0; i < threads; i++) {
        CHECK(workers[i].status == MHSM_OK);
        CHECK_TEXT(workers[i].text, "token-1-r");
    }
    CHECK(atomic_load(&script.calls) == 1);
    CHECK(counters.tokens == 1);
    /* Different resources: one at a time, too. */
    for (i = 0; i < threads; i++)
        workers[i].resource = i % 2 != 0 ? "a" : "b";
    script.delay_ms = 50;
    run_workers(workers, threads);
    CHECK(atomic_load(&script.calls) == 3);
    CHECK(atomic_load(&script.overlapped) == 0);
    mhsmi_token_cache_free(cache);
}

/* A failure serves all who wait for it; a deadline is each caller's own. */
static void shared_failure(void)
{
    struct mhsmi_token_cache *cache = begin(3600);
    struct worker workers[threads] = {0};
    size_t i, late = 0;

    script.delay_ms = 300;
    script.fail = 1;
    for (i = 0; i < threads; i++) {
        workers[i].cache = cache;
        workers[i].resource = "r";
        workers[i].ms = i % 4 == 0 ? 50 : 5000;
    }
    run_workers(workers, threads);
    for (i = 0; i < threads; i++) {
        if (workers[i].status == MHSM_ERR_TIMEOUT)
            late++;
        else
            CHECK(workers[i].status == MHSM_ERR_CREDENTIAL);
        if (workers[i].ms == 5000)
            CHECK(workers[i].status == MHSM_ERR_CREDENTIAL);
    }
    CHECK(late >= threads / 4 - 1);
    CHECK(atomic_load(&script.calls) == 1);
    mhsmi_token_cache_free(cache);
}

/* In the child: the content is there, and the locks work. */
static int child_checks(struct mhsmi_token_cache *cache)
{
    char text[64];

    alarm(20);
    if (get(cache, text) != MHSM_OK || strcmp(text, "token-1-r") != 0)
        return 1;
    script.delay_ms = 0;
    if (get_for(cache, "child", 5000, NULL, text) != MHSM_OK)
        return 2;
    mhsmi_token_cache_drop(cache, "tenant", "r", "token-1-r");
    if (get(cache, text) != MHSM_OK || strcmp(text, "token-1-r") == 0)
        return 3;
    mhsmi_token_cache_free(cache);
    return 0;
}

static void forking(void)
{
    struct mhsmi_token_cache *cache = begin(3600);
    struct worker worker = {0};
    char text[64];
    int status, i;
    pid_t pid;

    CHECK(get(cache, text) == MHSM_OK);
    /* Fork while another thread is acquiring: its turn never ends in the
     * child. */
    script.delay_ms = 300;
    worker.cache = cache;
    worker.resource = "slow";
    worker.ms = 5000;
    CHECK_FATAL(pthread_create(&worker.thread, NULL, work, &worker) == 0);
    pause_ms(100);
    for (i = 0; i < 3; i++) {
        pid = fork();
        CHECK_FATAL(pid >= 0);
        if (pid == 0)
            _exit(child_checks(cache));
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    pthread_join(worker.thread, NULL);
    CHECK(worker.status == MHSM_OK);
    CHECK(get(cache, text) == MHSM_OK);
    CHECK_TEXT(text, "token-1-r");
    mhsmi_token_cache_free(cache);
}

int main(void)
{
    static const struct check checks[] = {
        {"holding", holding},
        {"dropping", dropping},
        {"expiring", expiring},
        {"refreshing", refreshing},
        {"refreshing without threads", refreshing_without_threads},
        {"failing", failing},
        {"single_flight", single_flight},
        {"shared_failure", shared_failure},
        {"forking", forking},
        {NULL, NULL},
    };

    return check_main("token_cache", checks);
}
