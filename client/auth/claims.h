/* SPDX-License-Identifier: MIT
 *
 * What an access token says of itself, for people to read: nothing here checks
 * a signature, and nothing may be decided by it.
 */
#ifndef MHSM_CLIENT_AUTH_CLAIMS_H
#define MHSM_CLIENT_AUTH_CLAIMS_H

#include <stdint.h>

#include "base/buf.h"

/* Text is cleaned for showing; NULL or 0: the token does not say. */
struct mhsmi_claims {
    char *object_id;   /* oid: what local RBAC knows the principal by */
    char *application; /* appid, in tokens of version 2 azp */
    char *tenant;      /* tid */
    char *audience;    /* aud */
    char *issuer;      /* iss */
    int64_t issued, not_before, expires; /* Unix seconds */
};

/* Read a JWT's claims: 1, or 0 when it is none or memory is out; clear in any
 * case. */
MHSM_NODISCARD int mhsmi_claims_read(struct mhsmi_claims *claims,
                                     const char *jwt);
void mhsmi_claims_clear(struct mhsmi_claims *claims);

#endif
