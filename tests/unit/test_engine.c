/* SPDX-License-Identifier: MIT
 *
 * The engine against a real server: what is sent, what is accepted, how each
 * failure is told, and that connections are kept.
 */
#include "http/engine.h"

#include <fcntl.h>

#include "base/clock.h"
#include "check.h"
#include "loopback.h"

static struct loopback tls, plain, silent, proxy, reset, elsewhere;
static struct mhsmi_transport direct = {
    .proxy = "",
    .connect_timeout_ms = 2000,
    .max_connections = 8,
    .max_connection_age_s = 600,
    .idle_timeout_s = 60,
    .user_agent = "mhsm-test/1",
};

struct outcome {
    mhsm_status status;
    struct mhsmi_response response;
    struct mhsmi_counters counters;
    mhsm_error *err;
    int64_t ms;
};

static void forget(struct outcome *outcome)
{
    mhsmi_response_clear(&outcome->response);
    mhsm_error_free(&outcome->err);
}

static void perform(struct outcome *outcome, struct mhsmi_request request)
{
    int64_t began = mhsmi_clock_ms();

    memset(outcome, 0, sizeof(*outcome));
    mhsmi_response_init(&outcome->response);
    if (request.transport == NULL)
        request.transport = &direct;
    if (request.method == NULL)
        request.method = "GET";
    if (request.max_response == 0)
        request.max_response = 1024 * 1024;
    if (request.deadline_ms == 0)
        request.deadline_ms = mhsmi_clock_deadline(10000);
    outcome->status = mhsmi_engine_perform(&request, &outcome->response,
                                           &outcome->counters, &outcome->err);
    outcome->ms = mhsmi_clock_ms() - began;
    CHECK((outcome->status == MHSM_OK) == (outcome->err == NULL));
    CHECK(outcome->status == mhsm_error_status(outcome->err));
}

static const char *url_of(const struct loopback *server, const char *path)
{
    static char url[512];

    (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%d%s",
                   server->kind == LOOPBACK_PLAIN ? "http" : "https",
                   server->port, path);
    return url;
}

static void get(struct outcome *outcome, const char *path)
{
    perform(outcome, (struct mhsmi_request){.url = url_of(&tls, path)});
}

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

static void fail(const char *url, mhsm_status status, int sent, int transient)
{
    struct outcome o;

    perform(&o, (struct mhsmi_request){.url = url, .fresh_connection = 1});
    if (o.status != status)
        (void)fprintf(stderr, "%s: %s\n", url, mhsm_error_text(o.err));
    CHECK(o.status == status);
    CHECK(o.response.sent == sent);
    CHECK(o.response.transient == transient);
    CHECK(o.response.status == 0 && o.response.body.size == 0);
    CHECK(o.response.request_id == NULL && o.response.content_type == NULL);
    CHECK(strstr(mhsm_error_message(o.err), "q=s3cret") == NULL);
    CHECK(strpbrk(mhsm_error_text(o.err), "\r\n") == NULL);
    forget(&o);
}

static void test_failures(void)
{
    fail(url_of(&tls, "/reset"), MHSM_ERR_TRANSPORT, 1, 1);
    fail(url_of(&tls, "/cut"), MHSM_ERR_TRANSPORT, 1, 1);
    fail(url_of(&tls, "/nothing"), MHSM_ERR_TRANSPORT, 1, 1);
    fail(url_of(&tls, "/garbage"), MHSM_ERR_PROTOCOL, 1, 0);
    fail(url_of(&tls, "/badchunk"), MHSM_ERR_TRANSPORT, 1, 1);
    fail(url_of(&reset, "/?q=s3cret"), MHSM_ERR_TLS, 0, 1);
    fail("https://127.0.0.1:1/?q=s3cret", MHSM_ERR_CONNECT, 0, 1);
    fail("https://no-such-host.invalid/?q=s3cret", MHSM_ERR_RESOLVE, 0, 1);
}

static void test_certificates(void)
{
    struct mhsmi_transport other = direct;
    struct outcome o;

    /* The right certificate authority, the wrong name. */
    other.ca_file = elsewhere.ca_path;
    perform(&o, (struct mhsmi_request){.url = url_of(&elsewhere, "/ok"),
                                       .transport = &other});
    CHECK(o.status == MHSM_ERR_TLS && o.response.sent == 0);
    CHECK(!o.response.transient);
    CHECK(strstr(mhsm_error_hint(o.err), "ca-file") != NULL);
    forget(&o);
    /* Another authority, and the system's. */
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .transport = &other});
    CHECK(o.status == MHSM_ERR_TLS && o.response.sent == 0);
    forget(&o);
    other.ca_file = NULL;
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .transport = &other});
    CHECK(o.status == MHSM_ERR_TLS && o.response.sent == 0);
    CHECK(strstr(mhsm_error_message(o.err), "certificate") != NULL);
    forget(&o);
    other.ca_file = "/nonexistent/ca.pem";
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .transport = &other});
    CHECK(o.status == MHSM_ERR_TLS && !o.response.transient);
    CHECK(strstr(mhsm_error_message(o.err), "/nonexistent/ca.pem") != NULL);
    forget(&o);
    CHECK(atomic_load(&elsewhere.requests) == 0);
    /* A server without TLS. */
    {
        char url[64];

        (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/ok", plain.port);
        fail(url, MHSM_ERR_TLS, 0, 1);
    }
}

static void test_deadline(void)
{
    struct outcome o;

    perform(&o,
            (struct mhsmi_request){.url = url_of(&tls, "/hang"),
                                   .deadline_ms = mhsmi_clock_deadline(300)});
    CHECK(o.status == MHSM_ERR_TIMEOUT);
    CHECK(o.ms >= 290 && o.ms < 1500);
    CHECK(o.response.sent == 1 && o.response.transient);
    forget(&o);
    /* One try is shorter than the call. */
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/hang"),
                                       .try_timeout_ms = 200});
    CHECK(o.status == MHSM_ERR_TIMEOUT);
    CHECK(o.ms >= 190 && o.ms < 1500);
    forget(&o);
    /* Long past. */
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .deadline_ms = 1});
    CHECK(o.status == MHSM_ERR_TIMEOUT && o.response.sent == 0);
    forget(&o);
    /* A server that never begins its handshake. */
    perform(&o,
            (struct mhsmi_request){.url = url_of(&silent, "/ok"),
                                   .deadline_ms = mhsmi_clock_deadline(300)});
    CHECK(o.status == MHSM_ERR_TIMEOUT && o.response.sent == 0);
    CHECK(o.ms < 1500);
    forget(&o);
    {
        struct mhsmi_transport hasty = direct;

        hasty.connect_timeout_ms = 200;
        perform(&o, (struct mhsmi_request){.url = url_of(&silent, "/ok"),
                                           .transport = &hasty});
        CHECK(o.status == MHSM_ERR_TIMEOUT && o.response.sent == 0);
        CHECK(o.ms < 1500);
        forget(&o);
    }
    get(&o, "/ok");
    CHECK(o.status == MHSM_OK);
    forget(&o);
}

static void test_proxy(void)
{
    struct mhsmi_transport through = direct;
    char address[64];
    struct outcome o;

    (void)snprintf(address, sizeof(address), "http://127.0.0.1:%d", proxy.port);
    through.proxy = address;
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .transport = &through});
    CHECK(o.status == MHSM_ERR_CONNECT && o.response.sent == 0);
    CHECK(strstr(mhsm_error_message(o.err), "proxy") != NULL);
    CHECK(atomic_load(&proxy.requests) == 1);
    forget(&o);
    through.no_proxy = "127.0.0.1";
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .transport = &through});
    CHECK(o.status == MHSM_OK);
    forget(&o);

    /* From the environment, and never when told so. */
    CHECK(setenv("https_proxy", address, 1) == 0);
    through.proxy = NULL;
    through.no_proxy = NULL;
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .transport = &through});
    CHECK(o.status == MHSM_ERR_CONNECT);
    CHECK(atomic_load(&proxy.requests) == 2);
    forget(&o);
    get(&o, "/ok");
    CHECK(o.status == MHSM_OK);
    CHECK(atomic_load(&proxy.requests) == 2);
    forget(&o);
    CHECK(unsetenv("https_proxy") == 0);
    /* A proxy that is not there. */
    through.proxy = "http://127.0.0.1:1";
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/ok"),
                                       .transport = &through});
    CHECK(o.status == MHSM_ERR_CONNECT && o.response.sent == 0);
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
        {"failures", test_failures},
        {"certificates", test_certificates},
        {"deadline", test_deadline},
        {"proxy", test_proxy},
        {"connections", test_connections},
        {"close on exec", test_close_on_exec},
        {NULL, NULL},
    };
    int bad;

    if (!loopback_start(&tls, LOOPBACK_TLS, "IP:127.0.0.1,DNS:localhost") ||
        !loopback_start(&elsewhere, LOOPBACK_TLS, "DNS:other.example") ||
        !loopback_start(&plain, LOOPBACK_PLAIN, NULL) ||
        !loopback_start(&silent, LOOPBACK_SILENT, NULL) ||
        !loopback_start(&proxy, LOOPBACK_PROXY, NULL) ||
        !loopback_start(&reset, LOOPBACK_RESET, NULL))
        return 1;
    direct.ca_file = tls.ca_path;
    bad = check_main("engine", checks);
    loopback_stop(&tls);
    loopback_stop(&elsewhere);
    loopback_stop(&plain);
    loopback_stop(&silent);
    loopback_stop(&proxy);
    loopback_stop(&reset);
    return bad;
}
