/* SPDX-License-Identifier: MIT
 *
 * The token service beside a program in App Service, Functions or Container
 * Apps, and the older form of it that Azure Machine Learning still has.  A
 * secret of the environment proves that the question is the program's own.
 */
#include "auth/identity.h"

#include "base/config.h"

static int is_present(const char *endpoint, const char *secret)
{
    return mhsmi_config_variable(endpoint) != NULL &&
           mhsmi_config_variable(secret) != NULL;
}

static int app_service_present(const mhsm_config *config)
{
    (void)config;
    return is_present("IDENTITY_ENDPOINT", "IDENTITY_HEADER");
}

static int older_present(const mhsm_config *config)
{
    (void)config;
    return is_present("MSI_ENDPOINT", "MSI_SECRET");
}

static mhsm_status ask(const struct mhsmi_identity *self, const char *url,
                       const char *header, const char *secret,
                       const struct mhsmi_token_request *request,
                       struct mhsmi_token *token,
                       struct mhsmi_counters *counters, mhsm_error **err)
{
    const struct mhsmi_header headers[] = {
        {header, secret},
        {"Metadata", "true"}, /* Machine Learning wants it */
        {"Accept", "application/json"},
    };
    struct mhsmi_identity_question question = {
        "GET",   url,
        headers, sizeof(headers) / sizeof(headers[0]),
        NULL,    request->deadline_ms};

    return mhsmi_identity_ask(self, &question, token, counters, err);
}

static mhsm_status
app_service_acquire(struct mhsmi_identity *self,
                    const struct mhsmi_token_request *request,
                    struct mhsmi_token *token, struct mhsmi_counters *counters,
                    mhsm_error **err)
{
    struct mhsmi_buf url;
    mhsm_status st;

    mhsmi_buf_init(&url, MHSMI_IDENTITY_URL_MAX);
    st = mhsmi_identity_endpoint(self, "IDENTITY_ENDPOINT", 0, &url, err);
    if (st == MHSM_OK)
        st = mhsmi_identity_query(self, "2019-08-01", request, &url, err);
    if (st == MHSM_OK)
        st = ask(self, mhsmi_buf_text(&url), "X-IDENTITY-HEADER",
                 mhsmi_config_variable("IDENTITY_HEADER"), request, token,
                 counters, err);
    mhsmi_buf_clear(&url);
    return st;
}

static mhsm_status older_acquire(struct mhsmi_identity *self,
                                 const struct mhsmi_token_request *request,
                                 struct mhsmi_token *token,
                                 struct mhsmi_counters *counters,
                                 mhsm_error **err)
{
    const char *fallback = mhsmi_config_variable("DEFAULT_IDENTITY_CLIENT_ID");
    struct mhsmi_buf url;
    mhsm_status st;

    mhsmi_buf_init(&url, MHSMI_IDENTITY_URL_MAX);
    st = mhsmi_identity_endpoint(self, "MSI_ENDPOINT", 0, &url, err);
    if (st == MHSM_OK)
        st = mhsmi_identity_query(self, "2017-09-01", request, &url, err);
    if (st == MHSM_OK && fallback != NULL && !mhsmi_identity_is_named(self) &&
        !mhsmi_identity_add(&url, "clientid", fallback))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK)
        st = ask(self, mhsmi_buf_text(&url), "Secret",
                 mhsmi_config_variable("MSI_SECRET"), request, token, counters,
                 err);
    mhsmi_buf_clear(&url);
    return st;
}

const struct mhsmi_identity_source mhsmi_identity_app_service = {
    .name = "App Service",
    .place = "this App Service, function or container app",
    .parameters = {"client_id", "principal_id", "mi_res_id"},
    .retry = MHSMI_RETRY_IDENTITY,
    .present = app_service_present,
    .acquire = app_service_acquire,
};

const struct mhsmi_identity_source mhsmi_identity_app_service_2017 = {
    .name = "App Service 2017",
    .place = "this compute target or App Service",
    .parameters = {"clientid", NULL, NULL},
    .retry = MHSMI_RETRY_IDENTITY,
    .present = older_present,
    .acquire = older_acquire,
};
