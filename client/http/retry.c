/* SPDX-License-Identifier: MIT
 *
 * Trying again.  It must never repeat a write that may have been acted upon,
 * never wait past the deadline, and never take randomness from OpenSSL, whose
 * default context may lead back into a provider of ours.
 */
#include "http/retry.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/libcurl.h"
#include "base/log.h"
#include "base/waiter.h"

/* A server that asks for more than a day means "not now". */
static const int64_t ask_max_ms = INT64_C(24) * 3600 * 1000;
/* While the metadata service is replaced it answers 410 for up to 70 s. */
enum { gone_first_ms = 3000, gone_last_ms = 10000, gone_max_ms = 70000 };
/* A host that only asks for patience is asked at least so often. */
enum { patience_max_ms = 5000 };

/* What is tried again for every class but where some are named. */
static const struct {
    int status;
    unsigned int classes; /* bits; 0: all */
} repeated[] = {
    {408, 0},
    {429, 0},
    {500, 0},
    {502, 0},
    {503, 0},
    {504, 0},
    {404, 1U << MHSMI_RETRY_METADATA | 1U << MHSMI_RETRY_IDENTITY},
    {410, 1U << MHSMI_RETRY_METADATA},
};

static int is_repeated_status(int status, enum mhsmi_retry_class class)
{
    size_t i;

    for (i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
        if (repeated[i].status == status)
            return repeated[i].classes == 0 ||
                   (repeated[i].classes >> class & 1) != 0;
    }
    /* The rest of 5xx is repeated for the metadata service only. */
    return class == MHSMI_RETRY_METADATA && status >= 500 && status <= 599;
}

/* A decimal number that is the whole text, in units of `unit` ms; -1 when it
 * is none. */
static int64_t read_delay(const char *text, int64_t unit)
{
    int64_t value = 0;

    if (text == NULL || *text == 0)
        return -1;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (*text - '0');
        if (value > ask_max_ms / unit)
            value = ask_max_ms / unit;
    }
    return *text == 0 ? value * unit : -1;
}

int64_t mhsmi_retry_after(const struct mhsmi_response *response, int64_t now)
{
    int64_t delay = read_delay(response->retry_after_ms, 1);
    time_t date;

    if (delay < 0)
        delay = read_delay(response->retry_after, 1000);
    if (delay >= 0 || response->retry_after == NULL)
        return delay;
    /* What starts with no letter is a malformed number, not a date. */
    if (strpbrk(response->retry_after, ":") == NULL)
        return -1;
    date = mhsmi_libcurl()->getdate(response->retry_after, NULL);
    if (date == (time_t)-1)
        return -1;
    if ((int64_t)date <= now)
        return 0;
    if ((int64_t)date - now > ask_max_ms / 1000)
        return ask_max_ms;
    return ((int64_t)date - now) * 1000;
}

/* 0.8 to 1.3, in thousandths. */
static int64_t jitter(void)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) !=
        (ssize_t)sizeof(random))
        random = (uint32_t)mhsmi_clock_ms() * 2654435761U;
    return 800 + (int64_t)(random % 501);
}

/* base * 2^attempt * jitter, at most the policy's maximum. */
static int64_t back_off(const struct mhsmi_retry_policy *policy, int attempt)
{
    int64_t delay = policy->base_delay_ms < 0 ? 0 : policy->base_delay_ms;

    for (; attempt > 0 && delay < policy->max_delay_ms; attempt--)
        delay *= 2;
    delay = delay * jitter() / 1000;
    return delay > policy->max_delay_ms ? policy->max_delay_ms : delay;
}

/* What to do after a try. */
enum verdict { give_up, after_delay, at_once };

static enum verdict judge_failure(enum mhsmi_retry_class class, mhsm_status st,
                                  const struct mhsmi_response *response,
                                  int stale_tried)
{
    if (!response->transient)
        return give_up;
    if (class == MHSMI_RETRY_ONCE)
        return response->sent ? give_up : after_delay;
    /* Most often a connection that the server closed while it was idle. */
    if (st == MHSM_ERR_TRANSPORT && !stale_tried)
        return at_once;
    return after_delay;
}

static enum verdict judge_answer(enum mhsmi_retry_class class,
                                 const struct mhsmi_response *response)
{
    int status = response->status;

    if (!is_repeated_status(status, class))
        return give_up;
    if (class == MHSMI_RETRY_ONCE)
        return (status == 429 || status == 503) &&
                       mhsmi_retry_after(response, mhsmi_clock_unix()) >= 0
                   ? after_delay
                   : give_up;
    return after_delay;
}

/* The metadata service is being replaced, which takes longer than retries. */
static int is_gone(const struct mhsmi_retry_policy *policy,
                   const struct mhsmi_response *response)
{
    return policy->class == MHSMI_RETRY_METADATA && response->status == 410;
}

static int64_t choose_delay(const struct mhsmi_retry_policy *policy,
                            const struct mhsmi_response *response, int attempt)
{
    int64_t asked = mhsmi_retry_after(response, mhsmi_clock_unix());
    int64_t delay = back_off(policy, attempt);

    /* "At once" is not taken at its word for ever. */
    if (attempt >= policy->max_retries) {
        delay = back_off(policy, attempt - policy->max_retries);
        if (delay > patience_max_ms)
            delay = patience_max_ms;
    }
    if (asked >= 0)
        return attempt >= policy->max_retries && asked < delay ? delay : asked;
    if (is_gone(policy, response))
        return attempt < 2 ? (int64_t)gone_first_ms << attempt : gone_last_ms;
    return delay;
}

/* Whether the host has served somebody since: then it is not down. In the same
 * millisecond that may have been the call before. */
static int serves_others(const struct mhsmi_retry_policy *policy,
                         int64_t begun_ms)
{
    return policy->class == MHSMI_RETRY_REPEATABLE &&
           policy->served_ms != NULL &&
           atomic_load(policy->served_ms) > begun_ms;
}

/* Whether another try is one too many. Of a host that only asks for patience,
 * or fails now and then, there is no count: the deadline ends it. */
static int is_enough(const struct mhsmi_retry_policy *policy, mhsm_status st,
                     const struct mhsmi_response *response, int attempt,
                     int64_t begun_ms)
{
    int patience = st == MHSM_OK && response->status == 429 &&
                   policy->class != MHSMI_RETRY_METADATA;

    if (policy->max_retries == 0)
        return 1;
    if (is_gone(policy, response))
        return mhsmi_clock_ms() - begun_ms > gone_max_ms;
    return attempt >= policy->max_retries && !patience &&
           !serves_others(policy, begun_ms);
}

int mhsmi_retry_pause(const struct mhsmi_retry_policy *policy, int attempt,
                      int64_t deadline_ms)
{
    int64_t now = mhsmi_clock_ms(), delay = back_off(policy, attempt);

    if (delay >= deadline_ms - now)
        return 0;
    mhsmi_waiter_sleep(now + delay);
    return 1;
}

/* Wait before try number `attempt` + 1; 0 when the deadline comes first. */
static int wait_turn(const struct mhsmi_request *request,
                     const struct mhsmi_retry_policy *policy,
                     const struct mhsmi_response *response, int attempt,
                     enum verdict verdict)
{
    int64_t now = mhsmi_clock_ms(), delay = 0;

    if (verdict == after_delay)
        delay = choose_delay(policy, response, attempt);
    if (delay >= request->deadline_ms - now)
        return 0;
    mhsmi_log(MHSMI_LOG_INFO, "%s: trying again in %lld ms (status %d)",
              request->method, (long long)delay, response->status);
    if (delay > 0)
        mhsmi_waiter_sleep(now + delay);
    return 1;
}

/* The last words of a call whose last try was cut short by the deadline are the
 * answer before it: a host that refuses is there, only that its turn did not
 * come again in time. */
static mhsm_status prefer_answer(const struct mhsmi_request *request,
                                 enum mhsmi_retry_class class, mhsm_status st,
                                 struct mhsmi_response *response,
                                 struct mhsmi_response *answer,
                                 mhsm_error **failure)
{
    if (st == MHSM_ERR_TIMEOUT && answer->status != 0 &&
        mhsmi_clock_ms() >= request->deadline_ms &&
        (class != MHSMI_RETRY_ONCE || !response->sent)) {
        mhsmi_response_clear(response);
        *response = *answer;
        mhsm_error_free(failure);
        return MHSM_OK;
    }
    mhsmi_response_clear(answer);
    return st;
}

mhsm_status mhsmi_http_send(const struct mhsmi_request *request,
                            const struct mhsmi_retry_policy *policy,
                            struct mhsmi_response *response,
                            struct mhsmi_counters *counters, mhsm_error **err)
{
    struct mhsmi_request next = *request;
    int attempt, stale_tried = 0;
    int64_t begun = mhsmi_clock_ms();
    struct mhsmi_response answer;
    mhsm_error *failure = NULL;
    enum verdict verdict;
    mhsm_status st;

    mhsmi_response_init(&answer);
    if (policy->class == MHSMI_RETRY_ONCE)
        next.fresh_connection = 1;
    for (attempt = 0;; attempt++) {
        mhsm_error_free(&failure);
        st = mhsmi_engine_perform(&next, response, counters, &failure);
        verdict = st == MHSM_OK
                      ? judge_answer(policy->class, response)
                      : judge_failure(policy->class, st, response, stale_tried);
        if (verdict == give_up ||
            is_enough(policy, st, response, attempt, begun) ||
            !wait_turn(request, policy, response, attempt, verdict))
            break;
        /* A connection that breaks twice may do so because of HTTP/2, without
         * libcurl's knowing. */
        next.http1_only |=
            response->http2_failed || (st == MHSM_ERR_TRANSPORT && stale_tried);
        if (verdict == at_once) {
            stale_tried = 1;
            next.fresh_connection = 1;
        } else {
            next.fresh_connection =
                request->fresh_connection || policy->class == MHSMI_RETRY_ONCE;
        }
        mhsmi_response_clear(&answer);
        answer = *response;
        mhsmi_response_init(response);
        if (counters != NULL)
            (void)__atomic_fetch_add(&counters->retries, 1, __ATOMIC_RELAXED);
    }
    st = prefer_answer(request, policy->class, st, response, &answer, &failure);
    if (policy->served_ms != NULL && st == MHSM_OK &&
        response->status / 100 == 2)
        atomic_store(policy->served_ms, mhsmi_clock_ms());
    if (err != NULL)
        *err = failure;
    else
        mhsm_error_free(&failure);
    return st;
}
