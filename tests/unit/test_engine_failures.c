/* SPDX-License-Identifier: MIT
 *
 * The engine when things go wrong: how each failure is told, whether the
 * request may have arrived, and that no deadline is passed.
 */
#include "http/engine.h"

#include <openssl/err.h>

#include "base/libcurl.h"
#include "outcome.h"

static struct loopback silent, proxy, reset, elsewhere;

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

static atomic_int polls;

static CURLMcode no_poll(CURLM *multi, struct curl_waitfd *fds,
                         unsigned int count, int ms, int *ready)
{
    (void)multi;
    (void)fds;
    (void)count;
    (void)ms;
    (void)ready;
    atomic_fetch_add(&polls, 1);
    return CURLM_OUT_OF_MEMORY;
}

/* One request while libcurl cannot wait: an error, not a busy loop. */
static void fail_poll(void)
{
    struct outcome o;

    atomic_store(&polls, 0);
    perform(&o, (struct mhsmi_request){.url = url_of(&tls, "/hang")});
    CHECK(o.status == MHSM_ERR_INTERNAL && !o.response.transient);
    CHECK(strstr(mhsm_error_message(o.err), "127.0.0.1") != NULL);
    CHECK(atomic_load(&polls) == 1);
    CHECK(o.ms < 5000);
    forget(&o);
}

/* In the caller's thread, and in the I/O thread, where an error of the caller's
 * sends it. */
static void test_no_poll(void)
{
    struct mhsmi_libcurl *table;
    const struct mhsmi_libcurl *found = mhsmi_libcurl();
    struct mhsmi_libcurl saved;
    struct outcome o;

    CHECK_FATAL(found != NULL);
    memcpy(&table, &found, sizeof(table));
    saved = *table;
    table->multi_poll = no_poll;
    fail_poll();
    ERR_raise(ERR_LIB_USER, 1);
    fail_poll();
    CHECK(ERR_GET_LIB(ERR_get_error()) == ERR_LIB_USER);
    *table = saved;
    get(&o, "/ok");
    CHECK(o.status == MHSM_OK && o.response.status == 200);
    forget(&o);
}

int main(void)
{
    static const struct check checks[] = {
        {"failures", test_failures}, {"certificates", test_certificates},
        {"deadline", test_deadline}, {"proxy", test_proxy},
        {"no poll", test_no_poll},   {NULL, NULL},
    };
    int bad;

    if (!loopback_start(&tls, LOOPBACK_TLS, "IP:127.0.0.1,DNS:localhost") ||
        !loopback_start(&plain, LOOPBACK_PLAIN, NULL) ||
        !loopback_start(&elsewhere, LOOPBACK_TLS, "DNS:other.example") ||
        !loopback_start(&silent, LOOPBACK_SILENT, NULL) ||
        !loopback_start(&proxy, LOOPBACK_PROXY, NULL) ||
        !loopback_start(&reset, LOOPBACK_RESET, NULL))
        return 1;
    direct.ca_file = tls.ca_path;
    bad = check_main("engine failures", checks);
    loopback_stop(&tls);
    loopback_stop(&plain);
    loopback_stop(&elsewhere);
    loopback_stop(&silent);
    loopback_stop(&proxy);
    loopback_stop(&reset);
    return bad;
}
