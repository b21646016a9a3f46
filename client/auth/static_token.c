/* SPDX-License-Identifier: MIT
 *
 * A ready bearer token, by explicit choice only: for tests, and for programs
 * that obtain their tokens themselves and write them to a file.  The reference
 * is read anew each time, so that a renewed file is picked up.
 */
#include <string.h>

#include "auth/token_response.h"
#include "base/clock.h"
#include "base/config.h"

static const char who[] = "token credential";

struct static_token {
    struct mhsmi_credential base;
    const mhsm_config *config;
};

static int token_configured(const mhsm_config *config)
{
    return mhsmi_config_is_set(config, "token");
}

static void token_free(struct mhsmi_credential *credential)
{
    mhsmi_free(credential);
}

static mhsm_status token_create(const mhsm_config *config,
                                struct mhsmi_credential **credential,
                                mhsm_error **err)
{
    struct static_token *self = mhsmi_alloc(sizeof(*self));

    if (self == NULL)
        return mhsmi_error_memory(err);
    self->base.type = &mhsmi_static_token;
    self->config = config;
    *credential = &self->base;
    return MHSM_OK;
}

static mhsm_status token_acquire(struct mhsmi_credential *credential,
                                 const struct mhsmi_token_request *request,
                                 struct mhsmi_token *token,
                                 struct mhsmi_counters *counters,
                                 mhsm_error **err)
{
    struct static_token *self = (struct static_token *)credential;
    struct mhsmi_buf raw;
    mhsm_status st;

    (void)counters;
    if (request->claims != NULL)
        return mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                           "%s: the HSM demands a token with further claims",
                           who);
    mhsmi_buf_init(&raw, MHSMI_SECRET_MAX);
    st = mhsmi_config_secret(self->config, "token", &raw, err);
    if (st != MHSM_OK) {
        mhsmi_error_prefix(err, "%s", who);
        goto out;
    }
    if (!mhsmi_token_take(&raw, &token->text)) {
        mhsmi_token_clear(token);
        st =
            mhsmi_error(err, MHSM_ERR_CREDENTIAL,
                        "%s: what the option token refers to is no token", who);
        goto out;
    }
    token->expires = mhsmi_token_expiry(mhsmi_buf_text(&token->text));
    if (token->expires != 0 && token->expires <= mhsmi_clock_unix()) {
        mhsmi_token_clear(token);
        st = mhsmi_error(err, MHSM_ERR_CREDENTIAL, "%s: the token has expired",
                         who);
        mhsmi_error_set_hint(err, "put a new one where the option token "
                                  "refers to");
    }
out:
    mhsmi_buf_clear(&raw);
    return st;
}

const struct mhsmi_credential_type mhsmi_static_token = {
    .name = "token",
    .help = "a ready bearer token, from a file or a variable",
    .configured = token_configured,
    .create = token_create,
    .acquire = token_acquire,
    .free = token_free,
    .chained = 0,
    .needs_tenant = 0,
};
