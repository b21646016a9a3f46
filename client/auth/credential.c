/* SPDX-License-Identifier: MIT
 *
 * The table of credentials and the selection by the option `credential`.
 * Knows no way of obtaining a token itself.
 */
#include "auth/credential.h"

#include <string.h>

#include "auth/chain.h"

enum { text_max = 32768 };

/* The order in which the chain tries them. */
static const struct mhsmi_credential_type *const types[] = {
    &mhsmi_client_secret,     &mhsmi_client_certificate,
    &mhsmi_workload_identity, &mhsmi_managed_identity,
    &mhsmi_azure_cli,         &mhsmi_static_token,
};

const struct mhsmi_credential_type *mhsmi_credential_type_at(size_t index)
{
    return index < sizeof(types) / sizeof(types[0]) ? types[index] : NULL;
}

void mhsmi_token_init(struct mhsmi_token *token)
{
    memset(token, 0, sizeof(*token));
    mhsmi_buf_init(&token->text, text_max);
}

void mhsmi_token_clear(struct mhsmi_token *token)
{
    mhsmi_buf_clear(&token->text);
    token->expires = 0;
    token->refresh = 0;
    token->unavailable = 0;
}

mhsm_status mhsmi_credential_new(const mhsm_config *config,
                                 struct mhsmi_credential **credential,
                                 mhsm_error **err)
{
    const char *name = mhsm_config_get(config, "credential");
    size_t i;

    if (name == NULL || strcmp(name, "automatic") == 0)
        return mhsmi_credential_chain.create(config, credential, err);
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i]->name, name) == 0)
            return types[i]->create(config, credential, err);
    }
    return mhsmi_error(err, MHSM_ERR_CONFIG,
                       "option credential: there is no credential \"%.80s\"",
                       name);
}

void mhsmi_credential_free(struct mhsmi_credential *credential)
{
    if (credential != NULL)
        credential->type->free(credential);
}
