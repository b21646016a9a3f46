/* SPDX-License-Identifier: MIT
 *
 * The default credential: the others in their order.
 */
#ifndef MHSM_CLIENT_AUTH_CHAIN_H
#define MHSM_CLIENT_AUTH_CHAIN_H

#include "auth/credential.h"

/* The table of credentials in the chain's order; NULL past its end. */
const struct mhsmi_credential_type *mhsmi_credential_type_at(size_t index);
/* The credential asks for tokens of a tenant: a member's answer for a chain. */
int mhsmi_credential_needs_tenant(const struct mhsmi_credential *credential);

/* The options say that there is a chain, and that it tries `type` alone. */
int mhsmi_chain_is_used(const mhsm_config *config);
int mhsmi_chain_is_alone(const mhsm_config *config,
                         const struct mhsmi_credential_type *type);

/* What became of the credential of that number, whether `credential` is a
 * chain or a single one: 0 past the last.  Borrowed; not while a token is being
 * acquired. */
struct mhsmi_story {
    const char *name; /* "client-secret" */
    const char *text; /* "not configured"; of the one in use its kind, or "" */
    int used;
};

int mhsmi_chain_story(const struct mhsmi_credential *credential, size_t index,
                      struct mhsmi_story *story);

#endif
