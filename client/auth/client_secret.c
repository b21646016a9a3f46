/* SPDX-License-Identifier: MIT
 *
 * Client-credentials grant with a secret (RFC 6749 section 4.4, as Microsoft
 * Entra and AD FS speak it).  The secret is read anew for each token, goes
 * into one wiping buffer, and only ever to an https authority.
 */
#include <string.h>

#include "auth/token_response.h"
#include "auth/transport.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/url.h"

enum { form_max = 512 * 1024 };

static const char who[] = "client-secret credential";

struct client_secret {
    struct mhsmi_credential base;
    const mhsm_config *config;
    char *user_agent;
    struct mhsmi_transport transport;
};

static int secret_configured(const mhsm_config *config)
{
    return mhsmi_config_is_set(config, "client-id") &&
           mhsmi_config_is_set(config, "client-secret");
}

static void secret_free(struct mhsmi_credential *credential)
{
    struct client_secret *self = (struct client_secret *)credential;

    mhsmi_free(self->user_agent);
    mhsmi_free(self);
}

static mhsm_status secret_create(const mhsm_config *config,
                                 struct mhsmi_credential **credential,
                                 mhsm_error **err)
{
    struct client_secret *self = mhsmi_alloc(sizeof(*self));

    if (self == NULL)
        return mhsmi_error_memory(err);
    self->base.type = &mhsmi_client_secret;
    self->config = config;
    self->user_agent = mhsmi_user_agent();
    if (self->user_agent == NULL) {
        secret_free(&self->base);
        return mhsmi_error_memory(err);
    }
    mhsmi_transport_init(&self->transport, config, MHSMI_HOST_AUTHORITY,
                         self->user_agent);
    *credential = &self->base;
    return MHSM_OK;
}

static mhsm_status missing(const char *option, const char *variable,
                           mhsm_error **err)
{
    mhsm_status st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                                 "%s: the option %s is not set", who, option);

    mhsmi_error_set_hint(err, "set %s or `%s` in the configuration", variable,
                         option);
    return st;
}

/* AD FS has one tenant of that name and the older endpoint. */
static int is_adfs(const char *tenant)
{
    return strcmp(tenant, "adfs") == 0;
}

static char *endpoint_url(const mhsm_config *config, const char *tenant)
{
    const char *authority = mhsm_config_get(config, "authority-host");
    size_t size = strlen(authority);

    while (size != 0 && authority[size - 1] == '/')
        size--;
    return mhsmi_asprintf("%.*s/%s/oauth2/%s", (int)size, authority, tenant,
                          is_adfs(tenant) ? "token" : "v2.0/token");
}

static int add_field(struct mhsmi_buf *form, const char *name,
                     const char *value, const char *suffix)
{
    return (form->size == 0 || mhsmi_buf_puts(form, "&")) &&
           mhsmi_buf_puts(form, name) && mhsmi_buf_puts(form, "=") &&
           mhsmi_url_escape(form, value) && mhsmi_url_escape(form, suffix);
}

static mhsm_status make_form(const mhsm_config *config,
                             const struct mhsmi_token_request *request,
                             struct mhsmi_buf *form, mhsm_error **err)
{
    struct mhsmi_buf secret;
    mhsm_status st;
    int adfs = is_adfs(request->tenant);

    mhsmi_buf_init(&secret, MHSMI_SECRET_MAX);
    st = mhsmi_config_secret(config, "client-secret", &secret, err);
    if (st != MHSM_OK) {
        mhsmi_error_prefix(err, "%s", who);
        goto out;
    }
    if (!add_field(form, "grant_type", "client_credentials", "") ||
        !add_field(form, "client_id", mhsm_config_get(config, "client-id"),
                   "") ||
        !add_field(form, "client_secret", mhsmi_buf_text(&secret), "") ||
        !add_field(form, adfs ? "resource" : "scope", request->resource,
                   adfs ? "" : "/.default") ||
        (request->claims != NULL &&
         !add_field(form, "claims", request->claims, "")))
        st = mhsmi_error_memory(err);
out:
    mhsmi_buf_clear(&secret);
    return st;
}

static mhsm_status send_form(struct client_secret *self, const char *url,
                             const struct mhsmi_buf *form, int64_t deadline,
                             struct mhsmi_response *response,
                             struct mhsmi_counters *counters, mhsm_error **err)
{
    char uuid[MHSMI_UUID_SIZE];
    struct mhsmi_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"Accept", "application/json"},
        {"client-request-id", uuid},
    };
    struct mhsmi_retry_policy policy =
        mhsmi_retry_policy_of(self->config, MHSMI_RETRY_REPEATABLE);
    struct mhsmi_request request = {0};
    mhsm_status st;

    if (!mhsmi_uuid(uuid))
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the kernel gives no random octets");
    request.transport = &self->transport;
    request.method = "POST";
    request.url = url;
    request.headers = headers;
    request.header_count = sizeof(headers) / sizeof(headers[0]);
    request.body = form->data;
    request.body_size = form->size;
    request.max_response = MHSMI_TOKEN_RESPONSE_MAX;
    request.deadline_ms = deadline;
    request.try_timeout_ms =
        (int)mhsm_config_get_long(self->config, "try-timeout");
    st = mhsmi_http_send(&request, &policy, response, counters, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "%s", who);
    return st;
}

static mhsm_status secret_acquire(struct mhsmi_credential *credential,
                                  const struct mhsmi_token_request *request,
                                  struct mhsmi_token *token,
                                  struct mhsmi_counters *counters,
                                  mhsm_error **err)
{
    struct client_secret *self = (struct client_secret *)credential;
    struct mhsmi_response response;
    struct mhsmi_buf form;
    char *url = NULL;
    mhsm_status st;

    if (!mhsmi_config_is_set(self->config, "client-id"))
        return missing("client-id", "AZURE_CLIENT_ID", err);
    if (request->tenant == NULL)
        return missing("tenant-id", "AZURE_TENANT_ID", err);
    mhsmi_response_init(&response);
    mhsmi_buf_init(&form, form_max);
    url = endpoint_url(self->config, request->tenant);
    if (url == NULL) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    st = make_form(self->config, request, &form, err);
    if (st == MHSM_OK)
        st = send_form(self, url, &form, request->deadline_ms, &response,
                       counters, err);
    if (st != MHSM_OK)
        goto out;
    if (response.status != 200) {
        st = mhsmi_token_response_error(&response, who, err);
        goto out;
    }
    st = mhsmi_token_response_parse(&response.body, mhsmi_clock_unix(), token,
                                    err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "%s", who);
out:
    mhsmi_response_clear(&response);
    mhsmi_buf_clear(&form);
    mhsmi_free(url);
    return st;
}

const struct mhsmi_credential_type mhsmi_client_secret = {
    .name = "client-secret",
    .help = "an application with a secret (client-id, client-secret)",
    .configured = secret_configured,
    .create = secret_create,
    .acquire = secret_acquire,
    .free = secret_free,
    .chained = 1,
    .needs_tenant = 1,
};
