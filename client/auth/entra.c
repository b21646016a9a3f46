/* SPDX-License-Identifier: MIT
 *
 * Tokens from Microsoft Entra and AD FS.  The form holds the proof, which is a
 * secret: it is one wiping buffer, made anew for each token, and goes only to
 * an https authority.
 */
#include "auth/entra.h"

#include <string.h>

#include "auth/token_response.h"
#include "auth/transport.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/endpoint.h"
#include "base/url.h"

enum { form_max = 512 * 1024, tenant_max = 255 };

mhsm_status mhsmi_entra_new(const mhsm_config *config,
                            const struct mhsmi_credential_type *type,
                            size_t size, struct mhsmi_credential **credential,
                            mhsm_error **err)
{
    struct mhsmi_entra *entra = mhsmi_alloc(size);

    if (entra == NULL)
        return mhsmi_error_memory(err);
    entra->base.type = type;
    entra->config = config;
    if (mhsm_config_origin(config, "authority-host") != MHSM_ORIGIN_DEFAULT)
        entra->authority = mhsm_config_get(config, "authority-host");
    entra->who = mhsmi_asprintf("%s credential", type->name);
    entra->user_agent = mhsmi_user_agent();
    if (entra->who == NULL || entra->user_agent == NULL) {
        mhsmi_entra_free(&entra->base);
        return mhsmi_error_memory(err);
    }
    mhsmi_transport_init(&entra->transport, config, MHSMI_HOST_AUTHORITY,
                         entra->user_agent);
    *credential = &entra->base;
    return MHSM_OK;
}

void mhsmi_entra_free(struct mhsmi_credential *credential)
{
    struct mhsmi_entra *entra = (struct mhsmi_entra *)credential;

    mhsmi_free(entra->who);
    mhsmi_free(entra->user_agent);
    mhsmi_free(entra);
}

mhsm_status mhsmi_entra_missing(const struct mhsmi_entra *entra,
                                const char *option, const char *variable,
                                mhsm_error **err)
{
    mhsm_status st =
        mhsmi_error(err, MHSM_ERR_CREDENTIAL, "%s: the option %s is not set",
                    entra->who, option);

    mhsmi_error_set_hint(err, "set %s or `%s` in the configuration", variable,
                         option);
    return st;
}

int mhsmi_entra_is_adfs(const char *tenant)
{
    return strcmp(tenant, "adfs") == 0;
}

/* It becomes part of a path, and may come from a challenge. */
static int is_tenant(const char *tenant)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-";
    size_t size = strspn(tenant, allowed);

    return size != 0 && size <= tenant_max && tenant[size] == '\0' &&
           strspn(tenant, ".") != size;
}

/* Of an HSM's word the resource alone can choose among the clouds, and none of
 * their authorities is anybody else's. */
static char *endpoint_url(const struct mhsmi_entra *entra,
                          const struct mhsmi_token_request *request)
{
    const char *authority = entra->authority != NULL
                                ? entra->authority
                                : mhsmi_endpoint_authority(request->resource);
    size_t size = strlen(authority);

    while (size != 0 && authority[size - 1] == '/')
        size--;
    return mhsmi_asprintf(
        "%.*s/%s/oauth2/%s", (int)size, authority, request->tenant,
        mhsmi_entra_is_adfs(request->tenant) ? "token" : "v2.0/token");
}

int mhsmi_entra_field(struct mhsmi_buf *form, const char *name,
                      const char *value, const char *suffix)
{
    return (form->size == 0 || mhsmi_buf_puts(form, "&")) &&
           mhsmi_buf_puts(form, name) && mhsmi_buf_puts(form, "=") &&
           mhsmi_url_escape(form, value) && mhsmi_url_escape(form, suffix);
}

int mhsmi_entra_assertion(struct mhsmi_buf *form, const char *assertion)
{
    return mhsmi_entra_field(form, "client_assertion_type",
                             "urn:ietf:params:oauth:client-assertion-type:"
                             "jwt-bearer",
                             "") &&
           mhsmi_entra_field(form, "client_assertion", assertion, "");
}

static mhsm_status make_form(struct mhsmi_entra *entra,
                             mhsmi_entra_prove *prove,
                             const struct mhsmi_token_request *request,
                             const struct mhsmi_entra_proof *proof,
                             mhsm_error **err)
{
    const char *client = mhsm_config_get(entra->config, "client-id");
    int adfs = mhsmi_entra_is_adfs(request->tenant);
    mhsm_status st;

    if (!mhsmi_entra_field(proof->form, "grant_type", "client_credentials",
                           "") ||
        !mhsmi_entra_field(proof->form, "client_id", client, "") ||
        !mhsmi_entra_field(proof->form, adfs ? "resource" : "scope",
                           request->resource, adfs ? "" : "/.default") ||
        (request->claims != NULL &&
         !mhsmi_entra_field(proof->form, "claims", request->claims, "")))
        return mhsmi_error_memory(err);
    st = prove(entra, proof, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "%s", entra->who);
    return st;
}

static mhsm_status send_form(struct mhsmi_entra *entra,
                             const struct mhsmi_entra_proof *proof,
                             int64_t deadline, struct mhsmi_response *response,
                             struct mhsmi_counters *counters, mhsm_error **err)
{
    char uuid[MHSMI_UUID_SIZE];
    struct mhsmi_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"Accept", "application/json"},
        {"client-request-id", uuid},
        {"Host", entra->host},
    };
    size_t count = sizeof(headers) / sizeof(headers[0]);
    struct mhsmi_retry_policy policy =
        mhsmi_retry_policy_of(entra->config, MHSMI_RETRY_REPEATABLE);
    struct mhsmi_request request = {0};
    mhsm_status st;

    if (!mhsmi_uuid(uuid))
        return mhsmi_error(err, MHSM_ERR_INTERNAL,
                           "the kernel gives no random octets");
    request.transport = &entra->transport;
    request.method = "POST";
    request.url = proof->url;
    request.headers = headers;
    request.header_count = entra->host != NULL ? count : count - 1;
    request.body = proof->form->data;
    request.body_size = proof->form->size;
    request.max_response = MHSMI_TOKEN_RESPONSE_MAX;
    request.deadline_ms = deadline;
    request.try_timeout_ms =
        (int)mhsm_config_get_long(entra->config, "try-timeout");
    st = mhsmi_http_send(&request, &policy, response, counters, err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "%s", entra->who);
    return st;
}

static mhsm_status read_answer(const struct mhsmi_entra *entra,
                               const struct mhsmi_response *response,
                               struct mhsmi_token *token, mhsm_error **err)
{
    mhsm_status st;

    if (response->status != 200)
        return mhsmi_token_response_error(response, entra->who, err);
    st = mhsmi_token_response_parse(&response->body, mhsmi_clock_unix(), token,
                                    err);
    if (st != MHSM_OK)
        mhsmi_error_prefix(err, "%s", entra->who);
    return st;
}

mhsm_status mhsmi_entra_acquire(struct mhsmi_entra *entra,
                                mhsmi_entra_prove *prove,
                                const struct mhsmi_token_request *request,
                                struct mhsmi_token *token,
                                struct mhsmi_counters *counters,
                                mhsm_error **err)
{
    struct mhsmi_response response;
    struct mhsmi_buf form;
    struct mhsmi_entra_proof proof = {request->tenant, NULL, &form};
    char *url;
    mhsm_status st;

    if (!mhsmi_config_is_set(entra->config, "client-id"))
        return mhsmi_entra_missing(entra, "client-id", "AZURE_CLIENT_ID", err);
    if (request->tenant == NULL)
        return mhsmi_entra_missing(entra, "tenant-id", "AZURE_TENANT_ID", err);
    if (!is_tenant(request->tenant))
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: \"%.80s\" is no tenant", entra->who,
                           request->tenant);
    url = endpoint_url(entra, request);
    if (url == NULL)
        return mhsmi_error_memory(err);
    proof.url = url;
    mhsmi_response_init(&response);
    mhsmi_buf_init(&form, form_max);
    st = make_form(entra, prove, request, &proof, err);
    if (st == MHSM_OK)
        st = send_form(entra, &proof, request->deadline_ms, &response, counters,
                       err);
    if (st == MHSM_OK)
        st = read_answer(entra, &response, token, err);
    mhsmi_response_clear(&response);
    mhsmi_buf_clear(&form);
    mhsmi_free(url);
    return st;
}
