/* SPDX-License-Identifier: MIT
 *
 * The lives of tokens by clocks that this test sets: the wall clock and the
 * monotonic one run on, jump ahead, fall behind, and part.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

#include "auth/token_cache.h"
#include "base/background.h"
#include "base/clock.h"
#include "check.h"

/* What is added to the clocks, in seconds. */
static atomic_llong wall_ahead, steady_ahead;

/* In place of the C library's. */
MHSM_API int clock_gettime(clockid_t id, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    int rc;

    if (real == NULL)
        *(void **)(void *)&real = dlsym(RTLD_NEXT, "clock_gettime");
    rc = real(id, now);
    if (id == CLOCK_REALTIME)
        now->tv_sec += (time_t)atomic_load(&wall_ahead);
    else if (id == CLOCK_MONOTONIC)
        now->tv_sec += (time_t)atomic_load(&steady_ahead);
    return rc;
}

static atomic_int calls, fails, life_s, refresh_s;

static mhsm_status acquire(struct mhsmi_credential *credential,
                           const struct mhsmi_token_request *request,
                           struct mhsmi_token *token,
                           struct mhsmi_counters *counters, mhsm_error **err)
{
    int64_t now = mhsmi_clock_unix();

    (void)credential;
    (void)request;
    (void)counters;
    atomic_fetch_add(&calls, 1);
    if (atomic_load(&fails))
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL, "no");
    if (!mhsmi_buf_puts(&token->text, "token"))
        return mhsmi_error_memory(err);
    token->expires = now + atomic_load(&life_s);
    token->refresh = refresh_s != 0 ? now + atomic_load(&refresh_s) : 0;
    return MHSM_OK;
}

static const struct mhsmi_credential_type type = {
    .name = "scripted",
    .acquire = acquire,
};
static struct mhsmi_credential credential = {&type};
static struct mhsmi_counters counters;

static struct mhsmi_token_cache *begin(int life, int refresh)
{
    struct mhsmi_token_cache *cache =
        mhsmi_token_cache_new(&credential, &counters);

    CHECK_FATAL(cache != NULL);
    atomic_store(&calls, 0);
    atomic_store(&fails, 0);
    atomic_store(&life_s, life);
    atomic_store(&refresh_s, refresh);
    return cache;
}

/* Whether there is a token now; and how many were acquired since the last
 * question, the background's included. */
static int get(struct mhsmi_token_cache *cache, int *acquired)
{
    struct mhsmi_token_request request = {"t", "r", NULL,
                                          mhsmi_clock_deadline(5000)};
    struct mhsmi_buf out;
    mhsm_status st;

    mhsmi_buf_init(&out, 4096);
    st = mhsmi_token_cache_get(cache, &request, &out, NULL);
    mhsmi_buf_clear(&out);
    mhsmi_background_await(cache);
    *acquired = atomic_exchange(&calls, 0);
    return st == MHSM_OK;
}

/* Both clocks. */
static void pass(int64_t seconds)
{
    atomic_fetch_add(&wall_ahead, seconds);
    atomic_fetch_add(&steady_ahead, seconds);
}

/* A token of a day, as managed identities have them: used until five minutes
 * before its end. */
static void the_last_five_minutes(void)
{
    struct mhsmi_token_cache *cache = begin(86400, 0);
    int acquired;

    CHECK(get(cache, &acquired) && acquired == 1);
    pass(86400 - 300 - 5);
    CHECK(get(cache, &acquired) && acquired == 0);
    pass(6);
    CHECK(get(cache, &acquired) && acquired == 1);
    /* When it cannot be renewed then, it is not used up. */
    pass(86400 - 200);
    atomic_store(&fails, 1);
    CHECK(!get(cache, &acquired) && acquired == 1);
    mhsmi_token_cache_free(cache);
}

/* An hour, to be renewed after half of it. */
static void ahead_of_need(void)
{
    struct mhsmi_token_cache *cache = begin(3600, 1800);
    int acquired;

    CHECK(get(cache, &acquired) && acquired == 1);
    pass(1795);
    CHECK(get(cache, &acquired) && acquired == 0);
    pass(6);
    CHECK(get(cache, &acquired) && acquired == 1);
    CHECK(get(cache, &acquired) && acquired == 0);
    /* Failures are harmless while the token lives, and half a minute apart. */
    pass(1801);
    atomic_store(&fails, 1);
    CHECK(get(cache, &acquired) && acquired == 1);
    pass(20);
    CHECK(get(cache, &acquired) && acquired == 0);
    pass(11);
    CHECK(get(cache, &acquired) && acquired == 1);
    pass(1300);
    CHECK(get(cache, &acquired) && acquired == 1);
    pass(300);
    CHECK(!get(cache, &acquired) && acquired == 1);
    mhsmi_token_cache_free(cache);
}

/* 1, 2, 4, 8, 16, 30, 30 seconds: the authority is left in peace meanwhile. */
static void failures_apart(void)
{
    static const int pauses[] = {1, 2, 4, 8, 16, 30, 30, 30};
    struct mhsmi_token_cache *cache = begin(3600, 0);
    int acquired;
    size_t i;

    atomic_store(&fails, 1);
    CHECK(!get(cache, &acquired) && acquired == 1);
    for (i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        CHECK(!get(cache, &acquired) && acquired == 0);
        if (pauses[i] > 1) {
            pass(pauses[i] - 1);
            CHECK(!get(cache, &acquired) && acquired == 0);
            pass(1);
        } else {
            pass(1);
        }
        CHECK(!get(cache, &acquired) && acquired == 1);
    }
    pass(30);
    atomic_store(&fails, 0);
    CHECK(get(cache, &acquired) && acquired == 1);
    mhsmi_token_cache_free(cache);
}

/* Somebody sets the wall clock. */
static void steps(void)
{
    struct mhsmi_token_cache *cache = begin(3600, 0);
    int acquired;

    CHECK(get(cache, &acquired) && acquired == 1);
    /* Back a day: the token lives on, and still ends. */
    atomic_fetch_add(&wall_ahead, -86400);
    CHECK(get(cache, &acquired) && acquired == 0);
    pass(3600 - 310);
    CHECK(get(cache, &acquired) && acquired == 0);
    pass(20);
    CHECK(get(cache, &acquired) && acquired == 1);
    /* Ahead a day: who knows; a new one is got. */
    atomic_fetch_add(&wall_ahead, 86400);
    CHECK(get(cache, &acquired) && acquired == 1);
    CHECK(get(cache, &acquired) && acquired == 0);
    mhsmi_token_cache_free(cache);
}

/* The machine sleeps for two hours: only the wall clock goes on. */
static void sleep_of_the_machine(void)
{
    struct mhsmi_token_cache *cache = begin(3600, 1800);
    int acquired;

    CHECK(get(cache, &acquired) && acquired == 1);
    atomic_fetch_add(&wall_ahead, 7200);
    CHECK(get(cache, &acquired) && acquired == 1);
    CHECK(get(cache, &acquired) && acquired == 0);
    mhsmi_token_cache_free(cache);
}

int main(void)
{
    static const struct check checks[] = {
        {"the last five minutes", the_last_five_minutes},
        {"ahead of need", ahead_of_need},
        {"failures apart", failures_apart},
        {"steps", steps},
        {"sleep of the machine", sleep_of_the_machine},
        {NULL, NULL},
    };

    return check_main("token clock", checks);
}
