/* SPDX-License-Identifier: MIT
 *
 * libcurl's failures in our words: what failed, at which host, and what to do.
 * The text must never hold a URL's path or query.
 */
#include "http/job.h"

#include <string.h>

#include "base/libcurl.h"

const char mhsmi_hint_threads[] =
    "the process may make no thread: raise its limit on processes (with "
    "HAProxy, set insecure-fork-wanted in section global)";
static const char hint_resolve[] =
    "check the HSM's name; behind a private endpoint its name resolves only "
    "with the private DNS zone linked to this network";
static const char hint_connect[] =
    "check the firewall and the HSM's network settings: with public access off "
    "it is reached only through its private endpoint";
static const char hint_tls[] =
    "if the network inspects TLS or the service has its own certificate "
    "authority, set ca-file (authority-ca-file for the token service)";
static const char hint_groups[] =
    "post-quantum=require allows no key agreement but %s: OpenSSL here (3.5 or "
    "later) and the server must have it";
static const char hint_timeout[] =
    "check the firewall and the HSM's network settings, or raise "
    "connect-timeout, try-timeout and timeout";
static const char hint_proxy[] =
    "check the options proxy and no-proxy, and the variable HTTPS_PROXY";

static const struct failure {
    CURLcode code;
    mhsm_status status;
    int transient;
    const char *what; /* completed by the host's name */
    const char *hint;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, MHSM_ERR_RESOLVE, 1, "cannot resolve",
     hint_resolve},
    {CURLE_COULDNT_RESOLVE_PROXY, MHSM_ERR_RESOLVE, 1,
     "cannot resolve the proxy on the way to", hint_proxy},
    {CURLE_COULDNT_CONNECT, MHSM_ERR_CONNECT, 1, "cannot connect to",
     hint_connect},
    {CURLE_PROXY, MHSM_ERR_CONNECT, 1, "the proxy does not lead to",
     hint_proxy},
    {CURLE_SSL_CONNECT_ERROR, MHSM_ERR_TLS, 1, "TLS handshake failed with",
     hint_tls},
    {CURLE_PEER_FAILED_VERIFICATION, MHSM_ERR_TLS, 0,
     "cannot trust the certificate of", hint_tls},
    {CURLE_SSL_CACERT_BADFILE, MHSM_ERR_TLS, 0,
     "cannot read the trusted certificates for", hint_tls},
    {CURLE_SSL_CERTPROBLEM, MHSM_ERR_TLS, 0, "TLS set-up failed for", NULL},
    {CURLE_SSL_CIPHER, MHSM_ERR_TLS, 0, "TLS set-up failed for", NULL},
    {CURLE_OPERATION_TIMEDOUT, MHSM_ERR_TIMEOUT, 1, "no answer in time from",
     hint_timeout},
    {CURLE_SEND_ERROR, MHSM_ERR_TRANSPORT, 1, "connection lost to", NULL},
    {CURLE_RECV_ERROR, MHSM_ERR_TRANSPORT, 1, "connection lost to", NULL},
    {CURLE_GOT_NOTHING, MHSM_ERR_TRANSPORT, 1, "connection closed by", NULL},
    {CURLE_PARTIAL_FILE, MHSM_ERR_TRANSPORT, 1, "answer cut short by", NULL},
    {CURLE_UNSUPPORTED_PROTOCOL, MHSM_ERR_PROTOCOL, 0, "no HTTP answer from",
     NULL},
    {CURLE_WEIRD_SERVER_REPLY, MHSM_ERR_PROTOCOL, 0, "no HTTP answer from",
     NULL},
    {CURLE_BAD_CONTENT_ENCODING, MHSM_ERR_PROTOCOL, 0, "malformed answer from",
     NULL},
    {CURLE_WRITE_ERROR, MHSM_ERR_PROTOCOL, 0, "answer not accepted from", NULL},
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, MHSM_ERR_PROTOCOL, 0, "answer not accepted from", NULL},
#endif
    {CURLE_URL_MALFORMAT, MHSM_ERR_URI, 0, "malformed URL for", NULL},
    {CURLE_FAILED_INIT, MHSM_ERR_INTERNAL, 0, "cannot set up HTTP or TLS for",
     NULL},
    {CURLE_OUT_OF_MEMORY, MHSM_ERR_MEMORY, 0, "out of memory talking to", NULL},
};

static const struct failure other = {CURLE_OK, MHSM_ERR_TRANSPORT, 1,
                                     "request failed to", NULL};
/* libcurl's words name the proxy's address in the place of the host's. */
static const struct failure no_proxy = {CURLE_OK, MHSM_ERR_CONNECT, 1,
                                        "cannot connect to the proxy for",
                                        hint_proxy};
/* Proxies answer CONNECT in their own right. */
static const struct failure refused = {CURLE_OK, MHSM_ERR_CONNECT, 0,
                                       "the proxy refuses a connection to",
                                       hint_proxy};
/* Until 8.6 libcurl calls a header line over its limit "out of memory". */
static const struct failure swollen = {
    CURLE_OK, MHSM_ERR_PROTOCOL, 0, "answer too large for memory from", NULL};
static const struct failure exiting = {CURLE_OK, MHSM_ERR_TRANSPORT, 0,
                                       "the process is exiting, no answer from",
                                       NULL};

static const struct failure *find_failure(const struct mhsmi_job *job)
{
    size_t i;

    if (job->stopped)
        return &exiting;
    if (job->connect_code >= 300)
        return &refused;
    if (job->by_proxy)
        return &no_proxy;
    if (job->code == CURLE_OUT_OF_MEMORY && job->response.sent)
        return &swollen;
    for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].code == job->code)
            return &failures[i];
    }
    return &other;
}

int mhsmi_job_is_transient(const struct mhsmi_job *job)
{
    return job->code != CURLE_OK && find_failure(job)->transient;
}

mhsm_status mhsmi_job_error(const struct mhsmi_job *job, mhsm_error **err)
{
    const struct failure *failure = find_failure(job);
    const char *reason = job->reason;
    mhsm_status st;

    if (job->stopped)
        reason = "";
    else if (job->too_large == 1)
        reason = "its body is larger than allowed";
    else if (job->too_large == 2)
        reason = "its headers are larger than allowed";
    else if (mhsmi_libcurl() == NULL)
        reason = "libcurl.so.4 of 7.84 or later cannot be loaded";
    else if (*reason == 0)
        reason = mhsmi_libcurl()->easy_strerror(job->code);
    if (failure->status == MHSM_ERR_MEMORY)
        return mhsmi_error_memory(err);
    st = mhsmi_error(err, failure->status, "%s %s%s%s%s", failure->what,
                     job->host, *reason == 0 ? "" : " (", reason,
                     *reason == 0 ? "" : ")");
    /* libcurl asks name servers in a thread, and says just this. */
    if (strstr(job->reason, "thread failed to start") != NULL)
        mhsmi_error_set_hint(err, "%s", mhsmi_hint_threads);
    else if (job->transport.groups != NULL && failure->status == MHSM_ERR_TLS)
        mhsmi_error_set_hint(err, hint_groups, job->transport.groups);
    else if (failure->hint != NULL)
        mhsmi_error_set_hint(err, "%s", failure->hint);
    return st;
}

mhsm_status mhsmi_job_overdue(const char *host, mhsm_error **err)
{
    mhsm_status st =
        mhsmi_error(err, MHSM_ERR_TIMEOUT, "no answer in time from %s", host);

    mhsmi_error_set_hint(err, "%s", hint_timeout);
    return st;
}
