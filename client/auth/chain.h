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

#endif
