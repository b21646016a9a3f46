/* SPDX-License-Identifier: MIT
 *
 * Memory that runs out: every allocation of ours fails once, at each place,
 * and nothing leaks, crashes or lies about it.
 */
#include "base/buf.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "check.h"
#include "http/job.h"
#include "torture.h"

static int try_buf(void)
{
    struct mhsmi_buf buf;
    int ok, i;

    mhsmi_buf_init(&buf, 4096);
    ok = mhsmi_buf_puts(&buf, "start");
    for (i = 0; ok && i < 1000; i++) {
        size_t size = buf.size;

        ok = mhsmi_buf_printf(&buf, "%d", i % 10);
        CHECK(ok || (buf.size == size && buf.data[size] == 0));
    }
    mhsmi_buf_clear(&buf);
    return ok;
}

static int try_texts(void)
{
    char *a = mhsmi_strdup("one"), *b = mhsmi_asprintf("%s", "two");
    int ok = a != NULL && b != NULL;

    mhsmi_free(a);
    mhsmi_free_secret_text(b);
    return ok;
}

static int try_error(void)
{
    mhsm_error *err = NULL;
    mhsm_status st = mhsmi_error(&err, MHSM_ERR_URI, "what %d", 1);
    int ok;

    /* Whatever failed, there is an error with a text. */
    CHECK(err != NULL && st != MHSM_OK && mhsm_error_status(err) == st);
    mhsmi_error_set_hint(&err, "hint");
    mhsmi_error_set_service(&err, 404, "Code", "id");
    mhsmi_error_prefix(&err, "prefix");
    CHECK(*mhsm_error_text(err) != 0 && *mhsm_error_message(err) != 0);
    CHECK(st == MHSM_ERR_URI || st == MHSM_ERR_MEMORY);
    ok = strcmp(mhsm_error_text(err), "prefix: what 1 (HTTP 404 Code, request "
                                      "id id); hint") == 0;
    mhsm_error_free(&err);
    return ok;
}

static int try_json(void)
{
    static const char text[] = "{\"a\":\"b\"}";
    struct json_object *o = mhsmi_json_parse(text, strlen(text));
    int ok = o != NULL && mhsmi_json_add_octets(o, "x", "yy", 2);

    mhsmi_json_wipe(o);
    return ok;
}

static int try_url(void)
{
    struct mhsmi_url url;
    char *origin = NULL;
    int ok = mhsmi_url_parse(&url, "https://h:8443/p?q=1");

    if (ok)
        origin = mhsmi_url_origin(&url);
    ok = ok && origin != NULL;
    CHECK(!ok || strcmp(origin, "https://h:8443") == 0);
    mhsmi_free(origin);
    mhsmi_url_clear(&url);
    return ok;
}

static int try_job(void)
{
    static const struct mhsmi_transport transport = {.ca_file = "/x",
                                                     .user_agent = "a/1"};
    static const struct mhsmi_header headers[] = {{"A", "b"}, {"C", ""}};
    struct mhsmi_request request = {.transport = &transport,
                                    .method = "POST",
                                    .url = "https://h.example/keys/k?q=1",
                                    .headers = headers,
                                    .header_count = 2,
                                    .body = "body",
                                    .body_size = 4,
                                    .max_response = 10,
                                    .deadline_ms = INT64_MAX};
    struct mhsmi_job *job = NULL;
    mhsm_error *err = NULL;
    mhsm_status st = mhsmi_job_new(&request, &job, &err);

    CHECK((st == MHSM_OK) == (job != NULL));
    CHECK((st == MHSM_OK) == (err == NULL));
    if (st == MHSM_OK) {
        CHECK_TEXT(job->url, request.url);
        CHECK_TEXT(job->origin, "https://h.example");
        CHECK_TEXT(job->headers[0].data, "A: b");
        CHECK_TEXT(job->headers[1].data, "C;");
        CHECK_TEXT(job->headers[2].data, "User-Agent: a/1");
        CHECK_TEXT(job->headers[3].data, "Content-Type:");
        CHECK(job->headers[3].next == NULL);
        CHECK(memcmp(job->body, "body", 5) == 0);
        CHECK(job->transport.proxy == NULL);
        CHECK_TEXT(job->transport.ca_file, transport.ca_file);
        CHECK(job->transport.ca_file != transport.ca_file);
    }
    mhsmi_job_free(job);
    mhsm_error_free(&err);
    return st == MHSM_OK;
}

/* An answer that does not fit into memory is no answer. */
static int try_response(void)
{
    static const struct mhsmi_transport transport = {.user_agent = "a/1"};
    struct mhsmi_request request = {.transport = &transport,
                                    .method = "GET",
                                    .url = "https://h/",
                                    .max_response = 100};
    char status[] = "HTTP/1.1 200 OK\r\n", id[] = "x-ms-request-id: r\r\n";
    char bearer[] = "WWW-Authenticate: Bearer x\r\n", body[] = "hello";
    char other[] = "WWW-Authenticate: Basic x\r\n";
    struct mhsmi_job *job = NULL;
    int ok = 0;

    if (mhsmi_job_new(&request, &job, NULL) != MHSM_OK)
        return 0;
    ok = mhsmi_job_take_header(status, 1, strlen(status), job) != 0 &&
         mhsmi_job_take_header(id, 1, strlen(id), job) != 0 &&
         mhsmi_job_take_header(other, 1, strlen(other), job) != 0 &&
         mhsmi_job_take_header(bearer, 1, strlen(bearer), job) != 0 &&
         mhsmi_job_take_body(body, 1, strlen(body), job) != 0;
    if (ok) {
        CHECK_TEXT(job->response.www_authenticate, "Bearer x");
        CHECK_TEXT(mhsmi_buf_text(&job->response.body), "hello");
    }
    mhsmi_job_free(job);
    return ok;
}

static void test_base(void)
{
    torture(try_buf);
    torture(try_texts);
    torture(try_error);
    torture(try_json);
    torture(try_url);
}

static void test_http(void)
{
    torture(try_job);
    torture(try_response);
}

int main(void)
{
    static const struct check checks[] = {
        {"base", test_base},
        {"http", test_http},
        {NULL, NULL},
    };

    return check_main("alloc", checks);
}
