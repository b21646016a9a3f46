/* SPDX-License-Identifier: MIT
 *
 * libcurl's handles between jobs: one that is prepared is used again for the
 * same transport only, and knows nothing of the job that it has served.
 */
#include "http/handle.h"

#include <string.h>

#include "base/clock.h"
#include "base/libcurl.h"
#include "check.h"
#include "http/transport.h"

static struct mhsmi_sockets sockets;

static struct mhsmi_job *job_for(const char *url,
                                 const struct mhsmi_transport *transport)
{
    static const struct mhsmi_header secret = {"Authorization",
                                               "Bearer s3cret"};
    struct mhsmi_request request = {
        .transport = transport,
        .method = "POST",
        .url = url,
        .plain_http_allowed = 1,
        .headers = &secret,
        .header_count = 1,
        .body = "{}",
        .body_size = 2,
        .max_response = 100,
        .deadline_ms = mhsmi_clock_deadline(1000),
    };
    struct mhsmi_job *job = NULL;

    CHECK_FATAL(mhsmi_job_new(&request, &job, NULL) == MHSM_OK);
    CHECK_FATAL(mhsmi_job_begin(job));
    return job;
}

/* What libcurl gives to the callbacks of a handle. */
static void *job_of(const struct mhsmi_handle *handle)
{
    char *private = NULL;

    CHECK(mhsmi_libcurl()->easy_getinfo(handle->easy, CURLINFO_PRIVATE,
                                        &private) == CURLE_OK);
    return private;
}

/* Serve one job that ends with `code`. */
static void serve(struct mhsmi_handle *handle, const char *url,
                  const struct mhsmi_transport *transport, CURLcode code)
{
    struct mhsmi_job *job = job_for(url, transport);

    CHECK_FATAL(mhsmi_handle_lend(handle, job, &sockets));
    CHECK(job->handle == handle && job->easy == handle->easy);
    CHECK(job_of(handle) == job);
    job->code = code;
    CHECK(mhsmi_handle_return(job) == handle);
    CHECK(job->handle == NULL && job->easy == NULL);
    CHECK(job_of(handle) == NULL);
    mhsmi_job_free(job);
}

static void test_kept(void)
{
    static const struct mhsmi_transport first = {
        .proxy = "", .ca_file = "/a", .max_connections = 1};
    struct mhsmi_transport same = first, other = first;
    struct mhsmi_handle *handle = mhsmi_handle_new();
    const char *texts;

    CHECK_FATAL(handle != NULL);
    CHECK(handle->texts == NULL);
    serve(handle, "https://one.example/a", &first, CURLE_OK);
    texts = handle->texts;
    CHECK(texts != NULL && handle->is_https);
    /* Another path, another host, the same way there. */
    serve(handle, "https://two.example/b", &same, CURLE_OK);
    CHECK(handle->texts == texts);
    /* Prepared anew for another way, and for none. */
    other.ca_file = "/b";
    serve(handle, "https://one.example/a", &other, CURLE_OK);
    CHECK(mhsmi_transport_equal(&handle->transport, &other));
    serve(handle, "http://127.0.0.1/a", &other, CURLE_OK);
    CHECK(handle->texts != NULL && !handle->is_https);
    serve(handle, "https://127.0.0.1/a", &other, CURLE_OK);
    CHECK(handle->is_https);
    mhsmi_handle_free(handle);
}

/* Whatever is in doubt is made anew. */
static void test_reset(void)
{
    static const struct mhsmi_transport plain = {.proxy = ""};
    static const struct mhsmi_transport pinned = {
        .proxy = "", .thumbprint = "0123456789abcdef0123456789abcdef01234567"};
    struct mhsmi_handle *handle = mhsmi_handle_new();

    CHECK_FATAL(handle != NULL);
    serve(handle, "https://one.example/a", &plain, CURLE_OK);
    serve(handle, "https://one.example/a", &plain, CURLE_RECV_ERROR);
    CHECK(handle->texts == NULL);
    serve(handle, "https://one.example/a", &plain, CURLE_OK);
    CHECK(handle->texts != NULL);
    /* The check by a thumbprint is one job's own. */
    serve(handle, "https://one.example/a", &pinned, CURLE_OK);
    CHECK(handle->texts == NULL);
    serve(handle, "https://one.example/a", &pinned, CURLE_OK);
    CHECK(handle->texts == NULL);
    mhsmi_handle_free(handle);
    mhsmi_handle_free(NULL);
}

int main(void)
{
    static const struct check checks[] = {
        {"kept", test_kept},
        {"reset", test_reset},
        {NULL, NULL},
    };
    int bad;

    if (mhsmi_libcurl() == NULL ||
        mhsmi_libcurl()->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 1;
    bad = check_main("handle", checks);
    return bad;
}
