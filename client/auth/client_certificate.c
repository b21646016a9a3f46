/* SPDX-License-Identifier: MIT
 *
 * An application with a certificate: an assertion, signed here, proves it.
 * The file is read anew for each token, so that a renewed certificate is used
 * as soon as it is in place.  It must leave the caller's error queue as it was.
 */
#include <string.h>

#include <openssl/err.h>

#include "auth/assertion.h"
#include "auth/entra.h"
#include "base/config.h"

static int certificate_configured(const mhsm_config *config)
{
    return mhsmi_config_is_set(config, "client-id") &&
           mhsmi_config_is_set(config, "client-certificate");
}

static mhsm_status certificate_create(const mhsm_config *config,
                                      struct mhsmi_credential **credential,
                                      mhsm_error **err)
{
    return mhsmi_entra_new(config, &mhsmi_client_certificate,
                           sizeof(struct mhsmi_entra), credential, err);
}

static int is_legacy(const mhsm_config *config, const char *tenant)
{
    const char *algorithm = mhsm_config_get(config, "assertion-algorithm");

    return strcmp(algorithm, "RS256") == 0 ||
           (strcmp(algorithm, "automatic") == 0 && mhsmi_entra_is_adfs(tenant));
}

static mhsm_status make_assertion(const struct mhsmi_entra *entra,
                                  const struct mhsmi_entra_proof *proof,
                                  struct mhsmi_buf *text, mhsm_error **err)
{
    struct mhsmi_certificate certificate;
    struct mhsmi_assertion assertion = {
        .certificate = &certificate,
        .client = mhsm_config_get(entra->config, "client-id"),
        .audience = proof->url,
        .legacy = is_legacy(entra->config, proof->tenant),
        .with_chain =
            mhsm_config_get_boolean(entra->config, "send-certificate-chain"),
    };
    mhsm_status st;

    (void)ERR_set_mark();
    st = mhsmi_certificate_read(entra->config, &certificate, err);
    if (st == MHSM_OK)
        st = mhsmi_assertion_make(&assertion, text, err);
    mhsmi_certificate_clear(&certificate);
    (void)ERR_pop_to_mark();
    return st;
}

static mhsm_status add_assertion(struct mhsmi_entra *entra,
                                 const struct mhsmi_entra_proof *proof,
                                 mhsm_error **err)
{
    struct mhsmi_buf text;
    mhsm_status st;

    if (!mhsmi_config_is_set(entra->config, "client-certificate"))
        return mhsmi_entra_missing(entra, "client-certificate",
                                   "AZURE_CLIENT_CERTIFICATE_PATH", err);
    mhsmi_buf_init(&text, mhsmi_assertion_max);
    st = make_assertion(entra, proof, &text, err);
    if (st == MHSM_OK &&
        !mhsmi_entra_assertion(proof->form, mhsmi_buf_text(&text)))
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&text);
    return st;
}

static mhsm_status
certificate_acquire(struct mhsmi_credential *credential,
                    const struct mhsmi_token_request *request,
                    struct mhsmi_token *token, struct mhsmi_counters *counters,
                    mhsm_error **err)
{
    return mhsmi_entra_acquire((struct mhsmi_entra *)credential, add_assertion,
                               request, token, counters, err);
}

const struct mhsmi_credential_type mhsmi_client_certificate = {
    .name = "client-certificate",
    .help = "an application with a certificate (client-id, client-certificate)",
    .configured = certificate_configured,
    .create = certificate_create,
    .acquire = certificate_acquire,
    .free = mhsmi_entra_free,
    .chained = 1,
    .needs_tenant = 1,
};
