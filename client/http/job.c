/* SPDX-License-Identifier: MIT
 *
 * Copying a request into a job.  The copy lives in one block so that wiping it
 * can miss nothing; header text is checked here so that no value can smuggle
 * in a line of its own.
 */
#include "http/job.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/url.h"
#include "base/waiter.h"
#include "http/transport.h"

enum { headers_max = 64, header_max = 128 * 1024 };
#define BODY_MAX ((size_t)256 * 1024 * 1024)

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

static int is_method(const char *method)
{
    size_t i;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (method != NULL && strcmp(method, methods[i]) == 0)
            return 1;
    }
    return 0;
}

/* What RFC 9110 calls a token. */
static int is_token(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        char c = text[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
            (c < '0' || c > '9') &&
            (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return 0;
    }
    return size != 0;
}

/* Any but the tab. A set of sixteen is what the C library finds at once. */
static int has_control(const char *text)
{
    static const char *const controls[] = {
        "\001\002\003\004\005\006\007\010\012\013\014\015\016\017\020",
        "\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037",
        "\177",
    };
    size_t i = 0;

    while (i < sizeof(controls) / sizeof(controls[0]) &&
           strpbrk(text, controls[i]) == NULL)
        i++;
    return i < sizeof(controls) / sizeof(controls[0]);
}

static int is_header(const struct mhsmi_header *header)
{
    size_t name, value;

    if (header->name == NULL || header->value == NULL)
        return 0;
    name = strlen(header->name);
    value = strnlen(header->value, header_max);
    return name <= 256 && is_token(header->name, name) && value < header_max &&
           !has_control(header->value);
}

static mhsm_status check_request(const struct mhsmi_request *request,
                                 struct mhsmi_url *url, mhsm_error **err)
{
    size_t i;

    if (!is_method(request->method) || request->transport == NULL ||
        request->header_count > headers_max || request->body_size > BODY_MAX ||
        (request->body == NULL && request->body_size != 0))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "malformed HTTP request");
    for (i = 0; i < request->header_count; i++) {
        if (!is_header(&request->headers[i]))
            return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                               "HTTP header %s has an impossible name or value",
                               request->headers[i].name == NULL
                                   ? "?"
                                   : request->headers[i].name);
    }
    if (!mhsmi_url_parse(url, request->url))
        return mhsmi_error(err, MHSM_ERR_URI, "malformed URL");
    if (strcmp(url->scheme, "https") == 0)
        return MHSM_OK;
    if (strcmp(url->scheme, "http") != 0)
        return mhsmi_error(err, MHSM_ERR_URI, "%s: only https is spoken",
                           url->host);
    if (!request->plain_http_allowed || (!mhsmi_host_is_loopback(url->host) &&
                                         !mhsmi_host_is_link_local(url->host)))
        return mhsmi_error(err, MHSM_ERR_URI,
                           "%s: http without TLS is refused for this host",
                           url->host);
    return MHSM_OK;
}

/* The block, filled from the front; with `at` NULL it only counts. */
struct arena {
    char *at;
    size_t size;
};

static char *put(struct arena *arena, const void *data, size_t size)
{
    char *start = arena->at;

    arena->size += size + 1;
    if (start == NULL)
        return NULL;
    if (size != 0)
        memcpy(start, data, size);
    start[size] = 0;
    arena->at += size + 1;
    return start;
}

static const char *put_text(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : put(arena, text, strlen(text));
}

/* "Name: value"; libcurl writes an empty value as "Name;". */
static char *put_header(struct arena *arena, const struct mhsmi_header *header)
{
    size_t name = strlen(header->name), value = strlen(header->value);
    size_t size = name + 2 + value;
    char *line = arena->at;

    arena->size += size + 1;
    if (line == NULL)
        return NULL;
    memcpy(line, header->name, name);
    memcpy(line + name, value == 0 ? ";" : ": ", value == 0 ? 1 : 2);
    memcpy(line + name + 2, header->value, value);
    arena->at += size + 1;
    return line;
}

static const struct mhsmi_header *find_header(const struct mhsmi_request *from,
                                              const char *name)
{
    size_t i, size = strlen(name);

    for (i = 0; i < from->header_count; i++) {
        if (strlen(from->headers[i].name) == size &&
            OPENSSL_strcasecmp(from->headers[i].name, name) == 0)
            return &from->headers[i];
    }
    return NULL;
}

/* Since long libcurl expects 100 of no smaller body. */
enum { expects_from = 1024 * 1024 };

static int is_large(const struct mhsmi_request *from)
{
    return from->body_size >= expects_from;
}

static int has_untyped_body(const struct mhsmi_request *from)
{
    return from->body_size != 0 && find_header(from, "Content-Type") == NULL;
}

static int has_no_body(const struct mhsmi_request *from)
{
    return from->body_size == 0 && strcmp(from->method, "GET") != 0 &&
           strcmp(from->method, "DELETE") != 0;
}

/* Headers with no value in libcurl's sense take away what it would add by
 * itself; the length of no body is what it would not say. */
static const struct extra {
    const char *line;
    int (*is_wanted)(const struct mhsmi_request *from);
} extras[] = {
    {"Expect:", is_large},
    {"Content-Type:", has_untyped_body},
    {"Content-Length: 0", has_no_body},
};
enum { extra_count = sizeof(extras) / sizeof(extras[0]) };

/* The next node after it; NULL while only counting. */
static struct curl_slist *put_line(struct curl_slist *to, char *line)
{
    if (to == NULL)
        return NULL;
    to->data = line;
    to->next = to + 1;
    return to + 1;
}

static void put_headers(struct arena *arena, struct mhsmi_job *job,
                        const struct mhsmi_request *from)
{
    /* As a header of its own: libcurl formats its option twice. */
    const struct mhsmi_header agent = {"User-Agent",
                                       from->transport->user_agent};
    struct curl_slist *to = job->headers;
    size_t i;

    for (i = 0; i < from->header_count; i++)
        to = put_line(to, put_header(arena, &from->headers[i]));
    if (agent.value != NULL)
        to = put_line(to, put_header(arena, &agent));
    for (i = 0; i < extra_count; i++) {
        if (extras[i].is_wanted(from))
            to = put_line(to,
                          put(arena, extras[i].line, strlen(extras[i].line)));
    }
    if (to != NULL)
        to[-1].next = NULL;
}

/* "scheme://host" and `port`. */
static const char *put_origin(struct arena *arena, const struct mhsmi_url *url,
                              const char *port)
{
    const char *const texts[] = {url->scheme, "://", url->host, port};
    char *start = arena->at;
    size_t i, size;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size = strlen(texts[i]);
        arena->size += size;
        if (start != NULL) {
            memcpy(arena->at, texts[i], size);
            arena->at += size;
        }
    }
    (void)put(arena, "", 0);
    return start;
}

static void put_transport(struct arena *arena, struct mhsmi_job *job,
                          const struct mhsmi_transport *from)
{
    size_t i;

    for (i = 0; i < mhsmi_transport_texts; i++)
        mhsmi_transport_set_text(
            &job->transport, i, put_text(arena, mhsmi_transport_text(from, i)));
}

static void put_all(struct arena *arena, struct mhsmi_job *job,
                    const struct mhsmi_request *from,
                    const struct mhsmi_url *url, const char *port)
{
    job->method = put_text(arena, from->method);
    job->url = put_text(arena, from->url);
    job->origin = put_origin(arena, url, port);
    job->host = put_text(arena, url->host);
    put_transport(arena, job, from->transport);
    put_headers(arena, job, from);
    job->body = put(arena, from->body, from->body_size);
}

/* The job, the nodes of its headers and the arena are one block. */
static struct mhsmi_job *job_copy(const struct mhsmi_request *from,
                                  const struct mhsmi_url *url)
{
    size_t nodes =
        (from->header_count + 1 + extra_count) * sizeof(struct curl_slist);
    struct mhsmi_job count = {0}, *job;
    char port[16] = "";
    struct arena arena = {NULL, 0};

    if (url->port != 0)
        (void)snprintf(port, sizeof(port), ":%d", url->port);
    put_all(&arena, &count, from, url, port);
    job = mhsmi_alloc(sizeof(*job) + nodes + arena.size);
    if (job == NULL)
        return NULL;
    job->headers = (struct curl_slist *)(void *)(job + 1);
    job->arena = (char *)(job + 1) + nodes;
    job->arena_size = arena.size;
    arena = (struct arena){job->arena, 0};
    put_all(&arena, job, from, url, port);
    atomic_init(&job->references, 1);
    (void)sem_init(&job->finished, 0, 0);
    job->wake_fd = -1;
    return job;
}

static void copy_limits(struct mhsmi_job *job, const struct mhsmi_request *from)
{
    const struct mhsmi_transport *transport = from->transport;

    job->deadline_ms = from->deadline_ms;
    job->try_timeout_ms = from->try_timeout_ms;
    job->body_size = from->body_size;
    job->max_response = from->max_response;
    job->fresh_connection = from->fresh_connection;
    job->http1_only = from->http1_only || transport->http1_only;
    job->transport.http1_only = transport->http1_only;
    job->transport.connect_timeout_ms = transport->connect_timeout_ms;
    job->transport.max_connections =
        transport->max_connections < 1 ? 1 : transport->max_connections;
    job->transport.max_connection_age_s = transport->max_connection_age_s;
    job->transport.idle_timeout_s = transport->idle_timeout_s;
    mhsmi_buf_init(&job->response.body, from->max_response);
}

mhsm_status mhsmi_job_new(const struct mhsmi_request *request,
                          struct mhsmi_job **job, mhsm_error **err)
{
    struct mhsmi_url url = {0};
    struct mhsmi_job *made = NULL;
    mhsm_status st = check_request(request, &url, err);

    if (st != MHSM_OK)
        goto out;
    made = job_copy(request, &url);
    if (made == NULL) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    made->is_https = strncmp(made->origin, "https:", 6) == 0;
    copy_limits(made, request);
    *job = made;
out:
    mhsmi_url_clear(&url);
    return st;
}

void mhsmi_job_free(struct mhsmi_job *job)
{
    if (job == NULL || atomic_fetch_sub(&job->references, 1) != 1)
        return;
    (void)sem_destroy(&job->finished);
    mhsmi_waiter_close(job->wake_fd);
    mhsmi_response_clear(&job->response);
    explicit_bzero(job->arena, job->arena_size);
    mhsmi_free(job);
}

int mhsmi_job_begin(struct mhsmi_job *job)
{
    job->started_ms = mhsmi_clock_ms();
    job->limit_ms = job->deadline_ms;
    if (job->try_timeout_ms > 0 &&
        job->limit_ms - job->started_ms > job->try_timeout_ms)
        job->limit_ms = job->started_ms + job->try_timeout_ms;
    return job->limit_ms > job->started_ms;
}

void mhsmi_jobs_append(struct mhsmi_jobs *jobs, struct mhsmi_job *job)
{
    job->next = NULL;
    job->previous = jobs->last;
    if (jobs->last == NULL)
        jobs->first = job;
    else
        jobs->last->next = job;
    jobs->last = job;
}

void mhsmi_jobs_remove(struct mhsmi_jobs *jobs, struct mhsmi_job *job)
{
    if (job->previous == NULL)
        jobs->first = job->next;
    else
        job->previous->next = job->next;
    if (job->next == NULL)
        jobs->last = job->previous;
    else
        job->next->previous = job->previous;
    job->next = job->previous = NULL;
}
