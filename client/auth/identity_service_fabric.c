/* SPDX-License-Identifier: MIT
 *
 * The token service of a Service Fabric node.  Nobody has signed its
 * certificate: the environment tells its thumbprint, and whoever has another
 * certificate gets neither question nor secret.
 */
#include "auth/identity.h"

#include <string.h>

#include "base/config.h"

enum { thumbprint_size = 40 };

static const char thumbprint_name[] = "IDENTITY_SERVER_THUMBPRINT";

static int service_fabric_present(const mhsm_config *config)
{
    (void)config;
    return mhsmi_config_variable("IDENTITY_ENDPOINT") != NULL &&
           mhsmi_config_variable("IDENTITY_HEADER") != NULL &&
           mhsmi_config_variable(thumbprint_name) != NULL;
}

static mhsm_status set_thumbprint(struct mhsmi_identity *self, mhsm_error **err)
{
    const char *thumbprint = mhsmi_config_variable(thumbprint_name);

    if (thumbprint == NULL || strlen(thumbprint) != thumbprint_size ||
        strspn(thumbprint, "0123456789abcdefABCDEF") != thumbprint_size)
        return mhsmi_error(err, MHSM_ERR_CONFIG,
                           "%s: the variable %s does not hold the 40 "
                           "hexadecimal digits of a SHA-1 thumbprint",
                           self->who, thumbprint_name);
    self->transport.thumbprint = thumbprint;
    self->transport.ca_file =
        mhsm_config_get(self->config, "authority-ca-file");
    return MHSM_OK;
}

static mhsm_status ask(const struct mhsmi_identity *self, const char *url,
                       const struct mhsmi_token_request *request,
                       struct mhsmi_token *token,
                       struct mhsmi_counters *counters, mhsm_error **err)
{
    const struct mhsmi_header headers[] = {
        {"Secret", mhsmi_config_variable("IDENTITY_HEADER")},
        {"Accept", "application/json"},
    };
    struct mhsmi_identity_question question = {
        "GET",   url,
        headers, sizeof(headers) / sizeof(headers[0]),
        NULL,    request->deadline_ms};
    mhsm_status st = mhsmi_identity_ask(self, &question, token, counters, err);

    if (st == MHSM_ERR_TLS)
        mhsmi_error_set_hint(err,
                             "the service's certificate is not the one that "
                             "%s names",
                             thumbprint_name);
    return st;
}

static mhsm_status
service_fabric_acquire(struct mhsmi_identity *self,
                       const struct mhsmi_token_request *request,
                       struct mhsmi_token *token,
                       struct mhsmi_counters *counters, mhsm_error **err)
{
    struct mhsmi_buf url;
    mhsm_status st;

    mhsmi_buf_init(&url, MHSMI_IDENTITY_URL_MAX);
    st = set_thumbprint(self, err);
    if (st == MHSM_OK)
        st = mhsmi_identity_endpoint(self, "IDENTITY_ENDPOINT", 1, &url, err);
    if (st == MHSM_OK)
        st = mhsmi_identity_query(self, "2019-07-01-preview", request, &url,
                                  err);
    if (st == MHSM_OK)
        st = ask(self, mhsmi_buf_text(&url), request, token, counters, err);
    mhsmi_buf_clear(&url);
    return st;
}

/* The application's manifest says which identity a program has; a 404 says
 * that it has none, and will not pass. */
const struct mhsmi_identity_source mhsmi_identity_service_fabric = {
    .name = "Service Fabric",
    .place = "this Service Fabric application",
    .parameters = {NULL, NULL, NULL},
    .retry = MHSMI_RETRY_REPEATABLE,
    .present = service_fabric_present,
    .acquire = service_fabric_acquire,
};
