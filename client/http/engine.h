/* SPDX-License-Identifier: MIT
 *
 * The engine: one loop per process generation (a fork starts a new one), which
 * performs a request on the caller's thread, or on a thread of its own where
 * that would do harm, until a deadline.
 *
 * It runs under a private OSSL_LIB_CTX that holds only the default provider,
 * so TLS here can never call back into a provider of the host, and errors in
 * the host's queue stay there (visit.h).  Its thread blocks all signals, and
 * leaves after a while without work.
 *
 * Knows HTTP, knows neither tokens nor keys.
 */
#ifndef MHSM_CLIENT_HTTP_ENGINE_H
#define MHSM_CLIENT_HTTP_ENGINE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* How to reach a class of hosts; outlives the calls that it is given to. */
struct mhsmi_transport {
    const char *ca_file; /* PEM roots instead of the system's; NULL: system */
    const char *ca_pem;  /* the same as text, before ca_file; NULL: none */
    /* "::HOST:PORT": where to connect to, whatever host the URL names; NULL:
     * to that. */
    const char *connect_to;
    const char *proxy; /* NULL: the environment's, read once; "": never any */
    const char *no_proxy;
    const char *thumbprint; /* SHA-1, hexadecimal: the certificate may be this
                               very one instead of one that the roots vouch
                               for; NULL: may not */
    int connect_timeout_ms;
    int max_connections; /* per host */
    int max_connection_age_s;
    int idle_timeout_s;
    const char *user_agent;
    const char *groups; /* of key agreement in TLS, none else; NULL: libssl's */
    int http1_only;     /* do not offer HTTP/2 */
};

struct mhsmi_header {
    const char *name;
    const char *value; /* may be a secret: wiped by whoever owns it */
};

struct mhsmi_request {
    const struct mhsmi_transport *transport;
    const char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE" */
    const char *url;    /* https; http only to loopback or link-local hosts
                           and only when plain_http_allowed */
    int plain_http_allowed;
    const struct mhsmi_header *headers;
    size_t header_count;
    const void *body; /* copied, and the copy wiped, like all of this */
    size_t body_size;
    size_t max_response;  /* octets of body accepted */
    int64_t deadline_ms;  /* whole call, monotonic */
    int try_timeout_ms;   /* each try */
    int http1_only;       /* as the transport's */
    int fresh_connection; /* for requests that must not be resent: libcurl
                               repeats on a dead reused connection by itself */
};

/* Response headers that anything above needs; NULL when absent. */
struct mhsmi_response {
    int status;             /* 0: no answer */
    struct mhsmi_buf body;  /* wiped by mhsmi_response_clear */
    char *request_id;       /* x-ms-request-id */
    char *www_authenticate; /* first one that says Bearer, else the first */
    char *retry_after;      /* Retry-After */
    char *retry_after_ms;   /* retry-after-ms or x-ms-retry-after-ms */
    char *location;
    char *async_operation; /* Azure-AsyncOperation */
    char *content_type;
    int sent;            /* the request may have reached the server */
    int transient;       /* a failure that may pass by itself */
    int new_connections; /* opened for this try */
    int http2_failed;    /* HTTP/1.1 may fare better */
};

void mhsmi_response_init(struct mhsmi_response *response);
void mhsmi_response_clear(struct mhsmi_response *response);

/* Counters of one client, updated atomically. */
struct mhsmi_counters {
    unsigned long requests, connections, retries, tokens;
};

/* One try, no retry, no redirect: blocks until the answer or the deadline.
 * MHSM_OK for any HTTP status.  On failure response->sent tells whether the
 * request may have been acted upon.  Thread-safe; safe after fork. */
MHSM_NODISCARD mhsm_status mhsmi_engine_perform(
    const struct mhsmi_request *request, struct mhsmi_response *response,
    struct mhsmi_counters *counters, mhsm_error **err);

#endif
