/* SPDX-License-Identifier: MIT
 *
 * The token service of Cloud Shell, which speaks for the user of the shell.
 */
#include "auth/identity.h"

#include "base/config.h"
#include "base/url.h"

static int cloud_shell_present(const mhsm_config *config)
{
    (void)config;
    return mhsmi_config_variable("MSI_ENDPOINT") != NULL;
}

static mhsm_status ask(const struct mhsmi_identity *self, const char *url,
                       const struct mhsmi_buf *form,
                       const struct mhsmi_token_request *request,
                       struct mhsmi_token *token,
                       struct mhsmi_counters *counters, mhsm_error **err)
{
    static const struct mhsmi_header headers[] = {
        {"Metadata", "true"},
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"Accept", "application/json"},
    };
    struct mhsmi_identity_question question = {
        "POST",  url,
        headers, sizeof(headers) / sizeof(headers[0]),
        form,    request->deadline_ms};

    return mhsmi_identity_ask(self, &question, token, counters, err);
}

static mhsm_status
cloud_shell_acquire(struct mhsmi_identity *self,
                    const struct mhsmi_token_request *request,
                    struct mhsmi_token *token, struct mhsmi_counters *counters,
                    mhsm_error **err)
{
    struct mhsmi_buf url, form;
    mhsm_status st;

    mhsmi_buf_init(&url, MHSMI_IDENTITY_URL_MAX);
    mhsmi_buf_init(&form, MHSMI_IDENTITY_URL_MAX);
    st = mhsmi_identity_endpoint(self, "MSI_ENDPOINT", 0, &url, err);
    if (st == MHSM_OK)
        st = mhsmi_identity_check(self, err);
    if (st == MHSM_OK && (!mhsmi_buf_puts(&form, "resource=") ||
                          !mhsmi_url_escape(&form, request->resource)))
        st = mhsmi_error_memory(err);
    if (st == MHSM_OK) {
        /* The question is in the form. */
        url.data[--url.size] = '\0';
        st = ask(self, mhsmi_buf_text(&url), &form, request, token, counters,
                 err);
    }
    mhsmi_buf_clear(&form);
    mhsmi_buf_clear(&url);
    return st;
}

const struct mhsmi_identity_source mhsmi_identity_cloud_shell = {
    .name = "Cloud Shell",
    .place = "this Cloud Shell",
    .parameters = {NULL, NULL, NULL},
    .retry = MHSMI_RETRY_IDENTITY,
    .present = cloud_shell_present,
    .acquire = cloud_shell_acquire,
};
