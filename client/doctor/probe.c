/* SPDX-License-Identifier: MIT
 *
 * Watches libcurl's TLS from inside: a certificate that is refused never
 * reaches libcurl's own list of certificates, and it is just then that people
 * need to see whose it is.  The callbacks only look on; they decide nothing.
 */
#include "doctor/probe.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/libcurl.h"
#include "http/job.h"

enum { answer_max = 1024 * 1024 };

/* The callbacks' way back to the probe; the command has one thread. */
static int context_index = -1;

static struct doctor_probe *probe_of(const SSL *ssl)
{
    return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index);
}

static char *copy(const char *text)
{
    return text != NULL ? mhsmi_strdup(text) : NULL;
}

static void note_session(struct doctor_probe *probe, SSL *ssl)
{
    const char *group = NULL;
    int id = (int)SSL_get_negotiated_group(ssl);

    if (id > 0)
        group = SSL_group_to_name(ssl, id);
    mhsmi_free(probe->protocol);
    mhsmi_free(probe->cipher);
    mhsmi_free(probe->group);
    probe->protocol = copy(SSL_get_version(ssl));
    probe->cipher = copy(SSL_get_cipher_name(ssl));
    probe->group = copy(group);
    probe->shaken = 1;
}

static void on_info(const SSL *ssl, int where, int result)
{
    struct doctor_probe *probe = probe_of(ssl);

    (void)result;
    /* libssl hands over as const what its own functions take as not. */
    if (probe != NULL && (where & SSL_CB_HANDSHAKE_DONE) != 0) {
        union {
            const SSL *read;
            SSL *any;
        } same = {ssl};

        note_session(probe, same.any);
    }
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct doctor_probe *probe = ssl != NULL ? probe_of(ssl) : NULL;

    if (probe == NULL)
        return ok;
    if (probe->chain == NULL && X509_STORE_CTX_get0_untrusted(store) != NULL)
        probe->chain = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(store));
    if (!ok && probe->verify_error == X509_V_OK)
        probe->verify_error = X509_STORE_CTX_get_error(store);
    return ok;
}

static CURLcode on_context(CURL *easy, void *context, void *data)
{
    SSL_CTX *tls = context;

    (void)easy;
    if (context_index < 0)
        context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    if (context_index < 0 || !SSL_CTX_set_ex_data(tls, context_index, data))
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_verify(tls, SSL_CTX_get_verify_mode(tls), on_verify);
    SSL_CTX_set_info_callback(tls, on_info);
    return CURLE_OK;
}

struct reading {
    struct mhsmi_job *job;
    struct doctor_probe *probe;
};

/* The Date is of no use to any other request. */
static size_t take_header(char *line, size_t one, size_t size, void *data)
{
    static const char name[] = "date:";
    struct reading *reading = data;
    size_t from = sizeof(name) - 1;

    if (size > from && OPENSSL_strncasecmp(line, name, from) == 0) {
        while (from < size && (line[from] == ' ' || line[from] == '\t'))
            from++;
        mhsmi_free(reading->probe->date);
        reading->probe->date = mhsmi_strndup(line + from, size - from);
        if (reading->probe->date != NULL)
            reading->probe->date[strcspn(reading->probe->date, "\r\n")] = '\0';
    }
    return mhsmi_job_take_header(line, one, size, reading->job);
}

static const char *http_name(long version)
{
    return version == CURL_HTTP_VERSION_2_0 ? "HTTP/2" : "HTTP/1.1";
}

static int64_t moment(CURL *easy, CURLINFO which)
{
    curl_off_t us = 0;

    (void)mhsmi_libcurl()->easy_getinfo(easy, which, &us);
    return (int64_t)us;
}

static void note_transfer(struct doctor_probe *probe, CURL *easy)
{
    long version = 0;
    char *address = NULL;

    (void)mhsmi_libcurl()->easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    (void)mhsmi_libcurl()->easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
    probe->http = http_name(version);
    probe->address =
        address != NULL && *address != '\0' ? mhsmi_strdup(address) : NULL;
    probe->connect_us = moment(easy, CURLINFO_CONNECT_TIME_T);
    probe->tls_us = moment(easy, CURLINFO_APPCONNECT_TIME_T);
    probe->answer_us = moment(easy, CURLINFO_STARTTRANSFER_TIME_T);
}

#define SET(option, value)                                                     \
    (mhsmi_libcurl()->easy_setopt(job->easy, option, value) == CURLE_OK)

/* A libcurl whose TLS is not OpenSSL's refuses the callback; then less is
 * seen. */
static int prepare(struct mhsmi_job *job, struct reading *reading)
{
    if (!mhsmi_job_prepare(job, NULL, NULL, NULL) ||
        !SET(CURLOPT_HEADERFUNCTION, take_header) ||
        !SET(CURLOPT_HEADERDATA, (void *)reading))
        return 0;
    (void)SET(CURLOPT_SSL_CTX_FUNCTION, on_context);
    (void)SET(CURLOPT_SSL_CTX_DATA, (void *)reading->probe);
    return 1;
}

static void perform(struct mhsmi_job *job, struct doctor_probe *probe)
{
    CURLcode code = mhsmi_libcurl()->easy_perform(job->easy);

    note_transfer(probe, job->easy);
    mhsmi_job_collect(job, code);
    probe->status =
        job->code == CURLE_OK ? MHSM_OK : mhsmi_job_error(job, &probe->error);
    probe->response = job->response;
    mhsmi_response_init(&job->response);
}

mhsm_status doctor_probe_run(struct doctor_probe *probe,
                             const struct mhsmi_transport *transport,
                             const char *url, int64_t deadline_ms,
                             mhsm_error **err)
{
    static const struct mhsmi_header accept = {"Accept", "application/json"};
    struct mhsmi_request request = {.transport = transport,
                                    .method = "GET",
                                    .url = url,
                                    .headers = &accept,
                                    .header_count = 1,
                                    .max_response = answer_max,
                                    .deadline_ms = deadline_ms,
                                    .fresh_connection = 1};
    struct mhsmi_job *job = NULL;
    struct reading reading;
    mhsm_status st;

    if (mhsmi_libcurl() == NULL)
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "libcurl.so.4 of 7.84 or later cannot be loaded");
    st = mhsmi_job_new(&request, &job, err);
    if (st != MHSM_OK)
        return st;
    job->started_ms = mhsmi_clock_ms();
    job->limit_ms = deadline_ms;
    job->easy = mhsmi_libcurl()->easy_init();
    reading = (struct reading){job, probe};
    if (job->easy == NULL || !prepare(job, &reading))
        st = mhsmi_error(err, MHSM_ERR_INTERNAL, "libcurl refuses an option");
    else
        perform(job, probe);
    if (job->easy != NULL)
        mhsmi_libcurl()->easy_cleanup(job->easy);
    job->easy = NULL;
    mhsmi_job_free(job);
    return st;
}

void doctor_probe_clear(struct doctor_probe *probe)
{
    mhsm_error_free(&probe->error);
    mhsmi_response_clear(&probe->response);
    mhsmi_free(probe->date);
    mhsmi_free(probe->address);
    mhsmi_free(probe->protocol);
    mhsmi_free(probe->cipher);
    mhsmi_free(probe->group);
    sk_X509_pop_free(probe->chain, X509_free);
    *probe = (struct doctor_probe){0};
}
