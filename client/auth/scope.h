/* SPDX-License-Identifier: MIT
 *
 * Which tenant and resource a token for an HSM must be for: from the options,
 * from the host's name, or learned from a challenge.  What was learned is kept
 * for the life of the session.
 */
#ifndef MHSM_CLIENT_AUTH_SCOPE_H
#define MHSM_CLIENT_AUTH_SCOPE_H

#include "auth/challenge.h"
#include "auth/credential.h"

struct mhsmi_scopes;

/* Borrowed from the configuration or from the scopes. */
struct mhsmi_scope {
    const char *tenant;   /* NULL: not known */
    const char *resource; /* NULL: not known */
};

/* `config` and `credential` outlive it. */
struct mhsmi_scopes *
mhsmi_scopes_new(const mhsm_config *config,
                 const struct mhsmi_credential *credential);
void mhsmi_scopes_free(struct mhsmi_scopes *scopes);

/* 1 when enough is known of `endpoint` to ask for a token; `resource`: what its
 * tokens are for, when that is no question, else NULL. */
int mhsmi_scope_find(struct mhsmi_scopes *scopes, const char *endpoint,
                     const char *resource, struct mhsmi_scope *scope);
/* Check what `endpoint` asks for, and keep it.  MHSM_ERR_CREDENTIAL when it
 * asks for another host's resource or another tenant than the configured. */
MHSM_NODISCARD mhsm_status
mhsmi_scope_learn(struct mhsmi_scopes *scopes, const char *endpoint,
                  const char *resource, const struct mhsmi_challenge *challenge,
                  struct mhsmi_scope *scope, mhsm_error **err);

#endif
