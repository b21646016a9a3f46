/* SPDX-License-Identifier: MIT
 *
 * The blob store's side.  A SAS token is a secret: it is in no message and in
 * no log.
 */
#include "backup/storage.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/transport.h"
#include "backup/blob_list.h"
#include "base/clock.h"
#include "base/endpoint.h"
#include "base/url.h"

enum { page_max = 8 * 1024 * 1024, header_max = 40000, url_max = 12 * 1024 };

#define RESOURCE    "https://storage.azure.com"
#define API_VERSION "2020-10-02"

static const char *const suffixes[] = {
    ".blob.core.windows.net",
    ".blob.core.usgovcloudapi.net",
    ".blob.core.chinacloudapi.cn",
    ".blob.storage.azure.net",
};

static int host_is_allowed(const mhsm_client *client,
                           const struct mhsmi_url *url)
{
    const char *list =
        mhsm_config_get(mhsm_client_config(client), "allowed-hosts");
    size_t i;

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (mhsmi_host_has_suffix(url->host, suffixes[i]) &&
            strcmp(url->host, suffixes[i] + 1) != 0)
            return url->port == 0 || url->port == 443;
    }
    return list != NULL && mhsmi_host_in_list(list, url->host, url->port);
}

/* The part behind the host: segments of what containers are called. */
static int path_is_container(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-$_/";

    return path[0] == '/' && path[1] != '\0' && path[1] != '/' &&
           strstr(path, "//") == NULL && strspn(path, letters) == strlen(path);
}

static mhsm_status check_url(const mhsm_client *client, const char *text,
                             mhsm_error **err)
{
    struct mhsmi_url url;
    mhsm_status st = MHSM_OK;

    if (strchr(text, '?') != NULL) {
        (void)mhsmi_error(err, MHSM_ERR_ARGUMENT,
                          "the container's URL ends before the \"?\"");
        mhsmi_error_set_hint(err, "what follows it is the SAS token, a secret: "
                                  "give it by a file or a variable");
        return MHSM_ERR_ARGUMENT;
    }
    /* Parsing takes "/../" away; what is sent is the text. */
    if (strlen(text) > MHSMI_STORAGE_URL_MAX || strchr(text, '#') != NULL ||
        strstr(text, "/.") != NULL || !mhsmi_url_parse(&url, text))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%.200s is no URL of a container", text);
    if (strcmp(url.scheme, "https") != 0 || !path_is_container(url.path)) {
        st = mhsmi_error(err, MHSM_ERR_ARGUMENT,
                         "%.200s is no URL of a container", text);
        mhsmi_error_set_hint(err,
                             "https://ACCOUNT.blob.core.windows.net/CONTAINER");
    } else if (!host_is_allowed(client, &url)) {
        st = mhsmi_error(err, MHSM_ERR_URI,
                         "%.253s is no blob store of Azure's: no token goes "
                         "there",
                         url.host);
        mhsmi_error_set_hint(err, "to allow it, set allowed-hosts");
    }
    mhsmi_url_clear(&url);
    return st;
}

/* The value of a parameter of a SAS token, where it stands. */
static const char *parameter(const char *sas, const char *name, size_t *size)
{
    size_t length = strlen(name);

    while (sas != NULL) {
        if (strncmp(sas, name, length) == 0 && sas[length] == '=') {
            sas += length + 1;
            *size = strcspn(sas, "&");
            return sas;
        }
        sas = strchr(sas, '&');
        sas = sas != NULL ? sas + 1 : NULL;
    }
    return NULL;
}

/* "2026-01-31", "2026-01-31T12:00Z" or with seconds, colons escaped or not; 0
 * for anything else. */
static int64_t parse_end(const char *text, size_t size)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ",
                                        "%Y-%m-%d"};
    char plain[32];
    size_t i, at = 0;

    for (i = 0; i < size && at < sizeof(plain) - 1; i++, at++) {
        if (size - i >= 3 && strncmp(text + i, "%3", 2) == 0 &&
            (text[i + 2] == 'A' || text[i + 2] == 'a')) {
            plain[at] = ':';
            i += 2;
        } else {
            plain[at] = text[i];
        }
    }
    plain[at] = '\0';
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {0};
        const char *end = strptime(plain, forms[i], &tm);

        if (end != NULL && *end == '\0')
            return (int64_t)timegm(&tm);
    }
    return 0;
}

static mhsm_status check_sas(struct mhsmi_storage *storage, mhsm_error **err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "%&=-_.~+/:,;()!*'$@";
    const char *sas = storage->sas, *end;
    size_t size = 0;

    if (strlen(sas) > MHSMI_SAS_MAX || strspn(sas, letters) != strlen(sas) ||
        parameter(sas, "sig", &size) == NULL || size == 0)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "the SAS token is damaged: it is one line of "
                           "NAME=VALUE with \"&\" between, one of them sig");
    end = parameter(sas, "se", &size);
    if (end == NULL) {
        (void)mhsmi_error(err, MHSM_ERR_ARGUMENT,
                          "the SAS token does not say when it ends (se)");
        mhsmi_error_set_hint(err, "the HSM takes none that leaves that to a "
                                  "stored access policy");
        return MHSM_ERR_ARGUMENT;
    }
    storage->expires = parse_end(end, size);
    if (storage->expires == 0 || storage->expires > mhsmi_clock_unix())
        return MHSM_OK;
    (void)mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                      "the SAS token has expired: it ended at %.*s",
                      size < 40 ? (int)size : 40, end);
    mhsmi_error_set_hint(err, "get another one, valid for a day or more");
    return MHSM_ERR_CREDENTIAL;
}

mhsm_status mhsmi_storage_open(const mhsm_client *client,
                               const mhsm_storage *storage,
                               struct mhsmi_storage *out, mhsm_error **err)
{
    struct mhsmi_storage made = {NULL, NULL, 0};
    mhsm_status st;
    size_t size;

    if (client == NULL || storage == NULL || storage->container == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "a backup needs a client and a container");
    st = check_url(client, storage->container, err);
    if (st == MHSM_OK && storage->sas != NULL) {
        made.sas = storage->sas + (storage->sas[0] == '?');
        st = check_sas(&made, err);
    }
    if (st != MHSM_OK)
        return st;
    size = strlen(storage->container);
    while (storage->container[size - 1] == '/')
        size--;
    made.container = mhsmi_strndup(storage->container, size);
    if (made.container == NULL)
        return mhsmi_error_memory(err);
    *out = made;
    return MHSM_OK;
}

void mhsmi_storage_close(struct mhsmi_storage *storage)
{
    mhsmi_free(storage->container);
    storage->container = NULL;
}

mhsm_status mhsm_storage_check(const mhsm_client *client,
                               const mhsm_storage *storage, int64_t *expires,
                               mhsm_error **err)
{
    struct mhsmi_storage made = {NULL, NULL, 0};
    mhsm_status st = mhsmi_storage_open(client, storage, &made, err);

    if (st != MHSM_OK)
        return st;
    if (expires != NULL)
        *expires = made.expires;
    mhsmi_storage_close(&made);
    return MHSM_OK;
}

/* --- Asking ------------------------------------------------------------- */

static mhsm_status put_authorization(mhsm_client *client, const mhsm_uri *uri,
                                     int64_t deadline_ms,
                                     struct mhsmi_buf *header, mhsm_error **err)
{
    struct mhsmi_call call = {0};
    mhsm_status st;

    call.method = "GET";
    call.endpoint = mhsm_uri_endpoint(uri);
    call.path = "/keys";
    call.deadline_ms = deadline_ms;
    call.what = "get a token for the storage account";
    if (!mhsmi_buf_puts(header, "Bearer "))
        return mhsmi_error_memory(err);
    st = mhsmi_session_resource_token(mhsmi_client_session(client), &call,
                                      RESOURCE, header, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "no token for the storage account");
    return st;
}

static mhsm_status refuse(const struct mhsmi_storage *storage,
                          const struct mhsmi_response *response,
                          mhsm_error **err)
{
    struct mhsmi_blob_error error;
    mhsm_status st = MHSM_ERR_REJECTED;
    const char *hint = NULL;

    mhsmi_blob_error_read(response->body.data, response->body.size, &error);
    if (response->status == 403 || response->status == 401) {
        st = MHSM_ERR_FORBIDDEN;
        hint =
            storage->sas != NULL
                ? "the SAS token must be for this container, not expired, "
                  "and have the rights r and l to list (r, c, w, d and l "
                  "for backups)"
                : "this identity needs the role \"Storage Blob Data Reader\" "
                  "at the container, and the account's network rules must "
                  "admit this address";
    } else if (response->status == 404) {
        st = MHSM_ERR_NOT_FOUND;
        hint = "make the container first: the HSM does not";
    } else if (response->status == 429) {
        st = MHSM_ERR_THROTTLED;
    } else if (response->status >= 500) {
        st = MHSM_ERR_SERVICE;
    } else if (response->status < 400) {
        st = MHSM_ERR_PROTOCOL;
    }
    (void)mhsmi_error(err, st, "cannot list %s: the storage account refuses",
                      storage->container);
    mhsmi_error_set_service(err, response->status, error.code,
                            response->request_id != NULL ? response->request_id
                                                         : "");
    if (hint != NULL)
        mhsmi_error_set_hint(err, "%s", hint);
    return st;
}

static int put_url(struct mhsmi_buf *url, const struct mhsmi_storage *storage,
                   const char *prefix, const char *marker)
{
    return mhsmi_buf_join(
               url, storage->container,
               "?restype=container&comp=list&maxresults=5000&prefix=", NULL) &&
           mhsmi_url_escape(url, prefix) &&
           (marker[0] == '\0' || (mhsmi_buf_puts(url, "&marker=") &&
                                  mhsmi_url_escape(url, marker))) &&
           (storage->sas == NULL ||
            mhsmi_buf_join(url, "&", storage->sas, NULL));
}

static mhsm_status send_request(mhsm_client *client,
                                const struct mhsmi_storage *storage,
                                const char *url, const char *authorization,
                                int64_t deadline_ms, struct mhsmi_buf *page,
                                mhsm_error **err)
{
    const mhsm_config *config = mhsm_client_config(client);
    struct mhsmi_retry_policy policy =
        mhsmi_retry_policy_of(config, MHSMI_RETRY_REPEATABLE);
    const struct mhsmi_header headers[] = {{"x-ms-version", API_VERSION},
                                           {"Authorization", authorization}};
    struct mhsmi_transport transport;
    struct mhsmi_request request = {0};
    struct mhsmi_response response;
    char *agent = mhsmi_user_agent();
    mhsm_status st;

    if (agent == NULL)
        return mhsmi_error_memory(err);
    mhsmi_transport_init(&transport, config, MHSMI_HOST_STORAGE, agent);
    request.transport = &transport;
    request.method = "GET";
    request.url = url;
    request.headers = headers;
    request.header_count = authorization != NULL ? 2 : 1;
    request.max_response = page_max;
    request.deadline_ms = deadline_ms;
    request.try_timeout_ms = (int)mhsm_config_get_long(config, "try-timeout");
    mhsmi_response_init(&response);
    st = mhsmi_http_send(&request, &policy, &response,
                         mhsmi_session_counters(mhsmi_client_session(client)),
                         err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "cannot list %s", storage->container);
    else if (response.status != 200)
        st = refuse(storage, &response, err);
    else if (!mhsmi_buf_append(page, response.body.data, response.body.size))
        st = mhsmi_error_memory(err);
    mhsmi_response_clear(&response);
    mhsmi_free(agent);
    return st;
}

mhsm_status mhsmi_storage_page(mhsm_client *client, const mhsm_uri *uri,
                               const struct mhsmi_storage *storage,
                               const char *prefix, const char *marker,
                               struct mhsmi_buf *page, mhsm_error **err)
{
    int64_t deadline_ms = mhsmi_clock_deadline(
        mhsm_config_get_long(mhsm_client_config(client), "timeout"));
    struct mhsmi_buf url, authorization;
    mhsm_status st = MHSM_OK;

    mhsmi_buf_init(&url, url_max);
    mhsmi_buf_init(&authorization, header_max);
    if (!put_url(&url, storage, prefix, marker))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK && storage->sas == NULL)
        st = put_authorization(client, uri, deadline_ms, &authorization, err);
    if (st == MHSM_OK)
        st = send_request(client, storage, mhsmi_buf_text(&url),
                          storage->sas == NULL ? mhsmi_buf_text(&authorization)
                                               : NULL,
                          deadline_ms, page, err);
    mhsmi_buf_clear(&authorization);
    mhsmi_buf_clear(&url);
    return st;
}
