/* SPDX-License-Identifier: MIT
 *
 * A job: one request copied out of its caller's hands, and what became of it.
 * The copy is what allows a caller to leave at its deadline whatever the I/O
 * thread is doing.
 *
 * Shared by two parties, the caller and, unless he carries it himself, the I/O
 * thread: each has a reference.  The outcome belongs to the I/O thread until
 * `done`, and to the caller after it.
 */
#ifndef MHSM_CLIENT_HTTP_JOB_H
#define MHSM_CLIENT_HTTP_JOB_H

#include <semaphore.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include "http/engine.h"

struct mhsmi_handle;
struct mhsmi_host;

enum mhsmi_place {
    MHSMI_JOB_OUTSIDE = 0,
    MHSMI_JOB_WAITING = 1, /* in its host's list */
    MHSMI_JOB_ADMITTED = 2
};

struct mhsmi_job {
    struct mhsmi_job *next, *previous;

    /* The request; every pointer leads into `arena`, which is wiped. */
    char *arena;
    size_t arena_size;
    struct curl_slist *headers; /* nodes in one array, never freed by curl */
    const char *method, *url, *origin, *host;
    int is_https;
    struct mhsmi_transport transport; /* with no user_agent */
    struct curl_slist connect_to;     /* no data: none */
    const char *body;
    size_t body_size, max_response;
    int fresh_connection, http1_only;
    int64_t deadline_ms;          /* when the caller leaves, monotonic */
    int try_timeout_ms;           /* 0: none of its own */
    int64_t started_ms, limit_ms; /* of this try, once it is sent */

    /* The outcome. */
    struct mhsmi_handle *handle; /* lent by the loop (handle.h) */
    CURL *easy;
    struct mhsmi_response response;
    CURLcode code;
    char reason[CURL_ERROR_SIZE]; /* libcurl's words */
    long connect_code;            /* the proxy's answer to CONNECT */
    int by_proxy;                 /* what could not be reached is a proxy */
    size_t header_count, header_size;
    int too_large; /* 1: body over max_response, 2: headers over ours */
    int stopped;   /* the process is exiting */

    atomic_int references;
    atomic_int done;
    sem_t finished;
    int wake_fd; /* what ends the pause of a fibre, the job's own; else -1 */

    int by_lane; /* the caller's thread carries it (lane.h) */

    /* Under the loop's lock. */
    int abandoned, queued;
    enum mhsmi_place place;
    struct mhsmi_host *at; /* unless it is outside */
};

struct mhsmi_jobs {
    struct mhsmi_job *first, *last;
};

void mhsmi_jobs_append(struct mhsmi_jobs *jobs, struct mhsmi_job *job);
void mhsmi_jobs_remove(struct mhsmi_jobs *jobs, struct mhsmi_job *job);

/* A copy of `request`, with one reference; errors: MHSM_ERR_ARGUMENT, MHSM_ERR_URI,
 * MHSM_ERR_MEMORY. */
MHSM_NODISCARD mhsm_status mhsmi_job_new(const struct mhsmi_request *request,
                                         struct mhsmi_job **job,
                                         mhsm_error **err);
/* Drop a reference; the last one wipes. */
void mhsmi_job_free(struct mhsmi_job *job);

/* The time of the try starts to run; 0: it is over already. */
MHSM_NODISCARD int mhsmi_job_begin(struct mhsmi_job *job);
/* Give job->easy its options; 1, or 0 when libcurl refuses one. */
MHSM_NODISCARD int mhsmi_job_prepare(struct mhsmi_job *job,
                                     curl_opensocket_callback open_socket,
                                     curl_closesocket_callback close_socket,
                                     void *socket_data);
/* The same of job->easy that was prepared for another job of this transport,
 * and of https or not as this one. */
MHSM_NODISCARD int mhsmi_job_prepare_own(struct mhsmi_job *job);
/* Make job->easy forget what is the job's own. */
MHSM_NODISCARD int mhsmi_job_let_go(struct mhsmi_job *job);
/* Read the outcome off job->easy. */
void mhsmi_job_collect(struct mhsmi_job *job, CURLcode code);
/* The host has taken the connection away under way. */
void mhsmi_job_lose(struct mhsmi_job *job);

/* Response callbacks of libcurl; `data` is the job. */
size_t mhsmi_job_take_header(char *line, size_t one, size_t size, void *data);
size_t mhsmi_job_take_body(char *octets, size_t one, size_t size, void *data);

/* The error of a job that ended with job->code, and of one whose caller leaves
 * before its end. */
mhsm_status mhsmi_job_error(const struct mhsmi_job *job, mhsm_error **err);
mhsm_status mhsmi_job_overdue(const char *host, mhsm_error **err);
/* What to do where the process may make no thread. */
extern const char mhsmi_hint_threads[];
/* Whether the same request may well succeed a little later. */
int mhsmi_job_is_transient(const struct mhsmi_job *job);

#endif
