/* SPDX-License-Identifier: MIT
 *
 * The engine against a real server: what is sent, what is refused before it is
 * sent, what is accepted, and that connections are kept.
 */
#include "http/engine.h"

#include <fcntl.h>

#include "outcome.h"

static void test_answer(void)
{
    struct outcome o;

    get(&o, "/ok?secret=1");
    CHECK(o.status == MHSM_OK);
    CHECK(o.response.status == 200);
    CHECK_TEXT(mhsmi_buf_text(&o.response.body), "{\"ok\":true}");
    CHECK_FATAL(o.response.content_type != NULL);
    CHECK_TEXT(o.response.content_type, "application/json");
    CHECK_TEXT(o.response.request_id, "rid-200");
    CHECK(o.response.location == NULL && o.response.retry_after == NULL);
    CHECK(o.response.sent == 1);
    CHECK(o.response.new_connections == 1);
    CHECK(o.counters.requests == 1 && o.counters.connections == 1);
    forget(&o);

    /* In the steady state no connection is opened. */
    get(&o, "/ok");
    CHECK(o.status == MHSM_OK && o.response.new_connections == 0);
    CHECK(o.counters.requests == 1 && o.counters.connections == 0);
    forget(&o);
    CHECK(atomic_load(&tls.connections) == 1);

    /* Any status is an answer. */
    get(&o, "/absent");
    CHECK(o.status == MHSM_OK && o.response.status == 404);
    forget(&o);
    get(&o, "/empty");
    CHECK(o.status == MHSM_OK && o.response.status == 204);
    CHECK(o.response.body.size == 0);
    forget(&o);
    CHECK(atomic_load(&tls.connections) == 1);
}

static void echo(const char *method, const char *body, const char *type,
                 const char *expected)
{
    struct mhsmi_header headers[] = {
        {"Authorization", "Bearer t0ken"},
        {"Content-Type", type == NULL ? "" : type},
    };
    struct outcome o;

    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/echo"),
                                       .method = method,
                                       .headers = headers,
                                       .header_count = type == NULL ? 1 : 2,
                                       .body = body,
                                       .body_size =
                                           body == NULL ? 0 : strlen(body)});
    CHECK(o.status == MHSM_OK);
    CHECK_TEXT(mhsmi_buf_text(&o.response.body), expected);
    forget(&o);
}

static void test_methods(void)
{
    static const char json[] = "application/json";

    echo("GET", NULL, NULL, "GET||Bearer t0ken||mhsm-test/1|");
    echo("POST", "{}", json,
         "POST|application/json|Bearer t0ken||mhsm-test/1|{}");
    echo("POST", NULL, NULL, "POST||Bearer t0ken||mhsm-test/1|");
    echo("PUT", "put", json,
         "PUT|application/json|Bearer t0ken||mhsm-test/1|put");
    echo("PATCH", "p", json,
         "PATCH|application/json|Bearer t0ken||mhsm-test/1|p");
    echo("DELETE", NULL, NULL, "DELETE||Bearer t0ken||mhsm-test/1|");
    echo("DELETE", "d", json,
         "DELETE|application/json|Bearer t0ken||mhsm-test/1|d");
    echo("PUT", NULL, NULL, "PUT||Bearer t0ken||mhsm-test/1|");
}

static void refuse(struct mhsmi_request request, mhsm_status status)
{
    int before = atomic_load(&tls.requests) + atomic_load(&plain.connections);
    struct outcome o;

    perform(&o, request);
    CHECK(o.status == status);
    CHECK(o.response.sent == 0 && o.response.status == 0);
    CHECK(atomic_load(&tls.requests) + atomic_load(&plain.connections) ==
          before);
    CHECK(o.counters.requests == 0);
    CHECK(strstr(mhsm_error_text(o.err), "s3cret") == NULL);
    forget(&o);
}

static void test_refused_requests(void)
{
    static const struct mhsmi_header bad[] = {
        {"X-A", "s3cret\r\nX-B: 2"},
        {"X-A", "s3cret\nX"},
        {"X A", "s3cret"},
        {"", "s3cret"},
        {"X:A", "s3cret"},
        {"X\r\n", "s3cret"},
        {"X-A", "s3cret\x7f"},
        {NULL, "s3cret"},
        {"X-A", NULL},
    };
    const char *ok = "https://127.0.0.1:1/";
    char http[128];
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuse((struct mhsmi_request){.url = ok,
                                      .headers = &bad[i],
                                      .header_count = 1},
               MHSM_ERR_ARGUMENT);
    refuse(
        (struct mhsmi_request){.url = ok, .header_count = 65, .headers = bad},
        MHSM_ERR_ARGUMENT);
    refuse((struct mhsmi_request){.url = ok, .body_size = 4},
           MHSM_ERR_ARGUMENT);
    refuse((struct mhsmi_request){.url = ok, .method = "TRACE"},
           MHSM_ERR_ARGUMENT);
    refuse((struct mhsmi_request){.url = ok, .method = "GET /s3cret"},
           MHSM_ERR_ARGUMENT);
    refuse((struct mhsmi_request){.url = "https://u:s3cret@h/"}, MHSM_ERR_URI);
    refuse((struct mhsmi_request){.url = "file:///etc/passwd"}, MHSM_ERR_URI);
    refuse((struct mhsmi_request){.url = "ftp://127.0.0.1/s3cret"},
           MHSM_ERR_URI);
    refuse((struct mhsmi_request){.url = NULL}, MHSM_ERR_URI);
    (void)snprintf(http, sizeof(http), "http://127.0.0.1:%d/ok", plain.port);
    refuse((struct mhsmi_request){.url = http}, MHSM_ERR_URI);
    refuse((struct mhsmi_request){.url = "http://example.com/s3cret",
                                  .plain_http_allowed = 1},
           MHSM_ERR_URI);
}

static void test_plain_http(void)
{
    struct outcome o;

    perform(&o, (struct mhsmi_request){.url = url_of(&plain, "/ok"),
                                       .plain_http_allowed = 1});
    CHECK(o.status == MHSM_OK && o.response.status == 200);
    forget(&o);
}

static void test_sizes(void)
{
    struct outcome o;
    char body[40000];

    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/big/100000"),
                                       .max_response = 100000});
    CHECK(o.status == MHSM_OK && o.response.body.size == 100000);
    forget(&o);
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/big/100001"),
                                       .max_response = 100000});
    CHECK(o.status == MHSM_ERR_PROTOCOL);
    CHECK(strstr(mhsm_error_message(o.err), "larger") != NULL);
    CHECK(strstr(mhsm_error_message(o.err), "127.0.0.1") != NULL);
    CHECK(o.response.sent == 1 && o.response.status == 0);
    CHECK(o.response.body.size == 0 && !o.response.transient);
    forget(&o);
    get(&o, "/manyheaders");
    CHECK(o.status == MHSM_ERR_PROTOCOL);
    forget(&o);
    get(&o, "/largeheaders");
    CHECK(o.status == MHSM_ERR_PROTOCOL);
    CHECK(strstr(mhsm_error_message(o.err), "headers") != NULL);
    forget(&o);

    get(&o, "/longheader");
    CHECK(o.status == MHSM_ERR_PROTOCOL);
    forget(&o);

    memset(body, 'b', sizeof(body));
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .method = "POST",
                                       .body = body,
                                       .body_size = sizeof(body)});
    CHECK(o.status == MHSM_OK && o.response.status == 200);
    forget(&o);
    get(&o, "/chunked");
    CHECK(o.status == MHSM_OK);
    CHECK_TEXT(mhsmi_buf_text(&o.response.body), "firstsecond");
    forget(&o);
}

static void test_headers(void)
{
    struct outcome o;

    get(&o, "/interim");
    CHECK(o.status == MHSM_OK && o.response.status == 200);
    CHECK_FATAL(o.response.location != NULL);
    CHECK_TEXT(o.response.location, "/late");
    CHECK(o.response.retry_after == NULL);
    forget(&o);
    get(&o, "/challenges");
    CHECK(o.status == MHSM_OK && o.response.status == 401);
    CHECK_FATAL(o.response.www_authenticate != NULL);
    CHECK_TEXT(o.response.www_authenticate, "bearer b=\"2\"");
    forget(&o);
}

static void test_no_redirect(void)
{
    int before = atomic_load(&tls.requests);
    struct outcome o;

    get(&o, "/redirect");
    CHECK(o.status == MHSM_OK && o.response.status == 302);
    CHECK_TEXT(o.response.location, "/ok");
    CHECK(atomic_load(&tls.requests) == before + 1);
    forget(&o);
}

static void test_connections(void)
{
    struct outcome o;
    int before;

    get(&o, "/ok");
    forget(&o);
    before = atomic_load(&tls.connections);
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .fresh_connection = 1});
    CHECK(o.status == MHSM_OK && o.response.new_connections == 1);
    CHECK(atomic_load(&tls.connections) == before + 1);
    forget(&o);
    /* The server restarts: libcurl notices before it sends. */
    loopback_drop(&tls);
    loopback_nap(50);
    get(&o, "/ok");
    CHECK(o.status == MHSM_OK && o.response.new_connections == 1);
    forget(&o);
    /* It closes after an answer without saying so. */
    get(&o, "/stale");
    CHECK(o.status == MHSM_OK);
    forget(&o);
    loopback_nap(50);
    get(&o, "/ok");
    CHECK(o.status == MHSM_OK);
    forget(&o);
}

/* Descriptors of ours do not leak into programs that the host starts. */
static void test_close_on_exec(void)
{
    struct outcome o;
    int fd, sockets = 0, open_sockets = 0;

    get(&o, "/ok");
    CHECK(o.status == MHSM_OK);
    forget(&o);
    for (fd = 3; fd < 256; fd++) {
        struct sockaddr_in address;
        socklen_t size = sizeof(address);
        int flags = fcntl(fd, F_GETFD);

        if (flags < 0 ||
            getpeername(fd, (struct sockaddr *)&address, &size) != 0 ||
            address.sin_family != AF_INET)
            continue;
        sockets++;
        open_sockets += (flags & FD_CLOEXEC) == 0;
    }
    CHECK(sockets >= 2);
    CHECK(open_sockets == 0);
}

int main(void)
{
    static const struct check checks[] = {
        {"answer", test_answer},
        {"methods", test_methods},
        {"refused requests", test_refused_requests},
        {"plain http", test_plain_http},
        {"sizes", test_sizes},
        {"headers", test_headers},
        {"no redirect", test_no_redirect},
        {"connections", test_connections},
        {"close on exec", test_close_on_exec},
        {NULL, NULL},
    };
    int bad;

    if (!loopback_start(&tls, LOOPBACK_TLS, "IP:127.0.0.1,DNS:localhost") ||
        !loopback_start(&plain, LOOPBACK_PLAIN, NULL))
        return 1;
    direct.ca_file = tls.ca_path;
    bad = check_main("engine", checks);
    loopback_stop(&tls);
    loopback_stop(&plain);
    return bad;
}
