/* SPDX-License-Identifier: MIT
 *
 * The managed identity of an Azure VM, from its instance metadata service.
 * That service is link-local and without TLS: requests to it never pass a
 * proxy, and nothing is ever sent to it but the question.
 */
#include <string.h>

#include "auth/token_response.h"
#include "auth/transport.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/url.h"

enum { url_max = 8192, probe_ms = 1000 };

static const char who[] = "managed-identity credential";
static const char token_path[] = "/metadata/identity/oauth2/token";

struct managed_identity {
    struct mhsmi_credential base;
    const mhsm_config *config;
    char *user_agent;
    struct mhsmi_transport transport;
    int probe; /* ask first whether the service is there at all */
};

/* Option, and the parameter that carries it. */
static const struct {
    const char *option, *parameter;
} identities[] = {
    {"identity-client-id", "client_id"},
    {"identity-object-id", "object_id"},
    {"identity-resource-id", "msi_res_id"},
};

#define IDENTITIES (sizeof(identities) / sizeof(identities[0]))

/* Any VM may have one: only asking tells. */
static int identity_configured(const mhsm_config *config)
{
    (void)config;
    return 1;
}

static void identity_free(struct mhsmi_credential *credential)
{
    struct managed_identity *self = (struct managed_identity *)credential;

    mhsmi_free(self->user_agent);
    mhsmi_free(self);
}

static int in_chain(const mhsm_config *config)
{
    return strcmp(mhsm_config_get(config, "credential"), "automatic") == 0;
}

static mhsm_status identity_create(const mhsm_config *config,
                                   struct mhsmi_credential **credential,
                                   mhsm_error **err)
{
    struct managed_identity *self = mhsmi_alloc(sizeof(*self));

    if (self == NULL)
        return mhsmi_error_memory(err);
    self->base.type = &mhsmi_managed_identity;
    self->config = config;
    /* Only somebody who did not name the service may be without one. */
    self->probe =
        in_chain(config) &&
        mhsm_config_origin(config, "imds-endpoint") == MHSM_ORIGIN_DEFAULT;
    self->user_agent = mhsmi_user_agent();
    if (self->user_agent == NULL) {
        identity_free(&self->base);
        return mhsmi_error_memory(err);
    }
    mhsmi_transport_init(&self->transport, config, MHSMI_HOST_METADATA,
                         self->user_agent);
    *credential = &self->base;
    return MHSM_OK;
}

static int add_parameter(struct mhsmi_buf *url, const char *name,
                         const char *value)
{
    return mhsmi_buf_printf(url, "&%s=", name) && mhsmi_url_escape(url, value);
}

/* Which of several identities; none: the machine's own. */
static int add_identity(const struct managed_identity *self,
                        struct mhsmi_buf *url)
{
    size_t i;

    for (i = 0; i < IDENTITIES; i++) {
        if (mhsmi_config_is_set(self->config, identities[i].option))
            return add_parameter(
                url, identities[i].parameter,
                mhsm_config_get(self->config, identities[i].option));
    }
    /* Azure's own clients do the same in their default chain. */
    if (in_chain(self->config) &&
        mhsmi_config_is_set(self->config, "client-id"))
        return add_parameter(url, "client_id",
                             mhsm_config_get(self->config, "client-id"));
    return 1;
}

static int base_url(const struct managed_identity *self, struct mhsmi_buf *url)
{
    const char *endpoint = mhsm_config_get(self->config, "imds-endpoint");
    size_t size = strlen(endpoint);

    while (size != 0 && endpoint[size - 1] == '/')
        size--;
    return mhsmi_buf_append(url, endpoint, size) &&
           mhsmi_buf_puts(url, token_path);
}

/* Any answer to a question without the mandatory header shows that somebody is
 * there; a container runtime's "unreachable" is nobody. */
static mhsm_status probe(const struct managed_identity *self, const char *url,
                         int64_t deadline, struct mhsmi_counters *counters,
                         mhsm_error **err)
{
    struct mhsmi_request request = {0};
    struct mhsmi_response response;
    mhsm_error *cause = NULL;
    int64_t soon = mhsmi_clock_deadline(probe_ms);
    mhsm_status st;

    mhsmi_response_init(&response);
    request.transport = &self->transport;
    request.method = "GET";
    request.url = url;
    request.plain_http_allowed = 1;
    request.max_response = MHSMI_TOKEN_RESPONSE_MAX;
    request.deadline_ms = soon < deadline ? soon : deadline;
    request.try_timeout_ms = probe_ms;
    st = mhsmi_engine_perform(&request, &response, counters, &cause);
    if (st == MHSM_OK && response.status == 403 &&
        strstr(mhsmi_buf_text(&response.body), "unreachable") != NULL)
        st = MHSM_ERR_CONNECT;
    if (st != MHSM_OK) {
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                         "%s: no metadata service answers at %s", who,
                         mhsm_config_get(self->config, "imds-endpoint"));
        mhsmi_error_set_hint(err, "this machine is no Azure VM: set tenant-id, "
                                  "client-id and client-secret");
    }
    mhsm_error_free(&cause);
    mhsmi_response_clear(&response);
    return st;
}

static mhsm_status refused(const struct managed_identity *self,
                           const struct mhsmi_response *response,
                           mhsm_error **err)
{
    mhsm_status st = mhsmi_token_response_error(response, who, err);

    if (response->status == 400)
        mhsmi_error_set_hint(
            err, "%s",
            mhsmi_config_is_set(self->config, "client-id") &&
                    in_chain(self->config)
                ? "assign to this VM the identity that client-id names, or "
                  "set client-secret for it"
                : "assign a managed identity to this VM; when it has several, "
                  "choose one with identity-client-id");
    else if (response->status == 502 || response->status == 504)
        mhsmi_error_set_hint(err, "something between this machine and its "
                                  "metadata service answered in its place");
    return st;
}

static mhsm_status ask(const struct managed_identity *self, const char *url,
                       int64_t deadline, struct mhsmi_token *token,
                       struct mhsmi_counters *counters, mhsm_error **err)
{
    struct mhsmi_header headers[] = {
        {"Metadata", "true"},
        {"Accept", "application/json"},
    };
    struct mhsmi_retry_policy policy =
        mhsmi_retry_policy_of(self->config, MHSMI_RETRY_METADATA);
    struct mhsmi_request request = {0};
    struct mhsmi_response response;
    mhsm_status st;

    mhsmi_response_init(&response);
    request.transport = &self->transport;
    request.method = "GET";
    request.url = url;
    request.plain_http_allowed = 1;
    request.headers = headers;
    request.header_count = sizeof(headers) / sizeof(headers[0]);
    request.max_response = MHSMI_TOKEN_RESPONSE_MAX;
    request.deadline_ms = deadline;
    request.try_timeout_ms =
        (int)mhsm_config_get_long(self->config, "try-timeout");
    st = mhsmi_http_send(&request, &policy, &response, counters, err);
    if (st != MHSM_OK) {
        mhsmi_error_prefix(err, "%s", who);
    } else if (response.status != 200) {
        st = refused(self, &response, err);
    } else {
        st = mhsmi_token_response_parse(&response.body, mhsmi_clock_unix(),
                                        token, err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "%s", who);
    }
    mhsmi_response_clear(&response);
    return st;
}

static mhsm_status identity_acquire(struct mhsmi_credential *credential,
                                    const struct mhsmi_token_request *request,
                                    struct mhsmi_token *token,
                                    struct mhsmi_counters *counters,
                                    mhsm_error **err)
{
    struct managed_identity *self = (struct managed_identity *)credential;
    struct mhsmi_buf url;
    mhsm_status st = MHSM_OK;

    if (request->claims != NULL)
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: the HSM demands claims, which a managed "
                           "identity cannot ask for",
                           who);
    mhsmi_buf_init(&url, url_max);
    if (!base_url(self, &url)) {
        st = mhsmi_error_memory(err);
        goto out;
    }
    if (self->probe)
        st = probe(self, mhsmi_buf_text(&url), request->deadline_ms, counters,
                   err);
    if (st != MHSM_OK)
        goto out;
    if (!mhsmi_buf_puts(&url, "?api-version=2018-02-01") ||
        !add_parameter(&url, "resource", request->resource) ||
        !add_identity(self, &url))
        st = mhsmi_error_memory(err);
    else
        st = ask(self, mhsmi_buf_text(&url), request->deadline_ms, token,
                 counters, err);
out:
    mhsmi_buf_clear(&url);
    return st;
}

const struct mhsmi_credential_type mhsmi_managed_identity = {
    .name = "managed-identity",
    .help = "the managed identity of the Azure VM that this runs on",
    .configured = identity_configured,
    .create = identity_create,
    .acquire = identity_acquire,
    .free = identity_free,
    .chained = 1,
    .needs_tenant = 0,
};
