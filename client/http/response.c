/* SPDX-License-Identifier: MIT
 *
 * Receiving an answer, within limits.  Only the headers that something above
 * needs are kept, and nothing of an answer that did not arrive whole.
 */
#include "http/job.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/libcurl.h"

enum { header_count_max = 200, header_size_max = 64 * 1024 };

#define ROW(name, member)                                                      \
    {                                                                          \
        name, sizeof(name) - 1, offsetof(struct mhsmi_response, member)        \
    }

static const struct {
    const char *name;
    size_t size, member;
} kept[] = {
    ROW("x-ms-request-id", request_id),
    ROW("www-authenticate", www_authenticate),
    ROW("retry-after", retry_after),
    ROW("retry-after-ms", retry_after_ms),
    ROW("x-ms-retry-after-ms", retry_after_ms),
    ROW("location", location),
    ROW("azure-asyncoperation", async_operation),
    ROW("content-type", content_type),
};
enum { kept_count = sizeof(kept) / sizeof(kept[0]) };

static char **member(struct mhsmi_response *response, size_t index)
{
    return (char **)(void *)((char *)response + kept[index].member);
}

void mhsmi_response_init(struct mhsmi_response *response)
{
    *response = (struct mhsmi_response){0};
}

static void forget(struct mhsmi_response *response)
{
    size_t i;

    for (i = 0; i < kept_count; i++) {
        mhsmi_free_secret_text(*member(response, i));
        *member(response, i) = NULL;
    }
    mhsmi_buf_clear(&response->body);
    response->status = 0;
}

void mhsmi_response_clear(struct mhsmi_response *response)
{
    forget(response);
    mhsmi_response_init(response);
}

static int is_bearer(const char *challenge)
{
    return challenge != NULL &&
           OPENSSL_strncasecmp(challenge, "Bearer", 6) == 0 &&
           (challenge[6] == 0 || challenge[6] == ' ' || challenge[6] == '\t');
}

/* The first wins; of the challenges the first that says Bearer. */
static int keep(char **slot, const char *value, size_t size)
{
    char *copy;

    if (memchr(value, 0, size) != NULL)
        return 1;
    copy = mhsmi_strndup(value, size);
    if (copy == NULL)
        return 0;
    if (*slot != NULL && (is_bearer(*slot) || !is_bearer(copy))) {
        mhsmi_free(copy);
        return 1;
    }
    mhsmi_free(*slot);
    *slot = copy;
    return 1;
}

/* The number of the row that `line` belongs to; kept_count: none. */
static size_t find_kept(const char *line, size_t size)
{
    size_t i;

    for (i = 0; i < kept_count; i++) {
        if (size > kept[i].size && line[kept[i].size] == ':' &&
            OPENSSL_strncasecmp(line, kept[i].name, kept[i].size) == 0)
            break;
    }
    return i;
}

size_t mhsmi_job_take_header(char *line, size_t one, size_t size, void *data)
{
    struct mhsmi_job *job = data;
    char *value, *end = line + size;
    size_t row;

    (void)one; /* always 1 */
    job->header_size += size;
    if (++job->header_count > header_count_max ||
        job->header_size > header_size_max) {
        job->too_large = 2;
        return 0;
    }
    if (size > 5 && memcmp(line, "HTTP/", 5) == 0) {
        /* A new status line: what came before was an interim answer. */
        forget(&job->response);
        return size;
    }
    row = find_kept(line, size);
    if (row == kept_count)
        return size;
    value = line + kept[row].size + 1;
    while (value < end && strchr(" \t", *value) != NULL)
        value++;
    while (end > value && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    return keep(member(&job->response, row), value, (size_t)(end - value))
               ? size
               : 0;
}

size_t mhsmi_job_take_body(char *octets, size_t one, size_t size, void *data)
{
    struct mhsmi_job *job = data;

    (void)one; /* always 1 */
    if (size > job->max_response - job->response.body.size) {
        job->too_large = 1;
        return 0;
    }
    return mhsmi_buf_append(&job->response.body, octets, size) ? size : 0;
}

/* Failures that happen before the first octet of a request. */
static int is_before_sending(CURLcode code)
{
    static const CURLcode before[] = {
        CURLE_COULDNT_RESOLVE_PROXY,
        CURLE_COULDNT_RESOLVE_HOST,
        CURLE_COULDNT_CONNECT,
        CURLE_SSL_CONNECT_ERROR,
        CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_CIPHER,
        CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CACERT_BADFILE,
        CURLE_PROXY,
    };
    size_t i;

    for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        if (code == before[i])
            return 1;
    }
    return 0;
}

/* Whether it was a proxy that could not be reached. Before 8.7 libcurl tells
 * only by whom its message names. */
static int failed_at_proxy(const struct mhsmi_job *job)
{
#if LIBCURL_VERSION_NUM >= 0x080700
    long used = 0;

    (void)mhsmi_libcurl()->easy_getinfo(job->easy, CURLINFO_USED_PROXY, &used);
    return used != 0;
#else
    size_t skip = *job->host == '[' ? 1 : 0; /* an IPv6 literal */
    char host[256];

    if (*job->reason == 0 || strlen(job->host) >= sizeof(host))
        return 0;
    (void)snprintf(host, sizeof(host), "%.*s",
                   (int)(strlen(job->host) - 2 * skip), job->host + skip);
    return strstr(job->reason, host) == NULL;
#endif
}

void mhsmi_job_collect(struct mhsmi_job *job, CURLcode code)
{
    struct mhsmi_response *response = &job->response;
    long status = 0, connections = 0, sent = 0;

    (void)mhsmi_libcurl()->easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE,
                                        &status);
    (void)mhsmi_libcurl()->easy_getinfo(job->easy, CURLINFO_NUM_CONNECTS,
                                        &connections);
    (void)mhsmi_libcurl()->easy_getinfo(job->easy, CURLINFO_REQUEST_SIZE,
                                        &sent);
    (void)mhsmi_libcurl()->easy_getinfo(job->easy, CURLINFO_HTTP_CONNECTCODE,
                                        &job->connect_code);
    /* Only an answer of HTTP is an answer; 101 and the like never come. */
    if (code == CURLE_OK && (status < 200 || status > 599))
        code = CURLE_WEIRD_SERVER_REPLY;
    job->code = code;
    job->by_proxy = code == CURLE_COULDNT_CONNECT && failed_at_proxy(job);
    response->new_connections = (int)connections;
    if (code == CURLE_OK) {
        response->status = (int)status;
        response->sent = 1;
        return;
    }
    forget(response);
    response->http2_failed = code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
    /* libcurl may have sent once over a dead connection and failed to open the
     * next, so the code alone proves nothing unless the first was fresh. A
     * proxy's refusal is counted as sent by libcurl, yet reached no server. */
    response->sent = sent > 0;
    if (job->connect_code >= 300 ||
        (job->fresh_connection && is_before_sending(code)))
        response->sent = 0;
}

void mhsmi_job_lose(struct mhsmi_job *job)
{
    mhsmi_response_clear(&job->response);
    job->response.sent = 1;
    job->code = CURLE_RECV_ERROR;
    job->easy = NULL;
}
