/* SPDX-License-Identifier: MIT
 *
 * What the HSM is asked about its security domain, and its answers.
 */
#ifndef MHSM_CLIENT_DOMAIN_CALL_H
#define MHSM_CLIENT_DOMAIN_CALL_H

#include "auth/session.h"
#include "mhsm/security_domain.h"

#define MHSMI_DOMAIN_ACTION "Microsoft.KeyVault/managedHsm/securitydomain/"

/* Of that HSM alone: another one, even its copy, has a domain, an exchange key
 * and a state of its own. */
MHSM_NODISCARD mhsm_status mhsmi_domain_call(mhsm_client *client,
                                             const mhsm_uri *uri,
                                             struct mhsmi_call *call,
                                             struct json_object **answer,
                                             mhsm_error **err);

/* The body tells the state, whatever the HTTP status is; `details` may be
 * NULL. */
MHSM_NODISCARD mhsm_status mhsmi_domain_state_read(struct json_object *answer,
                                                   mhsm_domain_state *state,
                                                   mhsm_result **details,
                                                   mhsm_error **err);

#endif
