/* SPDX-License-Identifier: MIT
 *
 * What libcurl is told about one transfer.  It must never follow a redirect,
 * never speak anything but HTTP over TLS 1.2 or later (plain HTTP was ruled
 * out in job.c but for loopback and link-local hosts), and never skip the
 * check of a certificate (pin.c has one of its own).
 */
#include "http/job.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/libcurl.h"
#include "http/pin.h"

/* The name of a multi-region HSM changes its meaning in a failover, and says so
 * by a TTL of five seconds. */
enum { names_kept_s = 5 };

#define SET(option, value)                                                     \
    (mhsmi_libcurl()->easy_setopt(job->easy, option, value) == CURLE_OK)

/* Without a body nothing is an upload: newer libcurl closes the connection of
 * one whose refusal arrives before it has noticed that an empty body is sent.
 * The length that a POST must say is one of the job's headers. */
static int set_method(struct mhsmi_job *job)
{
    const char *natural = job->body_size == 0 ? "GET" : "POST";
    int ok =
        job->body_size == 0
            ? SET(CURLOPT_HTTPGET, 1L)
            : SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDS, job->body) &&
                  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->body_size);

    return ok && SET(CURLOPT_CUSTOMREQUEST,
                     strcmp(job->method, natural) == 0 ? NULL : job->method);
}

static int set_limits(struct mhsmi_job *job)
{
    int64_t left = job->limit_ms - mhsmi_clock_ms();

    if (left < 1)
        left = 1;
    if (left > INT_MAX)
        left = INT_MAX;
    return SET(CURLOPT_TIMEOUT_MS, (long)left);
}

/* The arena's text as libcurl, which does not change it, wants it. */
static char *own(const struct mhsmi_job *job, const char *text)
{
    return job->arena + (text - job->arena);
}

/* libcurl copies no list. */
static int set_connect_to(struct mhsmi_job *job)
{
    if (job->transport.connect_to == NULL)
        return 1;
    job->connect_to.data = own(job, job->transport.connect_to);
    return SET(CURLOPT_CONNECT_TO, &job->connect_to);
}

static int set_pointers(struct mhsmi_job *job, void *data, char *reason)
{
    return SET(CURLOPT_HEADERDATA, data) && SET(CURLOPT_WRITEDATA, data) &&
           SET(CURLOPT_PRIVATE, data) && SET(CURLOPT_ERRORBUFFER, reason);
}

int mhsmi_job_prepare_own(struct mhsmi_job *job)
{
    return SET(CURLOPT_URL, job->url) && set_method(job) &&
           SET(CURLOPT_HTTPHEADER, job->headers) &&
           SET(CURLOPT_HTTP_VERSION, job->http1_only
                                         ? (long)CURL_HTTP_VERSION_1_1
                                         : (long)CURL_HTTP_VERSION_2TLS) &&
           SET(CURLOPT_FRESH_CONNECT, job->fresh_connection ? 1L : 0L) &&
           set_connect_to(job) && set_limits(job) &&
           set_pointers(job, job, job->reason);
}

int mhsmi_job_let_go(struct mhsmi_job *job)
{
    return SET(CURLOPT_POSTFIELDS, NULL) && SET(CURLOPT_HTTPHEADER, NULL) &&
           SET(CURLOPT_CONNECT_TO, NULL) && set_pointers(job, NULL, NULL);
}

static int set_answer(struct mhsmi_job *job)
{
    return SET(CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
           SET(CURLOPT_HEADERFUNCTION, mhsmi_job_take_header) &&
           SET(CURLOPT_WRITEFUNCTION, mhsmi_job_take_body);
}

/* Never beside the system's, but in their place. */
static int set_roots(struct mhsmi_job *job)
{
    struct curl_blob blob = {NULL, 0, CURL_BLOB_COPY};

    if (job->transport.ca_pem != NULL) {
        blob.data = own(job, job->transport.ca_pem);
        blob.len = strlen(job->transport.ca_pem);
        return SET(CURLOPT_CAINFO_BLOB, &blob) &&
               SET(CURLOPT_CAPATH, (char *)NULL);
    }
    return job->transport.ca_file == NULL ||
           (SET(CURLOPT_CAINFO, job->transport.ca_file) &&
            SET(CURLOPT_CAPATH, (char *)NULL));
}

static int set_security(struct mhsmi_job *job)
{
    const char *schemes = job->is_https ? "https" : "http";
    int ok = SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
             SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L);

#if LIBCURL_VERSION_NUM >= 0x075500
    ok = ok && SET(CURLOPT_PROTOCOLS_STR, schemes) &&
         SET(CURLOPT_REDIR_PROTOCOLS_STR, schemes);
#else
    ok = ok && SET(CURLOPT_PROTOCOLS, job->is_https ? (long)CURLPROTO_HTTPS
                                                    : (long)CURLPROTO_HTTP);
#endif
    if (job->transport.groups != NULL)
        ok = ok && SET(CURLOPT_SSL_EC_CURVES, job->transport.groups);
    return ok && set_roots(job);
}

static int set_route(struct mhsmi_job *job)
{
    int ok = job->transport.proxy == NULL ||
             SET(CURLOPT_PROXY, job->transport.proxy);

    if (job->transport.proxy != NULL && *job->transport.proxy == 0)
        ok = ok && SET(CURLOPT_NOPROXY, "*");
    else if (job->transport.no_proxy != NULL)
        ok = ok && SET(CURLOPT_NOPROXY, job->transport.no_proxy);
    return ok;
}

static int set_connection(struct mhsmi_job *job)
{
    int ok = SET(CURLOPT_TCP_KEEPALIVE, 1L) && SET(CURLOPT_TCP_KEEPIDLE, 60L) &&
             SET(CURLOPT_TCP_KEEPINTVL, 15L) && SET(CURLOPT_NOSIGNAL, 1L) &&
             SET(CURLOPT_DNS_CACHE_TIMEOUT, (long)names_kept_s);

    if (job->transport.idle_timeout_s > 0)
        ok =
            ok && SET(CURLOPT_MAXAGE_CONN, (long)job->transport.idle_timeout_s);
    if (job->transport.max_connection_age_s > 0)
        ok = ok && SET(CURLOPT_MAXLIFETIME_CONN,
                       (long)job->transport.max_connection_age_s);
    if (job->transport.connect_timeout_ms > 0)
        ok = ok && SET(CURLOPT_CONNECTTIMEOUT_MS,
                       (long)job->transport.connect_timeout_ms);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Do not wait for a name server when a transfer ends in the middle of a
     * look-up: all other transfers would wait with it. */
    ok = ok && SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    return ok;
}

int mhsmi_job_prepare(struct mhsmi_job *job,
                      curl_opensocket_callback open_socket,
                      curl_closesocket_callback close_socket, void *socket_data)
{
    return mhsmi_job_prepare_own(job) && set_answer(job) && set_security(job) &&
           set_route(job) && set_connection(job) &&
           (job->transport.thumbprint == NULL || mhsmi_pin_prepare(job)) &&
           SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           SET(CURLOPT_OPENSOCKETDATA, socket_data) &&
           SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket) &&
           SET(CURLOPT_CLOSESOCKETDATA, socket_data);
}
