/* SPDX-License-Identifier: MIT
 *
 * The managed identity of whatever host this runs on: chooses the service to
 * ask by the environment, and holds what the services have in common.  Their
 * secrets go to the hosts that the environment names and nowhere else: to
 * addresses of this machine without TLS, to others with it.
 */
#include "auth/identity.h"

#include <stdio.h>
#include <string.h>

#include "auth/chain.h"
#include "auth/token_response.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/text.h"
#include "base/url.h"

/* Jitter makes at least a second of it, which the services ask for. */
enum { base_delay_ms = 1250 };

/* The first that is present: Service Fabric has App Service's variables, too,
 * and the last is what any machine may have. */
static const struct mhsmi_identity_source *const sources[] = {
    &mhsmi_identity_service_fabric,
    &mhsmi_identity_app_service,
    &mhsmi_identity_app_service_2017,
    &mhsmi_identity_cloud_shell,
    &mhsmi_identity_arc,
    &mhsmi_identity_imds,
};

static const char *const ways[MHSMI_IDENTITY_WAYS] = {
    "identity-client-id", "identity-object-id", "identity-resource-id"};

/* Any machine may have one: only asking tells. */
static int identity_configured(const mhsm_config *config)
{
    (void)config;
    return 1;
}

static void identity_free(struct mhsmi_credential *credential)
{
    struct mhsmi_identity *self = (struct mhsmi_identity *)credential;

    mhsmi_free(self->user_agent);
    mhsmi_free(self);
}

static const struct mhsmi_identity_source *
find_source(const mhsm_config *config)
{
    size_t i = 0;

    while (!sources[i]->present(config))
        i++;
    return sources[i];
}

static mhsm_status identity_create(const mhsm_config *config,
                                   struct mhsmi_credential **credential,
                                   mhsm_error **err)
{
    struct mhsmi_identity *self = mhsmi_alloc(sizeof(*self));

    if (self == NULL)
        return mhsmi_error_memory(err);
    self->base.type = &mhsmi_managed_identity;
    self->config = config;
    self->source = find_source(config);
    (void)snprintf(self->who, sizeof(self->who),
                   "managed-identity credential (%s)", self->source->name);
    self->chained = mhsmi_chain_is_used(config);
    /* Only somebody who did not name the service may be without one. */
    self->probe =
        self->chained &&
        !mhsmi_chain_is_alone(config, &mhsmi_managed_identity) &&
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

/* The value may hold a user name and a password: it is not shown. */
static mhsm_status bad_endpoint(const struct mhsmi_identity *self,
                                const char *variable, int https_only,
                                mhsm_error **err)
{
    mhsm_status st = mhsmi_error(
        err, MHSM_ERR_CONFIG, "%s: the variable %s does not hold %s", self->who,
        variable,
        https_only ? "an https URL"
                   : "an https URL, or an http one of a loopback or link-local "
                     "address");

    mhsmi_error_set_hint(err,
                         "the host of a program sets %s: do not set it "
                         "yourself, or choose with the option credential",
                         variable);
    return st;
}

mhsm_status mhsmi_identity_endpoint(const struct mhsmi_identity *self,
                                    const char *variable, int https_only,
                                    struct mhsmi_buf *url, mhsm_error **err)
{
    const char *value = mhsmi_config_variable(variable);
    struct mhsmi_url parsed;
    int ok;

    if (value == NULL || strpbrk(value, " #\"\\") != NULL ||
        !mhsmi_url_parse(&parsed, value))
        return bad_endpoint(self, variable, https_only, err);
    ok = strcmp(parsed.scheme, "https") == 0 ||
         (!https_only && strcmp(parsed.scheme, "http") == 0 &&
          (mhsmi_host_is_loopback(parsed.host) ||
           mhsmi_host_is_link_local(parsed.host)));
    mhsmi_url_clear(&parsed);
    if (!ok)
        return bad_endpoint(self, variable, https_only, err);
    if (!mhsmi_buf_puts(url, value) ||
        !mhsmi_buf_puts(url, strchr(value, '?') != NULL ? "&" : "?"))
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "%s: the variable %s is too long", self->who,
                           variable);
    return MHSM_OK;
}

int mhsmi_identity_add(struct mhsmi_buf *url, const char *name,
                       const char *value)
{
    return mhsmi_buf_printf(url, "&%s=", name) && mhsmi_url_escape(url, value);
}

mhsm_status mhsmi_identity_check(const struct mhsmi_identity *self,
                                 mhsm_error **err)
{
    mhsm_status st;
    size_t i;

    for (i = 0; i < MHSMI_IDENTITY_WAYS; i++) {
        if (self->source->parameters[i] != NULL ||
            !mhsmi_config_is_set(self->config, ways[i]))
            continue;
        st = mhsmi_error(err, MHSM_ERR_CONFIG,
                         "%s: an identity cannot be chosen by %s here",
                         self->who, ways[i]);
        mhsmi_error_set_hint(err, "%s%s",
                             self->source->parameters[0] != NULL
                                 ? "choose it by identity-client-id"
                                 : "there is one identity only: unset ",
                             self->source->parameters[0] != NULL ? ""
                                                                 : ways[i]);
        return st;
    }
    return MHSM_OK;
}

/* Which of several identities, with the option that names it; NULL: the
 * host's own. */
static const char *find_named(const struct mhsmi_identity *self, size_t *way)
{
    for (*way = 0; *way < MHSMI_IDENTITY_WAYS; ++*way) {
        if (self->source->parameters[*way] != NULL &&
            mhsmi_config_is_set(self->config, ways[*way]))
            return mhsm_config_get(self->config, ways[*way]);
    }
    *way = 0;
    /* Azure's own clients do the same in their default chain. */
    return self->source->parameters[0] != NULL && self->chained &&
                   mhsmi_config_is_set(self->config, "client-id")
               ? mhsm_config_get(self->config, "client-id")
               : NULL;
}

int mhsmi_identity_is_named(const struct mhsmi_identity *self)
{
    size_t way;

    return find_named(self, &way) != NULL;
}

mhsm_status mhsmi_identity_query(const struct mhsmi_identity *self,
                                 const char *version,
                                 const struct mhsmi_token_request *request,
                                 struct mhsmi_buf *url, mhsm_error **err)
{
    mhsm_status st = mhsmi_identity_check(self, err);
    const char *named;
    size_t way;

    if (st != MHSM_OK)
        return st;
    named = find_named(self, &way);
    if (!mhsmi_buf_printf(url, "api-version=%s", version) ||
        !mhsmi_identity_add(url, "resource", request->resource) ||
        (named != NULL &&
         !mhsmi_identity_add(url, self->source->parameters[way], named)))
        return mhsmi_error_memory(err);
    return MHSM_OK;
}

mhsm_status mhsmi_identity_send(const struct mhsmi_identity *self,
                                const struct mhsmi_identity_question *question,
                                struct mhsmi_response *response,
                                struct mhsmi_counters *counters,
                                mhsm_error **err)
{
    struct mhsmi_retry_policy policy =
        mhsmi_retry_policy_of(self->config, self->source->retry);
    struct mhsmi_request request = {0};
    mhsm_status st;

    policy.base_delay_ms = base_delay_ms;
    request.transport = &self->transport;
    request.method = question->method;
    request.url = question->url;
    request.plain_http_allowed = 1;
    request.headers = question->headers;
    request.header_count = question->header_count;
    if (question->form != NULL) {
        request.body = question->form->data;
        request.body_size = question->form->size;
    }
    request.max_response = MHSMI_TOKEN_RESPONSE_MAX;
    request.deadline_ms = question->deadline_ms;
    request.try_timeout_ms =
        (int)mhsm_config_get_long(self->config, "try-timeout");
    st = mhsmi_http_send(&request, &policy, response, counters, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "%s", self->who);
    return st;
}

static void hint_assignment(const struct mhsmi_identity *self, mhsm_error **err)
{
    if (self->chained && mhsmi_config_is_set(self->config, "client-id"))
        mhsmi_error_set_hint(err,
                             "assign to %s the identity that client-id names, "
                             "or set client-secret for it",
                             self->source->place);
    else
        mhsmi_error_set_hint(err,
                             "assign a managed identity to %s; when it has "
                             "several, choose one with identity-client-id",
                             self->source->place);
}

mhsm_status mhsmi_identity_take(const struct mhsmi_identity *self,
                                const struct mhsmi_response *response,
                                struct mhsmi_token *token, mhsm_error **err)
{
    const char *body = mhsmi_buf_text(&response->body);
    mhsm_status st;

    if (response->status == 200) {
        st = mhsmi_token_response_parse(&response->body, mhsmi_clock_unix(),
                                        token, err);
        if (st != MHSM_OK)
            mhsmi_error_prefix(err, "%s", self->who);
        return st;
    }
    st = mhsmi_token_response_error(response, self->who, err);
    if (response->status == 400 &&
        mhsmi_text_find(body, "invalid_resource") == NULL)
        hint_assignment(self, err);
    else if (response->status == 403 &&
             mhsmi_text_find(body, "unreachable") != NULL)
        mhsmi_error_set_hint(err,
                             "the container's runtime answered: %s has "
                             "no such service",
                             self->source->place);
    else if (response->status == 502 || response->status == 504)
        mhsmi_error_set_hint(err, "something between this program and that "
                                  "service answered in its place");
    return st;
}

mhsm_status mhsmi_identity_ask(const struct mhsmi_identity *self,
                               const struct mhsmi_identity_question *question,
                               struct mhsmi_token *token,
                               struct mhsmi_counters *counters,
                               mhsm_error **err)
{
    struct mhsmi_response response;
    mhsm_status st;

    mhsmi_response_init(&response);
    st = mhsmi_identity_send(self, question, &response, counters, err);
    if (st == MHSM_OK)
        st = mhsmi_identity_take(self, &response, token, err);
    mhsmi_response_clear(&response);
    return st;
}

static mhsm_status identity_acquire(struct mhsmi_credential *credential,
                                    const struct mhsmi_token_request *request,
                                    struct mhsmi_token *token,
                                    struct mhsmi_counters *counters,
                                    mhsm_error **err)
{
    struct mhsmi_identity *self = (struct mhsmi_identity *)credential;

    if (request->claims != NULL)
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: the HSM demands claims, which a managed "
                           "identity cannot ask for",
                           self->who);
    return self->source->acquire(self, request, token, counters, err);
}

static const char *identity_kind(const struct mhsmi_credential *credential)
{
    return ((const struct mhsmi_identity *)credential)->source->name;
}

const struct mhsmi_credential_type mhsmi_managed_identity = {
    .name = "managed-identity",
    .help = "the managed identity of the Azure host that this runs on",
    .configured = identity_configured,
    .create = identity_create,
    .acquire = identity_acquire,
    .free = identity_free,
    .kind = identity_kind,
    .chained = 1,
    .needs_tenant = 0,
};
