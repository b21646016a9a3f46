/* SPDX-License-Identifier: MIT
 *
 * What is tried again, how often, when, and what must not be.
 */
#include "http/retry.h"

#include "base/clock.h"
#include "check.h"
#include "loopback.h"

static struct loopback tls;
static struct mhsmi_transport transport = {
    .proxy = "",
    .connect_timeout_ms = 2000,
    .max_connections = 4,
    .idle_timeout_s = 60,
    .user_agent = "mhsm-test/1",
};

/* When the host last served somebody. */
static _Atomic int64_t served;

struct outcome {
    mhsm_status status;
    int http, requests, connections, retries;
    int64_t ms;
};

static struct outcome send_to(const char *url, enum mhsmi_retry_class class,
                              int max_retries, int64_t ms)
{
    struct mhsmi_retry_policy policy = {.class = class,
                                        .max_retries = max_retries,
                                        .base_delay_ms = 2,
                                        .max_delay_ms = 60000,
                                        .served_ms = &served};
    struct mhsmi_request request = {.transport = &transport,
                                    .method = "POST",
                                    .url = url,
                                    .body = "{}",
                                    .body_size = 2,
                                    .max_response = 4096,
                                    .deadline_ms = mhsmi_clock_deadline(ms),
                                    .try_timeout_ms = 1000};
    int before = atomic_load(&tls.requests);
    int64_t began = mhsmi_clock_ms();
    struct mhsmi_counters counters = {0, 0, 0, 0};
    struct mhsmi_response response;
    mhsm_error *err = NULL;
    struct outcome o;

    mhsmi_response_init(&response);
    o.status = mhsmi_http_send(&request, &policy, &response, &counters, &err);
    CHECK(o.status == mhsm_error_status(err));
    o.http = response.status;
    o.requests = atomic_load(&tls.requests) - before;
    o.connections = (int)counters.connections;
    o.retries = (int)counters.retries;
    o.ms = mhsmi_clock_ms() - began;
    mhsmi_response_clear(&response);
    mhsm_error_free(&err);
    return o;
}

/* The next `count` requests get `status` with a header, then 200. */
static struct outcome plan(int status, int count, const char *header,
                           enum mhsmi_retry_class class, int max_retries)
{
    char url[64];
    struct outcome o;

    (void)snprintf(tls.fail_header, sizeof(tls.fail_header), "%s", header);
    atomic_store(&tls.fail_status, status);
    atomic_store(&tls.fail_next, count);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/plan", tls.port);
    o = send_to(url, class, max_retries, 5000);
    atomic_store(&tls.fail_next, 0);
    return o;
}

static void test_statuses(void)
{
    static const struct {
        int status, repeatable, once, metadata, identity;
    } rows[] = {
        {400, 0, 0, 0, 0}, {401, 0, 0, 0, 0}, {403, 0, 0, 0, 0},
        {404, 0, 0, 1, 1}, {408, 1, 0, 1, 1}, {409, 0, 0, 0, 0},
        {410, 0, 0, 1, 0}, {429, 1, 0, 1, 1}, {500, 1, 0, 1, 1},
        {501, 0, 0, 1, 0}, {502, 1, 0, 1, 1}, {503, 1, 0, 1, 1},
        {504, 1, 0, 1, 1}, {302, 0, 0, 0, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* The header spares 410 its long delay. */
        const char *now = "retry-after-ms: 1\r\n";
        struct outcome o =
            plan(rows[i].status, 1, "", MHSMI_RETRY_REPEATABLE, 3);

        CHECK(o.status == MHSM_OK && o.requests == 1 + rows[i].repeatable);
        CHECK(o.retries == rows[i].repeatable);
        CHECK(o.http == (rows[i].repeatable ? 200 : rows[i].status));
        o = plan(rows[i].status, 1, "", MHSMI_RETRY_ONCE, 3);
        CHECK(o.status == MHSM_OK && o.requests == 1 + rows[i].once);
        o = plan(rows[i].status, 1, now, MHSMI_RETRY_METADATA, 3);
        CHECK(o.status == MHSM_OK && o.requests == 1 + rows[i].metadata);
        o = plan(rows[i].status, 1, now, MHSMI_RETRY_IDENTITY, 3);
        CHECK(o.status == MHSM_OK && o.requests == 1 + rows[i].identity);
    }
}

static void test_counts(void)
{
    struct outcome o = plan(503, 100, "", MHSMI_RETRY_REPEATABLE, 3);

    CHECK(o.status == MHSM_OK && o.http == 503 && o.requests == 4);
    CHECK(o.retries == 3);
    o = plan(503, 100, "", MHSMI_RETRY_REPEATABLE, 0);
    CHECK(o.http == 503 && o.requests == 1);
    o = plan(503, 2, "", MHSMI_RETRY_REPEATABLE, 2);
    CHECK(o.http == 200 && o.requests == 3);
}

/* Failures that others do not have are not counted; nor does it help a write,
 * nor who wants no repetition. */
static void test_others(void)
{
    struct outcome o;

    atomic_store(&served, INT64_MAX);
    o = plan(503, 7, "", MHSMI_RETRY_REPEATABLE, 2);
    CHECK(o.http == 200 && o.requests == 8);
    CHECK(atomic_load(&served) <= mhsmi_clock_ms());
    atomic_store(&served, INT64_MAX);
    o = plan(503, 7, "retry-after-ms: 1\r\n", MHSMI_RETRY_ONCE, 2);
    CHECK(o.http == 503 && o.requests == 3);
    o = plan(503, 7, "", MHSMI_RETRY_REPEATABLE, 0);
    CHECK(o.http == 503 && o.requests == 1);
    o = plan(400, 7, "", MHSMI_RETRY_REPEATABLE, 2);
    CHECK(o.http == 400 && o.requests == 1);
    /* Served before this one began: that proves nothing. */
    atomic_store(&served, mhsmi_clock_ms());
    o = plan(503, 7, "", MHSMI_RETRY_REPEATABLE, 2);
    CHECK(o.http == 503 && o.requests == 3);
}

static void test_writes(void)
{
    struct outcome o = plan(503, 1, "Retry-After: 0\r\n", MHSMI_RETRY_ONCE, 3);

    CHECK(o.http == 200 && o.requests == 2);
    /* Each on a connection of its own, so that libcurl repeats nothing. */
    CHECK(o.connections == 2);
    o = plan(429, 1, "retry-after-ms: 1\r\n", MHSMI_RETRY_ONCE, 3);
    CHECK(o.http == 200 && o.requests == 2);
    o = plan(500, 1, "Retry-After: 0\r\n", MHSMI_RETRY_ONCE, 3);
    CHECK(o.http == 500 && o.requests == 1);

    /* May have been acted upon: never again. */
    atomic_store(&tls.reset_next, 1);
    o = plan(200, 0, "", MHSMI_RETRY_ONCE, 3);
    CHECK(o.status == MHSM_ERR_TRANSPORT && o.requests == 1 && o.retries == 0);
    atomic_store(&tls.reset_next, 0);
    /* Never arrived: again. */
    o = send_to("https://127.0.0.1:1/", MHSMI_RETRY_ONCE, 2, 5000);
    CHECK(o.status == MHSM_ERR_CONNECT && o.retries == 2);
}

static void test_transport(void)
{
    struct outcome o;

    /* libcurl repeats by itself on a connection that it has used before. */
    plan(200, 0, "", MHSMI_RETRY_REPEATABLE, 0);
    atomic_store(&tls.reset_next, 1);
    o = plan(200, 0, "", MHSMI_RETRY_REPEATABLE, 0);
    CHECK(o.status == MHSM_OK && o.http == 200 && o.requests == 2);
    /* On a new one it is for us to do. */
    loopback_drop(&tls);
    loopback_nap(50);
    atomic_store(&tls.reset_next, 1);
    o = plan(200, 0, "", MHSMI_RETRY_REPEATABLE, 3);
    CHECK(o.status == MHSM_OK && o.http == 200 && o.requests == 2);
    CHECK(o.retries == 1);
    loopback_drop(&tls);
    loopback_nap(50);
    atomic_store(&tls.reset_next, 100);
    o = plan(200, 0, "", MHSMI_RETRY_REPEATABLE, 3);
    CHECK(o.status == MHSM_ERR_TRANSPORT && o.requests == 4 && o.retries == 3);
    o = plan(200, 0, "", MHSMI_RETRY_REPEATABLE, 0);
    CHECK(o.status == MHSM_ERR_TRANSPORT && o.requests == 1);
    atomic_store(&tls.reset_next, 0);
    /* What no repetition cures. */
    o = send_to("nonsense", MHSMI_RETRY_REPEATABLE, 3, 5000);
    CHECK(o.status == MHSM_ERR_URI && o.retries == 0);
    transport.ca_file = "/nonexistent.pem";
    o = plan(200, 0, "", MHSMI_RETRY_REPEATABLE, 3);
    CHECK(o.status == MHSM_ERR_TLS && o.retries == 0);
    transport.ca_file = tls.ca_path;
}

static void test_deadline(void)
{
    char url[64];
    struct outcome o;

    /* The delay would pass the deadline: the answer is given at once. */
    o = plan(503, 100, "Retry-After: 6\r\n", MHSMI_RETRY_REPEATABLE, 3);
    CHECK(o.status == MHSM_OK && o.http == 503 && o.requests == 1);
    CHECK(o.ms < 2000);
    o = plan(503, 1, "retry-after-ms: 300\r\n", MHSMI_RETRY_REPEATABLE, 3);
    CHECK(o.http == 200 && o.ms >= 300 && o.ms < 3000);
    /* 410 of the metadata service waits seconds by itself. */
    o = plan(410, 1, "", MHSMI_RETRY_METADATA, 3);
    CHECK(o.http == 200 && o.ms >= 3000 && o.ms < 5000);
    /* Tries that each take their time end with the call's deadline. */
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/hang", tls.port);
    o = send_to(url, MHSMI_RETRY_REPEATABLE, 10, 1500);
    CHECK(o.status == MHSM_ERR_TIMEOUT);
    CHECK(o.requests == 2 && o.ms >= 1400 && o.ms < 3000);
}

/* What the deadline cuts short is no news: the answer before it is. */
static void test_last_words(void)
{
    char url[64];
    struct outcome o;

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/plan/hang",
                   tls.port);
    (void)snprintf(tls.fail_header, sizeof(tls.fail_header), "%s",
                   "retry-after-ms: 1\r\n");
    atomic_store(&tls.fail_status, 429);
    atomic_store(&tls.fail_next, 1);
    o = send_to(url, MHSMI_RETRY_REPEATABLE, 3, 500);
    CHECK(o.status == MHSM_OK && o.http == 429 && o.requests == 2);
    /* But a whole try is. */
    atomic_store(&tls.fail_next, 1);
    o = send_to(url, MHSMI_RETRY_REPEATABLE, 1, 5000);
    CHECK(o.status == MHSM_ERR_TIMEOUT && o.requests == 2);
    /* A write may have been acted upon. */
    atomic_store(&tls.fail_next, 1);
    o = send_to(url, MHSMI_RETRY_ONCE, 3, 500);
    CHECK(o.status == MHSM_ERR_TIMEOUT && o.requests == 2);
    atomic_store(&tls.fail_next, 0);
}

static int64_t after(const char *seconds, const char *ms, int64_t now)
{
    struct mhsmi_response response;
    int64_t delay;

    mhsmi_response_init(&response);
    if (seconds != NULL)
        response.retry_after = mhsmi_strdup(seconds);
    if (ms != NULL)
        response.retry_after_ms = mhsmi_strdup(ms);
    delay = mhsmi_retry_after(&response, now);
    mhsmi_response_clear(&response);
    return delay;
}

static void test_retry_after(void)
{
    const int64_t day = INT64_C(86400000);
    const int64_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

    CHECK(after(NULL, NULL, now) == -1);
    CHECK(after("0", NULL, now) == 0);
    CHECK(after("7", NULL, now) == 7000);
    CHECK(after("7", "250", now) == 250);
    CHECK(after("7", "junk", now) == 7000);
    CHECK(after(NULL, "250", now) == 250);
    CHECK(after("-1", NULL, now) == -1);
    CHECK(after("", NULL, now) == -1);
    CHECK(after("1.5", NULL, now) == -1);
    CHECK(after("5 seconds", NULL, now) == -1);
    CHECK(after("soon", NULL, now) == -1);
    CHECK(after("99999999999999999999999999", NULL, now) == day);
    CHECK(after(NULL, "99999999999999999999999999", now) == day);
    CHECK(after("Sun, 06 Nov 1994 08:49:47 GMT", NULL, now) == 10000);
    CHECK(after("Sunday, 06-Nov-94 08:49:47 GMT", NULL, now) == 10000);
    CHECK(after("Sun Nov  6 08:49:47 1994", NULL, now) == 10000);
    CHECK(after("Sun, 06 Nov 1994 08:49:00 GMT", NULL, now) == 0);
    CHECK(after("Fri, 31 Dec 2199 23:59:59 GMT", NULL, now) == day);
    CHECK(after("Someday, 99 Nov 1994 28:49:00", NULL, now) == -1);
}

int main(void)
{
    static const struct check checks[] = {
        {"statuses", test_statuses},
        {"counts", test_counts},
        {"others", test_others},
        {"writes", test_writes},
        {"transport", test_transport},
        {"deadline", test_deadline},
        {"last words", test_last_words},
        {"retry-after", test_retry_after},
        {NULL, NULL},
    };
    int bad;

    if (!loopback_start(&tls, LOOPBACK_TLS, "IP:127.0.0.1"))
        return 1;
    transport.ca_file = tls.ca_path;
    bad = check_main("retry", checks);
    loopback_stop(&tls);
    return bad;
}
