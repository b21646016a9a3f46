/* SPDX-License-Identifier: MIT
 *
 * The instance metadata service of a virtual machine.  It is link-local and
 * without TLS; nothing is ever sent to it but the question.
 */
#include "auth/identity.h"

#include <string.h>

#include "auth/token_response.h"
#include "base/clock.h"
#include "base/text.h"

enum { probe_ms = 1000 };

static const char token_path[] = "/metadata/identity/oauth2/token";

static int imds_present(const mhsm_config *config)
{
    (void)config;
    return 1;
}

static int base_url(const struct mhsmi_identity *self, struct mhsmi_buf *url)
{
    const char *endpoint = mhsm_config_get(self->config, "imds-endpoint");
    size_t size = strlen(endpoint);

    while (size != 0 && endpoint[size - 1] == '/')
        size--;
    return mhsmi_buf_append(url, endpoint, size) &&
           mhsmi_buf_puts(url, token_path);
}

/* Any answer to a question without the mandatory header shows that somebody is
 * there; a container runtime's "unreachable" is nobody.  That somebody is there
 * is remembered, that nobody is is not: a busy machine may be late once. */
static mhsm_status probe(struct mhsmi_identity *self, const char *url,
                         const struct mhsmi_token_request *token_request,
                         struct mhsmi_token *token,
                         struct mhsmi_counters *counters, mhsm_error **err)
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
    request.deadline_ms =
        soon < token_request->deadline_ms ? soon : token_request->deadline_ms;
    request.try_timeout_ms = probe_ms;
    st = mhsmi_engine_perform(&request, &response, counters, &cause);
    if (st == MHSM_OK && response.status == 403 &&
        mhsmi_text_find(mhsmi_buf_text(&response.body), "unreachable") != NULL)
        st = MHSM_ERR_CONNECT;
    if (st == MHSM_OK) {
        self->probe = 0;
    } else {
        token->unavailable = 1;
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                         "%s: no metadata service answers at %s", self->who,
                         mhsm_config_get(self->config, "imds-endpoint"));
        mhsmi_error_set_hint(err, "this machine is no Azure VM: set tenant-id, "
                                  "client-id and client-secret");
    }
    mhsm_error_free(&cause);
    mhsmi_response_clear(&response);
    return st;
}

static mhsm_status ask(struct mhsmi_identity *self, const char *url,
                       const struct mhsmi_token_request *request,
                       struct mhsmi_token *token,
                       struct mhsmi_counters *counters, mhsm_error **err)
{
    static const struct mhsmi_header headers[] = {
        {"Metadata", "true"}, {"Accept", "application/json"}};
    struct mhsmi_identity_question question = {
        "GET",   url,
        headers, sizeof(headers) / sizeof(headers[0]),
        NULL,    request->deadline_ms};
    struct mhsmi_response response;
    mhsm_status st;

    mhsmi_response_init(&response);
    st = mhsmi_identity_send(self, &question, &response, counters, err);
    if (st == MHSM_OK)
        st = mhsmi_identity_take(self, &response, token, err);
    /* A machine without an identity: another credential may have one. */
    if (response.status == 400 &&
        mhsmi_text_find(mhsmi_buf_text(&response.body), "Identity not found") !=
            NULL)
        token->unavailable = 1;
    mhsmi_response_clear(&response);
    return st;
}

static mhsm_status imds_acquire(struct mhsmi_identity *self,
                                const struct mhsmi_token_request *request,
                                struct mhsmi_token *token,
                                struct mhsmi_counters *counters,
                                mhsm_error **err)
{
    struct mhsmi_buf url;
    mhsm_status st = MHSM_OK;

    mhsmi_buf_init(&url, MHSMI_IDENTITY_URL_MAX);
    if (!base_url(self, &url))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK && self->probe)
        st = probe(self, mhsmi_buf_text(&url), request, token, counters, err);
    if (st == MHSM_OK && !mhsmi_buf_puts(&url, "?"))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK)
        st = mhsmi_identity_query(self, "2018-02-01", request, &url, err);
    if (st == MHSM_OK)
        st = ask(self, mhsmi_buf_text(&url), request, token, counters, err);
    mhsmi_buf_clear(&url);
    return st;
}

const struct mhsmi_identity_source mhsmi_identity_imds = {
    .name = "virtual machine",
    .place = "this virtual machine",
    .parameters = {"client_id", "object_id", "msi_res_id"},
    .retry = MHSMI_RETRY_METADATA,
    .present = imds_present,
    .acquire = imds_acquire,
};
