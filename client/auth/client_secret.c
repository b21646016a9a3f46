/* SPDX-License-Identifier: MIT
 *
 * An application with a secret.  The secret is read anew for each token, so
 * that a new one is used as soon as its file is replaced.
 */
#include "auth/entra.h"
#include "base/config.h"

static int secret_configured(const mhsm_config *config)
{
    return mhsmi_config_is_set(config, "client-id") &&
           mhsmi_config_is_set(config, "client-secret");
}

static mhsm_status secret_create(const mhsm_config *config,
                                 struct mhsmi_credential **credential,
                                 mhsm_error **err)
{
    return mhsmi_entra_new(config, &mhsmi_client_secret,
                           sizeof(struct mhsmi_entra), credential, err);
}

static mhsm_status add_secret(struct mhsmi_entra *entra,
                              const struct mhsmi_entra_proof *proof,
                              mhsm_error **err)
{
    struct mhsmi_buf secret;
    mhsm_status st;

    mhsmi_buf_init(&secret, MHSMI_SECRET_MAX);
    st = mhsmi_config_secret(entra->config, "client-secret", &secret, err);
    if (st == MHSM_OK && !mhsmi_entra_field(proof->form, "client_secret",
                                            mhsmi_buf_text(&secret), ""))
        st = mhsmi_error_memory(err);
    mhsmi_buf_clear(&secret);
    return st;
}

static mhsm_status secret_acquire(struct mhsmi_credential *credential,
                                  const struct mhsmi_token_request *request,
                                  struct mhsmi_token *token,
                                  struct mhsmi_counters *counters,
                                  mhsm_error **err)
{
    return mhsmi_entra_acquire((struct mhsmi_entra *)credential, add_secret,
                               request, token, counters, err);
}

const struct mhsmi_credential_type mhsmi_client_secret = {
    .name = "client-secret",
    .help = "an application with a secret (client-id, client-secret)",
    .configured = secret_configured,
    .create = secret_create,
    .acquire = secret_acquire,
    .free = mhsmi_entra_free,
    .chained = 1,
    .needs_tenant = 1,
};
